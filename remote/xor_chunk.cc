#include "remote/xor_chunk.h"

#include <algorithm>
#include <bit>

#include "store/bit_stream.h"

namespace remote {
namespace {

void WriteVarint(uint64_t value, store::BitWriter& bits) {
  for (; value >= 0x80; value >>= 7) bits.Write((value & 0x7F) | 0x80, 8);
  bits.Write(value, 8);
}

// The difference of two neighbouring time steps, in the smallest class of sizes that holds it.
void WriteStepChange(int64_t change, store::BitWriter& bits) {
  const auto fits = [change](int size) {
    const int64_t half = int64_t{1} << (size - 1);
    return -half + 1 <= change && change <= half;
  };
  struct Size {
    uint64_t prefix;
    int prefix_bits;
    int bits;
  };
  if (change == 0) return bits.Write(0, 1);
  for (const Size& size : {Size{0b10, 2, 14}, Size{0b110, 3, 17}, Size{0b1110, 4, 20}}) {
    if (!fits(size.bits)) continue;
    bits.Write(size.prefix, size.prefix_bits);
    return bits.Write(static_cast<uint64_t>(change) & ((uint64_t{1} << size.bits) - 1), size.bits);
  }
  bits.Write(0b1111, 4);
  bits.Write(static_cast<uint64_t>(change), 64);
}

// Writes values as what changed against the one before: only the bits between the zeros on either side.
class ValueWriter {
 public:
  explicit ValueWriter(double first) : last_(std::bit_cast<uint64_t>(first)) {}

  void Write(double value, store::BitWriter& bits) {
    const auto now = std::bit_cast<uint64_t>(value);
    const uint64_t change = now ^ last_;
    last_ = now;
    if (change == 0) return bits.Write(0, 1);
    bits.Write(1, 1);
    constexpr int kMostLeading = 31;  // five bits
    const int leading = std::min(std::countl_zero(change), kMostLeading);
    const int trailing = std::countr_zero(change);
    if (leading_ >= 0 && leading >= leading_ && trailing >= trailing_) {
      bits.Write(0, 1);
      return bits.Write(change >> trailing_, 64 - leading_ - trailing_);
    }
    leading_ = leading;
    trailing_ = trailing;
    const int size = 64 - leading - trailing;
    bits.Write(1, 1);
    bits.Write(static_cast<uint64_t>(leading), 5);
    bits.Write(static_cast<uint64_t>(size) & 63, 6);  // 64 is written as 0
    bits.Write(change >> trailing, size);
  }

 private:
  uint64_t last_;
  int leading_ = -1;  // none yet
  int trailing_ = 0;
};

}  // namespace

std::string EncodeXorChunk(std::span<const base::Timestamp> times, std::span<const double> values) {
  const auto milliseconds = [times](size_t i) { return static_cast<int64_t>(times[i].time_since_epoch().count()); };
  store::BitWriter bits;
  bits.Write(times.size(), 16);
  const auto first = static_cast<uint64_t>(milliseconds(0));
  WriteVarint(first << 1 ^ (milliseconds(0) < 0 ? ~uint64_t{0} : 0), bits);
  bits.Write(std::bit_cast<uint64_t>(values[0]), 64);
  ValueWriter value(values[0]);
  int64_t step = 0;
  for (size_t i = 1; i < times.size(); ++i) {
    const int64_t next = milliseconds(i) - milliseconds(i - 1);
    if (i == 1) {
      WriteVarint(static_cast<uint64_t>(next), bits);
    } else {
      WriteStepChange(next - step, bits);
    }
    step = next;
    value.Write(values[i], bits);
  }
  return {reinterpret_cast<const char*>(bits.data()), bits.size()};
}

}  // namespace remote
