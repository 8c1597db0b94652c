#include "promql/lexer.h"

#include <fmt/format.h>

#include "base/text.h"

namespace promql {
namespace {

using enum TokenKind;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsWordCharacter(char c) { return IsLetter(c) || IsDigit(c); }

bool Among(std::string_view characters, char c) { return c != '\0' && characters.contains(c); }

// A character in single quotes, as error texts show it.
std::string QuoteCharacter(std::string_view character) {
  if (character.empty()) return "'\xEF\xBF\xBD'";
  if (character == "'") return "'\\''";
  if (character == "\"") return "'\"'";
  std::string quoted = base::Quote(base::IsValidUtf8(character) ? character : "\xEF\xBF\xBD");
  quoted.front() = quoted.back() = '\'';
  return quoted;
}

}  // namespace

bool Lexer::Accept(std::string_view characters) {
  if (AtEnd() || !Among(characters, text_[at_])) return false;
  ++at_;
  return true;
}

// The character at `at` with all its bytes, or one byte where they are not UTF-8.
std::string_view Lexer::PeekCharacter(size_t at) const {
  if (at >= text_.size()) return {};
  const std::string_view character = base::Utf8Prefix(text_.substr(at, 4), 1);
  return base::IsValidUtf8(character) ? character : text_.substr(at, 1);
}

void Lexer::SkipSpaceAndComments() {
  while (!AtEnd()) {
    if (IsSpace(text_[at_])) {
      ++at_;
    } else if (text_[at_] == '#' && !in_duration_) {
      while (!AtEnd() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
    } else {
      return;
    }
  }
}

Token Lexer::Make(TokenKind kind, size_t length) {
  at_ = start_ + length;
  return {kind, static_cast<uint32_t>(start_), static_cast<uint32_t>(at_)};
}

Token Lexer::Fail(std::string message) {
  failed_ = true;
  error_ = std::move(message);
  return {TokenKind::error, static_cast<uint32_t>(start_), static_cast<uint32_t>(text_.size())};
}

Token Lexer::FailBehind(std::string message) {
  ++start_;
  return Fail(std::move(message));
}

Token Lexer::Next() {
  if (failed_) return {TokenKind::error, static_cast<uint32_t>(start_), static_cast<uint32_t>(text_.size())};
  SkipSpaceAndComments();
  start_ = at_;
  if (in_braces_) return InsideBraces();
  if (in_duration_) return InsideDuration();
  return Outside();
}

Token Lexer::InsideBraces() {
  if (AtEnd()) return Fail("unexpected end of input inside braces");
  const char c = Peek();
  if (IsLetter(c)) {
    size_t length = 1;
    while (IsWordCharacter(Peek(length))) ++length;
    return Make(identifier, length);
  }
  switch (c) {
    case ',':
      return Make(comma, 1);
    case '"':
    case '\'':
      return QuotedString(c);
    case '`':
      return RawString();
    case '=':
      return Peek(1) == '~' ? Make(regex_match, 2) : Make(assign, 1);
    case '!':
      if (Peek(1) == '~') return Make(regex_no_match, 2);
      if (Peek(1) == '=') return Make(not_equal, 2);
      return Fail(
          fmt::format("unexpected character after '!' inside braces: {}", QuoteCharacter(PeekCharacter(at_ + 1))));
    case '{':
      return Fail("unexpected left brace '{'");
    case '}':
      in_braces_ = false;
      return Make(right_brace, 1);
    default:
      return Fail(fmt::format("unexpected character inside braces: {}", QuoteCharacter(PeekCharacter(at_))));
  }
}

Token Lexer::InsideDuration() {
  if (AtEnd()) return Fail("unexpected end of input in duration expression");
  const char c = Peek();
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) {
    duration_seen_ = true;
    in_duration_ = false;
    return NumberOrDuration();
  }
  if (IsLetter(c)) {
    if (const auto token = DurationWord()) return *token;
  }
  if (c == ':') {
    if (!duration_seen_) return FailBehind("unexpected colon before duration in duration expression");
    if (colon_seen_) return FailBehind("unexpected repeated colon in duration expression");
    colon_seen_ = true;
    return Make(colon, 1);
  }
  if (c == '(' || c == ')' || c == ']') return Bracket(c);
  if (c == ',') return Make(comma, 1);
  if (const auto token = Among("+-*/%^", c) ? Operator(c) : std::nullopt) return *token;
  return Fail(fmt::format("unexpected character in duration expression: {}", QuoteCharacter(PeekCharacter(at_))));
}

// A letter or colon after the first number or duration between brackets.
Token Lexer::BracketWord() {
  if (Peek() == ':') {
    if (colon_seen_) return Fail("unexpected colon ':'");
    colon_seen_ = true;
    return Make(colon, 1);
  }
  if (const auto token = DurationWord()) return *token;
  return Fail(fmt::format("unexpected character: {}, expected ':'", QuoteCharacter(PeekCharacter(at_))));
}

std::optional<Token> Lexer::DurationWord() {
  size_t length = 1;
  while (IsLetter(Peek(length))) ++length;
  const auto word = FindWord(text_.substr(at_, length));
  const bool known = word == step || word == range || word == max_of || word == min_of;
  return known ? std::optional(Make(*word, length)) : std::nullopt;
}

Token Lexer::Outside() {
  if (AtEnd()) {
    if (paren_depth_ != 0) return Fail("unclosed left parenthesis");
    if (in_brackets_) return Fail("unclosed left bracket");
    return Make(TokenKind::end, 0);
  }
  const char c = Peek();
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return NumberOrDuration();
  if (IsLetter(c) || c == ':') return in_brackets_ ? BracketWord() : Word();
  if (c == '"' || c == '\'') return QuotedString(c);
  if (c == '`') return RawString();
  if (c == ',') return Make(comma, 1);
  if (Among("()[]{", c)) return Bracket(c);
  if (const auto token = Operator(c)) return *token;
  if (failed_) return Next();
  return Fail(fmt::format("unexpected character: {}", QuoteCharacter(PeekCharacter(at_))));
}

Token Lexer::Bracket(char c) {
  switch (c) {
    case '(':
      ++paren_depth_;
      return Make(left_paren, 1);
    case ')':
      if (--paren_depth_ < 0) return FailBehind("unexpected right parenthesis ')'");
      return Make(right_paren, 1);
    case '{':
      in_braces_ = true;
      return Make(left_brace, 1);
    case '[':
      if (in_brackets_) return Fail("unexpected left bracket '['");
      in_brackets_ = in_duration_ = true;
      colon_seen_ = false;
      return Make(left_bracket, 1);
    default:
      if (!in_brackets_) return Fail("unexpected right bracket ']'");
      in_brackets_ = in_duration_ = false;
      return Make(right_bracket, 1);
  }
}

std::optional<Token> Lexer::Operator(char c) {
  const char next = Peek(1);
  switch (c) {
    case '+':
      return Make(add, 1);
    case '-':
      return Make(subtract, 1);
    case '*':
      return Make(multiply, 1);
    case '/':
      return Make(divide, 1);
    case '%':
      return Make(modulo, 1);
    case '^':
      return Make(power, 1);
    case '@':
      return Make(at, 1);
    case '=':
      if (next == '=') return Make(equal, 2);
      if (next == '~') return Fail("unexpected character after '=': '~'");
      return Make(assign, 1);
    case '!':
      if (next == '=') return Make(not_equal, 2);
      return Fail(fmt::format("unexpected character after '!': {}", QuoteCharacter(PeekCharacter(at_ + 1))));
    case '<':
      if (next == '=') return Make(less_or_equal, 2);
      return next == '/' ? Make(trim_upper, 2) : Make(less, 1);
    case '>':
      if (next == '=') return Make(greater_or_equal, 2);
      return next == '/' ? Make(trim_lower, 2) : Make(greater, 1);
    default:
      return std::nullopt;
  }
}

Token Lexer::Word() {
  size_t length = 1;
  while (IsWordCharacter(Peek(length)) || Peek(length) == ':') ++length;
  const std::string_view text = text_.substr(at_, length);
  const auto word = FindWord(text);
  Token token = Make(text.contains(':') ? metric_identifier : identifier, length);
  if (!word) return token;
  // fill is a metric name wherever no value for it follows
  const bool filling = *word == fill || *word == fill_left || *word == fill_right;
  if (!filling || FollowedByParen()) token.kind = *word;
  return token;
}

bool Lexer::FollowedByParen() const {
  size_t ahead = at_;
  while (ahead < text_.size() && IsSpace(text_[ahead])) ++ahead;
  return ahead < text_.size() && text_[ahead] == '(';
}

Token Lexer::NumberOrDuration() {
  if (ScanNumber()) return Make(number, at_ - start_);
  if (ScanDurationRest()) return Make(duration, at_ - start_);
  return Fail(fmt::format("bad number or duration syntax: {}", base::Quote(text_.substr(start_, at_ - start_))));
}

// Advances at_ past the longest prefix that may be a number. Returns false if it is not one; the rest may make it a
// duration. The accepted form is that of Prometheus: 0.5.5 passes here, but has no value.
bool Lexer::ScanNumber() {
  std::string_view digits = "0123456789";
  if (Accept("0") && Accept("xX")) {
    Accept("_");
    digits = "0123456789abcdefABCDEF";
  }
  const bool hexadecimal = digits.size() > 10;
  Accept(".");
  Accept(digits);
  bool dot = false, exponent = false;
  while (!AtEnd()) {
    if (Accept(".")) {
      if (dot || hexadecimal || Accept("_.")) return false;
      dot = true;
    } else if (Accept("eE")) {  // in hexadecimal, too, unless it is the first digit
      if (exponent) return false;
      exponent = true;
      Accept("+-");
      if (AtEnd() || Accept("._eE")) return false;
    } else if (Accept("_")) {
      if (AtEnd() || Accept("._eE")) return false;
    } else if (!Accept(digits)) {
      break;
    }
  }
  return AtEnd() || !IsWordCharacter(Peek());
}

bool Lexer::ScanDurationRest() {
  if (!Accept("smhdwy")) return false;
  Accept("s");
  while (Accept("0123456789")) {
    while (Accept("0123456789")) {
    }
    if (!Accept("smhdw")) return false;
    Accept("s");
  }
  if (!IsWordCharacter(Peek())) return true;
  ++at_;
  return false;
}

}  // namespace promql
