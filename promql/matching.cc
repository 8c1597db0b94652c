#include "promql/matching.h"

namespace promql {
namespace {

// on() and ignoring() name labels; a series' name counts only where on() names it.
base::Labels Signature(const base::Labels& labels, const VectorMatching& matching,
                       const std::vector<std::string>& ignored) {
  return matching.on ? labels.Keep(matching.labels) : labels.Drop(ignored);
}

}  // namespace

std::vector<MatchGroup> GroupByMatch(const Columns& left, const Columns& right, const VectorMatching& matching) {
  std::vector<std::string> ignored = matching.labels;
  ignored.emplace_back(base::kMetricName);
  std::unordered_map<base::Labels, size_t, base::LabelsHash> numbers;
  numbers.reserve(left.size() + right.size());
  std::vector<MatchGroup> groups;
  const auto group_of = [&](const base::Labels& labels) -> MatchGroup& {
    const auto [at, inserted] = numbers.try_emplace(Signature(labels, matching, ignored), groups.size());
    if (inserted) groups.emplace_back();
    return groups[at->second];
  };
  for (size_t row = 0; row < left.size(); ++row) group_of(left.row(row).labels).left.push_back(row);
  for (size_t row = 0; row < right.size(); ++row) group_of(right.row(row).labels).right.push_back(row);
  return groups;
}

base::Labels MatchLabels(const base::Labels& labels, const VectorMatching& matching) {
  std::vector<std::string> ignored = matching.labels;
  ignored.emplace_back(base::kMetricName);
  return Signature(labels, matching, ignored);
}

}  // namespace promql
