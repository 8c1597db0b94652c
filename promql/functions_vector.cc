#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <set>

#include "promql/absent.h"
#include "promql/functions.h"

namespace promql {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Digit runs compare as numbers ("x2" before "x10"), everything else by bytes.
bool NaturallyLess(std::string_view a, std::string_view b) {
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (!IsDigit(a[i]) || !IsDigit(b[j])) {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
      ++i, ++j;
      continue;
    }
    const size_t a_begin = i, b_begin = j;
    while (i < a.size() && a[i] == '0') ++i;
    while (j < b.size() && b[j] == '0') ++j;
    const size_t a_number = i, b_number = j;
    while (i < a.size() && IsDigit(a[i])) ++i;
    while (j < b.size() && IsDigit(b[j])) ++j;
    if (i - a_number != j - b_number) return i - a_number < j - b_number;
    if (const int order = a.substr(a_number, i - a_number).compare(b.substr(b_number, j - b_number)); order != 0) {
      return order < 0;
    }
    if (i - a_begin != j - b_begin) return i - a_begin < j - b_begin;
  }
  return a.size() - i < b.size() - j;
}

std::vector<size_t> RowNumbers(const Columns& columns) {
  std::vector<size_t> order(columns.size());
  std::iota(order.begin(), order.end(), size_t{0});
  return order;
}

}  // namespace

base::Labels LabelsOfAbsent(const Expr& argument) {
  const Expr& inner = Unwrap(argument);
  const VectorSelector* selector = As<VectorSelector>(inner);
  if (const auto* matrix = As<MatrixSelector>(inner)) selector = &matrix->selector;
  if (selector == nullptr) return {};
  base::LabelsBuilder builder;
  std::set<std::string_view> seen;
  for (const base::Matcher& matcher : selector->matchers) {
    if (matcher.name() == base::kMetricName) continue;
    if (matcher.type() == base::MatchType::equal && seen.insert(matcher.name()).second) {
      builder.Set(matcher.name(), matcher.value());
    } else {
      builder.Remove(matcher.name());
    }
  }
  return builder.Build();
}

base::Result<Columns> Pi(CallInput& input) { return ScalarColumns(input.evaluator.steps().count, std::numbers::pi); }

base::Result<Columns> ScalarOf(CallInput& input) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const Columns& vector = input.arguments[0];
  Columns columns = ScalarColumns(input.evaluator.steps().count, kNaN);
  for (size_t step = 0; step < columns.steps(); ++step) {
    int found = 0;
    for (size_t row = 0; row < vector.size() && found < 2; ++row) {
      if (vector.presence(row)[step] != Presence::number) continue;
      columns.SetNumber(0, step, ++found == 1 ? vector.values(row)[step] : kNaN);
    }
  }
  return columns;
}

base::Result<Columns> VectorOf(CallInput& input) { return std::move(input.arguments[0]); }

base::Result<Columns> Absent(CallInput& input) {
  const Columns& vector = input.arguments[0];
  Columns columns(input.evaluator.steps().count);
  const size_t row = columns.Add(LabelsOfAbsent(input.argument(0)));
  for (size_t step = 0; step < columns.steps(); ++step) {
    bool present = false;
    for (size_t i = 0; i < vector.size() && !present; ++i) present = vector.presence(i)[step] != Presence::none;
    if (!present) columns.SetNumber(row, step, 1);
  }
  columns.DropEmptyRows();
  return columns;
}

base::Result<Columns> Sort(CallInput& input) {
  Columns columns = std::move(input.arguments[0]);
  for (size_t row = 0; row < columns.size(); ++row) {
    for (Presence& presence : columns.presence(row)) {
      if (presence == Presence::histogram) presence = Presence::none;
    }
  }
  columns.DropEmptyRows();
  if (!input.evaluator.steps().instant()) {
    input.evaluator.annotations().Warn(remark::SortInRangeQuery(), input.where);
    return columns;
  }
  const bool descending = input.call.function->name == "sort_desc";
  std::vector<size_t> order = RowNumbers(columns);
  // NaN comes last either way
  std::ranges::stable_sort(order, [&](size_t a, size_t b) {
    const double x = columns.values(a)[0], y = columns.values(b)[0];
    if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
    return descending ? x > y : x < y;
  });
  columns.Reorder(order);
  return columns;
}

base::Result<Columns> SortByLabel(CallInput& input) {
  Columns columns = std::move(input.arguments[0]);
  if (!input.evaluator.steps().instant()) {
    input.evaluator.annotations().Warn(remark::SortInRangeQuery(), input.where);
    return columns;
  }
  const bool descending = input.call.function->name == "sort_by_label_desc";
  const auto less = [&](size_t a, size_t b) {
    const base::Labels& x = columns.row(a).labels;
    const base::Labels& y = columns.row(b).labels;
    for (size_t i = 1; i < input.call.arguments.size(); ++i) {
      const std::string_view left = x.Get(input.text(i)), right = y.Get(input.text(i));
      if (left != right) return NaturallyLess(left, right);
    }
    return x < y;
  };
  std::vector<size_t> order = RowNumbers(columns);
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return descending ? less(b, a) : less(a, b); });
  columns.Reorder(order);
  return columns;
}

}  // namespace promql
