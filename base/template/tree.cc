#include "base/template/tree.h"

#include <algorithm>

#include "base/text.h"

namespace base {
namespace {

std::string InParentheses(const TemplateNode& node) {
  return node.kind == TemplateNodeKind::pipeline ? "(" + node.ToString() + ")" : node.ToString();
}

}  // namespace

std::string CommandNode::ToString() const {
  std::string text;
  for (const TemplateNodePtr& argument : arguments) {
    if (!text.empty()) text += ' ';
    text += InParentheses(*argument);
  }
  return text;
}

std::string PipelineNode::ToString() const {
  std::string text = Join(variables, ", ");
  if (!variables.empty()) text += assign ? " = " : " := ";
  for (size_t i = 0; i < commands.size(); ++i) {
    if (i > 0) text += " | ";
    text += commands[i].ToString();
  }
  return text;
}

std::string IncludeNode::ToString() const {
  return "{{template " + Quote(name) + (pipeline != nullptr ? " " + pipeline->ToString() : "") + "}}";
}

std::string NameNode::ToString() const {
  if (kind == TemplateNodeKind::field) return "." + Join(names, ".");
  return Join(names, ".");
}

std::string ChainNode::ToString() const { return InParentheses(*inner) + "." + Join(fields, "."); }

bool Template::Definition::IsEmpty() const {
  return std::ranges::all_of(body, [](const TemplateNodePtr& node) {
    return node->kind == TemplateNodeKind::text && Trim(static_cast<const TextNode&>(*node).text).empty();
  });
}

}  // namespace base
