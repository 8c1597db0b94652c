#include <fmt/format.h>

#include <algorithm>

#include "base/template/executor.h"
#include "base/template/format.h"
#include "base/template/parameter.h"
#include "base/text.h"

namespace base {
namespace {

using Kind = TemplateValue::Kind;

constexpr int kMaxValueDepth = 64;
constexpr size_t kItemsPerStep = 16;

}  // namespace

Result<TemplateValue> TemplateExecutor::CallMethod(const TemplateValue& dot, const TemplateValue& receiver,
                                                   const std::string& name, const TemplateType::Method& method,
                                                   std::span<const TemplateNodePtr> arguments, const Piped& piped) {
  const size_t given = arguments.size() + (piped ? 1 : 0);
  if (given != method.arguments) {
    return Fail(fmt::format("wrong number of args for {}: want {} got {}", name, method.arguments, given));
  }
  const TemplateNode* node = at_;
  std::vector<TemplateValue> values;
  for (const TemplateNodePtr& argument : arguments) {
    TRY(TemplateValue value, EvaluateArgument(dot, TemplateParameter::any, *argument));
    values.push_back(std::move(value));
  }
  if (piped) values.push_back(*piped);
  const std::function<std::string()> whole = [&] { return node->ToString(); };
  return Checked(method.call(receiver, values), name, node->position, whole);
}

Result<TemplateValue> TemplateExecutor::Validate(TemplateValue value, TemplateParameter parameter) const {
  if (Fits(value, parameter)) return value;
  if (value.IsNil() && parameter == TemplateParameter::map) return TemplateValue::Map({});
  const bool list = parameter == TemplateParameter::list || parameter == TemplateParameter::texts;
  if (value.IsNil() && list) return TemplateValue::List({});
  if (value.IsNil()) return Fail(fmt::format("invalid value; expected {}", ParameterName(parameter)));
  return Fail(fmt::format("wrong type for value; expected {}; got {}", ParameterName(parameter), value.TypeName()));
}

Result<TemplateValue> TemplateExecutor::Checked(Result<TemplateValue> result, const std::string& name, size_t position,
                                                const std::function<std::string()>& whole) {
  const auto blame = [&](std::string_view what, ErrorCode code) {
    at_position_ = position;
    at_text_ = whole();
    return Fail(fmt::format("error calling {}: {}", name, what), code);
  };
  if (!result) {
    const bool limit = result.error().code == ErrorCode::limit_exceeded;
    return blame(result.error().message, limit ? ErrorCode::limit_exceeded : ErrorCode::invalid_argument);
  }
  if (result->Depth() > kMaxValueDepth) return blame("the value is nested too deeply", ErrorCode::limit_exceeded);
  size_t cost = 0;
  if (result->kind() == Kind::text) cost = result->text().size() / kBytesPerStep;
  if (result->kind() == Kind::list) cost = result->list().size() / kItemsPerStep;
  if (result->kind() == Kind::map) cost = result->map().size() / kItemsPerStep;
  if (result->kind() == Kind::text && result->text().size() > kMaxTemplateText) {
    return blame(fmt::format("the text is larger than {} bytes", kMaxTemplateText), ErrorCode::limit_exceeded);
  }
  TRY_VOID(Step(cost));
  return result;
}

Result<TemplateValue> TemplateExecutor::CallFunction(const TemplateValue& dot, const Call& call) {
  auto found = execution_.functions.find(call.name);
  if (found == execution_.functions.end()) {
    if (call.name == "and" || call.name == "or") return ShortCircuit(dot, call);
    found = TemplateBuiltins().find(call.name);
    if (found == TemplateBuiltins().end()) return Fail(fmt::format("{} is not a defined function", Quote(call.name)));
  }
  TRY(const std::vector<TemplateValue> values, Arguments(dot, found->second, call));
  return Checked(found->second.call(values), call.name, call.position, call.whole);
}

Result<TemplateValue> TemplateExecutor::ShortCircuit(const TemplateValue& dot, const Call& call) {
  if (call.arguments.empty() && !call.piped) {
    return Fail(fmt::format("wrong number of args for {}: want at least 1 got 0", call.name));
  }
  TemplateValue value;
  for (const TemplateNodePtr& argument : call.arguments) {
    TRY(value, EvaluateArgument(dot, TemplateParameter::any, *argument));
    if (value.IsTrue() == (call.name == "or")) return value;
  }
  return call.piped ? *call.piped : value;
}

Result<std::vector<TemplateValue>> TemplateExecutor::Arguments(const TemplateValue& dot,
                                                               const TemplateFunction& function, const Call& call) {
  const size_t given = call.arguments.size() + (call.piped ? 1 : 0);
  const size_t parameters = function.parameters.size();
  if (function.variadic && given + 1 < parameters) {
    return Fail(fmt::format("wrong number of args for {}: want at least {} got {}", call.name, parameters - 1,
                            call.arguments.size()));
  }
  if (!function.variadic && given != parameters) {
    return Fail(fmt::format("wrong number of args for {}: want {} got {}", call.name, parameters, given));
  }
  const auto parameter = [&](size_t i) { return function.parameters[std::min(i, parameters - 1)]; };
  std::vector<TemplateValue> values;
  values.reserve(given);
  for (const TemplateNodePtr& argument : call.arguments) {
    TRY(TemplateValue value, EvaluateArgument(dot, parameter(values.size()), *argument));
    values.push_back(std::move(value));
  }
  if (call.piped) {
    TRY(TemplateValue value, Validate(*call.piped, parameter(values.size())));
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace base
