#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "base/text.h"
#include "promql/aggregate_groups.h"
#include "promql/histogram_math.h"
#include "promql/label_hash.h"
#include "promql/number_format.h"

// Aggregations that sample or tell apart rather than compute: limitk, limit_ratio and count_values.

namespace promql {
namespace {

// A place of the series in [0, 1], always the same for the same labels.
double SampleOffset(const base::Labels& labels) {
  return static_cast<double>(PrometheusHash(labels)) / static_cast<double>(std::numeric_limits<uint64_t>::max());
}

bool InRatio(double ratio, double offset) { return ratio >= 0 ? offset < ratio : offset >= 1 + ratio; }

base::Result<void> CheckRatios(const AggregateInput& input) {
  const auto ratios = input.parameter->values(0);
  if (std::ranges::any_of(ratios, [](double r) { return std::isnan(r); })) return base::Invalid("Ratio value is NaN");
  const auto [least, greatest] = std::ranges::minmax_element(ratios);
  const SourceRange& where = input.aggregate.parameter->range;
  if (*greatest > 1) input.evaluator.annotations().Warn(remark::InvalidRatio(*greatest, 1), where);
  if (*least < -1) input.evaluator.annotations().Warn(remark::InvalidRatio(*least, -1), where);
  return {};
}

base::Result<Columns> LimitByRatio(const AggregateInput& input) {
  TRY_VOID(CheckRatios(input));
  const auto ratios = input.parameter->values(0);
  Columns out = input.columns;
  for (size_t row = 0; row < out.size(); ++row) {
    const double offset = SampleOffset(out.row(row).labels);
    for (size_t step = 0; step < out.steps(); ++step) {
      if (ratios[step] == 0 || !InRatio(std::clamp(ratios[step], -1.0, 1.0), offset)) out.Clear(row, step);
    }
  }
  out.DropEmptyRows();
  return out;
}

base::Result<Columns> LimitByCount(const AggregateInput& input) {
  TRY(const std::vector<size_t> limits, LimitsOf(input));
  const Grouping groups = GroupRows(input.columns, input.aggregate);
  Columns out = input.columns;
  std::vector<size_t> taken(groups.size());
  for (size_t step = 0; step < out.steps(); ++step) {
    std::ranges::fill(taken, 0);
    for (size_t row = 0; row < out.size(); ++row) {
      if (out.presence(row)[step] == Presence::none) continue;
      size_t& count = taken[groups.group_of[row]];
      if (count == limits[step]) {
        out.Clear(row, step);
      } else {
        ++count;
      }
    }
  }
  out.DropEmptyRows();
  return out;
}

std::string ValueText(const Point& point) {
  return point.presence == Presence::histogram ? ToString(*point.histogram) : FormatPlain(point.value);
}

}  // namespace

base::Result<Columns> AggregateLimit(const AggregateInput& input) {
  return input.aggregate.op == AggregateOp::limitk ? LimitByCount(input) : LimitByRatio(input);
}

base::Result<Columns> AggregateCountValues(const AggregateInput& input) {
  const std::string& name = As<StringLiteral>(Unwrap(*input.aggregate.parameter))->value;
  if (name.empty() || !base::IsValidUtf8(name)) {
    return base::Invalid(fmt::format("invalid label name {}", base::Quote(name)));
  }
  std::vector<std::string> grouping = input.aggregate.grouping;
  if (!input.aggregate.without) grouping.push_back(name);
  Columns out(input.columns.steps());
  std::unordered_map<base::Labels, size_t, base::LabelsHash> rows;
  for (size_t row = 0; row < input.columns.size(); ++row) {
    TRY_VOID(input.evaluator.Interrupted());
    for (size_t step = 0; step < out.steps(); ++step) {
      const Point point = input.columns.at(row, step);
      if (!point.present()) continue;
      base::LabelsBuilder builder(input.columns.row(row).labels);
      builder.Set(name, ValueText(point));
      base::Labels labels = GroupLabels(builder.Build(), grouping, input.aggregate.without);
      const auto [at, inserted] = rows.try_emplace(labels, out.size());
      if (inserted) {
        TRY_VOID(input.evaluator.Room(out.size() + 1, out.steps()));
        out.Add(std::move(labels));
      }
      const bool counted = out.presence(at->second)[step] != Presence::none;
      out.SetNumber(at->second, step, counted ? out.values(at->second)[step] + 1 : 1);
    }
  }
  return out;
}

}  // namespace promql
