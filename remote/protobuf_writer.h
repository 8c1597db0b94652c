#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace remote {

// Writes fields of one message in protobuf's wire format behind what `out` holds.
class ProtobufWriter {
 public:
  explicit ProtobufWriter(std::string& out) : out_(out) {}

  void Number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
    out_.push_back(static_cast<char>(value));
  }
  void Fixed(double value) {
    const auto bits = std::bit_cast<uint64_t>(value);
    for (int shift = 0; shift < 64; shift += 8) out_.push_back(static_cast<char>(bits >> shift));
  }

  void Varint(uint32_t field, uint64_t value) {
    Number(field << 3);
    Number(value);
  }
  void ZigZag(uint32_t field, int64_t value) {
    Varint(field, static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
  }
  void Double(uint32_t field, double value) {
    Number(field << 3 | 1);
    Fixed(value);
  }
  void Bytes(uint32_t field, std::string_view bytes) {
    Begin(field, bytes.size());
    out_ += bytes;
  }
  // The key and the length of a field whose content the caller writes next.
  void Begin(uint32_t field, size_t size) {
    Number(field << 3 | 2);
    Number(size);
  }

  static size_t SizeOfNumber(uint64_t value) { return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7; }

 private:
  std::string& out_;
};

}  // namespace remote
