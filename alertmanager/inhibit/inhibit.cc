#include "alertmanager/inhibit/inhibit.h"

#include <algorithm>

namespace alertmanager {
namespace {

bool MatchesAll(const std::vector<base::Matcher>& matchers, const base::Labels& labels) {
  return std::ranges::all_of(matchers, [&](const base::Matcher& matcher) { return matcher.Matches(labels); });
}

base::Labels EqualLabels(const InhibitRule& rule, const base::Labels& labels) {
  if (rule.equal != std::vector<std::string>{"..."}) return labels.Keep(rule.equal);
  std::vector<std::string> named;
  for (const base::Matcher& matcher : rule.source) named.push_back(matcher.name());
  for (const base::Matcher& matcher : rule.target) named.push_back(matcher.name());
  return labels.Drop(named);
}

}  // namespace

InhibitRule SilenceLowerSeverity() {
  return {.name = "critical silences warning of the same alert",
          .source = {base::Matcher::Equal("severity", "critical")},
          .target = {base::Matcher::Equal("severity", "warning")},
          .equal = {"..."}};
}

Inhibitions::Inhibitions(std::span<const InhibitRule> rules, std::span<const FiringAlert> firing) {
  for (const InhibitRule& rule : rules) {
    Indexed& indexed = rules_.emplace_back(Indexed{&rule, {}});
    for (const FiringAlert& alert : firing) {
      if (!MatchesAll(rule.source, *alert.labels)) continue;
      indexed.sources[EqualLabels(rule, *alert.labels)].push_back(
          {alert.fingerprint, MatchesAll(rule.target, *alert.labels)});
    }
  }
}

std::optional<uint64_t> Inhibitions::InhibitedBy(const base::Labels& labels) const {
  for (const Indexed& indexed : rules_) {
    if (indexed.sources.empty() || !MatchesAll(indexed.rule->target, labels)) continue;
    const auto found = indexed.sources.find(EqualLabels(*indexed.rule, labels));
    if (found == indexed.sources.end()) continue;
    const bool is_source_too = MatchesAll(indexed.rule->source, labels);
    for (const Source& source : found->second) {
      if (!is_source_too || !source.matches_target) return source.fingerprint;
    }
  }
  return std::nullopt;
}

}  // namespace alertmanager
