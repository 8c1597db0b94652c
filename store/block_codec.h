#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/byte_code.h"
#include "store/chunk.h"
#include "store/value_code.h"

namespace store {

// Blocks: samples of many series as they stay in the database. The form is described in block_codec.cc.
enum class BlockFormat : int64_t {
  chunks = 1,   // as written by tocsin 0.1: the chunks of memory, one after the other
  columns = 2,  // times shared, values as small whole numbers, all compressed together
};

struct Block {
  TimeRange times{base::Timestamp::max(), base::Timestamp::min()};
  size_t samples = 0;
  std::string bytes;  // of BlockFormat::columns
};

// Gathers series into a block. Rising series compress best. Not thread-safe.
class BlockWriter {
 public:
  // Of one series, times rising and as many as values, at least one.
  void AddFloats(int64_t series, std::span<const base::Timestamp> times, std::span<const double> values);
  // Of one series, times rising, none of them a float.
  void AddHistograms(int64_t series, std::span<const Sample> samples);

  bool empty() const { return samples_ == 0; }
  bool full() const;  // time to take it; what is added to a full one makes it larger than a reader accepts
  Block Take();       // leaves the writer empty

  static constexpr size_t kSymbolStreams = 16;

 private:
  struct BitPacker {
    void Write(uint64_t bits, int count);  // at most 63
    std::string Take();
    std::string bytes;
    uint64_t word = 0;
    int used = 0;
  };

  void BeginPiece(int64_t series, uint8_t head);
  void AddPiece(int64_t series, std::span<const base::Timestamp> times, std::span<const double> values);
  void AddTimes(std::span<const base::Timestamp> times);
  void AddSymbols(const ValueCode& code, std::string& symbols);
  void Grow(base::Timestamp first, base::Timestamp last, size_t count);

  ByteWriter pieces_;
  ByteWriter times_;
  ByteWriter firsts_;
  ByteWriter histograms_;
  BitPacker bits_;
  std::array<std::string, kSymbolStreams> symbols_;
  std::vector<std::vector<base::Timestamp>> lists_;       // of times, each once
  std::unordered_multimap<size_t, size_t> list_by_hash_;  // places in lists_
  size_t last_list_ = 0;
  std::optional<base::Timestamp> origin_;
  int64_t last_series_ = 0;
  TimeRange range_{base::Timestamp::max(), base::Timestamp::min()};
  size_t samples_ = 0;
  ValueCode code_;  // room that is used again
};

// Calls visit(series, chunk) for each chunk, those of one series in the order they were added; false if the block is
// damaged, after what was read up to there. A damaged one may give other samples, never more than a block holds.
bool ReadBlock(BlockFormat format, std::span<const std::byte> bytes,
               const std::function<void(int64_t series, ChunkPtr chunk)>& visit);

}  // namespace store
