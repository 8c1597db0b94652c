#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/template/lexer.h"
#include "base/template/tree.h"

// Included by this folder's .cc files alone.

namespace base {

// Reads tokens into definitions by recursive descent. `name`, `functions` and what the source points to are borrowed.
class TemplateParser {
 public:
  using DefinitionPtr = std::shared_ptr<const Template::Definition>;

  TemplateParser(const std::string& name, std::shared_ptr<const std::string> source, const TemplateFunctions& functions,
                 const std::vector<std::string>& variables)
      : name_(name), source_(std::move(source)), functions_(functions), tokens_(TokenizeTemplate(*source_)) {
    for (const std::string& variable : variables) given_.push_back("$" + variable);
  }

  Result<std::vector<DefinitionPtr>> Run();  // to be called once

 private:
  using Token = TemplateTokenKind;

  // How a list of nodes ended.
  enum class Ending : uint8_t { end_of_text, end, else_ };
  struct List {
    TemplateNodes nodes;
    Ending ending = Ending::end_of_text;
  };

  const TemplateToken& Peek() {
    seen_ = std::max(seen_, next_);
    return tokens_[next_];
  }
  const TemplateToken& PeekPastSpace() {
    while (Peek().kind == Token::space) ++next_;
    return tokens_[next_];
  }
  const TemplateToken& Take() {
    const TemplateToken& token = Peek();
    if (next_ + 1 < tokens_.size()) ++next_;
    return token;
  }
  const TemplateToken& TakePastSpace() {
    PeekPastSpace();
    return Take();
  }
  bool NextIsKeyword(std::string_view word) {
    const TemplateToken& token = PeekPastSpace();
    return token.kind == Token::keyword && token.text == word;
  }

  std::unexpected<Error> Fail(std::string_view what) const {
    return Invalid(fmt::format("template: {}:{}: {}", name_, tokens_[seen_].line, what));
  }
  std::unexpected<Error> Unexpected(const TemplateToken& token, std::string_view context) const {
    if (token.kind != Token::error) return Fail(fmt::format("unexpected {} in {}", Describe(token), context));
    std::string what = token.problem;
    if (action_line_ != 0 && action_line_ != token.line) {
      what += what.ends_with(" action") ? " started at " : " in action started at ";
      what += fmt::format("{}:{}", name_, action_line_);
    }
    return Fail(what);
  }
  Result<void> ExpectClose(std::string_view context) {
    const TemplateToken& token = TakePastSpace();
    if (token.kind != Token::close) return Unexpected(token, context);
    return {};
  }

  // Statements: parser.cc
  Result<List> ParseList(bool top);
  Result<TemplateNodePtr> ParseAction(std::optional<Ending>& ending);
  Result<TemplateNodePtr> ParseKeyword(const TemplateToken& keyword, std::optional<Ending>& ending);
  Result<TemplateNodePtr> ParseBranch(const TemplateToken& keyword);
  Result<TemplateNodePtr> ParseLoopControl(const TemplateToken& keyword);
  Result<TemplateNodePtr> ParseInclude();
  Result<TemplateNodePtr> ParseBlock();
  Result<void> ParseDefine();
  Result<void> ParseBody(std::string name, std::string_view context);
  Result<void> Define(std::string name, TemplateNodes body);
  Result<std::string> ParseName(std::string_view context, size_t* position = nullptr);

  // Expressions: parse_pipeline.cc
  Result<std::unique_ptr<const PipelineNode>> ParsePipeline(std::string_view context, Token end);
  Result<void> ParseDeclarations(PipelineNode& pipeline, std::string_view context);
  Result<CommandNode> ParseCommand();
  Result<TemplateNodePtr> ParseOperand();
  Result<TemplateNodePtr> ParseTerm();

  // Deeper nesting than any person writes, and far less than the stack holds.
  static constexpr int kMaxNesting = 100;

  const std::string& name_;
  std::shared_ptr<const std::string> source_;
  const TemplateFunctions& functions_;
  std::vector<TemplateToken> tokens_;
  std::vector<std::string> given_;      // by the caller
  std::vector<std::string> variables_;  // in sight
  std::vector<DefinitionPtr> definitions_;
  size_t next_ = 0;
  size_t seen_ = 0;      // the furthest token looked at, whose line messages name
  int action_line_ = 0;  // where the action under way began; 0 outside
  int loops_ = 0;
  int nesting_ = 0;
};

}  // namespace base
