#include "promql/functions_table.h"

#include <algorithm>

namespace promql {
namespace {

constexpr auto kScalar = ValueType::scalar;
constexpr auto kString = ValueType::string;
constexpr auto kVector = ValueType::vector;
constexpr auto kMatrix = ValueType::matrix;

// name, argument types, their number, variadic, result, experimental
constexpr std::array<FunctionSignature, 90> kFunctions = {{
    {"abs", {kVector}, 1, 0, kVector, false},
    {"absent", {kVector}, 1, 0, kVector, false},
    {"absent_over_time", {kMatrix}, 1, 0, kVector, false},
    {"acos", {kVector}, 1, 0, kVector, false},
    {"acosh", {kVector}, 1, 0, kVector, false},
    {"asin", {kVector}, 1, 0, kVector, false},
    {"asinh", {kVector}, 1, 0, kVector, false},
    {"atan", {kVector}, 1, 0, kVector, false},
    {"atanh", {kVector}, 1, 0, kVector, false},
    {"avg_over_time", {kMatrix}, 1, 0, kVector, false},
    {"ceil", {kVector}, 1, 0, kVector, false},
    {"changes", {kMatrix}, 1, 0, kVector, false},
    {"clamp", {kVector, kScalar, kScalar}, 3, 0, kVector, false},
    {"clamp_max", {kVector, kScalar}, 2, 0, kVector, false},
    {"clamp_min", {kVector, kScalar}, 2, 0, kVector, false},
    {"cos", {kVector}, 1, 0, kVector, false},
    {"cosh", {kVector}, 1, 0, kVector, false},
    {"count_over_time", {kMatrix}, 1, 0, kVector, false},
    {"day_of_month", {kVector}, 1, 1, kVector, false},
    {"day_of_week", {kVector}, 1, 1, kVector, false},
    {"day_of_year", {kVector}, 1, 1, kVector, false},
    {"days_in_month", {kVector}, 1, 1, kVector, false},
    {"deg", {kVector}, 1, 0, kVector, false},
    {"delta", {kMatrix}, 1, 0, kVector, false},
    {"deriv", {kMatrix}, 1, 0, kVector, false},
    {"double_exponential_smoothing", {kMatrix, kScalar, kScalar}, 3, 0, kVector, true},
    {"end", {}, 0, 0, kScalar, true},
    {"exp", {kVector}, 1, 0, kVector, false},
    {"first_over_time", {kMatrix}, 1, 0, kVector, false},
    {"floor", {kVector}, 1, 0, kVector, false},
    {"histogram_avg", {kVector}, 1, 0, kVector, false},
    {"histogram_count", {kVector}, 1, 0, kVector, false},
    {"histogram_fraction", {kScalar, kScalar, kVector}, 3, 0, kVector, false},
    {"histogram_quantile", {kScalar, kVector}, 2, 0, kVector, false},
    {"histogram_quantiles", {kVector, kString, kScalar, kScalar}, 4, 9, kVector, true},
    {"histogram_stddev", {kVector}, 1, 0, kVector, false},
    {"histogram_stdvar", {kVector}, 1, 0, kVector, false},
    {"histogram_sum", {kVector}, 1, 0, kVector, false},
    {"hour", {kVector}, 1, 1, kVector, false},
    {"idelta", {kMatrix}, 1, 0, kVector, false},
    {"increase", {kMatrix}, 1, 0, kVector, false},
    {"info", {kVector, kVector}, 2, 1, kVector, true},
    {"irate", {kMatrix}, 1, 0, kVector, false},
    {"label_join", {kVector, kString, kString, kString}, 4, -1, kVector, false},
    {"label_replace", {kVector, kString, kString, kString, kString}, 5, 0, kVector, false},
    {"last_over_time", {kMatrix}, 1, 0, kVector, false},
    {"ln", {kVector}, 1, 0, kVector, false},
    {"log10", {kVector}, 1, 0, kVector, false},
    {"log2", {kVector}, 1, 0, kVector, false},
    {"mad_over_time", {kMatrix}, 1, 0, kVector, true},
    {"max_of", {kScalar, kScalar}, 2, 0, kScalar, true},
    {"max_over_time", {kMatrix}, 1, 0, kVector, false},
    {"min_of", {kScalar, kScalar}, 2, 0, kScalar, true},
    {"min_over_time", {kMatrix}, 1, 0, kVector, false},
    {"minute", {kVector}, 1, 1, kVector, false},
    {"month", {kVector}, 1, 1, kVector, false},
    {"pi", {}, 0, 0, kScalar, false},
    {"predict_linear", {kMatrix, kScalar}, 2, 0, kVector, false},
    {"present_over_time", {kMatrix}, 1, 0, kVector, false},
    {"quantile_over_time", {kScalar, kMatrix}, 2, 0, kVector, false},
    {"rad", {kVector}, 1, 0, kVector, false},
    {"range", {}, 0, 0, kScalar, true},
    {"rate", {kMatrix}, 1, 0, kVector, false},
    {"resets", {kMatrix}, 1, 0, kVector, false},
    {"round", {kVector, kScalar}, 2, 1, kVector, false},
    {"scalar", {kVector}, 1, 0, kScalar, false},
    {"sgn", {kVector}, 1, 0, kVector, false},
    {"sin", {kVector}, 1, 0, kVector, false},
    {"sinh", {kVector}, 1, 0, kVector, false},
    {"sort", {kVector}, 1, 0, kVector, false},
    {"sort_by_label", {kVector, kString}, 2, -1, kVector, true},
    {"sort_by_label_desc", {kVector, kString}, 2, -1, kVector, true},
    {"sort_desc", {kVector}, 1, 0, kVector, false},
    {"sqrt", {kVector}, 1, 0, kVector, false},
    {"start", {}, 0, 0, kScalar, true},
    {"start_timestamp", {kVector}, 1, 0, kVector, true},
    {"stddev_over_time", {kMatrix}, 1, 0, kVector, false},
    {"stdvar_over_time", {kMatrix}, 1, 0, kVector, false},
    {"step", {}, 0, 0, kScalar, true},
    {"sum_over_time", {kMatrix}, 1, 0, kVector, false},
    {"tan", {kVector}, 1, 0, kVector, false},
    {"tanh", {kVector}, 1, 0, kVector, false},
    {"time", {}, 0, 0, kScalar, false},
    {"timestamp", {kVector}, 1, 0, kVector, false},
    {"ts_of_first_over_time", {kMatrix}, 1, 0, kVector, true},
    {"ts_of_last_over_time", {kMatrix}, 1, 0, kVector, true},
    {"ts_of_max_over_time", {kMatrix}, 1, 0, kVector, true},
    {"ts_of_min_over_time", {kMatrix}, 1, 0, kVector, true},
    {"vector", {kScalar}, 1, 0, kVector, false},
    {"year", {kVector}, 1, 1, kVector, false},
}};
static_assert(std::ranges::is_sorted(kFunctions, {}, &FunctionSignature::name));

}  // namespace

std::string_view ToString(ValueType type) {
  switch (type) {
    case ValueType::none:
      return "none";
    case ValueType::scalar:
      return "scalar";
    case ValueType::string:
      return "string";
    case ValueType::vector:
      return "vector";
    case ValueType::matrix:
      return "matrix";
  }
  return "none";
}

std::string_view DocumentedName(ValueType type) {
  switch (type) {
    case ValueType::vector:
      return "instant vector";
    case ValueType::matrix:
      return "range vector";
    case ValueType::none:
    case ValueType::scalar:
    case ValueType::string:
      return ToString(type);
  }
  return "none";
}

std::span<const FunctionSignature> Functions() { return kFunctions; }

const FunctionSignature* FindFunction(std::string_view name) {
  const auto at = std::ranges::lower_bound(kFunctions, name, {}, &FunctionSignature::name);
  return at != kFunctions.end() && at->name == name ? &*at : nullptr;
}

}  // namespace promql
