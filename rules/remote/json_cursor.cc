#include "rules/remote/json_cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace rules {
namespace {

constexpr size_t kDeepest = 64;
constexpr std::string_view kSpace = " \t\r\n";

bool IsNumberCharacter(char c) {
  return (c >= '0' && c <= '9') || std::string_view("+-.eE").find(c) != std::string_view::npos;
}

}  // namespace

char JsonCursor::Peek() {
  if (!good()) return 0;
  at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size());
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonCursor::Take(char wanted) {
  if (Peek() != wanted) return false;
  ++at_;
  return true;
}

void JsonCursor::Fail(std::string_view why) {
  if (good()) problem_ = fmt::format("{} at byte {}", why, std::min(at_, text_.size()));
}

void JsonCursor::Begin(char bracket) {
  if (!Take(bracket)) Fail(bracket == '{' ? "an object is missing" : "a list is missing");
  first_ = true;
}

bool JsonCursor::Next(char close) {
  if (Take(close)) {
    first_ = false;
    return false;
  }
  if (!first_ && !Take(',')) Fail("a comma is missing");
  first_ = false;
  return good();
}

bool JsonCursor::NextKey(std::string& key) {
  if (!Next('}')) return false;
  key = Text();
  if (!Take(':')) Fail("a colon is missing");
  return good();
}

bool JsonCursor::AtNumber() {
  const char next = Peek();
  return next == '-' || (next >= '0' && next <= '9');
}

std::string_view JsonCursor::RawText() {
  if (!Take('"')) {
    Fail("a text is missing");
    return {};
  }
  const size_t begin = at_;
  while (true) {
    at_ = text_.find_first_of("\"\\", at_);
    if (at_ == std::string_view::npos || (text_[at_] == '\\' && at_ + 1 == text_.size())) {
      at_ = text_.size();
      Fail("a text does not end");
      return {};
    }
    if (text_[at_] == '"') return text_.substr(begin, at_++ - begin);
    at_ += 2;
  }
}

std::string JsonCursor::Text() {
  const std::string_view raw = RawText();
  const bool control = std::ranges::any_of(raw, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (control || !base::IsValidUtf8(raw)) Fail("a text holds bytes that no JSON has");
  std::string text = raw.contains('\\') ? Unescape(raw) : std::string(raw);
  return good() ? text : std::string();
}

std::optional<uint32_t> JsonCursor::HexDigits(std::string_view raw, size_t at) const {
  if (at + 4 > raw.size()) return std::nullopt;
  uint32_t unit = 0;
  const char* const end = raw.data() + at + 4;
  const auto [stopped, error] = std::from_chars(raw.data() + at, end, unit, 16);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return unit;
}

std::string JsonCursor::Unescape(std::string_view raw) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  std::string text;
  text.reserve(raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      text += raw[i];
      continue;
    }
    const char escape = raw[++i];
    if (const size_t known = kEscapes.find(escape); known != std::string_view::npos) {
      text += kMeanings[known];
      continue;
    }
    auto unit = escape == 'u' ? HexDigits(raw, i + 1) : std::nullopt;
    if (!unit) {
      Fail("an escape is malformed");
      return {};
    }
    i += 4;
    // two surrogates make one code point; a lone one becomes U+FFFD
    const bool pair = (*unit & 0xfc00) == 0xd800 && raw.substr(i + 1).starts_with("\\u");
    const auto low = pair ? HexDigits(raw, i + 3) : std::nullopt;
    if (low && (*low & 0xfc00) == 0xdc00) {
      unit = 0x10000 + ((*unit & 0x3ff) << 10 | (*low & 0x3ff));
      i += 6;
    }
    base::AppendUtf8(text, *unit);
  }
  return text;
}

double JsonCursor::Number() {
  if (!AtNumber()) {
    Fail("a number is missing");
    return 0;
  }
  const size_t begin = at_;
  while (at_ < text_.size() && IsNumberCharacter(text_[at_])) ++at_;
  const auto number = base::ParseFloat(text_.substr(begin, at_ - begin));
  if (!number) Fail("a number is malformed");
  return number.value_or(0);
}

bool JsonCursor::Bool() {
  Peek();
  for (const bool value : {true, false}) {
    const std::string_view word = value ? "true" : "false";
    if (!good() || !text_.substr(at_).starts_with(word)) continue;
    at_ += word.size();
    return value;
  }
  Fail("true or false is missing");
  return false;
}

void JsonCursor::Skip() {
  std::string open;  // the brackets that are
  do {
    const char next = Peek();
    if (next == '"') {
      RawText();
    } else if (next == '{' || next == '[') {
      open += next == '{' ? '}' : ']';
      ++at_;
      if (open.size() > kDeepest) return Fail("too deeply nested");
    } else if (next == '}' || next == ']') {
      if (open.empty() || open.back() != next) return Fail("a bracket does not match");
      open.pop_back();
      ++at_;
    } else if (next == 0) {
      return Fail("a value does not end");
    } else if (next == ',' || next == ':') {
      if (open.empty()) return Fail("a value is missing");
      ++at_;
    } else {
      at_ = std::min(text_.find_first_of(" \t\r\n\",:[]{}", at_), text_.size());
    }
  } while (good() && !open.empty());
}

base::Result<void> JsonCursor::Finish() {
  if (Peek() != 0 || (good() && at_ < text_.size())) Fail("something follows the end");
  return Status();
}

base::Result<void> JsonCursor::Status() const {
  if (good()) return {};
  return base::Invalid(problem_);
}

}  // namespace rules
