#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "exporter/config.h"
#include "exporter/config_reading.h"

// How a metric of the sql collector is written down.

namespace exporter {

using base::Optional;
using base::Required;
using base::YamlNode;
using base::YamlReader;

bool ReadYaml(const YamlReader& in, MetricType& out) {
  static constexpr std::pair<std::string_view, MetricType> kTypes[] = {{"gauge", MetricType::gauge},
                                                                       {"counter", MetricType::counter},
                                                                       {"histogram", MetricType::histogram},
                                                                       {"info", MetricType::info},
                                                                       {"untyped", MetricType::untyped}};
  std::string text;
  if (!base::ReadYaml(in, text)) return false;
  for (const auto& [name, type] : kTypes) {
    if (text != name) continue;
    out = type;
    return true;
  }
  in.Fail(fmt::format("\"{}\" is not one of gauge, counter, histogram, info, untyped", text));
  return false;
}

// [column, …] or {label: column, …}; adds to what static_labels gave.
bool ReadYaml(const YamlReader& in, std::vector<LabelSource>& out) {
  bool good = true;
  if (in.node().kind == YamlNode::Kind::map) {
    for (const auto& [key, value] : in.node().entries) {
      LabelSource source{key.text, "", ""};
      const YamlReader entry = in.Entry(value, key.text);
      good = base::ReadYaml(entry, source.column) && CheckLabelName(entry, source.label) && good;
      out.push_back(std::move(source));
    }
    return good;
  }
  std::vector<std::string> columns;
  if (!base::ReadYaml(in, columns)) return false;
  for (size_t i = 0; i < columns.size(); ++i) {
    good = CheckLabelName(in.Item(i), columns[i]) && good;
    out.push_back({columns[i], columns[i], ""});
  }
  return good;
}

namespace {

bool ReadStaticLabels(const YamlReader& in, MetricSpec& out) {
  std::map<std::string, std::string> labels;
  bool good = base::ReadYaml(in, labels);
  for (const auto& [label, text] : labels) {
    good = CheckLabelName(in, label) && good;
    out.labels.push_back({label, "", text});
  }
  return good;
}

bool ReadBuckets(const YamlReader& in, MetricSpec& out) {
  std::map<std::string, std::string> columns;
  bool good = base::ReadYaml(in, columns);
  for (const auto& [bound, column] : columns) {
    const std::optional<double> number = base::ParseFloat(bound);
    if (number && *number == *number) {
      out.histogram.buckets.emplace_back(*number, column);
    } else {
      in.Fail(fmt::format("\"{}\" is not an upper bound", bound));
      good = false;
    }
  }
  std::sort(out.histogram.buckets.begin(), out.histogram.buckets.end());
  return good;
}

}  // namespace

const base::YamlSchema<MetricSpec>& MetricSchema() {
  const auto histogram = [](std::string HistogramColumns::* member) {
    return [member](const YamlReader& in, MetricSpec& out) { return base::ReadYaml(in, out.histogram.*member); };
  };
  static const base::YamlSchema<MetricSpec> schema(
      {Required("name", "metric name", &MetricSpec::name, "The metric's name."),
       Optional("type", "gauge, counter, histogram, info or untyped", "gauge", &MetricSpec::type, "What it is."),
       Optional("help", "string", "", &MetricSpec::help, "Its description."),
       Optional("labels", "list of columns, or map of label to column", "", &MetricSpec::labels,
                "Columns whose values become labels; NULL is the empty label."),
       {{"static_labels", "map", "", "Labels with a fixed value.", false, nullptr}, ReadStaticLabels},
       Optional("value", "column", "", &MetricSpec::value,
                "The column with the value; for a histogram with le, the column with the bucket's cumulative count."),
       {{"le", "column", "", "Histogram with a row per bucket: the bucket's upper bound.", false, nullptr},
        histogram(&HistogramColumns::le)},
       {{"buckets", "map of bound to column", "", "Histogram with a row per label set: columns with cumulative counts.",
         false, nullptr},
        ReadBuckets},
       {{"count", "column", "", "Histogram: the number of observations; by default that of the last bucket.", false,
         nullptr},
        histogram(&HistogramColumns::count)},
       {{"sum", "column", "", "Histogram: the sum of the observations.", false, nullptr},
        histogram(&HistogramColumns::sum)},
       Optional("skip_null", "true or false", "false", &MetricSpec::skip_null,
                "A row whose value is NULL gives no sample and is not counted as left out.")});
  return schema;
}

namespace {

// A number in place of a column would only be found missing by the first query.
bool CheckValueColumn(const YamlReader& in, const MetricSpec& spec) {
  if (spec.value.empty() || spec.value.find_first_of("0123456789") == std::string::npos) return true;
  if (!base::ParseFloat(spec.value)) return true;
  return FailAt(
      in, "value",
      fmt::format("{} is a number, not a column; let the query give it: SELECT …, {} AS one", spec.value, spec.value));
}

bool CheckHistogram(const YamlReader& in, const MetricSpec& spec) {
  const bool by_rows = !spec.histogram.le.empty();
  if (by_rows == !spec.histogram.buckets.empty()) {
    in.Fail("a histogram needs either le (with value) or buckets");
    return false;
  }
  if (by_rows && spec.value.empty()) return FailAt(in, "value", "is needed beside le");
  if (!by_rows && !spec.value.empty()) return FailAt(in, "value", "has no meaning beside buckets");
  return true;
}

bool CheckMetric(const YamlReader& in, const MetricSpec& spec) {
  bool good = CheckMetricName(in, "name", spec.name);
  good = CheckValueColumn(in, spec) && good;
  std::set<std::string> labels;
  for (const LabelSource& source : spec.labels) {
    if (!labels.insert(source.label).second) {
      good = FailAt(in, "labels", fmt::format("label \"{}\" is given twice", source.label));
    }
    if (source.label == "le" && spec.type == MetricType::histogram) {
      good = FailAt(in, "labels", "a histogram makes its label le itself");
    }
  }
  const HistogramColumns& histogram = spec.histogram;
  const bool has_histogram_keys =
      !histogram.le.empty() || !histogram.buckets.empty() || !histogram.count.empty() || !histogram.sum.empty();
  if (spec.type == MetricType::histogram) return CheckHistogram(in, spec) && good;
  if (has_histogram_keys) {
    in.Fail("le, buckets, count and sum belong to a histogram; say type: histogram");
    good = false;
  }
  if (spec.type == MetricType::info) {
    if (!spec.value.empty()) good = FailAt(in, "value", "an info metric is always 1");
    if (!spec.name.ends_with("_info")) good = FailAt(in, "name", "an info metric's name must end in _info");
    return good;
  }
  if (spec.value.empty()) {
    in.Fail("value is missing: which column is it?");
    good = false;
  }
  return good;
}

}  // namespace

bool ReadYaml(const YamlReader& in, MetricSpec& out) {
  const bool good = MetricSchema().Read(in, out);
  return in.node().kind == YamlNode::Kind::map && good && CheckMetric(in, out);
}

}  // namespace exporter
