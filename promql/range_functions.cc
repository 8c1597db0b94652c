#include "promql/range_functions.h"

#include <algorithm>
#include <utility>

namespace promql {
namespace {

struct Row {
  std::string_view name;
  RangeFunction function;
};
// Sorted by name. absent_over_time counts what is present and is turned around afterwards.
constexpr auto kRangeFunctions = std::to_array<Row>({
    {"absent_over_time", PresentOverTime},
    {"avg_over_time", AvgOverTime},
    {"changes", Changes},
    {"count_over_time", CountOverTime},
    {"delta", Delta},
    {"deriv", Deriv},
    {"double_exponential_smoothing", DoubleExponentialSmoothing},
    {"first_over_time", FirstOverTime},
    {"idelta", Idelta},
    {"increase", Increase},
    {"irate", Irate},
    {"last_over_time", LastOverTime},
    {"mad_over_time", MadOverTime},
    {"max_over_time", MaxOverTime},
    {"min_over_time", MinOverTime},
    {"predict_linear", PredictLinear},
    {"present_over_time", PresentOverTime},
    {"quantile_over_time", QuantileOverTime},
    {"rate", Rate},
    {"resets", Resets},
    {"stddev_over_time", StddevOverTime},
    {"stdvar_over_time", StdvarOverTime},
    {"sum_over_time", SumOverTime},
    {"ts_of_first_over_time", TsOfFirstOverTime},
    {"ts_of_last_over_time", TsOfLastOverTime},
    {"ts_of_max_over_time", TsOfMaxOverTime},
    {"ts_of_min_over_time", TsOfMinOverTime},
});
static_assert(std::ranges::is_sorted(kRangeFunctions, {}, &Row::name));

}  // namespace

RangeFunction FindRangeFunction(std::string_view name) {
  const auto at = std::ranges::lower_bound(kRangeFunctions, name, {}, &Row::name);
  return at != kRangeFunctions.end() && at->name == name ? at->function : nullptr;
}

}  // namespace promql
