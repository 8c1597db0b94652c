// A real Prometheus' rule engine (promtool test rules) evaluates what thresholds expand to as they mean it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "rules/rule_file.h"
#include "rules/threshold/expand.h"
#include "tests/support/support.h"

namespace rules {
namespace {

constexpr std::string_view kThresholds = R"yaml(thresholds:
  - name: Errors
    value: error_percent
    unit: percent
    by: [tenant]
    warning: "> 3"
    critical: "> 5"
    overrides:
      - {match: {tenant: acme}, warning: 10, critical: 20}
      - {match: {tenant: "=~a.*|beta"}, critical: none}
  - name: Full
    value: used
    critical: "> 5"
    overrides:
      - {match: {host: a, disk: "=~sd.*"}, critical: 8}
      - {match: {host: a}, critical: 2}
  - name: Drop
    change: {metric: revenue, over: 1h, warning: 20%, critical: 50%}
    missing: {severity: warning, lookback: 2h}
  - name: Stale
    age: synced_at
    by: [tenant]
    critical: "> 10h"
    missing: {severity: warning, lookback: 30m}
  - name: Ratio
    value: a / b
    missing: critical
  - name: Night
    value: v
    critical: "> 5"
    active: {days: [thu], hours: "00:30-02:00", time_zone: "-00:30"}
  - name: Api
    slo: {objective: 99%, bad: 'requests_total{code="500"}', total: requests_total, by: [service]}
  - name: Probe
    slo: {objective: 99.5%, good: probe_success, window: 7d, by: [job]}
    missing: critical
)yaml";

constexpr std::string_view kVerdicts = R"yaml(rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'error_percent{tenant="acme"}', values: '15+0x10'}
      - {series: 'error_percent{tenant="azur"}', values: '50+0x10'}
      - {series: 'error_percent{tenant="corp"}', values: '6+0x10'}
      - {series: 'used{host="a",disk="sda"}', values: '7+0x10'}
      - {series: 'used{host="a",disk="nvme"}', values: '3+0x10'}
      - {series: 'used{host="b"}', values: '6+0x10'}
      - {series: 'synced_at{tenant="a"}', values: '1+0x10 _x60'}
      - {series: 'synced_at{tenant="b"}', values: '1+0x70'}
      - {series: 'synced_at{tenant="c"}', values: '0x200'}
      - {series: 'a{t="x"}', values: '1+0x70'}
      - {series: 'b{t="x"}', values: '1+0x70'}
      - {series: 'a{t="y"}', values: '1+0x20'}
      - {series: 'b{t="y"}', values: '1+0x20'}
      - {series: 'v', values: '9+0x200'}
      - {series: 'revenue{shop="a"}', values: '100+0x60 75+0x60'}
      - {series: 'requests_total{service="s",code="200"}', values: '0+1000x60 60000+550x120'}
      - {series: 'requests_total{service="s",code="500"}', values: '0+0x60 0+450x120'}
      - {series: 'probe_success{job="p"}', values: '1+0x60 0+0x120'}
    alert_rule_test:
      - {eval_time: 5m, alertname: Errors, exp_alerts: [
          {exp_labels: {severity: critical, tenant: corp}, exp_annotations: {limit: "> 5%", value: "6%", summary: "Errors (tenant corp) is 6% (critical: > 5%)"}},
          {exp_labels: {severity: warning, tenant: acme}, exp_annotations: {limit: "> 10%", value: "15%", summary: "Errors (tenant acme) is 15% (warning: > 10%)"}},
          {exp_labels: {severity: warning, tenant: azur}, exp_annotations: {limit: "> 3%", value: "50%", summary: "Errors (tenant azur) is 50% (warning: > 3%)"}},
          {exp_labels: {severity: warning, tenant: corp}, exp_annotations: {limit: "> 3%", value: "6%", summary: "Errors (tenant corp) is 6% (warning: > 3%)"}}]}
      - {eval_time: 5m, alertname: Full, exp_alerts: [
          {exp_labels: {severity: critical, host: b}, exp_annotations: {limit: "> 5", value: "6", summary: "Full is 6 (critical: > 5)"}},
          {exp_labels: {severity: critical, host: a, disk: nvme}, exp_annotations: {limit: "> 2", value: "3", summary: "Full is 3 (critical: > 2)"}}]}
      - {eval_time: 20m, alertname: Stale, exp_alerts: [
          {exp_labels: {severity: warning, condition: vanished, tenant: a}, exp_annotations: {limit: must not be missing, value: no data, summary: "Stale (tenant a) has no data any more"}},
          {exp_labels: {severity: warning, condition: never, tenant: c}, exp_annotations: {limit: must not be missing, value: never, summary: "Stale (tenant c) is never: its timestamp is 0"}}]}
      - {eval_time: 50m, alertname: Stale, exp_alerts: [
          {exp_labels: {severity: warning, condition: never, tenant: c}, exp_annotations: {limit: must not be missing, value: never, summary: "Stale (tenant c) is never: its timestamp is 0"}}]}
      - {eval_time: 30m, alertname: Ratio, exp_alerts: [
          {exp_labels: {severity: critical, condition: vanished, t: y}, exp_annotations: {limit: must not be missing, value: no data, summary: "Ratio has no data any more"}}]}
      - {eval_time: 59m, alertname: Night, exp_alerts: []}
      - {eval_time: 60m, alertname: Night, exp_alerts: [{exp_labels: {severity: critical}, exp_annotations: {limit: "> 5", value: "9", summary: "Night is 9 (critical: > 5)"}}]}
      - {eval_time: 149m, alertname: Night, exp_alerts: [{exp_labels: {severity: critical}, exp_annotations: {limit: "> 5", value: "9", summary: "Night is 9 (critical: > 5)"}}]}
      - {eval_time: 150m, alertname: Night, exp_alerts: []}
      - {eval_time: 59m, alertname: Drop, exp_alerts: []}
      - {eval_time: 70m, alertname: Drop, exp_alerts: [{exp_labels: {severity: warning, shop: a}, exp_annotations: {limit: "> 20%", value: "25%", summary: "Drop changed by 25% within 1h (warning: > 20%)"}}]}
      - {eval_time: 60m, alertname: Api, exp_alerts: []}
    promql_expr_test:
      - {expr: 'count by (alertname, severity, service) (ALERTS{alertname="Api"})', eval_time: 120m, exp_samples: [{labels: '{alertname="Api", service="s", severity="critical"}', value: 1},{labels: '{alertname="Api", service="s", severity="warning"}', value: 1}]}
      - {expr: 'count by (alertname, severity, job) (ALERTS{alertname="Probe"})', eval_time: 120m, exp_samples: [{labels: '{alertname="Probe", job="p", severity="critical"}', value: 1},{labels: '{alertname="Probe", job="p", severity="warning"}', value: 1}]}
      - {expr: 'count by (alertname, window, threshold) (ALERTS{alertname=~"Probe|Api"})', eval_time: 120m, exp_samples: [{labels: '{alertname="Probe"}', value: 2},{labels: '{alertname="Api"}', value: 2}]}
      - {expr: 'tocsin_threshold_limit{threshold="Full"}', eval_time: 5m, exp_samples: [
          {labels: 'tocsin_threshold_limit{threshold="Full",limit="critical",comparison=">"}', value: 5},
          {labels: 'tocsin_threshold_limit{threshold="Full",limit="critical",comparison=">",host="a",disk="sda"}', value: 8},
          {labels: 'tocsin_threshold_limit{threshold="Full",limit="critical",comparison=">",host="a",disk="nvme"}', value: 2}]}
      - {expr: 'round(tocsin_slo_error_budget_remaining_ratio{threshold="Api"})', eval_time: 120m, exp_samples: [{labels: '{threshold="Api",service="s"}', value: -21}]}
)yaml";

TEST(ThresholdPromtoolTest, PrometheusJudgesTheSame) {
  ASSERT_EQ(std::system("promtool --version >/dev/null 2>&1"), 0) << "no promtool; tools/setup test installs it";
  base::YamlErrors errors;
  const RuleSet set = ParseRuleFile(kThresholds, "f.yml", {}, errors);
  ASSERT_EQ(errors.ToString(), "");
  const test::TemporaryDirectory folder;
  folder.Write("rules.yml", ExpandRules(set));
  const std::string file = folder.Write("test.yml", kVerdicts);
  const std::string log = (folder.path() / "log").string();
  const int status = std::system(fmt::format("promtool test rules {} >{} 2>&1", file, log).c_str());
  EXPECT_EQ(status, 0) << test::ReadFile(log);
}

}  // namespace
}  // namespace rules
