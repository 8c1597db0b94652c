#include "store/head.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <shared_mutex>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "store/head_appender.h"

namespace store {
namespace {

bool Valid(const base::Labels& labels) {
  return !labels.empty() && std::ranges::all_of(labels, [](const base::Label& label) {
    return base::IsValidUtf8(label.name) && base::IsValidUtf8(label.value);
  });
}

std::vector<std::string> Sorted(const std::unordered_set<std::string_view>& texts) {
  std::vector<std::string> sorted(texts.begin(), texts.end());
  std::ranges::sort(sorted);
  return sorted;
}

int64_t Milliseconds(base::Timestamp time) { return time.time_since_epoch().count(); }
base::Timestamp FromMilliseconds(int64_t time) { return base::Timestamp(base::Duration(time)); }

void Lower(std::atomic<int64_t>& least, int64_t value) {
  for (int64_t now = least.load(); value < now && !least.compare_exchange_weak(now, value);) {
  }
}

void Raise(std::atomic<int64_t>& most, int64_t value) {
  for (int64_t now = most.load(); value > now && !most.compare_exchange_weak(now, value);) {
  }
}

constexpr int64_t kNoMin = std::numeric_limits<int64_t>::max();
constexpr int64_t kNoMax = std::numeric_limits<int64_t>::min();

}  // namespace

Head::Head(HeadOptions options) : options_(options), floor_(base::Timestamp::min()) {
  counters_.min_time = kNoMin;
  counters_.max_time = kNoMax;
}

Head::~Head() = default;

std::unique_ptr<Appender> Head::NewAppender() { return std::make_unique<HeadAppender>(*this); }

SeriesRef Head::RestoreSeries(const base::Labels& labels) {
  const Found found = FindOrCreate(labels);
  return found.series == nullptr ? SeriesRef::none : found.series->ref();
}

void Head::RestoreChunk(SeriesRef series, ChunkPtr chunk) {
  MemSeries* const known = table_.Find(series);
  if (known == nullptr) return;
  CountTimes({chunk->min_time(), chunk->max_time()});
  known->RestoreChunk(std::move(chunk));
}

void Head::RestoreSample(SeriesRef series, const Sample& sample) {
  constexpr AppendLimits kAny{.floor = base::Timestamp::min(), .window = base::Duration::max()};
  MemSeries* const known = table_.Find(series);
  if (known == nullptr) return;
  Footprint change;
  known->Append(sample, kAny, change);
  Count(change);
  CountTimes({sample.time, sample.time});
}

void Head::EndRestore() {
  Footprint change;
  const Everything all = All();
  for (MemSeries* series : all.series) series->EndRestore(change);
  Count(change);
}

AppendLimits Head::Limits() const { return {floor_.load(std::memory_order_relaxed), options_.out_of_order_window}; }

std::shared_ptr<Epoch> Head::CurrentEpoch() const {
  const std::shared_lock lock(mutex_);
  return epoch_;
}

MemSeries* Head::Find(SeriesRef ref, const base::Labels& labels) const {
  MemSeries* const live = ref == SeriesRef::none ? nullptr : table_.Find(ref);
  if (live != nullptr || labels.empty()) return live;
  const std::shared_lock lock(mutex_);
  return table_.Find(labels, labels.Hash());
}

Head::Found Head::FindOrCreate(const base::Labels& labels) {
  const uint64_t hash = labels.Hash();
  {
    const std::shared_lock lock(mutex_);
    if (MemSeries* known = table_.Find(labels, hash)) return {known};
  }
  if (!Valid(labels)) return {nullptr, false, AppendStatus::invalid_labels};
  const std::unique_lock lock(mutex_);
  if (MemSeries* known = table_.Find(labels, hash)) return {known};
  const bool full = table_.full() || (options_.max_series > 0 && table_.size() >= options_.max_series);
  if (full) return {nullptr, false, AppendStatus::series_limit};
  MemSeries* const series = table_.Insert(index_.Share(labels), hash);
  index_.Add(SeriesTable::IdOf(series->ref()), series->shared_labels());
  selections_.Added(labels);
  ++counters_.created;
  counters_.bytes += series->BaseBytes();
  return {series, true};
}

void Head::Forget(std::span<MemSeries* const> series) {
  if (series.empty()) return;
  const std::unique_lock lock(mutex_);
  std::vector<Index::Gone> gone;
  for (MemSeries* each : series) {
    if (table_.Find(each->ref()) != each || !each->DropIfEmpty()) continue;
    gone.push_back({SeriesTable::IdOf(each->ref()), &each->shared_labels()});
    counters_.bytes -= each->BaseBytes();
  }
  if (gone.empty()) return;
  index_.Remove(gone);
  for (const Index::Gone& each : gone) table_.Erase(each.id, *epoch_);
  selections_.Clear();
  counters_.removed += gone.size();
  epoch_->next = std::make_shared<Epoch>();
  epoch_ = epoch_->next;
}

Head::Everything Head::All() const {
  const std::shared_lock lock(mutex_);
  return {epoch_, table_.All()};
}

void Head::Count(Footprint change) {
  counters_.chunks += change.chunks;
  counters_.bytes += change.bytes;
}

void Head::CountTimes(TimeRange times) {
  Lower(counters_.min_time, Milliseconds(times.min));
  Raise(counters_.max_time, Milliseconds(times.max));
}

Head::Left Head::DropBefore(base::Timestamp floor, std::span<MemSeries* const> series) {
  constexpr size_t kAhead = 8;
  Footprint change;
  Left left{.oldest = kNoMin, .empty = {}};
  for (size_t i = 0; i < series.size(); ++i) {
    if (i + kAhead < series.size()) series[i + kAhead]->Prefetch();
    const auto span = series[i]->DropBefore(floor, change);
    if (!span) left.empty.push_back(series[i]);
    if (span) left.oldest = std::min(left.oldest, Milliseconds(span->min));
  }
  Count(change);
  return left;
}

// The instant before which chunks must go so that the rest fits; the newest chunks of all stay in any case.
base::Timestamp Head::CutForBytes(std::span<MemSeries* const> series) const {
  std::vector<std::pair<base::Timestamp, size_t>> chunks;
  for (const MemSeries* each : series) {
    each->ForEachChunk([&](base::Timestamp newest, size_t bytes) { chunks.emplace_back(newest, bytes); });
  }
  std::ranges::sort(chunks);
  auto excess = counters_.bytes.load() - static_cast<int64_t>(options_.retention_bytes);
  base::Timestamp cut = base::Timestamp::min();
  for (size_t i = 0; i < chunks.size() && excess > 0 && chunks[i].first < chunks.back().first; ++i) {
    excess -= static_cast<int64_t>(chunks[i].second);
    cut = chunks[i].first + base::Duration(1);
  }
  return cut;
}

// Series read a few times since the last time are worth it, as long as there is room; those not read at all are not.
void Head::ChooseDecoded(std::span<MemSeries* const> series) {
  constexpr uint32_t kOften = 3;
  size_t bytes = 0;
  std::vector<std::pair<MemSeries*, base::Duration>> wanted;
  for (MemSeries* const each : series) {
    const MemSeries::Usage usage = each->TakeUsage();
    const bool fits = bytes + usage.decoded_bytes <= options_.decoded_bytes;
    const bool kept = usage.decoded_bytes > 0 && usage.reads > 0 && usage.decoded >= usage.span && fits;
    if (kept) bytes += usage.decoded_bytes;
    if (!kept && usage.decoded_bytes > 0) each->ForgetDecoded();
    // a little more than was asked for, since the next read may come later after the newest sample
    if (!kept && usage.reads >= kOften) wanted.emplace_back(each, usage.span + usage.span / 8);
  }
  for (const auto& [each, span] : wanted) {
    if (bytes >= options_.decoded_bytes) break;
    bytes += each->Decode(span);
  }
  counters_.decoded_bytes = bytes;
}

void Head::Maintain(base::Timestamp now) {
  const Everything all = All();
  base::Timestamp floor = base::Timestamp::min();
  if (options_.retention > base::Duration::zero()) {
    floor = now - options_.retention;
    floor_ = floor;  // before dropping, so that no sample comes into what was dropped
  }
  Left left = DropBefore(floor, all.series);
  if (options_.retention_bytes > 0 && counters_.bytes.load() > static_cast<int64_t>(options_.retention_bytes)) {
    floor = std::max(floor, CutForBytes(all.series));
    floor_ = floor;
    left = DropBefore(floor, all.series);
  }
  counters_.min_time = left.oldest;
  ChooseDecoded(all.series);
  Forget(left.empty);
  if (!order_.Wanted()) return;
  const Everything kept = All();
  order_.Update(kept.series);
}

SelectCache::List Head::Matching(std::span<const base::Matcher> matchers) const {
  const SelectCache::Ticket ticket = selections_.TicketFor(matchers);
  if (SelectCache::List known = selections_.Find(ticket)) return known;
  std::vector<std::shared_ptr<const Series>> found;
  {
    const std::shared_lock lock(mutex_);
    const SeriesIds ids = index_.Resolve(matchers, table_);
    found.reserve(ids.size());
    for (const SeriesId id : ids) found.push_back(table_.Get(id));
  }
  order_.Sort(found);
  const auto list = std::make_shared<const Selection>(std::move(found));
  selections_.Put(ticket, list);
  return list;
}

std::vector<std::shared_ptr<const Series>> Head::Matching(std::span<const base::Matcher> matchers,
                                                          TimeRange range) const {
  const SelectCache::List all = Matching(matchers);
  std::vector<std::shared_ptr<const Series>> found;
  found.reserve(all->series.size());
  for (const auto& series : all->series) {
    if (static_cast<const MemSeries&>(*series).Overlaps(range)) found.push_back(series);
  }
  return found;
}

base::Result<std::vector<std::shared_ptr<const Series>>> Head::Select(std::span<const base::Matcher> matchers,
                                                                      TimeRange range) const {
  return Matching(matchers, range);
}

base::Result<std::shared_ptr<const Selection>> Head::SelectShared(std::span<const base::Matcher> matchers,
                                                                  TimeRange) const {
  return Matching(matchers);
}

bool Head::AnyOverlaps(const Value& value, TimeRange range) const {
  return std::ranges::any_of(value.postings().ids(), [&](SeriesId id) { return table_.Get(id)->Overlaps(range); });
}

base::Result<std::vector<std::string>> Head::LabelNames(std::span<const base::Matcher> matchers,
                                                        TimeRange range) const {
  if (!matchers.empty()) {
    const auto found = Matching(matchers, range);
    std::unordered_set<std::string_view> names;
    for (const auto& series : found) {
      const auto& labels = static_cast<const MemSeries&>(*series).shared_labels();
      for (const Value* const value : labels.values()) names.insert(value->label().name);
    }
    return Sorted(names);
  }
  const std::shared_lock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, values] : index_.names()) {
    if (values.Any([&](const Value& value) { return AnyOverlaps(value, range); })) names.push_back(name);
  }
  return names;
}

base::Result<std::vector<std::string>> Head::LabelValues(const std::string& name,
                                                         std::span<const base::Matcher> matchers,
                                                         TimeRange range) const {
  std::vector<std::shared_ptr<const Series>> found;  // keeps the texts
  std::unordered_set<std::string_view> values;
  if (!matchers.empty()) {
    found = Matching(matchers, range);
    for (const auto& series : found) values.insert(series->Label(name));
    values.erase(std::string_view());
    return Sorted(values);
  }
  const std::shared_lock lock(mutex_);
  const auto at = index_.names().find(name);
  if (at == index_.names().end()) return std::vector<std::string>();
  at->second.ForEach([&](const Value& value) {
    if (AnyOverlaps(value, range)) values.insert(value.text());
  });
  return Sorted(values);
}

HeadStats Head::Stats() const {
  HeadStats stats;
  {
    const std::shared_lock lock(mutex_);
    stats.series = table_.size();
    stats.label_names = index_.names().size();
    for (const auto& [name, values] : index_.names()) stats.label_pairs += values.size();
  }
  const auto refused = [this](AppendStatus status) { return counters_.refused[static_cast<size_t>(status)].load(); };
  stats.chunks = static_cast<size_t>(counters_.chunks.load());
  stats.bytes = static_cast<size_t>(counters_.bytes.load());
  stats.decoded_bytes = counters_.decoded_bytes;
  const int64_t min = counters_.min_time.load();
  const int64_t max = counters_.max_time.load();
  if (min <= max) stats.times = {FromMilliseconds(min), FromMilliseconds(max)};
  stats.samples_appended = counters_.samples;
  stats.histograms_appended = counters_.histograms;
  stats.out_of_order_appended = counters_.out_of_order_stored;
  stats.series_created = counters_.created;
  stats.series_removed = counters_.removed;
  stats.out_of_order = refused(AppendStatus::out_of_order);
  stats.too_old = refused(AppendStatus::too_old);
  stats.duplicates = refused(AppendStatus::duplicate);
  stats.over_series_limit = refused(AppendStatus::series_limit);
  stats.invalid_labels = refused(AppendStatus::invalid_labels);
  return stats;
}

}  // namespace store
