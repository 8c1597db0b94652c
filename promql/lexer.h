#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "promql/token.h"

namespace promql {

// Cuts a text into tokens, one at a time. Every byte is looked at a bounded number of times, nothing is allocated per
// token, and what is no token ends the text with one error token, whose reason error() tells. A
// value that borrows the text; copy it to look ahead.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token Next();
  const std::string& error() const { return error_; }
  std::string_view text() const { return text_; }
  std::string_view TextOf(const Token& token) const { return text_.substr(token.begin, token.end - token.begin); }
  // As error texts name a token: `identifier "foo"`, `<op:+>`, `end of input`.
  std::string Describe(const Token& token) const { return DescribeToken(token.kind, TextOf(token)); }

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
  Token InsideDuration();
  Token Outside();
  Token Bracket(char c);
  std::optional<Token> Operator(char c);
  Token NumberOrDuration();
  bool ScanNumber();
  bool ScanDurationRest();
  Token Word();
  Token BracketWord();
  std::optional<Token> DurationWord();
  bool FollowedByParen() const;
  // lex_string.cc
  Token QuotedString(char quote);
  bool ScanEscape(char quote);
  bool ScanCodeUnit(int digits, uint32_t base, uint32_t limit);
  Token RawString();

  std::string_view text_;
  size_t at_ = 0;
  size_t start_ = 0;
  std::string error_;
  bool failed_ = false;
  bool in_braces_ = false;
  bool in_brackets_ = false;
  bool in_duration_ = false;    // between a left bracket and the first number or duration behind it
  bool duration_seen_ = false;  // in these brackets or any before
  bool colon_seen_ = false;     // in these brackets
  int paren_depth_ = 0;
};

// What a string token stands for, quotes and escapes undone. The lexer has checked it.
std::string Unquote(std::string_view literal);

}  // namespace promql
