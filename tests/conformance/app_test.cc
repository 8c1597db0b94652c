// What the program's commands say of Prometheus' own test files.
#include <gtest/gtest.h>

#include <filesystem>

#include "app/commands/test_promql.h"
#include "app/commands/test_rules.h"
#include "tests/conformance/corpus.h"
#include "tests/support/support.h"

namespace app {
namespace {

// Prometheus' own PromQL scripts.
TEST(AppConformance, PromqlScripts) {
  for (const auto& script : conformance::FilesBelow(conformance::Corpus("promql"), {".test"})) {
    const ScriptReport report = RunPromqlScript(test::ReadFile(script));
    EXPECT_EQ(report.failed, 0) << FormatScriptReport(script.filename().string(), report);
    EXPECT_GT(report.passed, 0) << script;
  }
}

// promtool's own test files, with its verdicts.
TEST(AppConformance, PromtoolsVerdicts) {
  const std::filesystem::path folder = conformance::Corpus("promtool");
  struct Case {
    std::string_view file;
    bool passes;
  };
  const Case cases[] = {
      {"unittest.yml", true},
      {"no-test-group-interval.yml", true},
      {"at-modifier-test.yml", true},
      {"long-period.yml", true},
      {"negative-offset-test.yml", true},
      {"start-time-test.yml", true},
      {"rules_run.yml", false},
      {"rules_run_fuzzy.yml", false},
      {"rules_run_no_fuzzy.yml", false},
      {"failing.yml", false},
      {"bad-promql.yml", false},
      {"bad-rules-error-test.yml", false},
      {"bad-input-series.yml", false},
      {"bad-rules-syntax-test.yml", false},
      {"rules_run_extrafields.yml", false},
  };
  for (const Case& one : cases) {
    const auto file = folder / one.file;
    const RuleTestReport report = RunRuleTests(file.string(), {});
    EXPECT_EQ(report.passed(), one.passes) << FormatRuleTestReport(report);
  }
  const auto extra = folder / "rules_run_extrafields.yml";
  EXPECT_TRUE(RunRuleTests(extra.string(), {.ignore_unknown_fields = true}).passed());
}

}  // namespace
}  // namespace app
