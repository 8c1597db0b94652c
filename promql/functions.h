#pragma once

#include <string_view>

#include "promql/evaluator.h"

// Functions that do not take a range vector, by family. Each is given its arguments evaluated (scalars and vectors; a
// string argument is an empty block, and read from the tree).

namespace promql {

struct CallInput {
  Evaluator& evaluator;
  const Call& call;
  const SourceRange& where;  // of the call
  std::vector<Columns>& arguments;

  const Expr& argument(size_t i) const { return *call.arguments[i]; }
  const std::string& text(size_t i) const { return As<StringLiteral>(Unwrap(argument(i)))->value; }
};
using VectorFunction = base::Result<Columns> (*)(CallInput& input);
VectorFunction FindVectorFunction(std::string_view name);

using NumberFunction = double (*)(double);
// Those that turn each float of a vector into another and leave histograms out; null if it is not one of them.
NumberFunction FindNumberFunction(std::string_view name);
base::Result<Columns> MapNumbers(Evaluator& evaluator, Columns columns, const std::function<double(double, size_t)>& f);

// functions_math.cc
base::Result<Columns> Round(CallInput& input);
base::Result<Columns> Clamp(CallInput& input);
base::Result<Columns> ClampMin(CallInput& input);
base::Result<Columns> ClampMax(CallInput& input);
base::Result<Columns> MinOf(CallInput& input);
base::Result<Columns> MaxOf(CallInput& input);
// functions_time.cc
base::Result<Columns> Time(CallInput& input);
base::Result<Columns> Timestamp(CallInput& input);
base::Result<Columns> StartOfQuery(CallInput& input);
base::Result<Columns> EndOfQuery(CallInput& input);
base::Result<Columns> StepOfQuery(CallInput& input);
base::Result<Columns> RangeOfQuery(CallInput& input);
base::Result<Columns> DatePart(CallInput& input);
// functions_vector.cc
base::Result<Columns> Pi(CallInput& input);
base::Result<Columns> ScalarOf(CallInput& input);
base::Result<Columns> VectorOf(CallInput& input);
base::Result<Columns> Absent(CallInput& input);
base::Result<Columns> Sort(CallInput& input);
base::Result<Columns> SortByLabel(CallInput& input);
// functions_label.cc
base::Result<Columns> LabelReplace(CallInput& input);
base::Result<Columns> LabelJoin(CallInput& input);
// functions_histogram.cc
base::Result<Columns> HistogramNumber(CallInput& input);  // histogram_count, _sum, _avg, _stddev, _stdvar
base::Result<Columns> HistogramQuantile(CallInput& input);
base::Result<Columns> HistogramQuantiles(CallInput& input);
base::Result<Columns> HistogramFraction(CallInput& input);

}  // namespace promql
