#include "store/log_row.h"

// A row is a zero byte and, packed, the number of samples and three columns: the difference of the series' numbers
// times two, plus one for a histogram; the difference of the times; the values. Each column but the last has its length
// before it. Rows of tocsin 0.1 begin with the number of samples, which is not zero, and have the three beside each
// other.

namespace store {
namespace {

constexpr size_t kMostBytes = 16 << 20;  // a row that became larger is not packed

int64_t Milliseconds(base::Timestamp time) { return time.time_since_epoch().count(); }

// Differences may wrap; they come back the same.
int64_t Minus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t Plus(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b)); }

enum : uint64_t { kFloat = 0, kHistogram = 1 };
constexpr uint8_t kColumns = 0;

bool ReadSamples(size_t count, ByteReader& numbers, ByteReader& times, ByteReader& values,
                 std::vector<LoggedSample>& out) {
  int64_t series = 0;
  int64_t time = 0;
  for (size_t i = 0; i < count; ++i) {
    const int64_t coded = numbers.Signed();
    const bool histogram = (coded & 1) == kHistogram;
    series = Plus(series, (coded - (coded & 1)) / 2);
    time = Plus(time, times.Signed());
    Sample sample{base::Timestamp(base::Duration(time)), 0, nullptr};
    if (histogram) {
      sample.histogram = ReadHistogram(values);
    } else {
      sample.value = values.ShortReal();
    }
    if (!numbers.ok() || !times.ok() || !values.ok()) return false;
    out.push_back({series, std::move(sample)});
  }
  const bool whole = numbers.left() == 0 && times.left() == 0 && values.left() == 0;
  return whole && numbers.ok() && times.ok() && values.ok();
}

std::span<const std::byte> AsBytes(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

void LogRowWriter::Add(int64_t series, base::Timestamp time, double value, const base::FloatHistogram* histogram) {
  ++count_;
  series_.Signed(Minus(series, last_series_) * 2 + (histogram != nullptr ? kHistogram : kFloat));
  times_.Signed(Minus(Milliseconds(time), last_time_));
  if (histogram != nullptr) {
    WriteHistogram(*histogram, values_);
  } else {
    values_.ShortReal(value);
  }
  last_series_ = series;
  last_time_ = Milliseconds(time);
}

std::string LogRowWriter::Take() {
  ByteWriter columns;
  columns.Number(count_);
  columns.Text(series_.Take());
  columns.Text(times_.Take());
  columns.Append(values_.Take());
  count_ = 0;
  last_series_ = last_time_ = 0;
  ByteWriter row;
  row.Byte(kColumns);
  row.Append(columns.size() > kMostBytes ? Packer::Plain(columns.bytes()) : packer_.Pack(columns.bytes()));
  return row.Take();
}

bool ReadLogRow(std::span<const std::byte> row, Unpacker& unpacker, std::vector<LoggedSample>& out) {
  if (row.empty() || static_cast<uint8_t>(row[0]) != kColumns) {
    ByteReader in(row);
    const size_t count = in.Count(3);
    return ReadSamples(count, in, in, in, out);
  }
  if (!unpacker.Unpack(row.subspan(1), kMostBytes)) return false;
  ByteReader in(unpacker.bytes());
  const size_t count = in.Count(3);
  ByteReader numbers(AsBytes(in.Text()));
  ByteReader times(AsBytes(in.Text()));
  return in.ok() && ReadSamples(count, numbers, times, in, out);
}

}  // namespace store
