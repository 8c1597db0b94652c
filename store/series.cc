#include "store/series.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace store {
namespace {

bool Touches(const Chunk& chunk, TimeRange range) {
  return chunk.max_time() >= range.min && chunk.min_time() <= range.max;
}

void PutInOrder(std::vector<Sample>& samples, const Sample& sample) {
  samples.insert(std::ranges::upper_bound(samples, sample.time, {}, &Sample::time), sample);
}

std::vector<Sample> ReadAll(const Chunk& chunk) {
  Samples columns;
  chunk.Read({chunk.min_time(), chunk.max_time()}, columns);
  return ToSamples(columns);
}

// Fewer samples are decoded as fast as they are copied.
constexpr size_t kFewestDecoded = 24;

int64_t BytesOf(const ChunkPtr& chunk) { return static_cast<int64_t>(chunk->Bytes() + sizeof chunk); }

}  // namespace

AppendStatus AppendLimits::JudgeLate(base::Timestamp time, base::Timestamp newest) const {
  if (window == base::Duration::zero()) return AppendStatus::out_of_order;
  // unsigned, because the instants may lie further apart than a Duration reaches
  const uint64_t late =
      static_cast<uint64_t>(newest.time_since_epoch().count()) - static_cast<uint64_t>(time.time_since_epoch().count());
  return late > static_cast<uint64_t>(window.count()) ? AppendStatus::too_old : AppendStatus::ok;
}

int64_t MemSeries::BaseBytes() const {
  constexpr size_t kPlaces = 24 + 12;  // in the table's pages and its hash
  const size_t postings = labels_.values().size() * sizeof(uint32_t);
  return static_cast<int64_t>(sizeof(*this) - sizeof labels_ + 2 * sizeof(void*) + kPlaces + labels_.Bytes() +
                              postings);
}

size_t MemSeries::OpenBytes() const {
  if (!HasOpenHistograms()) return floats_.Bytes();
  size_t bytes = 0;
  for (const Sample& sample : history_->histograms) bytes += HistogramBytes(sample);
  return bytes;
}

base::Timestamp MemSeries::LastTime() const {
  return floats_.empty() ? history_->histograms.back().time : floats_.last_time();
}

base::Timestamp MemSeries::OpenFirstTime() const {
  return floats_.empty() ? history_->histograms.front().time : floats_.first_time();
}

bool MemSeries::LastEquals(const Sample& sample) const {
  if (floats_.empty()) return SameValue(history_->histograms.back(), sample);
  return SameValue({floats_.last_time(), floats_.last_value(), nullptr}, sample);
}

MemSeries::History& MemSeries::MutableHistory() {
  if (!history_) history_ = std::make_unique<History>();
  return *history_;
}

void MemSeries::Read(TimeRange range, Samples& out) const {
  std::vector<ChunkPtr> chunks;
  std::vector<Sample> histograms;
  FloatRun::Copy floats;
  {
    const std::scoped_lock lock(mutex_);
    if (!HasOpen()) return;
    CountRead(range.min);
    if (const DecodedTail* decoded = Decoded();
        decoded != nullptr && decoded->Covers(range) && out.histograms.empty()) {
      decoded->Read(range, out);
      return;
    }
    if (history_) {
      const auto& all = history_->chunks;
      const auto from =
          std::ranges::lower_bound(all, range.min, {}, [](const auto& chunk) { return chunk->max_time(); });
      for (auto at = from; at != all.end() && Touches(**at, range); ++at) chunks.push_back(*at);
    }
    const bool open = OpenFirstTime() <= range.max && LastTime() >= range.min;
    if (open && !floats_.empty()) floats_.CopyTo(floats);
    if (open && floats_.empty()) histograms = history_->histograms;
  }
  if (!chunks.empty()) {
    out.times.reserve(out.size() + (chunks.size() + 1) * kChunkSamples);
    out.values.reserve(out.size() + (chunks.size() + 1) * kChunkSamples);
  }
  for (const ChunkPtr& chunk : chunks) chunk->Read(range, out);
  FloatRun::Read(floats, range, out);
  ReadHistograms(histograms, range, out);
}

void MemSeries::ReadLast(TimeRange range, Samples& out) const {
  {
    const std::scoped_lock lock(mutex_);
    if (!HasOpen() || LastTime() < range.min) return;
    if (LastTime() <= range.max) {
      if (HasOpenHistograms()) {
        ReadHistograms({&history_->histograms.back(), 1}, range, out);
        return;
      }
      out.times.push_back(floats_.last_time());
      out.values.push_back(floats_.last_value());
      if (!out.histograms.empty()) out.histograms.emplace_back();
      return;
    }
  }
  Series::ReadLast(range, out);
}

bool MemSeries::ReadEdges(TimeRange range, bool falls, Samples& room, Edges& edges) const {
  {
    const std::scoped_lock lock(mutex_);
    DecodedTail* const decoded = Decoded();
    if (decoded != nullptr && decoded->Covers(range) && decoded->ReadEdges(range, falls, edges)) {
      CountRead(range.min);
      return true;
    }
  }
  return Series::ReadEdges(range, falls, room, edges);
}

void MemSeries::PrefetchRead(int step) const {
  const std::scoped_lock lock(mutex_);
  if (!has_decoded_) {
    if (step == 0) floats_.PrefetchBegin();
    return;
  }
  const auto* at = reinterpret_cast<const char*>(step == 0 ? static_cast<const void*>(history_.get()) : Decoded());
  for (const int line : {0, 64}) __builtin_prefetch(at + line);
}

void MemSeries::CountRead(base::Timestamp from) const {
  constexpr uint64_t kMostSpan = std::numeric_limits<uint16_t>::max();
  if (from >= LastTime()) return;
  // unsigned, because the instants may lie further apart than a Duration reaches
  const uint64_t span = static_cast<uint64_t>(LastTime().time_since_epoch().count()) -
                        static_cast<uint64_t>(from.time_since_epoch().count());
  const uint64_t seconds = span / 1000 + 1;
  if (seconds > kMostSpan) return;
  if (reads_ < std::numeric_limits<uint8_t>::max()) ++reads_;
  read_span_ = std::max(read_span_, static_cast<uint16_t>(seconds));
}

MemSeries::Usage MemSeries::TakeUsage() {
  const std::scoped_lock lock(mutex_);
  const DecodedTail* decoded = Decoded();
  return {.reads = std::exchange(reads_, uint8_t{0}),
          .span = std::chrono::seconds(std::exchange(read_span_, uint16_t{0})),
          .decoded = decoded == nullptr ? base::Duration(0) : decoded->span(),
          .decoded_bytes = decoded == nullptr ? 0 : decoded->Bytes()};
}

// Under the lock, unlike Read: once in a while, and no append may come between decoding and keeping.
size_t MemSeries::Decode(base::Duration span) {
  const std::scoped_lock lock(mutex_);
  DropDecoded();
  if (floats_.empty()) return 0;
  const base::Timestamp from = LastTime() - span;
  Samples samples;
  if (history_) {
    auto first = history_->chunks.end();
    size_t most = 2 * DecodedTail::kMostSamples;  // bounds what is decoded in vain
    while (first != history_->chunks.begin() && (*(first - 1))->max_time() >= from && most > 0) {
      --first;
      most -= std::min(most, kChunkSamples);
    }
    for (; first != history_->chunks.end(); ++first) (*first)->Read({from, base::Timestamp::max()}, samples);
  }
  FloatRun::Copy open;
  floats_.CopyTo(open);
  FloatRun::Read(open, {from, base::Timestamp::max()}, samples);
  const bool worthwhile = samples.size() >= kFewestDecoded && samples.size() <= DecodedTail::kMostSamples * 3 / 4;
  if (!worthwhile || !samples.histograms.empty()) return 0;
  MutableHistory().decoded = std::make_unique<DecodedTail>(samples, from, span);
  has_decoded_ = true;
  return history_->decoded->Bytes();
}

void MemSeries::ForgetDecoded() {
  const std::scoped_lock lock(mutex_);
  DropDecoded();
}

void MemSeries::DropDecoded() {
  if (has_decoded_) history_->decoded.reset();
  has_decoded_ = false;
}

void MemSeries::AppendDecoded(base::Timestamp time, double value) {
  if (has_decoded_ && !history_->decoded->Append(time, value)) DropDecoded();
}

std::optional<TimeRange> MemSeries::Span() const {
  if (!HasOpen()) return std::nullopt;
  const bool closed = history_ && !history_->chunks.empty();
  return TimeRange{closed ? history_->chunks.front()->min_time() : OpenFirstTime(), LastTime()};
}

bool MemSeries::Overlaps(TimeRange range) const {
  const std::scoped_lock lock(mutex_);
  const auto span = Span();
  return span && span->max >= range.min && span->min <= range.max;
}

// The chunk a time falls into: the last that begins at or before it, or the first.
size_t MemSeries::ChunkFor(base::Timestamp time) const {
  const auto& chunks = history_->chunks;
  const auto after =
      std::ranges::upper_bound(chunks, time, {}, [](const ChunkPtr& chunk) { return chunk->min_time(); });
  return after == chunks.begin() ? 0 : static_cast<size_t>(after - chunks.begin()) - 1;
}

std::vector<Sample> MemSeries::ReadOpen() const {
  if (HasOpenHistograms()) return history_->histograms;
  FloatRun::Copy copy;
  floats_.CopyTo(copy);
  Samples columns;
  FloatRun::Read(copy, {floats_.first_time(), floats_.last_time()}, columns);
  return ToSamples(columns);
}

std::optional<Sample> MemSeries::Find(base::Timestamp time) const {
  std::vector<Sample> samples;
  if (time >= OpenFirstTime()) {
    samples = ReadOpen();
  } else if (history_ && !history_->chunks.empty()) {
    const Chunk& chunk = *history_->chunks[ChunkFor(time)];
    if (Touches(chunk, {time, time})) samples = ReadAll(chunk);
  }
  const auto at = std::ranges::find(samples, time, &Sample::time);
  if (at == samples.end()) return std::nullopt;
  return *at;
}

AppendStatus MemSeries::Judge(const Sample& sample, const AppendLimits& limits) const {
  if (sample.time < limits.floor) return AppendStatus::too_old;
  if (!HasOpen() || sample.time > LastTime()) return AppendStatus::ok;
  if (sample.time == LastTime()) return LastEquals(sample) ? AppendStatus::ok : AppendStatus::duplicate;
  const AppendStatus late = limits.JudgeLate(sample.time, LastTime());
  if (late != AppendStatus::ok) return late;
  const auto stored = Find(sample.time);
  return !stored || SameValue(*stored, sample) ? AppendStatus::ok : AppendStatus::duplicate;
}

MemSeries::Outcome MemSeries::Append(base::Timestamp time, double value, const AppendLimits& limits,
                                     Footprint& change) {
  {
    const std::scoped_lock lock(mutex_);
    if (!floats_.empty() && !floats_.full() && time > floats_.last_time() && time >= limits.floor) {
      const size_t before = floats_.Bytes();
      floats_.Append(time, value);
      AppendDecoded(time, value);
      change.bytes += static_cast<int64_t>(floats_.Bytes() - before);
      return {};
    }
  }
  return Append({time, value, nullptr}, limits, change);
}

MemSeries::Outcome MemSeries::Append(const Sample& sample, const AppendLimits& limits, Footprint& change) {
  const std::scoped_lock lock(mutex_);
  if (dropped_) return {Stored::dropped};
  const AppendStatus status = Judge(sample, limits);
  if (status != AppendStatus::ok) return {Stored::refused, status};
  if (!HasOpen() || sample.time > LastTime()) {
    AppendInOrder(sample, change);
    return {Stored::in_order};
  }
  if (sample.time == LastTime() || Find(sample.time)) return {Stored::unchanged};
  Insert(sample, change);
  return {Stored::out_of_order};
}

void MemSeries::CloseOpen(Footprint& change) {
  change.bytes -= static_cast<int64_t>(OpenBytes());
  ChunkPtr chunk = floats_.empty() ? MakeHistogramChunk(std::exchange(history_->histograms, {})) : floats_.Close();
  change.bytes += BytesOf(chunk);
  MutableHistory().chunks.push_back(std::move(chunk));
}

void MemSeries::AppendInOrder(const Sample& sample, Footprint& change) {
  const bool histogram = sample.histogram != nullptr;
  const bool full = floats_.full() || (HasOpenHistograms() && history_->histograms.size() >= kChunkSamples);
  if (HasOpen() && (full || histogram == !floats_.empty())) CloseOpen(change);
  if (!HasOpen()) ++change.chunks;
  if (histogram) {
    DropDecoded();
    MutableHistory().histograms.push_back(sample);
    change.bytes += static_cast<int64_t>(HistogramBytes(sample));
    return;
  }
  const size_t before = floats_.Bytes();
  floats_.Append(sample.time, sample.value);
  AppendDecoded(sample.time, sample.value);
  change.bytes += static_cast<int64_t>(floats_.Bytes() - before);
}

void MemSeries::InsertIntoOpen(const Sample& sample, Footprint& change) {
  std::vector<Sample> samples = ReadOpen();
  PutInOrder(samples, sample);
  change.bytes -= static_cast<int64_t>(OpenBytes());
  --change.chunks;
  floats_.Clear();
  if (history_) history_->histograms.clear();
  for (const Sample& each : samples) AppendInOrder(each, change);
}

void MemSeries::Insert(const Sample& sample, Footprint& change) {
  DropDecoded();
  if (!history_ || history_->chunks.empty() || sample.time > history_->chunks.back()->max_time()) {
    InsertIntoOpen(sample, change);
    return;
  }
  auto& chunks = history_->chunks;
  const size_t place = ChunkFor(sample.time);
  std::vector<Sample> samples = ReadAll(*chunks[place]);
  PutInOrder(samples, sample);
  std::vector<ChunkPtr> packed = PackChunks(samples);
  change.chunks += static_cast<int64_t>(packed.size()) - 1;
  change.bytes -= BytesOf(chunks[place]);
  for (const ChunkPtr& chunk : packed) change.bytes += BytesOf(chunk);
  chunks[place] = packed.front();
  chunks.insert(chunks.begin() + static_cast<std::ptrdiff_t>(place) + 1, packed.begin() + 1, packed.end());
}

void MemSeries::RestoreChunk(ChunkPtr chunk) {
  const std::scoped_lock lock(mutex_);
  MutableHistory().chunks.push_back(std::move(chunk));
}

void MemSeries::EndRestore(Footprint& change) {
  const std::scoped_lock lock(mutex_);
  if (!history_ || history_->chunks.empty() || HasOpen()) return;
  auto& chunks = history_->chunks;
  std::ranges::stable_sort(chunks, {}, [](const ChunkPtr& chunk) { return chunk->min_time(); });
  std::vector<ChunkPtr> apart;
  for (ChunkPtr& chunk : chunks) {
    if (apart.empty() || chunk->min_time() > apart.back()->max_time()) {
      apart.push_back(std::move(chunk));
      continue;
    }
    std::vector<Sample> samples = ReadAll(*apart.back());
    std::ranges::move(ReadAll(*chunk), std::back_inserter(samples));
    std::ranges::stable_sort(samples, {}, &Sample::time);
    const auto repeated = std::ranges::unique(samples, {}, &Sample::time);
    samples.erase(repeated.begin(), repeated.end());
    apart.pop_back();
    std::ranges::move(PackChunks(samples), std::back_inserter(apart));
  }
  const std::vector<Sample> newest = ReadAll(*apart.back());
  apart.pop_back();
  for (const ChunkPtr& chunk : apart) change.bytes += BytesOf(chunk);
  change.chunks += static_cast<int64_t>(apart.size());
  chunks = std::move(apart);
  chunks.shrink_to_fit();
  for (const Sample& sample : newest) AppendInOrder(sample, change);
}

std::optional<TimeRange> MemSeries::DropBefore(base::Timestamp floor, Footprint& change) {
  const std::scoped_lock lock(mutex_);
  if (has_decoded_ && history_->decoded->from() < floor) DropDecoded();
  if (history_) {
    auto& chunks = history_->chunks;
    const auto kept =
        std::ranges::lower_bound(chunks, floor, {}, [](const ChunkPtr& chunk) { return chunk->max_time(); });
    for (auto at = chunks.begin(); at != kept; ++at) change.bytes -= BytesOf(*at);
    change.chunks -= kept - chunks.begin();
    chunks.erase(chunks.begin(), kept);
  }
  if (!HasOpen() || LastTime() >= floor) return Span();
  change.bytes -= static_cast<int64_t>(OpenBytes());
  --change.chunks;
  floats_.Clear();
  DropDecoded();
  history_.reset();
  return std::nullopt;
}

bool MemSeries::DropIfEmpty() {
  const std::scoped_lock lock(mutex_);
  if (HasOpen()) return false;
  dropped_ = true;
  return true;
}

}  // namespace store
