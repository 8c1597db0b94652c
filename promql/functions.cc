#include "promql/functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "promql/info.h"

namespace promql {
namespace {

struct Row {
  std::string_view name;
  VectorFunction function;
};
// Sorted by name.
constexpr auto kVectorFunctions = std::to_array<Row>({
    {"absent", Absent},
    {"clamp", Clamp},
    {"clamp_max", ClampMax},
    {"clamp_min", ClampMin},
    {"day_of_month", DatePart},
    {"day_of_week", DatePart},
    {"day_of_year", DatePart},
    {"days_in_month", DatePart},
    {"end", EndOfQuery},
    {"histogram_avg", HistogramNumber},
    {"histogram_count", HistogramNumber},
    {"histogram_fraction", HistogramFraction},
    {"histogram_quantile", HistogramQuantile},
    {"histogram_quantiles", HistogramQuantiles},
    {"histogram_stddev", HistogramNumber},
    {"histogram_stdvar", HistogramNumber},
    {"histogram_sum", HistogramNumber},
    {"hour", DatePart},
    {"label_join", LabelJoin},
    {"label_replace", LabelReplace},
    {"max_of", MaxOf},
    {"min_of", MinOf},
    {"minute", DatePart},
    {"month", DatePart},
    {"pi", Pi},
    {"range", RangeOfQuery},
    {"round", Round},
    {"scalar", ScalarOf},
    {"sort", Sort},
    {"sort_by_label", SortByLabel},
    {"sort_by_label_desc", SortByLabel},
    {"sort_desc", Sort},
    {"start", StartOfQuery},
    {"step", StepOfQuery},
    {"time", Time},
    {"timestamp", Timestamp},
    {"vector", VectorOf},
    {"year", DatePart},
});
static_assert(std::ranges::is_sorted(kVectorFunctions, {}, &Row::name));

}  // namespace

VectorFunction FindVectorFunction(std::string_view name) {
  const auto at = std::ranges::lower_bound(kVectorFunctions, name, {}, &Row::name);
  return at != kVectorFunctions.end() && at->name == name ? at->function : nullptr;
}

base::Result<Columns> Evaluator::EvaluateCall(const Call& call, const Expr& expr) {
  const std::string_view name = call.function->name;
  if (FindRangeFunction(name) != nullptr) return EvaluateRangeCall(call);
  if (name == "info") return EvaluateInfo(*this, call);
  const bool of_selector = !call.arguments.empty() && As<VectorSelector>(Unwrap(*call.arguments[0])) != nullptr;
  if (of_selector && name == "timestamp") {
    return EvaluateTimestamps(*As<VectorSelector>(Unwrap(*call.arguments[0])), false);
  }
  if (name == "start_timestamp") {
    if (!of_selector) return Columns(steps_.count);
    return EvaluateTimestamps(*As<VectorSelector>(Unwrap(*call.arguments[0])), true);
  }
  std::vector<Columns> arguments;
  for (const ExprPtr& argument : call.arguments) {
    if (TypeOf(*argument) == ValueType::string) {
      arguments.emplace_back(0);
      continue;
    }
    TRY(Columns columns, Evaluate(*argument));
    arguments.push_back(std::move(columns));
  }
  if (const NumberFunction number = FindNumberFunction(name)) {
    return MapNumbers(*this, std::move(arguments[0]), [number](double value, size_t) { return number(value); });
  }
  const VectorFunction function = FindVectorFunction(name);
  if (function == nullptr) return base::Fail(base::ErrorCode::internal, fmt::format("no implementation of {}", name));
  CallInput input{*this, call, expr.range, arguments};
  return function(input);
}

}  // namespace promql
