#include "store/block_codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "store/value_code.h"

namespace store {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

base::Timestamp At(int64_t milliseconds) { return base::Timestamp(base::Duration(milliseconds)); }
base::Timestamp Scrape(size_t i) { return At(1'795'255'200'123 + 15'000 * static_cast<int64_t>(i)); }

std::vector<double> Made(size_t count, const std::function<double(size_t)>& make) {
  std::vector<double> values;
  for (size_t i = 0; i < count; ++i) values.push_back(make(i));
  return values;
}

bool SameBits(std::span<const double> a, std::span<const double> b) {
  return std::ranges::equal(a, b, {}, std::bit_cast<uint64_t, double>, std::bit_cast<uint64_t, double>);
}

struct Row {
  const char* name;
  std::vector<double> values;
  ValueCode::Form form;
  int exponent;
  uint64_t unit;
  int order;
  size_t exceptions;
};

std::vector<Row> Rows() {
  using enum ValueCode::Form;
  std::mt19937_64 random(3);
  return {
      {"one", {0}, decimal, 0, 1, 0, 0},
      {"one NaN", {kNaN}, decimal, 0, 1, 0, 1},
      {"constant", Made(50, [](size_t) { return 8.25; }), decimal, 2, 1, 0, 0},
      {"counter", Made(50, [](size_t i) { return 1e9 + 7.0 * static_cast<double>(i); }), decimal, 0, 7, 2, 0},
      {"cents after whole ones", {1, 2, 3, 4.25, 5, 6.5}, decimal, 2, 25, 2, 0},
      {"pages of memory", Made(9, [](size_t i) { return 4096.0 * static_cast<double>(900 + i * i % 7); }), decimal, 0,
       4096, 1, 0},
      {"going up and down", {3, 4, 3, 4, 4, 3}, decimal, 0, 1, 0, 0},
      {"steady speed", Made(50, [](size_t i) { return std::floor(1234.5 * static_cast<double>(i)); }), decimal, 0, 1, 2,
       0},
      {"ends with the stale marker", {1, 2, 3, StaleMarker()}, decimal, 0, 1, 2, 1},
      {"begins with an infinity", {-kInfinity, 2, 2, 2}, decimal, 0, 2, 1, 1},
      {"minus zero", {0, -0.0, 1}, decimal, 0, 1, 0, 1},
      {"all odd", {kNaN, StaleMarker(), kInfinity, -kInfinity, -0.0}, bits, 0, 1, 1, 0},
      {"thirds", Made(9, [](size_t i) { return static_cast<double>(i) / 3; }), bits, 0, 0, 0, 0},
      {"singles", Made(9, [](size_t i) { return double{static_cast<float>(i + 1) / 3.0F}; }), bits, 0,
       uint64_t{1} << 29, 0, 0},
      {"too large to scale", {0x1p50, 0.25}, bits, 0, 0, 0, 0},
      {"largest and smallest", {1e308, -1e308, 5e-324, -5e-324}, bits, 0, 1, 0, 0},
      {"noise", Made(200, [&](size_t) { return std::bit_cast<double>(random()); }), bits, 0, 1, 0, 0},
  };
}

TEST(ValueCode, EveryValueComesBackBitForBit) {
  ValueCode code;
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.name);
    EncodeValues(row.values, code);
    std::vector<double> back{7};
    DecodeValues(code, back);
    ASSERT_EQ(back.size(), row.values.size() + 1);
    EXPECT_TRUE(SameBits(std::span(back).subspan(1), row.values));
    EXPECT_EQ(code.form, row.form);
    EXPECT_EQ(code.exponent, row.exponent);
    if (row.form == ValueCode::Form::decimal) {
      EXPECT_EQ(code.unit, row.unit);
      EXPECT_EQ(code.order, row.order);
    } else if (row.unit > 1) {
      EXPECT_EQ(code.unit % row.unit, 0u);
    }
    EXPECT_EQ(code.exceptions.size(), row.exceptions);
  }
}

TEST(ValueCode, DecimalsOfAllLengths) {
  std::mt19937_64 random(5);
  ValueCode code;
  for (int digits = 0; digits <= 12; ++digits) {
    SCOPED_TRACE(digits);
    const double power = std::pow(10, digits);
    const auto values = Made(100, [&](size_t) { return static_cast<double>(random() % 2'000'001) / power - 100; });
    const auto plain = Made(100, [&](size_t i) { return std::round(values[i] * power) / power; });
    EncodeValues(plain, code);
    std::vector<double> back;
    DecodeValues(code, back);
    EXPECT_TRUE(SameBits(back, plain));
    EXPECT_EQ(code.form, ValueCode::Form::decimal);
    EXPECT_LE(code.exponent, digits);
  }
}

using Series = std::map<int64_t, std::vector<Sample>>;

HistogramPtr Histogram(double count) {
  base::FloatHistogram histogram;
  histogram.schema = 3;
  histogram.count = count;
  histogram.positive_spans = {{-2, 2}};
  histogram.positive_buckets = {1, count};
  return std::make_shared<const base::FloatHistogram>(histogram);
}

// False if the block is damaged.
bool ReadAll(BlockFormat format, std::string_view bytes, Series& series) {
  return ReadBlock(format, std::as_bytes(std::span(bytes)), [&](int64_t number, const ChunkPtr& chunk) {
    Samples samples;
    chunk->Read({base::Timestamp::min(), base::Timestamp::max()}, samples);
    EXPECT_LE(samples.size(), kChunkSamples);
    EXPECT_EQ(samples.times.front(), chunk->min_time());
    EXPECT_EQ(samples.times.back(), chunk->max_time());
    std::ranges::move(ToSamples(samples), std::back_inserter(series[number]));
  });
}

void AddFloats(BlockWriter& writer, int64_t series, std::span<const Sample> samples) {
  std::vector<base::Timestamp> times;
  std::vector<double> values;
  for (const Sample& sample : samples) {
    times.push_back(sample.time);
    values.push_back(sample.value);
  }
  writer.AddFloats(series, times, values);
}

void ExpectSame(const Series& got, const Series& want) {
  ASSERT_EQ(got.size(), want.size());
  for (const auto& [number, samples] : want) {
    SCOPED_TRACE(number);
    const auto found = got.find(number);
    ASSERT_NE(found, got.end());
    ASSERT_EQ(found->second.size(), samples.size());
    for (size_t i = 0; i < samples.size(); ++i) {
      EXPECT_EQ(found->second[i].time, samples[i].time);
      EXPECT_TRUE(SameValue(found->second[i], samples[i]));
    }
  }
}

TEST(BlockCodec, AllKindsOfSeriesInOneBlock) {
  Series want;
  int64_t number = 100;
  for (const Row& row : Rows()) {
    auto& samples = want[number += 3];
    for (size_t i = 0; i < row.values.size(); ++i) samples.push_back({Scrape(i), row.values[i], nullptr});
  }
  auto& shifted = want[7];  // a gap, scrapes a little off, instants far apart, more than a piece holds
  for (size_t i = 0; i < 9000; ++i) shifted.push_back({Scrape(2 * i) + base::Duration(i % 3), 0.5, nullptr});
  shifted.push_back({At(std::numeric_limits<int64_t>::max()), 1, nullptr});
  shifted.insert(shifted.begin(), {At(std::numeric_limits<int64_t>::min()), 1, nullptr});
  auto& histograms = want[-5];
  for (size_t i = 0; i < 150; ++i) histograms.push_back({Scrape(i), 0, Histogram(static_cast<double>(i))});

  BlockWriter writer;
  EXPECT_TRUE(writer.empty());
  for (const auto& [series, samples] : want) {
    if (samples.front().histogram) {
      writer.AddHistograms(series, samples);
    } else {
      AddFloats(writer, series, samples);
    }
  }
  const Block block = writer.Take();
  EXPECT_TRUE(writer.empty());
  EXPECT_EQ(block.times.min, shifted.front().time);
  EXPECT_EQ(block.times.max, shifted.back().time);
  Series got;
  ASSERT_TRUE(ReadAll(BlockFormat::columns, block.bytes, got));
  ExpectSame(got, want);
}

TEST(BlockCodec, ScrapedSeriesAreSmall) {
  struct Case {
    const char* name;
    std::function<double(size_t series, size_t i)> make;
    double most_bytes;  // of a sample
  };
  std::mt19937_64 random(1);
  const Case cases[] = {
      {"constants", [](size_t series, size_t) { return static_cast<double>(series % 2); }, 0.02},
      {"a counter's even steps",
       [](size_t series, size_t i) { return static_cast<double>(1000 + series + i * (series % 9)); }, 0.1},
      {"a counter's uneven steps", [&](size_t, size_t i) { return static_cast<double>(i * 40 + random() % 8); }, 0.75},
      {"percents that change now and then",
       [](size_t series, size_t i) { return static_cast<double>(series * 97 % 900 + i / 40 * 13) / 100; }, 0.15},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    BlockWriter writer;
    Series want;
    for (size_t series = 0; series < 1000; ++series) {
      auto& samples = want[static_cast<int64_t>(series)];
      for (size_t i = 0; i < 120; ++i) samples.push_back({Scrape(i), each.make(series, i), nullptr});
      AddFloats(writer, static_cast<int64_t>(series), samples);
    }
    const Block block = writer.Take();
    EXPECT_LT(static_cast<double>(block.bytes.size()) / 120'000, each.most_bytes);
    Series got;
    ASSERT_TRUE(ReadAll(BlockFormat::columns, block.bytes, got));
    ExpectSame(got, want);
  }
}

TEST(BlockCodec, ItIsFullAfterABoundedNumberOfSamples) {
  BlockWriter writer;
  const std::vector<Sample> samples(1, {At(0), 1, nullptr});
  size_t count = 0;
  for (; !writer.full(); ++count) AddFloats(writer, 1, samples);
  EXPECT_EQ(count, 262'144u);
  Series got;
  EXPECT_TRUE(ReadAll(BlockFormat::columns, writer.Take().bytes, got));
  EXPECT_EQ(got[1].size(), count);
}

TEST(BlockCodec, DamageIsNoticedOrGivesOtherSamples) {
  BlockWriter writer;
  std::vector<Sample> samples;
  for (size_t i = 0; i < 8; ++i) samples.push_back({Scrape(i), static_cast<double>(i * i * 100), nullptr});
  AddFloats(writer, 1, samples);
  samples.back().value = StaleMarker();
  AddFloats(writer, 2, samples);
  AddFloats(writer, 3, std::span(samples).subspan(3));
  for (Sample& sample : samples) sample = {sample.time, 0, Histogram(2)};
  writer.AddHistograms(4, std::span(samples).first(2));
  const std::string whole = writer.Take().bytes;
  const auto read = [](const std::string& bytes) {
    Series got;
    const bool sound = ReadAll(BlockFormat::columns, bytes, got);
    size_t count = 0;
    for (const auto& [number, each] : got) count += each.size();
    EXPECT_LE(count, 2000u);
    return sound;
  };
  EXPECT_TRUE(read(whole));
  EXPECT_FALSE(read(whole + "x"));
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(read(whole.substr(0, size))) << size;
  std::mt19937 random(1);
  for (int i = 0; i < 30'000; ++i) {
    std::string damaged = whole;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    if (i % 2 == 0) damaged[random() % damaged.size()] = static_cast<char>(random() % 4);
    read(damaged);
  }
  Series got;
  EXPECT_FALSE(ReadAll(static_cast<BlockFormat>(3), whole, got));
}

}  // namespace
}  // namespace store
