#include "rules/threshold/local_time.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

// PromQL has no calendar but month(), day_of_month() and day_of_week() of UTC. "The last Sunday of March is over or
// today" can be said with them: the Sunday before or today has a date of 25 or more. Asked at a time that is shifted by
// the hour of the turn, that is exact to the second.
//
// Between the turns of spring and autumn is summer in the north and winter in the south. The two turns are asked at
// times that differ by an hour, so neither is asked near the end of the year: spring's counts up to a month in the
// middle of both, autumn's from the month before that one.

namespace rules {
namespace {

std::string Shifted(int32_t seconds) {
  if (seconds == 0) return "vector(time())";
  return fmt::format("vector(time() {} {})", seconds < 0 ? '-' : '+', std::abs(seconds));
}

// The least date that the weekday of the turn has.
std::string EarliestDate(const base::TimeZone::Turn& turn, const std::string& time) {
  constexpr std::array<int, 13> kDays = {0, 31, 0, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (turn.week < 5) return fmt::format("{}", 7 * (turn.week - 1) + 1);
  const int days = kDays.at(static_cast<size_t>(turn.month));
  return days == 0 ? fmt::format("days_in_month({}) - 6", time) : fmt::format("{}", days - 6);
}

// The date that the weekday of the turn had last, today included.
std::string LastDate(const base::TimeZone::Turn& turn, const std::string& time) {
  if (turn.weekday == 0) return fmt::format("day_of_month({0}) - day_of_week({0})", time);
  return fmt::format("day_of_month({0}) - (day_of_week({0}) + {1}) % 7", time, 7 - turn.weekday);
}

}  // namespace

std::optional<std::string> LocalTimeExpression(const base::TimeZone::YearlyTurns& turns) {
  const bool north = turns.to_summer.month < turns.to_standard.month;
  const base::TimeZone::Turn& spring = north ? turns.to_summer : turns.to_standard;
  const base::TimeZone::Turn& autumn = north ? turns.to_standard : turns.to_summer;
  if (autumn.month - spring.month < 3) return std::nullopt;
  const int middle = (spring.month + autumn.month) / 2;
  const std::string early = Shifted(-spring.utc_seconds);
  const std::string late = Shifted(-autumn.utc_seconds);
  const std::string after_spring =
      fmt::format("(month({0}) > bool {1}) * (month({0}) <= bool {2}) + (month({0}) == bool {1}) * ({3} >= bool {4})",
                  early, spring.month, middle + 1, LastDate(spring, early), EarliestDate(spring, early));
  const std::string before_autumn =
      fmt::format("(month({0}) >= bool {1}) * (month({0}) < bool {2}) + (month({0}) == bool {2}) * ({3} < bool {4})",
                  late, middle, autumn.month, LastDate(autumn, late), EarliestDate(autumn, late));
  return fmt::format("{} + {} * ({} + {} {} bool 0)", Shifted(turns.standard_offset),
                     turns.summer_offset - turns.standard_offset, after_spring, before_autumn, north ? ">" : "==");
}

}  // namespace rules
