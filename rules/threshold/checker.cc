#include "rules/threshold/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/labels.h"
#include "base/text.h"
#include "rules/no_data/no_data_rule.h"

namespace rules {

Threshold ThresholdChecker::Check() {
  out_.where = in_.node().where;
  out_.name = written_.name.text;
  out_.hold = written_.hold;
  out_.keep_firing_for = written_.keep_firing_for;
  out_.interval = written_.interval;
  out_.runbook = written_.runbook;
  out_.summary = written_.summary;
  out_.description = written_.description;
  CheckName();
  CheckSource();
  CheckLabels();
  CheckLimits();
  CheckMissing();
  out_.no_data = ReadNoData(written_.no_data, in_.errors()).value_or(NoDataPolicy::keep);
  if (written_.active.value) out_.active = CheckActive(*written_.active.value, in_.errors());
  return std::move(out_);
}

void ThresholdChecker::CheckName() {
  const YamlText& name = written_.name;
  if (name.given && name.text.empty()) return Complain(name, "a name must not be empty");
  if (name.text.contains("{{")) return Complain(name, "a name must not hold a template");
  if (!base::IsValidUtf8(name.text)) Complain(name, "a name must be valid UTF-8");
}

void ThresholdChecker::CheckLabels() {
  for (const auto& [name, value] : written_.labels.value) {
    if (name == "severity" || name == "condition" || name == "alertname") {
      Complain(value, "is set by the threshold itself");
    } else {
      CheckLabelName(value, name);
    }
    if (!base::IsValidUtf8(value.text)) Complain(value, "a label's value must be valid UTF-8");
    out_.labels[name] = value.text;
  }
}

void ThresholdChecker::CheckLabelName(const YamlText& at, const std::string& name) {
  if (name.empty() || name == base::kMetricName || !base::IsValidUtf8(name)) {
    Complain(at, fmt::format("invalid label name {}", base::Quote(name)));
  }
}

LimitRules ThresholdChecker::RulesOfLimits() const {
  LimitRules rules;
  rules.one_sided = !out_.by.empty();
  switch (out_.kind) {
    case Threshold::Kind::ratio:
      return {.measure = "a ratio", .unit = Unit::ratio, .least = 0, .most = 1};
    case Threshold::Kind::age:
      return {.measure = "an age", .unit = Unit::seconds};
    case Threshold::Kind::change:
      rules.bare_means_above = true;
      if (!out_.change.relative) return rules;
      rules.measure = "a relative change";
      rules.unit = Unit::ratio;
      return rules;
    case Threshold::Kind::slo:
    case Threshold::Kind::value:
      break;
  }
  return rules;
}

WrittenLimits ThresholdChecker::TextsOfLimits() {
  WrittenLimits texts{.target = written_.target, .warning = written_.warning, .critical = written_.critical};
  if (!written_.change.value) return texts;
  const auto take = [&](YamlText& outer, const YamlText& inner) {
    if (outer.given && inner.given) Complain(outer, "is given twice, here and in change");
    if (inner.given) outer = inner;
  };
  take(texts.warning, written_.change.value->warning);
  take(texts.critical, written_.change.value->critical);
  return texts;
}

void ThresholdChecker::CheckLimits() {
  if (out_.kind == Threshold::Kind::slo) return SetSloLimits();
  const LimitRules rules = RulesOfLimits();
  LimitReader reader(rules, in_.errors());
  const WrittenLimits texts = TextsOfLimits();
  out_.limits = reader.Read(written_.unit, texts);
  out_.unit = reader.unit();
  out_.change.either_way = out_.kind == Threshold::Kind::change && reader.all_bare();
  bool any = texts.warning.given || texts.critical.given || in_.node().Find("missing") != nullptr;
  for (const WrittenOverride& written : written_.overrides.value) {
    CheckOverride(written, reader);
    any = any || written.warning.given || written.critical.given;
  }
  if (!any) in_.Fail("nothing to alert on: give warning, critical or missing");
}

void ThresholdChecker::SetSloLimits() {
  for (const YamlText* text : {&written_.unit, &written_.target, &written_.warning, &written_.critical}) {
    if (text->given) Complain(*text, "an slo has no limits or unit but its objective");
  }
  for (const WrittenOverride& written : written_.overrides.value) {
    Complain(written.whole, "an slo has no overrides");
  }
  out_.unit = Unit::ratio;
  out_.limits.target = Limit{.comparison = Comparison::at_most,
                             .value = out_.slo.budget,
                             .text = fmt::format("<= {}%", base::FormatFloat(Tidy(out_.slo.budget * 100)))};
}

void ThresholdChecker::CheckOverride(const WrittenOverride& written, LimitReader& reader) {
  Override override;
  for (const auto& [name, text] : written.match.value) {
    if (auto matcher = CheckMatcher(name, text)) override.match.push_back(*std::move(matcher));
  }
  const bool some =
      std::ranges::any_of(override.match, [](const base::Matcher& matcher) { return !matcher.MatchesEmpty(); });
  if (!override.match.empty() && override.match.size() == written.match.value.size() && !some) {
    Complain(written.whole, "match takes series without these labels as well; give one of them a value");
  }
  if (!written.target.given && !written.warning.given && !written.critical.given) {
    Complain(written.whole, "changes nothing: give target, warning or critical");
  }
  override.limits =
      reader.ReadOverride({.target = written.target, .warning = written.warning, .critical = written.critical});
  out_.overrides.push_back(std::move(override));
}

std::optional<base::Matcher> ThresholdChecker::CheckMatcher(const std::string& name, const YamlText& text) {
  CheckLabelName(text, name);
  const bool single = out_.kind == Threshold::Kind::ratio || !out_.by.empty();
  if (known_ && (IsScalar() || (single && std::ranges::find(out_.by, name) == out_.by.end()))) {
    Complain(text, fmt::format("no series has the label {}: it is not in `by`", base::Quote(name)));
  }
  constexpr std::array<std::pair<std::string_view, base::MatchType>, 3> kTypes = {
      {{"=~", base::MatchType::regex}, {"!~", base::MatchType::not_regex}, {"!=", base::MatchType::not_equal}}};
  base::MatchType type = base::MatchType::equal;
  std::string_view value = text.text;
  for (const auto& [sign, meant] : kTypes) {
    if (!value.starts_with(sign)) continue;
    type = meant;
    value = base::Trim(value.substr(sign.size()));
    break;
  }
  auto matcher = base::Matcher::Make(type, name, std::string(value));
  if (matcher) return *std::move(matcher);
  Complain(text, matcher.error().message);
  return std::nullopt;
}

void ThresholdChecker::CheckMissing() {
  if (!written_.missing.value) return;
  const WrittenMissing& missing = *written_.missing.value;
  out_.missing = Missing{.severity = missing.severity.text == "warning" ? Severity::warning : Severity::critical,
                         .lookback = missing.lookback.value_or(std::chrono::hours(1))};
  if (missing.severity.given && missing.severity.text != "warning" && missing.severity.text != "critical") {
    Complain(missing.severity,
             fmt::format("expected warning or critical, found {}", base::Quote(missing.severity.text)));
  }
  if (IsScalar()) Complain(missing.severity, "a scalar is never missing");
}

}  // namespace rules
