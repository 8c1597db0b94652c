#include "rules/lint/lint.h"

// What some houses want of every alert. Only looked at where asked for.

namespace rules {

void LintSeverity(LintRun& run) {
  run.ForEachRule([&](const RuleGroup& group, const Rule& rule) {
    if (rule.kind == RuleKind::alerting && !rule.labels.contains("severity")) {
      run.Find(group, rule, "has no label severity");
    }
  });
}

void LintRunbook(LintRun& run) {
  run.ForEachRule([&](const RuleGroup& group, const Rule& rule) {
    const bool has = rule.annotations.contains("runbook") || rule.annotations.contains("runbook_url");
    if (rule.kind == RuleKind::alerting && !has) run.Find(group, rule, "has no annotation runbook or runbook_url");
  });
}

}  // namespace rules
