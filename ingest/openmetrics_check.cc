#include "ingest/openmetrics_check.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "ingest/exposition_parser.h"

// A family is what follows its metadata, or a sample whose name belongs to no open family. Within it samples of one
// metric (the same labels apart from le, quantile or the state) stand together, and within those points of one time.
// What a histogram must be as a whole is judged when its point is complete.

namespace ingest {
namespace {

using Suffixes = std::vector<std::string_view>;

// The endings of a type's sample names. The names are reserved from then on, used or not.
Suffixes SuffixesOf(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return {"_total", "_created"};
    case MetricType::summary:
      return {"", "_count", "_sum", "_created"};
    case MetricType::histogram:
      return {"_count", "_sum", "_bucket", "_created"};
    case MetricType::gauge_histogram:
      return {"_gcount", "_gsum", "_bucket"};
    case MetricType::info:
      return {"_info"};
    case MetricType::unknown:
    case MetricType::gauge:
    case MetricType::stateset:
      return {""};
  }
  return {""};
}

// One point of a histogram, collected.
struct HistogramPoint {
  struct Bucket {
    double bound;
    double count;
  };
  std::vector<Bucket> buckets;
  std::optional<double> count;
  std::optional<double> sum;
};

class Checker {
 public:
  explicit Checker(std::string_view page) : parser_(NewOpenMetricsParser(page, true)) {}

  std::optional<base::Error> Run();

 private:
  struct Family {
    std::string name;
    MetricType type = MetricType::unknown;
    bool open = false;
    bool has_type = false;
    bool has_help = false;
    bool has_unit = false;
    bool has_samples = false;
    std::string unit;
  };

  // Each sets complaint_ where something is wrong.
  void Metadata(const Entry& entry);
  void Sample(const Entry& entry);
  void OpenFamily(std::string_view name);
  void CloseFamily();
  void Reserve(const std::string& name);
  std::optional<std::string_view> SuffixOf(std::string_view sample_name) const;
  void CheckLabels(std::string_view suffix, std::span<const base::Label> labels);
  void CheckValue(std::string_view suffix, double value);
  void CheckExemplar(std::string_view suffix);
  void EnterGroup(std::span<const base::Label> labels, const Entry& entry);
  void LeaveGroup();
  void LeavePoint();
  void Collect(std::string_view suffix, std::span<const base::Label> labels, double value);
  std::string_view GroupingLabel() const;
  bool IsHistogram() const {
    return family_.type == MetricType::histogram || family_.type == MetricType::gauge_histogram;
  }
  void Complain(std::string text) {
    if (complaint_.empty()) complaint_ = std::move(text);
  }

  std::unique_ptr<ExpositionParser> parser_;
  std::string complaint_;
  Family family_;
  std::set<std::string, std::less<>> reserved_;
  std::set<base::Labels> groups_;  // of the open family, those left behind
  std::optional<base::Labels> group_;
  std::set<std::string> series_of_point_;
  std::optional<base::Timestamp> point_time_;
  HistogramPoint histogram_;
};

std::optional<base::Error> Checker::Run() {
  Entry entry;
  for (;;) {
    const auto more = parser_->Next(entry);
    if (!more) return more.error();
    const base::SourcePosition where = parser_->position();
    if (!*more) {
      CloseFamily();
    } else if (entry.kind == EntryKind::sample) {
      Sample(entry);
    } else {
      Metadata(entry);
    }
    if (!complaint_.empty()) return base::Error{base::ErrorCode::invalid_argument, complaint_, where};
    if (!*more) return std::nullopt;
  }
}

void Checker::Metadata(const Entry& entry) {
  if (!family_.open || family_.name != entry.metric) OpenFamily(entry.metric);
  if (family_.has_samples) Complain("metadata of " + family_.name + " after its samples");
  const auto once = [&](bool& had, std::string_view what) {
    if (had) Complain("a second " + std::string(what) + " line for " + family_.name);
    had = true;
  };
  switch (entry.kind) {
    case EntryKind::help:
      once(family_.has_help, "HELP");
      break;
    case EntryKind::unit:
      once(family_.has_unit, "UNIT");
      family_.unit = entry.text;
      break;
    case EntryKind::type:
      once(family_.has_type, "TYPE");
      family_.type = entry.type;
      for (const std::string_view suffix : SuffixesOf(entry.type)) {
        if (!suffix.empty()) Reserve(family_.name + std::string(suffix));
      }
      break;
    case EntryKind::sample:
      break;
  }
  const bool unitless = family_.type == MetricType::info || family_.type == MetricType::stateset;
  if (unitless && !family_.unit.empty()) {
    Complain("a metric of type " + std::string(ToString(family_.type)) + " cannot have a unit");
  }
}

void Checker::OpenFamily(std::string_view name) {
  CloseFamily();
  family_ = {};
  family_.name = name;
  family_.open = true;
  groups_.clear();
  Reserve(family_.name);
}

void Checker::CloseFamily() {
  LeaveGroup();
  family_.open = false;
}

void Checker::Reserve(const std::string& name) {
  if (!reserved_.insert(name).second) Complain("the name " + base::Quote(name) + " was taken by an earlier metric");
}

std::optional<std::string_view> Checker::SuffixOf(std::string_view sample_name) const {
  if (!family_.open || !sample_name.starts_with(family_.name)) return std::nullopt;
  const std::string_view rest = sample_name.substr(family_.name.size());
  for (const std::string_view suffix : SuffixesOf(family_.type)) {
    if (suffix == rest) return suffix;
  }
  return std::nullopt;
}

void Checker::Sample(const Entry& entry) {
  const std::span<const base::Label> labels = parser_->labels();
  auto suffix = SuffixOf(labels.front().value);
  if (!suffix) {
    OpenFamily(labels.front().value);
    suffix = "";
  }
  family_.has_samples = true;
  CheckLabels(*suffix, labels);
  CheckValue(*suffix, entry.value);
  if (entry.has_exemplar) CheckExemplar(*suffix);
  if (!complaint_.empty()) return;
  EnterGroup(labels, entry);
  Collect(*suffix, labels, entry.value);
}

std::string_view ValueOf(std::span<const base::Label> labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &base::Label::name);
  return found == labels.end() ? std::string_view() : found->value;
}

std::string_view Checker::GroupingLabel() const {
  switch (family_.type) {
    case MetricType::histogram:
    case MetricType::gauge_histogram:
      return "le";
    case MetricType::summary:
      return "quantile";
    case MetricType::stateset:
      return family_.name;
    case MetricType::unknown:
    case MetricType::counter:
    case MetricType::gauge:
    case MetricType::info:
      return "";
  }
  return "";
}

void Checker::CheckLabels(std::string_view suffix, std::span<const base::Label> labels) {
  if (suffix == "_bucket" && IsHistogram()) {
    const std::string_view le = ValueOf(labels, "le");
    const auto bound = ParseSampleValue(le);
    if (!bound || std::isnan(*bound) || (std::isinf(*bound) && le != "+Inf")) {
      Complain("a bucket needs a label le with a number or +Inf, not " + base::Quote(le));
    }
  }
  if (family_.type == MetricType::summary && suffix.empty()) {
    const std::string_view text = ValueOf(labels, "quantile");
    const auto quantile = ParseSampleValue(text);
    if (!quantile || !(*quantile >= 0 && *quantile <= 1)) {
      Complain("a summary's sample needs a label quantile from 0 to 1, not " + base::Quote(text));
    }
  }
  if (family_.type == MetricType::stateset && ValueOf(labels, family_.name).empty()) {
    Complain("a state of a stateset needs a label named like the metric");
  }
}

void Checker::CheckValue(std::string_view suffix, double value) {
  const auto need = [&](bool good, std::string_view what) {
    if (!good)
      Complain(family_.name + std::string(suffix) + " must be " + std::string(what) + ", not " +
               base::FormatFloat(value));
  };
  const bool never_negative = value >= 0;  // false for NaN
  switch (family_.type) {
    case MetricType::counter:
    case MetricType::histogram:
      if (suffix == "_bucket" || suffix == "_count" || suffix == "_total" || suffix == "_sum") {
        need(never_negative, "a number not below 0");
      }
      break;
    case MetricType::gauge_histogram:
      if (suffix == "_gsum") {
        need(!std::isnan(value), "a number");
      } else {
        need(never_negative, "a number not below 0");
      }
      break;
    case MetricType::summary:
      if (suffix.empty()) {
        need(!(value < 0), "not below 0");
      } else {
        need(never_negative, "a number not below 0");
      }
      break;
    case MetricType::info:
      need(value == 1, "1");
      break;
    case MetricType::stateset:
      need(value == 0 || value == 1, "0 or 1");
      break;
    case MetricType::unknown:
    case MetricType::gauge:
      break;
  }
}

void Checker::CheckExemplar(std::string_view suffix) {
  const bool counter = family_.type == MetricType::counter && suffix == "_total";
  const bool bucket = IsHistogram() && suffix == "_bucket";
  if (!counter && !bucket) Complain("exemplars may stand only on counters' _total and on buckets");
}

void Checker::EnterGroup(std::span<const base::Label> labels, const Entry& entry) {
  base::LabelsBuilder own;
  for (const base::Label& label : labels.subspan(1)) {
    if (label.name != GroupingLabel()) own.Set(label.name, label.value);
  }
  base::Labels group = own.Build();
  if (!group_ || *group_ != group) {
    LeaveGroup();
    if (groups_.contains(group))
      Complain("the samples of " + family_.name + group.ToString() + " do not stand together");
    group_ = std::move(group);
    point_time_ = entry.time;
  } else if (point_time_.has_value() != entry.time.has_value()) {
    Complain("some samples of " + family_.name + group_->ToString() + " have timestamps and others have not");
  } else if (entry.time && *entry.time < *point_time_) {
    Complain("the timestamps of " + family_.name + group_->ToString() + " go back");
  } else if (entry.time && (*entry.time > *point_time_ || !IsHistogram())) {
    LeavePoint();
    point_time_ = entry.time;
  }
  base::LabelsBuilder all;
  for (const base::Label& label : labels) all.Set(label.name, label.value);
  if (!series_of_point_.insert(all.Build().ToString()).second) {
    Complain("the sample " + std::string(entry.series) + " stands twice");
  }
}

void Checker::LeaveGroup() {
  LeavePoint();
  if (group_) groups_.insert(std::move(*group_));
  group_.reset();
}

void Checker::Collect(std::string_view suffix, std::span<const base::Label> labels, double value) {
  if (!IsHistogram()) return;
  if (suffix == "_bucket") histogram_.buckets.push_back({ParseSampleValue(ValueOf(labels, "le")).value_or(0), value});
  if (suffix == "_count" || suffix == "_gcount") histogram_.count = value;
  if (suffix == "_sum" || suffix == "_gsum") histogram_.sum = value;
}

void Checker::LeavePoint() {
  series_of_point_.clear();
  if (!group_ || !IsHistogram()) return;
  const HistogramPoint point = std::exchange(histogram_, {});
  const std::string name = family_.name + group_->ToString();
  if (point.buckets.empty() || !std::isinf(point.buckets.back().bound)) {
    return Complain("the histogram " + name + " has no bucket le=\"+Inf\" at its end");
  }
  for (size_t i = 1; i < point.buckets.size(); ++i) {
    const HistogramPoint::Bucket& before = point.buckets[i - 1];
    const HistogramPoint::Bucket& after = point.buckets[i];
    if (!(before.bound < after.bound)) return Complain("the buckets of " + name + " are not in order");
    if (after.count < before.count) return Complain("the buckets of " + name + " do not count upwards");
  }
  if (point.count.has_value() != point.sum.has_value()) {
    return Complain("the histogram " + name + " has only one of count and sum");
  }
  if (point.count && *point.count != point.buckets.back().count) {
    return Complain("the count of " + name + " is not that of its bucket le=\"+Inf\"");
  }
  const bool negative_bounds = point.buckets.front().bound < 0;
  if (family_.type == MetricType::histogram && negative_bounds && point.sum) {
    return Complain("the histogram " + name + " has negative buckets and therefore cannot have a sum");
  }
  if (family_.type == MetricType::gauge_histogram && !negative_bounds && point.sum.value_or(0) < 0) {
    return Complain("the sum of " + name + " is below 0 though no bucket is");
  }
}

}  // namespace

std::optional<base::Error> CheckOpenMetrics(std::string_view page) { return Checker(page).Run(); }

}  // namespace ingest
