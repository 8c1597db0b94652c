#include <fmt/format.h>

#include <limits>
#include <utility>

#include "base/text.h"
#include "ingest/exposition_parser.h"
#include "ingest/protobuf_fields.h"
#include "ingest/protobuf_labels.h"
#include "ingest/scraped_histogram.h"

// A stream of io.prometheus.client.MetricFamily, each with its length before it. Every sample gets the text it would
// have as a line of Prometheus' own format, and its labels are read back from that text, so that text and labels cannot
// disagree; where the text is the expected one they need not be. As fields may come in any order, each message is
// walked twice: for what it says, then for what it lists. Field numbers are those of
// io/prometheus/client/metrics.proto.

namespace ingest {
namespace {

struct FamilyKind {
  MetricType type;
  uint32_t value_field;  // of Metric
};
constexpr FamilyKind kKinds[] = {{MetricType::counter, 3},   {MetricType::gauge, 2},
                                 {MetricType::summary, 4},   {MetricType::unknown, 5},
                                 {MetricType::histogram, 7}, {MetricType::gauge_histogram, 7}};
constexpr uint32_t kMetric = 4;     // of MetricFamily
constexpr uint32_t kPart = 3;       // a quantile of Summary, a bucket of Histogram
constexpr uint32_t kExemplar = 16;  // of Histogram, a native one

bool IsUnitOf(std::string_view unit, std::string_view name, MetricType type) {
  if (type == MetricType::counter && name.ends_with("_total")) name.remove_suffix(6);
  return name.size() > unit.size() && name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_';
}

class ProtobufParser : public ExpositionParser {
 public:
  ProtobufParser(std::string_view page, ParserOptions options) : page_(page), options_(options) {}

  base::Result<bool> Next(Entry& entry, std::string_view expected) override {
    entry.histogram.reset();
    const bool more = Advance(entry);
    if (more && entry.kind == EntryKind::sample) Name(entry, expected);
    if (fault_.at == nullptr) return more;
    step_ = Step::end;
    return base::Invalid(fmt::format("invalid protobuf exposition: {} at byte {}", fault_.what, Offset(fault_.at)));
  }

  std::span<const base::Label> labels() const override { return series_.labels(); }
  const Exemplar& exemplar() const override { return exemplar_; }
  std::vector<Exemplar> NativeExemplars() override;
  base::SourcePosition position() override { return {"", 1, static_cast<int>(Offset(place_.begin()) + 1)}; }

 private:
  enum class Step : uint8_t { family, help, unit, type, metric, value, native, count, sum, parts, infinity, end };

  size_t Offset(const char* at) const { return at == nullptr ? 0 : static_cast<size_t>(at - page_.data()); }
  bool Fail(std::string_view at, std::string what) {
    if (fault_.at != nullptr) return false;
    fault_.at = at.data();
    fault_.what = std::move(what);
    return false;
  }
  bool good() const { return fault_.at == nullptr; }
  bool IsHistogram() const { return kind_.value_field == 7; }

  bool Advance(Entry& entry);
  bool ReadFamily();
  bool CheckFamily(std::string_view message, uint64_t type);
  bool ReadNextMetric();
  bool ReadMetric(std::string_view message);
  bool ReadValue(std::string_view message);
  bool ReadHistogram(std::string_view message);
  bool ReadPart(Entry& entry);
  bool ReadQuantile(std::string_view message, Entry& entry);
  bool ReadBucket(std::string_view message, Entry& entry);
  bool TakeNative(Entry& entry);

  bool Describe(Entry& entry, EntryKind kind, std::string_view text);
  bool Sample(Entry& entry, std::string_view suffix, double value, base::Label label = {});
  void Name(Entry& entry, std::string_view expected);

  std::string_view page_;
  ParserOptions options_;
  ProtobufFault fault_;
  Step step_ = Step::family;
  size_t at_ = 0;           // the next family
  std::string_view place_;  // the family or metric at hand
  size_t room_for_text_ = options_.room;
  size_t room_for_buckets_ = options_.room;

  // the family
  std::string_view name_;
  std::string_view help_;
  std::string_view unit_;
  FamilyKind kind_ = kKinds[0];
  std::string series_start_;  // a{ or {"a.b", without what ends the name
  bool quoted_ = false;
  FieldReader metrics_{{}, fault_};

  // the metric
  std::string labels_;  // a="b",c="d"
  int64_t milliseconds_ = 0;
  double value_ = 0;
  double count_ = 0;
  std::string_view exemplar_message_;
  ScrapedHistogram histogram_;
  std::string_view histogram_message_;
  FieldReader parts_{{}, fault_};

  // the sample
  std::string text_;
  SeriesReader series_;
  Exemplar exemplar_;
};

// True when the entry says something; false at the page's end or a fault.
bool ProtobufParser::Advance(Entry& entry) {
  while (good()) {
    switch (step_) {
      case Step::family:
        if (!ReadFamily()) return false;
        break;
      case Step::help:
        step_ = unit_.empty() ? Step::type : Step::unit;
        return Describe(entry, EntryKind::help, help_);
      case Step::unit:
        step_ = Step::type;
        return Describe(entry, EntryKind::unit, unit_);
      case Step::type:
        step_ = Step::metric;
        return Describe(entry, EntryKind::type, ToString(kind_.type));
      case Step::metric:
        if (!ReadNextMetric()) return false;
        break;
      case Step::value:
        step_ = Step::metric;
        return Sample(entry, "", value_);
      case Step::native:
        return TakeNative(entry);
      case Step::count:
        step_ = Step::sum;
        return Sample(entry, "_count", count_);
      case Step::sum:
        step_ = Step::parts;
        return Sample(entry, "_sum", value_);
      case Step::parts:
        if (ReadPart(entry)) return true;
        break;
      case Step::infinity:
        step_ = Step::metric;
        return Sample(entry, "_bucket", count_, {"le", "+Inf"});
      case Step::end:
        return false;
    }
  }
  return false;
}

bool ProtobufParser::ReadFamily() {
  if (at_ == page_.size()) return false;
  ProtobufReader stream(page_.substr(at_));
  const uint64_t size = stream.ReadVarint();
  if (!stream.ok()) return Fail(page_.substr(at_), "the length of a message cannot be read");
  const std::string_view rest = stream.rest();
  place_ = rest;
  if (size > rest.size()) {
    return Fail(place_, fmt::format("a message of {} bytes is cut off after {}", size, rest.size()));
  }
  at_ = page_.size() - rest.size() + size;
  const std::string_view message = rest.substr(0, size);
  name_ = help_ = unit_ = {};
  uint64_t type = 0;
  bool empty = true;
  std::string_view metric;
  for (FieldReader in(message, fault_); in.Next();) {
    switch (in.field()) {
      case 1:
        in.Take(name_);
        break;
      case 2:
        in.Take(help_);
        break;
      case 3:
        in.Take(type);
        break;
      case kMetric:
        in.Take(metric);
        empty = false;
        break;
      case 5:
        in.Take(unit_);
        break;
      default:
        break;
    }
  }
  return good() && (empty || CheckFamily(message, type));
}

bool ProtobufParser::CheckFamily(std::string_view message, uint64_t type) {
  if (name_.empty()) return Fail(place_, "the metric name is empty");
  quoted_ = !base::IsLegacyMetricName(name_);
  if (quoted_ && !base::IsValidUtf8(name_)) return Fail(name_, "the metric name is not valid UTF-8");
  if (!base::IsValidUtf8(help_)) return Fail(help_, "the help text is not valid UTF-8");
  if (type >= std::size(kKinds)) return Fail(place_, fmt::format("there is no metric type {}", type));
  kind_ = kKinds[type];
  if (!base::IsValidUtf8(unit_)) return Fail(unit_, "the unit is not valid UTF-8");
  if (!unit_.empty() && !IsUnitOf(unit_, name_, kind_.type)) {
    return Fail(unit_, fmt::format("the unit {} is not a suffix of the metric name {}",
                                   base::Quote(base::Utf8Prefix(unit_, 40)), base::Quote(base::Utf8Prefix(name_, 80))));
  }
  series_start_ = quoted_ ? "{\"" : name_;
  if (quoted_) AppendEscaped(series_start_, name_);
  metrics_ = FieldReader(message, fault_);
  step_ = Step::help;
  return true;
}

bool ProtobufParser::ReadNextMetric() {
  while (metrics_.Next()) {
    if (metrics_.field() == kMetric) return ReadMetric(metrics_.Bytes());
  }
  step_ = Step::family;
  return good();
}

bool ProtobufParser::ReadMetric(std::string_view message) {
  place_ = message;
  labels_.clear();
  milliseconds_ = 0;
  std::string_view label;
  std::string_view value;
  bool has_value = false;
  for (FieldReader in(message, fault_); in.Next();) {
    if (in.field() == 1) {
      in.Take(label);
      if (!labels_.empty()) labels_ += ',';
      AppendLabel(labels_, ReadLabel(label, fault_));
    } else if (in.field() == 6) {
      in.Take(milliseconds_);
    } else if (in.field() == kind_.value_field) {
      in.Take(value);
      has_value = true;
    }
  }
  if (!good()) return false;
  if (!has_value) return Fail(place_, fmt::format("a metric without the value of a {}", ToString(kind_.type)));
  return ReadValue(value);
}

bool ProtobufParser::ReadValue(std::string_view message) {
  value_ = count_ = 0;
  exemplar_message_ = {};
  if (IsHistogram()) return ReadHistogram(message);
  const bool summary = kind_.type == MetricType::summary;
  uint64_t count = 0;
  std::string_view part;
  for (FieldReader in(message, fault_); in.Next();) {
    if (summary) {
      if (in.field() == 1) in.Take(count);
      if (in.field() == 2) in.Take(value_);
      if (in.field() == kPart) in.Take(part);
    } else {
      if (in.field() == 1) in.Take(value_);
      if (in.field() == 2 && kind_.type == MetricType::counter) in.Take(exemplar_message_);
    }
  }
  count_ = static_cast<double>(count);
  parts_ = FieldReader(message, fault_);
  step_ = summary ? Step::count : Step::value;
  return good();
}

bool ProtobufParser::ReadHistogram(std::string_view message) {
  histogram_message_ = message;
  histogram_.Read(message, options_.native_histograms, room_for_buckets_, fault_);
  count_ = histogram_.count();
  value_ = histogram_.sum();
  parts_ = FieldReader(message, fault_);
  step_ = options_.native_histograms && histogram_.IsNative() ? Step::native : Step::count;
  return good();
}

bool ProtobufParser::TakeNative(Entry& entry) {
  const bool classic_too = options_.classic_histograms && histogram_.has_classic_buckets();
  step_ = classic_too ? Step::count : Step::metric;
  const char* why = nullptr;
  entry.histogram = histogram_.TakeNative(kind_.type == MetricType::gauge_histogram, why);
  if (why != nullptr) return Fail(place_, fmt::format("an impossible native histogram ({})", why));
  return Sample(entry, "", 0);
}

// Those of the histogram itself, or if it has none those of its classic buckets.
std::vector<Exemplar> ProtobufParser::NativeExemplars() {
  std::vector<Exemplar> own;
  std::vector<Exemplar> of_buckets;
  const auto take = [this](std::string_view message, std::vector<Exemplar>& to) {
    Exemplar exemplar = ReadExemplar(message, fault_);
    if (exemplar.time) to.push_back(std::move(exemplar));
  };
  for (FieldReader in(histogram_message_, fault_); in.Next();) {
    if (in.field() == kExemplar) take(in.Bytes(), own);
    if (in.field() != kPart || !own.empty()) continue;
    for (FieldReader bucket(in.Bytes(), fault_); bucket.Next();) {
      if (bucket.field() == 3) take(bucket.Bytes(), of_buckets);
    }
  }
  return own.empty() ? of_buckets : own;
}

// False at the end of the parts, and at a fault.
bool ProtobufParser::ReadPart(Entry& entry) {
  while (parts_.Next()) {
    if (parts_.field() != kPart) continue;
    return IsHistogram() ? ReadBucket(parts_.Bytes(), entry) : ReadQuantile(parts_.Bytes(), entry);
  }
  step_ = IsHistogram() ? Step::infinity : Step::metric;
  return false;
}

bool ProtobufParser::ReadQuantile(std::string_view message, Entry& entry) {
  double quantile = 0;
  double value = 0;
  for (FieldReader in(message, fault_); in.Next();) {
    if (in.field() == 1) in.Take(quantile);
    if (in.field() == 2) in.Take(value);
  }
  return good() && Sample(entry, "", value, {"quantile", FormatBound(quantile)});
}

bool ProtobufParser::ReadBucket(std::string_view message, Entry& entry) {
  uint64_t count = 0;
  double count_float = 0;
  double bound = 0;
  exemplar_message_ = {};
  for (FieldReader in(message, fault_); in.Next();) {
    if (in.field() == 1) in.Take(count);
    if (in.field() == 2) in.Take(bound);
    if (in.field() == 3) in.Take(exemplar_message_);
    if (in.field() == 4) in.Take(count_float);
  }
  if (bound == std::numeric_limits<double>::infinity()) step_ = Step::metric;  // nothing comes after it
  const double cumulative = count_float != 0 ? count_float : static_cast<double>(count);
  return good() && Sample(entry, "_bucket", cumulative, {"le", FormatBound(bound)});
}

bool ProtobufParser::Describe(Entry& entry, EntryKind kind, std::string_view text) {
  entry.kind = kind;
  entry.metric = name_;
  entry.text = text;
  entry.type = kind_.type;
  return true;
}

bool ProtobufParser::Sample(Entry& entry, std::string_view suffix, double value, base::Label label) {
  entry.kind = EntryKind::sample;
  entry.value = value;
  entry.time.reset();
  if (milliseconds_ != 0) entry.time = base::Timestamp(base::Duration(milliseconds_));
  text_ = series_start_;
  text_ += suffix;
  if (quoted_) text_ += '"';
  const bool labelled = !labels_.empty() || !label.name.empty();
  if (labelled) text_ += quoted_ ? ',' : '{';
  text_ += labels_;
  if (!label.name.empty()) {
    if (!labels_.empty()) text_ += ',';
    text_.append(label.name).append("=\"").append(label.value).append("\"");
  }
  if (labelled || quoted_) text_ += '}';
  const std::string_view exemplar = std::exchange(exemplar_message_, {});
  entry.has_exemplar = exemplar.data() != nullptr;
  if (entry.has_exemplar) exemplar_ = ReadExemplar(exemplar, fault_);
  return good();
}

void ProtobufParser::Name(Entry& entry, std::string_view expected) {
  entry.series = text_;
  entry.expected = expected == text_;
  if (text_.size() > room_for_text_) {
    Fail(place_, fmt::format("the texts of the series are longer than {} bytes", options_.room));
    return;
  }
  room_for_text_ -= text_.size();
  size_t at = 0;
  if (!entry.expected && !series_.Read(text_, at, {})) Fail(place_, series_.error().message);
}

}  // namespace

std::unique_ptr<ExpositionParser> NewProtobufParser(std::string_view page, ParserOptions options) {
  return std::make_unique<ProtobufParser>(page, options);
}

}  // namespace ingest
