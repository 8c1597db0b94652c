#include "promql/script_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/text.h"
#include "promql/histogram_math.h"
#include "promql/number_format.h"
#include "promql/parser.h"

namespace promql {
namespace {

using Complaint = std::optional<std::string>;

Complaint CheckRemarks(std::string_view kind, const std::vector<Expectation>& wanted, bool none,
                       const std::vector<std::string>& found) {
  if (none && !found.empty()) return fmt::format("unexpected {}: {}", kind, base::Join(found, "; "));
  if (wanted.empty()) return std::nullopt;
  for (const Expectation& one : wanted) {
    if (std::ranges::any_of(found, [&](const std::string& text) { return one.Matches(text); })) continue;
    return fmt::format("expected {} {} but got: {}", kind, base::Quote(one.text()), base::Join(found, "; "));
  }
  for (const std::string& text : found) {
    if (std::ranges::any_of(wanted, [&](const Expectation& one) { return one.Matches(text); })) continue;
    return fmt::format("unexpected {} {}", kind, base::Quote(text));
  }
  return std::nullopt;
}

bool SameCounts(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, AlmostEqual);
}

bool SameHistogram(FloatHistogram wanted, FloatHistogram found, bool hint) {
  Compact(wanted);
  Compact(found);
  return wanted.schema == found.schema && AlmostEqual(wanted.count, found.count) &&
         AlmostEqual(wanted.sum, found.sum) && wanted.zero_threshold == found.zero_threshold &&
         AlmostEqual(wanted.zero_count, found.zero_count) && wanted.positive_spans == found.positive_spans &&
         wanted.negative_spans == found.negative_spans && SameCounts(wanted.positive_buckets, found.positive_buckets) &&
         SameCounts(wanted.negative_buckets, found.negative_buckets) &&
         (!UsesCustomBuckets(wanted) || wanted.custom_values == found.custom_values) &&
         (!hint || wanted.counter_reset_hint == found.counter_reset_hint);
}

bool SameSample(const NotedValue& wanted, double value, const store::HistogramPtr& histogram) {
  if (wanted.histogram) return histogram && SameHistogram(*wanted.histogram, *histogram, wanted.hint_given);
  return !histogram && AlmostEqual(wanted.value, value);
}

std::string HintText(base::CounterResetHint hint) {
  switch (hint) {
    case base::CounterResetHint::unknown:
      return "";
    case base::CounterResetHint::reset:
      return " reset";
    case base::CounterResetHint::not_reset:
      return " not_reset";
    case base::CounterResetHint::gauge:
      return " gauge";
  }
  return "";
}

std::string SampleText(double value, const store::HistogramPtr& histogram) {
  if (!histogram) return FormatG(value);
  return fmt::format("{}@{}{}", ToString(*histogram), histogram->schema, HintText(histogram->counter_reset_hint));
}

std::string NotedText(const NotedValue& value) {
  return value.omitted ? "_" : SampleText(value.value, value.histogram);
}

std::string SamplesText(const store::Samples& samples) {
  std::string text;
  for (size_t i = 0; i < samples.size(); ++i) {
    const store::HistogramPtr histogram = samples.histograms.empty() ? nullptr : samples.histograms[i];
    text +=
        fmt::format(" {}@{}", SampleText(samples.values[i], histogram), samples.times[i].time_since_epoch().count());
  }
  return text;
}

class Expected {
 public:
  explicit Expected(const EvalCommand& eval) {
    for (size_t i = 0; i < eval.series.size(); ++i) of_[eval.series[i].labels] = {i, &eval.series[i]};
  }
  // The series and its place, which counts as seen from now on.
  const std::pair<size_t, const NotedSeries*>* Find(const base::Labels& labels) {
    const auto at = of_.find(labels);
    if (at == of_.end()) return nullptr;
    seen_[labels] = true;
    return &at->second;
  }
  Complaint Missing() const {
    for (const auto& [labels, unused] : of_) {
      if (!seen_.contains(labels)) return fmt::format("expected metric {} not found", labels.ToString());
    }
    return std::nullopt;
  }

 private:
  std::map<base::Labels, std::pair<size_t, const NotedSeries*>> of_;
  std::map<base::Labels, bool> seen_;
};

Complaint CheckSeries(const EvalCommand& eval, const NotedSeries& wanted, const MatrixSeries& found) {
  const auto complain = [&] {
    std::string text;
    for (const NotedValue& value : wanted.values) text += " " + NotedText(value);
    return fmt::format("expected{} for {} but got{}", text, found.labels.ToString(), SamplesText(found.samples));
  };
  size_t next = 0;
  for (size_t i = 0; i < wanted.values.size(); ++i) {
    const base::Timestamp time = eval.start + eval.step * static_cast<int64_t>(i);
    if (time > eval.end)
      return fmt::format("expected {} points, but the query cannot return as many", wanted.values.size());
    if (wanted.values[i].omitted) continue;
    if (next >= found.samples.size() || found.samples.times[next] != time) return complain();
    const store::HistogramPtr histogram = found.samples.histograms.empty() ? nullptr : found.samples.histograms[next];
    if (!SameSample(wanted.values[i], found.samples.values[next], histogram)) return complain();
    ++next;
  }
  return next == found.samples.size() ? std::nullopt : Complaint(complain());
}

Complaint CheckMatrix(const EvalCommand& eval, const Matrix& matrix) {
  if (eval.ordered) return "expected ordered result, but query returned a matrix";
  if (eval.scalar && !eval.range) return "expected scalar result, but got a matrix";
  const bool sorted = std::ranges::is_sorted(matrix, [](const auto& a, const auto& b) { return a.labels < b.labels; });
  if (!sorted) return "matrix results should always be sorted by labels";
  Expected expected(eval);
  for (const MatrixSeries& series : matrix) {
    const auto* wanted = expected.Find(series.labels);
    if (wanted == nullptr) {
      return fmt::format("unexpected metric {} in result, has{}", series.labels.ToString(),
                         SamplesText(series.samples));
    }
    if (const Complaint complaint = CheckSeries(eval, *wanted->second, series)) return complaint;
  }
  return expected.Missing();
}

Complaint CheckVector(const EvalCommand& eval, const Vector& vector) {
  if (eval.scalar) return "expected scalar result, but got a vector";
  Expected expected(eval);
  for (size_t i = 0; i < vector.size(); ++i) {
    const VectorSample& sample = vector[i];
    const auto* wanted = expected.Find(sample.labels);
    const std::string text = SampleText(sample.value, sample.histogram);
    if (wanted == nullptr) {
      return fmt::format("unexpected metric {} in result, has value {}", sample.labels.ToString(), text);
    }
    if (eval.ordered && wanted->first != i) {
      return fmt::format("expected metric {} at position {} but was at {}", sample.labels.ToString(), wanted->first + 1,
                         i + 1);
    }
    const NotedValue value = wanted->second->values.empty() ? NotedValue() : wanted->second->values.front();
    if (!SameSample(value, sample.value, sample.histogram)) {
      return fmt::format("expected {} for {} but got {}", NotedText(value), sample.labels.ToString(), text);
    }
  }
  return expected.Missing();
}

Complaint CheckScalar(const EvalCommand& eval, double value) {
  if (!eval.scalar) return fmt::format("expected vector or matrix result, but got scalar {}", FormatG(value));
  if (AlmostEqual(*eval.scalar, value)) return std::nullopt;
  return fmt::format("expected scalar {} but got {}", FormatG(*eval.scalar), FormatG(value));
}

bool IsTimeDependent(std::string_view function) {
  constexpr auto kFunctions = std::to_array<std::string_view>(
      {"day_of_month", "day_of_week", "day_of_year", "days_in_month", "end", "hour", "minute", "month",
       "predict_linear", "range", "start", "step", "time", "timestamp", "year"});
  return std::ranges::binary_search(kFunctions, function);
}

void PinTime(TimeModifiers& modifiers, base::Timestamp time) {
  if (modifiers.at == AtKind::timestamp) return;
  modifiers.at = AtKind::timestamp;
  modifiers.timestamp = time;
}

// Puts `@ time` on the outermost selectors and subqueries. Null where a function asks for the time itself.
ExprPtr PinTimes(const Expr& expr, base::Timestamp time) {
  auto copy = std::make_shared<Expr>(expr);
  if (auto* selector = std::get_if<VectorSelector>(&copy->node)) PinTime(selector->modifiers, time);
  if (auto* matrix = std::get_if<MatrixSelector>(&copy->node)) PinTime(matrix->selector.modifiers, time);
  if (auto* subquery = std::get_if<Subquery>(&copy->node)) {
    PinTime(subquery->modifiers, time);
    return copy;
  }
  const auto* call = std::get_if<Call>(&copy->node);
  if (call != nullptr && IsTimeDependent(call->function->name)) return nullptr;
  for (ExprPtr* child : ChildSlots(*copy)) {
    *child = PinTimes(**child, time);
    if (!*child) return nullptr;
  }
  return copy;
}

}  // namespace

bool AlmostEqual(double a, double b) {
  constexpr double kTolerance = 1e-6, kLeast = std::numeric_limits<double>::min();
  if (store::IsStale(a) || store::IsStale(b)) return store::IsStale(a) && store::IsStale(b);
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  const double sum = std::fabs(a) + std::fabs(b), difference = std::fabs(a - b);
  if (a == 0 || b == 0 || sum < kLeast) return difference < kTolerance * kLeast;
  return difference / std::fmin(sum, std::numeric_limits<double>::max()) < kTolerance;
}

Complaint CheckResult(const EvalCommand& eval, const base::Result<QueryResult>& result) {
  if (!result) {
    const std::string& message = result.error().message;
    if (!eval.failure) return "evaluation failed: " + message;
    if (eval.failure->Matches(message)) return std::nullopt;
    return fmt::format("expected error {} but got {}", base::Quote(eval.failure->text()), base::Quote(message));
  }
  if (eval.failure) return "expected an error but got none";
  const Annotations& remarks = result->annotations;
  if (auto complaint = CheckRemarks("warning", eval.warnings, eval.no_warnings, remarks.warnings)) return complaint;
  if (auto complaint = CheckRemarks("info", eval.infos, eval.no_infos, remarks.infos)) return complaint;
  return CheckValue(eval, result->value);
}

Complaint CheckValue(const EvalCommand& eval, const Value& value) {
  if (const auto* matrix = std::get_if<Matrix>(&value)) return CheckMatrix(eval, *matrix);
  if (const auto* vector = std::get_if<Vector>(&value)) return CheckVector(eval, *vector);
  if (const auto* scalar = std::get_if<Scalar>(&value)) return CheckScalar(eval, scalar->value);
  const std::string& text = std::get<String>(value).value;
  if (text == eval.string.value_or("")) return std::nullopt;
  return fmt::format("expected string {} but got {}", base::Quote(eval.string.value_or("")), base::Quote(text));
}

std::vector<EvalVariant> AtVariants(const EvalCommand& eval) {
  const ExprPtr pinned = PinTimes(*eval.expr, eval.instant);
  if (!pinned) return {};
  // asked as text, so that the printer is proved along the way
  const auto reparsed = Parse(ToString(*pinned), ScriptEngineOptions().parse);
  if (!reparsed) return {{nullptr, eval.instant}};
  const base::Duration at = eval.instant.time_since_epoch();
  std::vector<base::Duration> times = {at * -10, base::Duration(0), at / 5, at, at * 10};
  if (at.count() == 0) times = {base::Duration(-1000), base::Duration(0), base::Duration(1000)};
  std::vector<EvalVariant> variants;
  for (const base::Duration time : times) variants.push_back({*reparsed, base::Timestamp(time)});
  return variants;
}

bool DependsOnQuery(const Expr& expr) {
  const std::string text = ToString(expr);
  return std::ranges::any_of(std::to_array<std::string_view>({"start()", "end()", "range()", "step()"}),
                             [&](std::string_view call) { return text.contains(call); });
}

Value AtInstant(const Value& value, base::Timestamp time, ValueType type) {
  Vector vector;
  for (const MatrixSeries& series : std::get<Matrix>(value)) {
    const auto at = std::ranges::find(series.samples.times, time);
    if (at == series.samples.times.end()) continue;
    const auto i = static_cast<size_t>(at - series.samples.times.begin());
    vector.push_back({series.labels, time, series.samples.values[i],
                      series.samples.histograms.empty() ? nullptr : series.samples.histograms[i]});
  }
  if (type == ValueType::scalar && !vector.empty()) return Scalar{time, vector.front().value};
  return vector;
}

}  // namespace promql
