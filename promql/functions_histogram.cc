#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "promql/classic_histogram.h"
#include "promql/functions.h"
#include "promql/histogram_math.h"
#include "promql/native_quantile.h"
#include "promql/number_format.h"

namespace promql {
namespace {

constexpr std::string_view kBucketLabel = "le";

struct Reading {
  std::string_view name;
  double (*of)(const FloatHistogram&);
};
constexpr std::array<Reading, 5> kReadings = {{
    {"histogram_avg", [](const FloatHistogram& h) { return h.sum / h.count; }},
    {"histogram_count", [](const FloatHistogram& h) { return h.count; }},
    {"histogram_stddev", [](const FloatHistogram& h) { return std::sqrt(VarianceOfHistogram(h)); }},
    {"histogram_stdvar", VarianceOfHistogram},
    {"histogram_sum", [](const FloatHistogram& h) { return h.sum; }},
}};

// A vector of histograms sorted out: which rows are buckets of the same classic histogram, which are native ones.
// Done once for all steps.
struct Sorted {
  struct Classic {
    base::Labels labels;  // without le
    bool drop_name = false;
    std::vector<std::pair<size_t, double>> buckets;  // row, upper bound
    std::optional<size_t> native_row;                // a native histogram of the very same name and labels
  };
  std::vector<Classic> classics;
  std::vector<size_t> natives;
  std::unordered_map<size_t, size_t> classic_of_native;
  std::vector<size_t> malformed;
};

std::optional<double> BucketBoundOf(const base::Labels& labels) { return base::ParseFloat(labels.Get(kBucketLabel)); }

bool AnyOf(const Columns& columns, size_t row, Presence wanted) {
  return std::ranges::find(columns.presence(row), wanted) != columns.presence(row).end();
}

Sorted SortOut(const Columns& columns) {
  Sorted sorted;
  std::unordered_map<base::Labels, size_t, base::LabelsHash> numbers;
  const std::vector<std::string> without = {std::string(kBucketLabel)};
  for (size_t row = 0; row < columns.size(); ++row) {
    if (AnyOf(columns, row, Presence::histogram)) sorted.natives.push_back(row);
    if (!AnyOf(columns, row, Presence::number)) continue;
    const base::Labels& labels = columns.row(row).labels;
    const auto bound = BucketBoundOf(labels);
    if (!bound) {
      sorted.malformed.push_back(row);
      continue;
    }
    base::Labels key = labels.Drop(without);
    const auto [at, inserted] = numbers.try_emplace(key, sorted.classics.size());
    if (inserted) sorted.classics.push_back({std::move(key), columns.row(row).drop_name, {}, {}});
    sorted.classics[at->second].buckets.emplace_back(row, *bound);
  }
  for (const size_t row : sorted.natives) {
    const auto at = numbers.find(columns.row(row).labels);
    if (at == numbers.end()) continue;
    sorted.classics[at->second].native_row = row;
    sorted.classic_of_native[row] = at->second;
  }
  return sorted;
}

// Runs over all histograms of a vector, classic and native, step by step, and puts numbers in their place.
class HistogramReader {
 public:
  HistogramReader(CallInput& input, size_t vector_argument)
      : evaluator_(input.evaluator),
        columns_(input.arguments[vector_argument]),
        where_(input.argument(vector_argument).range),
        sorted_(SortOut(columns_)),
        out_(columns_.steps()) {
    for (const size_t row : sorted_.malformed) {
      const base::Labels& labels = columns_.row(row).labels;
      evaluator_.annotations().Warn(remark::BadBucketLabel(NameForRemarks(labels), labels.Get(kBucketLabel)), where_);
    }
  }

  // What tells several numbers of the same histogram apart: a label, and the steps it is for (empty: all).
  struct Naming {
    std::string_view label;
    std::string_view value;
    std::vector<bool> steps;
    bool Covers(size_t step) const { return steps.empty() || steps[step]; }
  };

  // One output series per histogram.
  template <class OfClassic, class OfNative>
  base::Result<void> Read(OfClassic of_classic, OfNative of_native, const Naming& naming = {}) {
    TRY_VOID(evaluator_.Room(out_.size() + sorted_.natives.size() + sorted_.classics.size(), out_.steps()));
    for (const size_t row : sorted_.natives) ReadNative(row, of_native, naming);
    for (const Sorted::Classic& classic : sorted_.classics) ReadClassic(classic, of_classic, naming);
    return {};
  }

  base::Result<Columns> Finish() {
    TRY_VOID(evaluator_.CheckEqualRows(out_));
    out_.DropEmptyRows();
    return std::move(out_);
  }

  // Without delayed removal a name is gone by the time remarks are made.
  std::string_view NameForRemarks(const base::Labels& labels) const {
    return evaluator_.delayed_names() ? labels.MetricName() : std::string_view();
  }
  const SourceRange& where() const { return where_; }
  AnnotationSet& annotations() { return evaluator_.annotations(); }

 private:
  size_t AddRow(const base::Labels& labels, const Naming& naming) {
    base::LabelsBuilder builder(labels);
    if (!naming.label.empty()) builder.Set(naming.label, naming.value);
    const size_t row = out_.Add(builder.Build());
    evaluator_.DropName(out_, row);
    return row;
  }

  template <class OfNative>
  void ReadNative(size_t row, OfNative of_native, const Naming& naming) {
    const base::Labels& labels = columns_.row(row).labels;
    const size_t out = AddRow(labels, naming);
    const auto classic = sorted_.classic_of_native.find(row);
    for (size_t step = 0; step < columns_.steps(); ++step) {
      if (columns_.presence(row)[step] != Presence::histogram || !naming.Covers(step)) continue;
      if (classic != sorted_.classic_of_native.end() && AnyBucket(sorted_.classics[classic->second], step)) {
        annotations().Warn(remark::MixedClassicNativeHistograms(NameForRemarks(labels)), where_);
        continue;
      }
      out_.SetNumber(out, step, of_native(*columns_.histogram(row, step), step, labels));
    }
  }

  bool AnyBucket(const Sorted::Classic& classic, size_t step) const {
    return std::ranges::any_of(
        classic.buckets, [&](const auto& bucket) { return columns_.presence(bucket.first)[step] == Presence::number; });
  }

  template <class OfClassic>
  void ReadClassic(const Sorted::Classic& classic, OfClassic of_classic, const Naming& naming) {
    const size_t out = AddRow(classic.labels, naming);
    std::vector<ClassicBucket> buckets;
    for (size_t step = 0; step < columns_.steps(); ++step) {
      if (!naming.Covers(step)) continue;
      if (classic.native_row && columns_.presence(*classic.native_row)[step] == Presence::histogram) continue;
      buckets.clear();
      for (const auto& [row, upper] : classic.buckets) {
        if (columns_.presence(row)[step] != Presence::number) continue;
        buckets.push_back({upper, columns_.values(row)[step]});
      }
      if (!buckets.empty()) out_.SetNumber(out, step, of_classic(buckets, step, classic.labels));
    }
  }

  Evaluator& evaluator_;
  const Columns& columns_;
  const SourceRange& where_;
  Sorted sorted_;
  Columns out_;
};

void RemarkQuantiles(CallInput& input, size_t argument) {
  for (const double quantile : input.arguments[argument].values(0)) {
    if (quantile >= 0 && quantile <= 1) continue;
    input.evaluator.annotations().Warn(remark::InvalidQuantile(quantile), input.argument(argument).range);
  }
}

base::Result<void> ReadQuantile(HistogramReader& reader, const Steps& steps, const Columns& quantiles,
                                const HistogramReader::Naming& naming = {}) {
  const auto at = quantiles.values(0);
  return reader.Read(
      [&](const std::vector<ClassicBucket>& buckets, size_t step, const base::Labels& labels) {
        const ClassicQuantile result = QuantileOfBuckets(at[step], buckets);
        if (result.forced) {
          reader.annotations().InformForcedMonotonicity(
              reader.NameForRemarks(labels), reader.where(),
              {steps.At(step), result.forced->least_bucket, result.forced->greatest_bucket,
               result.forced->greatest_difference});
        }
        return result.value;
      },
      [&](const FloatHistogram& histogram, size_t step, const base::Labels& labels) {
        return QuantileOfHistogram(at[step], histogram, reader.NameForRemarks(labels), reader.where(),
                                   reader.annotations());
      },
      naming);
}

// As OpenMetrics writes a float: with a point or an exponent.
std::string QuantileText(double quantile) {
  std::string text = FormatG(quantile);
  if (std::isfinite(quantile) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

base::Result<Columns> HistogramNumber(CallInput& input) {
  const auto* reading = std::ranges::find(kReadings, input.call.function->name, &Reading::name);
  Columns columns = std::move(input.arguments[0]);
  for (size_t row = 0; row < columns.size(); ++row) {
    input.evaluator.DropName(columns, row);
    for (size_t step = 0; step < columns.steps(); ++step) {
      if (columns.presence(row)[step] == Presence::histogram) {
        columns.SetNumber(row, step, reading->of(*columns.histogram(row, step)));
      } else {
        columns.Clear(row, step);
      }
    }
  }
  TRY_VOID(input.evaluator.CheckEqualRows(columns));
  columns.DropEmptyRows();
  return columns;
}

base::Result<Columns> HistogramQuantile(CallInput& input) {
  RemarkQuantiles(input, 0);
  HistogramReader reader(input, 1);
  TRY_VOID(ReadQuantile(reader, input.evaluator.steps(), input.arguments[0]));
  return reader.Finish();
}

base::Result<Columns> HistogramQuantiles(CallInput& input) {
  HistogramReader reader(input, 0);
  for (size_t i = 2; i < input.arguments.size(); ++i) {
    RemarkQuantiles(input, i);
    // a quantile that changes from step to step gives a series for each of its values
    const auto values = input.arguments[i].values(0);
    std::map<std::string, std::vector<bool>> steps_of;
    for (size_t step = 0; step < values.size(); ++step) {
      steps_of.try_emplace(QuantileText(values[step]), values.size()).first->second[step] = true;
    }
    for (auto& [text, steps] : steps_of) {
      TRY_VOID(
          ReadQuantile(reader, input.evaluator.steps(), input.arguments[i], {input.text(1), text, std::move(steps)}));
    }
  }
  return reader.Finish();
}

base::Result<Columns> HistogramFraction(CallInput& input) {
  HistogramReader reader(input, 2);
  const auto lower = input.arguments[0].values(0);
  const auto upper = input.arguments[1].values(0);
  TRY_VOID(reader.Read([&](const std::vector<ClassicBucket>& buckets, size_t step,
                           const base::Labels&) { return FractionOfBuckets(lower[step], upper[step], buckets); },
                       [&](const FloatHistogram& histogram, size_t step, const base::Labels& labels) {
                         return FractionOfHistogram(lower[step], upper[step], histogram, reader.NameForRemarks(labels),
                                                    reader.where(), reader.annotations());
                       }));
  return reader.Finish();
}

}  // namespace promql
