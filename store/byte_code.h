#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// Bytes as they are written to disk: numbers of variable length, fixed numbers little-endian, texts with their length.

namespace store {

class ByteWriter {
 public:
  void Byte(uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void Number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
  }
  // Small ones of either sign are short.
  void Signed(int64_t value) { Number(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63)); }
  void Real(double value) { Fixed(std::bit_cast<uint64_t>(value)); }
  // Without the zero bytes that most values end in: whole numbers take few.
  void ShortReal(double value) {
    const auto bits = std::bit_cast<uint64_t>(value);
    const int zeros = bits == 0 ? 8 : std::countr_zero(bits) / 8;
    char bytes[9] = {static_cast<char>(zeros)};
    for (int i = zeros; i < 8; ++i) bytes[i - zeros + 1] = static_cast<char>(bits >> 8 * i);
    bytes_.append(bytes, static_cast<size_t>(9 - zeros));
  }
  void Fixed(uint64_t value) {
    for (int i = 0; i < 64; i += 8) bytes_.push_back(static_cast<char>(value >> i));
  }
  void Text(std::string_view text) {
    Number(text.size());
    bytes_.append(text);
  }

  void Append(std::string_view bytes) { bytes_.append(bytes); }

  const std::string& bytes() const { return bytes_; }
  size_t size() const { return bytes_.size(); }
  std::string Take() { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
};

// Reads what ByteWriter wrote. Past the end, and after anything that cannot be, it is not ok and everything reads as
// nothing; so a caller may look once, at the end.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes)
      : at_(reinterpret_cast<const uint8_t*>(bytes.data())), end_(at_ + bytes.size()) {}

  uint8_t Byte() { return at_ == end_ ? static_cast<uint8_t>(Bad()) : *at_++; }
  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return Bad();
      const uint8_t byte = *at_++;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return Bad();
  }
  int64_t Signed() {
    const uint64_t coded = Number();
    return static_cast<int64_t>(coded >> 1 ^ (~(coded & 1) + 1));
  }
  double Real() { return std::bit_cast<double>(Fixed()); }
  double ShortReal() {
    if (left() == 0 || *at_ > 8 || left() < 9U - *at_) return std::bit_cast<double>(Bad());
    uint64_t bits = 0;
    for (int shift = 8 * *at_++; shift < 64; shift += 8) bits |= static_cast<uint64_t>(*at_++) << shift;
    return std::bit_cast<double>(bits);
  }
  uint64_t Fixed() {
    if (left() < 8) return Bad();
    uint64_t value = 0;
    for (int i = 0; i < 64; i += 8) value |= static_cast<uint64_t>(*at_++) << i;
    return value;
  }
  std::string_view Text() {
    const uint64_t size = Number();
    if (size > left()) return Bad(), std::string_view();
    const std::string_view text(reinterpret_cast<const char*>(at_), size);
    at_ += size;
    return text;
  }
  // A number of things of at least `least` bytes each, so that a damaged one cannot ask for more than there is.
  size_t Count(size_t least) {
    const uint64_t count = Number();
    return count > left() / least ? Bad() : count;
  }

  // For a caller that finds what it read impossible.
  void Refuse() { Bad(); }

  bool ok() const { return ok_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

 private:
  uint64_t Bad() {
    ok_ = false;
    at_ = end_;
    return 0;
  }
  const uint8_t* at_;
  const uint8_t* end_;
  bool ok_ = true;
};

}  // namespace store
