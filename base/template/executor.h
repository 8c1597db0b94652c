#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/template/tree.h"

// Included by this folder's .cc files alone.

namespace base {

// Walks a template's tree once and writes its text. An error names the last node looked at, as Go's do. After an error
// the executor is of no use.
class TemplateExecutor {
 public:
  TemplateExecutor(const TemplateExecution& execution, const Template::Definition& definition)
      : execution_(execution), limits_(execution.options.limits), definition_(&definition) {}

  // The text of `definition`, with `root` as "." and "$". To be called once.
  Result<std::string> Run(const TemplateValue& root, const Template::Variables& variables);

 private:
  // What came through the pipe, if anything did.
  using Piped = std::optional<TemplateValue>;
  // How a list of statements ended.
  enum class Flow : uint8_t { next, break_, continue_ };

  // Statements: execute.cc
  Result<Flow> Walk(const TemplateValue& dot, const TemplateNodes& nodes);
  Result<Flow> WalkNode(const TemplateValue& dot, const TemplateNode& node);
  Result<Flow> WalkBranch(const TemplateValue& dot, const BranchNode& branch);
  Result<Flow> WalkRange(const TemplateValue& dot, const BranchNode& range);
  // Calls `visit` with each key and item, until it says that the loop is over (false).
  using Visit = std::function<Result<bool>(const TemplateValue& key, const TemplateValue& item)>;
  Result<void> ForEach(const TemplateValue& value, size_t variables, const Visit& visit) const;
  Result<Flow> WalkInclude(const TemplateValue& dot, const IncludeNode& include);
  Result<void> Write(std::string_view text);
  Result<void> Print(const TemplateValue& value);

  // Expressions: evaluate.cc
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
  Result<void> NotAFunction(const TemplateNode& node, size_t arguments, const Piped& piped) const;
  Result<TemplateValue> Member(const TemplateValue& dot, const TemplateValue& receiver, const std::string& name,
                               bool first, std::span<const TemplateNodePtr> arguments, const Piped& piped);

  // Calls: call.cc
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
  // The value as a parameter takes it.
  Result<TemplateValue> Validate(TemplateValue value, TemplateParameter parameter) const;
  // What a function returned, charged for its size.
  Result<TemplateValue> Checked(Result<TemplateValue> result, const std::string& name, size_t position,
                                const std::function<std::string()>& whole);

  std::unexpected<Error> Fail(std::string_view what, ErrorCode code = ErrorCode::invalid_argument) const;
  // Counts what was done against the limit.
  Result<void> Step(size_t cost = 1);
  TemplateValue* Variable(std::string_view name);  // null where there is none
  void At(const TemplateNode& node) {
    at_ = &node;
    at_text_.clear();
  }

  static constexpr size_t kBytesPerStep = 256;  // of text made

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

}  // namespace base
