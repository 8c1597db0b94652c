#include "store/exemplars.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "store/head.h"

namespace store {
namespace {

using Lines = std::vector<std::string>;

base::Timestamp At(int64_t milliseconds) { return base::Timestamp(base::Duration(milliseconds)); }

Exemplar Of(std::string_view id, double value, int64_t milliseconds, bool own_time = true) {
  return {base::Labels{{"id", id}}, value, At(milliseconds), own_time};
}

base::Labels Series(std::string_view name) { return base::Labels{{base::kMetricName, name}, {"job", "app"}}; }

std::string_view ToString(ExemplarStatus status) {
  switch (status) {
    case ExemplarStatus::ok:
      return "ok";
    case ExemplarStatus::duplicate:
      return "duplicate";
    case ExemplarStatus::out_of_order:
      return "out of order";
    case ExemplarStatus::labels_too_long:
      return "too long";
    case ExemplarStatus::unknown_series:
      return "unknown";
    case ExemplarStatus::off:
      return "off";
  }
  return "";
}

Lines Describe(const std::vector<SeriesExemplars>& all) {
  Lines lines;
  for (const SeriesExemplars& one : all) {
    std::string line = one.series.ToString() + ":";
    for (const Exemplar& exemplar : one.exemplars) {
      line.append(" ").append(exemplar.labels.Get("id")).append("=").append(base::FormatFloat(exemplar.value));
      line.append("@").append(std::to_string(exemplar.time.time_since_epoch().count()));
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

Lines All(const Exemplars& exemplars, int64_t min = INT64_MIN, int64_t max = INT64_MAX,
          std::vector<std::vector<base::Matcher>> any_of = {{base::Matcher::Equal("job", "app")}}) {
  return Describe(exemplars.Select(any_of, {At(min), At(max)}));
}

TEST(ExemplarsTest, WhatIsTakenAfterAnother) {
  const Exemplar first = Of("a", 1, 1000);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const struct {
    const char* name;
    Exemplar next;
    std::string_view want;
  } cases[] = {
      {"the same", Of("a", 1, 1000), "duplicate"},
      {"the same later", Of("a", 1, 2000), "ok"},
      {"earlier", Of("b", 9, 999), "out of order"},
      {"a larger value at the same time", Of("a", 2, 1000), "ok"},
      {"a smaller value at the same time", Of("b", 0.5, 1000), "out of order"},
      {"larger labels at the same time", Of("b", 1, 1000), "ok"},
      {"smaller labels at the same time", Of("B", 1, 1000), "out of order"},
      {"no number", Of("a", nan, 1000), "ok"},
      {"the same, with the scrape's time", Of("a", 1, 2000, false), "ok"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    Exemplars exemplars(10);
    ASSERT_EQ(exemplars.Add(Series("x"), first), ExemplarStatus::ok);
    EXPECT_EQ(ToString(exemplars.Check(Series("x"), one.next)), one.want);
    EXPECT_EQ(ToString(exemplars.Add(Series("x"), one.next)), one.want);
    EXPECT_EQ(exemplars.Add(Series("other"), one.next), ExemplarStatus::ok);
    const ExemplarStats stats = exemplars.GetStats();
    EXPECT_EQ(stats.out_of_order, one.want == "out of order" ? 1U : 0U);
    EXPECT_EQ(stats.appended, one.want == "ok" ? 3U : 2U);
  }
}

TEST(ExemplarsTest, WithoutTimesOfTheirOwnTheScrapesTimeDoesNotTellThemApart) {
  Exemplars exemplars(10);
  EXPECT_EQ(exemplars.Add(Series("x"), Of("a", 1, 1000, false)), ExemplarStatus::ok);
  EXPECT_EQ(exemplars.Add(Series("x"), Of("a", 1, 2000, false)), ExemplarStatus::duplicate);
  EXPECT_EQ(exemplars.Add(Series("x"), Of("a", 2, 3000, false)), ExemplarStatus::ok);
  EXPECT_EQ(All(exemplars), Lines({"x{job=\"app\"}: a=1@1000 a=2@3000"}));
}

TEST(ExemplarsTest, LabelsHave128CharactersAtMost) {
  Exemplars exemplars(10);
  std::string umlauts;
  for (int i = 0; i < 126; ++i) umlauts += "ä";
  EXPECT_EQ(exemplars.Add(Series("x"), Of(umlauts, 1, 1)), ExemplarStatus::ok);
  EXPECT_EQ(exemplars.Add(Series("x"), Of(umlauts + "x", 1, 2)), ExemplarStatus::labels_too_long);
}

TEST(ExemplarsTest, TheOldestGivesWay) {
  Exemplars exemplars(3);
  const struct {
    const char* series;
    int64_t time;
    Lines want;
    int64_t reaches;
  } steps[] = {
      {"x", 1, {"x{job=\"app\"}: e=0@1"}, 1},
      {"y", 2, {"x{job=\"app\"}: e=0@1", "y{job=\"app\"}: e=0@2"}, 1},
      {"x", 3, {"x{job=\"app\"}: e=0@1 e=0@3", "y{job=\"app\"}: e=0@2"}, 1},
      {"z", 4, {"x{job=\"app\"}: e=0@3", "y{job=\"app\"}: e=0@2", "z{job=\"app\"}: e=0@4"}, 2},
      // its only one is the one that goes
      {"y", 5, {"x{job=\"app\"}: e=0@3", "y{job=\"app\"}: e=0@5", "z{job=\"app\"}: e=0@4"}, 3},
      {"y", 6, {"y{job=\"app\"}: e=0@5 e=0@6", "z{job=\"app\"}: e=0@4"}, 4},
      {"y", 7, {"y{job=\"app\"}: e=0@5 e=0@6 e=0@7"}, 5},
  };
  for (const auto& step : steps) {
    SCOPED_TRACE(step.time);
    ASSERT_EQ(exemplars.Add(Series(step.series), Of("e", 0, step.time)), ExemplarStatus::ok);
    EXPECT_EQ(All(exemplars), step.want);
    const ExemplarStats stats = exemplars.GetStats();
    EXPECT_EQ(stats.reaches, At(step.reaches));
    EXPECT_EQ(stats.series, step.want.size());
    EXPECT_EQ(stats.exemplars, std::min<size_t>(3, static_cast<size_t>(step.time)));
  }
}

TEST(ExemplarsTest, SelectedByTimeAndByAnyOfTheSelectors) {
  Exemplars exemplars(10);
  for (const int64_t time : {10, 20, 30}) ASSERT_EQ(exemplars.Add(Series("b"), Of("e", 0, time)), ExemplarStatus::ok);
  ASSERT_EQ(exemplars.Add(Series("a"), Of("e", 1, 5)), ExemplarStatus::ok);
  ASSERT_EQ(exemplars.Add(Series("c"), Of("e", 2, 25)), ExemplarStatus::ok);
  EXPECT_EQ(All(exemplars, 10, 20), Lines({"b{job=\"app\"}: e=0@10 e=0@20"}));
  EXPECT_EQ(All(exemplars, 21, 24), Lines());
  EXPECT_EQ(All(exemplars, INT64_MIN, 5), Lines({"a{job=\"app\"}: e=1@5"}));
  const base::Matcher name_a = base::Matcher::Equal(std::string(base::kMetricName), "a");
  const base::Matcher name_c = base::Matcher::Equal(std::string(base::kMetricName), "c");
  const base::Matcher elsewhere = base::Matcher::Equal("job", "other");
  EXPECT_EQ(All(exemplars, INT64_MIN, INT64_MAX, {{name_c}, {name_a}}),
            Lines({"a{job=\"app\"}: e=1@5", "c{job=\"app\"}: e=2@25"}));
  EXPECT_EQ(All(exemplars, INT64_MIN, INT64_MAX, {{name_a, elsewhere}}), Lines());
}

TEST(ExemplarsTest, OfSamplesOfAHead) {
  Exemplars exemplars(10);
  Head head({.exemplars = &exemplars});
  const auto appender = head.NewAppender();
  EXPECT_TRUE(appender->TakesExemplars());
  EXPECT_EQ(appender->AppendExemplar(SeriesRef::none, Series("x"), Of("a", 1, 1)), ExemplarStatus::unknown_series);
  const SeriesRef ref = appender->Append(SeriesRef::none, Series("x"), At(1), 1).ref;
  EXPECT_EQ(appender->AppendExemplar(ref, {}, Of("a", 1, 1)), ExemplarStatus::ok);
  EXPECT_EQ(All(exemplars), Lines());
  ASSERT_TRUE(appender->Commit());
  EXPECT_EQ(All(exemplars), Lines({"x{job=\"app\"}: a=1@1"}));
  EXPECT_EQ(appender->AppendExemplar(SeriesRef::none, Series("x"), Of("b", 1, 2)), ExemplarStatus::ok);
  appender->Rollback();
  ASSERT_TRUE(appender->Commit());
  EXPECT_EQ(All(exemplars), Lines({"x{job=\"app\"}: a=1@1"}));
}

TEST(ExemplarsTest, AHeadWithoutThemTakesNone) {
  Head head;
  const auto appender = head.NewAppender();
  EXPECT_FALSE(appender->TakesExemplars());
  const SeriesRef ref = appender->Append(SeriesRef::none, Series("x"), At(1), 1).ref;
  EXPECT_EQ(appender->AppendExemplar(ref, {}, Of("a", 1, 1)), ExemplarStatus::off);
}

}  // namespace
}  // namespace store
