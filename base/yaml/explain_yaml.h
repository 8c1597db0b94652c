#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

// Says in a person's words why a text is not YAML. The parser's own messages name a state of the parser; what people
// did is nearly always one of few things, which are found again in the text. Pure.

namespace base {

// `where` and `message` are the parser's, its place counted from 1. The error returned has the place of what must be
// changed, which may lie before `where`. Where the cause is not recognized, it carries the parser's message.
Error ExplainYamlError(std::string_view text, const SourcePosition& where, std::string_view message);

// What is wrong with a value that YAML reads without complaint, but not as the text a person wrote: `>3` is a folded
// block and `!= 3` is 3 with a tag. `where` is the place of the value. nullopt for all others.
std::optional<std::string> ExplainYamlValue(std::string_view text, const SourcePosition& where);

}  // namespace base
