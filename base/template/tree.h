#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/template/template.h"

// A parsed template. Included by this folder's .cc files alone.

namespace base {

enum class TemplateNodeKind : uint8_t {
  text,
  action,
  if_,
  range,
  with,
  include,
  break_,
  continue_,
  pipeline,
  dot,
  nil,
  boolean,
  number,
  literal,
  field,
  variable,
  function,
  chain,
};

// Printed as Go prints it, for messages.
struct TemplateNode {
  TemplateNode(TemplateNodeKind of, size_t at) : kind(of), position(at) {}
  virtual ~TemplateNode() = default;
  virtual std::string ToString() const { return {}; }
  TemplateNodeKind kind;
  size_t position;  // bytes from the start of the source
};
using TemplateNodePtr = std::unique_ptr<const TemplateNode>;
using TemplateNodes = std::vector<TemplateNodePtr>;

struct CommandNode {
  size_t position = 0;
  TemplateNodes arguments{};
  std::string ToString() const;
};

struct PipelineNode : TemplateNode {
  explicit PipelineNode(size_t at) : TemplateNode(TemplateNodeKind::pipeline, at) {}
  std::string ToString() const override;
  std::vector<std::string> variables;  // declared or, with `assign`, set
  bool assign = false;
  std::vector<CommandNode> commands;
};

struct TextNode : TemplateNode {
  TextNode(size_t at, std::string_view content) : TemplateNode(TemplateNodeKind::text, at), text(content) {}
  std::string_view text;  // part of the source
};

struct ActionNode : TemplateNode {
  ActionNode(size_t at, std::unique_ptr<const PipelineNode> computed)
      : TemplateNode(TemplateNodeKind::action, at), pipeline(std::move(computed)) {}
  std::unique_ptr<const PipelineNode> pipeline;
};

// if, range and with
struct BranchNode : TemplateNode {
  using TemplateNode::TemplateNode;
  std::unique_ptr<const PipelineNode> pipeline;
  TemplateNodes body;
  TemplateNodes otherwise;
};

struct IncludeNode : TemplateNode {
  explicit IncludeNode(size_t at) : TemplateNode(TemplateNodeKind::include, at) {}
  std::string ToString() const override;
  std::string name;
  std::unique_ptr<const PipelineNode> pipeline;  // null where no argument is given
};

struct LoopControlNode : TemplateNode {
  using TemplateNode::TemplateNode;
};

// dot, nil, boolean, number, literal
struct ConstantNode : TemplateNode {
  ConstantNode(TemplateNodeKind of, size_t at, std::string written, TemplateValue constant = {})
      : TemplateNode(of, at), source(std::move(written)), value(std::move(constant)) {}
  std::string ToString() const override { return source; }
  std::string source;
  TemplateValue value;
  std::optional<int64_t> integer{};  // of a number that is a whole one: "1", "1.0"
  double real = 0;                   // of any number
};

// field, variable, function. A variable's first name is "$x", fields' follow; a field's are its chain.
struct NameNode : TemplateNode {
  NameNode(TemplateNodeKind of, size_t at, std::vector<std::string> parts)
      : TemplateNode(of, at), names(std::move(parts)) {}
  std::string ToString() const override;
  std::vector<std::string> names;
};

// (pipeline).Field.Field, or function.Field
struct ChainNode : TemplateNode {
  ChainNode(size_t at, TemplateNodePtr operand)
      : TemplateNode(TemplateNodeKind::chain, at), inner(std::move(operand)) {}
  std::string ToString() const override;
  TemplateNodePtr inner;
  std::vector<std::string> fields;
};

struct Template::Definition {
  std::string name;
  std::string file;                           // the name its text was parsed under
  std::shared_ptr<const std::string> source;  // of the whole text; nodes point into it
  TemplateNodes body;

  bool IsEmpty() const;  // white space and definitions alone
};

// Parses `source` into definitions: `name` itself and those within it. `existing` are names that need not be empty to
// be replaced.
Result<std::vector<std::shared_ptr<const Template::Definition>>> ParseTemplate(
    const std::string& name, std::shared_ptr<const std::string> source, const TemplateFunctions& functions,
    const std::vector<std::string>& variables);

// Methods of times and durations: ".StartsAt.Format".
struct TimeMethod {
  TemplateValue::Kind of;
  TemplateType::Method method;
};
const std::multimap<std::string, TimeMethod, std::less<>>& TemplateTimeMethods();

struct TemplateExecution {
  const Template::Definitions& definitions;
  const TemplateFunctions& functions;
  const TemplateOptions& options;
};
Result<std::string> ExecuteTemplate(const TemplateExecution& execution, const Template::Definition& definition,
                                    const TemplateValue& root, const Template::Variables& variables);

}  // namespace base
