#include "rules/threshold/threshold_form.h"

#include "rules/no_data/no_data_rule.h"

namespace rules {
namespace {

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

const base::YamlSchema<WrittenChange>& ChangeSchema() {
  using C = WrittenChange;
  static const base::YamlSchema<WrittenChange> schema({
      base::Required("metric", "PromQL", &C::metric, "What is compared with itself: any expression."),
      base::Required("over", "duration", &C::over, "With what it was this long ago."),
      base::Optional("kind", "relative or absolute", "relative", &C::kind,
                     "relative: the difference as a share of what it was, so limits are in %; absolute: the difference "
                     "itself, in the metric's unit."),
      base::Optional("warning", "limit", "", &C::warning,
                     "May stand here or beside `change`. \"20%\" is a change by more than that in either direction, "
                     "\"> 20%\" growth, \"< -20%\" shrinkage."),
      base::Optional("critical", "limit", "", &C::critical, "As warning."),
  });
  return schema;
}

const base::YamlSchema<WrittenSlo>& SloSchema() {
  using S = WrittenSlo;
  static const base::YamlSchema<WrittenSlo> schema({
      base::Required("objective", "percentage", &S::objective, "The share of events that shall be good: \"99.9%\"."),
      base::Optional("window", "duration", "30d", &S::window,
                     "Over how long. The pages' windows are scaled with it; samples must be kept as long."),
      base::Optional("bad", "selector", "", &S::bad, "A counter of the events that went wrong. One of bad and good."),
      base::Optional("good", "selector", "", &S::good, "A counter of those that went well."),
      base::Optional(
          "total", "selector", "", &S::total,
          "A counter of all events. Left out, good (or bad) is a gauge of 1 and 0, such as up, and its share "
          "of the time counts."),
      base::Optional("by", "list of labels", "[]", &S::by, "One objective for each value of these labels."),
  });
  return schema;
}

const base::YamlSchema<WrittenMissing>& MissingSchema() {
  static const base::YamlSchema<WrittenMissing> schema({
      base::Required("severity", "warning or critical", &WrittenMissing::severity, "Of the alert."),
      base::Optional("lookback", "duration", "1h", &WrittenMissing::lookback,
                     "How long a series that has vanished is remembered; 0s to alert only when there is none at all."),
  });
  return schema;
}

const base::YamlSchema<WrittenOverride>& OverrideSchema() {
  using O = WrittenOverride;
  static const base::YamlSchema<WrittenOverride> schema({
      base::Required("match", "map of labels", &O::match,
                     "The labels of the series this is about: {tenant: acme}. A value may begin with =~, !~ or !=; "
                     "regular expressions are RE2, anchored at both ends."),
      base::Optional("target", "limit or none", "", &O::target,
                     "In place of the threshold's; left out, that one holds."),
      base::Optional("warning", "limit or none", "", &O::warning, "Likewise. none: these series do not warn."),
      base::Optional("critical", "limit or none", "", &O::critical, "Likewise."),
  });
  return schema;
}

}  // namespace

// Found by the tables through the types they read. What could be read of a map is kept after a mistake in it.
template <class T>
static bool ReadMap(const base::YamlReader& in, const base::YamlSchema<T>& schema, std::optional<T>& out) {
  T read;
  const bool good = schema.Read(in, read);
  if (in.node().kind == base::YamlNode::Kind::map) out = std::move(read);
  return good;
}
static bool ReadYaml(const base::YamlReader& in, std::optional<WrittenRatio>& out) {
  return ReadMap(in, RatioSchema(), out);
}
static bool ReadYaml(const base::YamlReader& in, std::optional<WrittenChange>& out) {
  return ReadMap(in, ChangeSchema(), out);
}
static bool ReadYaml(const base::YamlReader& in, std::optional<WrittenSlo>& out) {
  return ReadMap(in, SloSchema(), out);
}
static bool ReadYaml(const base::YamlReader& in, std::optional<WrittenActive>& out) {
  WrittenActive read;
  const bool good = ReadYaml(in, read);
  if (in.node().kind == base::YamlNode::Kind::map) out = std::move(read);
  return good;
}

// A severity alone, or a map of it with more.
static bool ReadYaml(const base::YamlReader& in, std::optional<WrittenMissing>& out) {
  if (in.node().kind == base::YamlNode::Kind::scalar) return ReadYaml(in, out.emplace().severity);
  return ReadMap(in, MissingSchema(), out);
}
static bool ReadYaml(const base::YamlReader& in, WrittenOverride& out) {
  out.whole = {.text = {}, .where = in.node().where, .path = in.path(), .given = true};
  const bool good = OverrideSchema().Read(in, out);
  if (in.node().Find("match") != nullptr && out.match.value.empty()) in.Fail("match names no label");
  return good;
}

namespace {

const base::YamlSchema<WrittenThreshold>& Schema() {
  using T = WrittenThreshold;
  static const base::YamlSchema<WrittenThreshold> schema({
      base::Required("name", "string", &T::name, "The alert's name; unique among the thresholds."),
      base::Optional("value", "PromQL", "", &T::value,
                     "The measured value. One of value, ratio, age, change and slo is required."),
      base::Optional("ratio", "map", "", &T::ratio, "The measured value is a share: bad divided by total.",
                     &RatioSchema().help()),
      base::Optional("age", "PromQL", "", &T::age,
                     "The measured value is how long ago this timestamp (in seconds since 1970) was."),
      base::Optional("change", "map", "", &T::change, "The measured value is how much something changed over time.",
                     &ChangeSchema().help()),
      base::Optional("slo", "map", "", &T::slo,
                     "A service level objective: alerts follow from how fast its error budget is spent.",
                     &SloSchema().help()),
      base::Optional("by", "list of labels", "[]", &T::by,
                     "One alert for each value of these labels, on the worst of their series."),
      base::Optional("unit", "unit", "", &T::unit,
                     "What the value is counted in: none, percent, ratio, milliseconds, seconds, minutes, hours, days "
                     "or bytes. Left out, it follows from the limits; a ratio is a ratio and an age is in seconds."),
      base::Optional("target", "limit", "", &T::target, "Where the value should be, as in \"< 3\"; for dashboards."),
      base::Optional("warning", "limit", "", &T::warning,
                     "Where it warns: \"> 3\", \"< 1.5 %\", \"> 60m\", \">= 10GiB\"."),
      base::Optional("critical", "limit", "", &T::critical, "Where it is critical. Silences the warning."),
      base::Optional("overrides", "list of overrides", "[]", &T::overrides,
                     "Other limits for some of the series. The first whose labels match holds.",
                     &OverrideSchema().help()),
      base::Optional("missing", "warning, critical or map", "", &T::missing,
                     "Alert also on each series that has vanished, and when there is none at all.",
                     &MissingSchema().help()),
      base::Optional("no_data", "resolve, keep, alert or critical", "keep", &T::no_data, NoDataHelp()),
      base::Optional("active", "map", "", &T::active,
                     "When it may alert, such as business hours; outside of them it has no alerts.", &ActiveHelp()),
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

}  // namespace

bool ReadYaml(const base::YamlReader& in, WrittenThreshold& out) { return Schema().Read(in, out); }

const std::vector<base::FieldHelp>& ThresholdFormHelp() { return Schema().help(); }

}  // namespace rules
