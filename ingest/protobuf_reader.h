#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace ingest {

// Walks the fields of one message in protobuf's wire format, where it stands:
//   for (ProtobufReader in(bytes); in.Next();)
//     if (in.field() == 1) name = in.Bytes();
// A value that is not taken is passed over; one taken as another kind than it was written reads as nothing. After
// anything that cannot be, Next ends and ok() is false. Fields may come in any order and repeatedly.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view message) : at_(message.data()), end_(at_ + message.size()) {}

  bool Next() {
    if (at_ == end_ || !ok_) return false;
    start_ = at_;
    const uint64_t key = ReadVarint();
    field_ = static_cast<uint32_t>(key >> 3);
    kind_ = static_cast<uint8_t>(key & 7);
    if (!ok_ || key >> 3 == 0 || key >> 3 > kMostField) return Bad();
    switch (kind_) {
      case kVarint:
        number_ = ReadVarint();
        break;
      case kFixed64:
        number_ = ReadFixed(8);
        break;
      case kFixed32:
        number_ = ReadFixed(4);
        break;
      case kBytes:
        return ReadBytes();
      default:
        return Bad();  // groups have long been gone
    }
    return ok_;
  }

  uint32_t field() const { return field_; }
  bool ok() const { return ok_; }
  // Where the field at hand begins; after a failure, the field that could not be read.
  const char* start() const { return start_; }
  std::string_view rest() const { return {at_, static_cast<size_t>(end_ - at_)}; }  // what was not yet looked at

  bool IsVarint() const { return kind_ == kVarint; }
  bool IsFixed64() const { return kind_ == kFixed64; }
  bool IsBytes() const { return kind_ == kBytes; }
  uint64_t Unsigned() const { return kind_ == kVarint ? number_ : 0; }
  int64_t Signed() const { return static_cast<int64_t>(Unsigned()); }
  int64_t ZigZag() const { return Decode(Unsigned()); }
  double Double() const { return kind_ == kFixed64 ? std::bit_cast<double>(number_) : 0; }
  std::string_view Bytes() const { return kind_ == kBytes ? bytes_ : std::string_view(); }

  // Repeated numbers stand packed in one field, or each in a field of its own.
  template <class Take>
  void Varints(Take take) {
    if (kind_ != kBytes) return take(Unsigned());
    ProtobufReader packed(bytes_);
    while (packed.at_ != packed.end_ && packed.ok_) take(packed.ReadVarint());
    ok_ = ok_ && packed.ok_;
  }
  template <class Take>
  void Doubles(Take take) {
    if (kind_ != kBytes) return take(Double());
    ProtobufReader packed(bytes_);
    while (packed.at_ != packed.end_ && packed.ok_) take(std::bit_cast<double>(packed.ReadFixed(8)));
    ok_ = ok_ && packed.ok_;
  }
  static int64_t Decode(uint64_t zigzag) { return static_cast<int64_t>(zigzag >> 1 ^ (~(zigzag & 1) + 1)); }

  // A varint that stands before the message, as in a stream of them.
  uint64_t ReadVarint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<uint8_t>(*at_++);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    Bad();
    return 0;
  }

 private:
  static constexpr uint64_t kMostField = (1U << 29) - 1;
  static constexpr uint8_t kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;

  bool ReadBytes() {
    const uint64_t size = ReadVarint();
    if (!ok_ || size > static_cast<uint64_t>(end_ - at_)) return Bad();
    bytes_ = {at_, size};
    at_ += size;
    return true;
  }
  uint64_t ReadFixed(unsigned size) {
    if (static_cast<size_t>(end_ - at_) < size) return Bad();
    uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= static_cast<uint64_t>(static_cast<uint8_t>(*at_++)) << 8 * i;
    return value;
  }
  bool Bad() {
    ok_ = false;
    at_ = end_;
    return false;
  }

  const char* at_;
  const char* end_;
  const char* start_ = at_;
  uint32_t field_ = 0;
  uint8_t kind_ = 0;
  bool ok_ = true;
  uint64_t number_ = 0;
  std::string_view bytes_;
};

}  // namespace ingest
