#include "promql/metric_names.h"

#include <algorithm>
#include <array>

namespace promql {

bool HaveOneName(const VectorSelector& selector) {
  return std::ranges::any_of(selector.matchers, [](const base::Matcher& matcher) {
    return matcher.type() == base::MatchType::equal && matcher.name() == base::kMetricName;
  });
}

bool HasTypeOrUnit(const store::Series& series) {
  return !series.Label("__type__").empty() || !series.Label("__unit__").empty();
}

bool KeepsName(std::string_view function) { return function == "last_over_time" || function == "first_over_time"; }

bool LooksLikeCounter(std::string_view metric) {
  constexpr std::array<std::string_view, 4> kEndings = {"_total", "_sum", "_count", "_bucket"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return metric.ends_with(ending); });
}

}  // namespace promql
