#include "base/template/functions_common.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <clocale>
#include <cmath>
#include <cwctype>
#include <locale>

#include "base/template/format.h"
#include "base/text.h"

namespace base {
namespace {

using Values = std::span<const TemplateValue>;
using enum TemplateParameter;

constexpr size_t kMaxPatternBytes = 64 * 1024;
constexpr std::array<std::string_view, 8> kSmall = {"m", "u", "n", "p", "f", "a", "z", "y"};

std::string FourDigits(double value) { return GoFormatFloat(value, 'g', 4); }

// Below one: 0.0125 is 12.5m.
std::string WithSmallPrefix(double value, std::string_view unit) {
  std::string_view prefix;
  for (const std::string_view next : kSmall) {
    if (std::fabs(value) >= 1) break;
    prefix = next;
    value *= 1000;
  }
  return fmt::format("{}{}{}", FourDigits(value), prefix, unit);
}

template <size_t Count>
std::string WithLargePrefix(double value, double step, const std::array<std::string_view, Count>& prefixes) {
  std::string_view prefix;
  for (const std::string_view next : prefixes) {
    if (std::fabs(value) < step) break;
    prefix = next;
    value /= step;
  }
  return fmt::format("{}{}", FourDigits(value), prefix);
}

Result<std::unique_ptr<RE2>> Compile(std::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes) return Invalid("the regular expression is too long");
  auto regex = std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), RE2::Quiet);
  if (!regex->ok()) return Invalid(fmt::format("error parsing regexp: {}: `{}`", regex->error(), pattern));
  return regex;
}

bool IsNameCharacter(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// One replacement with its $1, ${1} and ${name} filled in.
class Expansion {
 public:
  Expansion(const RE2& regex, std::string_view replacement) : regex_(regex), replacement_(replacement) {}

  void AppendTo(std::string& out, std::span<const re2::StringPiece> groups) const {
    std::string_view rest = replacement_;
    for (size_t dollar = rest.find('$'); dollar != std::string_view::npos; dollar = rest.find('$')) {
      out += rest.substr(0, dollar);
      rest.remove_prefix(dollar + 1);
      if (rest.starts_with('$')) {
        out += '$';
        rest.remove_prefix(1);
        continue;
      }
      const bool braces = rest.starts_with('{');
      size_t end = braces ? 1 : 0;
      while (end < rest.size() && IsNameCharacter(rest[end])) ++end;
      const std::string_view name = rest.substr(braces ? 1 : 0, end - (braces ? 1 : 0));
      if (name.empty() || (braces && (end >= rest.size() || rest[end] != '}'))) {
        out += '$';
        continue;
      }
      rest.remove_prefix(end + (braces ? 1 : 0));
      if (const auto group = Group(name); group && *group < groups.size()) {
        out.append(groups[*group].data() == nullptr ? "" : groups[*group].data(), groups[*group].size());
      }
    }
    out += rest;
  }

 private:
  std::optional<size_t> Group(std::string_view name) const {
    if (const auto number = ParseInteger(name); number && *number >= 0) return static_cast<size_t>(*number);
    const auto& names = regex_.NamedCapturingGroups();
    const auto found = names.find(std::string(name));
    return found == names.end() ? std::nullopt : std::optional(static_cast<size_t>(found->second));
  }

  const RE2& regex_;
  std::string_view replacement_;
};

// Applies one of the C library's case mappings, in its own locale, whatever the process's is.
class Alphabet {
 public:
  Alphabet() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {}
  ~Alphabet() {
    if (locale_ != nullptr) freelocale(locale_);
  }
  Alphabet(const Alphabet&) = delete;
  Alphabet& operator=(const Alphabet&) = delete;

  wint_t Upper(wint_t c) const { return locale_ != nullptr ? towupper_l(c, locale_) : ToAsciiUpper(c); }
  wint_t Lower(wint_t c) const { return locale_ != nullptr ? towlower_l(c, locale_) : ToAsciiLower(c); }
  bool IsLetterOrDigit(wint_t c) const {
    return c == '_' ||
           (locale_ != nullptr ? iswalnum_l(c, locale_) != 0 : c >= 0x80 || std::isalnum(static_cast<int>(c)));
  }

 private:
  static wint_t ToAsciiUpper(wint_t c) { return c >= 'a' && c <= 'z' ? c - 32 : c; }
  static wint_t ToAsciiLower(wint_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }
  locale_t locale_;
};

const Alphabet& TheAlphabet() {
  static const Alphabet alphabet;
  return alphabet;
}

// Maps each code point of `text`; bytes that are no UTF-8 stay as they are.
template <class Map>
std::string MapCharacters(std::string_view text, Map map) {
  std::string mapped;
  while (!text.empty()) {
    const std::string_view character = Utf8Prefix(text, 1);
    text.remove_prefix(character.size());
    if (!IsValidUtf8(character)) {
      mapped += character;
      continue;
    }
    auto code = static_cast<unsigned char>(character[0]);
    wint_t code_point = code;
    if (character.size() > 1) {
      code_point = code & (0x7FU >> character.size());
      for (const char c : character.substr(1)) code_point = (code_point << 6) | (static_cast<unsigned char>(c) & 0x3FU);
    }
    const TemplateValue value(static_cast<int64_t>(map(code_point)));
    mapped += GoSprintf("%c", std::span(&value, 1));
  }
  return mapped;
}

}  // namespace

std::string HumanizeNumber(double value) {
  if (value == 0 || !std::isfinite(value)) return FourDigits(value);
  if (std::fabs(value) < 1) return WithSmallPrefix(value, "");
  constexpr std::array<std::string_view, 8> kLarge = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
  return WithLargePrefix(value, 1000, kLarge);
}

std::string HumanizeNumber1024(double value) {
  if (std::fabs(value) <= 1 || !std::isfinite(value)) return FourDigits(value);
  constexpr std::array<std::string_view, 8> kLarge = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};
  return WithLargePrefix(value, 1024, kLarge);
}

std::string HumanizeSeconds(double seconds) {
  if (!std::isfinite(seconds)) return FourDigits(seconds);
  if (seconds == 0) return FourDigits(seconds) + "s";
  if (std::fabs(seconds) < 1) return WithSmallPrefix(seconds, "s");
  const std::string_view sign = seconds < 0 ? "-" : "";
  const double magnitude = std::fabs(seconds);
  const int64_t whole = magnitude < 9e18 ? static_cast<int64_t>(magnitude) : INT64_MAX;
  const int64_t days = whole / 86400, hours = whole / 3600 % 24, minutes = whole / 60 % 60, rest = whole % 60;
  if (days != 0) return fmt::format("{}{}d {}h {}m {}s", sign, days, hours, minutes, rest);
  if (hours != 0) return fmt::format("{}{}h {}m {}s", sign, hours, minutes, rest);
  if (minutes != 0) return fmt::format("{}{}m {}s", sign, minutes, rest);
  return fmt::format("{}{}s", sign, FourDigits(magnitude));
}

std::string HumanizeRatio(double value) { return FourDigits(value * 100) + "%"; }

Result<double> TemplateNumber(const TemplateValue& value) {
  switch (value.kind()) {
    case TemplateValue::Kind::real:
      return value.real();
    case TemplateValue::Kind::integer:
      return static_cast<double>(value.integer());
    case TemplateValue::Kind::duration:
      return static_cast<double>(value.duration()) / 1e9;
    case TemplateValue::Kind::text: {
      if (const auto number = ParseFloat(value.text())) return *number;
      return Invalid(fmt::format("strconv.ParseFloat: parsing {}: invalid syntax", Quote(value.text())));
    }
    default:
      return Invalid(fmt::format("can't convert {} to float", value.IsNil() ? "<nil>" : value.TypeName()));
  }
}

Result<bool> MatchesSomewhere(std::string_view pattern, std::string_view text) {
  TRY(const auto regex, Compile(pattern));
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex);
}

Result<std::string> ReplaceAllMatches(std::string_view pattern, std::string_view replacement, std::string_view text) {
  TRY(const auto regex, Compile(pattern));
  const Expansion expansion(*regex, replacement);
  const re2::StringPiece whole(text.data(), text.size());
  std::vector<re2::StringPiece> groups(static_cast<size_t>(regex->NumberOfCapturingGroups()) + 1);
  std::string result;
  size_t copied = 0;
  std::optional<size_t> last_end;
  for (size_t at = 0; at <= text.size();) {
    if (!regex->Match(whole, at, text.size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) break;
    const size_t begin = static_cast<size_t>(groups[0].data() - text.data());
    const size_t end = begin + groups[0].size();
    // an empty match right behind another one is none
    if (begin < end || begin != last_end) {
      result += text.substr(copied, begin - copied);
      expansion.AppendTo(result, groups);
      copied = end;
      last_end = end;
    }
    at = end > at ? end : at + std::max<size_t>(1, Utf8Prefix(text.substr(at), 1).size());
    if (result.size() > kMaxTemplateText) return Fail(ErrorCode::limit_exceeded, "the result is too large");
  }
  return result.append(text.substr(copied));
}

std::string UpperCase(std::string_view text) {
  return MapCharacters(text, [](wint_t c) { return TheAlphabet().Upper(c); });
}
std::string LowerCase(std::string_view text) {
  return MapCharacters(text, [](wint_t c) { return TheAlphabet().Lower(c); });
}

std::string TitleCase(std::string_view text, bool lower_others) {
  const Alphabet& alphabet = TheAlphabet();
  bool inside = false;
  return MapCharacters(text, [&](wint_t c) {
    const bool first = !inside;
    const bool apostrophe = c == '\'' && inside && lower_others;  // "don't" is one word
    inside = alphabet.IsLetterOrDigit(c) || apostrophe;
    if (first) return alphabet.Upper(c);
    return lower_others ? alphabet.Lower(c) : c;
  });
}

TemplateFunction OnText(TextFunction function) {
  return {{text}, false, [function = std::move(function)](Values v) { return function(v[0].text()); }};
}

TemplateFunction OnNumber(std::string (*function)(double)) {
  return {{any}, false, [function](Values v) -> Result<TemplateValue> {
            TRY(const double number, TemplateNumber(v[0]));
            return function(number);
          }};
}

TemplateFunction OnThreeTexts(Result<std::string> (*function)(std::string_view, std::string_view, std::string_view)) {
  return {{text, text, text}, false, [function](Values v) -> Result<TemplateValue> {
            TRY(std::string result, function(v[0].text(), v[1].text(), v[2].text()));
            return result;
          }};
}

TemplateFunction MatchFunction() {
  return {{text, text}, false, [](Values v) -> Result<TemplateValue> {
            TRY(const bool matches, MatchesSomewhere(v[0].text(), v[1].text()));
            return TemplateValue(matches);
          }};
}

}  // namespace base
