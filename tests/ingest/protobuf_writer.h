#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace ingest {

// Writes messages in protobuf's wire format, field by field, right or wrong.
struct Message {
  std::string bytes{};

  Message& Raw(std::string_view text) {
    bytes += text;
    return *this;
  }
  Message& Number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
    bytes += static_cast<char>(value);
    return *this;
  }
  Message& Varint(uint32_t field, uint64_t value) { return Number(field << 3).Number(value); }
  Message& ZigZag(uint32_t field, int64_t value) { return Varint(field, Encoded(value)); }
  Message& Fixed(double value) {
    for (unsigned i = 0; i < 64; i += 8) bytes += static_cast<char>(std::bit_cast<uint64_t>(value) >> i);
    return *this;
  }
  Message& Double(uint32_t field, double value) { return Number(field << 3 | 1).Fixed(value); }
  Message& Text(uint32_t field, std::string_view text) { return Number(field << 3 | 2).Number(text.size()).Raw(text); }
  Message& Add(uint32_t field, const Message& message) { return Text(field, message.bytes); }
  Message& PackedZigZag(uint32_t field, std::initializer_list<int64_t> values) {
    Message packed;
    for (const int64_t value : values) packed.Number(Encoded(value));
    return Add(field, packed);
  }
  Message& PackedDoubles(uint32_t field, std::initializer_list<double> values) {
    Message packed;
    for (const double value : values) packed.Fixed(value);
    return Add(field, packed);
  }
  // A label of a metric or an exemplar.
  Message& Label(std::string_view name, std::string_view value) {
    return Add(1, Message().Text(1, name).Text(2, value));
  }

  static uint64_t Encoded(int64_t value) {
    return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
  }
};

inline std::string Delimited(const Message& message) {
  return Message().Number(message.bytes.size()).bytes + message.bytes;
}

// One io.prometheus.client.MetricFamily with its length before it. Types: 0 counter, 1 gauge, 2 summary, 3 untyped,
// 4 histogram, 5 gauge histogram.
inline std::string Family(std::string_view name, uint64_t type, std::initializer_list<Message> metrics,
                          std::string_view help = "", std::string_view unit = "") {
  Message family;
  family.Text(1, name);
  if (!help.empty()) family.Text(2, help);
  family.Varint(3, type);
  for (const Message& metric : metrics) family.Add(4, metric);
  if (!unit.empty()) family.Text(5, unit);
  return Delimited(family);
}

}  // namespace ingest
