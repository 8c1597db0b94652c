#include "promql/matching.h"

#include <string>
#include <unordered_map>
#include <utility>

namespace promql {
namespace {

// on() and ignoring() name labels; a series' name counts only where on() names it.
base::Labels Signature(const base::Labels& labels, const VectorMatching& matching,
                       const std::vector<std::string>& ignored) {
  return matching.on ? labels.Keep(matching.labels) : labels.Drop(ignored);
}

}  // namespace

MatchGroups GroupByMatch(const Columns& left, const Columns& right, const VectorMatching& matching) {
  std::vector<std::string> ignored = matching.labels;
  ignored.emplace_back(base::kMetricName);
  std::unordered_map<base::Labels, size_t, base::LabelsHash> numbers;
  numbers.reserve(left.size() + right.size());
  const auto number = [&](const Columns& side, std::vector<size_t>& groups) {
    groups.reserve(side.size());
    for (size_t row = 0; row < side.size(); ++row) {
      base::Labels signature = Signature(side.row(row).labels, matching, ignored);
      groups.push_back(numbers.try_emplace(std::move(signature), numbers.size()).first->second);
    }
  };
  MatchGroups groups;
  number(left, groups.left);
  number(right, groups.right);
  groups.count = numbers.size();
  return groups;
}

base::Labels MatchLabels(const base::Labels& labels, const VectorMatching& matching) {
  std::vector<std::string> ignored = matching.labels;
  ignored.emplace_back(base::kMetricName);
  return Signature(labels, matching, ignored);
}

}  // namespace promql
