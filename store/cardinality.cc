#include <algorithm>
#include <shared_mutex>

#include "store/head.h"

namespace store {
namespace {

struct Counted {
  const std::string* name;
  const Value* value;
  uint64_t series;
};

// Most first, ties by name; the same as the tables promise.
void KeepMost(CardinalityTables::Table& table, size_t limit) {
  const auto most_first = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  const auto end = table.begin() + static_cast<std::ptrdiff_t>(std::min(limit, table.size()));
  std::partial_sort(table.begin(), end, table.end(), most_first);
  table.erase(end, table.end());
}

void KeepMost(std::vector<Counted>& pairs, size_t limit) {
  const auto most_first = [](const Counted& a, const Counted& b) {
    if (a.series != b.series) return a.series > b.series;
    return *a.name != *b.name ? *a.name < *b.name : a.value->text() < b.value->text();
  };
  const auto end = pairs.begin() + static_cast<std::ptrdiff_t>(std::min(limit, pairs.size()));
  std::partial_sort(pairs.begin(), end, pairs.end(), most_first);
  pairs.erase(end, pairs.end());
}

}  // namespace

CardinalityTables Head::Cardinality(size_t limit) const {
  CardinalityTables tables;
  const std::shared_lock lock(mutex_);
  std::vector<Counted> most;
  for (const auto& [name, values] : index_.names()) {
    std::vector<Counted> pairs;
    uint64_t bytes = 0;
    values.ForEach([&](const Value& value) {
      bytes += value.text().size();
      pairs.push_back({&name, &value, value.postings().ids().size()});
    });
    tables.values_by_label_name.emplace_back(name, values.size());
    tables.bytes_by_label_name.emplace_back(name, bytes);
    KeepMost(pairs, limit);
    if (name == base::kMetricName) {
      for (const Counted& pair : pairs) tables.series_by_metric_name.emplace_back(pair.value->text(), pair.series);
    }
    most.insert(most.end(), pairs.begin(), pairs.end());
  }
  KeepMost(most, limit);
  for (const Counted& pair : most) {
    tables.series_by_label_pair.emplace_back(*pair.name + "=" + std::string(pair.value->text()), pair.series);
  }
  KeepMost(tables.values_by_label_name, limit);
  KeepMost(tables.bytes_by_label_name, limit);
  return tables;
}

}  // namespace store
