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

// A piece of the text, by its bytes.
struct Token {
  TokenKind kind = TokenKind::end;
  uint32_t begin = 0;
  uint32_t end = 0;
};

bool IsAggregation(TokenKind kind);
// Most words mean something here or there, and are names everywhere else.
bool CanBeMetricName(TokenKind kind);
bool CanBeLabelName(TokenKind kind);
bool CanBeFunction(TokenKind kind);

// What a word means in any case of letters; nullopt where it is a plain name.
std::optional<TokenKind> FindWord(std::string_view text);

// As error texts name a token: `identifier "foo"`, `<op:+>`, `end of input`.
std::string DescribeToken(TokenKind kind, std::string_view text);

}  // namespace promql
