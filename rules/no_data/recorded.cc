#include "rules/no_data/recorded.h"

#include <deque>
#include <functional>
#include <set>

#include "promql/functions_table.h"

namespace rules {
namespace {

bool IsAbsence(const promql::Expr& node) {
  const auto* call = promql::As<promql::Call>(node);
  return call != nullptr && call->function->name.starts_with("absent");
}

// Selectors whose series must be there; those of absent() and absent_over_time() must not.
void ForEachPresentSelector(const promql::Expr& expr, const std::function<void(const promql::VectorSelector&)>& visit) {
  promql::Walk(expr, [&](const promql::Expr& node) {
    if (const auto* selector = promql::As<promql::VectorSelector>(node)) visit(*selector);
    if (const auto* matrix = promql::As<promql::MatrixSelector>(node)) visit(matrix->selector);
    return !IsAbsence(node);
  });
}

}  // namespace

bool LooksForAbsence(const promql::Expr& expr) {
  bool found = false;
  promql::Walk(expr, [&](const promql::Expr& node) { return !(found = found || IsAbsence(node)); });
  return found;
}

RecordedSeries::RecordedSeries(const std::vector<RuleGroup>& groups) {
  for (const RuleGroup& group : groups) {
    for (const Rule& rule : group.rules) {
      if (rule.kind == RuleKind::recording && rule.parsed) by_name_.emplace(rule.name, rule.parsed);
    }
  }
}

std::vector<promql::VectorSelector> RecordedSeries::Sources(const promql::Expr& expr) const {
  std::vector<promql::VectorSelector> sources;
  std::set<std::string> expanded;
  std::deque<const promql::Expr*> open = {&expr};
  while (!open.empty() && sources.size() < kMostSelectors) {
    const promql::Expr* const next = open.front();
    open.pop_front();
    ForEachPresentSelector(*next, [&](const promql::VectorSelector& selector) {
      const auto [first, last] = by_name_.equal_range(selector.name);
      if (selector.name.empty() || first == last) {
        if (sources.size() < kMostSelectors) sources.push_back(selector);
        return;
      }
      if (!expanded.insert(selector.name).second) return;
      for (auto it = first; it != last; ++it) open.push_back(it->second.get());
    });
  }
  return sources;
}

}  // namespace rules
