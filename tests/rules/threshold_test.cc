#include "rules/threshold/threshold.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/rule_file.h"
#include "rules/threshold/expand.h"
#include "tests/support/support.h"

namespace rules {
namespace {

// The file as plain Prometheus rules, or its mistakes.
std::string Expand(std::string_view yaml) {
  base::YamlErrors errors;
  const RuleSet set = ParseRuleFile(yaml, "f.yml", {}, errors);
  return errors.empty() ? ExpandRules(set) : errors.ToString();
}

TEST(ThresholdTest, CompilesAValue) {
  EXPECT_EQ(Expand(R"(
thresholds:
  - name: PAR_90
    value: kpi_par_90_percent
    unit: percent
    target: "< 3"
    warning: "> 3"
    critical: "> 5"
    for: 5m
    labels: {team: risk}
    runbook: https://runbooks.example.com/par-90
)"),
            R"(# Critical silences warning. For alertmanager.yml, which rule files cannot say:
# inhibit_rules:
#   - source_matchers: ['alertname="PAR_90"', severity=critical]
#     target_matchers: ['alertname="PAR_90"', severity=warning]
#     equal: [alertname]  # and the labels that tell this value's series apart
groups:
  - name: PAR_90
    rules:
      - record: tocsin_threshold_value
        expr: kpi_par_90_percent
        labels:
          threshold: PAR_90
      - record: tocsin_threshold_limit
        expr: vector(3)
        labels:
          comparison: <
          limit: target
          threshold: PAR_90
          unit: percent
      - record: tocsin_threshold_limit
        expr: vector(3)
        labels:
          comparison: '>'
          limit: warning
          threshold: PAR_90
          unit: percent
      - record: tocsin_threshold_limit
        expr: vector(5)
        labels:
          comparison: '>'
          limit: critical
          threshold: PAR_90
          unit: percent
      - alert: PAR_90
        # no_data: keep
        expr: kpi_par_90_percent > 5
        for: 5m
        labels:
          severity: critical
          team: risk
        annotations:
          limit: '> 5%'
          runbook_url: https://runbooks.example.com/par-90
          summary: 'PAR_90 is {{ printf "%.4g" $value }}% (critical: > 5%)'
          value: '{{ printf "%.4g" $value }}%'
      - alert: PAR_90
        # no_data: keep
        expr: kpi_par_90_percent > 3
        for: 5m
        labels:
          severity: warning
          team: risk
        annotations:
          limit: '> 3%'
          runbook_url: https://runbooks.example.com/par-90
          summary: 'PAR_90 is {{ printf "%.4g" $value }}% (warning: > 3%)'
          value: '{{ printf "%.4g" $value }}%'
)");
}

TEST(ThresholdTest, CompilesARatio) {
  EXPECT_EQ(Expand(R"(
thresholds:
  - name: ApiErrorRate
    ratio: {bad: 'http_requests_total{code=~"5.."}', total: http_requests_total, over: 5m, by: [service]}
    critical: "> 2%"
)"),
            R"(groups:
  - name: ApiErrorRate
    rules:
      - record: tocsin_threshold_value
        expr: (sum by (service) (rate(http_requests_total{code=~"5.."}[5m])) or sum by (service) (rate(http_requests_total[5m])) * 0) / sum by (service) (rate(http_requests_total[5m]))
        labels:
          threshold: ApiErrorRate
      - record: tocsin_threshold_limit
        expr: vector(0.02)
        labels:
          comparison: '>'
          limit: critical
          threshold: ApiErrorRate
          unit: ratio
      - alert: ApiErrorRate
        # no_data: keep
        expr: (sum by (service) (rate(http_requests_total{code=~"5.."}[5m])) or sum by (service) (rate(http_requests_total[5m])) * 0) / sum by (service) (rate(http_requests_total[5m])) > 0.02
        labels:
          severity: critical
        annotations:
          limit: '> 2%'
          summary: 'ApiErrorRate (service {{ $labels.service }}) is {{ $value | humanizePercentage }} (critical: > 2%)'
          value: '{{ $value | humanizePercentage }}'
)");
}

TEST(ThresholdTest, CompilesAnAgeThatMayBeMissing) {
  EXPECT_EQ(Expand(R"(
thresholds:
  - name: AirbyteSyncStale
    age: airbyte_last_success_timestamp_seconds
    by: [tenant]
    warning: "> 60m"
    critical: "> 3h"
    missing: critical
)"),
            R"(# Critical silences warning. For alertmanager.yml, which rule files cannot say:
# inhibit_rules:
#   - source_matchers: ['alertname="AirbyteSyncStale"', severity=critical]
#     target_matchers: ['alertname="AirbyteSyncStale"', severity=warning]
#     equal: [alertname, tenant]
groups:
  - name: AirbyteSyncStale
    rules:
      - record: tocsin_threshold_value
        expr: time() - (max by (tenant) (airbyte_last_success_timestamp_seconds) > 0)
        labels:
          threshold: AirbyteSyncStale
      - record: tocsin_threshold_limit
        expr: vector(3600)
        labels:
          comparison: '>'
          limit: warning
          threshold: AirbyteSyncStale
          unit: seconds
      - record: tocsin_threshold_limit
        expr: vector(10800)
        labels:
          comparison: '>'
          limit: critical
          threshold: AirbyteSyncStale
          unit: seconds
      - alert: AirbyteSyncStale
        # no_data: keep
        expr: time() - (max by (tenant) (airbyte_last_success_timestamp_seconds) > 0) > 10800
        labels:
          severity: critical
        annotations:
          limit: '> 3h'
          summary: 'AirbyteSyncStale (tenant {{ $labels.tenant }}) is {{ $value | humanizeDuration }} (critical: > 3h)'
          value: '{{ $value | humanizeDuration }}'
      - alert: AirbyteSyncStale
        # no_data: keep
        expr: time() - (max by (tenant) (airbyte_last_success_timestamp_seconds) > 0) > 3600
        labels:
          severity: warning
        annotations:
          limit: '> 60m'
          summary: 'AirbyteSyncStale (tenant {{ $labels.tenant }}) is {{ $value | humanizeDuration }} (warning: > 60m)'
          value: '{{ $value | humanizeDuration }}'
      - alert: AirbyteSyncStale
        expr: absent(airbyte_last_success_timestamp_seconds)
        labels:
          condition: missing
          severity: critical
        annotations:
          limit: must not be missing
          summary: AirbyteSyncStale has no data
          value: no data
      - alert: AirbyteSyncStale
        # no_data: keep
        expr: group by (tenant) (present_over_time(airbyte_last_success_timestamp_seconds[1h])) unless group by (tenant) (airbyte_last_success_timestamp_seconds)
        labels:
          condition: vanished
          severity: critical
        annotations:
          limit: must not be missing
          summary: AirbyteSyncStale (tenant {{ $labels.tenant }}) has no data any more
          value: no data
      - alert: AirbyteSyncStale
        # no_data: keep
        expr: max by (tenant) (airbyte_last_success_timestamp_seconds) == 0
        labels:
          condition: never
          severity: critical
        annotations:
          limit: must not be missing
          summary: 'AirbyteSyncStale (tenant {{ $labels.tenant }}) is never: its timestamp is 0'
          value: never
)");
}

TEST(ThresholdTest, AnAgeOfATimestampOfZeroReadsAsNever) {
  const std::string expanded =
      Expand("thresholds: [{name: Backup, age: backup_timestamp_seconds, critical: '> 2d'}]\n");
  EXPECT_NE(expanded.find("time() - backup_timestamp_seconds > 172800\n"), std::string::npos) << expanded;
  EXPECT_NE(
      expanded.find("          summary: 'Backup is {{ if gt $value 1e9 }}never{{ else }}{{ $value | humanizeDuration }}"
                    "{{ end }} (critical: > 2d)'\n"),
      std::string::npos)
      << expanded;
}

TEST(ThresholdTest, ActiveTimesOfAPlaceWhoseClocksChange) {
  const std::string expanded = Expand(R"(
thresholds:
  - {name: Queue, value: queue_length, critical: "> 5", active: {days: mon-fri, hours: "08:00-18:00", time_zone: Europe/Berlin}}
)");
  EXPECT_NE(expanded.find(
                "      - record: tocsin_threshold_local_time_seconds\n        expr: vector(time() + 3600) + 3600 * ("),
            std::string::npos)
      << expanded;
  EXPECT_NE(expanded.find("        labels:\n          threshold: Queue\n          time_zone: Europe/Berlin\n"),
            std::string::npos)
      << expanded;
  constexpr std::string_view kSeries = "tocsin_threshold_local_time_seconds{threshold=\"Queue\"}";
  EXPECT_NE(expanded.find(fmt::format(
                "        expr: (queue_length > 5) and on () (day_of_week({0}) >= 1 <= 5 and hour({0}) >= 8 < 18)\n",
                kSeries)),
            std::string::npos)
      << expanded;
}

TEST(ThresholdTest, WarnsOfARatioWithoutItsPercentSign) {
  base::YamlErrors errors;
  ParseRuleFile(R"(
thresholds:
  - {name: A, value: used, unit: ratio, warning: "> 80", critical: "> 95%"}
  - {name: B, value: used, unit: ratio, warning: "> 0.8", critical: "> 1"}
  - {name: C, change: {metric: used, over: 1d, warning: "1.5", critical: "50"}}
)",
                "f.yml", {}, errors);
  EXPECT_EQ(errors.ToString(),
            "f.yml:3:50: thresholds[0].warning: warning (> 8000%) is never reached before critical (> 95%)\n");
  std::string warnings;
  for (const base::Error& warning : errors.warnings()) warnings += warning.ToString() + "\n";
  EXPECT_EQ(warnings,
            "f.yml:3:50: thresholds[0].warning: \"> 80\" of a ratio is 8000%; if 80% is meant, write \"> 80%\"\n"
            "f.yml:5:74: thresholds[2].change.critical: \"50\" of a ratio is 5000%; if 50% is meant, write \"50%\"\n");
}

TEST(ThresholdTest, ValueExpressions) {
  struct Case {
    std::string_view keys;
    std::string_view want;  // of the critical alert
  };
  const Case cases[] = {
      {"value: a / b, critical: '> 1'", "a / b > 1"},
      {"value: a or b, critical: '> 1'", "(a or b) > 1"},
      {"value: a > 0, critical: '> 1'", "(a > 0) > 1"},
      {"value: -a, critical: '< 1'", "-a < 1"},
      {"value: 'sum(a) # of all', critical: '> 1'", "sum(a) > 1"},
      {"value: time() - 5, critical: '> 1'", "vector(time() - 5) > 1"},
      {"value: a, by: [x, y], critical: '> 1'", "max by (x, y) (a) > 1"},
      {"value: a, by: [x], critical: '< 1'", "min by (x) (a) < 1"},
      {"age: 'a{b=\"c\"}', critical: '> 1d'", "time() - a{b=\"c\"} > 86400"},
      {"age: a + b, critical: '> 1d'", "time() - (a + b) > 86400"},
      {"ratio: {bad: a, total: b}, critical: '>= 0.5'", "(sum(a) or sum(b) * 0) / sum(b) >= 0.5"},
      {"value: a, critical: '!= 1'", "a != 1"},
      {"value: disk_free, critical: '< 10GiB'", "disk_free < 10737418240"},
      {"value: latency, critical: '> 250ms', warning: '> 0.1'", "latency > 0.25"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.keys);
    base::YamlErrors errors;
    const RuleSet set = ParseRuleFile(fmt::format("thresholds: [{{name: T, {}}}]", c.keys), "f.yml", {}, errors);
    ASSERT_EQ(errors.ToString(), "");
    const auto critical = std::ranges::find_if(set.groups.at(0).rules, [](const Rule& rule) {
      return rule.labels.contains("severity") && rule.labels.at("severity") == "critical";
    });
    ASSERT_NE(critical, set.groups[0].rules.end());
    EXPECT_EQ(critical->expression, c.want);
    EXPECT_NE(critical->parsed, nullptr);
  }
}

TEST(ThresholdTest, TellsEveryMistakeWithItsPlace) {
  EXPECT_EQ(Expand(R"(thresholds:
  - name: A
    value: sum(
    warning: "> 3"
  - name: A
    value: b
    warning: "> 3"
  - name: B
    warning: "> 3"
  - name: C
    value: a
    age: b
    warning: "> 3"
  - name: D
    value: a
    unit: percent
    target: "< 6"
    warning: "> 5"
    critical: "> 3"
  - name: E
    value: a
    warning: "> 5"
    critical: "< 3"
  - name: F
    value: a
    warning: "> 5 parsecs"
    critical: high
  - name: G
    age: a
    unit: bytes
    warning: "> 5%"
    missing: yes
  - name: H
    value: a
  - name: I
    ratio: {bad: 'rate(a[5m])', total: b, over: 5m}
    warning: "> 5%"
    labels: {severity: page}
    fro: 5m
  - value: "a"
    warning: "> 1"
  - name: J
    value: "up{"
    by: [x]
    critical: "== 0"
    runbok: x
  - name: K
    value: "'text'"
    for: soon
    critical: "> 60m"
    unit: percent
)"),
            R"(f.yml:3:16: thresholds[0].value: parse error: unclosed left parenthesis
f.yml:5:11: thresholds[1].name: threshold "A" is given twice, first on line 2
f.yml:8:5: thresholds[2]: what to measure is missing: give value, ratio, age, change or slo
f.yml:10:5: thresholds[3]: only one of value, ratio, age, change and slo may be given
f.yml:17:13: thresholds[4].target: a value can be on target (< 6%) and warning (> 5%) at once
f.yml:17:13: thresholds[4].target: a value can be on target (< 6%) and critical (> 3%) at once
f.yml:18:14: thresholds[4].warning: warning (> 5%) is never reached before critical (> 3%)
f.yml:23:15: thresholds[5].critical: critical (< 3) and warning (> 5) point in different directions
f.yml:26:14: thresholds[6].warning: unknown unit "parsecs" in "> 5 parsecs"; known are %, ms, s, m, h, d, w, B, kB, MB, GB, TB, KiB, MiB, GiB, TiB
f.yml:27:15: thresholds[6].critical: expected a comparison and a number, as in "> 3" or "< 1.5 %", not "high"
f.yml:30:11: thresholds[7].unit: the unit of an age is always seconds; limits may still be written in other units
f.yml:32:14: thresholds[7].missing: expected warning or critical, found "yes"
f.yml:33:5: thresholds[8]: nothing to alert on: give warning, critical or missing
f.yml:36:18: thresholds[9].ratio.bad: with `over` this must be a selector such as http_requests_total{code=~"5.."}, because its rate is taken
f.yml:38:24: thresholds[9].labels.severity: is set by the threshold itself
f.yml:39:5: thresholds[9]: unknown key "fro" (did you mean "for"?)
f.yml:40:5: thresholds[10]: "name" is missing
f.yml:43:16: thresholds[11].value: parse error: unexpected end of input inside braces
f.yml:45:15: thresholds[11].critical: `by` needs limits with > or <, which tell the worst of several series
f.yml:46:5: thresholds[11]: unknown key "runbok" (did you mean "runbook"?)
f.yml:48:12: thresholds[12].value: expected an expression that is an instant vector or a scalar, this is a string
f.yml:49:10: thresholds[12].for: not a valid duration string: "soon"
f.yml:50:15: thresholds[12].critical: "60m" cannot be compared with a value whose unit is percent
)");
}

}  // namespace
}  // namespace rules
