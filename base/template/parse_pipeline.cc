#include "base/template/literal.h"
#include "base/template/parser.h"
#include "base/text.h"

namespace base {
namespace {

using Node = TemplateNodeKind;

}  // namespace

// "$x :=", "$x =", or for range "$i, $x :=". A variable followed by anything else is an operand and stays.
Result<void> TemplateParser::ParseDeclarations(PipelineNode& pipeline, std::string_view context) {
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

Result<std::unique_ptr<const PipelineNode>> TemplateParser::ParsePipeline(std::string_view context, Token end) {
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

Result<CommandNode> TemplateParser::ParseCommand() {
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

Result<TemplateNodePtr> TemplateParser::ParseOperand() {
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

Result<TemplateNodePtr> TemplateParser::ParseTerm() {
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

}  // namespace base
