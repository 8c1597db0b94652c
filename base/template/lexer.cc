#include "base/template/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace base {
namespace {

using Kind = TemplateTokenKind;

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";
constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::array<std::string_view, 10> kKeywords = {"block", "break", "continue", "define",   "else",
                                                        "end",   "if",    "range",    "template", "with"};

bool IsSpace(char c) { return kSpaces.find(c) != std::string_view::npos; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Letters beyond ASCII are taken as such without a look at what they are.
bool IsWordCharacter(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<TemplateToken> Run() && {
    while (tokens_.empty() || (tokens_.back().kind != Kind::end_of_text && tokens_.back().kind != Kind::error)) {
      if (inside_) {
        Inside();
      } else {
        Outside();
      }
    }
    return std::move(tokens_);
  }

 private:
  std::string_view Rest() const { return source_.substr(at_); }
  char Peek(size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }
  bool AtEnd() const { return at_ >= source_.size(); }

  // Moves to `end`, counting lines.
  void Skip(size_t end) {
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    at_ = end;
  }
  void Emit(Kind kind, size_t end) {
    tokens_.push_back({kind, at_, line_, source_.substr(at_, end - at_)});
    Skip(end);
  }
  void Fail(std::string problem, int line) { tokens_.push_back({Kind::error, at_, line, {}, std::move(problem)}); }
  void Fail(std::string problem) { Fail(std::move(problem), line_); }

  void SkipSpaces() {
    const size_t end = source_.find_first_not_of(kSpaces, at_);
    Skip(std::min(end, source_.size()));
  }
  static bool OpensTrimming(std::string_view rest) { return rest.size() >= 2 && rest[0] == '-' && IsSpace(rest[1]); }
  // The length of "}}" or " -}}" at the start of `rest`; 0 if neither is there.
  static size_t CloseLength(std::string_view rest) {
    if (rest.starts_with(kClose)) return kClose.size();
    const bool trims = rest.size() >= 4 && IsSpace(rest[0]) && rest[1] == '-' && rest.substr(2).starts_with(kClose);
    return trims ? 2 + kClose.size() : 0;
  }

  void Outside() {
    const size_t open = source_.find(kOpen, at_);
    if (open == std::string_view::npos) {
      if (!AtEnd()) Emit(Kind::text, source_.size());
      return Emit(Kind::end_of_text, source_.size());
    }
    const bool trims = OpensTrimming(source_.substr(open + kOpen.size()));
    size_t end = open;
    while (trims && end > at_ && IsSpace(source_[end - 1])) --end;
    if (end > at_) Emit(Kind::text, end);
    Skip(open);
    const size_t content = open + kOpen.size() + (trims ? 2 : 0);
    if (source_.substr(content).starts_with("/*")) return Comment(content);
    Emit(Kind::open, open + kOpen.size());
    Skip(content);
    inside_ = true;
    depth_ = 0;
  }

  void Comment(size_t begin) {
    Skip(begin);
    const size_t end = source_.find("*/", at_ + 2);
    if (end == std::string_view::npos) return Fail("unclosed comment");
    const size_t length = CloseLength(source_.substr(end + 2));
    if (length == 0) return Fail("comment ends before closing delimiter");
    Skip(end + 2 + length);
    if (length > kClose.size()) SkipSpaces();
  }

  void Inside() {
    if (const size_t length = CloseLength(Rest()); length > 0) {
      if (depth_ > 0) return Fail("unclosed left paren");
      Skip(at_ + length - kClose.size());
      Emit(Kind::close, at_ + kClose.size());
      if (length > kClose.size()) SkipSpaces();
      inside_ = false;
      return;
    }
    if (AtEnd()) return Fail("unclosed action");
    const char c = Peek();
    if (IsSpace(c)) return Spaces();
    switch (c) {
      case '=':
        return Emit(Kind::assign, at_ + 1);
      case ':':
        return Peek(1) == '=' ? Emit(Kind::declare, at_ + 2) : Fail("expected :=");
      case '|':
        return Emit(Kind::pipe, at_ + 1);
      case '"':
        return Quoted('"', Kind::literal, "unterminated quoted string");
      case '\'':
        return Quoted('\'', Kind::character, "unterminated character constant");
      case '`':
        return RawQuoted();
      case '$':
        return Name(Kind::variable);
      case '(':
        ++depth_;
        return Emit(Kind::left_parenthesis, at_ + 1);
      case ')':
        return --depth_ < 0 ? Fail("unexpected right paren") : Emit(Kind::right_parenthesis, at_ + 1);
      default:
        break;
    }
    if (c == '.' && !IsDigit(Peek(1))) return Name(Kind::field);
    if (c == '.' || c == '+' || c == '-' || IsDigit(c)) return Number();
    if (IsWordCharacter(c)) return Name(Kind::word);
    if (c >= 0x20 && c < 0x7F) return Emit(Kind::other, at_ + 1);
    Fail(fmt::format("unrecognized character in action: U+{:04X}", static_cast<unsigned char>(c)));
  }

  void Spaces() {
    size_t end = std::min(source_.find_first_not_of(kSpaces, at_), source_.size());
    // the last one may belong to " -}}"
    if (CloseLength(source_.substr(end - 1)) > kClose.size()) --end;
    if (end > at_) Emit(Kind::space, end);
  }

  void Quoted(char quote, Kind kind, const char* problem) {
    for (size_t end = at_ + 1; end < source_.size() && source_[end] != '\n'; ++end) {
      if (source_[end] == quote) return Emit(kind, end + 1);
      if (source_[end] == '\\') ++end;
      if (end < source_.size() && source_[end] == '\n') break;
    }
    Fail(problem);
  }

  void RawQuoted() {
    const size_t end = source_.find('`', at_ + 1);
    if (end == std::string_view::npos) return Fail("unterminated raw quoted string");
    Emit(Kind::raw_literal, end + 1);
  }

  // What may follow a name.
  bool Terminates(size_t at) const {
    if (at >= source_.size()) return true;
    const char c = source_[at];
    return IsSpace(c) || std::string_view(".,|:)(").find(c) != std::string_view::npos ||
           source_.substr(at).starts_with(kClose);
  }

  void Name(Kind kind) {
    size_t end = kind == Kind::word ? at_ : at_ + 1;
    while (end < source_.size() && IsWordCharacter(source_[end])) ++end;
    if (!Terminates(end)) {
      const std::string_view character = Utf8Prefix(source_.substr(end), 1);
      return Fail(fmt::format("bad character U+{:04X} '{}'", static_cast<unsigned char>(character[0]), character));
    }
    const std::string_view word = source_.substr(at_, end - at_);
    if (word == ".") kind = Kind::dot;
    if (kind == Kind::word && std::ranges::find(kKeywords, word) != kKeywords.end()) kind = Kind::keyword;
    if (kind == Kind::word && word == "nil") kind = Kind::nil;
    if (kind == Kind::word && (word == "true" || word == "false")) kind = Kind::boolean;
    Emit(kind, end);
  }

  void Number() {
    size_t end = at_;
    const auto accept = [&](std::string_view set) {
      const bool found = end < source_.size() && set.find(source_[end]) != std::string_view::npos;
      if (found) ++end;
      return found;
    };
    const auto accept_all = [&](std::string_view set) {
      while (accept(set)) {
      }
    };
    accept("+-");
    std::string_view digits = "0123456789_";
    if (accept("0")) {
      if (accept("xX")) {
        digits = "0123456789abcdefABCDEF_";
      } else if (accept("oO")) {
        digits = "01234567_";
      } else if (accept("bB")) {
        digits = "01_";
      }
    }
    accept_all(digits);
    if (accept(".")) accept_all(digits);
    if ((digits.size() == 11 && accept("eE")) || (digits.size() == 23 && accept("pP"))) {
      accept("+-");
      accept_all("0123456789_");
    }
    if (end < source_.size() && (IsWordCharacter(source_[end]) || source_[end] == '+' || source_[end] == '-')) {
      return Fail(fmt::format("bad number syntax: {}", Quote(source_.substr(at_, end + 1 - at_))));
    }
    Emit(Kind::number, end);
  }

  std::string_view source_;
  size_t at_ = 0;
  int line_ = 1;
  bool inside_ = false;
  int depth_ = 0;
  std::vector<TemplateToken> tokens_;
};

}  // namespace

std::vector<TemplateToken> TokenizeTemplate(std::string_view source) { return Lexer(source).Run(); }

std::string Describe(const TemplateToken& token) {
  constexpr size_t kShown = 10;
  switch (token.kind) {
    case Kind::end_of_text:
      return "EOF";
    case Kind::error:
      return token.problem;
    case Kind::keyword:
    case Kind::dot:
    case Kind::nil:
      return fmt::format("<{}>", token.text);
    default:
      break;
  }
  if (token.text.size() > kShown) return Quote(Utf8Prefix(token.text, kShown)) + "...";
  return Quote(token.text);
}

}  // namespace base
