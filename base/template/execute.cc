#include <fmt/format.h>

#include <algorithm>

#include "base/template/executor.h"
#include "base/template/format.h"
#include "base/text.h"

namespace base {
namespace {

using Kind = TemplateValue::Kind;
using Node = TemplateNodeKind;

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

}  // namespace

Result<std::string> TemplateExecutor::Run(const TemplateValue& root, const Template::Variables& variables) {
  variables_.emplace_back("$", root);
  for (const auto& [name, value] : variables) variables_.emplace_back("$" + name, value);
  TRY([[maybe_unused]] const Flow flow, Walk(root, definition_->body));
  return std::move(out_);
}

std::unexpected<Error> TemplateExecutor::Fail(std::string_view what, ErrorCode code) const {
  const size_t position = at_text_.empty() && at_ != nullptr ? at_->position : at_position_;
  const std::string shown = at_text_.empty() && at_ != nullptr ? at_->ToString() : at_text_;
  const std::string_view before = std::string_view(*definition_->source).substr(0, position);
  const auto line = std::ranges::count(before, '\n') + 1;
  const size_t line_start = before.rfind('\n') + 1;  // 0 where there is none
  return base::Fail(code, fmt::format("template: {}:{}:{}: executing {} at <{}>: {}", definition_->file, line,
                                      position - line_start, Quote(definition_->name), shown, what));
}

Result<void> TemplateExecutor::Step(size_t cost) {
  steps_ += cost;
  if (steps_ > limits_.max_steps) {
    return Fail(fmt::format("the template takes more than {} steps", limits_.max_steps), ErrorCode::limit_exceeded);
  }
  return {};
}

TemplateValue* TemplateExecutor::Variable(std::string_view name) {
  const auto at = std::find_if(variables_.rbegin(), variables_.rend(), [&](const auto& v) { return v.first == name; });
  return at == variables_.rend() ? nullptr : &at->second;
}

Result<TemplateExecutor::Flow> TemplateExecutor::Walk(const TemplateValue& dot, const TemplateNodes& nodes) {
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

Result<TemplateExecutor::Flow> TemplateExecutor::WalkNode(const TemplateValue& dot, const TemplateNode& node) {
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

Result<TemplateExecutor::Flow> TemplateExecutor::WalkBranch(const TemplateValue& dot, const BranchNode& branch) {
  const size_t variables = variables_.size();
  TRY(const TemplateValue value, Evaluate(dot, *branch.pipeline));
  const bool yes = value.IsTrue();
  TRY(const Flow flow, Walk(yes && branch.kind == Node::with ? value : dot, yes ? branch.body : branch.otherwise));
  variables_.resize(variables);
  return flow;
}

Result<void> TemplateExecutor::ForEach(const TemplateValue& value, size_t variables, const Visit& visit) const {
  switch (value.kind()) {
    case Kind::nil:
      return {};
    case Kind::list:
      for (size_t i = 0; i < value.list().size(); ++i) {
        TRY(const bool more, visit(static_cast<int64_t>(i), value.list()[i]));
        if (!more) return {};
      }
      return {};
    case Kind::map:
      for (const auto& [key, item] : value.map()) {
        TRY(const bool more, visit(key, item));
        if (!more) return {};
      }
      return {};
    case Kind::integer:
      if (variables > 1) {
        return Fail(fmt::format("can't use {} to iterate over more than one variable", value.integer()));
      }
      for (int64_t i = 0; i < value.integer(); ++i) {
        TRY(const bool more, visit({}, i));
        if (!more) return {};
      }
      return {};
    default:
      return Fail(fmt::format("range can't iterate over {}", GoFormat(value)));
  }
}

Result<TemplateExecutor::Flow> TemplateExecutor::WalkRange(const TemplateValue& dot, const BranchNode& range) {
  const size_t outside = variables_.size();
  const std::vector<std::string>& names = range.pipeline->variables;
  TRY(const TemplateValue value, Evaluate(dot, *range.pipeline));
  const size_t declared = variables_.size();
  const auto set = [&](size_t index, const TemplateValue& to) {
    (range.pipeline->assign ? *Variable(names[index]) : variables_[declared - names.size() + index].second) = to;
  };
  bool ran = false;
  const Visit once = [&](const TemplateValue& key, const TemplateValue& item) -> Result<bool> {
    ran = true;
    TRY_VOID(Step());
    if (names.size() == 2) set(0, key);
    if (!names.empty()) set(names.size() - 1, item);
    TRY(const Flow flow, Walk(item, range.body));
    variables_.resize(declared);
    return flow != Flow::break_;
  };
  TRY_VOID(ForEach(value, names.size(), once));
  Flow flow = Flow::next;
  if (!ran) {
    TRY(flow, Walk(dot, range.otherwise));
  }
  variables_.resize(outside);
  return flow;
}

Result<TemplateExecutor::Flow> TemplateExecutor::WalkInclude(const TemplateValue& dot, const IncludeNode& include) {
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

Result<void> TemplateExecutor::Write(std::string_view text) {
  if (out_.size() + text.size() > limits_.max_output_bytes) {
    return Fail(fmt::format("the text is larger than {} bytes", limits_.max_output_bytes), ErrorCode::limit_exceeded);
  }
  out_ += text;
  return Step(text.size() / kBytesPerStep);
}

Result<void> TemplateExecutor::Print(const TemplateValue& value) {
  const std::string text = value.IsNil() ? "<no value>" : GoFormat(value);
  if (!execution_.options.escape_html || value.safe_html()) return Write(text);
  if (InUrlAttribute(out_) && !IsSafeUrl(text)) return Write("#ZgotmplZ");
  return Write(ReplaceAll(EscapeHtml(text), "+", "&#43;"));
}

Result<std::string> ExecuteTemplate(const TemplateExecution& execution, const Template::Definition& definition,
                                    const TemplateValue& root, const Template::Variables& variables) {
  return TemplateExecutor(execution, definition).Run(root, variables);
}

}  // namespace base
