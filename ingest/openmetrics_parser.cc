#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "ingest/exposition_parser.h"

// OpenMetrics 1.0 text. Unlike in Prometheus' own format every line has one form and one space between its parts:
// `# TYPE name type`, `# HELP name text`, `# UNIT name unit`, `series value[ seconds][ # {labels} value[ seconds]]`,
// and at the end `# EOF`. There are neither blank lines nor comments.

namespace ingest {
namespace {

struct TypeWord {
  std::string_view word;
  MetricType type;
};
constexpr TypeWord kTypes[] = {{"unknown", MetricType::unknown},
                               {"counter", MetricType::counter},
                               {"gauge", MetricType::gauge},
                               {"histogram", MetricType::histogram},
                               {"gaugehistogram", MetricType::gauge_histogram},
                               {"summary", MetricType::summary},
                               {"info", MetricType::info},
                               {"stateset", MetricType::stateset}};

constexpr size_t kMaxExemplarLabelRunes = 128;

class OpenMetricsParser : public ExpositionParser {
 public:
  OpenMetricsParser(std::string_view page, bool strict)
      : page_(page), strict_(strict), syntax_{.blanks = false, .trailing_comma = !strict, .name_required = true} {}

  base::Result<bool> Next(Entry& entry, std::string_view expected) override {
    if (ended_) return false;
    line_ = at_;
    bool good = false;
    if (at_ >= page_.size()) {
      good = Fail(at_, "the page does not end with # EOF");
    } else if (page_[at_] == '#') {
      good = ReadMetadata(entry);
    } else {
      good = ReadSample(entry, expected);
    }
    if (good) return !ended_;
    ended_ = true;
    return std::unexpected(ToError(error_, page_));
  }

  std::span<const base::Label> labels() const override { return series_.labels(); }
  const Exemplar& exemplar() const override { return exemplar_; }
  base::SourcePosition position() override { return lines_.At(page_, line_); }

 private:
  bool Fail(size_t offset, std::string message) {
    error_ = {offset, std::move(message)};
    return false;
  }

  bool AtLineEnd() const { return at_ >= page_.size() || page_[at_] == '\n'; }
  bool Take(char c) {
    if (at_ >= page_.size() || page_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool TakeSpace(std::string_view before) {
    return Take(' ') || Fail(at_, "expected one space before " + std::string(before));
  }
  bool TakeLineEnd() {
    return Take('\n') ||
           Fail(at_, at_ >= page_.size() ? "the page does not end with # EOF" : "expected the line to end");
  }
  std::string_view Word() {
    const size_t start = at_;
    while (!AtLineEnd() && page_[at_] != ' ') ++at_;
    return page_.substr(start, at_ - start);
  }
  std::string_view RestOfLine() {
    const size_t start = at_;
    at_ = std::min(page_.find('\n', at_), page_.size());
    return page_.substr(start, at_ - start);
  }

  bool ReadMetadata(Entry& entry);
  bool ReadEnd();
  bool ReadMetadataName(Entry& entry);
  bool ReadType(Entry& entry);
  bool ReadUnit(Entry& entry);
  bool ReadHelp(Entry& entry);
  bool ReadSample(Entry& entry, std::string_view expected);
  bool ReadNumber(double& value, std::string_view what);
  bool ReadTimestamp(std::optional<base::Timestamp>& time);
  bool ReadExemplar(Entry& entry);

  std::string_view page_;
  bool strict_;
  SeriesSyntax syntax_;
  size_t at_ = 0;
  size_t line_ = 0;
  LineCounter lines_;
  bool ended_ = false;
  SeriesReader series_;
  SeriesReader exemplar_series_;
  std::string help_;
  std::string quoted_name_;
  SyntaxError error_;
  Exemplar exemplar_;
};

bool OpenMetricsParser::ReadMetadata(Entry& entry) {
  const size_t start = at_++;
  if (!Take(' ')) return Fail(start, "expected # HELP, # TYPE, # UNIT or # EOF");
  const std::string_view word = Word();
  if (word == "EOF") return ReadEnd();
  const bool known = word == "HELP" || word == "TYPE" || word == "UNIT";
  if (!known) return Fail(start, "expected # HELP, # TYPE, # UNIT or # EOF");
  if (!TakeSpace("the metric name") || !ReadMetadataName(entry)) return false;
  if (!TakeSpace(word == "HELP" ? "the help text" : word == "TYPE" ? "the type" : "the unit")) return false;
  if (word == "HELP") return ReadHelp(entry) && TakeLineEnd();
  return (word == "TYPE" ? ReadType(entry) : ReadUnit(entry)) && TakeLineEnd();
}

bool OpenMetricsParser::ReadEnd() {
  Take('\n');
  if (at_ < page_.size()) return Fail(at_, "unexpected text after # EOF");
  ended_ = true;
  return true;
}

bool OpenMetricsParser::ReadMetadataName(Entry& entry) {
  const size_t start = at_;
  if (at_ < page_.size() && page_[at_] == '"') {
    size_t end = at_ + 1;
    while (end < page_.size() && page_[end] != '"' && page_[end] != '\n') end += page_[end] == '\\' ? 2 : 1;
    if (end >= page_.size() || page_[end] != '"') return Fail(at_, "the closing quote is missing");
    quoted_name_ = "{" + std::string(page_.substr(at_, end + 1 - at_)) + "}";
    size_t at = 0;
    if (!series_.Read(quoted_name_, at, syntax_)) return Fail(start, series_.error().message);
    entry.metric = series_.labels().front().value;
    at_ = end + 1;
    return true;
  }
  entry.metric = Word();
  return base::IsLegacyMetricName(entry.metric) || Fail(start, "expected a metric name");
}

bool OpenMetricsParser::ReadType(Entry& entry) {
  entry.kind = EntryKind::type;
  const size_t start = at_;
  entry.text = RestOfLine();
  for (const TypeWord& known : kTypes) {
    if (known.word != entry.text) continue;
    entry.type = known.type;
    return true;
  }
  return Fail(start, "invalid metric type " + base::Quote(base::Utf8Prefix(entry.text, 40)));
}

bool OpenMetricsParser::ReadUnit(Entry& entry) {
  entry.kind = EntryKind::unit;
  const size_t start = at_;
  entry.text = RestOfLine();
  if (entry.text.empty()) return true;
  const bool suffix = entry.metric.size() > entry.text.size() && entry.metric.ends_with(entry.text) &&
                      entry.metric[entry.metric.size() - entry.text.size() - 1] == '_';
  if (suffix) return true;
  return Fail(start, "the unit " + base::Quote(base::Utf8Prefix(entry.text, 40)) +
                         " is not a suffix of the metric name " + base::Quote(base::Utf8Prefix(entry.metric, 80)));
}

bool OpenMetricsParser::ReadHelp(Entry& entry) {
  entry.kind = EntryKind::help;
  const size_t start = at_;
  entry.text = RestOfLine();
  if (!base::IsValidUtf8(entry.text)) return Fail(start, "the help text is not valid UTF-8");
  if (!entry.text.contains('\\')) return true;
  help_.clear();
  for (size_t i = 0; i < entry.text.size(); ++i) {
    const char next = entry.text[i] == '\\' && i + 1 < entry.text.size() ? entry.text[i + 1] : '\0';
    if (next == 'n' || next == '\\' || next == '"') {
      help_ += next == 'n' ? '\n' : next;
      ++i;
    } else {
      help_ += entry.text[i];
    }
  }
  entry.text = help_;
  return true;
}

bool OpenMetricsParser::ReadSample(Entry& entry, std::string_view expected) {
  const size_t start = at_;
  entry.kind = EntryKind::sample;
  const size_t after = at_ + expected.size();
  entry.expected = !expected.empty() && page_.substr(at_, expected.size()) == expected && after < page_.size() &&
                   page_[after] == ' ';
  if (entry.expected) {
    at_ = after;
  } else if (!series_.Read(page_, at_, syntax_)) {
    error_ = series_.error();
    return false;
  }
  entry.series = page_.substr(start, at_ - start);
  entry.time.reset();
  entry.has_exemplar = false;
  if (!TakeSpace("the value") || !ReadNumber(entry.value, "number")) return false;
  if (Take('\n')) return true;
  if (!TakeSpace("a timestamp or an exemplar")) return false;
  if (at_ < page_.size() && page_[at_] != '#') {
    if (!ReadTimestamp(entry.time)) return false;
    if (Take('\n')) return true;
    if (!TakeSpace("the exemplar")) return false;
  }
  return ReadExemplar(entry) && TakeLineEnd();
}

bool OpenMetricsParser::ReadNumber(double& value, std::string_view what) {
  const size_t start = at_;
  const std::string_view word = Word();
  const auto number = ParseSampleValue(word);
  if (!number) return Fail(start, "not a " + std::string(what) + ": " + base::Quote(base::Utf8Prefix(word, 40)));
  value = *number;
  return true;
}

bool OpenMetricsParser::ReadTimestamp(std::optional<base::Timestamp>& time) {
  const size_t start = at_;
  double seconds = 0;
  if (!ReadNumber(seconds, "timestamp in seconds")) return false;
  if (!std::isfinite(seconds)) return Fail(start, "the timestamp is not finite");
  // further than the clock counts is as far as it counts
  constexpr double kFurthest = 9.2e18;
  const double milliseconds = std::clamp(seconds * 1000, -kFurthest, kFurthest);
  time = base::Timestamp(base::Duration(static_cast<int64_t>(milliseconds)));
  return true;
}

bool OpenMetricsParser::ReadExemplar(Entry& entry) {
  if (!Take('#')) return Fail(at_, "expected an exemplar");
  if (!TakeSpace("the exemplar's labels")) return false;
  const size_t start = at_;
  SeriesSyntax syntax = syntax_;
  syntax.name_required = false;
  if (!exemplar_series_.Read(page_, at_, syntax)) {
    error_ = exemplar_series_.error();
    return false;
  }
  size_t runes = 0;
  std::vector<base::Label> labels(exemplar_series_.labels().begin(), exemplar_series_.labels().end());
  for (const base::Label& label : labels) runes += base::Utf8Length(label.name) + base::Utf8Length(label.value);
  if (strict_ && runes > kMaxExemplarLabelRunes) {
    return Fail(start, "the exemplar's labels are longer than 128 characters");
  }
  exemplar_.labels = base::Labels(std::move(labels));
  exemplar_.time.reset();
  entry.has_exemplar = true;
  if (!TakeSpace("the exemplar's value") || !ReadNumber(exemplar_.value, "number")) return false;
  return AtLineEnd() || (TakeSpace("the exemplar's timestamp") && ReadTimestamp(exemplar_.time));
}

}  // namespace

std::unique_ptr<ExpositionParser> NewOpenMetricsParser(std::string_view page, bool strict) {
  return std::make_unique<OpenMetricsParser>(page, strict);
}

}  // namespace ingest
