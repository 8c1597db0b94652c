#include "rules/threshold/local_time.h"

#include <gtest/gtest.h>

#include "promql/engine.h"
#include "promql/parser.h"
#include "store/head.h"

namespace rules {
namespace {

namespace c = std::chrono;

const base::Timestamp kFrom{c::days(c::sys_days(c::year(2026) / 1 / 1).time_since_epoch())};

class LocalTimeTest : public testing::Test {
 protected:
  // What the expression says the offset is, in seconds.
  double OffsetBy(const promql::Expr& expr, base::Timestamp time) {
    const auto result = engine_.Instant(expr, time, head_);
    if (!result) return -1;
    const auto* const vector = std::get_if<promql::Vector>(&result->value);
    if (vector == nullptr || vector->size() != 1) return -2;
    return vector->front().value - base::ToSeconds(time.time_since_epoch());
  }
  // Whether both agree at this time; the clock of the place decides.
  testing::AssertionResult Agree(const base::TimeZone& zone, const promql::Expr& expr, base::Timestamp time) {
    const double want = zone.At(time).offset_seconds;
    const double got = OffsetBy(expr, time);
    if (got == want) return testing::AssertionSuccess();
    return testing::AssertionFailure() << zone.name() << " at " << base::FormatRfc3339(time) << ": " << got << ", not "
                                       << want;
  }

  store::Head head_{store::HeadOptions{}};
  promql::Engine engine_{promql::EngineOptions{}};
};

TEST_F(LocalTimeTest, IsTheClockOfThePlace) {
  for (const std::string_view name : {"Europe/Berlin", "Europe/London", "America/New_York", "America/Santiago",
                                      "Australia/Sydney", "Australia/Lord_Howe", "Asia/Jerusalem", "America/Nuuk",
                                      "Pacific/Auckland", "Asia/Beirut", "Pacific/Chatham", "Atlantic/Azores"}) {
    const auto zone = base::TimeZone::Load(name);
    ASSERT_TRUE(zone) << name;
    const auto turns = zone->TurnsFrom(kFrom);
    ASSERT_TRUE(turns) << name;
    const auto text = LocalTimeExpression(*turns);
    ASSERT_TRUE(text) << name;
    const auto expr = promql::Parse(*text);
    ASSERT_TRUE(expr) << *text;
    // each day, and around each turn and each new year to the second
    base::Timestamp last = kFrom;
    for (base::Timestamp time = kFrom; time < kFrom + c::days(12 * 365); time += c::hours(24)) {
      ASSERT_TRUE(Agree(*zone, **expr, time));
      if (zone->At(time).offset_seconds != zone->At(last).offset_seconds) {
        base::Timestamp turn = last;
        while (zone->At(turn).offset_seconds == zone->At(last).offset_seconds) turn += c::minutes(1);
        for (const int seconds : {-7201, -3601, -60, -1, 0, 1, 3600, 7200}) {
          ASSERT_TRUE(Agree(*zone, **expr, turn + c::seconds(seconds)));
        }
      }
      last = time;
    }
    for (int year = 2026; year < 2050; ++year) {
      const base::Timestamp new_year{c::days(c::sys_days(c::year(year) / 1 / 1).time_since_epoch())};
      for (int minutes = -36 * 60; minutes <= 36 * 60; minutes += 30) {
        ASSERT_TRUE(Agree(*zone, **expr, new_year + c::minutes(minutes)));
      }
    }
  }
}

TEST_F(LocalTimeTest, NoTurnsWhereThereIsNoYearlyRule) {
  for (const std::string_view name : {"UTC", "Asia/Tokyo", "Africa/Casablanca"}) {
    const auto zone = base::TimeZone::Load(name);
    ASSERT_TRUE(zone) << name;
    EXPECT_FALSE(zone->TurnsFrom(kFrom)) << name;
  }
}

TEST_F(LocalTimeTest, ReadsAsAPersonWouldSayIt) {
  const auto turns = base::TimeZone::Load("Europe/Berlin").value().TurnsFrom(kFrom);
  ASSERT_TRUE(turns);
  EXPECT_EQ(LocalTimeExpression(*turns),
            "vector(time() + 3600) + 3600 * ("
            "(month(vector(time() - 3600)) > bool 3) * (month(vector(time() - 3600)) <= bool 7)"
            " + (month(vector(time() - 3600)) == bool 3) * (day_of_month(vector(time() - 3600))"
            " - day_of_week(vector(time() - 3600)) >= bool 25)"
            " + (month(vector(time() - 3600)) >= bool 6) * (month(vector(time() - 3600)) < bool 10)"
            " + (month(vector(time() - 3600)) == bool 10) * (day_of_month(vector(time() - 3600))"
            " - day_of_week(vector(time() - 3600)) < bool 25) > bool 0)");
}

}  // namespace
}  // namespace rules
