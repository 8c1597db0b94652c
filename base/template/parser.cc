#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/template/lexer.h"
#include "base/template/literal.h"
#include "base/template/tree.h"
#include "base/text.h"

namespace base {
namespace {

using Token = TemplateTokenKind;
using Node = TemplateNodeKind;
using DefinitionPtr = std::shared_ptr<const Template::Definition>;

// Deeper nesting than any person writes, and far less than the stack holds.
constexpr int kMaxNesting = 100;

class Parser {
 public:
  Parser(const std::string& name, std::shared_ptr<const std::string> source, const TemplateFunctions& functions,
         const std::vector<std::string>& variables)
      : name_(name), source_(std::move(source)), functions_(functions), tokens_(TokenizeTemplate(*source_)) {
    for (const std::string& variable : variables) given_.push_back("$" + variable);
  }

  Result<std::vector<DefinitionPtr>> Run();

 private:
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
  Result<std::unique_ptr<const PipelineNode>> ParsePipeline(std::string_view context, Token end);
  Result<void> ParseDeclarations(PipelineNode& pipeline, std::string_view context);
  Result<CommandNode> ParseCommand();
  Result<TemplateNodePtr> ParseOperand();
  Result<TemplateNodePtr> ParseTerm();

  const std::string& name_;
  std::shared_ptr<const std::string> source_;
  const TemplateFunctions& functions_;
  std::vector<TemplateToken> tokens_;
  std::vector<std::string> given_;
  std::vector<std::string> variables_;
  std::vector<std::shared_ptr<const Template::Definition>> definitions_;
  size_t next_ = 0;
  size_t seen_ = 0;
  int action_line_ = 0;
  int loops_ = 0;
  int nesting_ = 0;
};

Result<std::vector<DefinitionPtr>> Parser::Run() {
  variables_ = {"$"};
  variables_.insert(variables_.end(), given_.begin(), given_.end());
  TRY(List list, ParseList(true));
  // last, so that a definition of the same name within does not hide the text itself
  definitions_.push_back(
      std::make_shared<const Template::Definition>(Template::Definition{name_, name_, source_, std::move(list.nodes)}));
  return std::move(definitions_);
}

Result<Parser::List> Parser::ParseList(bool top) {
  if (++nesting_ > kMaxNesting) return Fail("max nesting depth exceeded");
  List list;
  while (true) {
    const TemplateToken& token = TakePastSpace();
    if (token.kind == Token::end_of_text) {
      if (!top) return Fail("unexpected EOF");
      break;
    }
    if (token.kind == Token::text) {
      list.nodes.push_back(std::make_unique<TextNode>(token.position, token.text));
      continue;
    }
    if (token.kind != Token::open) return Unexpected(token, "input");
    action_line_ = token.line;
    if (top && NextIsKeyword("define")) {
      TakePastSpace();
      TRY_VOID(ParseDefine());
      continue;
    }
    std::optional<Ending> ending;
    TRY(TemplateNodePtr node, ParseAction(ending));
    action_line_ = 0;
    if (ending && top) return Fail(*ending == Ending::end ? "unexpected {{end}}" : "unexpected {{else}}");
    if (ending) {
      list.ending = *ending;
      break;
    }
    if (node != nullptr) list.nodes.push_back(std::move(node));
  }
  --nesting_;
  return list;
}

Result<TemplateNodePtr> Parser::ParseAction(std::optional<Ending>& ending) {
  if (PeekPastSpace().kind == Token::keyword) {
    const TemplateToken& keyword = TakePastSpace();
    return ParseKeyword(keyword, ending);
  }
  const size_t position = Peek().position;
  TRY(auto pipeline, ParsePipeline("command", Token::close));
  return std::make_unique<ActionNode>(position, std::move(pipeline));
}

Result<TemplateNodePtr> Parser::ParseKeyword(const TemplateToken& keyword, std::optional<Ending>& ending) {
  const std::string_view word = keyword.text;
  if (word == "if" || word == "range" || word == "with") return ParseBranch(keyword);
  if (word == "break" || word == "continue") return ParseLoopControl(keyword);
  if (word == "template") return ParseInclude();
  if (word == "block") return ParseBlock();
  if (word == "end") {
    ending = Ending::end;
    TRY_VOID(ExpectClose("end"));
    return nullptr;
  }
  if (word == "else") {
    ending = Ending::else_;
    if (NextIsKeyword("if") || NextIsKeyword("with")) return nullptr;
    TRY_VOID(ExpectClose("else"));
    return nullptr;
  }
  return Unexpected(keyword, "command");
}

Result<TemplateNodePtr> Parser::ParseBranch(const TemplateToken& keyword) {
  const std::string_view word = keyword.text;
  const size_t variables = variables_.size();
  auto branch = std::make_unique<BranchNode>(word == "if"      ? Node::if_
                                             : word == "range" ? Node::range
                                                               : Node::with,
                                             keyword.position);
  TRY(branch->pipeline, ParsePipeline(word, Token::close));
  if (word == "range") ++loops_;
  TRY(List body, ParseList(false));
  if (word == "range") --loops_;
  branch->body = std::move(body.nodes);
  if (body.ending == Ending::else_) {
    // "else if" is an if within the else, and shares its end
    if (word != "range" && NextIsKeyword(word)) {
      const TemplateToken& again = TakePastSpace();
      if (++nesting_ > kMaxNesting) return Fail("max nesting depth exceeded");
      TRY(TemplateNodePtr inner, ParseBranch(again));
      --nesting_;
      branch->otherwise.push_back(std::move(inner));
    } else {
      TRY(List otherwise, ParseList(false));
      if (otherwise.ending != Ending::end) return Fail("expected end; found {{else}}");
      branch->otherwise = std::move(otherwise.nodes);
    }
  }
  variables_.resize(variables);
  return branch;
}

Result<TemplateNodePtr> Parser::ParseLoopControl(const TemplateToken& keyword) {
  const std::string shown = fmt::format("{{{{{}}}}}", keyword.text);
  TRY_VOID(ExpectClose(shown));
  if (loops_ == 0) return Fail(fmt::format("{} outside {{{{range}}}}", shown));
  return std::make_unique<LoopControlNode>(keyword.text == "break" ? Node::break_ : Node::continue_, keyword.position);
}

Result<std::string> Parser::ParseName(std::string_view context, size_t* position) {
  const TemplateToken& token = TakePastSpace();
  if (position != nullptr) *position = token.position;
  if (token.kind != Token::literal && token.kind != Token::raw_literal) return Unexpected(token, context);
  auto name = UnquoteGo(token.text);
  if (!name) return Fail("invalid syntax");
  return std::move(*name);
}

Result<TemplateNodePtr> Parser::ParseInclude() {
  auto include = std::make_unique<IncludeNode>(0);
  TRY(include->name, ParseName("template clause", &include->position));
  if (PeekPastSpace().kind == Token::close) {
    Take();
  } else {
    TRY(include->pipeline, ParsePipeline("template clause", Token::close));
  }
  return include;
}

// A definition and its use in one.
Result<TemplateNodePtr> Parser::ParseBlock() {
  auto include = std::make_unique<IncludeNode>(0);
  TRY(include->name, ParseName("block clause", &include->position));
  TRY(include->pipeline, ParsePipeline("block clause", Token::close));
  TRY_VOID(ParseBody(include->name, "block clause"));
  return include;
}

Result<void> Parser::ParseDefine() {
  TRY(std::string name, ParseName("define clause"));
  TRY_VOID(ExpectClose("define clause"));
  return ParseBody(std::move(name), "define clause");
}

// The text up to {{end}}, which sees none of the variables around it.
Result<void> Parser::ParseBody(std::string name, std::string_view context) {
  std::vector<std::string> outside = {"$"};
  outside.swap(variables_);
  const int loops = std::exchange(loops_, 0);
  TRY(List body, ParseList(false));
  if (body.ending != Ending::end) return Fail(fmt::format("unexpected {{{{else}}}} in {}", context));
  loops_ = loops;
  outside.swap(variables_);
  return Define(std::move(name), std::move(body.nodes));
}

Result<void> Parser::Define(std::string name, TemplateNodes body) {
  auto definition = std::make_shared<const Template::Definition>(
      Template::Definition{std::move(name), name_, source_, std::move(body)});
  for (DefinitionPtr& other : definitions_) {
    if (other->name != definition->name) continue;
    if (!other->IsEmpty() && !definition->IsEmpty()) {
      return Fail(fmt::format("template: multiple definition of template {}", Quote(definition->name)));
    }
    if (other->IsEmpty()) other = std::move(definition);
    return {};
  }
  definitions_.push_back(std::move(definition));
  return {};
}

// "$x :=", "$x =", or for range "$i, $x :=". A variable followed by anything else is an operand and stays.
Result<void> Parser::ParseDeclarations(PipelineNode& pipeline, std::string_view context) {
  while (PeekPastSpace().kind == Token::variable) {
    const size_t start = next_;
    const std::string name(Take().text);
    const TemplateToken& after = PeekPastSpace();
    if (after.kind == Token::assign || after.kind == Token::declare) {
      pipeline.assign = after.kind == Token::assign;
      Take();
      pipeline.variables.push_back(name);
      variables_.push_back(name);
      return {};
    }
    if (after.kind != Token::other || after.text != ",") {
      next_ = start;
      return {};
    }
    Take();
    pipeline.variables.push_back(name);
    variables_.push_back(name);
    if (context != "range" || pipeline.variables.size() >= 2) {
      return Fail(fmt::format("too many declarations in {}", context));
    }
    const Token next = PeekPastSpace().kind;
    if (next != Token::variable && next != Token::close && next != Token::right_parenthesis) {
      return Fail("range can only initialize variables");
    }
  }
  return {};
}

Result<std::unique_ptr<const PipelineNode>> Parser::ParsePipeline(std::string_view context, Token end) {
  auto pipeline = std::make_unique<PipelineNode>(PeekPastSpace().position);
  TRY_VOID(ParseDeclarations(*pipeline, context));
  while (true) {
    const TemplateToken& token = PeekPastSpace();
    if (token.kind == end) {
      Take();
      break;
    }
    switch (token.kind) {
      case Token::boolean:
      case Token::character:
      case Token::dot:
      case Token::field:
      case Token::word:
      case Token::number:
      case Token::nil:
      case Token::raw_literal:
      case Token::literal:
      case Token::variable:
      case Token::left_parenthesis:
        break;
      default:
        return Unexpected(token, context);
    }
    TRY(CommandNode command, ParseCommand());
    pipeline->commands.push_back(std::move(command));
  }
  if (pipeline->commands.empty()) return Fail(fmt::format("missing value for {}", context));
  for (size_t i = 1; i < pipeline->commands.size(); ++i) {
    switch (pipeline->commands[i].arguments.front()->kind) {
      case Node::boolean:
      case Node::dot:
      case Node::nil:
      case Node::number:
      case Node::literal:
        return Fail(fmt::format("non executable command in pipeline stage {}", i + 1));
      default:
        break;
    }
  }
  return pipeline;
}

Result<CommandNode> Parser::ParseCommand() {
  CommandNode command;
  command.position = PeekPastSpace().position;
  while (true) {
    PeekPastSpace();
    TRY(TemplateNodePtr operand, ParseOperand());
    if (operand != nullptr) command.arguments.push_back(std::move(operand));
    const TemplateToken& token = Peek();
    if (token.kind == Token::space) {
      Take();
      continue;
    }
    if (token.kind == Token::close || token.kind == Token::right_parenthesis) break;
    if (token.kind != Token::pipe) return Unexpected(token, "operand");
    Take();
    break;
  }
  if (command.arguments.empty()) return Fail("empty command");
  return command;
}

Result<TemplateNodePtr> Parser::ParseOperand() {
  TRY(TemplateNodePtr term, ParseTerm());
  if (term == nullptr || Peek().kind != Token::field) return term;
  const size_t position = Peek().position;
  std::vector<std::string> fields;
  while (Peek().kind == Token::field) fields.emplace_back(Take().text.substr(1));
  switch (term->kind) {
    case Node::field:
    case Node::variable: {
      std::vector<std::string> names = static_cast<const NameNode&>(*term).names;
      names.insert(names.end(), fields.begin(), fields.end());
      return std::make_unique<NameNode>(term->kind, position, std::move(names));
    }
    case Node::boolean:
    case Node::literal:
    case Node::number:
    case Node::nil:
    case Node::dot:
      return Fail(fmt::format("unexpected . after term {}", Quote(term->ToString())));
    default:
      break;
  }
  auto chain = std::make_unique<ChainNode>(position, std::move(term));
  chain->fields = std::move(fields);
  return chain;
}

Result<TemplateNodePtr> Parser::ParseTerm() {
  const TemplateToken& token = PeekPastSpace();
  const std::string text(token.text);
  const auto constant = [&](Node kind, TemplateValue value) {
    Take();
    return std::make_unique<ConstantNode>(kind, token.position, text, std::move(value));
  };
  const auto names = [&](Node kind, std::string name) {
    Take();
    return std::make_unique<NameNode>(kind, token.position, std::vector<std::string>{std::move(name)});
  };
  switch (token.kind) {
    case Token::dot:
      return constant(Node::dot, {});
    case Token::nil:
      return constant(Node::nil, {});
    case Token::boolean:
      return constant(Node::boolean, text == "true");
    case Token::field:
      return names(Node::field, text.substr(1));
    case Token::word:
      if (!functions_.contains(text) && !TemplateBuiltins().contains(text)) {
        return Fail(fmt::format("function {} not defined", Quote(text)));
      }
      return names(Node::function, text);
    case Token::variable:
      if (std::ranges::find(variables_, text) == variables_.end()) {
        return Fail(fmt::format("undefined variable {}", Quote(text)));
      }
      return names(Node::variable, text);
    case Token::character:
    case Token::number: {
      auto number = ParseGoNumber(text);
      if (!number) return Fail(number.error());
      auto node = constant(Node::number, number->value);
      node->integer = number->integer;
      node->real = number->real;
      return node;
    }
    case Token::literal:
    case Token::raw_literal: {
      auto value = UnquoteGo(text);
      if (!value) return Fail("invalid syntax");
      return constant(Node::literal, std::move(*value));
    }
    case Token::left_parenthesis: {
      Take();
      if (++nesting_ > kMaxNesting) return Fail("max expression depth exceeded");
      TRY(auto pipeline, ParsePipeline("parenthesized pipeline", Token::right_parenthesis));
      --nesting_;
      return pipeline;
    }
    default:
      return nullptr;
  }
}

}  // namespace

Result<std::vector<DefinitionPtr>> ParseTemplate(const std::string& name, std::shared_ptr<const std::string> source,
                                                 const TemplateFunctions& functions,
                                                 const std::vector<std::string>& variables) {
  return Parser(name, std::move(source), functions, variables).Run();
}

}  // namespace base
