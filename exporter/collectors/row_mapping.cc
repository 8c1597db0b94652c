#include "exporter/collectors/row_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
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

namespace {

// Takes two digits of at most `most` off the front of `text`.
std::optional<int> TakeTwoDigits(std::string_view& text, int most) {
  int number = 0;
  if (text.size() < 2) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 2, number);
  if (error != std::errc() || end != text.data() + 2 || number < 0 || number > most) return std::nullopt;
  text.remove_prefix(2);
  return number;
}

bool Take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_days> TakeDate(std::string_view& text) {
  int year = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), year);
  if (error != std::errc() || end - text.data() < 4 || year < 0) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (!Take(text, '-')) return std::nullopt;
  const std::optional<int> month = TakeTwoDigits(text, 12);
  if (!month || !Take(text, '-')) return std::nullopt;
  const std::optional<int> day = TakeTwoDigits(text, 31);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

// "03:04", "03:04:05", "03:04:05.25", in seconds.
std::optional<double> TakeClock(std::string_view& text) {
  const std::optional<int> hour = TakeTwoDigits(text, 24);
  if (!hour || !Take(text, ':')) return std::nullopt;
  const std::optional<int> minute = TakeTwoDigits(text, 59);
  if (!minute) return std::nullopt;
  double seconds = *hour * 3600 + *minute * 60;
  if (!Take(text, ':')) return seconds;
  const std::optional<int> second = TakeTwoDigits(text, 60);
  if (!second) return std::nullopt;
  seconds += *second;
  if (!text.starts_with('.')) return seconds;
  double fraction = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), fraction, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return seconds + fraction;
}

// "Z", "+01", "+0130", "-01:30", "+01:30:15", in seconds.
std::optional<int> TakeOffset(std::string_view& text) {
  if (Take(text, 'Z')) return 0;
  const int sign = text.starts_with('-') ? -1 : 1;
  if (!Take(text, '-') && !Take(text, '+')) return std::nullopt;
  int seconds = 0;
  for (int unit = 3600; unit == 3600 || (unit > 0 && !text.empty()); unit /= 60) {
    if (unit < 3600) Take(text, ':');
    const std::optional<int> number = TakeTwoDigits(text, 59);
    if (!number) return std::nullopt;
    seconds += *number * unit;
  }
  return sign * seconds;
}

// What a clock in `zone` shows, as seconds of UTC. Of a time that it shows twice, or skips, the one that PostgreSQL
// takes: the later, or the one by the offset before the change.
double InZone(double local, const base::TimeZone& zone) {
  const auto offset_at = [&](double utc) { return zone.At(base::TimestampFromSeconds(utc)).offset_seconds; };
  return local - offset_at(local - offset_at(local));
}

}  // namespace

std::optional<double> ReadTime(std::string_view text, const base::TimeZone& zone) {
  const std::optional<std::chrono::sys_days> date = TakeDate(text);
  if (!date) return std::nullopt;
  auto seconds = static_cast<double>(std::chrono::seconds(date->time_since_epoch()).count());
  if (text.empty()) return InZone(seconds, zone);
  if (!Take(text, ' ') && !Take(text, 'T')) return std::nullopt;
  const std::optional<double> clock = TakeClock(text);
  if (!clock) return std::nullopt;
  seconds += *clock;
  if (text.empty()) return InZone(seconds, zone);
  const std::optional<int> offset = TakeOffset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return seconds - *offset;
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
                     RowOptions options)
    : specs_(metrics), constant_labels_(labels), out_(out), options_(std::move(options)) {}

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
  names_.assign(names.begin(), names.end());
  const auto left_out = std::ranges::find(names_, options_.left_out);
  if (!options_.left_out.empty() && left_out != names_.end()) {
    left_out_column_ = static_cast<size_t>(left_out - names_.begin());
  }
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

std::optional<double> RowMapper::Number(const Metric& metric, std::span<const Cell> cells, size_t column) {
  const Cell& cell = cells[column];
  const auto drop = [&](const char* reason) {
    ++out_.dropped[reason];
    out_.dropped_columns.emplace(reason, names_[column]);
    return std::nullopt;
  };
  if (!cell) {
    if (metric.spec->skip_null) return std::nullopt;
    return drop("null_value");
  }
  if (const std::optional<double> number = ReadNumber(*cell)) return number;
  if (const std::optional<double> time = ReadTime(*cell, options_.zone)) return time;
  return drop("not_a_number");
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
    const std::optional<double> number = Number(metric, cells, metric.value);
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
    const std::optional<double> number = Number(metric, cells, column);
    if (!number) return;
    rows.buckets[bound] = *number;
  }
  if (metric.count != kNoColumn) {
    rows.count = Number(metric, cells, metric.count);
    if (!rows.count) return;
  }
  if (metric.sum != kNoColumn) {
    const std::optional<double> sum = Number(metric, cells, metric.sum);
    if (!sum) return;
    rows.sum = *sum;
  }
  const size_t begin = metric.family->family.label_text.size();
  if (WriteLabels(metric, cells)) AddHistogram(metric.family->family, begin, rows);
}

void RowMapper::AddBucketRow(Metric& metric, std::span<const Cell> cells) {
  const std::optional<double> count = Number(metric, cells, metric.value);
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
