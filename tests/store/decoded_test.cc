#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <random>

#include "store/head.h"

// Samples kept decoded: whatever happens to a series, it reads as if there were none.

namespace store {
namespace {

using std::chrono::seconds;

constexpr TimeRange kAlways{base::Timestamp::min(), base::Timestamp::max()};
base::Timestamp At(int64_t second) { return base::Timestamp(seconds(second)); }

base::Labels Named(int number) { return {{"__name__", "m"}, {"n", std::to_string(number)}}; }

HistogramPtr Histogram(double count) {
  base::FloatHistogram histogram;
  histogram.count = count;
  return std::make_shared<const base::FloatHistogram>(histogram);
}

void ExpectSame(const Samples& a, const Samples& b) {
  ASSERT_EQ(a.times, b.times);
  ASSERT_EQ(a.values.size(), b.values.size());
  for (size_t i = 0; i < a.values.size(); ++i) {
    ASSERT_EQ(std::bit_cast<uint64_t>(a.values[i]), std::bit_cast<uint64_t>(b.values[i]));
  }
  ASSERT_EQ(a.histograms.size(), b.histograms.size());
  for (size_t i = 0; i < a.histograms.size(); ++i) {
    ASSERT_EQ(a.histograms[i] == nullptr, b.histograms[i] == nullptr);
    if (a.histograms[i]) {
      ASSERT_EQ(a.histograms[i]->count, b.histograms[i]->count);
    }
  }
}

void ExpectSame(const Edges& a, const Edges& b) {
  const auto bits = [](double value) { return std::bit_cast<uint64_t>(value); };
  ASSERT_EQ(a.count, b.count);
  if (a.count == 0) return;
  ASSERT_EQ(a.first_time, b.first_time);
  ASSERT_EQ(a.last_time, b.last_time);
  ASSERT_EQ(bits(a.first), bits(b.first));
  ASSERT_EQ(bits(a.last), bits(b.last));
  if (a.count == 1) return;
  ASSERT_EQ(a.before_last_time, b.before_last_time);
  ASSERT_EQ(bits(a.before_last), bits(b.before_last));
  ASSERT_EQ(a.falls, b.falls);
  ASSERT_EQ(bits(a.before_falls), bits(b.before_falls));
}

// Two heads that are told the same, one of which keeps nothing decoded.
class Twins {
 public:
  explicit Twins(size_t decoded_bytes) : decoding_(Options(decoded_bytes)), plain_(Options(0)) {}

  void Put(int series, base::Timestamp time, double value, HistogramPtr histogram = nullptr) {
    for (Head* head : {&decoding_, &plain_}) {
      const auto appender = head->NewAppender();
      if (histogram) {
        appender->AppendHistogram(SeriesRef::none, Named(series), time, histogram);
      } else {
        appender->Append(SeriesRef::none, Named(series), time, value);
      }
      ASSERT_TRUE(appender->Commit());
    }
  }
  void Maintain(base::Timestamp now) {
    decoding_.Maintain(now);
    plain_.Maintain(now);
    ASSERT_EQ(plain_.Stats().decoded_bytes, 0U);
  }
  void ExpectSameSamples(TimeRange range) {
    const base::Matcher all = base::Matcher::Equal("__name__", "m");
    const auto a = *decoding_.Select(std::span(&all, 1), kAlways);
    const auto b = *plain_.Select(std::span(&all, 1), kAlways);
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
      ASSERT_EQ(a[i]->labels(), b[i]->labels());
      Samples from_a, from_b;
      a[i]->Read(range, from_a);
      b[i]->Read(range, from_b);
      ExpectSame(from_a, from_b);
    }
  }
  void ExpectSameEdges(TimeRange range) {
    const base::Matcher all = base::Matcher::Equal("__name__", "m");
    const auto a = *decoding_.Select(std::span(&all, 1), kAlways);
    const auto b = *plain_.Select(std::span(&all, 1), kAlways);
    ASSERT_EQ(a.size(), b.size());
    Samples room;
    for (size_t i = 0; i < a.size(); ++i) {
      for (const bool falls : {false, true}) {
        Edges edges_a, edges_b;
        const bool known = a[i]->ReadEdges(range, falls, room, edges_a);
        ASSERT_EQ(known, b[i]->ReadEdges(range, falls, room, edges_b));
        if (known) ExpectSame(edges_a, edges_b);
      }
    }
  }
  size_t decoded_bytes() const { return decoding_.Stats().decoded_bytes; }

 private:
  static HeadOptions Options(size_t decoded_bytes) {
    return {.retention = seconds(2000), .out_of_order_window = seconds(300), .decoded_bytes = decoded_bytes};
  }
  Head decoding_;
  Head plain_;
};

TEST(Decoded, ReadsAsIfThereWereNone) {
  constexpr int kSeries = 6;
  size_t most = 0;
  for (const unsigned seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto pick = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
    Twins twins(1 << 20);
    std::vector<bool> gone(kSeries);
    for (int step = 0; step < 1500; ++step) {
      for (int i = 0; i < kSeries; ++i) {
        if (pick(400) == 0) {
          gone[static_cast<size_t>(i)] = !gone[static_cast<size_t>(i)];
          twins.Put(i, At(5 * step), StaleMarker());
        } else if (!gone[static_cast<size_t>(i)] && pick(20) != 0) {
          const bool histogram = i == 0 && pick(50) == 0;
          const double falling = pick(30) == 0 ? -0.0 : step + 0.1 * pick(30);
          const double value = pick(100) == 0 ? std::numeric_limits<double>::quiet_NaN() : falling;
          const auto late = std::chrono::milliseconds(i < 3 ? 0 : pick(40));
          twins.Put(i, At(5 * step) + late, value, histogram ? Histogram(step) : nullptr);
        }
        if (pick(100) == 0) twins.Put(i, At(5 * step - 1 - pick(250)), pick(9));
      }
      const base::Timestamp end = At(5 * step + pick(20) - 10);
      if (step % 2 == 0) twins.ExpectSameSamples({end - seconds(1 + pick(600)), end});
      if (step % 3 != 0) twins.ExpectSameEdges({end - seconds(1 + pick(600)), end});
      if (step % 50 == 0) twins.ExpectSameSamples(kAlways);
      if (step % 10 == 0) twins.Maintain(At(5 * step));
      most = std::max(most, twins.decoded_bytes());
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(most, 1000U) << "nothing was decoded, so nothing was compared";
}

TEST(Decoded, OnlyWhatIsReadOftenAndFits) {
  Twins twins(4000);
  for (int step = 0; step < 200; ++step) {
    for (int i = 0; i < 10; ++i) twins.Put(i, At(5 * step), step);
  }
  const TimeRange window{At(700), At(1000)};
  twins.ExpectSameSamples(window);
  twins.Maintain(At(1000));
  EXPECT_EQ(twins.decoded_bytes(), 0U) << "read once";
  for (int i = 0; i < 3; ++i) twins.ExpectSameSamples(window);
  twins.Maintain(At(1000));
  EXPECT_GT(twins.decoded_bytes(), 0U);
  EXPECT_LT(twins.decoded_bytes(), 6000U) << "the last one may be over";
  twins.ExpectSameSamples(window);
  twins.ExpectSameSamples({At(0), At(900)});
  twins.Maintain(At(1000));
  twins.Maintain(At(1000));
  EXPECT_EQ(twins.decoded_bytes(), 0U) << "not read since";
}

}  // namespace
}  // namespace store
