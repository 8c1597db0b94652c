#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/text.h"
#include "rules/threshold/change.h"
#include "rules/threshold/checker.h"

// What a threshold measures: value, ratio, age, change or slo.

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

}  // namespace

void ThresholdChecker::CheckSource() {
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

void ThresholdChecker::CheckValue(const YamlText& source) {
  out_.value = ParseNumbers(source);
  if (IsScalar() && !out_.by.empty()) Complain(source, "a scalar has no labels that `by` could tell apart");
}

bool ThresholdChecker::IsScalar() const {
  return out_.value && promql::TypeOf(*out_.value) == promql::ValueType::scalar;
}

double ThresholdChecker::Tidy(double value) { return base::ParseFloat(fmt::format("{:.12g}", value)).value_or(value); }

void ThresholdChecker::CheckRatio() {
  if (!written_.ratio.value) return;  // a mistake within it has been told
  const WrittenRatio& ratio = *written_.ratio.value;
  out_.over = ratio.over;
  TakeInnerBy(ratio.by, "ratio");
  if (out_.over && out_.over->count() == 0) in_.Fail("ratio.over must be longer than 0s");
  const std::string_view reason = out_.over ? "with `over` this" : "";
  out_.bad = CheckCounter(ratio.bad, reason);
  out_.total = CheckCounter(ratio.total, reason);
}

void ThresholdChecker::CheckChange() {
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

void ThresholdChecker::CheckSlo() {
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

void ThresholdChecker::CheckObjective(const YamlText& text) {
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

promql::ExprPtr ThresholdChecker::Parse(const YamlText& text) {
  return ParseExpression(text, options_.source, options_.parse, in_.errors());
}

promql::ExprPtr ThresholdChecker::ParseNumbers(const YamlText& text) {
  if (!text.given) return nullptr;  // left empty or of the wrong kind, which has been told
  promql::ExprPtr expr = Parse(text);
  if (!expr) return nullptr;
  const promql::ValueType type = promql::TypeOf(*expr);
  if (type == promql::ValueType::vector || type == promql::ValueType::scalar) return expr;
  Complain(text, fmt::format("expected an expression that is an instant vector or a scalar, this is a {}",
                             promql::DocumentedName(type)));
  return nullptr;
}

promql::ExprPtr ThresholdChecker::CheckCounter(const YamlText& text, std::string_view reason) {
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

base::Duration ThresholdChecker::ReadDuration(const YamlText& text) {
  if (!text.given) return base::Duration(0);
  const auto duration = base::ParseDuration(text.text);
  if (!duration) {
    Complain(text, duration.error().message);
  } else if (duration->count() == 0) {
    Complain(text, "must be longer than 0s");
  }
  return duration.value_or(base::Duration(0));
}

void ThresholdChecker::TakeInnerBy(const std::vector<YamlText>& by, std::string_view key) {
  if (!written_.by.empty() && !by.empty()) {
    Complain(written_.by.front(), fmt::format("is given twice, here and in {}", key));
  }
  TakeBy(by);
}

void ThresholdChecker::TakeBy(const std::vector<YamlText>& by) {
  for (const YamlText& label : by) {
    CheckLabelName(label, label.text);
    out_.by.push_back(label.text);
  }
}

}  // namespace rules
