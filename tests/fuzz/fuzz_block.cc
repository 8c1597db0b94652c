#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "store/block_codec.h"
#include "store/label_page.h"

// Blocks and pages of labels as the store reads them back from its file: damage must be refused or give other samples,
// no more than a block holds. And the reverse: any bytes taken for samples come back from a block as they went in.

namespace {

constexpr store::TimeRange kEver{base::Timestamp::min(), base::Timestamp::max()};
constexpr size_t kMostSamples = 1 << 19;

void Require(bool holds) {
  if (!holds) std::abort();
}

void ReadAnything(store::BlockFormat format, std::span<const std::byte> bytes) {
  store::Samples samples;
  size_t count = 0;
  static_cast<void>(store::ReadBlock(format, bytes, [&](int64_t, const store::ChunkPtr& chunk) {
    samples.Clear();
    chunk->Read(kEver, samples);
    Require(!samples.times.empty() && samples.size() <= store::kChunkSamples);
    count += samples.size();
  }));
  if (format == store::BlockFormat::columns) Require(count <= kMostSamples + bytes.size() * store::kChunkSamples);
}

// Nine bytes a sample: the low bits of a byte say how the next value is made of eight others, the rest is the step.
void WriteAndRead(std::span<const std::byte> bytes) {
  std::vector<base::Timestamp> times;
  std::vector<double> values;
  base::Timestamp time{};
  for (; bytes.size() >= 9; bytes = bytes.subspan(9)) {
    const auto head = std::to_integer<unsigned>(bytes[0]);
    int64_t number = 0;
    std::memcpy(&number, bytes.data() + 1, sizeof number);
    const bool decimal = (head & 1) != 0;
    time += base::Duration(1 + (head >> 1));
    times.push_back(time);
    values.push_back(decimal ? static_cast<double>(number >> 40) / 1000 : std::bit_cast<double>(number));
  }
  if (times.empty()) return;
  store::BlockWriter writer;
  writer.AddFloats(1, times, values);
  writer.AddFloats(5, std::span(times).first(1), std::span(values).last(1));
  const store::Block block = writer.Take();
  store::Samples read;
  const bool sound = store::ReadBlock(store::BlockFormat::columns, std::as_bytes(std::span(block.bytes)),
                                      [&](int64_t, const store::ChunkPtr& chunk) { chunk->Read(kEver, read); });
  Require(sound && read.size() == times.size() + 1);
  times.push_back(times.front());
  values.push_back(values.back());
  for (size_t i = 0; i < times.size(); ++i) {
    Require(read.times[i] == times[i]);
    Require(std::bit_cast<uint64_t>(read.values[i]) == std::bit_cast<uint64_t>(values[i]));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  ReadAnything(store::BlockFormat::chunks, bytes);
  ReadAnything(store::BlockFormat::columns, bytes);
  WriteAndRead(bytes);
  size_t series = 0;
  static_cast<void>(store::ReadLabelPage(bytes, [&](const base::Labels&) { ++series; }));
  return 0;
}
