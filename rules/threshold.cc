#include "rules/threshold.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "base/labels.h"
#include "base/text.h"

namespace rules {
namespace {

struct WrittenRatio {
  YamlText bad;
  YamlText total;
  std::optional<base::Duration> over;
  std::vector<YamlText> by;
};
struct WrittenThreshold {
  YamlText name;
  YamlText value;
  Partial<std::optional<WrittenRatio>> ratio;
  YamlText age;
  std::vector<YamlText> by;
  YamlText unit;
  YamlText target;
  YamlText warning;
  YamlText critical;
  YamlText missing;
  base::Duration hold{0};
  base::Duration keep_firing_for{0};
  std::optional<base::Duration> interval;
  Partial<std::map<std::string, YamlText>> labels;
  std::string runbook;
  std::string summary;
  std::string description;
};

const base::YamlSchema<WrittenRatio>& RatioSchema() {
  static const base::YamlSchema<WrittenRatio> schema({
      base::Required("bad", "PromQL", &WrittenRatio::bad,
                     "What went wrong: a selector of a counter where `over` is given, any expression otherwise."),
      base::Required("total", "PromQL", &WrittenRatio::total, "What was tried, in the same form."),
      base::Optional("over", "duration", "", &WrittenRatio::over,
                     "Compare the rates over this long; without it the values as they stand."),
      base::Optional("by", "list of labels", "[]", &WrittenRatio::by, "One ratio for each value of these labels."),
  });
  return schema;
}
bool ReadYaml(const base::YamlReader& in, std::optional<WrittenRatio>& out) {
  return RatioSchema().Read(in, out.emplace());
}

const base::YamlSchema<WrittenThreshold>& Schema() {
  using T = WrittenThreshold;
  static const base::YamlSchema<WrittenThreshold> schema({
      base::Required("name", "string", &T::name, "The alert's name; unique among the thresholds."),
      base::Optional("value", "PromQL", "", &T::value, "The measured value. One of value, ratio and age is required."),
      base::Optional("ratio", "map", "", &T::ratio, "The measured value is a share: bad divided by total.",
                     &RatioSchema().help()),
      base::Optional("age", "PromQL", "", &T::age,
                     "The measured value is how long ago this timestamp (in seconds since 1970) was."),
      base::Optional("by", "list of labels", "[]", &T::by,
                     "One alert for each value of these labels, on the worst of their series."),
      base::Optional("unit", "unit", "", &T::unit,
                     "What the value is counted in: none, percent, ratio, milliseconds, seconds, minutes, hours, days "
                     "or bytes. Left out, it follows from the limits; a ratio is a ratio and an age is in seconds."),
      base::Optional("target", "limit", "", &T::target, "Where the value should be, as in \"< 3\"; for dashboards."),
      base::Optional("warning", "limit", "", &T::warning,
                     "Where it warns: \"> 3\", \"< 1.5 %\", \"> 60m\", \">= 10GiB\"."),
      base::Optional("critical", "limit", "", &T::critical, "Where it is critical. Silences the warning."),
      base::Optional("missing", "warning or critical", "", &T::missing, "Alert also when there is no series at all."),
      base::Optional("for", "duration", "0s", &T::hold, "How long it must hold before the alert fires."),
      base::Optional("keep_firing_for", "duration", "0s", &T::keep_firing_for,
                     "How long the alert keeps firing after the value is well again."),
      base::Optional("interval", "duration", "", &T::interval,
                     "How often to look; default global.evaluation_interval."),
      base::Optional("labels", "map", "{}", &T::labels, "Labels of the alerts."),
      base::Optional("runbook", "URL", "", &T::runbook, "Shown in notifications, as annotation runbook_url."),
      base::Optional("summary", "template", "", &T::summary,
                     "One line for people; the default tells the value and the limit."),
      base::Optional("description", "template", "", &T::description, "More for people."),
  });
  return schema;
}
bool ReadYaml(const base::YamlReader& in, WrittenThreshold& out) { return Schema().Read(in, out); }

// Checks one threshold and turns it into its checked form.
class Checker {
 public:
  Checker(const base::YamlReader& in, WrittenThreshold& written, const ThresholdOptions& options)
      : in_(in), written_(written), options_(options) {}

  // nullopt after a mistake
  std::optional<Threshold> Check() {
    const size_t before = in_.errors().errors().size();
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
    if (in_.errors().errors().size() != before) return std::nullopt;
    return std::move(out_);
  }

 private:
  struct GivenLimit {
    std::string_view role;
    const YamlText* text;
    std::optional<Limit> limit;
  };

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
    for (const char* key : {"value", "ratio", "age"}) given += in_.node().Find(key) != nullptr ? 1 : 0;
    if (given != 1) {
      in_.Fail(given == 0 ? "what to measure is missing: give value, ratio or age"
                          : "only one of value, ratio and age may be given");
      return;
    }
    TakeBy(written_.by);
    if (in_.node().Find("ratio") != nullptr) return CheckRatio();
    const YamlText& source = written_.value.given ? written_.value : written_.age;
    out_.kind = written_.value.given ? Threshold::Kind::value : Threshold::Kind::age;
    out_.value = ParseNumbers(source);
    const bool scalar = out_.value && promql::TypeOf(*out_.value) == promql::ValueType::scalar;
    if (scalar && !out_.by.empty()) Complain(source, "a scalar has no labels that `by` could tell apart");
  }

  void CheckRatio() {
    out_.kind = Threshold::Kind::ratio;
    if (!written_.ratio.value) return;  // a mistake within it has been told
    const WrittenRatio& ratio = *written_.ratio.value;
    out_.over = ratio.over;
    if (!written_.by.empty() && !ratio.by.empty()) {
      Complain(written_.by.front(), "is given twice, here and in ratio");
    }
    TakeBy(ratio.by);
    if (out_.over && out_.over->count() == 0) in_.Fail("ratio.over must be longer than 0s");
    out_.bad = CheckCounter(ratio.bad);
    out_.total = CheckCounter(ratio.total);
  }

  promql::ExprPtr CheckCounter(const YamlText& text) {
    if (!text.given) return nullptr;  // told already
    promql::ExprPtr expr = Parse(text);
    if (!expr) return nullptr;
    if (promql::TypeOf(*expr) != promql::ValueType::vector) {
      Complain(text,
               fmt::format("expected an instant vector, this is a {}", promql::DocumentedName(promql::TypeOf(*expr))));
      return nullptr;
    }
    const auto* selector = promql::As<promql::VectorSelector>(promql::Unwrap(*expr));
    const bool plain = selector != nullptr && selector->modifiers.at == promql::AtKind::none &&
                       selector->modifiers.offset.fixed.count() == 0 && !selector->modifiers.offset.expr;
    if (out_.over && !plain) {
      Complain(text,
               "with `over` this must be a selector such as http_requests_total{code=~\"5..\"}, because its "
               "rate is taken");
      return nullptr;
    }
    return expr;
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

  std::optional<WrittenLimit> ReadLimit(const YamlText& text, bool target) {
    if (!text.given) return std::nullopt;
    auto written = ParseLimit(text.text, target);
    if (written) return *std::move(written);
    Complain(text, written.error().message);
    return std::nullopt;
  }

  // What the value is counted in: as told, else by its kind, else by the first limit that says so.
  std::optional<Unit> FindUnit(const std::array<std::optional<WrittenLimit>, 3>& limits) {
    const Unit by_kind = out_.kind == Threshold::Kind::ratio ? Unit::ratio
                         : out_.kind == Threshold::Kind::age ? Unit::seconds
                                                             : Unit::none;
    if (written_.unit.given) {
      const auto unit = ParseUnit(written_.unit.text);
      if (!unit) {
        Complain(written_.unit, unit.error().message);
        return std::nullopt;
      }
      if (by_kind != Unit::none && *unit != by_kind) {
        Complain(written_.unit, fmt::format("the unit of {} is always {}; limits may still be written in other units",
                                            by_kind == Unit::ratio ? "a ratio" : "an age", ToString(by_kind)));
        return std::nullopt;
      }
      return *unit;
    }
    if (by_kind != Unit::none) return by_kind;
    for (const auto& limit : limits) {
      if (limit && limit->natural) return *limit->natural;
    }
    return Unit::none;
  }

  void CheckLimits() {
    std::array<GivenLimit, 3> given = {
        {{"target", &written_.target, {}}, {"warning", &written_.warning, {}}, {"critical", &written_.critical, {}}}};
    std::array<std::optional<WrittenLimit>, 3> written;
    for (size_t i = 0; i < given.size(); ++i) written[i] = ReadLimit(*given[i].text, i == 0);
    const auto unit = FindUnit(written);
    if (!unit) return;
    out_.unit = *unit;
    for (size_t i = 0; i < given.size(); ++i) {
      if (!written[i]) continue;
      auto limit = ConvertLimit(*written[i], *unit);
      if (limit) {
        given[i].limit = *std::move(limit);
      } else {
        Complain(*given[i].text, limit.error().message);
      }
    }
    CheckAgreement(given[0], given[1], given[2]);
    out_.target = given[0].limit;
    out_.warning = given[1].limit;
    out_.critical = given[2].limit;
    if (!written_.warning.given && !written_.critical.given && !written_.missing.given) {
      in_.Fail("nothing to alert on: give warning, critical or missing");
    }
  }

  void CheckAgreement(const GivenLimit& target, const GivenLimit& warning, const GivenLimit& critical) {
    for (const GivenLimit* breach : {&warning, &critical}) {
      if (!target.limit || !breach->limit || !Overlap(*target.limit, *breach->limit)) continue;
      Complain(*target.text, fmt::format("a value can be on target ({}) and {} ({}) at once", target.limit->text,
                                         breach->role, breach->limit->text));
    }
    for (const GivenLimit* breach : {&warning, &critical}) {
      if (breach->limit && !out_.by.empty() && out_.kind == Threshold::Kind::value &&
          Direction(breach->limit->comparison) == 0) {
        Complain(*breach->text, "`by` needs limits with > or <, which tell the worst of several series");
      }
    }
    if (!warning.limit || !critical.limit) return;
    const int side = Direction(warning.limit->comparison);
    const int other = Direction(critical.limit->comparison);
    if (side != 0 && other != 0 && side != other) {
      Complain(*critical.text, fmt::format("critical ({}) and warning ({}) point in different directions",
                                           critical.limit->text, warning.limit->text));
    } else if (side != 0 && side == other && !StrictlyWithin(*critical.limit, *warning.limit)) {
      Complain(*warning.text, fmt::format("warning ({}) is never reached before critical ({})", warning.limit->text,
                                          critical.limit->text));
    }
  }

  void CheckMissing() {
    if (!written_.missing.given) return;
    if (written_.missing.text == "warning") {
      out_.missing = Severity::warning;
    } else if (written_.missing.text == "critical") {
      out_.missing = Severity::critical;
    } else {
      Complain(written_.missing,
               fmt::format("expected warning or critical, found {}", base::Quote(written_.missing.text)));
    }
    const bool scalar = out_.value && promql::TypeOf(*out_.value) == promql::ValueType::scalar;
    if (scalar) Complain(written_.missing, "a scalar is never missing");
  }

  const base::YamlReader& in_;
  const WrittenThreshold& written_;
  const ThresholdOptions& options_;
  Threshold out_;
};

}  // namespace

const std::vector<base::FieldHelp>& ThresholdHelp() { return Schema().help(); }

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
    auto threshold = Checker(item, written, options).Check();
    if (read && threshold) thresholds.push_back(*std::move(threshold));
  }
  return thresholds;
}

}  // namespace rules
