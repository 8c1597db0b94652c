#include "rules/lint/function_facts.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace rules {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Functions whose values lie in a range of their own.
struct FixedRange {
  std::string_view name;
  double least;
  double most;
  bool nan;
};
constexpr FixedRange kFixed[] = {
    {"abs", 0, kInfinity, true},
    {"absent", 1, 1, false},
    {"absent_over_time", 1, 1, false},
    {"changes", 0, kInfinity, false},
    {"cos", -1, 1, true},
    {"count_over_time", 1, kInfinity, false},
    {"day_of_month", 1, 31, true},
    {"day_of_week", 0, 6, true},
    {"day_of_year", 1, 366, true},
    {"days_in_month", 28, 31, true},
    {"exp", 0, kInfinity, true},
    {"histogram_fraction", 0, 1, true},
    {"hour", 0, 23, true},
    {"minute", 0, 59, true},
    {"month", 1, 12, true},
    {"pi", M_PI, M_PI, false},
    {"present_over_time", 1, 1, false},
    {"resets", 0, kInfinity, false},
    {"sgn", -1, 1, true},
    {"sin", -1, 1, true},
    {"sqrt", 0, kInfinity, true},
    {"stddev_over_time", 0, kInfinity, true},
    {"stdvar_over_time", 0, kInfinity, true},
    {"tanh", -1, 1, true},
};

// Functions whose values are among those of their only vector.
constexpr std::string_view kWithin[] = {
    "avg_over_time",  "first_over_time",    "label_join",    "label_replace",
    "last_over_time", "max_over_time",      "min_over_time", "sort",
    "sort_by_label",  "sort_by_label_desc", "sort_desc",     "vector",
};

constexpr std::string_view kKeeping[] = {
    "abs",           "ceil", "clamp_max", "clamp_min", "day_of_month", "day_of_week",   "day_of_year",
    "days_in_month", "exp",  "floor",     "hour",      "label_join",   "label_replace", "ln",
    "log10",         "log2", "minute",    "month",     "round",        "sgn",           "sort",
    "sort_desc",     "sqrt", "timestamp", "vector",    "year",
};

constexpr std::string_view kPairs[] = {"rate",   "increase", "irate",          "delta",
                                       "idelta", "deriv",    "predict_linear", "double_exponential_smoothing"};

template <class List>
bool Holds(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != std::end(list);
}

ValueRange Clamp(const ValueRange& value, double least, double most) {
  if (std::isnan(least) || std::isnan(most)) return {};
  return {.least = std::clamp(value.least, least, std::max(least, most)),
          .most = std::clamp(value.most, least, std::max(least, most)),
          .nan = value.nan};
}

}  // namespace

ValueRange RangeOfFunction(std::string_view function, std::span<const ValueRange> arguments) {
  for (const FixedRange& fixed : kFixed) {
    if (fixed.name == function) return {.least = fixed.least, .most = fixed.most, .nan = fixed.nan};
  }
  if (arguments.empty()) return {};
  const ValueRange& first = arguments.front();
  if (Holds(kWithin, function)) return first;
  if (function == "scalar") return {.least = first.least, .most = first.most, .nan = true};
  if (function == "quantile_over_time" && arguments.size() == 2) {
    return first.constant() && first.least >= 0 && first.least <= 1 ? arguments[1] : ValueRange();
  }
  if (function == "ceil") return {std::ceil(first.least), std::ceil(first.most), first.nan};
  if (function == "floor") return {std::floor(first.least), std::floor(first.most), first.nan};
  if (function == "clamp_min" && arguments.size() == 2) return Clamp(first, arguments[1].least, kInfinity);
  if (function == "clamp_max" && arguments.size() == 2) return Clamp(first, -kInfinity, arguments[1].most);
  if (function == "clamp" && arguments.size() == 3) return Clamp(first, arguments[1].least, arguments[2].most);
  if (function == "sum_over_time" && first.least >= 0) return {first.least, kInfinity, first.nan};
  return {};
}

bool KeepsEverySample(std::string_view function) { return Holds(kKeeping, function); }
bool NeedsTwoSamples(std::string_view function) { return Holds(kPairs, function); }

}  // namespace rules
