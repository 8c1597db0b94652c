#include "rules/api/ast_json.h"

#include "promql/number_format.h"

// The keys of each node stand in alphabetical order, as Go writes a map.

namespace rules {
namespace {

using base::JsonWriter;

std::string_view CardinalityText(promql::Cardinality cardinality) {
  switch (cardinality) {
    case promql::Cardinality::one_to_one:
      return "one-to-one";
    case promql::Cardinality::many_to_one:
      return "many-to-one";
    case promql::Cardinality::one_to_many:
      return "one-to-many";
    case promql::Cardinality::many_to_many:
      return "many-to-many";
  }
  return "";
}

void WriteTexts(JsonWriter& json, const std::vector<std::string>& texts) {
  json.BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

void WriteMatchers(JsonWriter& json, const std::vector<base::Matcher>& matchers) {
  json.Key("matchers").BeginArray();
  for (const base::Matcher& matcher : matchers) {
    json.BeginObject().Key("name").String(matcher.name()).Key("type").String(base::ToString(matcher.type()));
    json.Key("value").String(matcher.value()).EndObject();
  }
  json.EndArray();
}

void WriteStartOrEnd(JsonWriter& json, const promql::TimeModifiers& modifiers) {
  json.Key("startOrEnd");
  if (modifiers.at == promql::AtKind::start) {
    json.String("start");
  } else if (modifiers.at == promql::AtKind::end) {
    json.String("end");
  } else {
    json.Null();
  }
}

void WriteTimestamp(JsonWriter& json, const promql::TimeModifiers& modifiers) {
  json.Key("timestamp");
  if (modifiers.at == promql::AtKind::timestamp) {
    json.Number(static_cast<int64_t>(modifiers.timestamp.time_since_epoch().count()));
  } else {
    json.Null();
  }
}

void WriteDuration(JsonWriter& json, std::string_view key, const promql::DurationValue& duration) {
  json.Key(key).Number(static_cast<int64_t>(duration.fixed.count()));
}

void WriteMatching(JsonWriter& json, const promql::Binary& binary) {
  json.Key("matching");
  if (promql::TypeOf(*binary.left) != promql::ValueType::vector ||
      promql::TypeOf(*binary.right) != promql::ValueType::vector) {
    json.Null();
    return;
  }
  const promql::VectorMatching& matching = binary.matching;
  json.BeginObject().Key("card").String(CardinalityText(matching.cardinality));
  WriteTexts(json.Key("include"), matching.include);
  WriteTexts(json.Key("labels"), matching.labels);
  json.Key("on").Bool(matching.on).EndObject();
}

void WriteNode(JsonWriter& json, const promql::NumberLiteral& literal) {
  json.Key("type").String("numberLiteral").Key("val").String(promql::FormatPlain(literal.value));
}
void WriteNode(JsonWriter& json, const promql::StringLiteral& literal) {
  json.Key("type").String("stringLiteral").Key("val").String(literal.value);
}
void WriteNode(JsonWriter& json, const promql::Paren& paren) {
  WriteAst(json.Key("expr"), *paren.expr);
  json.Key("type").String("parenExpr");
}
void WriteNode(JsonWriter& json, const promql::Unary& unary) {
  WriteAst(json.Key("expr"), *unary.expr);
  json.Key("op").String(unary.negative ? "-" : "+").Key("type").String("unaryExpr");
}

void WriteNode(JsonWriter& json, const promql::Binary& binary) {
  json.Key("bool").Bool(binary.return_bool);
  WriteAst(json.Key("lhs"), *binary.left);
  WriteMatching(json, binary);
  json.Key("op").String(promql::ToString(binary.op));
  WriteAst(json.Key("rhs"), *binary.right);
  json.Key("type").String("binaryExpr");
}

void WriteNode(JsonWriter& json, const promql::Aggregate& aggregate) {
  WriteAst(json.Key("expr"), *aggregate.expr);
  WriteTexts(json.Key("grouping"), aggregate.grouping);
  json.Key("op").String(promql::ToString(aggregate.op)).Key("param");
  if (aggregate.parameter) {
    WriteAst(json, *aggregate.parameter);
  } else {
    json.Null();
  }
  json.Key("type").String("aggregation").Key("without").Bool(aggregate.without);
}

void WriteNode(JsonWriter& json, const promql::Call& call) {
  json.Key("args").BeginArray();
  for (const promql::ExprPtr& argument : call.arguments) WriteAst(json, *argument);
  json.EndArray();
  const promql::FunctionSignature& function = *call.function;
  json.Key("func").BeginObject().Key("argTypes").BeginArray();
  for (size_t i = 0; i < function.arguments; ++i) json.String(promql::ToString(function.argument_types.at(i)));
  json.EndArray().Key("name").String(function.name).Key("returnType").String(promql::ToString(function.result));
  json.Key("variadic").Number(static_cast<int>(function.variadic)).EndObject();
  json.Key("type").String("call");
}

void WriteNode(JsonWriter& json, const promql::VectorSelector& selector) {
  WriteMatchers(json, selector.matchers);
  json.Key("name").String(selector.name);
  WriteDuration(json, "offset", selector.modifiers.offset);
  WriteStartOrEnd(json, selector.modifiers);
  WriteTimestamp(json, selector.modifiers);
  json.Key("type").String("vectorSelector");
}

void WriteNode(JsonWriter& json, const promql::MatrixSelector& matrix) {
  const promql::VectorSelector& selector = matrix.selector;
  WriteMatchers(json, selector.matchers);
  json.Key("name").String(selector.name);
  WriteDuration(json, "offset", selector.modifiers.offset);
  WriteDuration(json, "range", matrix.range);
  WriteStartOrEnd(json, selector.modifiers);
  WriteTimestamp(json, selector.modifiers);
  json.Key("type").String("matrixSelector");
}

void WriteNode(JsonWriter& json, const promql::Subquery& subquery) {
  WriteAst(json.Key("expr"), *subquery.expr);
  WriteDuration(json, "offset", subquery.modifiers.offset);
  WriteDuration(json, "range", subquery.range);
  WriteStartOrEnd(json, subquery.modifiers);
  WriteDuration(json, "step", subquery.step);
  WriteTimestamp(json, subquery.modifiers);
  json.Key("type").String("subquery");
}

}  // namespace

void WriteAst(JsonWriter& json, const promql::Expr& expr) {
  json.BeginObject();
  std::visit([&](const auto& node) { WriteNode(json, node); }, expr.node);
  json.EndObject();
}

}  // namespace rules
