#include <fmt/format.h>

#include "base/text.h"
#include "promql/lexer.h"

// String literals: quoted ones with Go's escapes, and raw ones between backquotes. The lexer only checks them; Unquote
// undoes them where the value is wanted.

namespace promql {
namespace {

// Of a hexadecimal digit.
std::optional<uint32_t> DigitValue(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint32_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint32_t>(c - 'A' + 10);
  return std::nullopt;
}

uint32_t ReadDigits(std::string_view text, size_t& at, int length, uint32_t base) {
  uint32_t value = 0;
  for (; length > 0; --length, ++at) value = value * base + DigitValue(text[at]).value_or(0);
  return value;
}

// Of one character of valid UTF-8; U+FFFD for any other byte.
uint32_t CodePoint(std::string_view character) {
  if (character.empty() || !base::IsValidUtf8(character)) return 0xFFFD;
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(character[i])); };
  if (character.size() == 1) return byte(0);
  uint32_t code = byte(0) & (0x7FU >> character.size());
  for (size_t i = 1; i < character.size(); ++i) code = code << 6 | (byte(i) & 0x3F);
  return code;
}

// The character by its code point, and itself where it can be shown: U+0071 'q'.
std::string NameCharacter(std::string_view character) {
  std::string name = fmt::format("U+{:04X}", CodePoint(character));
  const bool shown = character == "\"" || base::Quote(character).size() == character.size() + 2;
  if (shown) name += fmt::format(" '{}'", character);
  return name;
}

}  // namespace

Token Lexer::QuotedString(char quote) {
  for (++at_; !AtEnd();) {
    const char c = text_[at_];
    if (c == quote) return Make(TokenKind::string, at_ + 1 - start_);
    if (c == '\n') break;
    if (c == '\\') {
      ++at_;
      if (!ScanEscape(quote)) return Fail(error_);
      continue;
    }
    const std::string_view character = PeekCharacter(at_);
    if (!base::IsValidUtf8(character)) return Fail("invalid UTF-8 rune");
    at_ += character.size();
  }
  return Fail("unterminated quoted string");
}

bool Lexer::ScanEscape(char quote) {
  if (AtEnd()) return error_ = "escape sequence not terminated", false;
  const char c = text_[at_];
  if (std::string_view("abfnrtv\\").contains(c) || c == quote) return ++at_, true;
  if (c >= '0' && c <= '7') return ScanCodeUnit(3, 8, 255);
  const int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (digits == 0) {
    error_ = fmt::format("unknown escape sequence {}", NameCharacter(PeekCharacter(at_)));
    return false;
  }
  ++at_;
  return ScanCodeUnit(digits, 16, c == 'x' ? 255 : 0x10FFFF);
}

bool Lexer::ScanCodeUnit(int digits, uint32_t base, uint32_t limit) {
  uint64_t value = 0;
  for (; digits > 0; --digits, ++at_) {
    if (AtEnd()) return error_ = "escape sequence not terminated", false;
    const auto worth = DigitValue(text_[at_]);
    if (!worth || *worth >= base) {
      error_ = fmt::format("illegal character {} in escape sequence", NameCharacter(PeekCharacter(at_)));
      return false;
    }
    value = value * base + *worth;
  }
  if (value <= limit && (value < 0xD800 || value >= 0xE000)) return true;
  error_ = "escape sequence is an invalid Unicode code point";
  return false;
}

Token Lexer::RawString() {
  const size_t close = text_.find('`', at_ + 1);
  if (close == std::string_view::npos) return Fail("unterminated raw string");
  if (!base::IsValidUtf8(text_.substr(at_, close - at_))) return Fail("invalid UTF-8 rune");
  return Make(TokenKind::string, close + 1 - start_);
}

std::string Unquote(std::string_view literal) {
  const char quote = literal.front();
  const std::string_view inside = literal.substr(1, literal.size() - 2);
  if (quote == '`' || !inside.contains('\\')) return std::string(inside);
  constexpr std::string_view kLetters = "abfnrtv\\\"'";
  constexpr std::string_view kMeaning = "\a\b\f\n\r\t\v\\\"'";
  std::string text;
  for (size_t at = 0; at < inside.size();) {
    if (inside[at] != '\\') {
      text += inside[at++];
      continue;
    }
    const char c = inside[++at];
    if (const size_t letter = kLetters.find(c); letter != std::string_view::npos) {
      text += kMeaning[letter];
      ++at;
    } else if (c >= '0' && c <= '7') {
      text += static_cast<char>(ReadDigits(inside, at, 3, 8));
    } else {
      ++at;
      if (c == 'x') {
        text += static_cast<char>(ReadDigits(inside, at, 2, 16));
      } else {
        base::AppendUtf8(text, ReadDigits(inside, at, c == 'u' ? 4 : 8, 16));
      }
    }
  }
  return text;
}

}  // namespace promql
