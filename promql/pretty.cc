#include "base/text.h"
#include "promql/parser.h"
#include "promql/printer.h"

// Each node begins with its own indentation, and breaks into lines only where its one-line form is too long.

namespace promql {
namespace {

constexpr size_t kLongestLine = 100;

std::string Pretty(const Expr& expr, int level);

std::string Indent(int level) { return std::string(2 * static_cast<size_t>(level), ' '); }

std::string Split(const Aggregate& aggregate, int level) {
  std::string text = Indent(level) + HeadText(aggregate) + "(\n";
  if (aggregate.parameter) text += Pretty(*aggregate.parameter, level + 1) + ",\n";
  return text + Pretty(*aggregate.expr, level + 1) + "\n" + Indent(level) + ")";
}

std::string Split(const Binary& binary, int level) {
  const bool number = As<NumberLiteral>(*binary.left) != nullptr;
  const std::string left = number ? Indent(level + 1) + LeftText(binary) : Pretty(*binary.left, level + 1);
  return left + "\n" + Indent(level) + OperatorText(binary) + "\n" + Pretty(*binary.right, level + 1);
}

std::string Split(const Call& call, int level) {
  std::string text = Indent(level) + std::string(call.function->name) + "(\n";
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    if (i > 0) text += ",\n";
    text += Pretty(*call.arguments[i], level + 1);
  }
  return text + "\n" + Indent(level) + ")";
}

std::string Split(const Paren& paren, int level) {
  return Indent(level) + "(\n" + Pretty(*paren.expr, level + 1) + "\n" + Indent(level) + ")";
}

std::string Split(const Subquery& subquery, int level) { return Pretty(*subquery.expr, level) + SuffixText(subquery); }

std::string Split(const Unary& unary, int level) {
  const std::string operand = Pretty(*unary.expr, level);
  return Indent(level) + (unary.negative ? "-" : "+") + std::string(base::Trim(operand));
}

std::string Pretty(const Expr& expr, int level) {
  std::string line = ToString(expr);
  // a short subquery stands without indentation: Prometheus' way
  if (line.size() <= kLongestLine) return As<Subquery>(expr) != nullptr ? line : Indent(level) + line;
  return std::visit(
      [&](const auto& node) {
        if constexpr (requires { Split(node, level); }) {
          return Split(node, level);
        } else {
          return Indent(level) + line;
        }
      },
      expr.node);
}

}  // namespace

std::string ToPrettyString(const Expr& expr) { return Pretty(expr, 0); }

}  // namespace promql
