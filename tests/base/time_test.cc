#include "base/time.h"

#include <gtest/gtest.h>

namespace base {
namespace {

using namespace std::chrono_literals;

TEST(DurationTest, ReadsPrometheusDurations) {
  const struct {
    std::string_view text;
    Duration want;
  } kCases[] = {{"0", 0ms},      {"0s", 0ms},       {"5m", 5min}, {"1h30m", 90min}, {"500ms", 500ms}, {"1d", 24h},
                {"1w", 24h * 7}, {"1y", 24h * 365}, {"90s", 90s}, {"1d12h", 36h},   {"1s1ms", 1001ms}};
  for (const auto& test : kCases) {
    const auto duration = ParseDuration(test.text);
    ASSERT_TRUE(duration) << test.text;
    EXPECT_EQ(*duration, test.want) << test.text;
  }
}

TEST(DurationTest, RefusesEverythingElse) {
  const struct {
    std::string_view text;
    std::string_view want;
  } kCases[] = {
      {"", "empty duration string"},
      {"5", "not a valid duration string: \"5\""},
      {"m", "not a valid duration string: \"m\""},
      {"-5m", "not a valid duration string: \"-5m\""},
      {"5 m", "unknown unit \" m\" in duration \"5 m\""},
      {"1.5h", "unknown unit \".\" in duration \"1.5h\""},
      {"30m1h", "not a valid duration string: \"30m1h\""},
      {"1m1m", "not a valid duration string: \"1m1m\""},
      {"1us", "unknown unit \"us\" in duration \"1us\""},
      {"300y", "duration out of range"},
      {"99999999999999999999s", "duration out of range"},
  };
  for (const auto& test : kCases) {
    const auto duration = ParseDuration(test.text);
    ASSERT_FALSE(duration) << test.text;
    EXPECT_EQ(duration.error().message, test.want);
  }
}

TEST(DurationTest, Prints) {
  const struct {
    Duration duration;
    std::string_view exact;
    std::string_view people;
  } kCases[] = {{0ms, "0s", "0s"},           {90min, "1h30m", "1h 30m"}, {24h, "1d", "1d"},
                {25h, "1d1h", "1d 1h"},      {7 * 24h, "1w", "7d"},      {1500ms, "1s500ms", "1s"},
                {-90s, "-1m30s", "-1m 30s"}, {3h + 5s, "3h5s", "3h"},    {400ms, "400ms", "0s"}};
  for (const auto& test : kCases) {
    EXPECT_EQ(FormatDuration(test.duration), test.exact);
    EXPECT_EQ(FormatDurationForPeople(test.duration), test.people);
  }
}

TEST(TimestampTest, RoundTripsRfc3339) {
  const struct {
    std::string_view text;
    int64_t milliseconds;
    std::string_view printed;
  } kCases[] = {
      {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"},
      {"2026-11-21T01:02:03.5Z", 1795222923500, "2026-11-21T01:02:03.5Z"},
      {"2026-11-21T03:02:03.123456789+02:00", 1795222923123, "2026-11-21T01:02:03.123Z"},
      {"1969-12-31T23:59:59.999Z", -1, "1969-12-31T23:59:59.999Z"},
  };
  for (const auto& test : kCases) {
    const auto time = ParseRfc3339(test.text);
    ASSERT_TRUE(time) << test.text;
    EXPECT_EQ(time->time_since_epoch().count(), test.milliseconds);
    EXPECT_EQ(FormatRfc3339(*time), test.printed);
  }
  for (const std::string_view bad :
       {"", "2026-11-21", "2026-11-21T01:02:03", "2026-13-21T01:02:03Z", "2026-02-30T01:02:03Z", "2026-11-21T24:02:03Z",
        "2026-11-21T01:02:03.Z", "2026-11-21T01:02:03Zx", "2026-11-21T01:02:03+2:00"}) {
    EXPECT_FALSE(ParseRfc3339(bad)) << bad;
  }
}

TEST(TimestampTest, SecondsRoundToTheNearestMillisecondAndNeverOverflow) {
  EXPECT_EQ(TimestampFromSeconds(1.0005).time_since_epoch(), 1001ms);
  EXPECT_EQ(DurationFromSeconds(-0.0004), 0ms);
  EXPECT_EQ(DurationFromSeconds(std::numeric_limits<double>::quiet_NaN()), 0ms);
  EXPECT_GT(DurationFromSeconds(1e300), 0ms);
  EXPECT_DOUBLE_EQ(ToSeconds(Duration(1500)), 1.5);
}

}  // namespace
}  // namespace base
