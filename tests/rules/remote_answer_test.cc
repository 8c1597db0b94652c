#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/json_writer.h"
#include "base/text.h"
#include "promql/histogram_math.h"
#include "rules/api/value_json.h"
#include "rules/remote/answer.h"
#include "rules/remote/answer_histogram.h"
#include "rules/remote/json_cursor.h"

namespace rules {
namespace {

std::string Show(double value, const store::HistogramPtr& histogram) {
  return histogram ? promql::ToString(*histogram) : base::FormatFloat(value);
}

struct Shower {
  std::string operator()(const promql::Scalar& scalar) const {
    return fmt::format("scalar {} @{}", base::FormatFloat(scalar.value), base::ToSeconds(scalar.time));
  }
  std::string operator()(const promql::String& string) const { return fmt::format("string {}", string.value); }
  std::string operator()(const promql::Vector& vector) const {
    std::string text = "vector";
    for (const auto& one : vector) {
      text +=
          fmt::format(" {} {} @{}", one.labels.ToString(), Show(one.value, one.histogram), base::ToSeconds(one.time));
    }
    return text;
  }
  std::string operator()(const promql::Matrix& matrix) const {
    std::string text = "matrix";
    for (const auto& series : matrix) {
      text += fmt::format(" {}", series.labels.ToString());
      for (size_t i = 0; i < series.samples.size(); ++i) {
        const auto& histograms = series.samples.histograms;
        text += fmt::format(" {}@{}", Show(series.samples.values[i], histograms.empty() ? nullptr : histograms[i]),
                            base::ToSeconds(series.samples.times[i]));
      }
    }
    return text;
  }
};

std::string Show(const base::Result<QueryAnswer>& answer) {
  if (!answer) return answer.error().message;
  std::string text = std::visit(Shower{}, answer->value);
  for (const std::string& warning : answer->warnings) text += " warning: " + warning;
  return text + (answer->partial ? " partial" : "");
}

// `data` in the usual frame.
std::string Framed(std::string_view type, std::string_view result) {
  return fmt::format(R"({{"status":"success","data":{{"resultType":"{}","result":{}}}}})", type, result);
}

TEST(RemoteAnswerTest, ResultsAreRead) {
  struct Case {
    std::string body;
    std::string_view want;
  };
  const Case cases[] = {
      {Framed("vector", "[]"), "vector"},
      {Framed("vector",
              R"([{"metric":{"__name__":"m","a":"x\u00e4\n\"\ud83d\ude00"},"value":[1700000000.781,"1.5"]}])"),
       "vector m{a=\"x\u00e4\\n\\\"\U0001F600\"} 1.5 @1700000000.781"},
      {Framed("vector", R"([{"metric":{},"value":[1,"NaN"]},{"metric":{"a":"1"},"value":[1,"+Inf"]},)"
                        R"({"metric":{"a":"2"},"value":[1,"-Inf"]}])"),
       "vector {} NaN @1 {a=\"1\"} +Inf @1 {a=\"2\"} -Inf @1"},
      {Framed("vector", R"([{"metric":{"empty":"","a":"1"},"value":[1,"2"],"group":7}])"), "vector {a=\"1\"} 2 @1"},
      {Framed("vector", R"([{"metric":{},"histogram":[1,{"count":"5","sum":"18.4","buckets":)"
                        R"([[3,"-0.001","0.001","1"],[0,"1","2","4"]]}]}])"),
       "vector {} {count:5, sum:18.4, [-0.001,0.001]:1, (1,2]:4} @1"},
      {Framed("scalar", R"([1,"7"])"), "scalar 7 @1"},
      {Framed("string", R"([1,"text"])"), "string text"},
      {Framed("matrix", R"([{"metric":{"a":"1"},"values":[[1,"1"],[3,"3"]],)"
                        R"("histograms":[[2,{"count":"1","sum":"1"}]]},{"metric":{}}])"),
       "matrix {a=\"1\"} 1@1 {count:1, sum:1}@2 3@3 {}"},
      // keys in any order, and more of them
      {R"( {"isPartial":true, "data" : {"stats":{"x":[{}]},"result":[],"resultType":"vector"},"status":"success"} )",
       "vector partial"},
      {R"({"status":"success","isPartial":false,"data":{"resultType":"vector","result":[]},"warnings":)"
       R"(["PromQL warning: encountered a mix","store-2 is gone"],"infos":["PromQL info: x"]})",
       "vector warning: store-2 is gone"},
      {R"({"status":"success","warnings":null,"data":{"resultType":"vector","result":[]}})", "vector"},
      {R"({"status":"error","errorType":"execution","error":"too many samples"})", "execution: too many samples"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.body);
    EXPECT_EQ(Show(ReadQueryAnswer(each.body)), each.want);
  }
}

TEST(RemoteAnswerTest, WhatIsNoAnswerIsTold) {
  struct Case {
    std::string body;
    std::string_view want;
  };
  const Case cases[] = {
      {"", "an object is missing at byte 0"},
      {"<html>", "an object is missing at byte 0"},
      {"[]", "an object is missing at byte 0"},
      {"{}", "its status is \"\""},
      {R"({"status":"success"})", "it holds no result"},
      {R"({"status":"success","data":[]})", "it holds no result"},
      {R"({"status":"success","data":{"resultType":"vector"}})", "it holds no result"},
      {R"({"status":"success","data":{"result":[]}})", "there is no resultType at byte 37"},
      {Framed("streams", "[]"), "an unknown resultType at byte 60"},
      {Framed("vector", "[]") + "x", "something follows the end at byte 63"},
      {Framed("vector", "{}"), "a list is missing at byte 59"},
      {Framed("vector", "[1]"), "an object is missing at byte 60"},
      {Framed("vector", R"([{"metric":{}}])"), "an element has no value at byte 73"},
      {Framed("vector", R"([{"value":[1,"1"],"histogram":[1,{}]}])"), "an element has two values at byte 95"},
      {Framed("vector", R"([{"value":[1,1]}])"), "a text is missing at byte 72"},
      {Framed("vector", R"([{"value":[1,"one"]}])"), "a value is no number at byte 77"},
      {Framed("vector", R"([{"value":["1","1"]}])"), "a number is missing at byte 70"},
      {Framed("vector", R"([{"value":[1e300,"1"]}])"), "an instant is out of bounds at byte 75"},
      {Framed("vector", R"([{"value":[1,"1",2]}])"), "a sample has more than an instant and a value at byte 76"},
      {Framed("vector", R"([{"value":[1]}])"), "a value is missing at byte 72"},
      {Framed("vector", R"([{"metric":{"":"x"},"value":[1,"1"]}])"), "a label has no name at byte 74"},
      {Framed("vector", R"([{"metric":{"a":1},"value":[1,"1"]}])"), "a text is missing at byte 75"},
      {Framed("vector", "[{\"metric\":{\"a\":\"\xff\"},\"value\":[1,\"1\"]}]"),
       "a text holds bytes that no JSON has at byte 78"},
      {Framed("vector", R"([{"metric":{"a":"\x"},"value":[1,"1"]}])"), "an escape is malformed at byte 79"},
      {Framed("matrix", R"([{"values":[[1,"1"],[1,"2"]]}])"), "a series has two values at one instant at byte 88"},
      {Framed("vector", R"([{"value":[1,"1"])"), "a bracket does not match at byte 77"},
      {R"({"status":"success","data":{"resultType":"vector","result":[)", "a value does not end at byte 60"},
      {R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a)",
       "a text does not end at byte 73"},
      {R"({"status":"success",)", "a text is missing at byte 20"},
      {fmt::format("{}{}", R"({"a":)", std::string(100'000, '[')), "too deeply nested at byte 70"},
      {Framed("vector", R"([{"metric":{},"histogram":[1,{"count":"1","sum":"1","buckets":[[4,"1","2","1"]]}]}])"),
       "a bucket's bounds are of no known kind at byte 124"},
      {Framed("vector", R"([{"metric":{},"histogram":[1,{"count":"1","sum":"1","buckets":[[0,"2","1","1"]]}]}])"),
       "a bucket ends before it begins at byte 137"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.body.substr(0, 200));
    EXPECT_EQ(Show(ReadQueryAnswer(each.body)), each.want);
  }
}

// Whatever is cut off or changed is either read or told; nothing else happens.
TEST(RemoteAnswerTest, MutilatedAnswersDoNoHarm) {
  const std::string good =
      Framed("matrix", R"([{"metric":{"a":"\u00e4"},"values":[[1,"1"],[3.5,"-Inf"]],"histograms":[[2,{"count":"3",)"
                       R"("sum":"1","buckets":[[1,"-2","-1","1"],[3,"-1","1","1"],[0,"1","2","1"]]}]]}])");
  ASSERT_TRUE(ReadQueryAnswer(good)) << ReadQueryAnswer(good).error().message;
  for (size_t length = 0; length < good.size(); ++length) EXPECT_FALSE(ReadQueryAnswer(good.substr(0, length)));
  std::mt19937 random(7);
  size_t read = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    for (int changes = 1 + i % 3; changes > 0; --changes) {
      constexpr std::string_view kNasty("\"\\{}[],:0-eu\0\xff", 14);
      bad[random() % bad.size()] = kNasty[random() % kNasty.size()];
    }
    read += ReadQueryAnswer(bad) ? 1 : 0;
  }
  EXPECT_GT(read, 0u);
}

store::HistogramPtr ThroughJson(const base::FloatHistogram& histogram) {
  base::JsonWriter json;
  WriteHistogram(json, histogram);
  const std::string text = std::move(json).Take();
  JsonCursor in(text);
  auto read = ReadHistogram(in);
  EXPECT_TRUE(in.Finish()) << text;
  return read;
}

TEST(RemoteAnswerTest, HistogramsComeBackAsTheyWere) {
  std::mt19937 random(3);
  for (int i = 0; i < 5'000; ++i) {
    base::FloatHistogram h;
    h.schema = static_cast<int32_t>(random() % 13) - 4;
    h.zero_threshold = 1e-128;
    h.zero_count = static_cast<double>(1 + random() % 5);
    h.count = static_cast<double>(random() % 1000) / 8;
    h.sum = static_cast<double>(random() % 1000) / 7 - 50;
    const int reach = h.schema < 0 ? 10 : 40 << h.schema;
    const auto fill = [&](std::vector<base::HistogramSpan>& spans, std::vector<double>& counts) {
      spans.push_back({static_cast<int32_t>(random() % static_cast<unsigned>(reach)) - reach / 2, 0});
      do {
        spans.push_back({static_cast<int32_t>(random() % 4), static_cast<uint32_t>(1 + random() % 3)});
        for (uint32_t k = 0; k < spans.back().length; ++k) counts.push_back(static_cast<double>(1 + random() % 9) / 4);
      } while (random() % 3 != 0);
    };
    fill(h.positive_spans, h.positive_buckets);
    if (random() % 2 == 0) fill(h.negative_spans, h.negative_buckets);
    const auto read = ThroughJson(h);
    ASSERT_TRUE(read && promql::EqualHistograms(*read, h)) << h.schema << promql::ToString(h);
  }
}

TEST(RemoteAnswerTest, BucketsTellTheirSchema) {
  struct Case {
    std::string_view name;
    std::vector<promql::Bucket> buckets;
    int32_t schema;
    std::string_view want;
  };
  constexpr double kMax = std::numeric_limits<double>::max();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto above = [](double lower, double upper) {
    return promql::Bucket{.lower = lower, .upper = upper, .upper_inclusive = true, .count = 1};
  };
  const Case cases[] = {
      {"none", {}, 0, "{count:9, sum:1}"},
      {"the zero bucket alone", {{-1, 1, true, true, 2, 0}}, 0, "{count:9, sum:1, [-1,1]:2}"},
      {"cut by the zero bucket",
       {{-1.5, 1.5, true, true, 2, 0}, above(1.5, 2)},
       0,
       "{count:9, sum:1, [-1.5,1.5]:2, (1,2]:1}"},
      {"the greatest numbers",
       {above(std::exp2(1023), kMax)},
       0,
       "{count:9, sum:1, (8.98846567431158e+307,1.7976931348623157e+308]:1}"},
      {"infinity",
       {above(1, 2), above(kMax, kInfinity)},
       0,
       "{count:9, sum:1, (1,2]:1, (1.7976931348623157e+308,+Inf]:1}"},
      {"custom bounds", {above(0, 1), above(2.5, 5)}, -53, "{count:9, sum:1, (0,1]:1, (2.5,5]:1}"},
      {"custom bounds to both ends",
       {{-kInfinity, 1, true, true, 1, 0}, above(5, kInfinity)},
       -53,
       "{count:9, sum:1, [-Inf,1]:1, (5,+Inf]:1}"},
      {"custom without a bound", {{-kInfinity, kInfinity, true, true, 1, 0}}, -53, "{count:9, sum:1, [-Inf,+Inf]:1}"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    const base::FloatHistogram h = FromBuckets(9, 1, each.buckets);
    EXPECT_EQ(h.schema, each.schema);
    EXPECT_EQ(promql::ToString(h), each.want);
  }
}

}  // namespace
}  // namespace rules
