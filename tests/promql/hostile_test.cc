#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "promql/engine.h"
#include "promql/parser.h"
#include "store/head.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

std::string Repeat(std::string_view part, size_t times) {
  std::string text;
  text.reserve(part.size() * times);
  for (size_t i = 0; i < times; ++i) text += part;
  return text;
}

constexpr size_t kMany = 100'000;

TEST(Hostile, EndsInAnErrorHoweverDeep) {
  const std::string kTexts[] = {
      Repeat("(", kMany) + "1" + Repeat(")", kMany),
      Repeat("-", kMany) + "a",
      Repeat("sum(", kMany),
      Repeat("a + ", kMany) + "a",
      Repeat("2 ^ ", kMany) + "2",
      "a" + Repeat("[5m:1m]", kMany),
      "a[" + Repeat("(", kMany) + "1" + Repeat(")", kMany) + "]",
      "a[" + Repeat("1+", kMany) + "1]",
      "a[" + Repeat("-(", kMany) + "1" + Repeat(")", kMany) + "]",
      "a offset " + Repeat("-", kMany) + "1",
  };
  for (const std::string& text : kTexts) {
    SCOPED_TRACE(text.substr(0, 12));
    const auto tree = promql::Parse(text);
    ASSERT_FALSE(tree);
    EXPECT_FALSE(tree.error().message.empty());
  }
}

TEST(Hostile, TakesWideAndLongInput) {
  EXPECT_TRUE(promql::Parse("a{b='" + Repeat("x", 1 << 20) + "'}"));
  EXPECT_TRUE(promql::Parse("label_join(a, 'd', ','" + Repeat(", 'x'", kMany) + ")"));
  EXPECT_TRUE(promql::Parse(Repeat("a or ", 300) + "a"));
  EXPECT_FALSE(promql::Parse("a{b=~'" + Repeat("x", 1 << 20) + "'}"));  // larger than expressions may be
  EXPECT_FALSE(promql::Parse(Repeat("9", 1 << 20)));
}

TEST(Hostile, SurvivesPrinting) {
  const std::string kTexts[] = {
      "\xff\xfe",
      std::string("a\0b", 3),
      "{\"\"}",
      "{a=\"\\xff\"}",
      "a{b='\\u0000'}",
      "1 - -1",
      "- - 1",
      "-(-1)",
      "a offset -(1)",
      "a[-(-(5m))]",
      "a[(5m)]",
      "a offset +5m",
      "a @ 1e9",
      "0.1e-300",
      "1e300",
      "{__name__=\"\"}",
      "{__name__=~\"a\", \"b\"}",
      "sum by () (a)",
      "a[1ms]",
      "a offset 0",
      "a[5m:] offset -1y",
      "info(a, {})",
      "a + ignoring() group_left() b",
      "+1",
      "+(1)",
      "histogram_quantiles(a, \"q\", 0.1, 0.2)",
      "a[999y]",
  };
  for (const std::string& text : kTexts) {
    SCOPED_TRACE(text);
    EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size()), 0);
  }
}

TEST(Hostile, SurvivesMangledExpressions) {
  const std::string kSeeds[] = {
      "sum by (a) (rate(x{b=~\"c|d\", e!='f'}[5m:1m] offset -5m)) / on (a) group_left (q) topk(3, y @ 10) > bool 1",
      "label_replace(up, \"a\", \"$1\", 'b', `(.*)`) unless absent(x[5m * 2 + step()] @ end())",
  };
  uint64_t state = 88172645463325252ULL;  // xorshift: the same texts every time
  const auto next = [&state] {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
  };
  constexpr std::string_view kAlphabet = "()[]{}\"'`,+-*/%^<>=!~@:#\\ 0a9m_.\n\xff";
  for (const std::string& seed : kSeeds) {
    for (int round = 0; round < 5'000; ++round) {
      std::string text = seed;
      for (uint64_t edits = next() % 4 + 1; edits > 0 && !text.empty(); --edits) {
        const size_t at = next() % text.size();
        switch (next() % 3) {
          case 0:
            text.erase(at, next() % 8);
            break;
          case 1:
            text.insert(at, 1, kAlphabet[next() % kAlphabet.size()]);
            break;
          default:
            text[at] = kAlphabet[next() % kAlphabet.size()];
            break;
        }
      }
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    }
  }
}

class Limits : public testing::Test {
 protected:
  void SetUp() override {
    const auto appender = head_.NewAppender();
    for (int i = 0; i < 100; ++i) {
      const std::string value = std::to_string(i);
      appender->Append(store::SeriesRef::none, {{"__name__", "m"}, {"i", value}}, base::Timestamp(), i);
    }
    base::FloatHistogram histogram;
    histogram.count = 3;
    histogram.sum = 4;
    histogram.positive_spans = {{0, 2}, {3, 1}};
    histogram.positive_buckets = {1, 1, 1};
    const auto shared = std::make_shared<const base::FloatHistogram>(std::move(histogram));
    for (int i = 0; i < 5; ++i) {
      const base::Timestamp time{std::chrono::minutes(i - 4)};
      appender->Append(store::SeriesRef::none, {{"__name__", "counted"}}, time, i);
      appender->AppendHistogram(store::SeriesRef::none, {{"__name__", "histogram"}}, time, shared);
    }
    ASSERT_TRUE(appender->Commit());
  }

  std::string Error(const char* text, promql::EngineOptions options, std::stop_token stop = {}) {
    const auto tree = promql::Parse(text);
    EXPECT_TRUE(tree);
    const auto result = promql::Engine(options).Instant(**tree, base::Timestamp(), head_, std::move(stop));
    return result ? "" : std::string(ToString(result.error().code)) + ": " + result.error().message;
  }

  store::Head head_;
};

TEST_F(Limits, EndTheQuery) {
  const std::string kTooMany =
      "limit_exceeded: query processing would load too many samples into memory in query execution";
  EXPECT_EQ(Error("m", {.max_samples = 99}), kTooMany);
  EXPECT_EQ(Error("m", {.max_samples = 100}), "");
  EXPECT_EQ(Error("m + m", {.max_samples = 150}), kTooMany);
  EXPECT_EQ(Error("sum(m)", {.max_samples = 101}), "");
  EXPECT_EQ(Error("vector(1)[100y:1ms]", {}), kTooMany);
  EXPECT_EQ(Error("sum_over_time(m[290y:1ms])", {}), kTooMany);
}

// A native histogram counts as one sample for every 16 bytes that Prometheus has it take, here (168 + 5 * 8) / 16 = 13.
TEST_F(Limits, CountHistogramsByTheirSizeAndEachWindow) {
  struct Case {
    const char* text;
    int64_t needed;  // the least limit it passes with
  };
  const Case kCases[] = {
      {"counted[3m]", 3},
      {"histogram", 13},
      {"histogram * 2", 13 + 2},
      {"histogram[3m]", 39},
      {"histogram[3m:1m]", 39 + 39},
      {"count_over_time(histogram[3m])", 39},
      {"rate(histogram[3m])", 39},
      {"count_over_time(histogram[3m:1m])", 39 + 39},
      {"sum(histogram)", 13},
      {"sum_over_time(counted[3m:1m])", 3 + 3},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.text);
    EXPECT_EQ(Error(test.text, {.max_samples = test.needed}), "");
    EXPECT_NE(Error(test.text, {.max_samples = test.needed - 1}), "");
  }
}

TEST_F(Limits, StopOnRequestAndOnTime) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(Error("m", {}, stop.get_token()), "cancelled: query was canceled in expression evaluation");
  EXPECT_EQ(Error("m", {.timeout = base::Duration(0)}), "timeout: query timed out in expression evaluation");
}

TEST_F(Limits, ExtremeTimesAreNoTrap) {
  for (const char* text : {"m @ 9e15", "m @ -9e15", "m offset 290y", "m offset -290y", "rate(m[290y] @ 9e15)",
                           "sum_over_time(m[1ms:290y])", "day_of_month(vector(1e300))", "year(vector(-1e300))",
                           "hour(vector(NaN))", "round(m, 0)", "topk(1e18, m)", "predict_linear(m[5m], 1e300)"}) {
    SCOPED_TRACE(text);
    Error(text, {});
  }
}

}  // namespace
