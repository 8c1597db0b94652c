#pragma once

#include <cstddef>
#include <cstdint>

#include "base/histogram.h"
#include "store/sample.h"

// Coarser forms of native histograms. Each step of the schema down merges two neighbouring buckets. Pure.

namespace ingest {

// What the store and PromQL know. Schemas up to kFinestReserved are taken and come down to kFinestSchema, as
// Prometheus does.
inline constexpr int32_t kCoarsestSchema = -4;
inline constexpr int32_t kFinestSchema = 8;
inline constexpr int32_t kFinestReserved = 52;

// Merges buckets until the schema, which is an exponential one, is at most this. The spans fit the buckets.
void ReduceResolution(base::FloatHistogram& histogram, int32_t schema);

// The finest schema whose buckets grow by `factor` at least; any factor up to 1 allows the finest.
int32_t FinestSchemaFor(double factor);

// The histogram with schema `finest` at most and, at a schema as fine as that allows, no more than `most_buckets`
// buckets (0: any number). Null if not even the coarsest schema has so few. Itself where it is already so.
store::HistogramPtr WithinLimits(store::HistogramPtr histogram, int32_t finest, size_t most_buckets);

}  // namespace ingest
