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

struct QueryResult {
  Value value;
  Annotations annotations;
};

}  // namespace promql
