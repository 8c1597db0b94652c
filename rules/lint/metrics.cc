#include <fmt/format.h>

#include <algorithm>

#include "base/labels.h"
#include "base/text.h"
#include "rules/lint/lint.h"

// Metrics that nobody exposes or records.

namespace rules {
namespace {

// What the alerting rules write by themselves.
constexpr std::string_view kOwn[] = {"ALERTS", "ALERTS_FOR_STATE"};

class MetricNames {
 public:
  explicit MetricNames(const LintRun& run) : metrics_(*run.knowledge().metrics) {
    for (const std::string& name : metrics_.names) names_.insert(name);
    for (const std::string_view name : run.recorded_names()) names_.insert(name);
    names_.insert(std::begin(kOwn), std::end(kOwn));
  }

  // What is wrong with the metric a selector asks for; nullopt where it is there or could be.
  std::optional<std::string> Judge(const promql::VectorSelector& selector) const {
    std::vector<const base::Matcher*> matchers;
    for (const base::Matcher& matcher : selector.matchers) {
      if (matcher.name() == base::kMetricName) matchers.push_back(&matcher);
    }
    const base::Matcher* const wanted = WantedBy(matchers);
    if (wanted == nullptr) return std::nullopt;
    const auto all_match = [&](std::string_view name) {
      return std::ranges::all_of(matchers, [&](const base::Matcher* one) { return one->Matches(name); });
    };
    if (std::ranges::any_of(names_, all_match) || !MayJudge(*wanted)) return std::nullopt;
    if (wanted->type() == base::MatchType::regex) return fmt::format("no metric has {}", wanted->ToString());
    const std::vector<std::string_view> known(names_.begin(), names_.end());
    constexpr size_t kShort = 4;  // everything is near to a name of so few letters
    const auto near = wanted->value().size() < kShort ? std::nullopt : base::DidYouMean(wanted->value(), known);
    return fmt::format("there is no metric {}{}", wanted->value(),
                       near ? fmt::format(" (did you mean {}?)", *near) : "");
  }

 private:
  // The condition that asks for some name, rather than leaving one out.
  static const base::Matcher* WantedBy(std::span<const base::Matcher* const> matchers) {
    for (const base::MatchType type : {base::MatchType::equal, base::MatchType::regex}) {
      for (const base::Matcher* one : matchers) {
        if (one->type() == type && !one->MatchesEmpty()) return one;
      }
    }
    return nullptr;
  }

  bool MayJudge(const base::Matcher& wanted) const {
    if (metrics_.complete) return true;
    return std::ranges::any_of(metrics_.prefixes,
                               [&](const std::string& prefix) { return wanted.value().starts_with(prefix); });
  }

  const KnownMetrics& metrics_;
  std::set<std::string_view> names_;
};

}  // namespace

void LintUnknownMetric(LintRun& run) {
  if (!run.knowledge().metrics) return;
  const MetricNames names(run);
  run.ForEachRule([&](const RuleGroup& group, const Rule& rule) {
    std::set<std::string> told;
    promql::ForEachSelector(*rule.parsed,
                            [&](const promql::VectorSelector& selector, const promql::SourceRange& range) {
                              const auto wrong = names.Judge(selector);
                              if (wrong && told.insert(*wrong).second) run.Find(group, rule, range, *wrong);
                            });
  });
}

}  // namespace rules
