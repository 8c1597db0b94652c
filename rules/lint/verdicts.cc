#include <fmt/format.h>

#include <algorithm>

#include "rules/lint/expr_facts.h"
#include "rules/lint/lint.h"

// Expressions that have a result never, or always.

namespace rules {
namespace {

bool ComparesWithBool(const promql::Expr& expr) {
  bool found = false;
  promql::Walk(expr, [&](const promql::Expr& part) {
    const auto* binary = promql::As<promql::Binary>(part);
    found = found || (binary != nullptr && binary->return_bool);
    return !found;
  });
  return found;
}

// vector(1) alone is how one says that an alert is to fire always: the dead man's switch.
bool IsPlainConstant(const promql::Expr& expr) {
  const promql::Expr& inner = promql::Unwrap(expr);
  if (promql::As<promql::NumberLiteral>(inner) != nullptr) return true;
  const auto* call = promql::As<promql::Call>(inner);
  return call != nullptr && call->function->name == "vector" && IsPlainConstant(*call->arguments.front());
}

}  // namespace

void LintNeverFires(LintRun& run) {
  run.ForEachRule([&](const RuleGroup& group, const Rule& rule) {
    const Examined examined = Examine(*rule.parsed);
    if (!examined.facts.never || examined.dead.empty()) return;
    const DeadPart& cause = examined.dead.front();
    run.Find(group, rule, cause.range,
             fmt::format("{}: {}", rule.kind == RuleKind::alerting ? "never fires" : "records nothing", cause.reason));
  });
}

void LintDeadPart(LintRun& run) {
  run.ForEachRule([&](const RuleGroup& group, const Rule& rule) {
    const Examined examined = Examine(*rule.parsed);
    for (const DeadPart& part : examined.dead) {
      const bool told = examined.facts.never && part.range == examined.dead.front().range;
      if (told) continue;
      run.Find(group, rule, part.range,
               fmt::format("a part never has a result: {}{}", part.reason,
                           group.threshold ? "; an override above takes all that this one is for" : ""));
    }
  });
}

void LintAlwaysFires(LintRun& run) {
  run.ForEachRule([&](const RuleGroup& group, const Rule& rule) {
    if (rule.kind != RuleKind::alerting || IsPlainConstant(*rule.parsed)) return;
    if (Examine(*rule.parsed).facts.always) {
      run.Find(group, rule, rule.parsed->range, "fires always: the expression has a result whatever is measured");
    } else if (!FiltersByValue(*rule.parsed) && ComparesWithBool(*rule.parsed)) {
      run.Find(group, rule, rule.parsed->range,
               "fires whenever there is something to compare: with `bool`, 0 is a result as well");
    }
  });
}

}  // namespace rules
