#include "ingest/md5.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <string>

namespace ingest {
namespace {

constexpr std::array<std::array<int, 4>, 4> kShifts = {
    {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};
constexpr size_t kBlock = 64;

// RFC 1321 defines its table as the sines of 1..64 radians; the 53 bits of a double are enough for 32.
std::array<uint32_t, kBlock> SineTable() {
  std::array<uint32_t, kBlock> table{};
  for (size_t i = 0; i < kBlock; ++i) {
    table[i] = static_cast<uint32_t>(std::floor(std::fabs(std::sin(static_cast<double>(i + 1))) * 4294967296.0));
  }
  return table;
}

void Mix(std::array<uint32_t, 4>& state, const char* block, const std::array<uint32_t, kBlock>& sines) {
  std::array<uint32_t, 16> words{};
  std::memcpy(words.data(), block, kBlock);
  auto [a, b, c, d] = state;
  for (size_t i = 0; i < kBlock; ++i) {
    const size_t round = i / 16;
    uint32_t mixed = 0;
    size_t word = i;
    switch (round) {
      case 0:
        mixed = (b & c) | (~b & d);
        break;
      case 1:
        mixed = (d & b) | (~d & c), word = 5 * i + 1;
        break;
      case 2:
        mixed = b ^ c ^ d, word = 3 * i + 5;
        break;
      default:
        mixed = c ^ (b | ~d), word = 7 * i;
        break;
    }
    mixed += a + sines[i] + words[word % 16];
    a = d;
    d = c;
    c = b;
    b += std::rotl(mixed, kShifts[round][i % 4]);
  }
  state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d};
}

}  // namespace

std::array<uint8_t, 16> Md5(std::string_view text) {
  static_assert(std::endian::native == std::endian::little);
  std::string padded(text);
  padded += '\x80';
  while (padded.size() % kBlock != kBlock - sizeof(uint64_t)) padded += '\0';
  const uint64_t bits = text.size() * 8;
  padded.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  const auto sines = SineTable();
  std::array<uint32_t, 4> state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  for (size_t at = 0; at < padded.size(); at += kBlock) Mix(state, padded.data() + at, sines);
  std::array<uint8_t, 16> digest{};
  std::memcpy(digest.data(), state.data(), digest.size());
  return digest;
}

}  // namespace ingest
