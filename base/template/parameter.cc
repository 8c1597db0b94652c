#include "base/template/parameter.h"

#include <algorithm>

namespace base {
namespace {

using Kind = TemplateValue::Kind;

}  // namespace

std::string_view ParameterName(TemplateParameter parameter) {
  switch (parameter) {
    case TemplateParameter::any:
      return "interface {}";
    case TemplateParameter::boolean:
      return "bool";
    case TemplateParameter::integer:
      return "int";
    case TemplateParameter::real:
      return "float64";
    case TemplateParameter::text:
      return "string";
    case TemplateParameter::time:
      return "time.Time";
    case TemplateParameter::list:
      return "[]interface {}";
    case TemplateParameter::texts:
      return "[]string";
    case TemplateParameter::map:
      return "map[string]interface {}";
  }
  return "";
}

bool Fits(const TemplateValue& value, TemplateParameter parameter) {
  switch (parameter) {
    case TemplateParameter::any:
      return true;
    case TemplateParameter::boolean:
      return value.kind() == Kind::boolean;
    case TemplateParameter::integer:
      return value.kind() == Kind::integer;
    case TemplateParameter::real:
      return value.kind() == Kind::real;
    case TemplateParameter::text:
      return value.kind() == Kind::text;
    case TemplateParameter::time:
      return value.kind() == Kind::time;
    case TemplateParameter::list:
      return value.kind() == Kind::list;
    case TemplateParameter::texts:
      return value.kind() == Kind::list &&
             std::ranges::all_of(value.list(), [](const auto& item) { return item.kind() == Kind::text; });
    case TemplateParameter::map:
      return value.kind() == Kind::map;
  }
  return false;
}

}  // namespace base
