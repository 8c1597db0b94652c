#include <array>

#include "alertmanager/config.h"
#include "base/text.h"

// The matcher language of routes, inhibitions and silences: `name op value`, several separated by commas, braces around
// them optional. Names and values are bare (no white space and none of {}!=~,\"'`) or in double quotes with Go's
// escapes. A value may be left out after the operator and may hold spaces when bare, as Alertmanager's older parser,
// which its default mode still prefers, reads it.

namespace alertmanager {
namespace {

constexpr std::string_view kReserved = "{}!=~,\\\"'`";

class MatcherParser {
 public:
  explicit MatcherParser(std::string_view text) : text_(text) {}

  base::Result<std::vector<base::Matcher>> Parse() {
    std::vector<base::Matcher> matchers;
    SkipSpace();
    const bool braces = Take('{');
    while (true) {
      SkipSpace();
      if (AtEnd() || (braces && Peek() == '}')) break;
      TRY(base::Matcher matcher, One());
      matchers.push_back(std::move(matcher));
      SkipSpace();
      if (!Take(',')) break;
    }
    SkipSpace();
    if (braces && !Take('}')) return Wrong("expected ',' or '}'");
    SkipSpace();
    if (!AtEnd()) return Wrong(Peek() == '}' ? "'}' without '{'" : "expected ','");
    return matchers;
  }

 private:
  base::Result<base::Matcher> One() {
    TRY(std::string name, Name());
    SkipSpace();
    TRY(const base::MatchType type, Operator());
    SkipSpace();
    TRY(std::string value, Value());
    auto matcher = base::Matcher::Make(type, std::move(name), std::move(value));
    if (!matcher) return Wrong(matcher.error().message);
    return std::move(*matcher);
  }

  base::Result<std::string> Name() {
    if (!AtEnd() && Peek() == '"') return Quoted();
    const size_t start = at_;
    while (!AtEnd() && !IsSpace(Peek()) && !kReserved.contains(Peek())) ++at_;
    if (at_ == start) return Wrong("expected a label name");
    return std::string(text_.substr(start, at_ - start));
  }

  base::Result<base::MatchType> Operator() {
    struct Row {
      std::string_view text;
      base::MatchType type;
    };
    constexpr std::array<Row, 4> kOperators = {{{"=~", base::MatchType::regex},
                                                {"!~", base::MatchType::not_regex},
                                                {"!=", base::MatchType::not_equal},
                                                {"=", base::MatchType::equal}}};
    for (const Row& row : kOperators) {
      if (!text_.substr(at_).starts_with(row.text)) continue;
      at_ += row.text.size();
      return row.type;
    }
    return Wrong("expected =, !=, =~ or !~");
  }

  base::Result<std::string> Value() {
    if (!AtEnd() && Peek() == '"') return Quoted();
    const size_t start = at_;
    int open = 0;  // of braces, as in a{2,3}
    while (!AtEnd() && (open != 0 || (Peek() != ',' && Peek() != '}')) && Peek() != '"') {
      if (Peek() == '{') ++open;
      if (Peek() == '}') --open;
      ++at_;
    }
    return std::string(base::Trim(text_.substr(start, at_ - start)));
  }

  base::Result<std::string> Quoted() {
    std::string value;
    const size_t start = at_++;
    while (!AtEnd() && Peek() != '"') {
      char c = text_[at_++];
      if (c == '\n') break;
      if (c != '\\') {
        value += c;
        continue;
      }
      if (AtEnd()) break;
      c = text_[at_++];
      constexpr std::string_view kEscapes = "abfnrtv\\\"'";
      constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\\"'";
      if (const size_t which = kEscapes.find(c); which != std::string_view::npos) {
        value += kMeanings[which];
      } else {
        // the older parser keeps other escapes as they are, which regular expressions such as "\d" rely on
        value += '\\';
        value += c;
      }
    }
    if (!Take('"')) {
      at_ = start;
      return Wrong("the quoted text does not end");
    }
    return value;
  }

  std::unexpected<base::Error> Wrong(std::string_view what) const {
    return base::Invalid("bad matcher " + base::Quote(text_) + ": " + std::string(what) + " at byte " +
                         std::to_string(at_ + 1));
  }

  static bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return text_[at_]; }
  bool Take(char c) {
    if (AtEnd() || Peek() != c) return false;
    ++at_;
    return true;
  }
  void SkipSpace() {
    while (!AtEnd() && IsSpace(Peek())) ++at_;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

base::Result<std::vector<base::Matcher>> ParseMatchers(std::string_view text) { return MatcherParser(text).Parse(); }

}  // namespace alertmanager
