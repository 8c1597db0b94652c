#include "base/matcher.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/text.h"

namespace base {

namespace {

// Go's words, which users of Prometheus know.
std::string ReasonOf(const re2::RE2& regex) {
  switch (regex.error_code()) {
    case re2::RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass:
      return "invalid character class";
    case re2::RE2::ErrorBadCharRange:
      return "invalid character class range";
    case re2::RE2::ErrorMissingBracket:
      return "missing closing ]";
    case re2::RE2::ErrorMissingParen:
      return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    default:
      return regex.error();
  }
}

}  // namespace

std::string_view ToString(MatchType type) {
  switch (type) {
    case MatchType::equal:
      return "=";
    case MatchType::not_equal:
      return "!=";
    case MatchType::regex:
      return "=~";
    case MatchType::not_regex:
      return "!~";
  }
  return "=";
}

Matcher::Matcher(MatchType type, std::string name, std::string value)
    : type_(type), name_(std::move(name)), value_(std::move(value)) {}

Matcher Matcher::Equal(std::string name, std::string value) {
  return {MatchType::equal, std::move(name), std::move(value)};
}

Result<Matcher> Matcher::Make(MatchType type, std::string name, std::string value) {
  Matcher matcher(type, std::move(name), std::move(value));
  if (type == MatchType::equal || type == MatchType::not_equal) return matcher;
  if (matcher.value_.size() > kMaxRegexBytes) {
    return Invalid(fmt::format("regular expression of {} bytes is longer than the {} allowed", matcher.value_.size(),
                               kMaxRegexBytes));
  }
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_dot_nl(true);
  auto regex = std::make_shared<re2::RE2>(matcher.value_, options);
  if (!regex->ok()) {
    return Invalid(fmt::format("error parsing regexp: {}: `{}`", ReasonOf(*regex), regex->error_arg()));
  }
  matcher.regex_ = std::move(regex);
  return matcher;
}

bool Matcher::Matches(std::string_view value) const {
  switch (type_) {
    case MatchType::equal:
      return value == value_;
    case MatchType::not_equal:
      return value != value_;
    case MatchType::regex:
      return re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
    case MatchType::not_regex:
      return !re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
  }
  return false;
}

std::string Matcher::ToString() const {
  const std::string name = IsLegacyLabelName(name_) ? name_ : Quote(name_);
  return fmt::format("{}{}{}", name, base::ToString(type_), Quote(value_));
}

}  // namespace base
