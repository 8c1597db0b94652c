#include <fmt/format.h>

#include <algorithm>

#include "base/template/format.h"
#include "base/template/tree.h"
#include "base/text.h"

namespace base {
namespace {

using Kind = TemplateValue::Kind;
using Node = TemplateNodeKind;

constexpr int kMaxValueDepth = 64;
constexpr size_t kBytesPerStep = 256;
constexpr size_t kItemsPerStep = 16;

// What came through the pipe, if anything did.
using Piped = std::optional<TemplateValue>;

// The kind of thing a value is taken for, in Go's words.
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

// Where a URL is about to be written: behind href=" or src=".
bool InUrlAttribute(std::string_view before) {
  if (!before.ends_with('"') && !before.ends_with('\'')) return false;
  before.remove_suffix(1);
  const std::string tail = ToLower(before.substr(before.size() > 16 ? before.size() - 16 : 0));
  std::string_view name = Trim(tail);
  if (!name.ends_with('=')) return false;
  name = Trim(name.substr(0, name.size() - 1));
  return name.ends_with("href") || name.ends_with("src");
}

bool IsSafeUrl(std::string_view url) {
  const size_t colon = url.find(':');
  if (colon == std::string_view::npos || url.substr(0, colon).find_first_of("/?#") != std::string_view::npos)
    return true;
  const std::string scheme = ToLower(url.substr(0, colon));
  return scheme == "http" || scheme == "https" || scheme == "mailto";
}

class Executor {
 public:
  Executor(const TemplateExecution& execution, const Template::Definition& definition)
      : execution_(execution), limits_(execution.options.limits), definition_(&definition) {}

  Result<std::string> Run(const TemplateValue& root, const Template::Variables& variables) {
    variables_.emplace_back("$", root);
    for (const auto& [name, value] : variables) variables_.emplace_back("$" + name, value);
    TRY([[maybe_unused]] const Flow flow, Walk(root, definition_->body));
    return std::move(out_);
  }

 private:
  enum class Flow : uint8_t { next, break_, continue_ };

  std::unexpected<Error> Fail(std::string_view what, ErrorCode code = ErrorCode::invalid_argument) const;
  Result<void> Step(size_t cost = 1);

  Result<Flow> Walk(const TemplateValue& dot, const TemplateNodes& nodes);
  Result<Flow> WalkNode(const TemplateValue& dot, const TemplateNode& node);
  Result<Flow> WalkBranch(const TemplateValue& dot, const BranchNode& branch);
  Result<Flow> WalkRange(const TemplateValue& dot, const BranchNode& range);
  Result<Flow> WalkInclude(const TemplateValue& dot, const IncludeNode& include);
  Result<void> Write(std::string_view text);
  Result<void> Print(const TemplateValue& value);

  Result<TemplateValue> Evaluate(const TemplateValue& dot, const PipelineNode& pipeline);
  Result<TemplateValue> EvaluateCommand(const TemplateValue& dot, const CommandNode& command, const Piped& piped);
  Result<TemplateValue> EvaluateArgument(const TemplateValue& dot, TemplateParameter parameter,
                                         const TemplateNode& node);
  Result<TemplateValue> EvaluateConstant(TemplateParameter parameter, const ConstantNode& constant);
  Result<TemplateValue> EvaluateName(const TemplateValue& dot, const NameNode& name,
                                     std::span<const TemplateNodePtr> arguments, const Piped& piped);
  Result<TemplateValue> EvaluateChain(const TemplateValue& dot, const ChainNode& chain,
                                      std::span<const TemplateNodePtr> arguments, const Piped& piped);
  Result<TemplateValue> Follow(const TemplateValue& dot, TemplateValue receiver, std::span<const std::string> names,
                               std::span<const TemplateNodePtr> arguments, const Piped& piped);
  Result<TemplateValue> Member(const TemplateValue& dot, const TemplateValue& receiver, const std::string& name,
                               bool first, std::span<const TemplateNodePtr> arguments, const Piped& piped);
  Result<TemplateValue> CallMethod(const TemplateValue& dot, const TemplateValue& receiver, const std::string& name,
                                   const TemplateType::Method& method, std::span<const TemplateNodePtr> arguments,
                                   const Piped& piped);

  // What a call needs beside its function. `whole` is what messages show when the call fails.
  struct Call {
    const std::string& name;
    size_t position;
    const std::function<std::string()>& whole;
    std::span<const TemplateNodePtr> arguments;
    const Piped& piped;
  };
  Result<TemplateValue> CallFunction(const TemplateValue& dot, const Call& call);
  Result<TemplateValue> ShortCircuit(const TemplateValue& dot, const Call& call);
  Result<std::vector<TemplateValue>> Arguments(const TemplateValue& dot, const TemplateFunction& function,
                                               const Call& call);
  Result<TemplateValue> Validate(TemplateValue value, TemplateParameter parameter);
  Result<TemplateValue> Checked(Result<TemplateValue> result, const std::string& name, size_t position,
                                const std::function<std::string()>& whole);
  Result<void> NotAFunction(const TemplateNode& node, size_t arguments, const Piped& piped) const;
  TemplateValue* Variable(std::string_view name);

  void At(const TemplateNode& node) {
    at_ = &node;
    at_text_.clear();
  }

  const TemplateExecution& execution_;
  const TemplateLimits limits_;
  const Template::Definition* definition_;
  std::vector<std::pair<std::string, TemplateValue>> variables_;
  const TemplateNode* at_ = nullptr;  // the last node looked at, which messages name
  std::string at_text_;               // in its place, where a whole command is named
  size_t at_position_ = 0;
  std::string out_;
  size_t steps_ = 0;
  int depth_ = 0;
};

std::unexpected<Error> Executor::Fail(std::string_view what, ErrorCode code) const {
  const size_t position = at_text_.empty() && at_ != nullptr ? at_->position : at_position_;
  const std::string shown = at_text_.empty() && at_ != nullptr ? at_->ToString() : at_text_;
  const std::string_view before = std::string_view(*definition_->source).substr(0, position);
  const auto line = std::ranges::count(before, '\n') + 1;
  const size_t line_start = before.rfind('\n') + 1;  // 0 where there is none
  return base::Fail(code, fmt::format("template: {}:{}:{}: executing {} at <{}>: {}", definition_->file, line,
                                      position - line_start, Quote(definition_->name), shown, what));
}

Result<void> Executor::Step(size_t cost) {
  steps_ += cost;
  if (steps_ > limits_.max_steps) {
    return Fail(fmt::format("the template takes more than {} steps", limits_.max_steps), ErrorCode::limit_exceeded);
  }
  return {};
}

TemplateValue* Executor::Variable(std::string_view name) {
  const auto at = std::find_if(variables_.rbegin(), variables_.rend(), [&](const auto& v) { return v.first == name; });
  return at == variables_.rend() ? nullptr : &at->second;
}

Result<Executor::Flow> Executor::Walk(const TemplateValue& dot, const TemplateNodes& nodes) {
  if (++depth_ > limits_.max_depth) {
    return Fail(fmt::format("exceeded maximum template depth ({})", limits_.max_depth), ErrorCode::limit_exceeded);
  }
  for (const TemplateNodePtr& node : nodes) {
    TRY_VOID(Step());
    TRY(const Flow flow, WalkNode(dot, *node));
    if (flow != Flow::next) {
      --depth_;
      return flow;
    }
  }
  --depth_;
  return Flow::next;
}

Result<Executor::Flow> Executor::WalkNode(const TemplateValue& dot, const TemplateNode& node) {
  switch (node.kind) {
    case Node::text:
      TRY_VOID(Write(static_cast<const TextNode&>(node).text));
      return Flow::next;
    case Node::action: {
      const PipelineNode& pipeline = *static_cast<const ActionNode&>(node).pipeline;
      TRY(const TemplateValue value, Evaluate(dot, pipeline));
      if (pipeline.variables.empty()) TRY_VOID(Print(value));
      return Flow::next;
    }
    case Node::if_:
    case Node::with:
      return WalkBranch(dot, static_cast<const BranchNode&>(node));
    case Node::range:
      return WalkRange(dot, static_cast<const BranchNode&>(node));
    case Node::include:
      return WalkInclude(dot, static_cast<const IncludeNode&>(node));
    case Node::break_:
      return Flow::break_;
    case Node::continue_:
      return Flow::continue_;
    default:
      return Fail("not a statement", ErrorCode::internal);
  }
}

Result<Executor::Flow> Executor::WalkBranch(const TemplateValue& dot, const BranchNode& branch) {
  const size_t variables = variables_.size();
  TRY(const TemplateValue value, Evaluate(dot, *branch.pipeline));
  const bool yes = value.IsTrue();
  TRY(const Flow flow, Walk(yes && branch.kind == Node::with ? value : dot, yes ? branch.body : branch.otherwise));
  variables_.resize(variables);
  return flow;
}

Result<Executor::Flow> Executor::WalkRange(const TemplateValue& dot, const BranchNode& range) {
  const size_t variables = variables_.size();
  const std::vector<std::string>& names = range.pipeline->variables;
  TRY(const TemplateValue value, Evaluate(dot, *range.pipeline));
  const size_t declared = variables_.size();
  bool ran = false;
  // false: the loop is over
  const auto once = [&](const TemplateValue& key, const TemplateValue& item) -> Result<bool> {
    ran = true;
    TRY_VOID(Step());
    const auto set = [&](size_t index, const TemplateValue& to) {
      if (range.pipeline->assign) {
        *Variable(names[index]) = to;
      } else {
        variables_[declared - names.size() + index].second = to;
      }
    };
    if (names.size() == 1) set(0, item);
    if (names.size() == 2) {
      set(0, key);
      set(1, item);
    }
    TRY(const Flow flow, Walk(item, range.body));
    variables_.resize(declared);
    return flow != Flow::break_;
  };
  switch (value.kind()) {
    case Kind::nil:
      break;
    case Kind::list:
      for (size_t i = 0; i < value.list().size(); ++i) {
        TRY(const bool more, once(static_cast<int64_t>(i), value.list()[i]));
        if (!more) break;
      }
      break;
    case Kind::map:
      for (const auto& [key, item] : value.map()) {
        TRY(const bool more, once(key, item));
        if (!more) break;
      }
      break;
    case Kind::integer:
      if (names.size() > 1)
        return Fail(fmt::format("can't use {} to iterate over more than one variable", value.integer()));
      for (int64_t i = 0; i < value.integer(); ++i) {
        TRY(const bool more, once({}, i));
        if (!more) break;
      }
      break;
    default:
      return Fail(fmt::format("range can't iterate over {}", GoFormat(value)));
  }
  Flow flow = Flow::next;
  if (!ran) {
    TRY(flow, Walk(dot, range.otherwise));
  }
  variables_.resize(variables);
  return flow;
}

Result<Executor::Flow> Executor::WalkInclude(const TemplateValue& dot, const IncludeNode& include) {
  At(include);
  const auto found = execution_.definitions.find(include.name);
  if (found == execution_.definitions.end()) {
    return Fail(fmt::format("template {} not defined", Quote(include.name)));
  }
  TemplateValue argument;
  if (include.pipeline != nullptr) {
    TRY(argument, Evaluate(dot, *include.pipeline));
  }
  std::vector<std::pair<std::string, TemplateValue>> inner = {{"$", argument}};
  inner.swap(variables_);
  const Template::Definition* outer = std::exchange(definition_, found->second.get());
  TRY([[maybe_unused]] const Flow flow, Walk(argument, definition_->body));
  definition_ = outer;
  inner.swap(variables_);
  At(include);
  return Flow::next;
}

Result<void> Executor::Write(std::string_view text) {
  if (out_.size() + text.size() > limits_.max_output_bytes) {
    return Fail(fmt::format("the text is larger than {} bytes", limits_.max_output_bytes), ErrorCode::limit_exceeded);
  }
  out_ += text;
  return Step(text.size() / kBytesPerStep);
}

Result<void> Executor::Print(const TemplateValue& value) {
  const std::string text = value.IsNil() ? "<no value>" : GoFormat(value);
  if (!execution_.options.escape_html || value.safe_html()) return Write(text);
  if (InUrlAttribute(out_) && !IsSafeUrl(text)) return Write("#ZgotmplZ");
  return Write(ReplaceAll(EscapeHtml(text), "+", "&#43;"));
}

Result<TemplateValue> Executor::Evaluate(const TemplateValue& dot, const PipelineNode& pipeline) {
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

Result<void> Executor::NotAFunction(const TemplateNode& node, size_t arguments, const Piped& piped) const {
  if (arguments == 0 && !piped) return {};
  return Fail(fmt::format("can't give argument to non-function {}", node.ToString()));
}

Result<TemplateValue> Executor::EvaluateCommand(const TemplateValue& dot, const CommandNode& command,
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

Result<TemplateValue> Executor::EvaluateArgument(const TemplateValue& dot, TemplateParameter parameter,
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

Result<TemplateValue> Executor::EvaluateConstant(TemplateParameter parameter, const ConstantNode& constant) {
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

Result<TemplateValue> Executor::EvaluateName(const TemplateValue& dot, const NameNode& name,
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

Result<TemplateValue> Executor::EvaluateChain(const TemplateValue& dot, const ChainNode& chain,
                                              std::span<const TemplateNodePtr> arguments, const Piped& piped) {
  At(chain);
  if (chain.inner->kind == Node::nil)
    return Fail(fmt::format("indirection through explicit nil in {}", chain.ToString()));
  TRY(TemplateValue value, EvaluateArgument(dot, TemplateParameter::any, *chain.inner));
  return Follow(dot, std::move(value), chain.fields, arguments, piped);
}

Result<TemplateValue> Executor::Follow(const TemplateValue& dot, TemplateValue receiver,
                                       std::span<const std::string> names, std::span<const TemplateNodePtr> arguments,
                                       const Piped& piped) {
  const Piped nothing;
  for (size_t i = 0; i < names.size(); ++i) {
    const bool last = i + 1 == names.size();
    TRY(receiver, Member(dot, receiver, names[i], i == 0, last ? arguments : std::span<const TemplateNodePtr>(),
                         last ? piped : nothing));
  }
  return receiver;
}

Result<TemplateValue> Executor::Member(const TemplateValue& dot, const TemplateValue& receiver, const std::string& name,
                                       bool first, std::span<const TemplateNodePtr> arguments, const Piped& piped) {
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

Result<TemplateValue> Executor::CallMethod(const TemplateValue& dot, const TemplateValue& receiver,
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

Result<TemplateValue> Executor::Validate(TemplateValue value, TemplateParameter parameter) {
  if (Fits(value, parameter)) return value;
  if (value.IsNil() && parameter == TemplateParameter::map) return TemplateValue::Map({});
  const bool list = parameter == TemplateParameter::list || parameter == TemplateParameter::texts;
  if (value.IsNil() && list) return TemplateValue::List({});
  if (value.IsNil()) return Fail(fmt::format("invalid value; expected {}", ParameterName(parameter)));
  return Fail(fmt::format("wrong type for value; expected {}; got {}", ParameterName(parameter), value.TypeName()));
}

Result<TemplateValue> Executor::Checked(Result<TemplateValue> result, const std::string& name, size_t position,
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

Result<TemplateValue> Executor::CallFunction(const TemplateValue& dot, const Call& call) {
  auto found = execution_.functions.find(call.name);
  if (found == execution_.functions.end()) {
    if (call.name == "and" || call.name == "or") return ShortCircuit(dot, call);
    found = TemplateBuiltins().find(call.name);
    if (found == TemplateBuiltins().end()) return Fail(fmt::format("{} is not a defined function", Quote(call.name)));
  }
  TRY(const std::vector<TemplateValue> values, Arguments(dot, found->second, call));
  return Checked(found->second.call(values), call.name, call.position, call.whole);
}

Result<TemplateValue> Executor::ShortCircuit(const TemplateValue& dot, const Call& call) {
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

Result<std::vector<TemplateValue>> Executor::Arguments(const TemplateValue& dot, const TemplateFunction& function,
                                                       const Call& call) {
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

}  // namespace

Result<std::string> ExecuteTemplate(const TemplateExecution& execution, const Template::Definition& definition,
                                    const TemplateValue& root, const Template::Variables& variables) {
  return Executor(execution, definition).Run(root, variables);
}

}  // namespace base
