#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "store/byte_code.h"
#include "store/chunk.h"
#include "store/log_row.h"

// What the store reads back from its file: chunks and rows of the log. Damage must be refused or give other
// samples, no more than a chunk holds; what was read writes back to something that reads the same.

namespace {

constexpr store::TimeRange kEver{base::Timestamp::min(), base::Timestamp::max()};

void Require(bool holds) {
  if (!holds) std::abort();
}

std::span<const std::byte> AsBytes(const std::string& text) { return std::as_bytes(std::span(text)); }

void ReadOneChunk(std::span<const std::byte> bytes) {
  const base::Timestamp origin{};
  store::ByteReader in(bytes);
  const store::ChunkPtr chunk = store::ReadChunk(origin, in);
  Require(chunk != nullptr || !in.ok());
  if (chunk == nullptr) return;
  store::Samples samples;
  chunk->Read(kEver, samples);
  Require(samples.size() <= store::kChunkSamples);
  store::ByteWriter out;
  chunk->Write(origin, out);
  store::ByteReader again(AsBytes(out.bytes()));
  const store::ChunkPtr copy = store::ReadChunk(origin, again);
  Require(copy != nullptr && again.ok() && again.left() == 0);
  Require(copy->min_time() == chunk->min_time() && copy->max_time() == chunk->max_time());
  store::Samples copied;
  copy->Read(kEver, copied);
  const std::vector<store::Sample> first = store::ToSamples(samples);
  const std::vector<store::Sample> second = store::ToSamples(copied);
  Require(first.size() == second.size());
  for (size_t i = 0; i < first.size(); ++i) {
    Require(first[i].time == second[i].time && store::SameValue(first[i], second[i]));
  }
}

// Any calls in any order, as the first byte of each step says: nothing is read past the end, and after a refusal
// everything is nothing.
void ReadPlainly(std::span<const std::byte> bytes) {
  store::ByteReader in(bytes);
  for (const std::byte step : bytes) {
    const bool ok = in.ok();
    const size_t left = in.left();
    uint64_t got = 0;
    switch (std::to_integer<int>(step) % 6) {
      case 0:
        got = in.Number();
        break;
      case 1:
        got = static_cast<uint64_t>(in.Signed());
        break;
      case 2:
        got = std::bit_cast<uint64_t>(in.Real());
        break;
      case 3:
        got = in.Fixed();
        break;
      case 4:
        got = in.Text().size();
        break;
      default:
        got = in.Count(3);
    }
    Require(in.left() <= left);
    if (!ok) Require(got == 0 && in.left() == 0 && !in.ok());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  ReadOneChunk(bytes);
  ReadPlainly(bytes);
  store::Unpacker unpacker;
  std::vector<store::LoggedSample> logged;
  static_cast<void>(store::ReadLogRow(bytes, unpacker, logged));
  store::ByteReader in(bytes);
  Require(store::ReadHistogram(in) != nullptr);
  return 0;
}
