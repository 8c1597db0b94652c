// Rule files from elsewhere, read from the folder TOCSIN_CORPUS names: Prometheus' own good and bad ones, and the
// collection of real alert rules. Skipped without it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "rules/rule_file.h"
#include "rules/threshold/expand.h"
#include "tests/support/support.h"

namespace rules {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> Corpus() {
  const char* folder = std::getenv("TOCSIN_CORPUS");
  return folder == nullptr ? std::nullopt : std::optional<fs::path>(folder);
}

std::vector<fs::path> YamlFiles(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() && (extension == ".yml" || extension == ".yaml")) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
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

TEST(RulesConformanceTest, EveryRealAlertRuleLoads) {
  const auto corpus = Corpus();
  if (!corpus) GTEST_SKIP() << "TOCSIN_CORPUS is not set";
  size_t rules = 0;
  for (const fs::path& file : YamlFiles(*corpus / "alert-rules")) {
    const Loaded loaded = Load(file);
    EXPECT_EQ(loaded.mistakes, "");
    rules += loaded.rules;
  }
  EXPECT_EQ(rules, 954U);
}

TEST(RulesConformanceTest, PrometheusGoodAndBadRuleFiles) {
  const auto corpus = Corpus();
  if (!corpus) GTEST_SKIP() << "TOCSIN_CORPUS is not set";
  for (const fs::path& file : YamlFiles(*corpus / "rule-files")) {
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

TEST(RulesConformanceTest, PromtoolRuleFiles) {
  const auto corpus = Corpus();
  if (!corpus) GTEST_SKIP() << "TOCSIN_CORPUS is not set";
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
    const fs::path file = *corpus / "promtool" / c.file;
    const Loaded loaded = Load(file);
    EXPECT_EQ(loaded.mistakes.empty(), c.good) << loaded.mistakes;
  }
}

}  // namespace
}  // namespace rules
