#include "ingest/series_text.h"

#include <algorithm>

#include "base/text.h"

namespace ingest {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

bool IsNameStart(char c, bool colons) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colons && c == ':');
}

bool IsNamePart(char c, bool colons) { return IsNameStart(c, colons) || (c >= '0' && c <= '9'); }

constexpr size_t kFewLabels = 8;

}  // namespace

base::SourcePosition LineCounter::At(std::string_view page, size_t offset) {
  for (size_t end = page.find('\n', counted_); end < offset; end = page.find('\n', counted_)) {
    ++line_;
    line_start_ = counted_ = end + 1;
  }
  return {"", line_, static_cast<int>(offset - line_start_ + 1)};
}

base::SourcePosition PositionAt(std::string_view page, size_t offset) { return LineCounter().At(page, offset); }

base::Error ToError(const SyntaxError& error, std::string_view page) {
  return {base::ErrorCode::invalid_argument, error.message, PositionAt(page, error.offset)};
}

bool SeriesReader::Fail(size_t offset, std::string message) {
  error_ = {offset, std::move(message)};
  return false;
}

void SeriesReader::SkipBlanks(SeriesSyntax syntax) {
  while (syntax.blanks && at_ < page_.size() && IsBlank(page_[at_])) ++at_;
}

bool SeriesReader::Read(std::string_view page, size_t& at, SeriesSyntax syntax) {
  page_ = page;
  at_ = at;
  labels_.clear();
  unescaped_.clear();
  std::string_view name;
  if (Peek() != '{') {
    if (!syntax.name_required) return Fail(at_, "expected '{'");
    if (!ReadName(name, true)) return Fail(at_, "expected a metric name");
    labels_.push_back({base::kMetricName, name});
  } else if (syntax.name_required) {
    labels_.push_back({base::kMetricName, {}});
  }
  const size_t after_name = at_;
  SkipBlanks(syntax);
  if (Peek() != '{') {
    at_ = after_name;
  } else if (!ReadBraces(syntax)) {
    return false;
  }
  if (syntax.name_required && labels_.front().value.empty()) return Fail(at, "the series has no metric name");
  if (!CheckUnique(at)) return false;
  at = at_;
  return true;
}

bool SeriesReader::ReadBraces(SeriesSyntax syntax) {
  ++at_;
  SkipBlanks(syntax);
  while (Peek() != '}') {
    if (!ReadBracePart(syntax)) return false;
    SkipBlanks(syntax);
    if (Peek() == '}') break;
    if (Peek() != ',') return Fail(at_, "expected ',' or '}' after a label");
    ++at_;
    SkipBlanks(syntax);
    if (Peek() == '}' && !syntax.trailing_comma) return Fail(at_, "expected a label after ','");
  }
  ++at_;
  return true;
}

bool SeriesReader::ReadBracePart(SeriesSyntax syntax) {
  const size_t start = at_;
  std::string_view name;
  const bool quoted = Peek() == '"';
  if (quoted) {
    if (!ReadQuoted(name)) return false;
  } else if (!ReadName(name, false)) {
    return Fail(at_, "expected a label name");
  }
  SkipBlanks(syntax);
  if (quoted && Peek() != '=') {
    if (!syntax.name_required) return Fail(at_, "expected '=' after the label name");
    if (!labels_.front().value.empty()) return Fail(start, "the series has two metric names");
    if (name.empty()) return Fail(start, "the metric name is empty");
    labels_.front().value = name;
    return true;
  }
  if (name.empty()) return Fail(start, "the label name is empty");
  if (name == base::kMetricName) return Fail(start, "the label name __name__ is reserved for the metric name");
  if (Peek() != '=') return Fail(at_, "expected '=' after the label name");
  ++at_;
  SkipBlanks(syntax);
  if (Peek() != '"') return Fail(at_, "expected a label value in double quotes");
  std::string_view value;
  if (!ReadQuoted(value)) return false;
  labels_.push_back({name, value});
  return true;
}

bool SeriesReader::ReadName(std::string_view& out, bool colons) {
  if (!IsNameStart(Peek(), colons)) return false;
  const size_t start = at_;
  while (at_ < page_.size() && IsNamePart(page_[at_], colons)) ++at_;
  out = page_.substr(start, at_ - start);
  return true;
}

bool SeriesReader::ReadQuoted(std::string_view& out) {
  const size_t start = ++at_;
  while (at_ < page_.size() && page_[at_] != '"' && page_[at_] != '\\' && page_[at_] != '\n') ++at_;
  if (Peek() == '\\') {
    if (!Unescape(start, out)) return false;
  } else {
    if (Peek() != '"') return Fail(start - 1, "the closing quote is missing");
    out = page_.substr(start, at_ - start);
  }
  ++at_;
  if (!base::IsValidUtf8(out)) return Fail(start, "the text in quotes is not valid UTF-8");
  return true;
}

bool SeriesReader::Unescape(size_t start, std::string_view& out) {
  if (unescaped_.empty()) {
    const size_t line_end = page_.find('\n', start);
    unescaped_.reserve(std::min(line_end, page_.size()) - start + 1);
  }
  const size_t from = unescaped_.size();
  unescaped_.append(page_.substr(start, at_ - start));
  for (; Peek() != '"'; ++at_) {
    if (Peek() == '\n') return Fail(start - 1, "the closing quote is missing");
    if (page_[at_] != '\\') {
      unescaped_ += page_[at_];
      continue;
    }
    ++at_;
    switch (Peek()) {
      case 'n':
        unescaped_ += '\n';
        break;
      case '"':
        unescaped_ += '"';
        break;
      case '\\':
        unescaped_ += '\\';
        break;
      case '\n':
        return Fail(start - 1, "the closing quote is missing");
      default:
        unescaped_.append({'\\', page_[at_]});  // unknown escapes stand for themselves
    }
  }
  out = std::string_view(unescaped_).substr(from);
  return true;
}

bool SeriesReader::CheckUnique(size_t start) {
  const auto fail = [&](std::string_view name) {
    return Fail(start, "the label name " + base::Quote(name) + " is not unique");
  };
  if (labels_.size() <= kFewLabels) {
    for (size_t i = 1; i < labels_.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (labels_[i].name == labels_[j].name) return fail(labels_[i].name);
      }
    }
    return true;
  }
  sorted_.clear();
  for (const base::Label& label : labels_) sorted_.push_back(label.name);
  std::ranges::sort(sorted_);
  const auto twice = std::ranges::adjacent_find(sorted_);
  return twice == sorted_.end() || fail(*twice);
}

}  // namespace ingest
