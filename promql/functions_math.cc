#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "promql/functions.h"

namespace promql {
namespace {

double Sign(double value) { return value > 0 ? 1 : value < 0 ? -1 : value; }
double Radians(double degrees) { return degrees * std::numbers::pi / 180; }
double Degrees(double radians) { return radians * 180 / std::numbers::pi; }

struct Row {
  std::string_view name;
  NumberFunction function;
};
// Sorted by name.
constexpr auto kNumberFunctions = std::to_array<Row>({
    {"abs", [](double v) { return std::fabs(v); }},
    {"acos", [](double v) { return std::acos(v); }},
    {"acosh", [](double v) { return std::acosh(v); }},
    {"asin", [](double v) { return std::asin(v); }},
    {"asinh", [](double v) { return std::asinh(v); }},
    {"atan", [](double v) { return std::atan(v); }},
    {"atanh", [](double v) { return std::atanh(v); }},
    {"ceil", [](double v) { return std::ceil(v); }},
    {"cos", [](double v) { return std::cos(v); }},
    {"cosh", [](double v) { return std::cosh(v); }},
    {"deg", Degrees},
    {"exp", [](double v) { return std::exp(v); }},
    {"floor", [](double v) { return std::floor(v); }},
    {"ln", [](double v) { return std::log(v); }},
    {"log10", [](double v) { return std::log10(v); }},
    {"log2", [](double v) { return std::log2(v); }},
    {"rad", Radians},
    {"sgn", Sign},
    {"sin", [](double v) { return std::sin(v); }},
    {"sinh", [](double v) { return std::sinh(v); }},
    {"sqrt", [](double v) { return std::sqrt(v); }},
    {"tan", [](double v) { return std::tan(v); }},
    {"tanh", [](double v) { return std::tanh(v); }},
});
static_assert(std::ranges::is_sorted(kNumberFunctions, {}, &Row::name));

// NaN wins over all but the infinity that nothing goes beyond, and of two zeros the negative one is the smaller.
double Smaller(double a, double b) {
  constexpr double kLeast = -std::numeric_limits<double>::infinity();
  if (a == kLeast || b == kLeast) return kLeast;
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) ? a : b;
  if (a == 0 && b == 0) return std::signbit(a) ? a : b;
  return std::min(a, b);
}
double Greater(double a, double b) {
  constexpr double kMost = std::numeric_limits<double>::infinity();
  if (a == kMost || b == kMost) return kMost;
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) ? a : b;
  if (a == 0 && b == 0) return std::signbit(a) ? b : a;
  return std::max(a, b);
}

base::Result<Columns> ClampBetween(CallInput& input, const Columns* least, const Columns* greatest) {
  Columns columns = std::move(input.arguments[0]);
  const double infinity = std::numeric_limits<double>::infinity();
  const auto low = [&](size_t step) { return least != nullptr ? least->values(0)[step] : -infinity; };
  const auto high = [&](size_t step) { return greatest != nullptr ? greatest->values(0)[step] : infinity; };
  for (size_t step = 0; step < columns.steps(); ++step) {
    if (!(high(step) < low(step))) continue;
    for (size_t row = 0; row < columns.size(); ++row) columns.Clear(row, step);
  }
  return MapNumbers(input.evaluator, std::move(columns),
                    [&](double value, size_t step) { return Greater(low(step), Smaller(high(step), value)); });
}

base::Result<Columns> Combine(CallInput& input, double (*choose)(double, double)) {
  Columns columns = std::move(input.arguments[0]);
  const auto values = columns.values(0);
  const auto others = input.arguments[1].values(0);
  for (size_t step = 0; step < columns.steps(); ++step) values[step] = choose(values[step], others[step]);
  return columns;
}

}  // namespace

NumberFunction FindNumberFunction(std::string_view name) {
  const auto at = std::ranges::lower_bound(kNumberFunctions, name, {}, &Row::name);
  return at != kNumberFunctions.end() && at->name == name ? at->function : nullptr;
}

base::Result<Columns> MapNumbers(Evaluator& evaluator, Columns columns,
                                 const std::function<double(double, size_t)>& f) {
  for (size_t row = 0; row < columns.size(); ++row) {
    evaluator.DropName(columns, row);
    const auto values = columns.values(row);
    const auto presence = columns.presence(row);
    for (size_t step = 0; step < columns.steps(); ++step) {
      if (presence[step] == Presence::number) {
        values[step] = f(values[step], step);
      } else {
        presence[step] = Presence::none;
      }
    }
  }
  TRY_VOID(evaluator.CheckEqualRows(columns));
  columns.DropEmptyRows();
  return columns;
}

base::Result<Columns> Round(CallInput& input) {
  const Columns* nearest = input.arguments.size() > 1 ? &input.arguments[1] : nullptr;
  return MapNumbers(input.evaluator, std::move(input.arguments[0]), [nearest](double value, size_t step) {
    const double inverse = 1.0 / (nearest != nullptr ? nearest->values(0)[step] : 1.0);
    return std::floor(value * inverse + 0.5) / inverse;
  });
}

base::Result<Columns> Clamp(CallInput& input) { return ClampBetween(input, &input.arguments[1], &input.arguments[2]); }
base::Result<Columns> ClampMin(CallInput& input) { return ClampBetween(input, &input.arguments[1], nullptr); }
base::Result<Columns> ClampMax(CallInput& input) { return ClampBetween(input, nullptr, &input.arguments[1]); }
base::Result<Columns> MinOf(CallInput& input) { return Combine(input, Smaller); }
base::Result<Columns> MaxOf(CallInput& input) { return Combine(input, Greater); }

}  // namespace promql
