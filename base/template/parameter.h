#pragma once

#include <string_view>

#include "base/template/template.h"

// What a function's parameter takes. Pure; included by this folder's .cc files alone.

namespace base {

// As messages name it, in Go's words: "float64", "[]string".
std::string_view ParameterName(TemplateParameter parameter);

bool Fits(const TemplateValue& value, TemplateParameter parameter);

}  // namespace base
