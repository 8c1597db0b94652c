#include "store/log_row.h"

#include <algorithm>

namespace store {
namespace {

int64_t Milliseconds(base::Timestamp time) { return time.time_since_epoch().count(); }

// Differences may wrap; they come back the same.
int64_t Minus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t Plus(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b)); }

enum : uint64_t { kFloat = 0, kHistogram = 1 };

}  // namespace

void LogRowWriter::Add(int64_t series, base::Timestamp time, double value, const base::FloatHistogram* histogram) {
  ++count_;
  // most batches go through the series in their order, so the difference and the kind share a byte
  body_.Signed(Minus(series, last_series_) * 2 + (histogram != nullptr ? kHistogram : kFloat));
  body_.Signed(Minus(Milliseconds(time), last_time_));
  if (histogram != nullptr) {
    WriteHistogram(*histogram, body_);
  } else {
    body_.ShortReal(value);
  }
  last_series_ = series;
  last_time_ = Milliseconds(time);
}

std::string LogRowWriter::Take() {
  ByteWriter row;
  row.Number(count_);
  std::string bytes = row.Take();
  bytes += body_.bytes();
  *this = {};
  return bytes;
}

bool ReadLogRow(std::span<const std::byte> row, std::vector<LoggedSample>& out) {
  ByteReader in(row);
  const size_t count = in.Count(3);
  int64_t series = 0;
  int64_t time = 0;
  for (size_t i = 0; i < count; ++i) {
    const int64_t coded = in.Signed();
    const bool histogram = (coded & 1) == kHistogram;
    series = Plus(series, (coded - (coded & 1)) / 2);
    time = Plus(time, in.Signed());
    Sample sample{base::Timestamp(base::Duration(time)), 0, nullptr};
    if (histogram) {
      sample.histogram = ReadHistogram(in);
    } else {
      sample.value = in.ShortReal();
    }
    if (!in.ok()) return false;
    out.push_back({series, std::move(sample)});
  }
  return in.ok() && in.left() == 0;
}

std::vector<Block> WriteBlocks(std::vector<LoggedSample> samples) {
  std::vector<Block> blocks;
  ByteWriter out;
  TimeRange times{};
  base::Timestamp origin;
  int64_t last_series = 0;
  const auto finish = [&] {
    if (out.size() > 0) blocks.push_back({times.min, times.max, out.Take()});
  };
  std::vector<Sample> run;
  for (size_t begin = 0; begin < samples.size();) {
    const int64_t series = samples[begin].series;
    run.clear();
    size_t end = begin;
    for (; end < samples.size() && samples[end].series == series; ++end) {
      Sample& sample = samples[end].sample;
      if (run.empty() || sample.time > run.back().time) run.push_back(std::move(sample));
    }
    begin = end;
    if (out.size() == 0) {
      origin = run.front().time;
      times = {run.front().time, run.back().time};
      out.Signed(Milliseconds(origin));
      last_series = 0;
    }
    times = {std::min(times.min, run.front().time), std::max(times.max, run.back().time)};
    out.Signed(Minus(series, last_series));
    last_series = series;
    const std::vector<ChunkPtr> chunks = PackChunks(run);
    out.Number(chunks.size());
    for (const ChunkPtr& chunk : chunks) chunk->Write(origin, out);
    if (out.size() >= kBlockBytes) finish();
  }
  finish();
  return blocks;
}

}  // namespace store
