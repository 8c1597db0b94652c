#include "rules/lint/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace rules {
namespace {

constexpr Lint kLints[] = {
    {"duplicate-rules", "A rule of the same name with the same labels stands in the file already.", LintLevel::usual,
     LintDuplicateRules},
    {"never-fires", "The expression never has a result, whatever is measured: the alert cannot fire.", LintLevel::usual,
     LintNeverFires},
    {"dead-part", "A part of the expression never has a result.", LintLevel::usual, LintDeadPart},
    {"always-fires", "The alert fires whatever is measured, as with a comparison that has `bool`.", LintLevel::usual,
     LintAlwaysFires},
    {"limits", "A warning that is never seen, because the critical limit of the same value is met no later.",
     LintLevel::usual, LintLimits},
    {"unknown-metric", "Nothing exposes or records a metric of this name. Needs --config.file, --url or --metrics.",
     LintLevel::usual, LintUnknownMetric},
    {"short-range",
     "A range is too short for the two samples that rate() and its like need. Needs --config.file or "
     "--scrape-interval.",
     LintLevel::usual, LintShortRange},
    {"retention", "`for`, a range or an offset reaches further back than samples are kept. Needs --config.file.",
     LintLevel::usual, LintRetention},
    {"unknown-label", "A template shows a label that the expression's result cannot have.", LintLevel::all,
     LintUnknownLabel},
    {"severity", "An alert has no label `severity`.", LintLevel::convention, LintSeverity},
    {"runbook", "An alert has no annotation `runbook` or `runbook_url`.", LintLevel::convention, LintRunbook},
};

bool AsksFor(std::string_view word, const Lint& lint) {
  if (word == "default") return lint.level == LintLevel::usual;
  if (word == "all") return lint.level != LintLevel::convention;
  return word == lint.name;
}

// "2:5 of the expression: ", where its columns are not those of the file.
std::string PlaceWithin(const Rule& rule, const promql::SourceRange& range) {
  const ExpressionPlace& place = rule.expression_place;
  if (place.where.line == 0 || (place.exact && range.line == 1)) return "";
  return fmt::format("{}:{} of the expression: ", range.line, range.column);
}

}  // namespace

std::string LintFinding::ToString() const {
  const base::Error error{base::ErrorCode::invalid_argument, fmt::format("{}: {} [{}]", rule, text, lint), where};
  return error.ToString();
}

LintRun::LintRun(std::span<const RuleGroup> groups, const LintKnowledge& knowledge)
    : groups_(groups), knowledge_(knowledge), recorded_(knowledge.recorded) {
  ForEachRule([&](const RuleGroup& group, const Rule& rule) {
    if (rule.kind != RuleKind::recording) return;
    const base::Duration every = group.interval.value_or(knowledge_.evaluation_interval);
    const auto [at, added] = recorded_.emplace(rule.name, every);
    if (!added) at->second = std::min(at->second, every);
  });
}

std::optional<base::Duration> LintRun::RecordedEvery(const std::string& metric) const {
  const auto at = recorded_.find(metric);
  return at == recorded_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<std::string_view> LintRun::recorded_names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, every] : recorded_) names.push_back(name);
  return names;
}

void LintRun::ForEachRule(const std::function<void(const RuleGroup&, const Rule&)>& visit) const {
  for (const RuleGroup& group : groups_) {
    for (const Rule& rule : group.rules) visit(group, rule);
  }
}

void LintRun::Find(const RuleGroup& group, const Rule& rule, std::string text) {
  // what a threshold was compiled to has other names than people gave it
  findings_.push_back({lint_, group.name, group.threshold ? group.name : rule.name, rule.where, std::move(text)});
}

void LintRun::Find(const RuleGroup& group, const Rule& rule, const promql::SourceRange& range, std::string text) {
  const ExpressionPlace& place = rule.expression_place;
  Find(group, rule, PlaceWithin(rule, range) + text);
  if (place.where.line == 0) return;
  findings_.back().where = place.where;
  if (place.exact && range.line == 1) findings_.back().where.column += static_cast<int>(range.column) - 1;
}

std::span<const Lint> Lints() { return kLints; }

base::Result<std::vector<std::string_view>> ChooseLints(std::span<const std::string> words) {
  std::set<std::string_view> chosen;
  std::vector<std::string_view> known = {"default", "all", "none", "help"};
  for (const Lint& lint : kLints) known.push_back(lint.name);
  for (const std::string& word : words) {
    if (std::ranges::find(known, word) == known.end()) {
      const auto near = base::DidYouMean(word, known);
      return base::Invalid(fmt::format("there is no lint {}{}; --lint=help lists them", base::Quote(word),
                                       near ? fmt::format(" (did you mean {}?)", base::Quote(*near)) : ""));
    }
    for (const Lint& lint : kLints) {
      if (AsksFor(word, lint)) chosen.insert(lint.name);
    }
  }
  return std::vector<std::string_view>(chosen.begin(), chosen.end());
}

std::vector<LintFinding> RunLints(std::span<const RuleGroup> groups, const LintKnowledge& knowledge,
                                  std::span<const std::string_view> lints) {
  LintRun run(groups, knowledge);
  for (const Lint& lint : kLints) {
    if (std::ranges::find(lints, lint.name) == lints.end()) continue;
    run.lint_ = lint.name;
    lint.look(run);
  }
  const auto key = [](const LintFinding& finding) {
    return std::tie(finding.where.file, finding.where.line, finding.where.column, finding.rule, finding.lint,
                    finding.text);
  };
  std::ranges::stable_sort(run.findings_, [&](const auto& a, const auto& b) { return key(a) < key(b); });
  // the rules of one threshold share its place and much of its text
  const auto repeated =
      std::ranges::unique(run.findings_, [&](const auto& a, const auto& b) { return key(a) == key(b); });
  run.findings_.erase(repeated.begin(), repeated.end());
  return std::move(run.findings_);
}

}  // namespace rules
