// What `rules expand` prints, as Prometheus' own tool sees it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "rules/rule_file.h"
#include "rules/threshold/expand.h"
#include "tests/support/support.h"

namespace rules {
namespace {

constexpr std::string_view kFile = R"(
groups:
  - name: "odd: names # here"
    interval: 30s
    limit: 5
    labels: {site: x}
    rules:
      - record: job:up:sum
        expr: |
          # a comment: with a colon
          sum by (job) (up)

      - alert: 'It''s down'
        expr: "up == 0"
        for: 1h30m
        keep_firing_for: 10m
        labels: {severity: "yes", number: "1e3", empty: ""}
        annotations:
          summary: "{{ $labels.job }}: \"down\" # really"
          description: "two\nlines\tand a tab"
          text: |
            first
              second

            third
thresholds:
  - {name: PAR_90, value: kpi_par_90_percent, unit: percent, target: "< 3", warning: "> 3", critical: "> 5", for: 5m,
     labels: {team: risk}, runbook: "https://runbooks.example.com/par-90"}
  - name: ApiErrorRate
    ratio: {bad: 'http_requests_total{code=~"5.."}', total: http_requests_total, over: 5m, by: [service]}
    critical: "> 2%"
    no_data: critical
  - {name: AirbyteSyncStale, age: airbyte_last_success_timestamp_seconds, by: [tenant], warning: "> 60m",
     missing: critical}
  - {name: Disk, value: disk_free_bytes / 2 or other, unit: bytes, warning: "< 10GiB", interval: 10s}
  - {name: Latency, value: max(latency), unit: milliseconds, warning: "> 2s", description: "{{ $value }}"}
)";

TEST(PromtoolTest, AcceptsWhatIsExpanded) {
  ASSERT_EQ(std::system("promtool --version >/dev/null 2>&1"), 0) << "no promtool; tools/setup test installs it";
  base::YamlErrors errors;
  const RuleSet set = ParseRuleFile(kFile, "f.yml", {}, errors);
  ASSERT_EQ(errors.ToString(), "");
  const std::string expanded = ExpandRules(set);
  const test::TemporaryDirectory folder;
  const std::string file = folder.Write("rules.yml", expanded);
  const std::string log = (folder.path() / "log").string();
  const int status =
      std::system(fmt::format("promtool check rules --lint=all --lint-fatal {} >{} 2>&1", file, log).c_str());
  EXPECT_EQ(status, 0) << test::ReadFile(log) << expanded;
  EXPECT_EQ(test::ReadFile(log), fmt::format("Checking {}\n  SUCCESS: 24 rules found\n\n", file));
}

// The printed file read again says the same, but for what Prometheus has no key for.
TEST(PromtoolTest, ExpandedReadsBack) {
  base::YamlErrors errors;
  const RuleSet set = ParseRuleFile(kFile, "f.yml", {}, errors);
  const std::string expanded = ExpandRules(set);
  const RuleSet again = ParseRuleFile(expanded, "f.yml", {}, errors);
  ASSERT_EQ(errors.ToString(), "");
  ASSERT_EQ(again.groups.size(), set.groups.size());
  for (size_t g = 0; g < set.groups.size(); ++g) {
    SCOPED_TRACE(set.groups[g].name);
    EXPECT_EQ(again.groups[g].name, set.groups[g].name);
    EXPECT_EQ(again.groups[g].interval, set.groups[g].interval);
    EXPECT_EQ(again.groups[g].limit, set.groups[g].limit);
    ASSERT_EQ(again.groups[g].rules.size(), set.groups[g].rules.size());
    for (size_t r = 0; r < set.groups[g].rules.size(); ++r) {
      SCOPED_TRACE(set.groups[g].rules[r].name);
      Rule rule = set.groups[g].rules[r];
      rule.no_data.reset();  // a comment
      EXPECT_TRUE(SameRule(again.groups[g].rules[r], rule)) << expanded;
    }
  }
}

}  // namespace
}  // namespace rules
