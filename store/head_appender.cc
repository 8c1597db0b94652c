#include "store/head_appender.h"

#include <algorithm>
#include <utility>

#include "store/exemplars.h"

namespace store {
namespace {

constexpr size_t kPrefetch = 8;  // entries ahead
constexpr uint32_t kNoEntry = UINT32_MAX;

uint32_t LoggedId(SeriesRef ref) {
  return SeriesTable::IsFirstUse(ref) ? static_cast<uint32_t>(SeriesTable::IdOf(ref)) : 0;
}

}  // namespace

HeadAppender::HeadAppender(Head& head) : head_(head) { Begin(); }

void HeadAppender::Begin() {
  entries_.clear();
  histograms_.clear();
  created_.clear();
  exemplars_.clear();
  epoch_ = head_.CurrentEpoch();
  batch_ = ++head_.last_batch_;
}

Appended HeadAppender::Append(SeriesRef ref, const base::Labels& labels, base::Timestamp time, double value) {
  return Add(ref, labels, {time, value, nullptr});
}

Appended HeadAppender::AppendHistogram(SeriesRef ref, const base::Labels& labels, base::Timestamp time,
                                       HistogramPtr histogram) {
  return Add(ref, labels, {time, 0, std::move(histogram)});
}

ExemplarStatus HeadAppender::AppendExemplar(SeriesRef ref, const base::Labels& labels, Exemplar exemplar) {
  if (!TakesExemplars()) return ExemplarStatus::off;
  const MemSeries* const series = head_.Find(ref, labels);
  if (series == nullptr) return ExemplarStatus::unknown_series;
  const ExemplarStatus status = head_.options_.exemplars->Check(series->labels(), exemplar);
  if (status != ExemplarStatus::ok) return status;
  const bool just_before = !entries_.empty() && entries_.back().series == series;
  exemplars_.push_back(
      {series, just_before ? static_cast<uint32_t>(entries_.size() - 1) : kNoEntry, std::move(exemplar)});
  return status;
}

Appended HeadAppender::Refuse(SeriesRef ref, AppendStatus status) {
  ++head_.counters_.refused[static_cast<size_t>(status)];
  return {ref, status};
}

Sample HeadAppender::SampleOf(const Entry& entry) const {
  return {entry.time, entry.value, entry.histogram == 0 ? nullptr : histograms_[entry.histogram - 1]};
}

AppendStatus HeadAppender::JudgeByEarlier(const MemSeries* series, uint32_t number, const Sample& sample,
                                          const AppendLimits& limits) const {
  if (number >= entries_.size() || entries_[number].series != series) return AppendStatus::ok;
  const Entry& earlier = entries_[number];
  if (sample.time > earlier.time) return AppendStatus::ok;
  if (sample.time < earlier.time) return limits.JudgeLate(sample.time, earlier.time);
  return SameValue(SampleOf(earlier), sample) ? AppendStatus::ok : AppendStatus::duplicate;
}

Appended HeadAppender::Add(SeriesRef ref, const base::Labels& labels, const Sample& sample) {
  const AppendLimits limits = head_.Limits();
  MemSeries* series = ref == SeriesRef::none ? nullptr : head_.table_.Find(ref);
  if (series == nullptr) {
    if (sample.time < limits.floor) return Refuse(SeriesRef::none, AppendStatus::too_old);
    const Head::Found found = head_.FindOrCreate(labels);
    if (found.series == nullptr) return Refuse(SeriesRef::none, found.status);
    series = found.series;
    if (found.created) created_.push_back(series);
  }
  const auto number = static_cast<uint32_t>(entries_.size());
  const AppendStatus status = series->Check(sample, limits, {batch_, number}, [&](uint32_t earlier) {
    return JudgeByEarlier(series, earlier, sample, limits);
  });
  if (status != AppendStatus::ok) return Refuse(series->ref(), status);
  if (sample.histogram) histograms_.push_back(sample.histogram);
  entries_.push_back({series, sample.time, sample.value,
                      sample.histogram ? static_cast<uint32_t>(histograms_.size()) : 0, LoggedId(series->ref())});
  return {series->ref(), AppendStatus::ok};
}

MemSeries::Outcome HeadAppender::Store(Entry& entry, const AppendLimits& limits, Tally& tally) {
  const auto append = [&](MemSeries& series) {
    if (entry.histogram == 0) return series.Append(entry.time, entry.value, limits, tally.change);
    return series.Append(SampleOf(entry), limits, tally.change);
  };
  MemSeries::Outcome outcome = append(*entry.series);
  while (outcome.stored == MemSeries::Stored::dropped) {
    const Head::Found again = head_.FindOrCreate(entry.series->labels());
    if (again.series == nullptr) return {MemSeries::Stored::refused, again.status};
    entry.series = again.series;
    entry.id = LoggedId(again.series->ref());
    outcome = append(*again.series);
  }
  return outcome;
}

// Judged again, as this batch may hold several of one series. Returns those that go to the log.
std::vector<CommittedBatch::WithExemplar> HeadAppender::StoreExemplars() {
  std::vector<CommittedBatch::WithExemplar> logged;
  const bool log = head_.log_ != nullptr;
  for (Shown& one : exemplars_) {
    const ExemplarStatus status = head_.options_.exemplars->Add(one.series->labels(), one.exemplar);
    if (log && status == ExemplarStatus::ok && one.entry != kNoEntry) {
      logged.push_back({one.entry, std::move(one.exemplar)});
    }
  }
  return logged;
}

base::Result<void> HeadAppender::Commit() {
  const AppendLimits limits = head_.Limits();
  Tally tally;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (i + kPrefetch < entries_.size()) entries_[i + kPrefetch].series->Prefetch();
    Entry& entry = entries_[i];
    const MemSeries::Outcome outcome = Store(entry, limits, tally);
    if (outcome.stored == MemSeries::Stored::refused) Refuse(SeriesRef::none, outcome.status);
    const bool late = outcome.stored == MemSeries::Stored::out_of_order;
    if (!late && outcome.stored != MemSeries::Stored::in_order) {
      entry.series = nullptr;
      continue;
    }
    ++tally.stored;
    tally.out_of_order += late;
    tally.histograms += entry.histogram != 0;
    tally.times = {std::min(tally.times.min, entry.time), std::max(tally.times.max, entry.time)};
  }
  std::vector<CommittedBatch::WithExemplar> exemplars = StoreExemplars();
  head_.Count(tally.change);
  head_.counters_.samples += tally.stored;
  head_.counters_.histograms += tally.histograms;
  head_.counters_.out_of_order_stored += tally.out_of_order;
  if (tally.stored > 0) head_.CountTimes(tally.times);
  if (SampleLog* const log = head_.log_; log != nullptr && tally.stored > 0) {
    log->Append(std::make_shared<const CommittedBatch>(CommittedBatch{
        std::move(epoch_), std::exchange(entries_, {}), std::exchange(histograms_, {}), std::move(exemplars)}));
  }
  Begin();
  return {};
}

void HeadAppender::Rollback() {
  head_.Forget(created_);
  Begin();
}

}  // namespace store
