#include "promql/label_hash.h"

#include <array>
#include <bit>
#include <cstring>
#include <string>

// XXH64 as its specification has it (github.com/Cyan4973/xxHash, doc/xxhash_spec.md), seed 0.

namespace promql {
namespace {

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr uint64_t kPrime5 = 0x27D4EB2F165667C5;

template <class T>
T Load(std::string_view& data) {
  T value;
  std::memcpy(&value, data.data(), sizeof value);
  data.remove_prefix(sizeof value);
  return value;
}

uint64_t Round(uint64_t lane, uint64_t input) { return std::rotl(lane + input * kPrime2, 31) * kPrime1; }
uint64_t Merge(uint64_t hash, uint64_t lane) { return (hash ^ Round(0, lane)) * kPrime1 + kPrime4; }

uint64_t HashStripes(std::string_view& data) {
  std::array<uint64_t, 4> lanes = {kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
  while (data.size() >= 32) {
    for (uint64_t& lane : lanes) lane = Round(lane, Load<uint64_t>(data));
  }
  uint64_t hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
  for (const uint64_t lane : lanes) hash = Merge(hash, lane);
  return hash;
}

void AppendLength(std::string& data, size_t length) {
  constexpr size_t kLong = 255;
  if (length < kLong) {
    data += static_cast<char>(length);
    return;
  }
  data += static_cast<char>(kLong);
  for (int shift = 0; shift < 24; shift += 8) data += static_cast<char>(length >> shift);
}

}  // namespace

uint64_t XxHash64(std::string_view data) {
  const uint64_t size = data.size();
  uint64_t hash = size >= 32 ? HashStripes(data) : kPrime5;
  hash += size;
  while (data.size() >= 8) hash = std::rotl(hash ^ Round(0, Load<uint64_t>(data)), 27) * kPrime1 + kPrime4;
  if (data.size() >= 4) hash = std::rotl(hash ^ (Load<uint32_t>(data) * kPrime1), 23) * kPrime2 + kPrime3;
  while (!data.empty()) hash = std::rotl(hash ^ (Load<uint8_t>(data) * kPrime5), 11) * kPrime1;
  hash = (hash ^ (hash >> 33)) * kPrime2;
  hash = (hash ^ (hash >> 29)) * kPrime3;
  return hash ^ (hash >> 32);
}

uint64_t PrometheusHash(const base::Labels& labels) {
  std::string data;
  for (const base::Label& label : labels) {
    for (const std::string_view text : {label.name, label.value}) {
      AppendLength(data, text.size());
      data += text;
    }
  }
  return XxHash64(data);
}

}  // namespace promql
