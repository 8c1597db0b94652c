#include "promql/lexer.h"

#include <gtest/gtest.h>

namespace {

using promql::TokenKind;

TEST(Lexer, UndoesEscapes) {
  struct Case {
    const char* literal;
    std::string text;
  };
  const Case kCases[] = {
      {R"("")", ""},
      {R"('a"b')", "a\"b"},
      {R"("\a\b\f\n\r\t\v\\\"")", "\a\b\f\n\r\t\v\\\""},
      {R"("\101\x42\u0043\U0001F600")", "ABC\xF0\x9F\x98\x80"},
      {"`\\n`", "\\n"},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.literal);
    promql::Lexer lexer(test.literal);
    const promql::Token token = lexer.Next();
    ASSERT_EQ(token.kind, TokenKind::string) << lexer.error();
    EXPECT_EQ(promql::Unquote(lexer.TextOf(token)), test.text);
    EXPECT_EQ(lexer.Next().kind, TokenKind::end);
  }
}

TEST(Lexer, RefusesBadStrings) {
  struct Case {
    std::string literal;
    const char* error;
  };
  const Case kCases[] = {
      {R"("\q")", "unknown escape sequence U+0071 'q'"},
      {R"("\x4)", "escape sequence not terminated"},
      {R"("\xZZ")", "illegal character U+005A 'Z' in escape sequence"},
      {R"("\xé")", "illegal character U+00E9 'é' in escape sequence"},
      {R"("\x"")", "illegal character U+0022 '\"' in escape sequence"},
      {"\"\\\n\"", "unknown escape sequence U+000A"},
      {R"("\ud800")", "escape sequence is an invalid Unicode code point"},
      {R"("\777")", "escape sequence is an invalid Unicode code point"},
      {"\"a\nb\"", "unterminated quoted string"},
      {"`a", "unterminated raw string"},
      {"\"\xff\"", "invalid UTF-8 rune"},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.literal);
    promql::Lexer lexer(test.literal);
    EXPECT_EQ(lexer.Next().kind, TokenKind::error);
    EXPECT_EQ(lexer.error(), test.error);
    EXPECT_EQ(lexer.Next().kind, TokenKind::error);
  }
}

}  // namespace
