#include "base/yaml/explain_yaml.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace base {
namespace {

constexpr auto kNone = std::string_view::npos;
constexpr std::string_view kBlank = " \t\r";

struct Line {
  std::string_view text;
  size_t indent = 0;   // the column of the first character that is no space, counted from 0
  size_t content = 0;  // likewise behind dashes: that of the key in "- key: value"
  bool blank = false;  // nothing on it, or a comment alone
  bool dash = false;
};

Line ReadLine(std::string_view text) {
  Line line{.text = text};
  const size_t first = text.find_first_not_of(' ');
  const size_t visible = text.find_first_not_of(kBlank);
  line.blank = visible == kNone || text[visible] == '#';
  line.indent = first == kNone ? text.size() : first;
  line.content = line.indent;
  while (line.content < text.size() && text[line.content] == '-' &&
         (line.content + 1 == text.size() || text[line.content + 1] == ' ')) {
    line.dash = true;
    const size_t next = text.find_first_not_of(' ', line.content + 1);
    line.content = next == kNone ? text.size() : next;
  }
  return line;
}

// A key and its value on one line.
struct Entry {
  std::string_view key;
  std::string_view value;  // without what surrounds it; may be empty
  size_t value_at = 0;     // column, counted from 0
};

std::optional<Entry> ReadEntry(const Line& line) {
  const size_t colon = std::min(line.text.find(": ", line.content), line.text.find(":\t", line.content));
  const bool last = colon == kNone && Trim(line.text).ends_with(':');
  const size_t end = last ? line.text.find_last_of(':') : colon;
  if (end == kNone || end < line.content) return std::nullopt;
  Entry entry{.key = Trim(line.text.substr(line.content, end - line.content)), .value = {}};
  const size_t value = line.text.find_first_not_of(kBlank, end + 1);
  if (value == kNone) return entry;
  entry.value = Trim(line.text.substr(value));
  entry.value_at = value;
  return entry;
}

std::string InQuotes(std::string_view value) {
  if (!value.contains('"')) return fmt::format("\"{}\"", value);
  return fmt::format("'{}'", ReplaceAll(std::string(value), "'", "''"));
}

// The value that begins at this column: all of the line, or up to the end of its part of a {} or [].
std::string_view ValueAt(const Line& line, size_t column) {
  const std::string_view before = line.text.substr(0, column);
  std::string_view value = line.text.substr(column);
  if (before.find_first_of("{[") != kNone) value = value.substr(0, value.find_first_of(",}]"));
  const size_t comment = value.find(" #");
  return Trim(value.substr(0, comment));
}

bool IsComparison(std::string_view value) {
  for (const std::string_view sign : {">=", "<=", "!=", "==", ">", "<"}) {
    if (!value.starts_with(sign)) continue;
    const std::string_view number = Trim(value.substr(sign.size()));
    return !number.empty() && std::string_view("-+.0123456789").contains(number.front());
  }
  return false;
}

// The key whose value begins at this column, with ": "; "" where there is none.
std::string KeyBefore(const Line& line, size_t column) {
  const std::string_view before = Trim(line.text.substr(0, column));
  if (!before.ends_with(':')) return "";
  const size_t begin = before.find_last_of(" {,[\t", before.size() - 1);
  return fmt::format("{} ", before.substr(begin == kNone ? 0 : begin + 1));
}

std::string QuoteValue(const Line& line, size_t column, std::string_view value) {
  return fmt::format("{}{}", KeyBefore(line, column), InQuotes(value));
}

class Explainer {
 public:
  Explainer(std::string_view text, const SourcePosition& where, std::string_view message)
      : file_(where.file), message_(message) {
    for (const std::string_view line : Split(text, '\n')) lines_.push_back(ReadLine(line));
    line_ = std::min(lines_.size() - 1, static_cast<size_t>(std::max(where.line, 1) - 1));
    // an end that is missing is noticed behind the last line
    while (line_ > 0 && lines_[line_].blank) --line_;
    column_ = std::min(lines_[line_].text.size(), static_cast<size_t>(std::max(where.column, 1) - 1));
  }

  std::optional<Error> Explain() const {
    for (const auto look : {&Explainer::Tab, &Explainer::OpenQuote, &Explainer::OpenBracket, &Explainer::Template,
                            &Explainer::SpecialValue, &Explainer::ColonInValue, &Explainer::MissingSpace,
                            &Explainer::TooDeep, &Explainer::NoSuchLevel}) {
      if (auto found = (this->*look)()) return found;
    }
    return std::nullopt;
  }

 private:
  Error At(size_t line, size_t column, std::string message) const {
    return {ErrorCode::invalid_argument, std::move(message),
            SourcePosition{file_, static_cast<int>(line) + 1, static_cast<int>(column) + 1}};
  }

  const Line* LineBefore(size_t line) const {
    while (line-- > 0) {
      if (!lines_[line].blank) return &lines_[line];
    }
    return nullptr;
  }

  std::optional<Error> Tab() const {
    for (const size_t line : {line_, line_ > 0 ? line_ - 1 : line_}) {
      const std::string_view text = lines_[line].text;
      const std::string_view indent = text.substr(0, text.find_first_not_of(kBlank));
      if (lines_[line].blank || !indent.contains('\t')) continue;
      return At(line, indent.find('\t'), "the line is indented with a tab, which YAML does not allow: use spaces");
    }
    return std::nullopt;
  }

  // A quote that is opened on an earlier line and not closed on it.
  std::optional<Error> OpenQuote() const {
    for (size_t i = line_ + 1; i-- > 0;) {
      const auto entry = ReadEntry(lines_[i]);
      const std::string_view value = entry ? entry->value : lines_[i].text.substr(lines_[i].content);
      const size_t column = entry ? entry->value_at : lines_[i].content;
      if (value.empty() || (value.front() != '"' && value.front() != '\'')) continue;
      const auto quotes = std::ranges::count(value, value.front());
      const auto escaped = value.front() == '"'
                               ? static_cast<long>(Split(ReplaceAll(std::string(value), "\\\"", "\1"), '\1').size()) - 1
                               : 0;
      if ((quotes - escaped) % 2 == 0) continue;
      return At(i, column, fmt::format("the quote {} that begins here is not closed on its line", value.front()));
    }
    return std::nullopt;
  }

  std::optional<Error> OpenBracket() const {
    if (!message_.contains("flow")) return std::nullopt;
    size_t depth = 0;
    for (size_t i = line_ + 1; i-- > 0;) {
      const std::string_view text = i == line_ ? lines_[i].text.substr(0, column_) : lines_[i].text;
      for (size_t at = text.size(); at-- > 0;) {
        if (text[at] == ']' || text[at] == '}') ++depth;
        if (text[at] != '[' && text[at] != '{') continue;
        if (depth == 0) {
          return At(i, at, fmt::format("the {} that begins here has no {}", text[at], text[at] == '[' ? ']' : '}'));
        }
        --depth;
      }
    }
    return std::nullopt;
  }

  std::optional<Error> Template() const {
    const Line& line = lines_[line_];
    const auto entry = ReadEntry(line);
    if (!entry || !entry->value.starts_with("{{")) return std::nullopt;
    return At(line_, entry->value_at,
              fmt::format("a value that begins with {{{{ must be in quotes: {}",
                          QuoteValue(line, entry->value_at, entry->value)));
  }

  // A value that begins with a character that has a meaning in YAML. The parser complains of it or right behind it.
  std::optional<Error> SpecialValue() const {
    const Line& line = lines_[line_];
    for (size_t column = std::min(column_ + 1, line.text.size()); column-- > 0 && column + 4 > column_;) {
      const char first = line.text[column];
      if (!std::string_view(">|@`%*&!?").contains(first)) continue;
      const std::string_view before = Trim(line.text.substr(0, column));
      const bool begins = before.empty() || std::string_view(":-,[{").contains(before.back());
      const std::string_view value = ValueAt(line, column);
      if (!begins || value.size() < 2) continue;
      return At(line_, column,
                fmt::format("a value that begins with {} must be in quotes: {}",
                            IsComparison(value) ? value.substr(0, value.find_first_not_of("<>=!")) : value.substr(0, 1),
                            QuoteValue(line, column, value)));
    }
    return std::nullopt;
  }

  std::optional<Error> ColonInValue() const {
    const auto entry = ReadEntry(lines_[line_]);
    if (!entry || !entry->value.contains(": ") || std::string_view("\"'{[").contains(entry->value.front())) {
      return std::nullopt;
    }
    return At(line_, entry->value_at,
              fmt::format("a value that holds a colon and a space must be in quotes: {}: {}", entry->key,
                          InQuotes(entry->value)));
  }

  std::optional<Error> MissingSpace() const {
    const Line* const before = LineBefore(line_);
    for (const Line* line : {&lines_[line_], before}) {
      if (line == nullptr || ReadEntry(*line)) continue;
      const std::string_view text = Trim(line->text.substr(line->content));
      const size_t colon = text.find(':');
      if (colon == kNone || colon == 0 || text.front() == '"' || text.substr(0, colon).contains(' ') ||
          text.substr(colon).starts_with("://")) {
        continue;
      }
      return At(
          static_cast<size_t>(line - lines_.data()), line->content + colon,
          fmt::format("a space is missing behind the colon: {}: {}", text.substr(0, colon), text.substr(colon + 1)));
    }
    return std::nullopt;
  }

  // Deeper than the line before, which has a value already.
  std::optional<Error> TooDeep() const {
    const Line* const before = LineBefore(line_);
    const Line& line = lines_[line_];
    if (before == nullptr || line.indent <= before->content) return std::nullopt;
    const auto entry = ReadEntry(*before);
    if (!entry || entry->value.empty()) return std::nullopt;
    return At(line_, line.indent,
              fmt::format("the line is indented too far: \"{}\" above has a value already; begin in column {} to go on "
                          "with its map",
                          entry->key, before->content + 1));
  }

  // Further to the left than the line before, at a level that no line has begun.
  std::optional<Error> NoSuchLevel() const {
    const Line& line = lines_[line_];
    const Line* const before = LineBefore(line_);
    if (before == nullptr || line.indent >= before->content) return std::nullopt;
    std::vector<size_t> levels;
    size_t limit = kNone;
    for (size_t i = line_; i-- > 0;) {
      const Line& above = lines_[i];
      if (above.blank || above.indent >= limit) continue;
      limit = above.indent;
      if (line.dash ? above.dash : true) levels.push_back(above.indent);
      if (!line.dash && above.content != above.indent) levels.push_back(above.content);
    }
    std::ranges::sort(levels);
    if (levels.empty() || std::ranges::find(levels, line.indent) != levels.end()) return std::nullopt;
    std::vector<std::string> columns;
    for (const size_t level : levels) columns.push_back(fmt::format("{}", level + 1));
    return At(line_, line.indent,
              fmt::format("the indentation fits no line above: {} in column {}",
                          line.dash ? "the other items of the lists begin" : "what is open above goes on",
                          Join(columns, " or ")));
  }

  std::string file_;
  std::string_view message_;
  std::vector<Line> lines_;
  size_t line_ = 0;
  size_t column_ = 0;
};

}  // namespace

Error ExplainYamlError(std::string_view text, const SourcePosition& where, std::string_view message) {
  auto explained = Explainer(text, where, message).Explain();
  Error error = explained ? *std::move(explained) : Error{ErrorCode::invalid_argument, std::string(message), where};
  error.message.insert(0, "not valid YAML: ");
  return error;
}

std::optional<std::string> ExplainYamlValue(std::string_view text, const SourcePosition& where) {
  for (int line = 1; line < where.line; ++line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  const Line line = ReadLine(text.substr(0, text.find('\n')));
  const size_t column = static_cast<size_t>(where.column - 1);
  if (column >= line.text.size()) return std::nullopt;
  const std::string_view value = ValueAt(line, column);
  if (!IsComparison(value) || !std::string_view(">!").contains(value.front())) return std::nullopt;
  return fmt::format("not valid YAML: a value that begins with {} must be in quotes: {}",
                     value.substr(0, value.find_first_not_of("<>=!")), QuoteValue(line, column, value));
}

}  // namespace base
