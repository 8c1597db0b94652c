#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "store/bit_stream.h"
#include "store/byte_code.h"
#include "store/querier.h"
#include "store/sample.h"

// Runs of samples of one series in time order, floats compressed, histograms kept as they are. A series is a list of
// immutable chunks and one open run that is still written; where floats and histograms alternate, the chunks do.

namespace store {

// A chunk is closed at this many samples; one that a late sample would make longer is split in half.
inline constexpr size_t kChunkSamples = 120;

// One sample by itself, the slow form; histogram is null for a float.
struct Sample {
  base::Timestamp time;
  double value = 0;
  HistogramPtr histogram;
};

// Same bits, NaNs and signed zeros included; histograms by content, the reset hint aside.
bool SameValue(const Sample& a, const Sample& b);

// Samples in time order, compressed or not, that never change. Thread-safe.
class Chunk {
 public:
  virtual ~Chunk() = default;
  base::Timestamp min_time() const { return min_; }
  base::Timestamp max_time() const { return max_; }
  // Appends the samples within `range` to `out`.
  virtual void Read(TimeRange range, Samples& out) const = 0;
  virtual size_t Bytes() const = 0;  // memory, bookkeeping included
  // For ReadChunk. Times are written as differences from `origin`.
  virtual void Write(base::Timestamp origin, ByteWriter& out) const = 0;

 protected:
  Chunk(base::Timestamp min, base::Timestamp max) : min_(min), max_(max) {}

 private:
  base::Timestamp min_;
  base::Timestamp max_;
};
using ChunkPtr = std::shared_ptr<const Chunk>;

// The open run of floats. Not thread-safe; `CopyTo` gives readers bytes of their own.
class FloatRun {
 public:
  // The most bytes kChunkSamples can need: 64 + 4 bits of time and 64 + 13 bits of value each.
  static constexpr size_t kMaxBytes = kChunkSamples * (64 + 4 + 64 + 13) / 8 + 1;

  // Later than last_time(), and at most kChunkSamples of them.
  void Append(base::Timestamp time, double value);
  bool empty() const { return count_ == 0; }
  bool full() const { return count_ >= kChunkSamples; }
  base::Timestamp first_time() const { return base::Timestamp(base::Duration(first_)); }
  base::Timestamp last_time() const { return base::Timestamp(base::Duration(last_)); }
  double last_value() const { return std::bit_cast<double>(last_bits_); }
  size_t Bytes() const { return bits_.capacity(); }
  [[gnu::always_inline]] void PrefetchEnd() const { bits_.PrefetchEnd(); }
  [[gnu::always_inline]] void PrefetchBegin() const { __builtin_prefetch(bits_.data()); }

  ChunkPtr Close();  // leaves the run empty
  void Clear();

  // What a reader takes under the series' lock, to decode after it.
  struct Copy {
    int64_t first = 0;
    uint16_t count = 0;
    uint8_t bytes[kMaxBytes + BitReader::kPadding];
  };
  void CopyTo(Copy& copy) const;
  static void Read(const Copy& copy, TimeRange range, Samples& out);

 private:
  void WriteTime(int64_t time);
  void WriteValue(uint64_t bits);

  int64_t first_ = 0;
  int64_t last_ = 0;
  int64_t delta_ = 0;
  uint64_t last_bits_ = 0;
  [[no_unique_address]] BitWriter bits_;
  uint16_t count_ = 0;
  uint8_t leading_ = 0;  // of the window in force; leading_ + trailing_ = 64 when there is none
  uint8_t trailing_ = 64;
};

// What Chunk::Write wrote; null, and `in` not ok, if it cannot be that. Damage that leaves the shape whole gives other
// samples, never more than kChunkSamples of them.
ChunkPtr ReadChunk(base::Timestamp origin, ByteReader& in);

void WriteHistogram(const base::FloatHistogram& histogram, ByteWriter& out);
HistogramPtr ReadHistogram(ByteReader& in);  // never null

// Histograms in time order, closed. Compression of their buckets would go here.
ChunkPtr MakeHistogramChunk(std::vector<Sample> samples);
void ReadHistograms(std::span<const Sample> samples, TimeRange range, Samples& out);
size_t HistogramBytes(const Sample& sample);

// Any samples in time order as closed chunks, each of one kind.
std::vector<ChunkPtr> PackChunks(std::span<const Sample> samples);
// The reverse.
std::vector<Sample> ToSamples(const Samples& columns);

}  // namespace store
