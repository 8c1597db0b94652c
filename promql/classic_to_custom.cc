#include "promql/classic_to_custom.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "base/text.h"
#include "promql/histogram_math.h"

namespace promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What is known of a classic histogram at one instant.
struct Gathered {
  std::map<double, double> buckets;  // by upper bound, counts cumulative
  std::optional<double> count;
  double sum = 0;
};

base::Result<FloatHistogram> Convert(Gathered gathered) {
  if (!gathered.count && !gathered.buckets.empty()) gathered.count = gathered.buckets.rbegin()->second;
  gathered.buckets.try_emplace(kInfinity, gathered.count.value_or(0));
  FloatHistogram h;
  h.schema = FloatHistogram::kCustomBucketsSchema;
  h.count = gathered.count.value_or(0);
  h.sum = gathered.sum;
  double before = 0;
  for (const auto& [bound, count] : gathered.buckets) {
    if (count < before) return base::Invalid("bucket counts of a classic histogram must not fall");
    h.positive_buckets.push_back(count - before);
    before = count;
    if (!std::isinf(bound)) h.custom_values.push_back(bound);
  }
  if (h.count != before) return base::Invalid("a classic histogram's count differs from its last bucket");
  h.positive_spans = {{0, static_cast<uint32_t>(h.positive_buckets.size())}};
  Compact(h);
  return h;
}

enum class Part : uint8_t { bucket, count, sum };

std::optional<std::pair<Part, std::string_view>> PartOf(std::string_view metric) {
  for (const auto& [ending, part] :
       {std::pair<std::string_view, Part>{"_bucket", Part::bucket}, {"_count", Part::count}, {"_sum", Part::sum}}) {
    if (metric.ends_with(ending)) return std::pair(part, metric.substr(0, metric.size() - ending.size()));
  }
  return std::nullopt;
}

}  // namespace

base::Result<std::vector<CustomSeries>> ToCustomBuckets(const LoadCommand& load) {
  std::map<base::Labels, std::map<base::Timestamp, Gathered>> histograms;
  for (const LoadCommand::Series& series : load.series) {
    const base::Labels& labels = series.noted.labels;
    const auto part = PartOf(labels.MetricName());
    if (!part) continue;
    const auto bound = base::ParseFloat(labels.Get("le"));
    if (part->first == Part::bucket && (!bound || std::isnan(*bound))) continue;
    base::LabelsBuilder builder(labels);
    auto& samples = histograms[builder.Set(base::kMetricName, part->second).Remove("le").Build()];
    for (size_t i = 0; i < series.noted.values.size(); ++i) {
      const NotedValue& value = series.noted.values[i];
      if (value.omitted || value.histogram) continue;
      Gathered& gathered = samples[base::Timestamp(load.interval * static_cast<int64_t>(i))];
      switch (part->first) {
        case Part::bucket:
          gathered.buckets[*bound] = value.value;
          break;
        case Part::count:
          gathered.count = value.value;
          break;
        case Part::sum:
          gathered.sum = value.value;
          break;
      }
    }
  }
  std::vector<CustomSeries> converted;
  for (auto& [labels, samples] : histograms) {
    CustomSeries series{labels, {}};
    for (auto& [time, gathered] : samples) {
      TRY(FloatHistogram h, Convert(std::move(gathered)));
      series.samples.emplace_back(time, std::make_shared<const FloatHistogram>(std::move(h)));
    }
    converted.push_back(std::move(series));
  }
  return converted;
}

}  // namespace promql
