#include "rules/threshold/overrides.h"

#include <fmt/format.h>

#include <span>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/text.h"
#include "rules/threshold/threshold_parts.h"

namespace rules {
namespace {

std::string MatcherText(const base::Matcher& matcher) {
  return fmt::format(",{}{}{}", LabelName(matcher.name()), ToString(matcher.type()), base::Quote(matcher.value()));
}

std::string MatchersText(const Override& override) {
  std::string text;
  for (const base::Matcher& matcher : override.match) text += MatcherText(matcher);
  return text;
}

base::MatchType Opposite(base::MatchType type) {
  switch (type) {
    case base::MatchType::equal:
      return base::MatchType::not_equal;
    case base::MatchType::not_equal:
      return base::MatchType::equal;
    case base::MatchType::regex:
      return base::MatchType::not_regex;
    case base::MatchType::not_regex:
      return base::MatchType::regex;
  }
  return type;
}

// Series with the limits that hold for them.
struct Part {
  std::string series;  // PromQL, an operand
  const Limits* limits = nullptr;
};

// The overrides up to the last one that changes the role's limit: those behind it are like the rest.
std::span<const Override> Relevant(const Threshold& threshold, LimitRole role) {
  size_t count = threshold.overrides.size();
  while (count > 0 && threshold.overrides[count - 1].limits.*role == threshold.limits.*role) --count;
  return std::span(threshold.overrides).first(count);
}

// Every series of the threshold, each in one part: those of the overrides, in order, then the rest.
std::vector<Part> PartsOf(const Threshold& threshold, LimitRole role) {
  std::vector<Part> parts;
  std::string excluded;  // matchers that leave out the overrides so far
  std::string unless;    // likewise those of several matchers, which no other matchers can leave out
  const auto add = [&](std::string_view matchers, const Limits& limits) {
    const std::string series = RecordedValues(threshold, fmt::format("{}{}", matchers, excluded));
    parts.push_back({unless.empty() ? series : fmt::format("({}{})", series, unless), &limits});
  };
  for (const Override& override : Relevant(threshold, role)) {
    const std::string matchers = MatchersText(override);
    add(matchers, override.limits);
    if (override.match.size() == 1) {
      const base::Matcher& only = override.match.front();
      excluded +=
          fmt::format(",{}{}{}", LabelName(only.name()), ToString(Opposite(only.type())), base::Quote(only.value()));
    } else {
      unless += fmt::format(" unless {}", RecordedValues(threshold, matchers));
    }
  }
  add("", threshold.limits);
  return parts;
}

// `group` takes its operand in parentheses of its own.
std::string Grouped(const std::string& series) {
  return series.starts_with('(') ? fmt::format("group without () {}", series)
                                 : fmt::format("group without () ({})", series);
}

std::string MatcherCondition(const base::Matcher& matcher) {
  const std::string label = base::IsLegacyLabelName(matcher.name())
                                ? LabelVariable(matcher.name())
                                : fmt::format("({})", LabelVariable(matcher.name()));
  switch (matcher.type()) {
    case base::MatchType::equal:
      return fmt::format("eq {} {}", label, base::Quote(matcher.value()));
    case base::MatchType::not_equal:
      return fmt::format("ne {} {}", label, base::Quote(matcher.value()));
    case base::MatchType::regex:
    case base::MatchType::not_regex: {
      const std::string match =
          fmt::format("match {} {}", base::Quote(fmt::format("^(?s:{})$", matcher.value())), label);
      return matcher.type() == base::MatchType::regex ? match : fmt::format("not ({})", match);
    }
  }
  return "";
}

std::string Condition(const Override& override) {
  if (override.match.size() == 1) return MatcherCondition(override.match.front());
  std::string all = "and";
  for (const base::Matcher& matcher : override.match) all += fmt::format(" ({})", MatcherCondition(matcher));
  return all;
}

}  // namespace

bool IsOverridden(const Threshold& threshold, LimitRole role) { return !Relevant(threshold, role).empty(); }

const Limit* AnyLimit(const Threshold& threshold, LimitRole role) {
  if (threshold.limits.*role) return &*(threshold.limits.*role);
  for (const Override& override : threshold.overrides) {
    if (override.limits.*role) return &*(override.limits.*role);
  }
  return nullptr;
}

std::string OverriddenBreach(const Threshold& threshold, LimitRole role) {
  std::vector<std::string> terms;
  for (const Part& part : PartsOf(threshold, role)) {
    const auto& limit = part.limits->*role;
    if (!limit) continue;
    terms.push_back(fmt::format("{} {} {}", part.series, ToString(limit->comparison), base::FormatFloat(limit->value)));
  }
  return base::Join(terms, " or ");
}

std::string OverriddenLimits(const Threshold& threshold, LimitRole role) {
  const auto& own = threshold.limits.*role;
  std::vector<std::string> terms;
  for (const Part& part : PartsOf(threshold, role)) {
    const auto& limit = part.limits->*role;
    if (!limit || limit == own) continue;
    terms.push_back(fmt::format("{} * {}", Grouped(part.series), base::FormatFloat(limit->value)));
  }
  if (own) terms.push_back(fmt::format("vector({})", base::FormatFloat(own->value)));
  return base::Join(terms, " or ");
}

std::string OverriddenText(const Threshold& threshold, LimitRole role) {
  std::string text;
  for (const Override& override : Relevant(threshold, role)) {
    const auto& limit = override.limits.*role;
    if (!limit) continue;  // has no alerts to tell of
    text += fmt::format("{{{{ {}if {} }}}}{}", text.empty() ? "" : "else ", Condition(override), limit->text);
  }
  const auto& own = threshold.limits.*role;
  if (text.empty()) return own ? own->text : "";
  if (own) text += fmt::format("{{{{ else }}}}{}", own->text);
  return text + "{{ end }}";
}

}  // namespace rules
