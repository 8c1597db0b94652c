// The rule files in testdata/: as they are found in the field.
#include <gtest/gtest.h>

#include "rules/lint/lint.h"
#include "rules/rule_file.h"
#include "rules/threshold/expand.h"
#include "tests/support/support.h"

namespace rules {
namespace {

RuleSet Read(std::string_view name, std::string_view text) {
  base::YamlErrors errors;
  RuleSet set = ParseRuleFile(text, std::string(name), {}, errors);
  EXPECT_EQ(errors.ToString(), "");
  return set;
}

// "KIND NAME LABELS: EXPRESSION" of each rule.
std::string Show(const RuleSet& set) {
  std::string text;
  for (const RuleGroup& group : set.groups) {
    for (const Rule& rule : group.rules) {
      text += (rule.kind == RuleKind::alerting ? "alert " : "record ") + rule.name;
      for (const auto& [name, value] : rule.labels) text += " " + name + "=" + value;
      text += ": " + rule.expression + "\n";
    }
  }
  return text;
}

TEST(RulesTestdata, ReadExpandedAndReadAgainTheySayTheSame) {
  const struct {
    const char* file;
    size_t rules;
  } cases[] = {{"tests/rules/testdata/machines.yml", 7}, {"tests/rules/testdata/services.yml", 9}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.file);
    const RuleSet set = Read(c.file, test::ReadFile(test::ProjectFile(c.file)));
    size_t rules = 0;
    for (const RuleGroup& group : set.groups) rules += group.rules.size();
    EXPECT_EQ(rules, c.rules);
    EXPECT_EQ(Show(Read("expanded", ExpandRules(set))), Show(set));
    const std::string usual = "default";
    for (const LintFinding& finding : RunLints(set.groups, {}, *ChooseLints(std::span(&usual, 1)))) {
      ADD_FAILURE() << finding.ToString();
    }
  }
}

}  // namespace
}  // namespace rules
