// Overrides, changes, vanished series and active times: what they compile to, as whole texts; and their mistakes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/matcher.h"
#include "base/text.h"
#include "rules/rule_file.h"
#include "rules/threshold/expand.h"
#include "tests/rules/threshold_texts.h"
#include "tests/support/support.h"

namespace rules {
namespace {

// The expression of its alert of that severity.
std::string Alert(std::string_view keys, std::string_view severity = "critical") {
  const RuleSet set = Load(fmt::format("thresholds: [{{name: T, {}}}]", keys));
  if (set.groups.empty()) return "";
  const auto& rules = set.groups[0].rules;
  const auto alert = std::ranges::find_if(rules, [&](const Rule& rule) {
    return rule.kind == RuleKind::alerting && rule.labels.at("severity") == severity;
  });
  return alert == rules.end() ? "" : alert->expression;
}

constexpr std::string_view kErrorRate = R"(
thresholds:
  - name: ErrorRate
    ratio: {bad: errors_total, total: requests_total, over: 5m, by: [tenant]}
    warning: "> 2%"
    critical: "> 5%"
    overrides:
      - {match: {tenant: acme}, warning: 10%, critical: 20%}
      - {match: {tenant: "=~beta.*"}, critical: none}
)";

TEST(ThresholdFormsTest, OverridesFollowTheLabels) {
  EXPECT_EQ(ExpandRules(Load(kErrorRate)),
            R"(# Critical silences warning. For alertmanager.yml, which rule files cannot say:
# inhibit_rules:
#   - source_matchers: ['alertname="ErrorRate"', severity=critical]
#     target_matchers: ['alertname="ErrorRate"', severity=warning]
#     equal: [alertname, tenant]
groups:
  - name: ErrorRate
    rules:
      - record: tocsin_threshold_value
        expr: (sum by (tenant) (rate(errors_total[5m])) or sum by (tenant) (rate(requests_total[5m])) * 0) / sum by (tenant) (rate(requests_total[5m]))
        labels:
          threshold: ErrorRate
      - record: tocsin_threshold_limit
        expr: group without () (tocsin_threshold_value{threshold="ErrorRate",tenant="acme"}) * 0.1 or vector(0.02)
        labels:
          comparison: '>'
          limit: warning
          threshold: ErrorRate
          unit: ratio
      - record: tocsin_threshold_limit
        expr: group without () (tocsin_threshold_value{threshold="ErrorRate",tenant="acme"}) * 0.2 or vector(0.05)
        labels:
          comparison: '>'
          limit: critical
          threshold: ErrorRate
          unit: ratio
      - alert: ErrorRate
        # no_data: keep
        expr: tocsin_threshold_value{threshold="ErrorRate",tenant="acme"} > 0.2 or tocsin_threshold_value{threshold="ErrorRate",tenant!="acme",tenant!~"beta.*"} > 0.05
        labels:
          severity: critical
          threshold: ''
        annotations:
          limit: '{{ if eq $labels.tenant "acme" }}> 20%{{ else }}> 5%{{ end }}'
          summary: 'ErrorRate (tenant {{ $labels.tenant }}) is {{ $value | humanizePercentage }} (critical: {{ if eq $labels.tenant "acme" }}> 20%{{ else }}> 5%{{ end }})'
          value: '{{ $value | humanizePercentage }}'
      - alert: ErrorRate
        # no_data: keep
        expr: tocsin_threshold_value{threshold="ErrorRate",tenant="acme"} > 0.1 or tocsin_threshold_value{threshold="ErrorRate",tenant!="acme"} > 0.02
        labels:
          severity: warning
          threshold: ''
        annotations:
          limit: '{{ if eq $labels.tenant "acme" }}> 10%{{ else }}> 2%{{ end }}'
          summary: 'ErrorRate (tenant {{ $labels.tenant }}) is {{ $value | humanizePercentage }} (warning: {{ if eq $labels.tenant "acme" }}> 10%{{ else }}> 2%{{ end }})'
          value: '{{ $value | humanizePercentage }}'
)");
}

TEST(ThresholdFormsTest, OverriddenExpressions) {
  struct Case {
    std::string_view keys;
    std::string_view want;  // of the critical alert
  };
  const Case cases[] = {
      // a label set of two labels can only be left out by `unless`
      {"value: v, critical: '> 5', overrides: [{match: {a: x, b: '!=y'}, critical: 7}, {match: {a: z}, critical: '> "
       "9'}]",
       R"(tocsin_threshold_value{threshold="T",a="x",b!="y"} > 7 or )"
       R"((tocsin_threshold_value{threshold="T",a="z"} unless tocsin_threshold_value{threshold="T",a="x",b!="y"}) > 9 or )"
       R"((tocsin_threshold_value{threshold="T",a!="z"} unless tocsin_threshold_value{threshold="T",a="x",b!="y"}) > 5)"},
      // an override that leaves this limit alone still comes before the next
      {"value: v, critical: '> 5', overrides: [{match: {a: x}, warning: 2}, {match: {b: y}, critical: 9}]",
       R"(tocsin_threshold_value{threshold="T",a="x"} > 5 or tocsin_threshold_value{threshold="T",b="y",a!="x"} > 9 or )"
       R"(tocsin_threshold_value{threshold="T",a!="x",b!="y"} > 5)"},
      // none that changes this limit
      {"value: v, critical: '> 5', overrides: [{match: {a: x}, warning: 2}]", "v > 5"},
      // only the override has it
      {"value: v, warning: '< 5', overrides: [{match: {a: x}, critical: 2}]",
       R"(tocsin_threshold_value{threshold="T",a="x"} < 2)"},
      {"value: v, critical: '> 5', overrides: [{match: {odd name: x}, critical: 2}]",
       R"(tocsin_threshold_value{threshold="T","odd name"="x"} > 2 or )"
       R"(tocsin_threshold_value{threshold="T","odd name"!="x"} > 5)"},
      {"value: v, by: [a], overrides: [{match: {a: x}, critical: '< 2'}]",
       R"(tocsin_threshold_value{threshold="T",a="x"} < 2)"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.keys);
    EXPECT_EQ(Alert(c.keys), c.want);
  }
}

TEST(ThresholdFormsTest, Changes) {
  struct Case {
    std::string_view keys;
    std::string_view want;  // of the critical alert
  };
  const Case cases[] = {
      {"change: {metric: v, over: 1d, warning: 20%, critical: 50%}", "abs(v - v offset 1d) / abs(v offset 1d) > 0.5"},
      {"change: {metric: v, over: 1d, critical: '< -30%'}", "(v - v offset 1d) / abs(v offset 1d) < -0.3"},
      {"change: {metric: v, over: 1w}, critical: '> 100%', by: [a]",
       "max by (a) ((v - v offset 1w) / abs(v offset 1w)) > 1"},
      {"change: {metric: v, over: 1w}, critical: '< -10%', by: [a]",
       "min by (a) ((v - v offset 1w) / abs(v offset 1w)) < -0.1"},
      {"change: {metric: v, over: 1h, kind: absolute}, critical: '> 10GiB'", "v - v offset 1h > 10737418240"},
      {"change: {metric: v, over: 1h, kind: absolute}, critical: 5", "abs(v - v offset 1h) > 5"},
      {"change: {metric: a + b, over: 1h, kind: absolute}, critical: 5",
       "abs((a + b) - (a offset 1h + b offset 1h)) > 5"},
      {"change: {metric: 'sum(rate(a[5m] offset 10m))', over: 1h, kind: absolute}, critical: 5",
       "abs(sum(rate(a[5m] offset 10m)) - sum(rate(a[5m] offset 1h10m))) > 5"},
      {"change: {metric: 'max_over_time(sum(a)[1h:1m])', over: 1d, kind: absolute}, critical: 5",
       "abs(max_over_time(sum(a)[1h:1m]) - max_over_time(sum(a)[1h:1m] offset 1d)) > 5"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.keys);
    EXPECT_EQ(Alert(c.keys), c.want);
  }
}

TEST(ThresholdFormsTest, MissingSeries) {
  struct Case {
    std::string_view keys;
    std::string_view want;
  };
  const Case cases[] = {
      {"value: v, missing: warning",
       "T condition=missing,severity=warning: absent(v)\n"
       "T condition=vanished,severity=warning: present_over_time(v[1h]) unless v\n"},
      {"value: 'v{a=\"b\"}', missing: {severity: critical, lookback: 2d}",
       "T condition=missing,severity=critical: absent(v{a=\"b\"})\n"
       "T condition=vanished,severity=critical: present_over_time(v{a=\"b\"}[2d]) unless v{a=\"b\"}\n"},
      {"value: v, missing: {severity: critical, lookback: 0s}", "T condition=missing,severity=critical: absent(v)\n"},
      // not a selector: what was recorded of it
      {"value: a / b, missing: warning",
       "T condition=missing,severity=warning: absent(a / b)\n"
       "T condition=vanished,severity=warning,threshold=: "
       "present_over_time(tocsin_threshold_value{threshold=\"T\"}[1h])"
       " unless tocsin_threshold_value{threshold=\"T\"}\n"},
      // one value without labels vanishes when everything does
      {"value: sum(v), missing: warning", "T condition=missing,severity=warning: absent(sum(v))\n"},
      {"value: sum by (a) (v), missing: warning",
       "T condition=missing,severity=warning: absent(sum by (a) (v))\n"
       "T condition=vanished,severity=warning,threshold=: "
       "present_over_time(tocsin_threshold_value{threshold=\"T\"}[1h])"
       " unless tocsin_threshold_value{threshold=\"T\"}\n"},
      {"ratio: {bad: a, total: b}, missing: warning", "T condition=missing,severity=warning: absent(b)\n"},
      {"ratio: {bad: a, total: b, by: [c]}, missing: warning",
       "T condition=missing,severity=warning: absent(b)\n"
       "T condition=vanished,severity=warning: group by (c) (present_over_time(b[1h])) unless group by (c) (b)\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.keys);
    const std::string all = Compiled(c.keys);
    EXPECT_EQ(all.substr(std::min(all.size(), all.find("T condition="))), c.want);
  }
}

TEST(ThresholdFormsTest, ActiveTimes) {
  struct Case {
    std::string_view active;
    std::string_view want;
  };
  const Case cases[] = {
      {"days: [mon-fri], hours: '08:00-18:00'", "day_of_week() >= 1 <= 5 and hour() >= 8 < 18"},
      {"days: mon-fri, hours: '8-18', time_zone: UTC", "day_of_week() >= 1 <= 5 and hour() >= 8 < 18"},
      {"hours: '08:30-17:45'", "hour() * 60 + minute() >= 510 < 1065"},
      {"hours: '00:00-06:00'", "hour() < 6"},
      {"hours: '18:00-24:00'", "hour() >= 18"},
      {"days: [Saturday, sun]", "(day_of_week() == 0 or day_of_week() == 6)"},
      {"days: [sat-mon, wed]", "(day_of_week() >= 0 <= 1 or day_of_week() == 3 or day_of_week() == 6)"},
      {"hours: ['08:00-12:00', '13:00-18:00']", "hour() >= 8 < 12 or hour() >= 13 < 18"},
      // into the next day, which then is one day further
      {"days: [fri], hours: '22:00-06:00'", "day_of_week() == 5 and hour() >= 22 or day_of_week() == 6 and hour() < 6"},
      {"days: [mon-fri], hours: '08:00-18:00', time_zone: '+02:00'",
       "day_of_week(vector(time() + 7200)) >= 1 <= 5 and hour(vector(time() + 7200)) >= 8 < 18"},
      {"hours: '08:00-18:00', time_zone: 'UTC-3:30'", "hour(vector(time() - 12600)) >= 8 < 18"},
      {"hours: '08:00-18:00', time_zone: America/Bogota", "hour(vector(time() - 18000)) >= 8 < 18"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.active);
    EXPECT_EQ(Alert(fmt::format("value: v, critical: '> 5', active: {{{}}}", c.active)),
              fmt::format("(v > 5) and on () ({})", c.want));
  }
  constexpr std::string_view kWarnings =
      "value: v, warning: '> 3', critical: '> 5', active: {days: sun, severities: warning}";
  EXPECT_EQ(Alert(kWarnings), "v > 5");
  EXPECT_EQ(Alert(kWarnings, "warning"), "(v > 3) and on () (day_of_week() == 0)");
}

TEST(ThresholdFormsTest, TellsEveryMistakeWithItsPlace) {
  EXPECT_EQ(Mistakes(R"(thresholds:
  - name: A
    ratio: {bad: a, total: b, by: [tenant]}
    warning: "> 100%"
    critical: "< 0%"
  - name: B
    value: v
    warning: "> 5"
    critical: "> 10"
    overrides:
      - {match: {tenant: x}, critical: 4}
      - {match: {tenant: y}, critical: "< 20"}
      - {match: {tenant: "=~.*"}, warning: 1}
      - {match: {"": x}, warning: 1}
      - {match: {tenant: z}}
      - {warning: 1}
      - {match: {tenant: z}, warning: many, crtical: 1}
      - {match: {}, warning: 1}
  - name: C
    value: v
    by: [region]
    critical: "> 10"
    overrides: [{match: {tenant: x}, critical: 20}]
  - name: D
    change: {metric: time() - v, over: 0s, kind: other, warning: 20%}
    warning: "> 30%"
    critical: "> 50%"
  - name: E
    change: {metric: v @ 5, over: 1d, warning: -5%}
  - name: F
    change: {metric: v, over: 1d, warning: 5%}
    unit: percent
  - name: G
    value: v
    critical: "> 1"
    active: {days: [mon-fri, moonday], hours: ["8-25", "9-9"], time_zone: Africa/Casablanca, severities: [high]}
  - name: H
    value: v
    critical: "> 1"
    active: {time_zone: Mars/Olympus}
  - name: I
    value: v
    critical: "> 1"
    active: {hours: "00:00-24:00"}
  - name: J
    slo: {objective: 100%, window: 1h, total: b}
    critical: "> 1"
    overrides: [{match: {a: b}, critical: 1}]
  - name: K
    slo: {objective: 99.9%, bad: a, good: b, total: c}
  - name: L
    slo: {objective: 99.9%, bad: 'rate(a[5m])', total: 'a + b'}
  - name: M
    value: v
    missing: {severity: high, lookback: soon}
  - name: N
    value: v
    missing: {lookback: 1h}
)"),
            R"(f.yml:4:14: thresholds[0].warning: > 100% is never reached: the value is always from 0% to 100%
f.yml:5:15: thresholds[0].critical: < 0% is never reached: the value is always from 0% to 100%
f.yml:11:40: thresholds[1].overrides[0].critical: warning (> 5) is never reached before critical (> 4)
f.yml:12:40: thresholds[1].overrides[1].critical: compares with < where the threshold's critical compares with >
f.yml:13:9: thresholds[1].overrides[2]: match takes series without these labels as well; give one of them a value
f.yml:14:22: thresholds[1].overrides[3].match.: invalid label name ""
f.yml:15:9: thresholds[1].overrides[4]: changes nothing: give target, warning or critical
f.yml:16:9: thresholds[1].overrides[5]: "match" is missing
f.yml:17:39: thresholds[1].overrides[6].warning: expected a number in "many"
f.yml:17:45: thresholds[1].overrides[6]: unknown key "crtical" (did you mean "critical"?)
f.yml:18:9: thresholds[1].overrides[7]: match names no label
f.yml:23:34: thresholds[2].overrides[0].match.tenant: no series has the label "tenant": it is not in `by`
f.yml:25:22: thresholds[3].change.metric: an expression with time() cannot be asked for what it was
f.yml:25:40: thresholds[3].change.over: must be longer than 0s
f.yml:25:50: thresholds[3].change.kind: expected relative or absolute, found "other"
f.yml:26:14: thresholds[3].warning: is given twice, here and in change
f.yml:27:15: thresholds[3].critical: warning and critical must both be a number alone, or both have a comparison
f.yml:29:22: thresholds[4].change.metric: an expression with @ cannot be asked for what it was
f.yml:29:48: thresholds[4].change.warning: a change in either direction is more than 0
f.yml:32:11: thresholds[5].unit: the unit of a relative change is always ratio; limits may still be written in other units
f.yml:36:30: thresholds[6].active.days[1]: expected a day or a range such as mon-fri, not "moonday"
f.yml:36:48: thresholds[6].active.hours[0]: expected hours such as "08:00-18:00", not "8-25"
f.yml:36:56: thresholds[6].active.hours[1]: expected hours such as "08:00-18:00", not "9-9"
f.yml:36:75: thresholds[6].active.time_zone: the clocks of Africa/Casablanca change by no yearly rule, which PromQL cannot follow; give a fixed offset such as "+01:00"
f.yml:36:107: thresholds[6].active.severities[0]: expected warning or critical, found "high"
f.yml:40:25: thresholds[7].active.time_zone: expected UTC, an offset such as "+02:00" or the name of a time zone: unknown time zone Mars/Olympus
f.yml:44:13: thresholds[8].active: says nothing: these are all times; give days or hours, or leave it out
f.yml:45:5: thresholds[9]: what the objective counts is missing: give slo.bad or slo.good
f.yml:46:22: thresholds[9].slo.objective: expected a percentage between 0% and 100%, such as "99.9%", not "100%"
f.yml:46:36: thresholds[9].slo.window: must be a day or longer: the windows of its alerts are parts of it
f.yml:47:15: thresholds[9].critical: an slo has no limits or unit but its objective
f.yml:48:17: thresholds[9].overrides[0]: an slo has no overrides
f.yml:49:5: thresholds[10]: only one of slo.bad and slo.good may be given
f.yml:52:34: thresholds[11].slo.bad: this must be a selector such as http_requests_total{code=~"5.."}, because its rate is taken
f.yml:52:56: thresholds[11].slo.total: this must be a selector such as http_requests_total{code=~"5.."}, because its rate is taken
f.yml:55:25: thresholds[12].missing.severity: expected warning or critical, found "high"
f.yml:55:41: thresholds[12].missing.lookback: not a valid duration string: "soon"
f.yml:58:14: thresholds[13].missing: "severity" is missing
)");
}

// What was told while it was read leaves parts of a threshold out; none of it is compiled.
TEST(ThresholdFormsTest, NothingIsMadeOfHalfAThreshold) {
  EXPECT_EQ(Mistakes(R"(thresholds:
  - {name: A, ratio: {bad: a}, critical: "> 1%"}
  - {name: B, value: , critical: "> 1"}
  - {name: C, change: , critical: "> 1"}
  - {name: D, change: {over: 1d}, critical: "> 1"}
  - {name: E, slo: {good: a}}
  - {name: F, slo: half}
  - {name: G, value: v, overrides: {a: b}, critical: "> 1"}
  - {name: H, value: v, active: always, critical: "> 1"}
  - {name: I, value: v, missing: [critical]}
)"),
            R"(f.yml:2:22: thresholds[0].ratio: "total" is missing
f.yml:3:5: thresholds[1]: what to measure is missing: give value, ratio, age, change or slo
f.yml:4:5: thresholds[2]: what to measure is missing: give value, ratio, age, change or slo
f.yml:5:23: thresholds[3].change: "metric" is missing
f.yml:6:20: thresholds[4].slo: "objective" is missing
f.yml:7:20: thresholds[5].slo: expected a map
f.yml:8:36: thresholds[6].overrides: expected a list
f.yml:9:33: thresholds[7].active: expected a map
f.yml:10:34: thresholds[8].missing: expected a map
)");
  // the words are those of base::Matcher
  const auto matcher = base::Matcher::Make(base::MatchType::regex, "a", "(");
  ASSERT_FALSE(matcher);
  EXPECT_EQ(
      Mistakes("thresholds: [{name: T, value: v, critical: '> 1', overrides: [{match: {a: '=~('}, critical: 2}]}]"),
      fmt::format("f.yml:1:75: thresholds[0].overrides[0].match.a: {}\n", matcher.error().message));
}

// A real Prometheus' tool takes all of it.
TEST(ThresholdFormsTest, PromtoolAcceptsWhatIsExpanded) {
  ASSERT_EQ(std::system("promtool --version >/dev/null 2>&1"), 0) << "no promtool; tools/setup test installs it";
  constexpr std::string_view kMore = R"(thresholds:
  - {name: Drop, change: {metric: sum by (a) (v), over: 1d, warning: 20%, critical: 50%}, by: [a], missing: warning}
  - name: Office
    value: a / b
    missing: {severity: critical, lookback: 2h}
    warning: "> 3"
    overrides: [{match: {a: x, b: "=~y|z"}, warning: 5}, {match: {a: x, b: "!~q.*"}, warning: 7, critical: 8}, {match: {c: d}, warning: 9}]
    active: {days: [mon-fri, sun], hours: ["08:30-12:00", "22:00-06:00"], time_zone: "+05:30"}
  - {name: ApiAvailability, slo: {objective: 99.9%, bad: 'errors_total{code=~"5.."}', total: requests_total, by: [service]}, labels: {team: api}}
  - {name: Up, slo: {objective: 99, good: up, by: [job]}, missing: critical, active: {days: sat}}
  - {name: Mail, slo: {objective: 99.5%, bad: mails_failed_total, total: mails_total, window: 1w}}
  - {name: Night, value: v, warning: "> 3", active: {hours: "22:30-06:00", time_zone: Europe/Berlin}}
  - {name: Backup, age: backup_timestamp_seconds, critical: "> 1d", missing: critical}
)";
  const test::TemporaryDirectory folder;
  for (const auto& [yaml, count] : {std::pair(kErrorRate, 5), {kMore, 65}}) {
    const std::string expanded = ExpandRules(Load(yaml));
    const std::string file = folder.Write("rules.yml", expanded);
    const std::string log = (folder.path() / "log").string();
    const int status =
        std::system(fmt::format("promtool check rules --lint=all --lint-fatal {} >{} 2>&1", file, log).c_str());
    EXPECT_EQ(status, 0) << test::ReadFile(log) << expanded;
    EXPECT_EQ(test::ReadFile(log), fmt::format("Checking {}\n  SUCCESS: {} rules found\n\n", file, count));
  }
}

}  // namespace
}  // namespace rules
