#pragma once

#include <span>
#include <vector>

#include "store/byte_code.h"
#include "store/chunk.h"
#include "store/packed.h"

namespace store {

// A sample as it stands in the log, its series by its number in the database.
struct LoggedSample {
  int64_t series = 0;
  Sample sample;
};

// One row of the log: the samples of one batch, in its order. Columns of series, times and values, packed together.
class LogRowWriter {
 public:
  void Add(int64_t series, base::Timestamp time, double value, const base::FloatHistogram* histogram);
  bool empty() const { return count_ == 0; }
  bool full() const { return values_.size() >= kFullBytes; }  // time to take it
  size_t count() const { return count_; }
  std::string Take();  // leaves the writer empty

 private:
  static constexpr size_t kFullBytes = 2 << 20;
  Packer packer_{1};
  ByteWriter series_;
  ByteWriter times_;
  ByteWriter values_;
  size_t count_ = 0;
  int64_t last_series_ = 0;
  int64_t last_time_ = 0;
};

// Appends to `out`; false if the row is damaged, then what was read up to there is in `out`. Reads what tocsin 0.1
// wrote, too. The unpacker is room that can be used again.
bool ReadLogRow(std::span<const std::byte> row, Unpacker& unpacker, std::vector<LoggedSample>& out);

}  // namespace store
