#include "rules/threshold/threshold.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/labels.h"
#include "base/text.h"
#include "rules/threshold/change.h"
#include "rules/threshold/slo.h"
#include "rules/threshold/threshold_form.h"
#include "rules/threshold/threshold_limits.h"

namespace rules {
namespace {

constexpr std::array<std::pair<std::string_view, Threshold::Kind>, 5> kKinds = {{
    {"value", Threshold::Kind::value},
    {"ratio", Threshold::Kind::ratio},
    {"age", Threshold::Kind::age},
    {"change", Threshold::Kind::change},
    {"slo", Threshold::Kind::slo},
}};

// Whether its rate can be taken, or what it was in the past.
bool IsPlainSelector(const promql::Expr& expr) {
  const auto* selector = promql::As<promql::VectorSelector>(promql::Unwrap(expr));
  return selector != nullptr && selector->modifiers.at == promql::AtKind::none &&
         selector->modifiers.offset.fixed.count() == 0 && !selector->modifiers.offset.expr;
}

// "99.9%", "99.9" and "0.999" as a ratio.
std::optional<double> ParseObjective(std::string_view text) {
  text = base::Trim(text);
  const bool percent = text.ends_with('%');
  if (percent) text = base::Trim(text.substr(0, text.size() - 1));
  const auto number = base::ParseFloat(text);
  if (!number) return std::nullopt;
  return percent || *number > 1 ? *number / 100 : *number;
}

// What a person meant: 0.001, not 0.0010000000000000009.
double Tidy(double value) { return base::ParseFloat(fmt::format("{:.12g}", value)).value_or(value); }

// Checks one threshold and turns it into its checked form.
class Checker {
 public:
  Checker(const base::YamlReader& in, WrittenThreshold& written, const ThresholdOptions& options)
      : in_(in), written_(written), options_(options) {}

  // What it says, as far as it could be read; not to be used after a mistake.
  Threshold Check() {
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
    if (written_.active.value) out_.active = CheckActive(*written_.active.value, in_.errors());
    return std::move(out_);
  }

 private:
  void Complain(const YamlText& at, std::string_view message) { rules::Complain(in_.errors(), at, message); }

  void CheckName() {
    const YamlText& name = written_.name;
    if (name.given && name.text.empty()) return Complain(name, "a name must not be empty");
    if (name.text.contains("{{")) return Complain(name, "a name must not hold a template");
    if (!base::IsValidUtf8(name.text)) Complain(name, "a name must be valid UTF-8");
  }

  promql::ExprPtr Parse(const YamlText& text) {
    return ParseExpression(text, options_.source, options_.parse, in_.errors());
  }

  promql::ExprPtr ParseNumbers(const YamlText& text) {
    if (!text.given) return nullptr;  // left empty or of the wrong kind, which has been told
    promql::ExprPtr expr = Parse(text);
    if (!expr) return nullptr;
    const promql::ValueType type = promql::TypeOf(*expr);
    if (type == promql::ValueType::vector || type == promql::ValueType::scalar) return expr;
    Complain(text, fmt::format("expected an expression that is an instant vector or a scalar, this is a {}",
                               promql::DocumentedName(type)));
    return nullptr;
  }

  void CheckSource() {
    int given = 0;
    for (const auto& [key, kind] : kKinds) {
      const base::YamlNode* node = in_.node().Find(key);
      if (node == nullptr || node->kind == base::YamlNode::Kind::null) continue;
      ++given;
      out_.kind = kind;
    }
    if (given != 1) {
      in_.Fail(given == 0 ? "what to measure is missing: give value, ratio, age, change or slo"
                          : "only one of value, ratio, age, change and slo may be given");
      known_ = false;
      return;
    }
    TakeBy(written_.by);
    switch (out_.kind) {
      case Threshold::Kind::value:
        return CheckValue(written_.value);
      case Threshold::Kind::age:
        return CheckValue(written_.age);
      case Threshold::Kind::ratio:
        return CheckRatio();
      case Threshold::Kind::change:
        return CheckChange();
      case Threshold::Kind::slo:
        return CheckSlo();
    }
  }

  void CheckValue(const YamlText& source) {
    out_.value = ParseNumbers(source);
    if (IsScalar() && !out_.by.empty()) Complain(source, "a scalar has no labels that `by` could tell apart");
  }

  bool IsScalar() const { return out_.value && promql::TypeOf(*out_.value) == promql::ValueType::scalar; }

  void CheckRatio() {
    if (!written_.ratio.value) return;  // a mistake within it has been told
    const WrittenRatio& ratio = *written_.ratio.value;
    out_.over = ratio.over;
    TakeInnerBy(ratio.by, "ratio");
    if (out_.over && out_.over->count() == 0) in_.Fail("ratio.over must be longer than 0s");
    const std::string_view reason = out_.over ? "with `over` this" : "";
    out_.bad = CheckCounter(ratio.bad, reason);
    out_.total = CheckCounter(ratio.total, reason);
  }

  void CheckChange() {
    if (!written_.change.value) return;
    const WrittenChange& change = *written_.change.value;
    if (change.kind.given && change.kind.text != "relative" && change.kind.text != "absolute") {
      Complain(change.kind, fmt::format("expected relative or absolute, found {}", base::Quote(change.kind.text)));
    }
    out_.change.relative = change.kind.text != "absolute";
    out_.change.over = ReadDuration(change.over);
    out_.value = CheckCounter(change.metric, "");
    if (!out_.value) return;
    auto earlier = Earlier(*out_.value, out_.change.over);
    if (!earlier) return Complain(change.metric, earlier.error().message);
    out_.change.earlier = *std::move(earlier);
  }

  void CheckSlo() {
    if (!written_.slo.value) return;
    const WrittenSlo& slo = *written_.slo.value;
    TakeInnerBy(slo.by, "slo");
    CheckObjective(slo.objective);
    out_.slo.window = slo.window.given ? ReadDuration(slo.window) : base::Duration(std::chrono::hours(30 * 24));
    if (slo.window.given && out_.slo.window < std::chrono::hours(24)) {
      Complain(slo.window, "must be a day or longer: the windows of its alerts are parts of it");
    }
    if (slo.bad.given == slo.good.given) {
      return in_.Fail(slo.bad.given ? "only one of slo.bad and slo.good may be given"
                                    : "what the objective counts is missing: give slo.bad or slo.good");
    }
    out_.slo.counts_good = slo.good.given;
    out_.slo.counted = CheckCounter(slo.good.given ? slo.good : slo.bad, "this");
    if (slo.total.given) out_.slo.total = CheckCounter(slo.total, "this");
  }

  void CheckObjective(const YamlText& text) {
    if (!text.given) return;
    const auto objective = ParseObjective(text.text);
    if (!objective || *objective <= 0 || *objective >= 1) {
      return Complain(text, fmt::format("expected a percentage between 0% and 100%, such as \"99.9%\", not {}",
                                        base::Quote(text.text)));
    }
    out_.slo.objective = Tidy(*objective);
    out_.slo.budget = Tidy(1 - *objective);
    out_.slo.objective_text = fmt::format("{}%", base::FormatFloat(Tidy(*objective * 100)));
  }

  base::Duration ReadDuration(const YamlText& text) {
    if (!text.given) return base::Duration(0);
    const auto duration = base::ParseDuration(text.text);
    if (!duration) {
      Complain(text, duration.error().message);
    } else if (duration->count() == 0) {
      Complain(text, "must be longer than 0s");
    }
    return duration.value_or(base::Duration(0));
  }

  // With a reason it must be a selector, because its rate is taken.
  promql::ExprPtr CheckCounter(const YamlText& text, std::string_view reason) {
    if (!text.given) return nullptr;  // told already
    promql::ExprPtr expr = Parse(text);
    if (!expr) return nullptr;
    if (promql::TypeOf(*expr) != promql::ValueType::vector) {
      Complain(text,
               fmt::format("expected an instant vector, this is a {}", promql::DocumentedName(promql::TypeOf(*expr))));
      return nullptr;
    }
    if (!reason.empty() && !IsPlainSelector(*expr)) {
      Complain(text, fmt::format("{} must be a selector such as http_requests_total{{code=~\"5..\"}}, because its "
                                 "rate is taken",
                                 reason));
      return nullptr;
    }
    return expr;
  }

  void TakeInnerBy(const std::vector<YamlText>& by, std::string_view key) {
    if (!written_.by.empty() && !by.empty()) {
      Complain(written_.by.front(), fmt::format("is given twice, here and in {}", key));
    }
    TakeBy(by);
  }

  void TakeBy(const std::vector<YamlText>& by) {
    for (const YamlText& label : by) {
      CheckLabelName(label, label.text);
      out_.by.push_back(label.text);
    }
  }

  void CheckLabels() {
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

  void CheckLabelName(const YamlText& at, const std::string& name) {
    if (name.empty() || name == base::kMetricName || !base::IsValidUtf8(name)) {
      Complain(at, fmt::format("invalid label name {}", base::Quote(name)));
    }
  }

  // What the kind of value says of its limits.
  LimitRules RulesOfLimits() const {
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

  // Those of a change may stand within it.
  WrittenLimits TextsOfLimits() {
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

  void CheckLimits() {
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

  // The objective is where an slo should be; what alerts is how fast it is missed.
  void SetSloLimits() {
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

  void CheckOverride(const WrittenOverride& written, LimitReader& reader) {
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

  std::optional<base::Matcher> CheckMatcher(const std::string& name, const YamlText& text) {
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

  void CheckMissing() {
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

  const base::YamlReader& in_;
  const WrittenThreshold& written_;
  const ThresholdOptions& options_;
  Threshold out_;
  bool known_ = true;  // what is measured
};

}  // namespace

const std::vector<base::FieldHelp>& ThresholdHelp() { return ThresholdFormHelp(); }

std::vector<Threshold> ReadThresholds(const base::YamlReader& in, const ThresholdOptions& options) {
  std::vector<Threshold> thresholds;
  if (in.node().kind == base::YamlNode::Kind::null) return thresholds;
  if (in.node().kind != base::YamlNode::Kind::sequence) {
    in.Fail("expected a list");
    return thresholds;
  }
  std::map<std::string, base::SourcePosition> seen;
  for (size_t i = 0; i < in.node().items.size(); ++i) {
    const base::YamlReader item = in.Item(i);
    WrittenThreshold written;
    const size_t mistakes = item.errors().errors().size();
    const bool read = ReadYaml(item, written);
    if (item.node().kind != base::YamlNode::Kind::map) {
      if (read) item.Fail("expected a map");
      continue;
    }
    if (!written.name.given) {
      Checker(item, written, options).Check();
      continue;
    }
    const auto [first, unique] = seen.emplace(written.name.text, written.name.where);
    if (!unique) {
      Complain(item.errors(), written.name,
               fmt::format("threshold {} is given twice, first on line {}", base::Quote(written.name.text),
                           first->second.line));
      continue;
    }
    Threshold threshold = Checker(item, written, options).Check();
    if (read && item.errors().errors().size() == mistakes) thresholds.push_back(std::move(threshold));
  }
  return thresholds;
}

}  // namespace rules
