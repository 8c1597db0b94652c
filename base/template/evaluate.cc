#include <fmt/format.h>

#include <algorithm>

#include "base/template/executor.h"
#include "base/template/parameter.h"

namespace base {
namespace {

using Kind = TemplateValue::Kind;
using Node = TemplateNodeKind;

}  // namespace

Result<TemplateValue> TemplateExecutor::Evaluate(const TemplateValue& dot, const PipelineNode& pipeline) {
  At(pipeline);
  Piped value;
  for (const CommandNode& command : pipeline.commands) {
    TRY(value, EvaluateCommand(dot, command, value));
  }
  for (const std::string& name : pipeline.variables) {
    if (!pipeline.assign) {
      variables_.emplace_back(name, *value);
      continue;
    }
    TemplateValue* variable = Variable(name);
    if (variable == nullptr) return Fail(fmt::format("undefined variable: {}", name));
    *variable = *value;
  }
  return std::move(*value);
}

Result<void> TemplateExecutor::NotAFunction(const TemplateNode& node, size_t arguments, const Piped& piped) const {
  if (arguments == 0 && !piped) return {};
  return Fail(fmt::format("can't give argument to non-function {}", node.ToString()));
}

Result<TemplateValue> TemplateExecutor::EvaluateCommand(const TemplateValue& dot, const CommandNode& command,
                                                        const Piped& piped) {
  TRY_VOID(Step());
  const TemplateNode& first = *command.arguments.front();
  const std::span<const TemplateNodePtr> arguments = std::span(command.arguments).subspan(1);
  switch (first.kind) {
    case Node::field:
    case Node::variable:
      return EvaluateName(dot, static_cast<const NameNode&>(first), arguments, piped);
    case Node::chain:
      return EvaluateChain(dot, static_cast<const ChainNode&>(first), arguments, piped);
    case Node::function: {
      At(first);
      const std::function<std::string()> whole = [&] { return command.ToString(); };
      return CallFunction(dot,
                          {static_cast<const NameNode&>(first).names[0], command.position, whole, arguments, piped});
    }
    case Node::pipeline:
      TRY_VOID(NotAFunction(first, arguments.size(), piped));
      return Evaluate(dot, static_cast<const PipelineNode&>(first));
    default:
      break;
  }
  At(first);
  TRY_VOID(NotAFunction(first, arguments.size(), piped));
  if (first.kind == Node::dot) return dot;
  if (first.kind == Node::nil) return Fail("nil is not a command");
  return static_cast<const ConstantNode&>(first).value;
}

Result<TemplateValue> TemplateExecutor::EvaluateArgument(const TemplateValue& dot, TemplateParameter parameter,
                                                         const TemplateNode& node) {
  TRY_VOID(Step());
  At(node);
  switch (node.kind) {
    case Node::dot:
      return Validate(dot, parameter);
    case Node::field:
    case Node::variable: {
      TRY(TemplateValue value, EvaluateName(dot, static_cast<const NameNode&>(node), {}, std::nullopt));
      return Validate(std::move(value), parameter);
    }
    case Node::chain: {
      TRY(TemplateValue value, EvaluateChain(dot, static_cast<const ChainNode&>(node), {}, std::nullopt));
      return Validate(std::move(value), parameter);
    }
    case Node::pipeline: {
      TRY(TemplateValue value, Evaluate(dot, static_cast<const PipelineNode&>(node)));
      return Validate(std::move(value), parameter);
    }
    case Node::function: {
      const std::function<std::string()> whole = [&] { return node.ToString(); };
      TRY(TemplateValue value,
          CallFunction(dot, {static_cast<const NameNode&>(node).names[0], node.position, whole, {}, std::nullopt}));
      return Validate(std::move(value), parameter);
    }
    default:
      return EvaluateConstant(parameter, static_cast<const ConstantNode&>(node));
  }
}

Result<TemplateValue> TemplateExecutor::EvaluateConstant(TemplateParameter parameter, const ConstantNode& constant) {
  using enum TemplateParameter;
  const bool nullable = parameter == any || parameter == list || parameter == texts || parameter == map;
  if (constant.kind == Node::nil) {
    if (!nullable) return Fail(fmt::format("cannot assign nil to {}", ParameterName(parameter)));
    return Validate({}, parameter);
  }
  const auto expected = [&](std::string_view what) {
    return Fail(fmt::format("expected {}; found {}", what, constant.source));
  };
  switch (parameter) {
    case any:
      return constant.value;
    case boolean:
      return constant.kind == Node::boolean ? Result<TemplateValue>(constant.value) : expected("bool");
    case text:
      return constant.kind == Node::literal ? Result<TemplateValue>(constant.value) : expected("string");
    case integer:
      return constant.integer ? Result<TemplateValue>(*constant.integer) : expected("integer");
    case real:
      return constant.kind == Node::number ? Result<TemplateValue>(constant.real) : expected("float");
    default:
      return Fail(fmt::format("can't handle {} for arg of type {}", constant.source, ParameterName(parameter)));
  }
}

Result<TemplateValue> TemplateExecutor::EvaluateName(const TemplateValue& dot, const NameNode& name,
                                                     std::span<const TemplateNodePtr> arguments, const Piped& piped) {
  At(name);
  const std::span<const std::string> names(name.names);
  if (name.kind == Node::field) return Follow(dot, dot, names, arguments, piped);
  const TemplateValue* variable = Variable(names[0]);
  if (variable == nullptr) return Fail(fmt::format("undefined variable: {}", names[0]));
  TemplateValue value = *variable;
  if (names.size() > 1) return Follow(dot, std::move(value), names.subspan(1), arguments, piped);
  TRY_VOID(NotAFunction(name, arguments.size(), piped));
  return value;
}

Result<TemplateValue> TemplateExecutor::EvaluateChain(const TemplateValue& dot, const ChainNode& chain,
                                                      std::span<const TemplateNodePtr> arguments, const Piped& piped) {
  At(chain);
  if (chain.inner->kind == Node::nil)
    return Fail(fmt::format("indirection through explicit nil in {}", chain.ToString()));
  TRY(TemplateValue value, EvaluateArgument(dot, TemplateParameter::any, *chain.inner));
  return Follow(dot, std::move(value), chain.fields, arguments, piped);
}

Result<TemplateValue> TemplateExecutor::Follow(const TemplateValue& dot, TemplateValue receiver,
                                               std::span<const std::string> names,
                                               std::span<const TemplateNodePtr> arguments, const Piped& piped) {
  const Piped nothing;
  for (size_t i = 0; i < names.size(); ++i) {
    const bool last = i + 1 == names.size();
    TRY(receiver, Member(dot, receiver, names[i], i == 0, last ? arguments : std::span<const TemplateNodePtr>(),
                         last ? piped : nothing));
  }
  return receiver;
}

Result<TemplateValue> TemplateExecutor::Member(const TemplateValue& dot, const TemplateValue& receiver,
                                               const std::string& name, bool first,
                                               std::span<const TemplateNodePtr> arguments, const Piped& piped) {
  if (receiver.IsNil()) {
    if (first) return TemplateValue();
    return Fail(fmt::format("nil pointer evaluating interface {{}}.{}", name));
  }
  if (const TemplateType* type = receiver.type()) {
    const auto method = type->methods.find(name);
    if (method != type->methods.end()) return CallMethod(dot, receiver, name, method->second, arguments, piped);
  }
  const bool has_arguments = !arguments.empty() || piped;
  if (receiver.kind() == Kind::object) {
    for (const auto& [field, value] : receiver.fields()) {
      if (field != name) continue;
      if (has_arguments) return Fail(fmt::format("{} has arguments but cannot be invoked as function", name));
      return value;
    }
  }
  if (receiver.kind() == Kind::map) {
    if (has_arguments) return Fail(fmt::format("{} is not a method but has arguments", name));
    const auto at = receiver.map().find(name);
    if (at != receiver.map().end()) return at->second;
    return receiver.IsTextMap() ? TemplateValue("") : TemplateValue();
  }
  if (receiver.kind() == Kind::time || receiver.kind() == Kind::duration) {
    const auto [begin, end] = TemplateTimeMethods().equal_range(name);
    const auto method = std::find_if(begin, end, [&](const auto& m) { return m.second.of == receiver.kind(); });
    if (method != end) return CallMethod(dot, receiver, name, method->second.method, arguments, piped);
  }
  return Fail(fmt::format("can't evaluate field {} in type {}", name, receiver.TypeName()));
}

}  // namespace base
