#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/net/http.h"
#include "remote/queue.h"

// Samples that did not fit the outbox, and those that waited when the process ended, are in the store. They are read
// from there a stretch of time after the other, oldest first, while new ones are left to be read as well; when the
// present is near, new ones are put into the outbox again and the rest is read to its end. What is then both read and
// in the outbox is told by its time, which for each series is not after the newest that was read.

namespace remote {
namespace {

// A sample may be stored so much later than its time says: it is when a scrape began.
constexpr base::Duration kSettled = std::chrono::seconds(30);
// A batch may have been read and be put into the outbox so much later.
constexpr base::Duration kOverlap = std::chrono::seconds(5);
constexpr base::Duration kShortestStep = std::chrono::seconds(1);
constexpr base::Duration kLongestStep = std::chrono::minutes(10);

}  // namespace

bool Queue::WasSent(const store::MemSeries& series, base::Timestamp time) {
  const base::Timestamp* const sent = sent_.Find(static_cast<uint64_t>(series.ref()));
  return sent != nullptr && time <= *sent;
}

void Queue::NoteSent(std::span<const Outgoing> samples) {
  for (const Outgoing& sample : samples) {
    if (CanCatchUp()) {
      const auto key = static_cast<uint64_t>(sample.series->ref());
      base::Timestamp* const known = sent_.Find(key);
      if (known == nullptr) {
        sent_.Add(key, sample.time);
      } else {
        *known = std::max(*known, sample.time);
      }
    }
    highest_ = std::max(highest_.value_or(sample.time), sample.time);
  }
}

std::vector<Outgoing> Queue::ReadStored(store::TimeRange range,
                                        std::vector<std::shared_ptr<const store::Series>>& keeps_series) {
  std::vector<Outgoing> found;
  const auto all = parts_.head->Select({}, range);
  if (!all) return found;
  store::Samples samples;
  for (const auto& series : *all) {
    // of a head they are; only those that log a batch again need to change one
    auto* const stored = const_cast<store::MemSeries*>(static_cast<const store::MemSeries*>(series.get()));
    const base::Labels* const labels = labels_.Of(*stored);
    if (labels == nullptr) continue;
    samples.Clear();
    stored->Read(range, samples);
    const size_t before = found.size();
    for (size_t i = 0; i < samples.size(); ++i) {
      store::HistogramPtr histogram = samples.histograms.empty() ? nullptr : samples.histograms[i];
      if (WasSent(*stored, samples.times[i]) || (histogram && !config_.send_native_histograms)) continue;
      found.push_back({stored, labels, samples.times[i], samples.values[i], std::move(histogram)});
    }
    if (found.size() > before) keeps_series.push_back(series);
  }
  return found;
}

void Queue::CatchUp() {
  const base::Timestamp now = parts_.clock.Now();
  base::Timestamp from;
  base::Timestamp to;
  bool last = false;
  bool again = false;
  {
    const std::scoped_lock lock(mailbox_->mutex);
    from = std::max(mailbox_->behind->read_from, now - config_.queue.catch_up);
    to = from + step_;
    last = to >= now - kSettled;
    const base::Timestamp since = std::max(mailbox_->behind->unsent_since, to);
    const std::optional<base::Timestamp> again_until = mailbox_->behind->again_until;
    again = again_until && from < *again_until;
    mailbox_->behind = last ? std::nullopt : std::optional(Mailbox::Behind{to, since, again_until});
  }
  if (const auto all = falls_behind_.Add(1, now)) {
    base::LogInfo(
        "remote write reads samples from the store that did not fit its queue or were not sent before a stop",
        {{"remote_name", config_.name}, {"url", base::RedactUrl(config_.url)}, {"from", base::FormatRfc3339(from)}});
  }
  if (last) to = base::Timestamp::max();
  auto keeps_series = std::make_shared<std::vector<std::shared_ptr<const store::Series>>>();
  std::vector<Outgoing> samples = ReadStored({from + base::Duration(1), to}, *keeps_series);
  if (last) caught_up_ = parts_.clock.Now() + kOverlap;
  const auto fill = static_cast<size_t>(config_.queue.max_samples_per_send);
  const auto most = static_cast<size_t>(config_.queue.max_shards);
  if (samples.size() > 2 * most * fill) step_ = std::max(step_ / 2, kShortestStep);
  if (samples.size() < most * fill / 2) step_ = std::min(step_ * 2, kLongestStep);
  const size_t lanes = std::clamp(samples.size() / fill + 1, static_cast<size_t>(config_.queue.min_shards), most);
  metrics_->Waiting(CountSamples(samples));
  Send({std::move(samples), lanes, again}, std::move(keeps_series));
}

// What is older was sent. At most once a second, unless `now`; while a receiver is away too.
void Queue::SavePosition(bool now) {
  if (parts_.positions == nullptr || !CanCatchUp()) return;
  const base::Timestamp present = parts_.clock.Now();
  if (!now && present - saved_at_ < std::chrono::seconds(1)) return;
  std::optional<base::Timestamp> position = highest_;
  {
    const std::scoped_lock lock(mailbox_->mutex);
    if (mailbox_->behind) {
      const base::Timestamp since = mailbox_->behind->unsent_since;
      position = std::min(position.value_or(since), since);
    }
    // the newest of one series may have been sent before older ones of another
    const base::Timestamp oldest = std::min(mailbox_->outbox.oldest_time(), sender_.oldest_unsent());
    if (position) position = std::min(*position, oldest - base::Duration(1));
  }
  if (!position) return;
  position = std::min(*position, present);  // samples may be of the future
  saved_at_ = present;
  if (position == saved_) return;
  parts_.positions->Save(config_.name, *position);
  saved_ = position;
}

}  // namespace remote
