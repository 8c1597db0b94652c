#include "remote/sender.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "base/net/http.h"

namespace remote {

namespace {

size_t LaneOf(const Outgoing& sample, size_t lanes) {
  // labels of one series always stand in the same place
  const auto place = reinterpret_cast<uintptr_t>(sample.labels);
  return static_cast<size_t>((place * 0x9E3779B97F4A7C15U) >> 32) % lanes;
}

size_t CountExemplars(const std::vector<Outgoing>& samples) {
  size_t count = 0;
  for (const Outgoing& sample : samples) count += sample.exemplars.size();
  return count;
}

}  // namespace

SampleCount CountSamples(const std::vector<Outgoing>& samples) {
  SampleCount count;
  for (const Outgoing& sample : samples) ++(sample.histogram ? count.histograms : count.samples);
  return count;
}

Sender::Sender(const WriteConfig& config, std::shared_ptr<Mailbox> mailbox, Parts parts)
    : config_(config), mailbox_(std::move(mailbox)), parts_(parts), url_(base::RedactUrl(config.url)) {}

void Sender::Split(std::vector<Outgoing> samples, size_t lanes) {
  lanes_.clear();
  lanes_.resize(lanes);
  for (Lane& lane : lanes_) lane.most = static_cast<size_t>(config_.queue.max_samples_per_send);
  if (lanes == 1) {
    lanes_.front().samples = std::move(samples);
    return;
  }
  for (Outgoing& sample : samples) lanes_[LaneOf(sample, lanes)].samples.push_back(std::move(sample));
}

std::vector<Outgoing> Sender::Send(Round round, const FindMetadata& metadata, const std::function<void()>& waiting) {
  again_ = round.again;
  // what the receiver has then comes first, and not between what it lacks
  if (again_) std::ranges::stable_sort(round.samples, {}, &Outgoing::time);
  Split(std::move(round.samples), round.lanes);
  ++round_;
  for (;;) {
    Phase phase = Phase::running;
    {
      const std::scoped_lock lock(mailbox_->mutex);
      phase = mailbox_->phase;
    }
    const base::Timestamp now = parts_.clock.Now();
    for (size_t i = 0; i < lanes_.size() && phase < Phase::winding_up; ++i) {
      if (!lanes_[i].under_way && !lanes_[i].Done() && lanes_[i].due <= now) Begin(i, metadata);
    }
    const bool under_way = std::ranges::any_of(lanes_, &Lane::under_way);
    const bool done = std::ranges::all_of(lanes_, &Lane::Done);
    if (phase == Phase::abandoned || (!under_way && (done || phase == Phase::winding_up))) break;
    for (const Mailbox::Answer& answer : Wait(phase)) {
      if (answer.round != round_) continue;
      lanes_[answer.lane].under_way = false;
      parts_.metrics.Answered(answer.took);
      Settle(lanes_[answer.lane], Judge(answer.result, config_, parts_.clock.Now()));
    }
    waiting();
  }
  std::vector<Outgoing> left;
  for (Lane& lane : lanes_) {
    std::ranges::move(lane.chunk, std::back_inserter(left));
    std::move(lane.samples.begin() + static_cast<std::ptrdiff_t>(lane.taken), lane.samples.end(),
              std::back_inserter(left));
  }
  lanes_.clear();
  return left;
}

// Takes the next samples if the last are settled, and leaves out what has become too old. False: nothing is left.
bool Sender::FillChunk(Lane& lane) {
  const base::Duration limit = config_.queue.sample_age_limit;
  do {
    if (lane.chunk.empty()) {
      const size_t some = std::min(lane.most, lane.samples.size() - lane.taken);
      const auto begin = lane.samples.begin() + static_cast<std::ptrdiff_t>(lane.taken);
      lane.chunk.assign(std::make_move_iterator(begin),
                        std::make_move_iterator(begin + static_cast<std::ptrdiff_t>(some)));
      lane.taken += some;
      lane.attempts = 0;
    }
    if (limit > base::Duration(0)) {
      const base::Timestamp oldest = parts_.clock.Now() - limit;
      const auto old = std::stable_partition(lane.chunk.begin(), lane.chunk.end(),
                                             [&](const Outgoing& sample) { return sample.time >= oldest; });
      const SampleCount dropped =
          CountSamples({std::make_move_iterator(old), std::make_move_iterator(lane.chunk.end())});
      lane.chunk.erase(old, lane.chunk.end());
      parts_.metrics.Dropped(dropped, DropReason::too_old);
      parts_.metrics.NoLongerWaiting(dropped);
    }
  } while (lane.chunk.empty() && lane.taken < lane.samples.size());
  return !lane.chunk.empty();
}

void Sender::Begin(size_t number, const FindMetadata& metadata) {
  Lane& lane = lanes_[number];
  if (!FillChunk(lane)) return;
  lane.count = CountSamples(lane.chunk);
  lane.highest = std::ranges::max(lane.chunk, {}, &Outgoing::time).time;
  std::string body = Snappy(EncodeSamples(lane.chunk, config_.protocol, metadata));
  lane.bytes = body.size();
  const bool smaller = lane.most < static_cast<size_t>(config_.queue.max_samples_per_send);
  parts_.metrics.Attempted(lane.count, lane.attempts > 0 || smaller);
  parts_.metrics.ExemplarsAttempted(CountExemplars(lane.chunk), lane.attempts > 0 || smaller);
  auto request = MakeRequest(config_, std::move(body), lane.attempts);
  ++lane.attempts;
  if (!request) return Repeat(lane, {.kind = Verdict::Kind::retry, .reason = request.error().message});
  lane.under_way = true;
  const auto begun = std::chrono::steady_clock::now();
  parts_.client.StartSend(*std::move(request), [mailbox = mailbox_, round = round_, number,
                                                begun](base::Result<base::HttpClientResponse> result) {
    {
      const std::scoped_lock lock(mailbox->mutex);
      mailbox->answers.push_back({round, number, std::move(result), std::chrono::steady_clock::now() - begun});
    }
    mailbox->changed.notify_all();
  });
}

void Sender::Settle(Lane& lane, const Verdict& verdict) {
  if (verdict.kind == Verdict::Kind::retry) return Repeat(lane, verdict);
  if (again_ && SettleAgain(lane, verdict)) return;
  parts_.metrics.NoLongerWaiting(lane.count);
  if (verdict.kind == Verdict::Kind::sent) {
    parts_.metrics.Sent(lane.bytes, lane.highest);
    if (std::exchange(failing_, false)) {
      base::LogInfo("remote write goes on", {{"remote_name", config_.name}, {"url", url_}});
    }
  } else {
    // what a receiver of version 2 wrote all the same is not lost; it is said for both kinds together
    SampleCount refused = lane.count;
    size_t written = std::min(verdict.written.value_or(0), refused.all());
    for (size_t* count : {&refused.samples, &refused.histograms}) {
      const size_t some = std::min(written, *count);
      *count -= some;
      written -= some;
    }
    parts_.metrics.Refused(refused);
    parts_.metrics.ExemplarsRefused(CountExemplars(lane.chunk));
    if (const auto all = refusals_.Add(refused.all(), parts_.clock.Now())) {
      base::LogError("a receiver refused samples by remote write, they are dropped",
                     {{"remote_name", config_.name}, {"url", url_}, {"samples", *all}, {"error", verdict.reason}});
    }
  }
  lane.chunk.clear();
  lane.due = {};
}

void Sender::Repeat(Lane& lane, const Verdict& verdict) {
  const base::Timestamp now = parts_.clock.Now();
  lane.due = now + Pause(config_.queue, lane.attempts, verdict.after);
  failing_ = true;
  if (const auto all = retries_.Add(lane.count.all(), now)) {
    base::LogWarn("samples could not be sent by remote write and will be sent again",
                  {{"remote_name", config_.name}, {"url", url_}, {"samples", *all}, {"error", verdict.reason}});
  }
}

// True: that was all. Half as many samples at once where the receiver has some of them, down to the one that it has.
bool Sender::SettleAgain(Lane& lane, const Verdict& verdict) {
  if (!verdict.repeated) {
    const auto most = static_cast<size_t>(config_.queue.max_samples_per_send);
    if (verdict.kind == Verdict::Kind::sent) lane.most = std::min(2 * lane.most, most);
    return false;
  }
  lane.due = {};
  if (lane.chunk.size() > 1 && !verdict.written) {
    lane.most = lane.chunk.size() / 2;
    PutBack(lane);
    return true;
  }
  parts_.metrics.NoLongerWaiting(lane.count);
  lane.chunk.clear();
  return true;
}

void Sender::PutBack(Lane& lane) {
  lane.taken -= lane.chunk.size();
  std::ranges::move(lane.chunk, lane.samples.begin() + static_cast<std::ptrdiff_t>(lane.taken));
  lane.chunk.clear();
}

base::Timestamp Sender::oldest_unsent() const {
  base::Timestamp oldest = base::Timestamp::max();
  for (const Lane& lane : lanes_) {
    for (const Outgoing& sample : lane.chunk) oldest = std::min(oldest, sample.time);
    for (size_t i = lane.taken; i < lane.samples.size(); ++i) oldest = std::min(oldest, lane.samples[i].time);
  }
  return oldest;
}

// Until an answer came, a second is over, a lane is due again, or the phase is no longer the one seen.
std::vector<Mailbox::Answer> Sender::Wait(Phase seen) {
  base::Duration longest = std::chrono::seconds(1);
  const base::Timestamp now = parts_.clock.Now();
  for (const Lane& lane : lanes_) {
    if (!lane.under_way && !lane.Done()) longest = std::clamp(lane.due - now, base::Duration(0), longest);
  }
  size_t overflowed = 0;
  std::vector<Mailbox::Answer> answers;
  {
    std::unique_lock lock(mailbox_->mutex);
    mailbox_->changed.wait_for(lock, longest, [&] { return !mailbox_->answers.empty() || mailbox_->phase != seen; });
    answers = std::exchange(mailbox_->answers, {});
    overflowed = std::exchange(mailbox_->overflowed, 0);
  }
  LogOverflow(overflowed);
  return answers;
}

void Sender::LogOverflow(size_t samples) {
  if (const auto all = overflows_.Add(samples, parts_.clock.Now())) {
    base::LogError("the queue of remote write is full, its oldest samples were dropped",
                   {{"remote_name", config_.name}, {"url", url_}, {"samples", *all}});
  }
}

}  // namespace remote
