#pragma once

#include <string>
#include <string_view>
#include <vector>

// Cuts a template's source into tokens. Included by this folder's .cc files alone.

namespace base {

enum class TemplateTokenKind : uint8_t {
  error,  // `text` says what is wrong; nothing follows
  end_of_text,
  text,
  open,   // {{
  close,  // }}
  space,
  boolean,
  character,  // 'a'
  number,
  literal,      // "…"
  raw_literal,  // `…`
  word,
  keyword,
  dot,
  nil,
  field,     // .name
  variable,  // $name
  assign,
  declare,
  pipe,
  left_parenthesis,
  right_parenthesis,
  other,  // any other printable character
};

struct TemplateToken {
  TemplateTokenKind kind = TemplateTokenKind::end_of_text;
  size_t position = 0;
  int line = 1;
  std::string_view text{};  // part of the source, or of a constant
  std::string problem{};    // of an error
};

// The last token is end_of_text or error. Text around "{{-" and "-}}" is trimmed already, comments are gone.
std::vector<TemplateToken> TokenizeTemplate(std::string_view source);

// As messages name it: <if>, "text", EOF.
std::string Describe(const TemplateToken& token);

}  // namespace base
