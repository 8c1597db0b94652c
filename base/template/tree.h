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
  TemplateNode(TemplateNodeKind kind_, size_t position_) : kind(kind_), position(position_) {}
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
  explicit PipelineNode(size_t position_) : TemplateNode(TemplateNodeKind::pipeline, position_) {}
  std::string ToString() const override;
  std::vector<std::string> variables;  // declared or, with `assign`, set
  bool assign = false;
  std::vector<CommandNode> commands;
};

struct TextNode : TemplateNode {
  TextNode(size_t position_, std::string_view text_) : TemplateNode(TemplateNodeKind::text, position_), text(text_) {}
  std::string_view text;  // part of the source
};

struct ActionNode : TemplateNode {
  ActionNode(size_t position_, std::unique_ptr<const PipelineNode> pipeline_)
      : TemplateNode(TemplateNodeKind::action, position_), pipeline(std::move(pipeline_)) {}
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
  explicit IncludeNode(size_t position_) : TemplateNode(TemplateNodeKind::include, position_) {}
  std::string ToString() const override;
  std::string name;
  std::unique_ptr<const PipelineNode> pipeline;  // null where no argument is given
};

struct LoopControlNode : TemplateNode {
  using TemplateNode::TemplateNode;
};

// dot, nil, boolean, number, literal
struct ConstantNode : TemplateNode {
  ConstantNode(TemplateNodeKind kind_, size_t position_, std::string source_, TemplateValue value_ = {})
      : TemplateNode(kind_, position_), source(std::move(source_)), value(std::move(value_)) {}
  std::string ToString() const override { return source; }
  std::string source;
  TemplateValue value;
  std::optional<int64_t> integer{};  // of a number that is a whole one: "1", "1.0"
  double real = 0;                   // of any number
};

// field, variable, function. A variable's first name is "$x", fields' follow; a field's are its chain.
struct NameNode : TemplateNode {
  NameNode(TemplateNodeKind kind_, size_t position_, std::vector<std::string> names_)
      : TemplateNode(kind_, position_), names(std::move(names_)) {}
  std::string ToString() const override;
  std::vector<std::string> names;
};

// (pipeline).Field.Field, or function.Field
struct ChainNode : TemplateNode {
  ChainNode(size_t position_, TemplateNodePtr inner_)
      : TemplateNode(TemplateNodeKind::chain, position_), inner(std::move(inner_)) {}
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
