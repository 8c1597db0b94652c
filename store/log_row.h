#pragma once

#include <span>
#include <vector>

#include "store/byte_code.h"
#include "store/chunk.h"

namespace store {

// A sample as it stands in the log, its series by its number in the database.
struct LoggedSample {
  int64_t series = 0;
  Sample sample;
};

// One row of the log: the samples of one batch, in its order.
class LogRowWriter {
 public:
  void Add(int64_t series, base::Timestamp time, double value, const base::FloatHistogram* histogram);
  bool empty() const { return count_ == 0; }
  std::string Take();

 private:
  ByteWriter body_;
  size_t count_ = 0;
  int64_t last_series_ = 0;
  int64_t last_time_ = 0;
};

// Appends to `out`; false if the row is damaged, then what was read up to there is in `out`.
bool ReadLogRow(std::span<const std::byte> row, std::vector<LoggedSample>& out);

// A block: chunks of many series. `samples` sorted by series, then time; equal instants of a series are dropped but
// for the first. Each string is one block of about kBlockBytes.
inline constexpr size_t kBlockBytes = 256 << 10;
struct Block {
  base::Timestamp min;
  base::Timestamp max;
  std::string bytes;
};
std::vector<Block> WriteBlocks(std::vector<LoggedSample> samples);

// Calls visit(series, chunk) for each chunk; false if the block is damaged.
template <class Visit>
bool ReadBlock(std::span<const std::byte> bytes, Visit visit) {
  ByteReader in(bytes);
  const base::Timestamp origin(base::Duration(in.Signed()));
  int64_t series = 0;
  while (in.ok() && in.left() > 0) {
    // a damaged difference may wrap
    series = static_cast<int64_t>(static_cast<uint64_t>(series) + static_cast<uint64_t>(in.Signed()));
    const size_t chunks = in.Count(4);
    for (size_t i = 0; i < chunks; ++i) {
      ChunkPtr chunk = ReadChunk(origin, in);
      if (!chunk) return false;
      visit(series, std::move(chunk));
    }
  }
  return in.ok();
}

}  // namespace store
