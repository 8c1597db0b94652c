#include "store/bit_stream.h"

#include <algorithm>

namespace store {
namespace {

// Sizes that malloc serves without loss: 16k + 8.
constexpr size_t kFirstCapacity = 24;

size_t NextCapacity(size_t capacity, size_t needed) {
  if (capacity == 0 && needed <= kFirstCapacity) return kFirstCapacity;
  const size_t wanted = std::max(needed, capacity + capacity / 2);
  return (wanted + 7) / 16 * 16 + 8;
}

}  // namespace

void BitWriter::Reserve(size_t bytes) {
  if (bytes <= capacity_) return;
  const size_t capacity = NextCapacity(capacity_, bytes);
  auto data = std::make_unique_for_overwrite<uint8_t[]>(capacity);
  std::copy_n(data_.get(), size(), data.get());
  data_ = std::move(data);
  capacity_ = static_cast<uint16_t>(capacity);
}

// The usual case, in one store: eight bytes from the one begun on lie within the buffer.
bool BitWriter::WriteWord(uint64_t bits, int count) {
  const size_t at = bits_ >> 3;
  const int used = bits_ & 7;
  if (count + used > 64 || count == 0 || at + sizeof(uint64_t) > capacity_) return false;
  uint64_t word = used == 0 ? 0 : uint64_t{data_[at]} << 56;
  word |= bits << (64 - count) >> used;
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  std::memcpy(&data_[at], &word, sizeof word);
  bits_ = static_cast<uint16_t>(bits_ + count);
  return true;
}

void BitWriter::Write(uint64_t bits, int count) {
  Reserve((bits_ + static_cast<unsigned>(count) + 7U) / 8U);
  if (WriteWord(bits, count)) return;
  while (count > 0) {
    const int used = bits_ & 7;
    const int take = std::min(8 - used, count);
    const auto part = static_cast<uint8_t>((bits >> (count - take)) & ((1U << take) - 1U));
    uint8_t& byte = data_[bits_ >> 3];
    if (used == 0) byte = 0;
    byte = static_cast<uint8_t>(byte | part << (8 - used - take));
    bits_ = static_cast<uint16_t>(bits_ + take);
    count -= take;
  }
}

void BitWriter::Clear() {
  data_.reset();
  bits_ = 0;
  capacity_ = 0;
}

}  // namespace store
