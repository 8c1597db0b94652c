// Service level objectives: what they compile to, as whole texts.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "rules/threshold/expand.h"
#include "tests/rules/threshold_texts.h"

namespace rules {
namespace {

constexpr std::string_view kAvailability = R"(
thresholds:
  - name: ApiAvailability
    slo:
      objective: 99.9%
      bad: http_requests_total{code=~"5.."}
      total: http_requests_total
      by: [service]
    labels: {team: api}
)";

TEST(ThresholdSloTest, AnObjectiveOfThirtyDaysIsTheWorkbooks) {
  EXPECT_EQ(ExpandRules(Load(kAvailability)),
            R"(# Critical silences warning. For alertmanager.yml, which rule files cannot say:
# inhibit_rules:
#   - source_matchers: ['alertname="ApiAvailability"', severity=critical]
#     target_matchers: ['alertname="ApiAvailability"', severity=warning]
#     equal: [alertname, service]
groups:
  - name: ApiAvailability
    rules:
      - record: tocsin_threshold_value
        expr: (sum by (service) (rate(http_requests_total{code=~"5.."}[30d])) or sum by (service) (rate(http_requests_total[30d])) * 0) / sum by (service) (rate(http_requests_total[30d]))
        labels:
          threshold: ApiAvailability
      - record: tocsin_threshold_limit
        expr: vector(0.001)
        labels:
          comparison: <=
          limit: target
          threshold: ApiAvailability
          unit: ratio
      - record: tocsin_slo_error_ratio
        expr: (sum by (service) (rate(http_requests_total{code=~"5.."}[5m])) or sum by (service) (rate(http_requests_total[5m])) * 0) / sum by (service) (rate(http_requests_total[5m]))
        labels:
          threshold: ApiAvailability
          window: 5m
      - record: tocsin_slo_error_ratio
        expr: (sum by (service) (rate(http_requests_total{code=~"5.."}[30m])) or sum by (service) (rate(http_requests_total[30m])) * 0) / sum by (service) (rate(http_requests_total[30m]))
        labels:
          threshold: ApiAvailability
          window: 30m
      - record: tocsin_slo_error_ratio
        expr: (sum by (service) (rate(http_requests_total{code=~"5.."}[1h])) or sum by (service) (rate(http_requests_total[1h])) * 0) / sum by (service) (rate(http_requests_total[1h]))
        labels:
          threshold: ApiAvailability
          window: 1h
      - record: tocsin_slo_error_ratio
        expr: (sum by (service) (rate(http_requests_total{code=~"5.."}[2h])) or sum by (service) (rate(http_requests_total[2h])) * 0) / sum by (service) (rate(http_requests_total[2h]))
        labels:
          threshold: ApiAvailability
          window: 2h
      - record: tocsin_slo_error_ratio
        expr: (sum by (service) (rate(http_requests_total{code=~"5.."}[6h])) or sum by (service) (rate(http_requests_total[6h])) * 0) / sum by (service) (rate(http_requests_total[6h]))
        labels:
          threshold: ApiAvailability
          window: 6h
      - record: tocsin_slo_error_ratio
        expr: (sum by (service) (rate(http_requests_total{code=~"5.."}[1d])) or sum by (service) (rate(http_requests_total[1d])) * 0) / sum by (service) (rate(http_requests_total[1d]))
        labels:
          threshold: ApiAvailability
          window: 1d
      - record: tocsin_slo_error_ratio
        expr: (sum by (service) (rate(http_requests_total{code=~"5.."}[3d])) or sum by (service) (rate(http_requests_total[3d])) * 0) / sum by (service) (rate(http_requests_total[3d]))
        labels:
          threshold: ApiAvailability
          window: 3d
      - record: tocsin_slo_objective_ratio
        expr: vector(0.999)
        labels:
          threshold: ApiAvailability
      - record: tocsin_slo_error_budget_remaining_ratio
        expr: 1 - tocsin_threshold_value{threshold="ApiAvailability"} / 0.001
        labels:
          threshold: ApiAvailability
      - alert: ApiAvailability
        # no_data: keep
        expr: (tocsin_slo_error_ratio{threshold="ApiAvailability",window="1h"} > 14.4 * 0.001 and ignoring (window) tocsin_slo_error_ratio{threshold="ApiAvailability",window="5m"} > 14.4 * 0.001) or ignoring (window) (tocsin_slo_error_ratio{threshold="ApiAvailability",window="6h"} > 6 * 0.001 and ignoring (window) tocsin_slo_error_ratio{threshold="ApiAvailability",window="30m"} > 6 * 0.001)
        labels:
          severity: critical
          team: api
          threshold: ''
          window: ''
        annotations:
          limit: objective 99.9% over 30d; burn rate > 14.4 in 1h or > 6 in 6h
          summary: 'ApiAvailability (service {{ $labels.service }}) spends its error budget too fast: {{ $value | humanizePercentage }} went wrong in {{ $labels.window }} (critical: objective 99.9% over 30d)'
          value: '{{ $value | humanizePercentage }}'
      - alert: ApiAvailability
        # no_data: keep
        expr: (tocsin_slo_error_ratio{threshold="ApiAvailability",window="1d"} > 3 * 0.001 and ignoring (window) tocsin_slo_error_ratio{threshold="ApiAvailability",window="2h"} > 3 * 0.001) or ignoring (window) (tocsin_slo_error_ratio{threshold="ApiAvailability",window="3d"} > 1 * 0.001 and ignoring (window) tocsin_slo_error_ratio{threshold="ApiAvailability",window="6h"} > 1 * 0.001)
        labels:
          severity: warning
          team: api
          threshold: ''
          window: ''
        annotations:
          limit: objective 99.9% over 30d; burn rate > 3 in 1d or > 1 in 3d
          summary: 'ApiAvailability (service {{ $labels.service }}) spends its error budget too fast: {{ $value | humanizePercentage }} went wrong in {{ $labels.window }} (warning: objective 99.9% over 30d)'
          value: '{{ $value | humanizePercentage }}'
)");
}

TEST(ThresholdSloTest, ObjectivesOfOtherKinds) {
  const auto lines = [](std::string_view slo, std::string_view start) {
    std::string out;
    const std::string all = Compiled(fmt::format("slo: {{{}}}", slo));
    for (const std::string_view line : base::Split(all, '\n')) {
      if (line.starts_with(start)) out += fmt::format("{}\n", line);
    }
    return out;
  };
  EXPECT_EQ(
      lines("objective: 99.5, good: ok_total, total: all_total, window: 7d", "tocsin_slo_error_ratio"),
      R"(tocsin_slo_error_ratio threshold=T,window=5m: 1 - (sum(rate(ok_total[5m])) or sum(rate(all_total[5m])) * 0) / sum(rate(all_total[5m]))
tocsin_slo_error_ratio threshold=T,window=7m: 1 - (sum(rate(ok_total[7m])) or sum(rate(all_total[7m])) * 0) / sum(rate(all_total[7m]))
tocsin_slo_error_ratio threshold=T,window=14m: 1 - (sum(rate(ok_total[14m])) or sum(rate(all_total[14m])) * 0) / sum(rate(all_total[14m]))
tocsin_slo_error_ratio threshold=T,window=28m: 1 - (sum(rate(ok_total[28m])) or sum(rate(all_total[28m])) * 0) / sum(rate(all_total[28m]))
tocsin_slo_error_ratio threshold=T,window=1h24m: 1 - (sum(rate(ok_total[1h24m])) or sum(rate(all_total[1h24m])) * 0) / sum(rate(all_total[1h24m]))
tocsin_slo_error_ratio threshold=T,window=5h36m: 1 - (sum(rate(ok_total[5h36m])) or sum(rate(all_total[5h36m])) * 0) / sum(rate(all_total[5h36m]))
tocsin_slo_error_ratio threshold=T,window=16h48m: 1 - (sum(rate(ok_total[16h48m])) or sum(rate(all_total[16h48m])) * 0) / sum(rate(all_total[16h48m]))
)");
  EXPECT_EQ(lines("objective: 0.99, good: up", "tocsin_threshold_value"),
            "tocsin_threshold_value threshold=T: 1 - avg(avg_over_time(up[30d]))\n");
  EXPECT_EQ(lines("objective: 0.99, bad: down, by: [a, b], window: 90d", "tocsin_threshold_value"),
            "tocsin_threshold_value threshold=T: avg by (a, b) (avg_over_time(down[90d]))\n");
  // 14.4 times a tenth is more than all there is
  EXPECT_EQ(
      lines("objective: 90%, good: up", "T "),
      R"(T severity=critical,threshold=,window=: (tocsin_slo_error_ratio{threshold="T",window="6h"} > 6 * 0.1 and ignoring (window) tocsin_slo_error_ratio{threshold="T",window="30m"} > 6 * 0.1)
T severity=warning,threshold=,window=: (tocsin_slo_error_ratio{threshold="T",window="1d"} > 3 * 0.1 and ignoring (window) tocsin_slo_error_ratio{threshold="T",window="2h"} > 3 * 0.1) or ignoring (window) (tocsin_slo_error_ratio{threshold="T",window="3d"} > 1 * 0.1 and ignoring (window) tocsin_slo_error_ratio{threshold="T",window="6h"} > 1 * 0.1)
)");
}

}  // namespace
}  // namespace rules
