#include "ingest/histogram_resolution.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

namespace ingest {
namespace {

// Bucket i of a schema reaches from its base to the power i - 1, exclusive, to the power i; 2^steps of them make one.
int64_t MergedIndex(int64_t index, int steps) { return ((index - 1) >> steps) + 1; }

void Merge(std::vector<base::HistogramSpan>& spans, std::vector<double>& buckets, int steps) {
  std::vector<base::HistogramSpan> merged;
  int64_t index = 0;
  int64_t next = 0;  // where a span of offset 0 would go on
  size_t at = 0;
  size_t written = 0;
  for (const base::HistogramSpan& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length; ++i, ++index) {
      const double count = buckets[at++];
      const int64_t target = MergedIndex(index, steps);
      if (written > 0 && target == next - 1) {
        buckets[written - 1] += count;
        continue;
      }
      if (merged.empty() || target != next) merged.push_back({static_cast<int32_t>(target - next), 0});
      ++merged.back().length;
      next = target + 1;
      buckets[written++] = count;
    }
  }
  buckets.resize(written);
  spans = std::move(merged);
}

size_t BucketsOf(const base::FloatHistogram& histogram) {
  return histogram.positive_buckets.size() + histogram.negative_buckets.size();
}

}  // namespace

void ReduceResolution(base::FloatHistogram& histogram, int32_t schema) {
  if (histogram.schema <= schema) return;
  const int steps = histogram.schema - schema;
  Merge(histogram.positive_spans, histogram.positive_buckets, steps);
  Merge(histogram.negative_spans, histogram.negative_buckets, steps);
  histogram.schema = schema;
}

int32_t FinestSchemaFor(double factor) {
  if (!(factor > 1)) return kFinestSchema;
  const double schema = std::floor(-std::log2(std::log2(factor)));
  return static_cast<int32_t>(std::clamp<double>(schema, kCoarsestSchema, kFinestSchema));
}

store::HistogramPtr WithinLimits(store::HistogramPtr histogram, int32_t finest, size_t most_buckets) {
  const bool fits = most_buckets == 0 || BucketsOf(*histogram) <= most_buckets;
  if (histogram->schema == base::FloatHistogram::kCustomBucketsSchema) return fits ? histogram : nullptr;
  if (fits && histogram->schema <= finest) return histogram;
  const auto reduced = std::make_shared<base::FloatHistogram>(*histogram);
  ReduceResolution(*reduced, finest);
  while (most_buckets > 0 && BucketsOf(*reduced) > most_buckets) {
    if (reduced->schema <= kCoarsestSchema) return nullptr;
    ReduceResolution(*reduced, reduced->schema - 1);
  }
  return reduced;
}

}  // namespace ingest
