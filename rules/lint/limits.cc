#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "promql/parser.h"
#include "rules/lint/expr_facts.h"
#include "rules/lint/lint.h"
#include "rules/threshold/limit.h"

// Warning and critical of one value, written as two plain rules. Those of a threshold are checked when it is read.

namespace rules {
namespace {

std::optional<Comparison> ComparisonOf(promql::BinaryOp op) {
  switch (op) {
    case promql::BinaryOp::greater:
      return Comparison::above;
    case promql::BinaryOp::greater_or_equal:
      return Comparison::at_least;
    case promql::BinaryOp::less:
      return Comparison::below;
    case promql::BinaryOp::less_or_equal:
      return Comparison::at_most;
    default:
      return std::nullopt;
  }
}

struct LimitedRule {
  const RuleGroup* group;
  const Rule* rule;
  std::string value;  // what is compared, as canonical text
  Limit limit;
};

std::optional<LimitedRule> Read(const RuleGroup& group, const Rule& rule) {
  const auto* binary = promql::As<promql::Binary>(promql::Unwrap(*rule.parsed));
  if (binary == nullptr || binary->return_bool) return std::nullopt;
  const auto comparison = ComparisonOf(binary->op);
  const auto limit = ConstantOf(*binary->right);
  if (!comparison || !limit) return std::nullopt;
  return LimitedRule{&group, &rule, promql::ToString(*binary->left),
                     Limit{.comparison = *comparison,
                           .value = *limit,
                           .text = fmt::format("{} {}", ToString(*comparison), base::FormatFloat(*limit))}};
}

bool IsHidden(const LimitedRule& warning, const LimitedRule& critical) {
  const bool same_way = Direction(warning.limit.comparison) == Direction(critical.limit.comparison);
  return same_way && !StrictlyWithin(critical.limit, warning.limit) && critical.rule->hold <= warning.rule->hold;
}

}  // namespace

void LintLimits(LintRun& run) {
  std::map<std::pair<std::string, std::string>, std::vector<LimitedRule>> warnings;  // by file and value
  std::map<std::pair<std::string, std::string>, std::vector<LimitedRule>> criticals;
  run.ForEachRule([&](const RuleGroup& group, const Rule& rule) {
    const auto severity = rule.labels.find("severity");
    if (group.threshold || rule.kind != RuleKind::alerting || severity == rule.labels.end()) return;
    const bool critical = severity->second == ToString(Severity::critical);
    if (!critical && severity->second != ToString(Severity::warning)) return;
    if (auto read = Read(group, rule)) {
      (critical ? criticals : warnings)[{group.file, read->value}].push_back(*std::move(read));
    }
  });
  for (const auto& [value, found] : warnings) {
    const auto others = criticals.find(value);
    if (others == criticals.end()) continue;
    for (const LimitedRule& warning : found) {
      for (const LimitedRule& critical : others->second) {
        if (!IsHidden(warning, critical)) continue;
        run.Find(*warning.group, *warning.rule, warning.rule->parsed->range,
                 fmt::format("warning ({}) is never reached before critical ({}, {} on line {})", warning.limit.text,
                             critical.limit.text, critical.rule->name, critical.rule->where.line));
      }
    }
  }
}

}  // namespace rules
