// `tocsin test rules`: files found, tests picked, reports written.
#include "app/commands/test_rules.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/text.h"
#include "tests/support/support.h"

namespace app {
namespace {

constexpr std::string_view kRules = "groups: [{name: g, rules: [{record: r, expr: sum(m)}]}]\n";

class TestRulesTest : public ::testing::Test {
 protected:
  // What is printed of a test file, with the folder's name taken out.
  std::string Report(std::string_view tests, const RuleTestOptions& options = {}) {
    report_ = RunRuleTests(folder_.Write("tests/t.yml", tests), options);
    return base::ReplaceAll(FormatRuleTestReport(report_), folder_.path().string() + "/", "");
  }

  test::TemporaryDirectory folder_;
  RuleTestReport report_;
};

TEST_F(TestRulesTest, RuleFilesAreFoundFromTheFolderOfTheTest) {
  folder_.Write("rules/a.yml", kRules);
  folder_.Write("rules/b.yml", "groups: [{name: h, rules: [{record: s, expr: r + 1}]}]\n");
  EXPECT_EQ(Report("rule_files: [../rules/*.yml, ../rules/a.yml, nothing.yml]\ntests:\n"
                   "- {input_series: [{series: m, values: 1}], promql_expr_test: [\n"
                   "   {expr: s, exp_samples: [{labels: s, value: 2}]}]}\n"),
            "  SUCCESS\n\n");
  EXPECT_TRUE(report_.passed());
  EXPECT_EQ(report_.warnings, std::vector<std::string>{"no file match pattern nothing.yml"});
}

TEST_F(TestRulesTest, WhatKeepsAFileFromBeingRun) {
  folder_.Write("bad.yml", "groups: [{name: g, rules: [{record: r, expr: sum(}]}]\n");
  folder_.Write("extra.yml", "groups: [{name: g, owner: me, rules: [{record: r, expr: sum(m)}]}]\n");
  struct Case {
    std::string_view tests;
    std::string_view report;
  };
  const Case cases[] = {
      {"testz: []\n", "  FAILED:\ntests/t.yml:1:1: unknown key \"testz\" (did you mean \"tests\"?)\n\n"},
      {"rule_files: [../bad.yml]\ntests: [{}]\n",
       "  FAILED:\nbad.yml:1:50: groups[0].rules[0].expr: parse error: unclosed left parenthesis\n\n"},
      {"rule_files: [../extra.yml]\ntests: [{}]\n", "  FAILED:\nextra.yml:1:20: groups[0]: unknown key \"owner\"\n\n"},
      // rules nobody asks for are not read
      {"rule_files: [../bad.yml]\n", "  SUCCESS\n\n"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.tests);
    EXPECT_EQ(Report(one.tests), one.report);
  }
  EXPECT_EQ(Report("rule_files: [../extra.yml]\ntests: [{}]\n", {.ignore_unknown_fields = true}), "  SUCCESS\n\n");
  const std::string missing = (folder_.path() / "missing.yml").string();
  EXPECT_EQ(RunRuleTests(folder_.path().string(), {}).mistakes,
            "cannot read \"" + folder_.path().string() + "\": Is a directory\n");
  EXPECT_EQ(RunRuleTests(missing, {}).mistakes, "cannot read \"" + missing + "\": No such file or directory\n");
}

TEST_F(TestRulesTest, SeriesMayBeEmptyOrLongerThanMemory) {
  EXPECT_EQ(
      Report("tests:\n- input_series: [{series: quiet}, {series: long_one, values: '0+1x900000000000'}]\n"
             "  promql_expr_test:\n"
             "  - {expr: count(quiet) or long_one, eval_time: 3m, exp_samples: [{labels: long_one, value: 3}]}\n"),
      "  SUCCESS\n\n");
}

constexpr std::string_view kThree =
    "tests:\n"
    "- {name: good one, promql_expr_test: [{expr: 1, exp_samples: [{value: 1}]}]}\n"
    "- {name: 'bad <one>', promql_expr_test: [{expr: 1, exp_samples: [{value: 2}]}, {expr: 1}]}\n"
    "- promql_expr_test: [{expr: 1, exp_samples: [{value: 1.001}]}]\n";

TEST_F(TestRulesTest, OptionsReachTheTests) {
  RuleTestOptions good;
  good.run = [](std::string_view name) { return name.contains("good"); };
  EXPECT_EQ(Report(kThree, good), "  SUCCESS\n\n");
  EXPECT_EQ(report_.cases.size(), 1U);
  RuleTestOptions unnamed;
  unnamed.run = [](std::string_view name) { return name.empty(); };
  EXPECT_EQ(Report(kThree, unnamed),
            "  FAILED:\n    expr: \"1\", time: 0s,\n        exp: {} 1.001E+00\n        got: {} 1E+00\n"
            "        at:  tests/t.yml:4:29\n\n");
  unnamed.diff = true;
  EXPECT_EQ(Report(kThree, unnamed),
            "  FAILED:\n    expr: \"1\", time: 0s,\n        diff:\n          - {} 1.001E+00\n          + {} 1E+00\n"
            "        at:  tests/t.yml:4:29\n\n");
  unnamed.tolerance = 0.01;
  EXPECT_EQ(Report(kThree, unnamed), "  SUCCESS\n\n");
  const std::string_view experimental = "tests: [{promql_expr_test: [{expr: 'mad_over_time(m[5m])'}]}]\n";
  EXPECT_NE(Report(experimental), "  SUCCESS\n\n");
  EXPECT_EQ(Report(experimental, {.experimental_functions = true}), "  SUCCESS\n\n");
}

// The files in testdata/, as promtool judges them.
TEST_F(TestRulesTest, AWholeFile) {
  const std::string folder = test::ProjectFile("tests/app/testdata/").string();
  const RuleTestReport good = RunRuleTests(folder + "backlog_test.yml", {});
  EXPECT_TRUE(good.passed()) << FormatRuleTestReport(good);
  EXPECT_EQ(good.cases.size(), 2U);
  const RuleTestReport wrong = RunRuleTests(folder + "backlog_wrong_test.yml", {});
  EXPECT_EQ(base::ReplaceAll(FormatRuleTestReport(wrong), folder, ""),
            R"(  FAILED:
    name: a queue that fills and empties,
    alertname: Backlog, time: 5m,
        exp:[
            0:
              Labels:{alertname="Backlog", queue="mail", severity="warning"}
              Annotations:{summary="mail has 204 jobs"}
            ],
        got:[
            0:
              Labels:{alertname="Backlog", queue="mail", severity="warning"}
              Annotations:{summary="mail has 203 jobs"}
            ]
        at:  backlog_wrong_test.yml:21:20

    name: a queue that fills and empties,
    alertname: Backlog, time: 5m,
        exp:[],
        got:[
            0:
              Labels:{alertname="Backlog", queue="mail", severity="warning"}
              Annotations:{summary="mail has 203 jobs"}
            ]
        at:  backlog_wrong_test.yml:26:21

    name: a queue that fills and empties,
    expr: "queue:jobs:sum", time: 4m,
        exp: {__name__="queue:jobs:sum", queue="export"} 7E+00, {__name__="queue:jobs:sum", queue="mail"} 1.64E+02
        got: {__name__="queue:jobs:sum", queue="export"} 7E+00, {__name__="queue:jobs:sum", queue="mail"} 1.63E+02
        at:  backlog_wrong_test.yml:13:15

)");
}

TEST_F(TestRulesTest, JUnit) {
  Report(kThree);
  const RuleTestReport broken{.file = "b\x01.yml", .warnings = {}, .mistakes = "b.yml:1:1: no & good\n", .cases = {}};
  report_.file = "t.yml";
  for (RuleTestReport::Case& one : report_.cases) {
    for (std::string& failure : one.failures) failure = failure.substr(0, failure.find('\n'));
  }
  const std::vector<RuleTestReport> reports = {report_, broken};
  EXPECT_EQ(FormatJUnit(reports, base::Timestamp(std::chrono::milliseconds(1'700'000'000'123))),
            R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="t.yml" tests="3" failures="3" errors="0" skipped="0" timestamp="2023-11-14T22:13:20Z">
    <testcase name="good one">
    </testcase>
    <testcase name="bad &lt;one&gt;">
      <failure>    name: bad &lt;one&gt;,</failure>
      <failure>    name: bad &lt;one&gt;,</failure>
    </testcase>
    <testcase name="unnamed#2">
      <failure>    expr: &#34;1&#34;, time: 0s,</failure>
    </testcase>
  </testsuite>
  <testsuite name="b)"
            "\xEF\xBF\xBD"
            R"(.yml" tests="1" failures="0" errors="1" skipped="0" timestamp="2023-11-14T22:13:20Z">
    <testcase name="unknown">
      <error>b.yml:1:1: no &amp; good</error>
    </testcase>
  </testsuite>
</testsuites>
)");
}

}  // namespace
}  // namespace app
