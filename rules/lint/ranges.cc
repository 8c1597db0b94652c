#include <fmt/format.h>

#include <algorithm>

#include "base/labels.h"
#include "rules/lint/function_facts.h"
#include "rules/lint/lint.h"

// Ranges and offsets against how often samples come, and how long they are kept.

namespace rules {
namespace {

// How often a selector's series have a sample, as far as that is known.
std::optional<base::Duration> SampledEvery(const LintRun& run, const promql::VectorSelector& selector) {
  const LintKnowledge& knowledge = run.knowledge();
  for (const base::Matcher& matcher : selector.matchers) {
    if (matcher.type() != base::MatchType::equal) continue;
    if (matcher.name() == base::kMetricName) {
      if (const auto every = run.RecordedEvery(matcher.value())) return every;
    } else if (matcher.name() == "job") {
      const auto job = knowledge.job_intervals.find(matcher.value());
      if (job != knowledge.job_intervals.end()) return job->second;
    }
  }
  return knowledge.scrape_interval;
}

void LookAtRange(LintRun& run, const RuleGroup& group, const Rule& rule, const promql::Expr& call,
                 const promql::Expr& argument, std::string_view function) {
  const promql::Expr& inner = promql::Unwrap(argument);
  std::optional<base::Duration> every;
  promql::DurationValue range;
  if (const auto* matrix = promql::As<promql::MatrixSelector>(inner)) {
    if (matrix->selector.anchored || matrix->selector.smoothed) return;  // look beyond the range
    every = SampledEvery(run, matrix->selector);
    range = matrix->range;
  } else if (const auto* subquery = promql::As<promql::Subquery>(inner)) {
    if (subquery->step.fixed.count() > 0 && !subquery->step.expr) every = subquery->step.fixed;
    range = subquery->range;
  }
  if (!every || range.expr || range.fixed >= 2 * *every) return;
  const bool never = range.fixed <= *every;
  run.Find(group, rule, call.range,
           fmt::format("{}() needs two samples, and [{}] {} holds them: there is one every {}", function,
                       base::FormatDuration(range.fixed), never ? "hardly ever" : "not always",
                       base::FormatDuration(*every)));
}

// How far back of the present an expression looks by itself.
void LookBack(LintRun& run, const RuleGroup& group, const Rule& rule, const promql::Expr& expr,
              base::Duration retention) {
  const promql::TimeModifiers* modifiers = nullptr;
  promql::DurationValue range;
  if (const auto* selector = promql::As<promql::VectorSelector>(expr)) {
    modifiers = &selector->modifiers;
  } else if (const auto* matrix = promql::As<promql::MatrixSelector>(expr)) {
    modifiers = &matrix->selector.modifiers;
    range = matrix->range;
  } else if (const auto* subquery = promql::As<promql::Subquery>(expr)) {
    modifiers = &subquery->modifiers;
    range = subquery->range;
  }
  if (modifiers == nullptr || modifiers->offset.expr || range.expr || modifiers->at != promql::AtKind::none) return;
  const base::Duration offset = modifiers->offset.fixed;
  if (offset >= retention) {
    run.Find(group, rule, expr.range,
             fmt::format("offset {} finds nothing: samples are kept for {}", base::FormatDuration(offset),
                         base::FormatDuration(retention)));
  } else if (offset + range.fixed > retention) {
    run.Find(group, rule, expr.range,
             fmt::format("[{}] sees less than it says: samples are kept for {}", base::FormatDuration(range.fixed),
                         base::FormatDuration(retention)));
  }
}

}  // namespace

void LintShortRange(LintRun& run) {
  run.ForEachRule([&](const RuleGroup& group, const Rule& rule) {
    promql::Walk(*rule.parsed, [&](const promql::Expr& expr) {
      const auto* call = promql::As<promql::Call>(expr);
      if (call != nullptr && NeedsTwoSamples(call->function->name)) {
        LookAtRange(run, group, rule, expr, *call->arguments.front(), call->function->name);
      }
      return true;
    });
  });
}

void LintRetention(LintRun& run) {
  if (!run.knowledge().retention) return;
  const base::Duration retention = *run.knowledge().retention;
  run.ForEachRule([&](const RuleGroup& group, const Rule& rule) {
    if (rule.hold > retention) {
      run.Find(
          group, rule,
          fmt::format("`for` of {} is longer than samples are kept ({}): when it fires, nothing shows how it began",
                      base::FormatDuration(rule.hold), base::FormatDuration(retention)));
    }
    promql::Walk(*rule.parsed, [&](const promql::Expr& expr) {
      LookBack(run, group, rule, expr, retention);
      return true;
    });
  });
}

}  // namespace rules
