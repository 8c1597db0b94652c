#include "promql/engine.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "promql/histogram_math.h"
#include "promql/parser.h"
#include "promql/series_notation.h"
#include "store/head.h"

namespace {

using std::chrono::minutes;

std::string SampleText(double value, const store::HistogramPtr& histogram) {
  return histogram ? promql::ToString(*histogram) : base::FormatFloat(value);
}

// A result on one line, series apart by "; ".
std::string Text(const promql::Value& value) {
  if (const auto* scalar = std::get_if<promql::Scalar>(&value)) return "scalar " + base::FormatFloat(scalar->value);
  if (const auto* string = std::get_if<promql::String>(&value)) return "string " + string->value;
  std::vector<std::string> series;
  if (const auto* vector = std::get_if<promql::Vector>(&value)) {
    for (const auto& sample : *vector) {
      series.push_back(sample.labels.ToString() + " " + SampleText(sample.value, sample.histogram));
    }
  }
  if (const auto* matrix = std::get_if<promql::Matrix>(&value)) {
    for (const auto& one : *matrix) {
      std::string text = one.labels.ToString();
      for (size_t i = 0; i < one.samples.size(); ++i) {
        const auto histogram = one.samples.histograms.empty() ? nullptr : one.samples.histograms[i];
        text += " " + SampleText(one.samples.values[i], histogram) + "@" +
                base::FormatFloat(base::ToSeconds(one.samples.times[i]));
      }
      series.push_back(text);
    }
  }
  return base::Join(series, "; ");
}

class EngineTest : public testing::Test {
 protected:
  // One sample a minute from the epoch on.
  void Load(std::initializer_list<const char*> series) {
    const auto appender = head_.NewAppender();
    for (const char* text : series) {
      const auto noted = promql::ParseNotedSeries(text);
      ASSERT_TRUE(noted) << noted.error().message;
      for (size_t i = 0; i < noted->values.size(); ++i) {
        const base::Timestamp time(minutes(static_cast<int>(i)));
        const promql::NotedValue& value = noted->values[i];
        if (value.omitted) continue;
        if (value.histogram) {
          appender->AppendHistogram(store::SeriesRef::none, noted->labels, time, value.histogram);
        } else {
          appender->Append(store::SeriesRef::none, noted->labels, time, value.value);
        }
      }
    }
    ASSERT_TRUE(appender->Commit());
  }

  std::string Instant(std::string_view text, base::Duration at, promql::EngineOptions options = {}) {
    const auto tree = promql::Parse(text, options.parse);
    if (!tree) return promql::ErrorText(tree.error());
    const auto result = promql::Engine(options).Instant(**tree, base::Timestamp(at), head_);
    return result ? Text(result->value) : "error: " + result.error().message;
  }
  std::string Range(std::string_view text, base::Duration from, base::Duration to, base::Duration step,
                    promql::EngineOptions options = {}) {
    const auto tree = promql::Parse(text, options.parse);
    if (!tree) return promql::ErrorText(tree.error());
    const auto result = promql::Engine(options).Range(**tree, base::Timestamp(from), base::Timestamp(to), step, head_);
    return result ? Text(result->value) : "error: " + result.error().message;
  }

  store::Head head_;
};

TEST_F(EngineTest, GivesTheFourKindsOfValues) {
  Load({"a{x=\"1\"} 1 2 3", "a{x=\"2\"} 4 5 6"});
  EXPECT_EQ(Instant("1 + 2", minutes(1)), "scalar 3");
  EXPECT_EQ(Instant("'text'", minutes(1)), "string text");
  EXPECT_EQ(Instant("a", minutes(1)), "a{x=\"1\"} 2; a{x=\"2\"} 5");
  EXPECT_EQ(Instant("a[90s]", minutes(2)), "a{x=\"1\"} 2@60 3@120; a{x=\"2\"} 5@60 6@120");
  EXPECT_EQ(Instant("a{x='1'}[2m:30s]", minutes(2)), "a{x=\"1\"} 1@30 2@60 2@90 3@120");
  EXPECT_EQ(Range("1", minutes(0), minutes(2), minutes(1)), "{} 1@0 1@60 1@120");
  EXPECT_EQ(Range("a[1m]", minutes(0), minutes(2), minutes(1)),
            "error: invalid expression type \"range vector\" for range query, must be Scalar or instant Vector");
  EXPECT_EQ(Range("a", minutes(2), minutes(0), minutes(1)), "");
  EXPECT_EQ(Range("a", minutes(0), minutes(2), minutes(0)), "error: the step of a range query must be positive");
}

// Without delayed removal, which is how a server runs unless told otherwise.
TEST_F(EngineTest, RemovesNamesAtOnce) {
  Load({"a{x=\"1\"} 1 2 3", "b{x=\"1\"} 4 5 6", "c_total{x=\"1\", __type__=\"counter\", __unit__=\"s\"} 0 60 120"});
  struct Case {
    const char* text;
    const char* result;
  };
  const Case kCases[] = {
      {"abs(a)", "{x=\"1\"} 3"},
      {"-a", "{x=\"1\"} -3"},
      {"a + 1", "{x=\"1\"} 4"},
      {"a > 1", "a{x=\"1\"} 3"},
      {"a > bool 1", "{x=\"1\"} 1"},
      {"a > bool on(x) b", "{x=\"1\"} 0"},
      {"a < on(x) b", "{x=\"1\"} 3"},
      {"a < ignoring(y) b", "a{x=\"1\"} 3"},
      {"rate(c_total[2m])", "{x=\"1\"} 1"},
      {"last_over_time(a[1m])", "a{x=\"1\"} 3"},
      {"sum by (__name__) (abs(a))", "{} 3"},
      {"sum without () (a)", "{x=\"1\"} 3"},
      {"topk(1, a)", "a{x=\"1\"} 3"},
      {"count_values('v', a)", "{v=\"3\"} 1"},
      {"label_replace(abs(a), '__name__', 'n', '', '')", "n{x=\"1\"} 3"},
      {"abs({__name__=~'a|b'})", "error: vector cannot contain metrics with the same labelset"},
      {"rate({__name__=~'a|b'}[5m])", "error: vector cannot contain metrics with the same labelset"},
      {"-{__name__=~'a|b'}", "error: vector cannot contain metrics with the same labelset"},
      {"{__name__=~'a|b'} * 2", "error: vector cannot contain metrics with the same labelset"},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.text);
    EXPECT_EQ(Instant(test.text, minutes(2)), test.result);
  }
}

TEST_F(EngineTest, RemovesNamesAtTheEndWhenAsked) {
  Load({"a{x=\"1\"} 1 2 3", "b{x=\"1\"} 4 5 6"});
  const promql::EngineOptions kDelayed{.delayed_name_removal = true};
  EXPECT_EQ(Instant("abs(a)", minutes(2), kDelayed), "{x=\"1\"} 3");
  EXPECT_EQ(Instant("sum by (__name__) (abs({__name__=~'a|b'}))", minutes(2), kDelayed),
            "error: vector cannot contain metrics with the same labelset");
  EXPECT_EQ(Instant("count by (__name__, x) (last_over_time({__name__=~'a|b'}[1m]))", minutes(2), kDelayed),
            "a{x=\"1\"} 1; b{x=\"1\"} 1");
  EXPECT_EQ(Instant("label_replace(abs({__name__=~'a|b'}), 'n', '$1', '__name__', '(.*)')", minutes(2), kDelayed),
            "{n=\"a\", x=\"1\"} 3; {n=\"b\", x=\"1\"} 6");
}

// Series that are the same once their names are gone, but never at the same time, are one.
TEST_F(EngineTest, JoinsSeriesThatTakeTurns) {
  Load({"a 1 2 _ _", "b _ _ 3 stale"});
  const promql::EngineOptions kShort{.lookback = minutes(1)};
  EXPECT_EQ(Range("{__name__=~'a|b'} * 1", minutes(0), minutes(3), minutes(1), kShort), "{} 1@0 2@60 3@120");
}

TEST_F(EngineTest, LooksBackToTheLeftOpenWindow) {
  Load({"a 1 _ _ _ _ _ _", "b 1 2 stale _ 5"});
  EXPECT_EQ(Instant("a", minutes(5) - base::Duration(1)), "a 1");
  EXPECT_EQ(Instant("a", minutes(5)), "");
  EXPECT_EQ(Range("b", minutes(0), minutes(5), minutes(1)), "b 1@0 2@60 5@240 5@300");
  EXPECT_EQ(Instant("count_over_time(b[4m])", minutes(4)), "{} 2");
  EXPECT_EQ(Instant("count_over_time(b[241s])", minutes(4)), "{} 3");
}

TEST_F(EngineTest, OrdersResults) {
  Load({"a{x=\"1\"} 2", "a{x=\"2\"} 3", "a{x=\"3\"} 1", "a{x=\"4\"} NaN"});
  const promql::EngineOptions kExperimental{.parse = {.experimental_functions = true}};
  EXPECT_EQ(Instant("sort(a)", minutes(0)), "a{x=\"3\"} 1; a{x=\"1\"} 2; a{x=\"2\"} 3; a{x=\"4\"} NaN");
  EXPECT_EQ(Instant("sort_desc(a)", minutes(0)), "a{x=\"2\"} 3; a{x=\"1\"} 2; a{x=\"3\"} 1; a{x=\"4\"} NaN");
  EXPECT_EQ(Instant("topk(2, a)", minutes(0)), "a{x=\"2\"} 3; a{x=\"1\"} 2");
  EXPECT_EQ(Instant("bottomk(2, a)", minutes(0)), "a{x=\"3\"} 1; a{x=\"1\"} 2");
  EXPECT_EQ(Instant("sort_by_label_desc(a, 'x')", minutes(0), kExperimental),
            "a{x=\"4\"} NaN; a{x=\"3\"} 1; a{x=\"2\"} 3; a{x=\"1\"} 2");
  EXPECT_EQ(Range("topk(1, a)", minutes(0), minutes(1), minutes(1)), "a{x=\"2\"} 3@0 3@60");
}

TEST_F(EngineTest, MatchesOneToOneAndManyToOne) {
  Load({"m{i=\"1\", j=\"1\"} 1", "m{i=\"1\", j=\"2\"} 2", "o{i=\"1\", k=\"v\"} 10", "p{i=\"1\"} 5"});
  struct Case {
    const char* text;
    const char* result;
  };
  const Case kCases[] = {
      {"m * on(i) group_left(k) o", "{i=\"1\", j=\"1\", k=\"v\"} 10; {i=\"1\", j=\"2\", k=\"v\"} 20"},
      {"o / on(i) group_right m", "{i=\"1\", j=\"1\"} 10; {i=\"1\", j=\"2\"} 5"},
      {"o + on(i) p", "{i=\"1\"} 15"},
      {"o + ignoring(k) p", "{i=\"1\"} 15"},
      {"m + on(i) p",
       "error: multiple matches for labels: many-to-one matching must be explicit "
       "(group_left/group_right)"},
      {"p + on(i) m",
       "error: found duplicate series for the match group {i=\"1\"} on the right hand-side of the "
       "operation: [{__name__=\"m\", i=\"1\", j=\"1\"}, {__name__=\"m\", i=\"1\", j=\"2\"}];many-to-many "
       "matching not allowed: matching labels must be unique on one side"},
      {"m * on(i) group_left(j) label_replace(o, 'j', 'x', '', '')",
       "error: multiple matches for labels: grouping labels must ensure unique matches"},
      {"m and on(i) p", "m{i=\"1\", j=\"1\"} 1; m{i=\"1\", j=\"2\"} 2"},
      {"m unless on(i) p", ""},
      {"p or on(j) m", "p{i=\"1\"} 5; m{i=\"1\", j=\"1\"} 1; m{i=\"1\", j=\"2\"} 2"},
      {"p or on(i) m", "p{i=\"1\"} 5"},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.text);
    EXPECT_EQ(Instant(test.text, minutes(0)), test.result);
  }
}

TEST_F(EngineTest, RemarksWithPlaces) {
  Load({"g 1 2 3", "h {{count:1}} {{count:2}}"});
  const auto remarks = [this](const char* text) {
    const auto tree = promql::Parse(text);
    const auto result = promql::Engine({}).Instant(**tree, base::Timestamp(minutes(1)), head_);
    if (!result) return result.error().message;
    std::vector<std::string> all = result->annotations.warnings;
    all.insert(all.end(), result->annotations.infos.begin(), result->annotations.infos.end());
    return base::Join(all, "; ");
  };
  EXPECT_EQ(remarks("sum(\n rate(g[5m]))"),
            "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"g\" (2:7)");
  EXPECT_EQ(remarks("max(h)"), "PromQL info: ignored histogram in max aggregation (1:5)");
  EXPECT_EQ(remarks("h + 1"),
            "PromQL info: incompatible sample types encountered for binary operator \"+\": histogram + float (1:1)");
  EXPECT_EQ(remarks("sum({__name__=~'g|h'})"),
            "PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)");
  EXPECT_EQ(remarks("histogram_quantile(0.5, g)"),
            "PromQL warning: bucket label \"le\" is missing or has a malformed value of \"\" (1:25)");
  EXPECT_EQ(remarks("g"), "");
}

TEST_F(EngineTest, PassesTheStoresErrorOn) {
  class Broken : public store::Querier {
   public:
    base::Result<std::vector<std::shared_ptr<const store::Series>>> Select(std::span<const base::Matcher>,
                                                                           store::TimeRange) const override {
      return base::Unavailable("the disk is gone");
    }
    base::Result<std::vector<std::string>> LabelNames(std::span<const base::Matcher>, store::TimeRange) const override {
      return std::vector<std::string>();
    }
    base::Result<std::vector<std::string>> LabelValues(const std::string&, std::span<const base::Matcher>,
                                                       store::TimeRange) const override {
      return std::vector<std::string>();
    }
  };
  const auto tree = promql::Parse("sum(rate(a[5m])) + 1");
  const auto result = promql::Engine({}).Instant(**tree, base::Timestamp(), Broken());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, base::ErrorCode::unavailable);
  EXPECT_EQ(result.error().message, "the disk is gone");
}

}  // namespace
