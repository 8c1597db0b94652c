#include "exporter/registry_adapter.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <algorithm>

namespace exporter {
namespace {

MetricType TypeOf(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return MetricType::counter;
    case prometheus::MetricType::Gauge:
      return MetricType::gauge;
    case prometheus::MetricType::Summary:
      return MetricType::summary;
    case prometheus::MetricType::Histogram:
      return MetricType::histogram;
    default:
      return MetricType::untyped;
  }
}

std::string LabelText(std::vector<prometheus::ClientMetric::Label> labels) {
  std::sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::string text;
  for (const auto& label : labels) AppendLabel(text, 0, label.name, label.value);
  return text;
}

void AddMetric(MetricFamily& family, const prometheus::ClientMetric& metric) {
  const std::string labels = LabelText(metric.label);
  switch (family.type) {
    case MetricType::counter:
      return AddSample(family, labels, metric.counter.value);
    case MetricType::gauge:
      return AddSample(family, labels, metric.gauge.value);
    case MetricType::info:
    case MetricType::untyped:
      return AddSample(family, labels, metric.untyped.value);
    case MetricType::summary:
      for (const auto& quantile : metric.summary.quantile) {
        AddSample(family, labels, quantile.value, SampleKind::quantile, quantile.quantile);
      }
      AddSample(family, labels, metric.summary.sample_sum, SampleKind::sum);
      return AddSample(family, labels, static_cast<double>(metric.summary.sample_count), SampleKind::count);
    case MetricType::histogram:
      for (const auto& bucket : metric.histogram.bucket) {
        AddSample(family, labels, static_cast<double>(bucket.cumulative_count), SampleKind::bucket, bucket.upper_bound);
      }
      AddSample(family, labels, metric.histogram.sample_sum, SampleKind::sum);
      return AddSample(family, labels, static_cast<double>(metric.histogram.sample_count), SampleKind::count);
  }
}

}  // namespace

MetricFamilies FromCollectable(const prometheus::Collectable& collectable) {
  MetricFamilies families;
  for (const prometheus::MetricFamily& from : collectable.Collect()) {
    MetricFamily family{from.name, TypeOf(from.type), from.help, std::string(UnitOfName(from.name)), "", {}};
    for (const prometheus::ClientMetric& metric : from.metric) AddMetric(family, metric);
    SortSamples(family);
    families.push_back(std::move(family));
  }
  return families;
}

}  // namespace exporter
