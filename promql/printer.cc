#include "promql/printer.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "promql/number_format.h"
#include "promql/parser.h"

// Canonical text, as Prometheus prints it.

namespace promql {
namespace {

void Print(std::string& out, const Expr& expr);

std::string NumberText(double value, bool as_duration) {
  return as_duration ? base::FormatDuration(base::DurationFromSeconds(value)) : FormatPlain(value);
}

std::string LabelList(const std::vector<std::string>& labels) {
  std::string list = "(";
  for (const std::string& label : labels) {
    if (list.size() > 1) list += ", ";
    list += base::IsLegacyLabelName(label) ? label : base::Quote(label);
  }
  return list + ")";
}

std::string DurationText(const DurationExpr& expr) {
  using Kind = DurationExpr::Kind;
  const auto infix = [&](std::string_view op) {
    return fmt::format("{} {} {}", DurationText(*expr.left), op, DurationText(*expr.right));
  };
  const auto call = [&](std::string_view name) {
    return fmt::format("{}({}, {})", name, DurationText(*expr.left), DurationText(*expr.right));
  };
  std::string text;
  switch (expr.kind) {
    case Kind::number:
      text = NumberText(expr.number, expr.as_duration);
      break;
    case Kind::step:
      text = "step()";
      break;
    case Kind::range:
      text = "range()";
      break;
    case Kind::min_of:
      text = call("min_of");
      break;
    case Kind::max_of:
      text = call("max_of");
      break;
    case Kind::add:
      text = infix("+");
      break;
    case Kind::subtract:
      text = infix("-");
      break;
    case Kind::multiply:
      text = infix("*");
      break;
    case Kind::divide:
      text = infix("/");
      break;
    case Kind::modulo:
      text = infix("%");
      break;
    case Kind::power:
      text = infix("^");
      break;
    case Kind::negate:
      text = "-" + DurationText(*expr.left);
      break;
  }
  return expr.parenthesised ? "(" + text + ")" : text;
}

std::string DurationText(const DurationValue& value) {
  return value.expr ? DurationText(*value.expr) : base::FormatDuration(value.fixed);
}

std::string OffsetText(const TimeModifiers& modifiers) {
  if (!modifiers.offset.expr && modifiers.offset.fixed.count() == 0) return "";
  return " offset " + DurationText(modifiers.offset);
}

std::string AtText(const TimeModifiers& modifiers) {
  switch (modifiers.at) {
    case AtKind::none:
      return "";
    case AtKind::timestamp:
      return fmt::format(" @ {:.3f}", base::ToSeconds(modifiers.timestamp));
    case AtKind::start:
      return " @ start()";
    case AtKind::end:
      return " @ end()";
  }
  return "";
}

std::string ExtensionText(const VectorSelector& selector) {
  if (selector.anchored) return " anchored";
  return selector.smoothed ? " smoothed" : "";
}

void PrintNameAndMatchers(std::string& out, const VectorSelector& selector) {
  std::vector<std::string> texts;
  for (const base::Matcher& matcher : selector.matchers) {
    const bool is_name = matcher.name() == base::kMetricName && matcher.type() == base::MatchType::equal &&
                         matcher.value() == selector.name && !matcher.value().empty();
    if (!is_name) texts.push_back(matcher.ToString());
  }
  std::ranges::sort(texts);
  out += selector.name;
  if (!texts.empty()) out += "{" + base::Join(texts, ",") + "}";
  // without a name there is nothing else to print a selector by
  if (texts.empty() && selector.name.empty()) out += "{}";
}

std::string MatchingText(const VectorMatching& matching) {
  std::string text;
  const bool grouped =
      matching.cardinality == Cardinality::many_to_one || matching.cardinality == Cardinality::one_to_many;
  if (!matching.labels.empty() || matching.on || grouped) {
    text += fmt::format(" {} {}", matching.on ? "on" : "ignoring", LabelList(matching.labels));
  }
  if (grouped) {
    const bool left = matching.cardinality == Cardinality::many_to_one;
    text += fmt::format(" group_{} {}", left ? "left" : "right", LabelList(matching.include));
  }
  const auto& [left, right] = std::tie(matching.fill_left, matching.fill_right);
  if (left && right && *left == *right) return text + fmt::format(" fill ({})", FormatG(*left));
  if (left) text += fmt::format(" fill_left ({})", FormatG(*left));
  if (right) text += fmt::format(" fill_right ({})", FormatG(*right));
  return text;
}

void PrintNode(std::string& out, const NumberLiteral& literal) {
  out += NumberText(literal.value, literal.as_duration);
}
void PrintNode(std::string& out, const StringLiteral& literal) { out += base::Quote(literal.value); }

void PrintNode(std::string& out, const Paren& paren) {
  out += '(';
  Print(out, *paren.expr);
  out += ')';
}

void PrintNode(std::string& out, const Unary& unary) {
  out += unary.negative ? '-' : '+';
  Print(out, *unary.expr);
}

void PrintNode(std::string& out, const Binary& binary) {
  if (As<NumberLiteral>(*binary.left) != nullptr) {
    out += LeftText(binary);
  } else {
    Print(out, *binary.left);
  }
  out += ' ';
  out += OperatorText(binary);
  out += ' ';
  Print(out, *binary.right);
}

void PrintNode(std::string& out, const Aggregate& aggregate) {
  out += HeadText(aggregate);
  out += '(';
  if (aggregate.parameter) {
    Print(out, *aggregate.parameter);
    out += ", ";
  }
  Print(out, *aggregate.expr);
  out += ')';
}

void PrintNode(std::string& out, const Call& call) {
  out += call.function->name;
  out += '(';
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    if (i > 0) out += ", ";
    Print(out, *call.arguments[i]);
  }
  out += ')';
}

void PrintNode(std::string& out, const VectorSelector& selector) {
  PrintNameAndMatchers(out, selector);
  out += AtText(selector.modifiers) + ExtensionText(selector) + OffsetText(selector.modifiers);
}

void PrintNode(std::string& out, const MatrixSelector& matrix) {
  PrintNameAndMatchers(out, matrix.selector);
  out += "[" + DurationText(matrix.range) + "]" + ExtensionText(matrix.selector) + AtText(matrix.selector.modifiers) +
         OffsetText(matrix.selector.modifiers);
}

void PrintNode(std::string& out, const Subquery& subquery) {
  Print(out, *subquery.expr);
  out += SuffixText(subquery);
}

void Print(std::string& out, const Expr& expr) {
  std::visit([&](const auto& node) { PrintNode(out, node); }, expr.node);
}

}  // namespace

std::string HeadText(const Aggregate& aggregate) {
  std::string text(ToString(aggregate.op));
  if (aggregate.without || !aggregate.grouping.empty()) {
    text += fmt::format(" {} {} ", aggregate.without ? "without" : "by", LabelList(aggregate.grouping));
  }
  return text;
}

std::string OperatorText(const Binary& binary) {
  std::string text(ToString(binary.op));
  if (binary.return_bool) text += " bool";
  const bool vectors = TypeOf(*binary.left) == ValueType::vector && TypeOf(*binary.right) == ValueType::vector;
  if (vectors) text += MatchingText(binary.matching);
  return text;
}

std::string LeftText(const Binary& binary) {
  std::string text = ToString(*binary.left);
  // a sign binds less than the power, so "+Inf ^ x" would read as +(Inf ^ x)
  const bool signed_base = binary.op == BinaryOp::power && As<NumberLiteral>(*binary.left) && text.starts_with('+');
  return signed_base ? text.substr(1) : text;
}

std::string SuffixText(const Subquery& subquery) {
  const bool stepped = subquery.step.expr || subquery.step.fixed.count() != 0;
  return fmt::format("[{}:{}]{}{}", DurationText(subquery.range), stepped ? DurationText(subquery.step) : "",
                     AtText(subquery.modifiers), OffsetText(subquery.modifiers));
}

std::string ToString(const Expr& expr) {
  std::string text;
  Print(text, expr);
  return text;
}

}  // namespace promql
