#include "rules/expression.h"

#include <fmt/format.h>

#include <optional>

namespace rules {
namespace {

std::string_view LineOf(std::string_view source, int line) {
  for (int skipped = 1; skipped < line; ++skipped) {
    const size_t end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  return source.substr(0, source.find('\n'));
}

// The column at which the scalar's own text begins, if it stands in the file as it is, on one line.
std::optional<int> TextColumn(const YamlText& text, std::string_view source) {
  const std::string_view line = LineOf(source, text.where.line);
  const size_t at = static_cast<size_t>(text.where.column - 1);
  if (text.where.column < 1 || at >= line.size() || text.text.empty()) return std::nullopt;
  const std::string_view here = line.substr(at);
  if (here.starts_with(text.text)) return text.where.column;
  const bool quoted = here.front() == '"' || here.front() == '\'';
  if (quoted && here.substr(1).starts_with(text.text)) return text.where.column + 1;
  return std::nullopt;
}

}  // namespace

bool ReadYaml(const base::YamlReader& in, YamlText& out) {
  out.where = in.node().where;
  out.path = in.path();
  out.given = true;
  return base::ReadYaml(in, out.text);
}

void Complain(base::YamlErrors& errors, const YamlText& at, std::string_view message) {
  errors.Add({base::ErrorCode::invalid_argument,
              at.path.empty() ? std::string(message) : fmt::format("{}: {}", at.path, message), at.where});
}

promql::ExprPtr ParseExpression(const YamlText& text, std::string_view source, const promql::ParseOptions& options,
                                base::YamlErrors& errors) {
  auto parsed = promql::Parse(text.text, options);
  if (parsed) return *parsed;
  const base::Error& error = parsed.error();
  const auto column = TextColumn(text, source);
  if (column && error.where && error.where->line == 1) {
    YamlText exact = text;
    exact.where.column = *column + error.where->column - 1;
    Complain(errors, exact, error.message);
  } else if (error.where) {
    Complain(errors, text, fmt::format("{}:{}: {}", error.where->line, error.where->column, error.message));
  } else {
    Complain(errors, text, error.message);
  }
  return nullptr;
}

ExpressionPlace PlaceOfExpression(const YamlText& text, std::string_view source) {
  ExpressionPlace place{.where = text.where, .exact = false};
  if (const auto column = TextColumn(text, source)) {
    place.where.column = *column;
    place.exact = true;
  }
  return place;
}

}  // namespace rules
