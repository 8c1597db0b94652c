#include "store/checkpoint.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "store/block_codec.h"
#include "store/log_row.h"

// The log is read once to count the samples of each series, and then once for each part of the series whose samples fit
// kPartSamples: they are put in their places, one series after the other, which sorts them without comparing.

namespace store {
namespace {

constexpr size_t kPartSamples = 2'000'000;
constexpr size_t kRunSamples = 4096;  // added at once, so that a block is not much longer than full

class LogMover {
 public:
  LogMover(base::Database& database, int64_t last_number)
      : database_(database), counts_(static_cast<size_t>(std::max<int64_t>(last_number, 0)) + 1) {}

  base::Result<MovedLog> Run() {
    TRY_VOID(ForEachSample([this](LoggedSample& one) {
      ++counts_[Place(one)];
      ++moved_.samples;
    }));
    if (damaged_ > 0) base::LogError("rows of the sample log are damaged", {{"rows", damaged_}});
    for (size_t begin = 0; begin < counts_.size();) {
      size_t end = begin;
      size_t samples = 0;
      while (end < counts_.size() && (samples == 0 || samples + counts_[end] <= kPartSamples))
        samples += counts_[end++];
      if (samples > 0) TRY_VOID(MovePart(begin, end, samples));
      begin = end;
    }
    if (!block_.empty()) TRY_VOID(Insert(block_.Take()));
    return moved_;
  }

 private:
  static size_t Place(const LoggedSample& one) { return static_cast<size_t>(one.series); }

  // Those of series that can be.
  template <class Visit>
  base::Result<void> ForEachSample(Visit visit) {
    damaged_ = 0;
    TRY(base::Statement rows, database_.Prepare("SELECT data FROM store_log ORDER BY id"));
    while (true) {
      TRY(const bool row, rows.Step());
      if (!row) return {};
      samples_.clear();
      damaged_ += !ReadLogRow(rows.Blob(0), unpacker_, samples_);
      for (LoggedSample& one : samples_) {
        if (one.series > 0 && Place(one) < counts_.size()) visit(one);
      }
    }
  }

  // The series from `begin` to before `end`, which have so many samples.
  base::Result<void> MovePart(size_t begin, size_t end, size_t samples) {
    times_.resize(samples);
    values_.resize(samples);
    histograms_.clear();
    std::vector<size_t> next(end - begin);
    std::exclusive_scan(counts_.begin() + static_cast<std::ptrdiff_t>(begin),
                        counts_.begin() + static_cast<std::ptrdiff_t>(end), next.begin(), size_t{0});
    TRY_VOID(ForEachSample([&](LoggedSample& one) {
      const size_t series = Place(one);
      if (series < begin || series >= end) return;
      const size_t place = next[series - begin]++;
      times_[place] = one.sample.time;
      values_[place] = one.sample.value;
      if (one.sample.histogram) histograms_.emplace(place, std::move(one.sample.histogram));
    }));
    size_t first = 0;
    for (size_t series = begin; series < end; ++series) {
      if (counts_[series] > 0) TRY_VOID(AddSeries(static_cast<int64_t>(series), first, counts_[series]));
      first += counts_[series];
    }
    return {};
  }

  base::Result<void> AddSeries(int64_t series, size_t first, size_t count) {
    const auto times = std::span(times_).subspan(first, count);
    const bool rising = std::ranges::is_sorted(times, std::ranges::less_equal{});
    if (rising && histograms_.empty()) {
      return AddFloats(series, times, std::span(values_).subspan(first, count));
    }
    std::vector<Sample> samples;
    for (size_t i = first; i < first + count; ++i) {
      const auto histogram = histograms_.find(i);
      samples.push_back({times_[i], values_[i], histogram == histograms_.end() ? nullptr : histogram->second});
    }
    std::ranges::stable_sort(samples, {}, &Sample::time);
    const auto repeated = std::ranges::unique(samples, {}, &Sample::time);
    samples.erase(repeated.begin(), repeated.end());
    return AddSorted(series, samples);
  }

  // Floats and histograms by turns.
  base::Result<void> AddSorted(int64_t series, std::span<const Sample> samples) {
    while (!samples.empty()) {
      const bool histograms = samples.front().histogram != nullptr;
      const auto other = std::ranges::find_if(
          samples, [histograms](const Sample& sample) { return (sample.histogram != nullptr) != histograms; });
      const auto run = samples.first(static_cast<size_t>(other - samples.begin()));
      samples = samples.subspan(run.size());
      if (histograms) {
        TRY_VOID(AddHistograms(series, run));
        continue;
      }
      std::vector<base::Timestamp> times;
      std::vector<double> values;
      for (const Sample& sample : run) {
        times.push_back(sample.time);
        values.push_back(sample.value);
      }
      TRY_VOID(AddFloats(series, times, values));
    }
    return {};
  }

  // A run may be longer than a block.
  base::Result<void> AddFloats(int64_t series, std::span<const base::Timestamp> times, std::span<const double> values) {
    while (!times.empty()) {
      const size_t count = std::min(times.size(), kRunSamples);
      block_.AddFloats(series, times.first(count), values.first(count));
      times = times.subspan(count);
      values = values.subspan(count);
      if (block_.full()) TRY_VOID(Insert(block_.Take()));
    }
    return {};
  }

  base::Result<void> AddHistograms(int64_t series, std::span<const Sample> samples) {
    while (!samples.empty()) {
      const size_t count = std::min(samples.size(), kChunkSamples);
      block_.AddHistograms(series, samples.first(count));
      samples = samples.subspan(count);
      if (block_.full()) TRY_VOID(Insert(block_.Take()));
    }
    return {};
  }

  base::Result<void> Insert(const Block& block) {
    TRY(base::Statement insert,
        database_.Prepare("INSERT INTO store_blocks(min_time, max_time, format, data) VALUES(?1, ?2, ?3, ?4)"));
    moved_.bytes += block.bytes.size();
    return insert.Bind(1, static_cast<int64_t>(block.times.min.time_since_epoch().count()))
        .Bind(2, static_cast<int64_t>(block.times.max.time_since_epoch().count()))
        .Bind(3, static_cast<int64_t>(BlockFormat::columns))
        .Bind(4, std::as_bytes(std::span(block.bytes)))
        .Run();
  }

  base::Database& database_;
  std::vector<uint32_t> counts_;  // of the samples of each series in the log, by its number
  size_t damaged_ = 0;
  MovedLog moved_;
  BlockWriter block_;
  Unpacker unpacker_;
  std::vector<LoggedSample> samples_;  // of a row
  // Of a part, one series after the other; the histograms by their places, where the value is nothing.
  std::vector<base::Timestamp> times_;
  std::vector<double> values_;
  std::unordered_map<size_t, HistogramPtr> histograms_;
};

}  // namespace

base::Result<MovedLog> MoveLogToBlocks(base::Database& database, int64_t last_number) {
  TRY(const MovedLog moved, LogMover(database, last_number).Run());
  TRY_VOID(database.Execute("DELETE FROM store_log"));
  TRY_VOID(database.Execute("PRAGMA incremental_vacuum"));
  return moved;
}

}  // namespace store
