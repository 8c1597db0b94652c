#include "store/edges.h"

#include <algorithm>

namespace store {

Edges EdgesOf(std::span<const base::Timestamp> times, std::span<const double> values, bool falls) {
  Edges edges;
  edges.count = values.size();
  if (values.empty()) return edges;
  edges.first_time = times.front(), edges.first = values.front();
  edges.last_time = times.back(), edges.last = values.back();
  if (values.size() < 2) return edges;
  edges.before_last_time = times[times.size() - 2], edges.before_last = values[values.size() - 2];
  for (size_t i = 1; falls && i < values.size(); ++i) {
    if (!(values[i] < values[i - 1])) continue;
    ++edges.falls;
    edges.before_falls += values[i - 1];
  }
  return edges;
}

void DropStale(Samples& samples) {
  if (std::ranges::none_of(samples.values, IsStale)) return;
  size_t kept = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (IsStale(samples.values[i])) continue;
    samples.times[kept] = samples.times[i];
    samples.values[kept++] = samples.values[i];
  }
  samples.times.resize(kept);
  samples.values.resize(kept);
}

}  // namespace store
