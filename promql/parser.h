#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "promql/ast.h"

namespace promql {

// Prometheus' feature flags, by their names there.
struct ParseOptions {
  bool experimental_functions = false;    // promql-experimental-functions
  bool extended_range_selectors = false;  // promql-extended-range-selectors
  bool binop_fill_modifiers = false;      // promql-binop-fill-modifiers
  int max_depth = 250;                    // nesting; deeper input is an error, never a crash
};

// Text to a type-checked tree. The error's text is Prometheus' where users match on it; its `where` holds line and
// column of the offending token ("file" is empty).
base::Result<ExprPtr> Parse(std::string_view text, const ParseOptions& options = {});

// `{a="b", c=~"d"}` or `metric{…}`, as match[] parameters and federation use it.
base::Result<std::vector<base::Matcher>> ParseSelector(std::string_view text);

// An error of Parse as Prometheus words it: "1:5: parse error: …".
std::string ErrorText(const base::Error& error);

// The tree as canonical text that parses back to it; what the rules API and generator URLs show.
std::string ToString(const Expr& expr);

// The same over several indented lines where one would be longer than a hundred characters, as Prometheus' format_query
// lays it out.
std::string ToPrettyString(const Expr& expr);

}  // namespace promql
