#include <gtest/gtest.h>

#include "base/text.h"
#include "promql/histogram_math.h"
#include "promql/series_notation.h"

namespace {

std::string Text(const std::vector<promql::NotedValue>& values) {
  std::string text;
  for (const promql::NotedValue& value : values) {
    if (!text.empty()) text += ' ';
    text += value.omitted                 ? "_"
            : value.histogram             ? promql::ToString(*value.histogram)
            : store::IsStale(value.value) ? "stale"
                                          : base::FormatFloat(value.value);
  }
  return text;
}

TEST(Notation, ReadsSeries) {
  struct Case {
    const char* text;
    const char* labels;
    const char* values;
  };
  const Case kCases[] = {
      {"a 1 2 3", "a", "1 2 3"},
      {"a{b=\"c\"} 1+2x3", "a{b=\"c\"}", "1 3 5 7"},
      {"{x=\"1\"} 5-1x2 7x1", "{x=\"1\"}", "5 4 3 7 7"},
      {"a _ _x2 stale NaN -Inf", "a", "_ _ _ stale NaN -Inf"},
      {"a 1e3 -1.5 1e-1+1e-1x1", "a", "1000 -1.5 0.1 0.2"},
      {"{\"m.x\", \"l.y\"='z'} 1", "{\"m.x\", \"l.y\"=\"z\"}", "1"},
      {"h {{schema:0 sum:3 count:4 buckets:[1 2 1]}}", "h", "{count:4, sum:3, (0.5,1]:1, (1,2]:2, (2,4]:1}"},
      {"h {{count:1}}+{{count:1}}x1", "h", "{count:1, sum:0} {count:2, sum:0}"},
      {"a", "a", ""},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.text);
    const auto series = promql::ParseNotedSeries(test.text);
    ASSERT_TRUE(series) << series.error().message;
    EXPECT_EQ(series->labels.ToString(), test.labels);
    EXPECT_EQ(Text(series->values), test.values);
  }
}

TEST(Notation, RefusesNonsenseWithoutEatingMemory) {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case kCases[] = {
      {"a 1x99999999999", "too many series values"},
      {"a 1x9999999999999999999999", "invalid repetition in series values"},
      {"a _x99999999", "too many series values"},
      {"a 1+1", "unexpected end of input in series values"},
      {"a {{", "unexpected end of input in series values"},
      {"a {{nope:1}}", "bad histogram descriptor found: \"nope\""},
      {"a ?", "unexpected \"?\" in series values"},
      {"a{b} 1", "unexpected \"}\" in label set, expected \"=\""},
      {"", "unexpected end of input in label set, expected a metric"},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.text);
    const auto series = promql::ParseNotedSeries(test.text);
    ASSERT_FALSE(series);
    EXPECT_EQ(series.error().message, test.error);
  }
}

// promtool takes such counts, and evaluates only what its tests ask for.
TEST(Notation, ExpandsLongRunsOneValueAtATime) {
  auto runs = promql::ParseNotedRuns("1+2x9000000000000 _x0 {{count:1}}+{{count:2}}x9000000000000");
  ASSERT_TRUE(runs) << runs.error().message;
  for (const double expected : {1, 3, 5, 7}) EXPECT_EQ(runs->Next()->value, expected);
  auto short_runs = promql::ParseNotedRuns("1x1 _x0 stale _ {{count:1}}+{{count:2}}x1");
  ASSERT_TRUE(short_runs);
  std::vector<promql::NotedValue> values;
  while (const promql::NotedValue* value = short_runs->Next()) values.push_back(*value);
  EXPECT_EQ(Text(values), "1 1 stale _ {count:1, sum:0} {count:3, sum:0}");
  EXPECT_EQ(short_runs->Next(), nullptr);
  EXPECT_FALSE(promql::ParseNotedRuns("{{schema:1 count:1}}+{{schema:0 count:1}}x1"));
}

}  // namespace
