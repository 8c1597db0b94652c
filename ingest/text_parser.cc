#include <charconv>

#include "base/text.h"
#include "ingest/exposition_parser.h"

// Prometheus text 0.0.4. Lines are blank, `# HELP name text`, `# TYPE name type`, another comment, or
// `series value [milliseconds]`; spaces and tabs are free between the parts, the last line end may be missing.

namespace ingest {
namespace {

constexpr SeriesSyntax kSyntax = {};

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

struct TypeWord {
  std::string_view word;
  MetricType type;
};
constexpr TypeWord kTypes[] = {{"counter", MetricType::counter},     {"gauge", MetricType::gauge},
                               {"histogram", MetricType::histogram}, {"summary", MetricType::summary},
                               {"untyped", MetricType::unknown},     {"unknown", MetricType::unknown}};

class TextParser : public ExpositionParser {
 public:
  explicit TextParser(std::string_view page) : page_(page) {}

  base::Result<bool> Next(Entry& entry, std::string_view expected) override {
    while (at_ < page_.size()) {
      SkipBlanks();
      line_ = at_;
      if (AtLineEnd()) {
        ++at_;
        continue;
      }
      if (page_[at_] != '#') return Check(ReadSample(entry, expected));
      bool says_something = false;
      if (!ReadComment(entry, says_something)) return Check(false);
      if (says_something) return true;
    }
    return false;
  }

  std::span<const base::Label> labels() const override { return series_.labels(); }
  const Exemplar& exemplar() const override { return no_exemplar_; }
  base::SourcePosition position() override { return lines_.At(page_, line_); }

 private:
  base::Result<bool> Check(bool good) {
    if (good) return true;
    at_ = page_.size();
    return std::unexpected(ToError(error_, page_));
  }

  bool Fail(size_t offset, std::string message) {
    error_ = {offset, std::move(message)};
    return false;
  }

  bool AtLineEnd() const { return at_ >= page_.size() || page_[at_] == '\n'; }
  void SkipBlanks() {
    while (at_ < page_.size() && IsBlank(page_[at_])) ++at_;
  }
  std::string_view Word() {
    const size_t start = at_;
    while (!AtLineEnd() && !IsBlank(page_[at_])) ++at_;
    return page_.substr(start, at_ - start);
  }
  std::string_view RestOfLine() {
    const size_t start = at_;
    at_ = std::min(page_.find('\n', at_), page_.size());
    return page_.substr(start, at_ - start);
  }

  bool ReadSample(Entry& entry, std::string_view expected);
  bool TakeExpected(std::string_view expected);
  bool ReadTimestamp(Entry& entry);
  bool ReadComment(Entry& entry, bool& says_something);
  bool ReadMetadataName(Entry& entry);
  bool ReadType(Entry& entry);
  bool ReadHelp(Entry& entry);

  std::string_view page_;
  size_t at_ = 0;
  size_t line_ = 0;
  LineCounter lines_;
  SeriesReader series_;
  std::string help_;
  std::string quoted_name_;
  SyntaxError error_;
  Exemplar no_exemplar_;
};

// A series that ends without braces could still get some after blanks, so then the next word is looked at too.
bool TextParser::TakeExpected(std::string_view expected) {
  if (expected.empty() || page_.substr(at_, expected.size()) != expected) return false;
  size_t after = at_ + expected.size();
  if (after >= page_.size() || !IsBlank(page_[after])) return false;
  while (after < page_.size() && IsBlank(page_[after])) ++after;
  if (after < page_.size() && page_[after] == '{') return false;
  at_ += expected.size();
  return true;
}

bool TextParser::ReadSample(Entry& entry, std::string_view expected) {
  const size_t start = at_;
  entry.kind = EntryKind::sample;
  entry.expected = TakeExpected(expected);
  if (!entry.expected && !series_.Read(page_, at_, kSyntax)) {
    error_ = series_.error();
    return false;
  }
  entry.series = page_.substr(start, at_ - start);
  if (AtLineEnd()) return Fail(at_, "expected a value after the series");
  if (!IsBlank(page_[at_]) && page_[at_ - 1] != '}') {
    return Fail(at_, "unexpected character in the metric name");
  }
  SkipBlanks();
  const size_t value_at = at_;
  const std::string_view word = Word();
  if (word.empty()) return Fail(at_, "expected a value after the series");
  const auto value = ParseSampleValue(word);
  if (!value) return Fail(value_at, "not a number: " + base::Quote(base::Utf8Prefix(word, 40)));
  entry.value = *value;
  entry.time.reset();
  entry.has_exemplar = false;
  SkipBlanks();
  if (!AtLineEnd() && !ReadTimestamp(entry)) return false;
  ++at_;
  return true;
}

bool TextParser::ReadTimestamp(Entry& entry) {
  const size_t start = at_;
  const std::string_view word = Word();
  int64_t milliseconds = 0;
  const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), milliseconds);
  if (status != std::errc{} || end != word.data() + word.size()) {
    return Fail(start, "not a timestamp in whole milliseconds: " + base::Quote(base::Utf8Prefix(word, 40)));
  }
  entry.time = base::Timestamp(base::Duration(milliseconds));
  SkipBlanks();
  if (!AtLineEnd()) return Fail(at_, "unexpected text after the timestamp");
  return true;
}

bool TextParser::ReadComment(Entry& entry, bool& says_something) {
  ++at_;
  SkipBlanks();
  const std::string_view word = Word();
  const bool metadata = (word == "HELP" || word == "TYPE") && !AtLineEnd();
  if (metadata) {
    SkipBlanks();
    if (!ReadMetadataName(entry)) return false;
    if (!(word == "HELP" ? ReadHelp(entry) : ReadType(entry))) return false;
    says_something = true;
  } else {
    RestOfLine();
  }
  ++at_;
  return true;
}

bool TextParser::ReadMetadataName(Entry& entry) {
  if (!AtLineEnd() && page_[at_] == '"') {
    // a quoted name is read as the only thing in braces would be
    size_t end = at_ + 1;
    while (end < page_.size() && page_[end] != '"' && page_[end] != '\n') end += page_[end] == '\\' ? 2 : 1;
    if (end >= page_.size() || page_[end] != '"') return Fail(at_, "the closing quote is missing");
    quoted_name_ = "{" + std::string(page_.substr(at_, end + 1 - at_)) + "}";
    size_t at = 0;
    if (!series_.Read(quoted_name_, at, kSyntax)) return Fail(at_, series_.error().message);
    entry.metric = series_.labels().front().value;
    at_ = end + 1;
    return true;
  }
  const size_t start = at_;
  entry.metric = Word();
  if (!base::IsLegacyMetricName(entry.metric)) return Fail(start, "expected a metric name");
  return true;
}

bool TextParser::ReadType(Entry& entry) {
  entry.kind = EntryKind::type;
  SkipBlanks();
  const size_t start = at_;
  entry.text = base::Trim(RestOfLine());
  for (const TypeWord& known : kTypes) {
    if (known.word != entry.text) continue;
    entry.type = known.type;
    return true;
  }
  return Fail(start, "invalid metric type " + base::Quote(base::Utf8Prefix(entry.text, 40)));
}

bool TextParser::ReadHelp(Entry& entry) {
  entry.kind = EntryKind::help;
  if (!AtLineEnd()) ++at_;
  const size_t start = at_;
  entry.text = RestOfLine();
  if (!base::IsValidUtf8(entry.text)) return Fail(start, "the help text is not valid UTF-8");
  if (!entry.text.contains('\\')) return true;
  help_.clear();
  for (size_t i = 0; i < entry.text.size(); ++i) {
    const char next = entry.text[i] == '\\' && i + 1 < entry.text.size() ? entry.text[i + 1] : '\0';
    if (next == 'n' || next == '\\') {
      help_ += next == 'n' ? '\n' : '\\';
      ++i;
    } else {
      help_ += entry.text[i];
    }
  }
  entry.text = help_;
  return true;
}

}  // namespace

std::unique_ptr<ExpositionParser> NewTextParser(std::string_view page) { return std::make_unique<TextParser>(page); }

}  // namespace ingest
