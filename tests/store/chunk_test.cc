#include "store/chunk.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <random>

namespace store {
namespace {

using Limits = std::numeric_limits<double>;

base::Timestamp At(int64_t milliseconds) { return base::Timestamp(base::Duration(milliseconds)); }
constexpr TimeRange kAlways{base::Timestamp::min(), base::Timestamp::max()};

double FromBits(uint64_t bits) { return std::bit_cast<double>(bits); }

std::vector<double> AdversarialValues() {
  return {0.0,
          -0.0,
          1,
          -1,
          Limits::infinity(),
          -Limits::infinity(),
          Limits::quiet_NaN(),
          Limits::signaling_NaN(),
          StaleMarker(),
          FromBits(0x7ff8000000000001),
          FromBits(0xffffffffffffffff),
          FromBits(1),
          FromBits(0x8000000000000000),
          FromBits(0x5555555555555555),
          FromBits(0xaaaaaaaaaaaaaaaa),
          Limits::max(),
          Limits::lowest(),
          Limits::min(),
          Limits::denorm_min(),
          0.1,
          1e308};
}

// Both ways a reader sees a run: still open, and closed.
void ExpectRoundTrip(const std::vector<Sample>& samples) {
  ASSERT_LE(samples.size(), kChunkSamples);
  FloatRun run;
  for (const Sample& sample : samples) run.Append(sample.time, sample.value);
  FloatRun::Copy copy;
  run.CopyTo(copy);
  Samples open;
  FloatRun::Read(copy, kAlways, open);
  const ChunkPtr chunk = run.Close();
  Samples closed;
  chunk->Read(kAlways, closed);
  ASSERT_EQ(open.size(), samples.size());
  ASSERT_EQ(closed.size(), samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(open.times[i], samples[i].time);
    EXPECT_EQ(closed.times[i], samples[i].time);
    EXPECT_EQ(std::bit_cast<uint64_t>(open.values[i]), std::bit_cast<uint64_t>(samples[i].value));
    EXPECT_EQ(std::bit_cast<uint64_t>(closed.values[i]), std::bit_cast<uint64_t>(samples[i].value));
  }
  EXPECT_TRUE(run.empty());
  EXPECT_EQ(chunk->min_time(), samples.front().time);
  EXPECT_EQ(chunk->max_time(), samples.back().time);
}

TEST(FloatRun, EveryPairOfAdversarialValues) {
  for (const double a : AdversarialValues()) {
    for (const double b : AdversarialValues()) {
      ExpectRoundTrip({{At(0), a, {}}, {At(1), b, {}}, {At(2), b, {}}, {At(3), a, {}}});
    }
  }
}

TEST(FloatRun, TimesAtEveryStepWidth) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const struct {
    const char* name;
    std::vector<int64_t> times;
  } cases[] = {
      {"one", {1'700'000'000'000}},
      {"steady", {0, 15000, 30000, 45000}},
      {"jitter within 7 bits", {0, 15000, 30063, 44999, 60000}},
      {"edges of 7 bits", {0, 1000, 2063, 3062, 4125}},
      {"edges of 14 bits", {0, 10000, 28191, 38190, 56381}},
      {"edges of 20 bits", {0, 600000, 1724287, 2324286, 3448573}},
      {"wide", {0, 1, 1'000'000'000'000, 1'000'000'000'001}},
      {"negative", {-5000, -4000, -1, 0, 1}},
      {"all of it", {kLeast, -1, 0, kMost}},
      {"ends only", {kLeast, kMost}},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    std::vector<Sample> samples;
    for (const int64_t time : test.times) samples.push_back({At(time), 1, {}});
    ExpectRoundTrip(samples);
  }
}

TEST(FloatRun, EveryChangeOfStepNearAPowerOfTwo) {
  for (int bit = 0; bit < 62; ++bit) {
    for (const int64_t off : {-1, 0, 1}) {
      for (const int64_t sign : {-1, 1}) {
        const int64_t step = int64_t{1} << 62;
        const int64_t change = sign * ((int64_t{1} << bit) + off);
        // unsigned, since the sum may leave the range of an instant
        const auto third = static_cast<int64_t>(static_cast<uint64_t>(2 * (step - 1)) + static_cast<uint64_t>(change));
        ExpectRoundTrip({{At(0), 1, {}}, {At(step - 1), 1, {}}, {At(third), 1, {}}});
      }
    }
  }
}

TEST(FloatRun, RandomRuns) {
  std::mt19937_64 random(42);
  const auto adversarial = AdversarialValues();
  for (int round = 0; round < 400; ++round) {
    std::vector<Sample> samples(1 + random() % kChunkSamples);
    int64_t time = static_cast<int64_t>(random() % 4'000'000'000'000);
    double value = static_cast<double>(random() % 1000);
    const auto kind = round % 5;
    for (Sample& sample : samples) {
      time += 1 + static_cast<int64_t>(random() >> (24 + random() % 40));
      if (kind == 0) value = FromBits(random());
      if (kind == 1) value += static_cast<double>(random() % 100);
      if (kind == 2) value = adversarial[random() % adversarial.size()];
      if (kind == 3) value = FromBits(random() << random() % 64 >> random() % 64);
      sample = {At(time), value, {}};
    }
    ExpectRoundTrip(samples);
  }
}

TEST(FloatRun, TheWorstCaseFitsItsBound) {
  FloatRun run;
  int64_t time = std::numeric_limits<int64_t>::min();
  std::mt19937_64 random(7);
  for (size_t i = 0; i < kChunkSamples; ++i) {
    run.Append(At(time), FromBits(i % 2 == 0 ? 0x8000000000000001 : 0));
    time += (i % 2 == 0 ? 1 : int64_t{1} << 56) + static_cast<int64_t>(random() % 1000);
  }
  FloatRun::Copy copy;
  run.CopyTo(copy);
  Samples samples;
  FloatRun::Read(copy, kAlways, samples);
  EXPECT_EQ(samples.size(), kChunkSamples);
}

TEST(FloatRun, ReadsOnlyTheRangeAndKeepsWhatIsThere) {
  FloatRun run;
  for (int i = 0; i < 10; ++i) run.Append(At(i * 10), i);
  const ChunkPtr chunk = run.Close();
  const struct {
    int64_t min, max;
    std::vector<double> want;
  } cases[] = {
      {0, 90, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
      {20, 40, {2, 3, 4}},
      {21, 39, {3}},
      {21, 29, {}},
      {-50, 0, {0}},
      {90, 200, {9}},
      {91, 200, {}},
      {-50, -1, {}},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(testing::Message() << test.min << ".." << test.max);
    Samples out;
    out.times.push_back(At(-100));
    out.values.push_back(-100);
    chunk->Read({At(test.min), At(test.max)}, out);
    std::vector<double> want = {-100};
    want.insert(want.end(), test.want.begin(), test.want.end());
    EXPECT_EQ(out.values, want);
    EXPECT_EQ(out.times.size(), want.size());
  }
}

HistogramPtr Histogram(double count) {
  base::FloatHistogram histogram;
  histogram.count = count;
  histogram.positive_spans = {{0, 1}};
  histogram.positive_buckets = {count};
  return std::make_shared<const base::FloatHistogram>(histogram);
}

TEST(PackChunks, SwitchesWhereTheKindDoes) {
  const std::vector<Sample> samples = {
      {At(1), 1, {}}, {At(2), 0, Histogram(2)}, {At(3), 0, Histogram(3)}, {At(4), StaleMarker(), {}}};
  const auto chunks = PackChunks(samples);
  ASSERT_EQ(chunks.size(), 3U);
  Samples out;
  for (const ChunkPtr& chunk : chunks) chunk->Read(kAlways, out);
  ASSERT_EQ(out.size(), 4U);
  ASSERT_EQ(out.histograms.size(), 4U);
  EXPECT_EQ(out.histograms[0], nullptr);
  EXPECT_EQ(out.histograms[1], samples[1].histogram);
  EXPECT_EQ(out.histograms[2], samples[2].histogram);
  EXPECT_EQ(out.histograms[3], nullptr);
  EXPECT_EQ(out.values[1], 0);
  EXPECT_TRUE(IsStale(out.values[3]));
}

TEST(PackChunks, SplitsLongRunsEvenly) {
  std::vector<Sample> samples;
  for (size_t i = 0; i < kChunkSamples + 1; ++i) samples.push_back({At(static_cast<int64_t>(i)), 1, {}});
  const auto chunks = PackChunks(samples);
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[0]->max_time(), At(60));
  EXPECT_EQ(chunks[1]->min_time(), At(61));
}

TEST(SameValue, ComparesBitsAndHistogramsByContent) {
  const struct {
    const char* name;
    Sample a, b;
    bool want;
  } cases[] = {
      {"equal", {At(1), 1, {}}, {At(1), 1, {}}, true},
      {"the time does not count", {At(1), 1, {}}, {At(2), 1, {}}, true},
      {"signed zeros differ", {At(1), 0.0, {}}, {At(1), -0.0, {}}, false},
      {"a NaN is itself", {At(1), StaleMarker(), {}}, {At(1), StaleMarker(), {}}, true},
      {"NaNs differ by bits", {At(1), StaleMarker(), {}}, {At(1), Limits::quiet_NaN(), {}}, false},
      {"float and histogram", {At(1), 0, {}}, {At(1), 0, Histogram(0)}, false},
      {"two histograms alike", {At(1), 0, Histogram(3)}, {At(1), 0, Histogram(3)}, true},
      {"two that differ", {At(1), 0, Histogram(3)}, {At(1), 0, Histogram(4)}, false},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    EXPECT_EQ(SameValue(test.a, test.b), test.want);
    EXPECT_EQ(SameValue(test.b, test.a), test.want);
  }
}

}  // namespace
}  // namespace store
