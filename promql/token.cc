#include "promql/token.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace promql {
namespace {

using enum TokenKind;

constexpr auto kWords = std::to_array<std::pair<std::string_view, TokenKind>>({
    {"and", logical_and},
    {"or", logical_or},
    {"unless", logical_unless},
    {"atan2", atan2},
    {"sum", sum},
    {"avg", avg},
    {"count", count},
    {"min", min},
    {"max", max},
    {"group", group},
    {"stddev", stddev},
    {"stdvar", stdvar},
    {"topk", topk},
    {"bottomk", bottomk},
    {"count_values", count_values},
    {"quantile", quantile},
    {"limitk", limitk},
    {"limit_ratio", limit_ratio},
    {"offset", offset},
    {"anchored", anchored},
    {"smoothed", smoothed},
    {"by", by},
    {"without", without},
    {"on", on},
    {"ignoring", ignoring},
    {"group_left", group_left},
    {"group_right", group_right},
    {"fill", fill},
    {"fill_left", fill_left},
    {"fill_right", fill_right},
    {"bool", bool_},
    {"start", start},
    {"end", end_word},
    {"step", step},
    {"range", range},
    {"max_of", max_of},
    {"min_of", min_of},
    {"inf", number},
    {"nan", number},
});

bool IsOperator(TokenKind kind) {
  return (kind >= add && kind <= atan2) || kind == regex_match || kind == regex_no_match;
}
bool IsKeyword(TokenKind kind) { return kind >= offset && kind <= bool_; }

std::string QuoteShort(std::string_view text) {
  constexpr size_t kShown = 10;
  if (text.size() <= kShown) return base::Quote(text);
  return base::Quote(base::Utf8Prefix(text, kShown)) + "...";
}

}  // namespace

bool IsAggregation(TokenKind kind) { return kind >= sum && kind <= limit_ratio; }

bool CanBeMetricName(TokenKind kind) {
  switch (kind) {
    case TokenKind::identifier:
    case TokenKind::metric_identifier:
    case TokenKind::logical_and:
    case TokenKind::logical_or:
    case TokenKind::logical_unless:
    case TokenKind::offset:
    case TokenKind::anchored:
    case TokenKind::smoothed:
    case TokenKind::by:
    case TokenKind::without:
    case TokenKind::fill:
    case TokenKind::fill_left:
    case TokenKind::fill_right:
      return true;
    default:
      return IsAggregation(kind) || kind >= TokenKind::start;
  }
}

bool CanBeLabelName(TokenKind kind) { return CanBeMetricName(kind) || kind >= TokenKind::atan2; }

bool CanBeFunction(TokenKind kind) { return kind == TokenKind::identifier || kind >= TokenKind::start; }

std::optional<TokenKind> FindWord(std::string_view text) {
  constexpr size_t kLongest = 12;
  if (text.size() > kLongest) return std::nullopt;
  const std::string lower = base::ToLower(text);
  const auto found = std::ranges::find(kWords, std::string_view(lower), &std::pair<std::string_view, TokenKind>::first);
  return found == kWords.end() ? std::nullopt : std::optional(found->second);
}

std::string DescribeToken(TokenKind kind, std::string_view text) {
  if (kind == end) return "end of input";
  if (kind == identifier) return fmt::format("identifier {}", base::Quote(text));
  if (kind == metric_identifier) return fmt::format("metric identifier {}", base::Quote(text));
  if (kind == string) return fmt::format("string {}", QuoteShort(text));
  if (kind == number) return fmt::format("number {}", QuoteShort(text));
  if (kind == duration) return fmt::format("duration {}", QuoteShort(text));
  if (IsOperator(kind)) return fmt::format("<op:{}>", text);
  if (IsAggregation(kind)) return fmt::format("<aggr:{}>", text);
  if (IsKeyword(kind)) return fmt::format("<{}>", text);
  return QuoteShort(text);
}

}  // namespace promql
