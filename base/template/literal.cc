#include "base/template/literal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/template/format.h"
#include "base/text.h"

namespace base {
namespace {

std::string Character(uint32_t code_point) {
  const TemplateValue value(static_cast<int64_t>(code_point));
  return GoSprintf("%c", std::span(&value, 1));
}

// The digits of an escape, taken off `rest`.
std::optional<uint32_t> TakeDigits(std::string_view& rest, size_t count, int base) {
  if (rest.size() < count) return std::nullopt;
  const std::string_view digits = rest.substr(0, count);
  uint32_t value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (status != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  rest.remove_prefix(count);
  return value;
}

// One escape behind its backslash.
std::optional<std::string> Unescape(std::string_view& rest, char quote) {
  constexpr std::string_view kSimple = "abfnrtv\\";
  constexpr std::string_view kMeaning = "\a\b\f\n\r\t\v\\";
  if (rest.empty()) return std::nullopt;
  const char c = rest.front();
  if (const size_t at = kSimple.find(c); at != std::string_view::npos) {
    rest.remove_prefix(1);
    return std::string(1, kMeaning[at]);
  }
  if (c == quote) {
    rest.remove_prefix(1);
    return std::string(1, quote);
  }
  if (c >= '0' && c <= '7') {
    const auto value = TakeDigits(rest, 3, 8);
    if (!value || *value > 255) return std::nullopt;
    return std::string(1, static_cast<char>(*value));
  }
  rest.remove_prefix(1);
  if (c == 'x') {
    const auto value = TakeDigits(rest, 2, 16);
    return value ? std::optional(std::string(1, static_cast<char>(*value))) : std::nullopt;
  }
  if (c != 'u' && c != 'U') return std::nullopt;
  const auto value = TakeDigits(rest, c == 'u' ? 4 : 8, 16);
  if (!value || *value > 0x10FFFF || (*value >= 0xD800 && *value <= 0xDFFF)) return std::nullopt;
  return Character(*value);
}

// A whole number as Go's ParseInt reads it with base 0.
std::optional<int64_t> ParseWhole(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  const auto prefix = [&](std::string_view lower, std::string_view upper, int its_base) {
    if (!text.starts_with(lower) && !text.starts_with(upper)) return false;
    text.remove_prefix(lower.size());
    base = its_base;
    return true;
  };
  if (!prefix("0x", "0X", 16) && !prefix("0b", "0B", 2) && !prefix("0o", "0O", 8) && text.size() > 1)
    prefix("0", "0", 8);
  std::string digits(text);
  std::erase(digits, '_');
  uint64_t magnitude = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
  if (status != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  constexpr uint64_t kTop = 1ULL << 63;
  if (magnitude >= kTop + (negative ? 1 : 0)) return std::nullopt;
  return negative ? static_cast<int64_t>(0 - magnitude) : static_cast<int64_t>(magnitude);
}

}  // namespace

std::optional<std::string> UnquoteGo(std::string_view quoted) {
  if (quoted.size() < 2 || quoted.front() != quoted.back()) return std::nullopt;
  const char quote = quoted.front();
  std::string_view rest = quoted.substr(1, quoted.size() - 2);
  if (quote == '`') {
    std::string raw(rest);
    std::erase(raw, '\r');
    return raw;
  }
  std::string text;
  while (!rest.empty()) {
    if (rest.front() != '\\') {
      text += rest.front();
      rest.remove_prefix(1);
      continue;
    }
    rest.remove_prefix(1);
    const auto escaped = Unescape(rest, quote);
    if (!escaped) return std::nullopt;
    text += *escaped;
  }
  return text;
}

std::expected<GoNumber, std::string> ParseGoNumber(std::string_view text) {
  GoNumber number;
  if (text.starts_with('\'')) {
    const auto character = UnquoteGo(text);
    if (!character || Utf8Length(*character) != 1) {
      return std::unexpected(fmt::format("malformed character constant: {}", text));
    }
    const auto byte = [&](size_t i) { return static_cast<unsigned char>((*character)[i]); };
    uint32_t code_point = byte(0);
    if (character->size() > 1) {
      code_point &= 0x7FU >> character->size();
      for (size_t i = 1; i < character->size(); ++i) code_point = (code_point << 6) | (byte(i) & 0x3FU);
    }
    number.integer = code_point;
    number.real = code_point;
    number.value = TemplateValue(static_cast<int64_t>(code_point));
    return number;
  }
  const bool fractional = text.find_first_of(".eEpP") != std::string_view::npos;
  const bool hex = text.find_first_of("xX") != std::string_view::npos;
  number.integer = ParseWhole(text);
  if (number.integer) {
    number.real = static_cast<double>(*number.integer);
    number.value = TemplateValue(*number.integer);
    return number;
  }
  std::string digits(text);
  std::erase(digits, '_');
  const auto real = ParseFloat(digits);
  if (!real || std::isinf(*real) || (hex && text.find_first_of("pP") == std::string_view::npos && fractional)) {
    return std::unexpected(fmt::format("illegal number syntax: {}", Quote(text)));
  }
  if (!fractional) return std::unexpected(fmt::format("integer overflow: {}", Quote(text)));
  number.real = *real;
  number.value = TemplateValue(*real);
  if (std::fabs(*real) < 9e18 && std::trunc(*real) == *real) number.integer = static_cast<int64_t>(*real);
  return number;
}

}  // namespace base
