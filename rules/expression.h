#pragma once

#include <string>
#include <string_view>

#include "base/yaml/yaml.h"
#include "promql/ast.h"
#include "promql/parser.h"
#include "rules/rule.h"

// Texts of a rule file with their places, and PromQL among them.

namespace rules {

// A scalar of the file, remembered with where it stands.
struct YamlText {
  std::string text;
  base::SourcePosition where;
  std::string path;    // "groups[0].rules[2].expr"
  bool given = false;  // the key was there, if perhaps empty
};
bool ReadYaml(const base::YamlReader& in, YamlText& out);

// A value of which what could be read is kept after a mistake in it, so that the rest is looked at as well. The mistake
// itself is in the reader's errors.
template <class T>
struct Partial {
  T value;
};
template <class T>
bool ReadYaml(const base::YamlReader& in, Partial<T>& out) {
  using base::ReadYaml;
  static_cast<void>(ReadYaml(in, out.value));
  return true;
}

// Adds "path: message" at the text's place.
void Complain(base::YamlErrors& errors, const YamlText& at, std::string_view message);

// Parses PromQL. A mistake is added to `errors` at its own place in the file where the scalar stands on one line as it
// is (plain, or quoted without escapes); otherwise at the scalar's, with PromQL's line:col before the text. `source` is
// the whole file, or empty where it is not at hand. Null after a mistake.
promql::ExprPtr ParseExpression(const YamlText& text, std::string_view source, const promql::ParseOptions& options,
                                base::YamlErrors& errors);

// Where the expression that `text` holds stands.
ExpressionPlace PlaceOfExpression(const YamlText& text, std::string_view source);

}  // namespace rules
