#include "promql/by_series.h"

#include <algorithm>
#include <array>
#include <optional>

#include "promql/binary_element.h"
#include "promql/edge_functions.h"
#include "promql/evaluator.h"
#include "promql/metric_names.h"

namespace promql {
namespace {

constexpr uint32_t kInterruptEvery = 256;  // series

const MatrixSelector* RangeArgument(const Call& call) {
  for (const ExprPtr& argument : call.arguments) {
    if (const auto* matrix = As<MatrixSelector>(Unwrap(*argument))) return matrix;
  }
  return nullptr;
}

bool IsPlain(const VectorSelector& selector) { return !selector.anchored && !selector.smoothed; }

bool IsRangeCall(const Call& call) {
  const std::string_view name = call.function->name;
  if (FindRangeFunction(name) == nullptr || name == "absent_over_time") return false;
  const MatrixSelector* matrix = RangeArgument(call);
  return matrix != nullptr && IsPlain(matrix->selector) && (KeepsName(name) || HaveOneName(matrix->selector));
}

bool IsWithScalar(const Binary& binary) {
  const bool left_scalar = TypeOf(*binary.left) == ValueType::scalar;
  const bool right_scalar = TypeOf(*binary.right) == ValueType::scalar;
  if (left_scalar == right_scalar || IsSetOperator(binary.op)) return false;
  return IsBySeries(left_scalar ? *binary.right : *binary.left);
}

// The one selector of an expression that IsBySeries.
const VectorSelector& SelectorOf(const Expr& expr) {
  if (const auto* paren = As<Paren>(expr)) return SelectorOf(*paren->expr);
  if (const auto* call = As<Call>(expr)) return RangeArgument(*call)->selector;
  const auto* binary = As<Binary>(expr);
  if (binary == nullptr) return *As<VectorSelector>(expr);
  return SelectorOf(TypeOf(*binary->left) == ValueType::scalar ? *binary->right : *binary->left);
}

// False where there is more to a series than floats.
bool ReadFloats(const store::Series& series, store::TimeRange range, store::Samples& samples) {
  samples.Clear();
  series.Read(range, samples);
  if (!samples.histograms.empty() || !samples.start_times.empty()) return false;
  store::DropStale(samples);
  return true;
}

}  // namespace

bool IsBySeries(const Expr& expr) {
  if (const auto* paren = As<Paren>(expr)) return IsBySeries(*paren->expr);
  if (const auto* selector = As<VectorSelector>(expr)) return IsPlain(*selector);
  if (const auto* call = As<Call>(expr)) return IsRangeCall(*call);
  if (const auto* binary = As<Binary>(expr)) return IsWithScalar(*binary);
  return false;
}

Columns SeriesValues::ToColumns() const {
  Columns columns(1);
  columns.Reserve(elements_.size());
  for (const Element& element : elements_) {
    const base::Labels& labels = selection_->series[element.series]->labels();
    const size_t row = columns.Add(nameless_ ? DropMetricLabels(labels) : labels, nameless_);
    columns.SetNumber(row, 0, element.value);
  }
  return columns;
}

std::shared_ptr<const Grouping> SeriesValues::GroupsOf(const Aggregate& aggregate) const {
  return selection_->Memo<SelectionMemo>().GroupsOf(*selection_, aggregate, nameless_);
}

bool SelectionMemo::OnlyNames(const store::Selection& selection) {
  const std::scoped_lock lock(mutex_);
  if (names_ == Names::unknown) {
    const bool more = std::ranges::any_of(selection.series, [](const auto& series) { return HasTypeOrUnit(*series); });
    names_ = more ? Names::more : Names::only;
  }
  return names_ == Names::only;
}

std::shared_ptr<const Grouping> SelectionMemo::GroupsOf(const store::Selection& selection, const Aggregate& aggregate,
                                                        bool nameless) {
  const std::scoped_lock lock(mutex_);
  for (const Known& known : groupings_) {
    if (known.without == aggregate.without && known.nameless == nameless && known.grouping == aggregate.grouping) {
      return known.groups;
    }
  }
  auto groups = std::make_shared<Grouping>();
  groups->group_of.reserve(selection.series.size());
  Groups numbers(aggregate);
  for (const auto& series : selection.series) {
    const base::Labels& labels = series->labels();
    groups->group_of.push_back(numbers.NumberOf(nameless ? DropMetricLabels(labels) : labels));
  }
  groups->labels = std::move(numbers).Take();
  if (groupings_.size() >= kMostGroupings) groupings_.erase(groupings_.begin());
  groupings_.push_back({aggregate.grouping, aggregate.without, nameless, groups});
  return groups;
}

base::Result<std::optional<SeriesValues>> Evaluator::EvaluateBySeries(const Expr& expr) {
  if (!steps_.instant() || delayed_names() || query_.options.count_samples || !IsBySeries(expr)) return std::nullopt;
  return ValuesOf(expr);
}

base::Result<std::optional<SeriesValues>> Evaluator::ValuesOf(const Expr& expr) {
  TRY_VOID(Interrupted());
  if (const auto* paren = As<Paren>(expr)) return ValuesOf(*paren->expr);
  if (const auto* selector = As<VectorSelector>(expr)) return LastValues(*selector);
  if (const auto* call = As<Call>(expr)) return RangeCallValues(*call);
  return ValuesWithScalar(*As<Binary>(expr), expr.range);
}

base::Result<std::shared_ptr<const store::Selection>> Evaluator::SelectShared(const VectorSelector& selector,
                                                                              store::TimeRange range) {
  TRY(auto selection, query_.querier.SelectShared(selector.matchers, range));
  TRY_VOID(Room(selection->series.size(), 1));
  return selection;
}

base::Result<std::optional<SeriesValues>> Evaluator::LastValues(const VectorSelector& selector) {
  TRY(const Lookup lookup, ResolveLookup(selector.modifiers));
  // open on the left
  const store::TimeRange range{lookup.first - query_.options.lookback + base::Duration(1), lookup.first};
  TRY(const auto selection, SelectShared(selector, range));
  SeriesValues values(selection, false);
  values.elements().reserve(selection->series.size());
  store::Samples samples;
  for (uint32_t i = 0; i < selection->series.size(); ++i) {
    if (i % kInterruptEvery == 0) TRY_VOID(Interrupted());
    selection->PrefetchAfter(i);
    samples.Clear();
    selection->series[i]->ReadLast(range, samples);
    if (!samples.histograms.empty()) return std::nullopt;
    if (!samples.empty() && !store::IsStale(samples.values[0])) values.elements().push_back({i, samples.values[0]});
  }
  return values;
}

base::Result<std::array<double, 2>> Evaluator::ScalarArguments(const Call& call) {
  std::array<double, 2> values{};
  size_t given = 0;
  for (const ExprPtr& argument : call.arguments) {
    if (TypeOf(*argument) != ValueType::scalar) continue;
    TRY(const Columns scalar, Evaluate(*argument));
    values[given++] = scalar.values(0)[0];
  }
  return values;
}

base::Result<std::optional<SeriesValues>> Evaluator::RangeCallValues(const Call& call) {
  const std::string_view name = call.function->name;
  const MatrixSelector& matrix = *RangeArgument(call);
  TRY(const Lookup lookup, ResolveLookup(matrix.selector.modifiers));
  TRY(const base::Duration length, ResolveDuration(matrix.range, false));
  const EdgeWindow window{lookup.first - length, lookup.first};
  TRY(const auto selection, SelectShared(matrix.selector, {window.start + base::Duration(1), window.end}));
  SeriesValues values(selection, !KeepsName(name));
  if (values.nameless() && !selection->Memo<SelectionMemo>().OnlyNames(*selection)) return std::nullopt;
  values.elements().reserve(selection->series.size());
  const EdgeFunction* const by_edges = FindEdgeFunction(name);
  TRY(const bool filled,
      by_edges != nullptr ? FillByEdges(*by_edges, window, values) : FillByWindow(call, window, values));
  if (!filled) return std::nullopt;
  if ((name == "rate" || name == "increase") && !values.elements().empty()) {
    // IsRangeCall: all are of one metric
    const base::Labels labels = selection->series.front()->labels();
    const auto metric = labels.MetricName();
    if (!metric.empty() && !LooksLikeCounter(metric)) {
      annotations().Inform(remark::PossibleNonCounter(metric), call.arguments[0]->range);
    }
  }
  return values;
}

base::Result<bool> Evaluator::FillByEdges(const EdgeFunction& function, const EdgeWindow& window,
                                          SeriesValues& values) {
  const store::Selection& selection = values.selection();
  const store::TimeRange range{window.start + base::Duration(1), window.end};
  store::Samples samples;
  store::Edges edges;
  for (uint32_t i = 0; i < selection.series.size(); ++i) {
    if (i % kInterruptEvery == 0) TRY_VOID(Interrupted());
    selection.PrefetchReadsAfter(i);
    if (!selection.series[i]->ReadEdges(range, function.falls, samples, edges)) return false;
    if (edges.count == 0) continue;
    const Point point = function.function(edges, window);
    if (point.present()) values.elements().push_back({i, point.value});
  }
  return true;
}

base::Result<bool> Evaluator::FillByWindow(const Call& call, const EdgeWindow& of, SeriesValues& values) {
  const RangeFunction function = FindRangeFunction(call.function->name);
  TRY(const auto parameters, ScalarArguments(call));
  const SourceRange& where = call.arguments[0]->range;
  const store::Selection& selection = values.selection();
  if (selection.series.empty()) return true;
  // IsRangeCall: all are of one metric, or of a function that does not ask for it
  const base::Labels labels = selection.series.front()->labels();
  store::Samples samples;
  for (uint32_t i = 0; i < selection.series.size(); ++i) {
    if (i % kInterruptEvery == 0) TRY_VOID(Interrupted());
    selection.PrefetchReadsAfter(i);
    if (!ReadFloats(*selection.series[i], {of.start + base::Duration(1), of.end}, samples)) return false;
    if (samples.empty()) continue;
    const Window window{samples.times, samples.values, {}, {}, {}, {}, of.start, of.end, steps_.start};
    RangeContext context{labels, where, annotations(), of.end - of.start, Extension::none, parameters, {}};
    const Point point = function(window, context);
    if (!context.failure.empty()) return base::Invalid(context.failure);
    if (point.present()) values.elements().push_back({i, point.value});
  }
  return true;
}

base::Result<std::optional<SeriesValues>> Evaluator::ValuesWithScalar(const Binary& binary, const SourceRange& where) {
  const bool scalar_left = TypeOf(*binary.left) == ValueType::scalar;
  const Expr& vector = scalar_left ? *binary.right : *binary.left;
  TRY(auto values, ValuesOf(vector));
  TRY(const Columns scalar, Evaluate(scalar_left ? *binary.left : *binary.right));
  if (!values) return std::nullopt;
  const bool drops = binary.op >= BinaryOp::add || binary.return_bool;
  if (drops && !values->nameless()) {
    // series of several metrics may become the same
    const store::Selection& selection = values->selection();
    const bool distinct = HaveOneName(SelectorOf(vector)) && selection.Memo<SelectionMemo>().OnlyNames(selection);
    if (!distinct) return std::nullopt;
    values->DropNames();
  }
  const Point number = Point::Number(scalar.values(0)[0]);
  auto& elements = values->elements();
  size_t kept = 0;
  ElementRemark remark;
  for (const SeriesValues::Element& element : elements) {
    const Point point = Point::Number(element.value);
    const auto result = ElementOperation(binary.op, scalar_left ? number : point, scalar_left ? point : number, remark);
    if (!result || (!binary.return_bool && !result->keep)) continue;
    double value = element.value;  // a comparison that holds leaves the vector's own sample
    if (binary.return_bool) {
      value = result->keep ? 1 : 0;
    } else if (!IsComparison(binary.op)) {
      value = result->point.value;
    }
    elements[kept++] = {element.series, value};
  }
  elements.resize(kept);
  Report(remark, binary.op, where, annotations());
  return values;
}

}  // namespace promql
