#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/labels.h"
#include "base/time.h"
#include "store/sample.h"

namespace promql {

// What an expression evaluates to, in Prometheus' four kinds.
struct Scalar {
  base::Timestamp time;
  double value = 0;
};
struct String {
  base::Timestamp time;
  std::string value;
};
// One element of an instant vector: a float, or a histogram where that is set.
struct VectorSample {
  base::Labels labels;
  base::Timestamp time;
  double value = 0;
  store::HistogramPtr histogram;
};
using Vector = std::vector<VectorSample>;
// One series of a range query's result. Gaps are instants that are not there.
struct MatrixSeries {
  base::Labels labels;
  store::Samples samples;
};
using Matrix = std::vector<MatrixSeries>;
using Value = std::variant<Scalar, String, Vector, Matrix>;

// Remarks on a query that still has a result; texts as Prometheus words them, each once, positions as "(line:col)".
struct Annotations {
  std::vector<std::string> warnings;
  std::vector<std::string> infos;
};

// What a query has read, as Prometheus counts it (util/stats): a sample counts at each step that looks at it, and a
// native histogram as so many floats of its size.
struct SampleCounts {
  int64_t total_queryable = 0;
  int64_t peak = 0;  // cells held at once; this engine holds others than Prometheus
};

struct QueryResult {
  Value value;
  Annotations annotations;
  SampleCounts samples = {};  // zero without EngineOptions::count_samples
};

}  // namespace promql
