#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace promql {

// What the lexer tells apart. Keywords come in families, which error texts describe differently.
enum class TokenKind : uint8_t {
  end,
  error,
  identifier,
  metric_identifier,
  number,
  duration,
  string,
  left_paren,
  right_paren,
  left_brace,
  right_brace,
  left_bracket,
  right_bracket,
  comma,
  colon,
  assign,
  regex_match,
  regex_no_match,
  // operators
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  trim_upper,
  trim_lower,
  at,
  logical_and,
  logical_or,
  logical_unless,
  atan2,
  // aggregations
  sum,
  avg,
  count,
  min,
  max,
  group,
  stddev,
  stdvar,
  topk,
  bottomk,
  count_values,
  quantile,
  limitk,
  limit_ratio,
  // keywords
  offset,
  anchored,
  smoothed,
  by,
  without,
  on,
  ignoring,
  group_left,
  group_right,
  fill,
  fill_left,
  fill_right,
  bool_,
  // words with a meaning in durations and after @
  start,
  end_word,
  step,
  range,
  max_of,
  min_of,
};
bool IsAggregation(TokenKind kind);

struct Token {
  TokenKind kind = TokenKind::end;
  uint32_t begin = 0;
  uint32_t end = 0;
};

// Cuts a text into tokens, one at a time. Every byte is looked at a bounded number of times, nothing is allocated per
// token, and what is no token ends the text with one error token, whose reason error() tells.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token Next();
  const std::string& error() const { return error_; }
  std::string_view text() const { return text_; }
  std::string_view TextOf(const Token& token) const { return text_.substr(token.begin, token.end - token.begin); }
  // As error texts name a token: `identifier "foo"`, `<op:+>`, `end of input`.
  std::string Describe(const Token& token) const;

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool AtEnd() const { return at_ >= text_.size(); }
  bool Accept(std::string_view characters);
  std::string_view PeekCharacter(size_t at) const;
  void SkipSpaceAndComments();
  Token Make(TokenKind kind, size_t length);
  Token Fail(std::string message);
  Token FailBehind(std::string message);  // after the one character that is too much
  Token InsideBraces();
  Token InsideBrackets();
  Token Outside();
  Token Bracket(char c);
  std::optional<Token> Operator(char c);
  Token NumberOrDuration();
  bool ScanNumber();
  bool ScanDurationRest();
  Token Word();
  Token QuotedString(char quote);
  bool ScanEscape(char quote);
  Token RawString();
  bool FollowedByParen() const;

  std::string_view text_;
  size_t at_ = 0;
  size_t start_ = 0;
  std::string error_;
  bool failed_ = false;
  bool in_braces_ = false;
  bool in_brackets_ = false;
  bool duration_seen_ = false;  // within the brackets
  bool colon_seen_ = false;
  int paren_depth_ = 0;
};

// A character in single quotes, as error texts show it.
std::string QuoteCharacter(std::string_view character);
// What a string token stands for, quotes and escapes undone. The lexer has checked it.
std::string Unquote(std::string_view literal);

}  // namespace promql
