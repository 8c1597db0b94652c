#include "exporter/collectors/row_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/text.h"

namespace exporter {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr size_t kNoColumn = static_cast<size_t>(-1);

struct BucketRows {
  std::map<double, double> buckets;
  std::optional<double> count;
  double sum = 0;
};

// All lines of one histogram share one label text.
void AddHistogram(MetricFamily& family, size_t begin, const BucketRows& rows) {
  const auto size = static_cast<uint32_t>(family.label_text.size() - begin);
  double last = 0;
  for (const auto& [bound, count] : rows.buckets) {
    if (bound != kInfinity) family.samples.push_back({count, bound, begin, size, SampleKind::bucket});
    last = count;
  }
  const auto infinite = rows.buckets.find(kInfinity);
  const double count = infinite != rows.buckets.end() ? infinite->second : rows.count.value_or(last);
  family.samples.push_back({count, kInfinity, begin, size, SampleKind::bucket});
  family.samples.push_back({rows.sum, 0, begin, size, SampleKind::sum});
  family.samples.push_back({count, 0, begin, size, SampleKind::count});
}

// The label set, where no value needs escaping; the number of bytes written, or nothing.
std::optional<size_t> WritePlainLabels(char* out, std::span<const std::string_view> heads,
                                       std::span<const std::string_view> values) {
  const char* const begin = out;
  bool care = false;
  for (size_t i = 0; i < heads.size(); ++i) {
    std::memcpy(out, heads[i].data(), heads[i].size());
    out += heads[i].size();
    for (const char c : values[i]) {
      care |= LabelByteNeedsCare(c);
      *out++ = c;
    }
    *out++ = '"';
  }
  if (care) return std::nullopt;
  return static_cast<size_t>(out - begin);
}

// The formats ask for no order between label sets, and in a big family sorting them is a fifth of the work of a scrape;
// there they stay in the query's order. A histogram's parts must stand in theirs.
bool IsWorthSorting(const MetricFamily& family) {
  constexpr size_t kBig = 20'000;
  return family.type == MetricType::histogram || family.samples.size() <= kBig;
}

}  // namespace

std::optional<double> ReadNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  if (text == "t" || text == "true") return 1;
  if (text == "f" || text == "false") return 0;
  return base::ParseFloat(base::Trim(text));
}

// A label of one metric, in the order of names: either a column or text rendered beforehand.
struct RowMapper::Label {
  std::string name;
  size_t column = kNoColumn;
  std::string text;
  std::string head;  // what comes before the value: `,name="`
};

// The families by name; several metrics may share one.
struct RowMapper::Family {
  MetricFamily family;
  LabelSetIndex seen;
};

struct RowMapper::Metric {
  const MetricSpec* spec = nullptr;
  Family* family = nullptr;
  std::vector<Label> labels;
  std::vector<std::string_view> heads;  // of the labels
  size_t value = kNoColumn;
  size_t le = kNoColumn;
  size_t count = kNoColumn;
  size_t sum = kNoColumn;
  std::vector<std::pair<double, size_t>> buckets;
  std::map<std::string, BucketRows> by_labels;  // histograms with a row per bucket
};

RowMapper::RowMapper(const std::vector<MetricSpec>& metrics, const ConstantLabels& labels, CollectorOutput& out,
                     std::string left_out)
    : specs_(metrics), constant_labels_(labels), out_(out), left_out_(std::move(left_out)) {}

RowMapper::~RowMapper() = default;

RowMapper::Family& RowMapper::FamilyFor(const MetricSpec& spec) {
  for (const auto& family : families_) {
    if (family->family.name == spec.name) return *family;
  }
  auto& added = *families_.emplace_back(std::make_unique<Family>());
  added.family.name = spec.name;
  added.family.type = spec.type;
  added.family.help = spec.help;
  added.family.unit = UnitOfName(spec.name);
  return added;
}

bool RowMapper::FindColumns(const MetricSpec& spec, std::span<const std::string> names, Metric& metric) {
  std::vector<std::string> missing;
  const auto find = [&](const std::string& name) {
    if (name.empty()) return kNoColumn;
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) missing.push_back(base::Quote(name));
    return static_cast<size_t>(at - names.begin());
  };
  metric.value = find(spec.value);
  metric.le = find(spec.histogram.le);
  metric.count = find(spec.histogram.count);
  metric.sum = find(spec.histogram.sum);
  for (const auto& [bound, column] : spec.histogram.buckets) metric.buckets.emplace_back(bound, find(column));
  for (const LabelSource& source : spec.labels) {
    metric.labels.push_back({source.label, find(source.column), source.text, ""});
  }
  for (const auto& [name, text] : constant_labels_) metric.labels.push_back({name, kNoColumn, text, ""});
  std::sort(metric.labels.begin(), metric.labels.end(), [](const Label& a, const Label& b) { return a.name < b.name; });
  if (missing.empty()) return true;
  std::vector<std::string> present;
  for (const std::string& name : names) present.push_back(base::Quote(name));
  out_.errors.push_back(
      {FailureClass::missing_column, fmt::format("metric {}: the query gives no column {}; it gives {}", spec.name,
                                                 base::Join(missing, ", "), base::Join(present, ", "))});
  return false;
}

void RowMapper::Columns(std::span<const std::string> names) {
  const auto left_out = std::ranges::find(names, left_out_);
  if (!left_out_.empty() && left_out != names.end()) left_out_column_ = static_cast<size_t>(left_out - names.begin());
  for (const MetricSpec& spec : specs_) {
    Metric metric;
    metric.spec = &spec;
    if (!FindColumns(spec, names, metric)) continue;
    metric.family = &FamilyFor(spec);
    for (Label& label : metric.labels) label.head = (&label == &metric.labels.front() ? "" : ",") + label.name + "=\"";
    metrics_.push_back(std::move(metric));
  }
  for (Metric& metric : metrics_) {
    for (const Label& label : metric.labels) metric.heads.push_back(label.head);
  }
}

void RowMapper::Row(std::span<const Cell> cells) {
  if (left_out_column_ != kNoColumn && cells[left_out_column_]) {
    ++out_.dropped[std::string(*cells[left_out_column_])];
    return;
  }
  for (Metric& metric : metrics_) {
    if (metric.le != kNoColumn) {
      AddBucketRow(metric, cells);
    } else if (metric.spec->type == MetricType::histogram) {
      AddWideHistogram(metric, cells);
    } else {
      AddValue(metric, cells);
    }
  }
}

std::optional<double> RowMapper::Number(const Metric& metric, const Cell& cell) {
  if (!cell) {
    if (!metric.spec->skip_null) ++out_.dropped["null_value"];
    return std::nullopt;
  }
  const std::optional<double> number = ReadNumber(*cell);
  if (!number) ++out_.dropped["not_a_number"];
  return number;
}

void RowMapper::AppendLabels(const Metric& metric, std::span<const Cell> cells, std::string& text) {
  const size_t begin = text.size();
  size_t bound = 0;
  values_.clear();
  for (const Label& label : metric.labels) {
    values_.push_back(label.column == kNoColumn ? std::string_view(label.text)
                                                : cells[label.column].value_or(std::string_view()));
    bound += label.head.size() + values_.back().size() + 1;
  }
  bool plain = true;
  text.resize_and_overwrite(begin + bound, [&](char* out, size_t) {
    const std::optional<size_t> size = WritePlainLabels(out + begin, metric.heads, values_);
    plain = size.has_value();
    return begin + size.value_or(0);
  });
  if (plain) return;
  for (size_t i = 0; i < values_.size(); ++i) AppendLabel(text, begin, metric.labels[i].name, values_[i]);
}

// Writes the label set at the end of the family's text; false, with the text as it was, if it is there already.
bool RowMapper::WriteLabels(Metric& metric, std::span<const Cell> cells) {
  std::string& text = metric.family->family.label_text;
  const size_t begin = text.size();
  AppendLabels(metric, cells, text);
  if (metric.family->seen.Insert(text, begin, static_cast<uint32_t>(text.size() - begin))) return true;
  text.resize(begin);
  ++out_.dropped["duplicate"];
  return false;
}

void RowMapper::AddValue(Metric& metric, std::span<const Cell> cells) {
  double value = 1;
  if (metric.value != kNoColumn) {
    const std::optional<double> number = Number(metric, cells[metric.value]);
    if (!number) return;
    value = *number;
  }
  MetricFamily& family = metric.family->family;
  const size_t begin = family.label_text.size();
  if (!WriteLabels(metric, cells)) return;
  const auto size = static_cast<uint32_t>(family.label_text.size() - begin);
  family.samples.push_back({value, 0, begin, size, SampleKind::value});
}

void RowMapper::AddWideHistogram(Metric& metric, std::span<const Cell> cells) {
  BucketRows rows;
  for (const auto& [bound, column] : metric.buckets) {
    const std::optional<double> number = Number(metric, cells[column]);
    if (!number) return;
    rows.buckets[bound] = *number;
  }
  if (metric.count != kNoColumn) {
    rows.count = Number(metric, cells[metric.count]);
    if (!rows.count) return;
  }
  if (metric.sum != kNoColumn) {
    const std::optional<double> sum = Number(metric, cells[metric.sum]);
    if (!sum) return;
    rows.sum = *sum;
  }
  const size_t begin = metric.family->family.label_text.size();
  if (WriteLabels(metric, cells)) AddHistogram(metric.family->family, begin, rows);
}

void RowMapper::AddBucketRow(Metric& metric, std::span<const Cell> cells) {
  const std::optional<double> count = Number(metric, cells[metric.value]);
  if (!count) return;
  const Cell& bound_text = cells[metric.le];
  const std::optional<double> bound = bound_text ? ReadNumber(*bound_text) : std::nullopt;
  if (!bound || std::isnan(*bound)) {
    ++out_.dropped["bad_bucket"];
    return;
  }
  std::string labels;
  AppendLabels(metric, cells, labels);
  BucketRows& rows = metric.by_labels[std::move(labels)];
  if (!rows.buckets.emplace(*bound, *count).second) ++out_.dropped["duplicate"];
  if (metric.count != kNoColumn && cells[metric.count]) rows.count = ReadNumber(*cells[metric.count]);
  if (metric.sum != kNoColumn && cells[metric.sum]) rows.sum = ReadNumber(*cells[metric.sum]).value_or(rows.sum);
}

void RowMapper::FinishBucketRows(Metric& metric) {
  MetricFamily& family = metric.family->family;
  for (const auto& [labels, rows] : metric.by_labels) {
    const size_t begin = family.label_text.size();
    family.label_text += labels;
    if (metric.family->seen.Insert(family.label_text, begin, static_cast<uint32_t>(labels.size()))) {
      AddHistogram(family, begin, rows);
    } else {
      family.label_text.resize(begin);
      ++out_.dropped["duplicate"];
    }
  }
}

void RowMapper::Finish() {
  for (Metric& metric : metrics_) {
    if (metric.le != kNoColumn) FinishBucketRows(metric);
  }
  for (const auto& family : families_) {
    if (IsWorthSorting(family->family)) SortSamples(family->family);
    out_.families.push_back(std::move(family->family));
  }
  families_.clear();
  metrics_.clear();
}

}  // namespace exporter
