#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/histogram.h"
#include "ingest/protobuf_reader.h"

// Native histograms as protobuf brings them: counts as floats, or as integers of which each bucket says how it differs
// from the one before.

namespace ingest {

base::HistogramSpan ReadSpan(std::string_view message);

// One side's buckets, collected while the fields come.
struct ProtobufBuckets {
  std::vector<base::HistogramSpan> spans;
  std::vector<int64_t> deltas;
  std::vector<double> counts;
  std::vector<double> AddedDeltas() const;  // the integer counts, absolute
  std::vector<double> Counts() const;       // `counts` if there are some, else AddedDeltas
};

// What makes a histogram impossible: buckets that do not fit their spans, a schema there is none of, counts below zero
// or not finite. Null if nothing does; its schema may then still be one that must be reduced.
const char* WhyImpossible(const base::FloatHistogram& histogram);

// Whether the count of a histogram with integer counts is what its buckets, the zero bucket included, add up to. A sum
// that is NaN allows a larger count, as observations of NaN are in no bucket (model/histogram.Histogram.Validate).
// Null if so, else what to tell the sender.
const char* WhyCountsDisagree(const base::FloatHistogram& histogram);

}  // namespace ingest
