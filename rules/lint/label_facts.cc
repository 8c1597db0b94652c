#include "rules/lint/label_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/labels.h"
#include "base/text.h"

namespace rules {
namespace {

using base::Matcher;
using base::MatchType;

constexpr std::string_view kSpecial = "\\.+*?()[]{}^$";

// The texts an expression stands for, where it is nothing but texts: "a|b" is a and b.
std::optional<std::vector<std::string>> LiteralAlternatives(std::string_view regex) {
  if (regex.find_first_of(kSpecial) != std::string_view::npos) return std::nullopt;
  std::vector<std::string> texts;
  for (const std::string_view text : base::Split(regex, '|')) texts.emplace_back(text);
  return texts;
}

bool IsLiteral(char c) { return kSpecial.find(c) == std::string_view::npos; }

// Whether one alternative wants text before the text's beginning, or after its end: `a^b`, `a$b`.
bool IsImpossibleAlternative(std::string_view regex) {
  for (size_t i = 0; i + 1 < regex.size(); ++i) {
    const bool begins = regex[i + 1] == '^' && IsLiteral(regex[i]);
    const bool ends = regex[i] == '$' && IsLiteral(regex[i + 1]);
    if (begins || ends) return true;
  }
  return false;
}

bool MatchesNothing(std::string_view regex) {
  // within groups, classes and escapes the signs mean other things, and flags may change what they mean
  if (regex.find_first_of("\\([") != std::string_view::npos) return false;
  return std::ranges::all_of(base::Split(regex, '|'), IsImpossibleAlternative);
}

// The only texts that can meet the condition, where they are few.
std::optional<std::vector<std::string>> Candidates(const Matcher& condition) {
  switch (condition.type()) {
    case MatchType::equal:
      return std::vector<std::string>{condition.value()};
    case MatchType::regex:
      return LiteralAlternatives(condition.value());
    case MatchType::not_regex:
      if (condition.value() == ".+") return std::vector<std::string>{""};
      return std::nullopt;
    case MatchType::not_equal:
      return std::nullopt;
  }
  return std::nullopt;
}

bool ImpossibleAlone(const Matcher& condition) {
  if (condition.type() == MatchType::regex) return MatchesNothing(condition.value());
  return condition.type() == MatchType::not_regex && condition.value() == ".*";
}

bool Opposite(const Matcher& a, const Matcher& b) {
  return a.value() == b.value() && ((a.type() == MatchType::regex && b.type() == MatchType::not_regex) ||
                                    (a.type() == MatchType::not_regex && b.type() == MatchType::regex));
}

std::string Both(const Matcher& a, const Matcher& b) { return fmt::format("{} and {}", a.ToString(), b.ToString()); }

// The conditions that no candidate of `by` meets.
std::string Against(const Matcher& by, std::span<const std::string> candidates, std::span<const Matcher> all) {
  for (const Matcher& other : all) {
    if (std::ranges::none_of(candidates, [&](const std::string& text) { return other.Matches(text); })) {
      return Both(by, other);
    }
  }
  std::vector<std::string> texts;
  for (const Matcher& one : all) texts.push_back(one.ToString());
  return base::Join(texts, " and ");
}

}  // namespace

std::optional<std::string> Contradiction(std::span<const Matcher> conditions) {
  for (const Matcher& condition : conditions) {
    if (ImpossibleAlone(condition)) return fmt::format("nothing matches {}", condition.ToString());
    const auto candidates = Candidates(condition);
    if (!candidates) continue;
    const auto meets_all = [&](const std::string& text) {
      return std::ranges::all_of(conditions, [&](const Matcher& one) { return one.Matches(text); });
    };
    if (std::ranges::none_of(*candidates, meets_all)) return Against(condition, *candidates, conditions);
  }
  for (size_t i = 0; i < conditions.size(); ++i) {
    for (size_t j = i + 1; j < conditions.size(); ++j) {
      if (Opposite(conditions[i], conditions[j])) return Both(conditions[i], conditions[j]);
    }
  }
  return std::nullopt;
}

LabelFacts LabelFacts::Of(const promql::VectorSelector& selector) {
  LabelFacts facts = Anything();
  for (const Matcher& matcher : selector.matchers) {
    if (matcher.name() != base::kMetricName) facts.conditions_[matcher.name()].push_back(matcher);
  }
  return facts;
}

std::vector<Matcher> LabelFacts::Conditions(const std::string& name) const {
  if (const auto at = conditions_.find(name); at != conditions_.end()) return at->second;
  if (open_) return {};
  return {Matcher::Equal(name, "")};
}

bool LabelFacts::CanHave(const std::string& name) const {
  std::vector<Matcher> conditions = Conditions(name);
  conditions.push_back(*Matcher::Make(MatchType::not_equal, name, ""));
  return !Contradiction(conditions);
}

bool LabelFacts::CanHaveAny() const {
  return open_ || std::ranges::any_of(conditions_, [&](const auto& one) { return CanHave(one.first); });
}

void LabelFacts::Set(const std::string& name, std::vector<Matcher> conditions) {
  conditions_.insert_or_assign(name, std::move(conditions));
}

LabelFacts LabelFacts::Keep(const std::vector<std::string>& names) const {
  LabelFacts kept = NoLabels();
  for (const std::string& name : names) kept.Set(name, Conditions(name));
  return kept;
}

LabelFacts LabelFacts::Either(const LabelFacts& a, const LabelFacts& b) {
  LabelFacts either(a.open_ || b.open_);
  for (const LabelFacts* side : {&a, &b}) {
    for (const auto& [name, conditions] : side->conditions_) {
      const std::vector<Matcher> here = a.Conditions(name);
      either.Set(name, here == b.Conditions(name) ? here : std::vector<Matcher>());
    }
  }
  return either;
}

LabelFacts::Matched LabelFacts::Match(const LabelFacts& many, const LabelFacts& one,
                                      const promql::VectorMatching& matching) {
  Matched matched{many, std::nullopt};
  std::set<std::string> names(matching.labels.begin(), matching.labels.end());
  if (!matching.on) {
    names.clear();
    for (const LabelFacts* side : {&many, &one}) {
      for (const auto& [name, conditions] : side->conditions_) names.insert(name);
    }
    for (const std::string& ignored : matching.labels) names.erase(ignored);
  }
  for (const std::string& name : names) {
    std::vector<Matcher> conditions = many.Conditions(name);
    for (Matcher& condition : one.Conditions(name)) {
      if (std::ranges::find(conditions, condition) == conditions.end()) conditions.push_back(std::move(condition));
    }
    if (auto reason = Contradiction(conditions); reason && !matched.impossible) matched.impossible = std::move(reason);
    matched.labels.Set(name, std::move(conditions));
  }
  if (!matching.on && many.open_ && !one.open_) {
    // what the other side cannot have must be missing here as well, but for what is ignored
    for (const std::string& ignored : matching.labels) matched.labels.Set(ignored, many.Conditions(ignored));
    matched.labels.open_ = false;
  }
  return matched;
}

}  // namespace rules
