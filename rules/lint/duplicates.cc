#include <fmt/format.h>

#include <map>
#include <tuple>

#include "base/text.h"
#include "rules/lint/lint.h"

// Two rules of one file that write the same series, or raise the same alert. What counts as the same is promtool's:
// the name and the labels, in whatever group; alerts and records apart do not matter to it, nor do expressions.

namespace rules {

void LintDuplicateRules(LintRun& run) {
  using Identity = std::tuple<std::string, std::string, TextMap>;
  std::map<Identity, const Rule*> seen;
  run.ForEachRule([&](const RuleGroup& group, const Rule& rule) {
    // a threshold's name is checked when it is read
    if (group.threshold) return;
    const auto [first, unique] = seen.emplace(Identity(group.file, rule.name, rule.labels), &rule);
    if (unique) return;
    run.Find(group, rule,
             fmt::format("{} of this name with the same labels stands on line {} already",
                         rule.kind == RuleKind::alerting ? "an alert" : "a record", first->second->where.line));
  });
}

}  // namespace rules
