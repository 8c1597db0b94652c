#include "rules/builtin/builtin_rules.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "rules/threshold/expand.h"
#include "tests/rules/world.h"

namespace rules {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> Described(const RuleGroup& group) {
  std::vector<std::string> rules;
  for (const Rule& rule : group.rules) {
    const auto kind = rule.labels.find("kind");
    rules.push_back(rule.name + " " + (kind == rule.labels.end() ? "" : kind->second + " ") +
                    base::FormatDuration(rule.hold) + " " + rule.expression);
  }
  return rules;
}

TEST(BuiltinRules, OneIntervalNeedsNoJobs) {
  const auto groups = BuiltinRules({.scrape_interval = 15s, .own_interval = 15s});
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].Key(), "builtin;sources");
  EXPECT_EQ(groups[0].interval, 15s);
  EXPECT_EQ(
      Described(groups[0]),
      (std::vector<std::string>{"SourceLost target 30s up{} == 0", "SourceLost database 30s tocsin_target_up{} == 0",
                                "SourceLost collector 30s tocsin_collector_success{} == 0\n"
                                "unless on (job, instance, target) tocsin_target_up{} == 0"}));
  EXPECT_EQ(groups[1].Key(), "builtin;tocsin");
  EXPECT_EQ(groups[1].interval, std::nullopt);
  for (const RuleGroup& group : groups) {
    EXPECT_TRUE(group.builtin);
    EXPECT_EQ(group.query_offset, 0s);
    for (const Rule& rule : group.rules) {
      EXPECT_TRUE(rule.to_root_route) << rule.name;
      EXPECT_EQ(rule.source_lost, rule.name == "SourceLost");
      EXPECT_EQ(rule.no_data, NoDataPolicy::resolve) << rule.name;
      EXPECT_TRUE(rule.annotations.contains("summary")) << rule.name;
    }
  }
}

TEST(BuiltinRules, JobsWithOtherIntervalsWaitForThreeRunsOfTheirOwn) {
  const auto groups = BuiltinRules({.jobs = {{5s, {"a.b", "tocsin"}}}, .scrape_interval = 1min, .own_interval = 5s});
  EXPECT_EQ(groups[0].interval, 5s);
  const std::vector<std::string> rules = Described(groups[0]);
  ASSERT_EQ(rules.size(), 6U);
  EXPECT_EQ(rules[0], R"(SourceLost target 10s up{job=~"a\\.b|tocsin"} == 0)");
  EXPECT_EQ(rules[3], R"(SourceLost target 2m up{job!~"a\\.b|tocsin"} == 0)");
}

TEST(BuiltinRules, SwitchedOffOnlyLostSourcesAreLeft) {
  const auto groups = BuiltinRules({.alerts = false});
  ASSERT_EQ(groups.size(), 1U);
  for (const Rule& rule : groups[0].rules) {
    EXPECT_TRUE(rule.source_lost);
    EXPECT_FALSE(rule.to_root_route);
  }
}

TEST(BuiltinRules, TheRulesAreSaidAsARuleFile) {
  const std::string text = ExpandRules({BuiltinRules({}), {}});
  base::YamlErrors errors;
  const RuleSet read = ParseRuleFile(text, "expanded.yml", {}, errors);
  EXPECT_EQ(errors.ToString(), "");
  EXPECT_EQ(read.groups.size(), 2U);
}

TEST(BuiltinRules, ThePageHoldsEveryAlert) {
  const std::string page = BuiltinAlertsPage();
  for (const RuleGroup& group : BuiltinRules({})) {
    for (const Rule& rule : group.rules)
      EXPECT_NE(page.find("\n## " + rule.name + "\n"), std::string::npos) << rule.name;
  }
}

}  // namespace
}  // namespace rules
