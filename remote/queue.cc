#include "remote/queue.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "base/log.h"
#include "base/net/http.h"
#include "remote/delivery.h"

namespace remote {
namespace {

size_t Unsigned(int64_t count) { return static_cast<size_t>(count); }

// How much older than others samples may be that come at the same time: a scrape's are those of its begin.
constexpr base::Duration kLateness = std::chrono::minutes(5);

constexpr base::Duration kFirstPause = std::chrono::seconds(1);
constexpr size_t kMostMisses = 100'000;

using Exemplars = std::span<const store::CommittedBatch::WithExemplar>;

// Those of one entry; what is left are those of later ones.
Exemplars TakeOf(size_t entry, Exemplars& left) {
  const auto is_of = [](size_t number) { return [number](const auto& one) { return one.entry < number; }; };
  const auto begin = std::ranges::partition_point(left, is_of(entry));
  const auto end = std::partition_point(begin, left.end(), is_of(entry + 1));
  const Exemplars found(begin, end);
  left = Exemplars(end, left.end());
  return found;
}

}  // namespace

Queue::Queue(WriteConfig config, base::Labels external_labels, Parts parts)
    : config_(std::move(config)),
      external_labels_(std::move(external_labels)),
      parts_(std::move(parts)),
      metrics_(parts_.metrics.For(config_.name, base::RedactUrl(config_.url))),
      mailbox_(std::make_shared<Mailbox>(config_.queue.MostWaiting())),
      labels_(external_labels_, config_.write_relabel_configs),
      sender_(config_, mailbox_, {parts_.clock, parts_.client, *metrics_}),
      step_(std::chrono::seconds(15)) {
  const QueueConfig& queue = config_.queue;
  metrics_->Limits(Unsigned(queue.capacity), Unsigned(queue.max_shards), Unsigned(queue.min_shards),
                   Unsigned(queue.max_samples_per_send));
  // version 2 has metadata beside its first samples already
  metadata_due_ = parts_.clock.Now();
  if (config_.protocol == Protocol::v1) metadata_due_ += config_.metadata.send_interval;
}

Queue::~Queue() { Stop(base::Duration(0)); }

void Queue::Push(const BatchPtr& batch, const BatchSummary& summary) {
  SampleCount dropped;
  {
    const std::scoped_lock lock(mailbox_->mutex);
    if (mailbox_->behind) return;
    if (CanCatchUp() && mailbox_->outbox.size() + batch->entries.size() > config_.queue.MostWaiting()) {
      // other series may have samples that are older and come later; what was sent is known by series
      mailbox_->behind = Mailbox::Behind{summary.oldest - kLateness, summary.oldest - base::Duration(1)};
      mailbox_->changed.notify_all();
      return;
    }
    dropped = mailbox_->outbox.Push(batch, parts_.clock.Now());
    mailbox_->overflowed += dropped.all();
  }
  mailbox_->changed.notify_all();
  metrics_->Waiting(summary.count);
  if (dropped == SampleCount()) return;
  metrics_->NoLongerWaiting(dropped);
  metrics_->Dropped(dropped, DropReason::queue_full);
}

void Queue::Inherit(Estate estate) {
  SampleCount count;
  for (const Slice& slice : estate.slices) count += CountSamples(slice);
  metrics_->Waiting(count);
  sent_ = std::move(estate.sent);
  caught_up_ = estate.caught_up;
  SampleCount dropped;
  {
    const std::scoped_lock lock(mailbox_->mutex);
    if (estate.behind && CanCatchUp()) {
      LeaveToStore();
      mailbox_->behind = estate.behind;
    }
    dropped = PutBack(std::move(estate.slices));
    mailbox_->overflowed += dropped.all();
  }
  metrics_->NoLongerWaiting(dropped);
  metrics_->Dropped(dropped, DropReason::queue_full);
}

void Queue::ResumeFrom(base::Timestamp position) {
  if (!CanCatchUp()) return;
  const std::scoped_lock lock(mailbox_->mutex);
  LeaveToStore();
  mailbox_->behind = Mailbox::Behind{position, position, parts_.clock.Now()};
}

// What came before it was known what else is to be sent is in the store as well.
void Queue::LeaveToStore() {
  SampleCount stored;
  for (const Slice& slice : mailbox_->outbox.Take(mailbox_->outbox.size())) stored += CountSamples(slice);
  metrics_->NoLongerWaiting(stored);
}

// Where the store is read again what comes is not put into a full outbox, so it grows by no more than was taken out.
SampleCount Queue::PutBack(std::vector<Slice> slices) {
  const base::Timestamp now = parts_.clock.Now();
  if (!CanCatchUp()) return mailbox_->outbox.PushFront(std::move(slices), now);
  mailbox_->outbox.PutBack(std::move(slices), now);
  return {};
}

void Queue::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Queue::Run(const std::stop_token& stop) {
  while (auto round = NextRound(stop)) {
    labels_.Forget(parts_.clock.Now());
    sent_.Forget(parts_.clock.Now());
    if (round->slices.empty()) {
      CatchUp();
    } else {
      std::vector<Outgoing> samples = Prepare(*round);
      const bool again = std::ranges::any_of(round->slices, &Slice::again);
      Send({std::move(samples), round->lanes, again}, std::make_shared<std::vector<Slice>>(std::move(round->slices)));
    }
    SavePosition(false);
  }
  SavePosition(true);
  {
    const std::scoped_lock lock(mailbox_->mutex);
    mailbox_->ended = true;
  }
  mailbox_->changed.notify_all();
}

void Queue::Send(Sender::Round round, std::shared_ptr<const void> keeps_series) {
  NoteSent(round.samples);
  const bool again = round.again;
  asked_again_ = false;
  const auto unsent = sender_.Send(
      std::move(round), [this](std::string_view metric) { return MetadataFor(metric); },
      [this] { SavePosition(false); });
  if (!unsent.empty()) KeepUnsent(unsent, again, std::move(keeps_series));
}

// How long until something is due though nothing more comes; 0: it is.
base::Duration Queue::TimeToNext(const Outbox& outbox, base::Timestamp now) const {
  base::Duration longest = std::chrono::hours(1);
  if (config_.metadata.send) longest = std::clamp(metadata_due_ - now, base::Duration(0), longest);
  if (const auto since = outbox.waiting_since()) {
    longest = std::clamp(*since + config_.queue.batch_send_deadline - now, base::Duration(0), longest);
  }
  return longest;
}

std::optional<Queue::Round> Queue::NextRound(const std::stop_token& stop) {
  const size_t fill = Unsigned(config_.queue.max_samples_per_send);
  std::unique_lock lock(mailbox_->mutex);
  for (;;) {
    const Phase phase = mailbox_->phase;
    const Outbox& outbox = mailbox_->outbox;
    if (phase >= Phase::winding_up || (phase == Phase::flushing && outbox.size() == 0)) return std::nullopt;
    const base::Timestamp now = parts_.clock.Now();
    if (config_.metadata.send && phase == Phase::running && now >= metadata_due_) {
      lock.unlock();
      RefreshMetadata(stop);
      lock.lock();
      continue;
    }
    const auto since = outbox.waiting_since();
    const bool late = since && now >= *since + config_.queue.batch_send_deadline;
    if (mailbox_->behind && phase == Phase::running && outbox.size() == 0) return Round();
    if (outbox.size() >= fill || late || phase == Phase::flushing || mailbox_->behind) break;
    mailbox_->changed.wait_for(lock, TimeToNext(outbox, now), [&] {
      const bool first = !since && outbox.size() > 0;  // its deadline begins
      return mailbox_->phase != phase || outbox.size() >= fill || first || mailbox_->behind;
    });
  }
  const size_t desired = (mailbox_->outbox.size() + fill - 1) / fill;
  Round round;
  round.lanes = std::clamp(desired, Unsigned(config_.queue.min_shards), Unsigned(config_.queue.max_shards));
  round.slices = mailbox_->outbox.Take(round.lanes * fill);
  lock.unlock();
  metrics_->Shards(round.lanes, desired);
  return round;
}

// The samples as the receiver is to see them; what it is not to see is counted here.
std::vector<Outgoing> Queue::Prepare(const Round& round) {
  std::vector<Outgoing> samples;
  SampleCount relabelled;
  SampleCount not_sent;
  SampleCount read_before;  // from the store
  for (const Slice& slice : round.slices) {
    std::span<const store::CommittedBatch::WithExemplar> exemplars;
    if (config_.send_exemplars) exemplars = slice.batch->exemplars;
    for (size_t i = slice.begin; i < slice.end; ++i) {
      const store::CommittedBatch::Entry& entry = slice.batch->entries[i];
      if (entry.series == nullptr) continue;
      const bool again = caught_up_ && slice.came <= *caught_up_ && WasSent(*entry.series, entry.time);
      const bool histogram = entry.histogram != 0;
      const base::Labels* const labels = labels_.Of(*entry.series);
      if (again) {
        ++(histogram ? read_before.histograms : read_before.samples);
      } else if (labels == nullptr) {
        ++(histogram ? relabelled.histograms : relabelled.samples);
      } else if (histogram && !config_.send_native_histograms) {
        ++not_sent.histograms;
      } else {
        samples.push_back({entry.series, labels, entry.time, entry.value,
                           histogram ? slice.batch->histograms[entry.histogram - 1] : nullptr, TakeOf(i, exemplars)});
      }
    }
  }
  metrics_->Dropped(relabelled, DropReason::dropped_series);
  metrics_->NoLongerWaiting(relabelled);
  metrics_->NoLongerWaiting(not_sent);
  metrics_->NoLongerWaiting(read_before);
  return samples;
}

// Back into the outbox as a batch of its own, which keeps those that keep the series.
void Queue::KeepUnsent(const std::vector<Outgoing>& unsent, bool again, std::shared_ptr<const void> keeps_series) {
  auto batch = std::make_shared<store::CommittedBatch>();
  batch->keeps_series = std::move(keeps_series);
  for (const Outgoing& sample : unsent) {
    if (sample.histogram) batch->histograms.push_back(sample.histogram);
    for (const auto& [entry, exemplar] : sample.exemplars) {
      batch->exemplars.push_back({static_cast<uint32_t>(batch->entries.size()), exemplar});
    }
    batch->entries.push_back({sample.series, sample.time, sample.value,
                              sample.histogram ? static_cast<uint32_t>(batch->histograms.size()) : 0, 0});
  }
  const size_t size = batch->entries.size();
  const std::scoped_lock lock(mailbox_->mutex);
  std::vector<Slice> front;
  front.push_back({std::move(batch), 0, size, base::Timestamp::max(), again});
  const SampleCount dropped = PutBack(std::move(front));
  metrics_->NoLongerWaiting(dropped);
  metrics_->Dropped(dropped, DropReason::queue_full);
}

void Queue::RefreshMetadata(const std::stop_token& stop) {
  metadata_due_ = parts_.clock.Now() + config_.metadata.send_interval;
  const std::vector<MetricMetadata> all = parts_.metadata ? parts_.metadata() : std::vector<MetricMetadata>();
  if (config_.protocol == Protocol::v2) {
    if (all.empty()) return;  // the source may have ended before the last samples have gone
    metadata_.clear();
    for (const MetricMetadata& one : all) metadata_.try_emplace(one.metric, one);
    return;
  }
  const size_t most = Unsigned(config_.metadata.max_samples_per_send);
  for (size_t i = 0; i < all.size(); i += most) {
    if (!SendMetadata(std::span(all).subspan(i, std::min(most, all.size() - i)), stop)) return;
  }
}

// Once: what is not taken goes again with the next.
bool Queue::SendMetadata(std::span<const MetricMetadata> metadata, const std::stop_token& stop) {
  std::string body = Snappy(EncodeMetadata(metadata));
  const size_t bytes = body.size();
  auto request = MakeRequest(config_, std::move(body), 0);
  Verdict verdict{.kind = Verdict::Kind::retry, .reason = request ? "" : request.error().message};
  if (request) verdict = Judge(parts_.client.Send(*std::move(request), stop), config_, parts_.clock.Now());
  if (verdict.kind == Verdict::Kind::sent) {
    metrics_->MetadataSent(metadata.size(), bytes);
    return true;
  }
  metrics_->MetadataFailed(metadata.size());
  if (const auto all = metadata_failures_.Add(metadata.size(), parts_.clock.Now())) {
    base::LogWarn("a receiver did not take metadata by remote write", {{"remote_name", config_.name},
                                                                       {"url", base::RedactUrl(config_.url)},
                                                                       {"metrics", *all},
                                                                       {"error", verdict.reason}});
  }
  return false;
}

const MetricMetadata* Queue::MetadataFor(std::string_view metric) {
  if (!config_.metadata.send) return nullptr;
  const MetricMetadata* known = MetadataOf(metric);
  if (known != nullptr) return known;
  const base::Timestamp now = parts_.clock.Now();
  if (misses_.size() >= kMostMisses) misses_.clear();
  const auto [miss, first] = misses_.try_emplace(std::string(metric), Miss{now, kFirstPause});
  if (now < miss->second.due) return nullptr;
  if (!std::exchange(asked_again_, true)) {
    RefreshMetadata({});
    known = MetadataOf(metric);
  }
  if (known != nullptr) {
    misses_.erase(miss);
    return known;
  }
  miss->second.due = now + miss->second.pause;
  miss->second.pause = std::min(2 * miss->second.pause, std::max(kFirstPause, config_.metadata.send_interval));
  return nullptr;
}

// Metadata is that of the family, its series may have names that go on.
const MetricMetadata* Queue::MetadataOf(std::string_view metric) const {
  if (metadata_.empty()) return nullptr;
  constexpr std::array<std::string_view, 5> kEndings = {"", "_bucket", "_count", "_sum", "_total"};
  for (const std::string_view ending : kEndings) {
    if (!metric.ends_with(ending)) continue;
    const auto known = metadata_.find(std::string(metric.substr(0, metric.size() - ending.size())));
    if (known != metadata_.end()) return &known->second;
  }
  return nullptr;
}

void Queue::Flush() {
  {
    const std::scoped_lock lock(mailbox_->mutex);
    mailbox_->phase = std::max(mailbox_->phase, Phase::flushing);
  }
  mailbox_->changed.notify_all();
}

// True if the thread came to its end by itself within `limit`.
bool Queue::End(Phase phase, base::Duration limit) {
  bool ended = !thread_.joinable();
  {
    std::unique_lock lock(mailbox_->mutex);
    mailbox_->phase = std::max(mailbox_->phase, phase);
    mailbox_->changed.notify_all();
    if (!ended) ended = mailbox_->changed.wait_for(lock, limit, [this] { return mailbox_->ended; });
    mailbox_->phase = Phase::abandoned;
  }
  mailbox_->changed.notify_all();
  thread_ = {};  // asks it to stop and joins
  return ended;
}

std::vector<Slice> Queue::TakeAll() {
  const std::scoped_lock lock(mailbox_->mutex);
  return mailbox_->outbox.Take(mailbox_->outbox.size());
}

bool Queue::Stop(base::Duration limit) {
  const bool ended = End(Phase::flushing, limit);
  SampleCount left;
  for (const Slice& slice : TakeAll()) left += CountSamples(slice);
  if (left == SampleCount()) return ended;
  metrics_->NoLongerWaiting(left);
  if (parts_.positions != nullptr && CanCatchUp()) return false;  // they will be read from the store
  metrics_->Dropped(left, DropReason::shutdown);
  base::LogWarn("samples were not sent by remote write before the end",
                {{"remote_name", config_.name}, {"url", base::RedactUrl(config_.url)}, {"samples", left.all()}});
  return false;
}

Queue::Estate Queue::HandOver(base::Duration limit) {
  End(Phase::winding_up, limit);
  Estate estate{TakeAll(), mailbox_->behind, caught_up_, std::move(sent_)};  // nobody else is left
  for (const Slice& slice : estate.slices) metrics_->NoLongerWaiting(CountSamples(slice));
  return estate;
}

}  // namespace remote
