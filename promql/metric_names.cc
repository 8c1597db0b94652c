#include "promql/metric_names.h"

#include <algorithm>
#include <array>

namespace promql {

bool HaveOneName(const VectorSelector& selector) {
  return std::ranges::any_of(selector.matchers, [](const base::Matcher& matcher) {
    return matcher.type() == base::MatchType::equal && matcher.name() == base::kMetricName;
  });
}

bool HasTypeOrUnit(const base::Labels& labels) {
  for (const base::Label& label : labels) {
    if (label.name > "__unit__") return false;
    if (label.name == "__type__" || label.name == "__unit__") return true;
  }
  return false;
}

bool KeepsName(std::string_view function) { return function == "last_over_time" || function == "first_over_time"; }

bool LooksLikeCounter(std::string_view metric) {
  constexpr std::array<std::string_view, 4> kEndings = {"_total", "_sum", "_count", "_bucket"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return metric.ends_with(ending); });
}

}  // namespace promql
