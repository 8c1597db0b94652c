#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/text.h"
#include "store/appender.h"

namespace ingest {

// A store that keeps its contract and writes down what is committed: "series value @milliseconds", in order. The value
// of a native histogram is "histogram{count,sum}".
class RecordingStore : public store::Appendable {
 public:
  std::unique_ptr<store::Appender> NewAppender() override;

  // What was committed since the last call.
  std::vector<std::string> Take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(lines_, {});
  }
  // Forgets its series: references given out are dead from then on.
  void DropAll() {
    const std::scoped_lock lock(mutex_);
    series_.clear();
  }

  size_t max_series = SIZE_MAX;
  base::Timestamp floor{base::Duration::min()};

 private:
  friend class RecordingAppender;
  struct Series {
    base::Labels labels;
    std::map<base::Timestamp, std::string> samples;
  };
  std::mutex mutex_;
  std::map<uint64_t, Series> series_;  // guarded by mutex_, like the rest
  uint64_t last_ref_ = 0;
  std::vector<std::string> lines_;
};

class RecordingAppender : public store::Appender {
 public:
  explicit RecordingAppender(RecordingStore& store) : store_(store) {}

  store::Appended Append(store::SeriesRef ref, const base::Labels& labels, base::Timestamp time,
                         double value) override {
    return Take(ref, labels, time, store::IsStale(value) ? "stale" : base::FormatFloat(value));
  }
  store::Appended AppendHistogram(store::SeriesRef ref, const base::Labels& labels, base::Timestamp time,
                                  store::HistogramPtr histogram) override {
    std::string text = "histogram{";
    text.append(base::FormatFloat(histogram->count)).append(",").append(base::FormatFloat(histogram->sum)).append("}");
    return Take(ref, labels, time, std::move(text));
  }
  base::Result<void> Commit() override {
    const std::scoped_lock lock(store_.mutex_);
    store_.lines_.insert(store_.lines_.end(), batch_.begin(), batch_.end());
    batch_.clear();
    return {};
  }
  void Rollback() override {
    // samples of the batch are forgotten with their series, which is what a new series' roll-back is
    const std::scoped_lock lock(store_.mutex_);
    std::erase_if(store_.series_, [&](const auto& known) {
      const std::string name = known.second.labels.ToString() + " ";
      return std::ranges::any_of(batch_, [&](const std::string& line) { return line.starts_with(name); });
    });
    batch_.clear();
  }

 private:
  store::Appended Take(store::SeriesRef ref, const base::Labels& labels, base::Timestamp time, std::string value) {
    const std::scoped_lock lock(store_.mutex_);
    auto at = store_.series_.find(static_cast<uint64_t>(ref));
    if (at == store_.series_.end()) {
      if (labels.empty()) return {store::SeriesRef::none, store::AppendStatus::invalid_labels};
      at = std::ranges::find_if(store_.series_, [&](const auto& known) { return known.second.labels == labels; });
    }
    if (at == store_.series_.end()) {
      if (store_.series_.size() >= store_.max_series)
        return {store::SeriesRef::none, store::AppendStatus::series_limit};
      at = store_.series_.emplace(++store_.last_ref_, RecordingStore::Series{labels, {}}).first;
    }
    const auto known = static_cast<store::SeriesRef>(at->first);
    if (time < store_.floor) return {known, store::AppendStatus::too_old};
    auto& samples = at->second.samples;
    if (const auto same = samples.find(time); same != samples.end()) {
      const bool equal = same->second == value;
      return {known, equal ? store::AppendStatus::ok : store::AppendStatus::duplicate};
    }
    if (!samples.empty() && time < samples.rbegin()->first) return {known, store::AppendStatus::out_of_order};
    samples.emplace(time, value);
    batch_.push_back(at->second.labels.ToString() + " " + value + " @" +
                     std::to_string(time.time_since_epoch().count()));
    return {known, store::AppendStatus::ok};
  }

  RecordingStore& store_;
  std::vector<std::string> batch_;
};

inline std::unique_ptr<store::Appender> RecordingStore::NewAppender() {
  return std::make_unique<RecordingAppender>(*this);
}

}  // namespace ingest
