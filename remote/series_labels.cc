#include "remote/series_labels.h"

#include <utility>

namespace remote {

constexpr base::Duration kTurn = std::chrono::minutes(10);

SeriesLabels::SeriesLabels(base::Labels external, std::vector<ingest::RelabelConfig> steps)
    : external_(std::move(external)), steps_(std::move(steps)) {}

std::optional<base::Labels> SeriesLabels::Make(const base::Labels& own) const {
  base::LabelsBuilder labels(own);
  for (const base::Label& label : external_) {
    if (!own.Has(label.name)) labels.Set(label.name, label.value);
  }
  if (!ingest::Relabel(steps_, labels)) return std::nullopt;
  base::Labels made = labels.Build();
  if (made.empty()) return std::nullopt;
  return made;
}

const base::Labels* SeriesLabels::Of(const store::MemSeries& series) {
  if (external_.empty() && steps_.empty()) return &series.labels();
  const auto key = static_cast<uint64_t>(series.ref());
  auto known = recent_.find(key);
  if (known == recent_.end()) {
    // moving a node leaves its labels where they are
    if (auto node = older_.extract(key)) {
      known = recent_.insert(std::move(node)).position;
    } else {
      known = recent_.emplace(key, Make(series.labels())).first;
    }
  }
  return known->second ? &*known->second : nullptr;
}

void SeriesLabels::Forget(base::Timestamp now) {
  if (!turned_) turned_ = now;
  if (now - *turned_ < kTurn) return;
  turned_ = now;
  older_ = std::exchange(recent_, {});
}

}  // namespace remote
