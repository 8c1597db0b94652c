#include "base/template/parser.h"

#include <utility>

#include "base/template/literal.h"
#include "base/text.h"

namespace base {
namespace {

using Node = TemplateNodeKind;

}  // namespace

Result<std::vector<TemplateParser::DefinitionPtr>> TemplateParser::Run() {
  variables_ = {"$"};
  variables_.insert(variables_.end(), given_.begin(), given_.end());
  TRY(List list, ParseList(true));
  // last, so that a definition of the same name within does not hide the text itself
  definitions_.push_back(
      std::make_shared<const Template::Definition>(Template::Definition{name_, name_, source_, std::move(list.nodes)}));
  return std::move(definitions_);
}

Result<TemplateParser::List> TemplateParser::ParseList(bool top) {
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

Result<TemplateNodePtr> TemplateParser::ParseAction(std::optional<Ending>& ending) {
  if (PeekPastSpace().kind == Token::keyword) {
    const TemplateToken& keyword = TakePastSpace();
    return ParseKeyword(keyword, ending);
  }
  const size_t position = Peek().position;
  TRY(auto pipeline, ParsePipeline("command", Token::close));
  return std::make_unique<ActionNode>(position, std::move(pipeline));
}

Result<TemplateNodePtr> TemplateParser::ParseKeyword(const TemplateToken& keyword, std::optional<Ending>& ending) {
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

Result<TemplateNodePtr> TemplateParser::ParseBranch(const TemplateToken& keyword) {
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

Result<TemplateNodePtr> TemplateParser::ParseLoopControl(const TemplateToken& keyword) {
  const std::string shown = fmt::format("{{{{{}}}}}", keyword.text);
  TRY_VOID(ExpectClose(shown));
  if (loops_ == 0) return Fail(fmt::format("{} outside {{{{range}}}}", shown));
  return std::make_unique<LoopControlNode>(keyword.text == "break" ? Node::break_ : Node::continue_, keyword.position);
}

Result<std::string> TemplateParser::ParseName(std::string_view context, size_t* position) {
  const TemplateToken& token = TakePastSpace();
  if (position != nullptr) *position = token.position;
  if (token.kind != Token::literal && token.kind != Token::raw_literal) return Unexpected(token, context);
  auto name = UnquoteGo(token.text);
  if (!name) return Fail("invalid syntax");
  return std::move(*name);
}

Result<TemplateNodePtr> TemplateParser::ParseInclude() {
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
Result<TemplateNodePtr> TemplateParser::ParseBlock() {
  auto include = std::make_unique<IncludeNode>(0);
  TRY(include->name, ParseName("block clause", &include->position));
  TRY(include->pipeline, ParsePipeline("block clause", Token::close));
  TRY_VOID(ParseBody(include->name, "block clause"));
  return include;
}

Result<void> TemplateParser::ParseDefine() {
  TRY(std::string name, ParseName("define clause"));
  TRY_VOID(ExpectClose("define clause"));
  return ParseBody(std::move(name), "define clause");
}

// The text up to {{end}}, which sees none of the variables around it.
Result<void> TemplateParser::ParseBody(std::string name, std::string_view context) {
  std::vector<std::string> outside = {"$"};
  outside.swap(variables_);
  const int loops = std::exchange(loops_, 0);
  TRY(List body, ParseList(false));
  if (body.ending != Ending::end) return Fail(fmt::format("unexpected {{{{else}}}} in {}", context));
  loops_ = loops;
  outside.swap(variables_);
  return Define(std::move(name), std::move(body.nodes));
}

Result<void> TemplateParser::Define(std::string name, TemplateNodes body) {
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

Result<std::vector<TemplateParser::DefinitionPtr>> ParseTemplate(const std::string& name,
                                                                 std::shared_ptr<const std::string> source,
                                                                 const TemplateFunctions& functions,
                                                                 const std::vector<std::string>& variables) {
  return TemplateParser(name, std::move(source), functions, variables).Run();
}

}  // namespace base
