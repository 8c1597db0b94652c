#include "rules/threshold/limit.h"

#include <gtest/gtest.h>

namespace rules {
namespace {

// "comparison value text", or the error
std::string Read(std::string_view text, Unit unit, bool target = false) {
  const auto written = ParseLimit(text, target);
  if (!written) return written.error().message;
  const auto limit = ConvertLimit(*written, unit);
  if (!limit) return limit.error().message;
  return fmt::format("{} {} ({})", ToString(limit->comparison), limit->value, limit->text);
}

TEST(LimitTest, ReadsWhatRunbooksWrite) {
  struct Case {
    std::string_view text;
    Unit unit;
    std::string_view want;
  };
  const Case cases[] = {
      {"> 3", Unit::none, "> 3 (> 3)"},
      {">3", Unit::none, "> 3 (> 3)"},
      {" >=  5 ", Unit::none, ">= 5 (>= 5)"},
      {"<= -2.5", Unit::none, "<= -2.5 (<= -2.5)"},
      {"== 0", Unit::none, "== 0 (== 0)"},
      {"!= 1", Unit::none, "!= 1 (!= 1)"},
      {"> 1e3", Unit::none, "> 1000 (> 1e3)"},
      {"> 3.0%", Unit::percent, "> 3 (> 3.0%)"},
      {"> 3", Unit::percent, "> 3 (> 3%)"},
      {"< 1.5 %", Unit::percent, "< 1.5 (< 1.5%)"},
      {"> 2%", Unit::ratio, "> 0.02 (> 2%)"},
      {"> 2.3%", Unit::ratio, "> 0.023 (> 2.3%)"},
      {"> 0.02", Unit::ratio, "> 0.02 (> 2%)"},
      {"> 60m", Unit::seconds, "> 3600 (> 60m)"},
      {"> 12min", Unit::seconds, "> 720 (> 12min)"},
      {"> 8hrs", Unit::seconds, "> 28800 (> 8hrs)"},
      {"> 1h30m", Unit::seconds, "> 5400 (> 1h30m)"},
      {"> 1d", Unit::hours, "> 24 (> 1d)"},
      {"> 90m", Unit::hours, "> 1.5 (> 90m)"},
      {"> 250ms", Unit::seconds, "> 0.25 (> 250ms)"},
      {"> 2s", Unit::milliseconds, "> 2000 (> 2s)"},
      {"> 90", Unit::seconds, "> 90 (> 90s)"},
      {">= 10GiB", Unit::bytes, ">= 10737418240 (>= 10GiB)"},
      {"> 5 GB", Unit::bytes, "> 5000000000 (> 5GB)"},
      {"> 60m", Unit::percent, "\"60m\" cannot be compared with a value whose unit is percent"},
      {"> 5%", Unit::seconds, "\"5%\" cannot be compared with a value whose unit is seconds"},
      {"> 5%", Unit::none, "\"5%\" cannot be compared with a value whose unit is none"},
      {"3", Unit::none, "expected a comparison and a number, as in \"> 3\" or \"< 1.5 %\", not \"3\""},
      {"", Unit::none, "expected a comparison and a number, as in \"> 3\" or \"< 1.5 %\", not \"\""},
      {">", Unit::none, "expected a number after the comparison in \">\""},
      {"> high", Unit::none, "expected a number after the comparison in \"> high\""},
      {"> 5 parsecs", Unit::none,
       "unknown unit \"parsecs\" in \"> 5 parsecs\"; known are %, ms, s, m, h, d, w, B, kB, MB, GB, TB, KiB, MiB, GiB, "
       "TiB"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Read(c.text, c.unit), c.want);
  }
  EXPECT_EQ(Read("0", Unit::none, true), "== 0 (== 0)");
  EXPECT_EQ(Read("high", Unit::none, true), "expected a number in \"high\"");
}

Limit Make(std::string_view text) { return *ConvertLimit(*ParseLimit(text), Unit::none); }

TEST(LimitTest, Overlap) {
  struct Case {
    std::string_view a;
    std::string_view b;
    bool want;
  };
  const Case cases[] = {
      {"> 3", "< 3", false},   {">= 3", "<= 3", true}, {">= 3", "< 3", false},  {"> 3", "< 4", true},
      {"> 3", "> 100", true},  {"< 3", "< 1", true},   {"== 3", "> 2", true},   {"== 3", "> 3", false},
      {"== 3", "!= 3", false}, {"!= 3", "> 1", true},  {"== 1", "== 2", false}, {"== 1", "== 1", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(fmt::format("{} and {}", c.a, c.b));
    EXPECT_EQ(Overlap(Make(c.a), Make(c.b)), c.want);
    EXPECT_EQ(Overlap(Make(c.b), Make(c.a)), c.want);
  }
}

TEST(LimitTest, StrictlyWithin) {
  struct Case {
    std::string_view narrow;
    std::string_view wide;
    bool want;
  };
  const Case cases[] = {
      {"> 5", "> 3", true},   {"> 3", "> 5", false},  {"> 3", "> 3", false}, {"> 3", ">= 3", true},
      {">= 3", "> 3", false}, {"< 1", "< 1.5", true}, {"< 2", "< 1", false}, {"> 3", "< 5", false},
      {"== 0", "< 1", true},  {"== 5", "< 1", false}, {"> 0", "!= 0", true}, {">= 0", "!= 0", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(fmt::format("{} within {}", c.narrow, c.wide));
    EXPECT_EQ(StrictlyWithin(Make(c.narrow), Make(c.wide)), c.want);
  }
}

TEST(LimitTest, Unreachable) {
  struct Case {
    std::string_view limit;
    bool want;  // of values from 0 to 1
  };
  const Case cases[] = {
      {"> 1", true},     {">= 1", false}, {"> 0.99", false}, {">= 1.01", true}, {"< 0", true},   {"<= 0", false},
      {"< 0.01", false}, {"<= -1", true}, {"== 0.5", false}, {"== 1.5", true},  {"== -1", true}, {"!= 7", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.limit);
    EXPECT_EQ(Unreachable(Make(c.limit), 0, 1), c.want);
  }
}

TEST(LimitTest, ANumberAloneComparesAsTold) {
  const auto bare = ParseLimit("20%", Comparison::above);
  ASSERT_TRUE(bare);
  EXPECT_TRUE(bare->bare);
  EXPECT_EQ(ConvertLimit(*bare, Unit::ratio)->text, "> 20%");
  const auto compared = ParseLimit("< -20%", Comparison::above);
  ASSERT_TRUE(compared);
  EXPECT_FALSE(compared->bare);
  EXPECT_EQ(ConvertLimit(*compared, Unit::ratio)->value, -0.2);
  EXPECT_EQ(ParseLimit("many", Comparison::above).error().message, "expected a number in \"many\"");
}

TEST(LimitTest, Units) {
  for (const std::string_view name :
       {"none", "percent", "ratio", "milliseconds", "seconds", "minutes", "hours", "days", "bytes"}) {
    SCOPED_TRACE(name);
    const auto unit = ParseUnit(name);
    ASSERT_TRUE(unit);
    EXPECT_EQ(ToString(*unit), name);
  }
  EXPECT_EQ(ParseUnit("secons").error().message,
            "unknown unit \"secons\" (did you mean \"seconds\"?); units are none, percent, ratio, milliseconds, "
            "seconds, minutes, hours, days, bytes");
}

}  // namespace
}  // namespace rules
