#include "remote/series_labels.h"

#include <utility>

namespace remote {

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
  const auto key = static_cast<uint64_t>(series.ref());
  const std::optional<base::Labels>* known = known_.Find(key);
  if (known == nullptr) known = &known_.Add(key, Make(series.labels()));
  return *known ? &**known : nullptr;
}

}  // namespace remote
