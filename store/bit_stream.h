#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>

namespace store {

// Writes bits, most significant first, into a buffer of its own that starts empty and grows in small steps, because a
// store holds one per series. Not thread-safe.
class BitWriter {
 public:
  static constexpr size_t kMaxBits = 0xffff;

  // The low `count` bits of `bits`, 0 <= count <= 64. The sum of all counts must stay within kMaxBits.
  void Write(uint64_t bits, int count);
  void Clear();  // gives the buffer back too

  [[gnu::always_inline]] void PrefetchEnd() const { __builtin_prefetch(data_.get() + (bits_ >> 3), 1); }

  const uint8_t* data() const { return data_.get(); }
  size_t size() const { return (bits_ + 7U) / 8U; }  // bytes begun
  size_t bits() const { return bits_; }
  size_t capacity() const { return capacity_; }

 private:
  void Reserve(size_t bytes);
  bool WriteWord(uint64_t bits, int count);
  std::unique_ptr<uint8_t[]> data_;
  uint16_t bits_ = 0;
  uint16_t capacity_ = 0;
};

// Reads what BitWriter wrote. The bytes must be followed by kPadding readable ones of any content.
class BitReader {
 public:
  static constexpr size_t kPadding = 8;

  explicit BitReader(const uint8_t* data) : data_(data) {}
  // The next bits, left-aligned; at least kPeeked of them are real.
  static constexpr int kPeeked = 57;
  uint64_t Peek() const {
    uint64_t word;
    std::memcpy(&word, data_ + (at_ >> 3), sizeof word);
    if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
    return word << (at_ & 7);
  }
  void Skip(int count) { at_ += static_cast<unsigned>(count); }
  size_t position() const { return at_; }  // bits from the start
  uint64_t Read(int count) {               // 1 <= count <= 64
    if (count > kPeeked) {
      const uint64_t high = Read(count - 32);
      return high << 32 | Read(32);
    }
    const uint64_t bits = Peek() >> (64 - count);
    Skip(count);
    return bits;
  }

 private:
  const uint8_t* data_;
  size_t at_ = 0;  // bits
};

}  // namespace store
