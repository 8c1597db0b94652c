// Rule files: Prometheus' own good and bad ones, and a collection of real alert rules.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "rules/lint/lint.h"
#include "rules/rule_file.h"
#include "rules/threshold/expand.h"
#include "tests/conformance/corpus.h"
#include "tests/support/support.h"

namespace rules {
namespace {

namespace fs = std::filesystem;

using conformance::Corpus;

std::vector<fs::path> YamlFiles(std::string_view folder) {
  return conformance::FilesBelow(Corpus(folder), {".yml", ".yaml"});
}

struct Loaded {
  size_t rules = 0;
  std::string mistakes;
};
Loaded Load(const fs::path& file) {
  base::YamlErrors errors;
  const RuleSet set = ParseRuleFile(test::ReadFile(file), file.string(), {}, errors);
  Loaded loaded{.rules = 0, .mistakes = errors.ToString()};
  for (const RuleGroup& group : set.groups) loaded.rules += group.rules.size();
  if (!errors.empty()) return loaded;
  const RuleSet again = ParseRuleFile(ExpandRules(set), "expanded", {}, errors);
  EXPECT_EQ(errors.ToString(), "") << "expanded from " << file;
  return loaded;
}

TEST(RulesConformance, EveryRealAlertRuleLoads) {
  size_t rules = 0;
  for (const fs::path& file : YamlFiles("alert-rules")) {
    const Loaded loaded = Load(file);
    EXPECT_EQ(loaded.mistakes, "");
    rules += loaded.rules;
  }
  EXPECT_EQ(rules, 954U);
}

TEST(RulesConformance, PrometheusGoodAndBadRuleFiles) {
  for (const fs::path& file : YamlFiles("rule-files")) {
    SCOPED_TRACE(file);
    const std::string name = file.filename().string();
    // annotation names outside the classic alphabet are bad only under the old naming rules, which are not ours
    const bool bad = (name.contains(".bad.") || name == "invalid_rules.yaml") && !name.starts_with("legacy_validation");
    const Loaded loaded = Load(file);
    if (bad) {
      EXPECT_TRUE(loaded.mistakes.starts_with(file.string() + ":")) << loaded.mistakes;
    } else {
      EXPECT_EQ(loaded.mistakes, "");
    }
  }
}

TEST(RulesConformance, PromtoolRuleFiles) {
  struct Case {
    std::string_view file;
    bool good;
  };
  const Case cases[] = {
      {"rules.yml", true},
      {"at-modifier.yml", true},
      {"negative-offset.yml", true},
      {"bad-rules-error.yml", true},
      {"prometheus-rules.lint.yml", true},
      {"prometheus-config.rules.good.yml", true},
      {"bad-rules-syntax.yml", false},
      {"rules_extrafields.yml", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.file);
    const fs::path file = Corpus("promtool") / c.file;
    const Loaded loaded = Load(file);
    EXPECT_EQ(loaded.mistakes.empty(), c.good) << loaded.mistakes;
  }
}

// The lints find in the real alert rules what is wrong with them, and nothing else.
TEST(RulesConformance, LintsOfRealAlertRules) {
  std::vector<std::string> files;
  for (const fs::path& file : YamlFiles("alert-rules")) files.push_back(file.string());
  base::YamlErrors errors;
  const RuleSet set = LoadRuleFiles(files, {}, errors);
  EXPECT_EQ(errors.ToString(), "");
  const std::string usual = "default";
  const auto chosen = ChooseLints(std::span(&usual, 1));
  std::set<std::string> found;
  for (const LintFinding& finding : RunLints(set.groups, {}, *chosen)) found.insert(finding.rule);
  EXPECT_EQ(found, (std::set<std::string>{
                       // count() == 0
                       "TraefikBackendDown", "TraefikServiceDown",
                       // x{a="1"} / x{a="2"} without `ignoring`
                       "MongodbTooManyConnections(percona)", "MongodbTooManyConnections(dcu)",
                       "MemcachedLowCacheHitRate(<80%)",
                       // the limit's label `limit` is on one side only
                       "MimirIngesterReachingSeriesLimitWarning", "MimirIngesterReachingSeriesLimitCritical",
                       "MimirIngesterReachingTenantsLimitWarning", "MimirIngesterReachingTenantsLimitCritical",
                       "MimirDistributorInflightRequestsHigh"}));
}

}  // namespace
}  // namespace rules
