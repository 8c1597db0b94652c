#include "store/regex_plan.h"

#include <algorithm>
#include <optional>

namespace store {
namespace {

constexpr std::string_view kMeta = R"(\.+*?()|[]{}^$)";
constexpr std::string_view kRepeats = "*+?{";

bool IsPunctuation(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > ' ' && byte < 0x7f && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
}

// Takes one character that stands for itself, and what escapes it; leaves the pattern alone if there is none.
std::optional<char> TakeLiteral(std::string_view& pattern) {
  if (pattern.empty()) return std::nullopt;
  if (pattern.front() == '\\') {
    if (pattern.size() < 2 || !IsPunctuation(pattern[1])) return std::nullopt;
    const char c = pattern[1];
    pattern.remove_prefix(2);
    return c;
  }
  if (kMeta.contains(pattern.front())) return std::nullopt;
  const char c = pattern.front();
  pattern.remove_prefix(1);
  return c;
}

// The literal beginning of a pattern; what follows it is left. A character that is repeated does not belong to it, nor
// the bytes of a repeated UTF-8 sequence.
std::string TakeLiteralPrefix(std::string_view& pattern) {
  std::string prefix;
  std::string_view before_last = pattern;
  size_t size_before_last = 0;
  while (true) {
    const bool continues = !pattern.empty() && (static_cast<unsigned char>(pattern.front()) & 0xc0) == 0x80;
    const std::string_view start = pattern;
    const auto c = TakeLiteral(pattern);
    if (!c) break;
    if (!continues) {
      before_last = start;
      size_before_last = prefix.size();
    }
    prefix += *c;
  }
  if (!pattern.empty() && kRepeats.contains(pattern.front()) && !prefix.empty()) {
    pattern = before_last;
    prefix.resize(size_before_last);
  }
  return prefix;
}

// Anchors at the ends of an alternative say what is the case anyway.
std::string_view WithoutAnchors(std::string_view pattern) {
  if (pattern.starts_with('^')) pattern.remove_prefix(1);
  if (pattern.ends_with('$') && !pattern.ends_with("\\$")) pattern.remove_suffix(1);
  return pattern;
}

// (x), (?:x) and ((x)) are x, if the first parenthesis closes at the end.
std::string_view WithoutGroup(std::string_view pattern) {
  while (pattern.starts_with('(') && pattern.ends_with(')')) {
    std::string_view inside = pattern.substr(1, pattern.size() - 2);
    if (inside.starts_with("?:")) inside.remove_prefix(2);
    if (inside.find_first_of(R"(()[]\?)") != std::string_view::npos) break;
    pattern = inside;
  }
  return pattern;
}

std::optional<std::vector<std::string>> Literals(std::string_view pattern) {
  std::vector<std::string> literals;
  while (true) {
    // an escaped bar is found here too: then the alternative does not end in a literal, and the answer is none
    const size_t bar = pattern.find('|');
    std::string_view alternative = WithoutAnchors(pattern.substr(0, bar));
    literals.push_back(TakeLiteralPrefix(alternative));
    if (!alternative.empty()) return std::nullopt;
    if (bar == std::string_view::npos) break;
    pattern.remove_prefix(bar + 1);
  }
  std::ranges::sort(literals);
  literals.erase(std::unique(literals.begin(), literals.end()), literals.end());
  return literals;
}

}  // namespace

RegexPlan PlanRegex(std::string_view pattern) {
  using Kind = RegexPlan::Kind;
  if (pattern.contains(R"(\Q)")) return {};  // quoting has rules of its own
  pattern = WithoutGroup(pattern);
  if (auto literals = Literals(pattern)) return {Kind::literals, std::move(*literals), {}, 0};
  if (pattern.contains('|')) return {};
  pattern = WithoutAnchors(pattern);
  const std::string prefix = TakeLiteralPrefix(pattern);
  if (pattern == ".*") return {prefix.empty() ? Kind::anything : Kind::prefix, {}, prefix, 0};
  if (pattern == ".+") return {prefix.empty() ? Kind::non_empty : Kind::prefix, {}, prefix, 1};
  return {Kind::general, {}, prefix, 0};
}

}  // namespace store
