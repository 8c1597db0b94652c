#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "promql/functions.h"

namespace promql {
namespace {

// A second since the epoch, split into calendar parts (UTC). Years beyond what the calendar carries give its ends.
struct Moment {
  std::chrono::year_month_day date;
  std::chrono::weekday weekday;
  std::chrono::hh_mm_ss<std::chrono::seconds> clock;

  explicit Moment(std::chrono::sys_seconds time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    date = std::chrono::year_month_day(day);
    weekday = std::chrono::weekday(day);
    clock = std::chrono::hh_mm_ss(time - day);
  }
};

double DayOfYear(const Moment& moment) {
  const std::chrono::sys_days first = moment.date.year() / std::chrono::January / 1;
  return static_cast<double>((std::chrono::sys_days(moment.date) - first).count()) + 1;
}

double DaysInMonth(const Moment& moment) {
  const auto last = moment.date.year() / moment.date.month() / std::chrono::last;
  return static_cast<unsigned>(last.day());
}

struct Part {
  std::string_view name;
  double (*of)(const Moment&);
};
constexpr std::array<Part, 8> kParts = {{
    {"day_of_month", [](const Moment& m) { return static_cast<double>(static_cast<unsigned>(m.date.day())); }},
    {"day_of_week", [](const Moment& m) { return static_cast<double>(m.weekday.c_encoding()); }},
    {"day_of_year", DayOfYear},
    {"days_in_month", DaysInMonth},
    {"hour", [](const Moment& m) { return static_cast<double>(m.clock.hours().count()); }},
    {"minute", [](const Moment& m) { return static_cast<double>(m.clock.minutes().count()); }},
    {"month", [](const Moment& m) { return static_cast<double>(static_cast<unsigned>(m.date.month())); }},
    {"year", [](const Moment& m) { return static_cast<double>(static_cast<int>(m.date.year())); }},
}};

std::chrono::sys_seconds ToMoment(double seconds) {
  constexpr double kLimit = 1e12;  // what std::chrono::year can carry
  const double whole = std::isnan(seconds) ? 0 : std::trunc(std::fmin(std::fmax(seconds, -kLimit), kLimit));
  return std::chrono::sys_seconds(std::chrono::seconds(static_cast<int64_t>(whole)));
}

}  // namespace

base::Result<Columns> Time(CallInput& input) {
  const Steps& steps = input.evaluator.steps();
  Columns columns = ScalarColumns(steps.count, 0);
  for (size_t step = 0; step < steps.count; ++step) columns.SetNumber(0, step, base::ToSeconds(steps.At(step)));
  return columns;
}

// Of what is no selector: when it was evaluated.
base::Result<Columns> Timestamp(CallInput& input) {
  const Steps& steps = input.evaluator.steps();
  Columns columns = std::move(input.arguments[0]);
  for (size_t row = 0; row < columns.size(); ++row) {
    input.evaluator.DropName(columns, row);
    for (size_t step = 0; step < steps.count; ++step) {
      if (columns.presence(row)[step] == Presence::none) continue;
      columns.SetNumber(row, step, base::ToSeconds(steps.At(step)));
    }
  }
  TRY_VOID(input.evaluator.CheckEqualRows(columns));
  return columns;
}

base::Result<Columns> StartOfQuery(CallInput& input) {
  return ScalarColumns(input.evaluator.steps().count, base::ToSeconds(input.evaluator.query().start));
}
base::Result<Columns> EndOfQuery(CallInput& input) {
  return ScalarColumns(input.evaluator.steps().count, base::ToSeconds(input.evaluator.query().end));
}
base::Result<Columns> StepOfQuery(CallInput& input) {
  return ScalarColumns(input.evaluator.steps().count, base::ToSeconds(input.evaluator.query().step));
}
base::Result<Columns> RangeOfQuery(CallInput& input) {
  const QueryState& query = input.evaluator.query();
  return ScalarColumns(input.evaluator.steps().count, base::ToSeconds(query.end - query.start));
}

base::Result<Columns> DatePart(CallInput& input) {
  const auto* part = std::ranges::find(kParts, input.call.function->name, &Part::name);
  if (!input.arguments.empty()) {
    return MapNumbers(input.evaluator, std::move(input.arguments[0]),
                      [part](double value, size_t) { return part->of(Moment(ToMoment(value))); });
  }
  const Steps& steps = input.evaluator.steps();
  Columns columns = ScalarColumns(steps.count, 0);
  for (size_t step = 0; step < steps.count; ++step) {
    columns.SetNumber(0, step, part->of(Moment(std::chrono::floor<std::chrono::seconds>(steps.At(step)))));
  }
  return columns;
}

}  // namespace promql
