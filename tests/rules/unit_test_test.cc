// promtool's unit-test files: what is read, what is run, and how verdicts are worded.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/text.h"
#include "rules/rule_file.h"
#include "rules/unit_test/comparison.h"
#include "rules/unit_test/test_file.h"
#include "rules/unit_test/test_runner.h"
#include "store/head.h"

namespace rules {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr std::string_view kRules = R"yaml(
groups:
  - name: alerts
    interval: 7h
    rules:
      - alert: Down
        expr: up == 0
        for: 2m
        keep_firing_for: 1m
        labels: {severity: page, gone: "{{ $labels.nothing }}"}
        annotations:
          summary: "{{ $labels.job }} is down at {{ $externalLabels.site }}, see {{ $externalURL }}"
          empty: "{{ $labels.nothing }}"
      - {alert: Always, expr: 1}
  - name: more
    rules:
      - {alert: Always, expr: "2", labels: {more: "yes"}}
      - {record: "job:up:sum", expr: sum by (job) (up)}
      - {record: chained, expr: "job:up:sum * 10"}
      - {record: copied, expr: sum(latency)}
      - {record: steps, expr: "count_over_time(up[5m:])"}
)yaml";

RuleSet LoadRules(std::string_view yaml) {
  base::YamlErrors errors;
  RuleSet set = ParseRuleFile(yaml, "rules.yml", {}, errors);
  EXPECT_EQ(errors.ToString(), "");
  return set;
}

TestStore MakeStore() {
  const auto head = std::make_shared<store::Head>();
  return {head, head};
}

struct Wish {
  bool diff = false;
  std::optional<double> tolerance;
};

// Every failure of every test of the file, a line break after each.
std::string RunFile(std::string_view yaml, std::string_view rules = kRules, const Wish& wish = {}) {
  base::YamlErrors errors;
  const UnitTestFile file = ParseUnitTestFile(yaml, "t.yml", errors);
  if (!errors.empty()) return errors.ToString();
  const UnitTestOptions options{.evaluation_interval = file.evaluation_interval,
                                .group_order = file.group_eval_order,
                                .nearness = {.last_bit = file.fuzzy_compare, .tolerance = wish.tolerance},
                                .diff = wish.diff,
                                .engine = {}};
  const RuleSet set = LoadRules(rules);
  std::string text;
  for (const UnitTest& test : file.tests) {
    for (const std::string& failure : RunUnitTest(test, set, options, MakeStore)) text += failure + "\n";
  }
  return text;
}

TEST(UnitTestFileTest, MistakesHavePlaces) {
  struct Case {
    std::string_view yaml;
    std::string_view errors;
  };
  const Case cases[] = {
      {"rule_file: [a.yml]\n", "t.yml:1:1: unknown key \"rule_file\" (did you mean \"rule_files\"?)\n"},
      {"tests:\n- names: x\n", "t.yml:2:3: tests[0]: unknown key \"names\" (did you mean \"name\"?)\n"},
      {"tests:\n- input_series: [{values: '1'}]\n", "t.yml:2:18: tests[0].input_series[0]: \"series\" is missing\n"},
      {"tests:\n- alert_rule_test: [{eval_time: 1x, alertname: A}]\n",
       "t.yml:2:33: tests[0].alert_rule_test[0].eval_time: unknown unit \"x\" in duration \"1x\"\n"},
      {"tests:\n- alert_rule_test: [{eval_time: 1m}]\n",
       "t.yml:2:21: tests[0].alert_rule_test[0]: \"alertname\" is missing\n"},
      {"tests:\n- promql_expr_test: [{expr: m, exp_samples: [{value: one}]}]\n",
       "t.yml:2:54: tests[0].promql_expr_test[0].exp_samples[0].value: expected a number, found \"one\"\n"},
      {"tests:\n- start_timestamp: yesterday\n",
       "t.yml:2:20: tests[0].start_timestamp: expected a Unix timestamp or RFC 3339, found \"yesterday\"\n"},
      {"group_eval_order: [a, b, a]\n",
       "t.yml:1:26: group_eval_order[2]: group name repeated in evaluation order: a\n"},
      {"tests: 3\n", "t.yml:1:8: tests: expected a list\n"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.yaml);
    base::YamlErrors errors;
    ParseUnitTestFile(one.yaml, "t.yml", errors);
    EXPECT_EQ(errors.ToString(), one.errors);
  }
}

TEST(UnitTestFileTest, DefaultsAndTimes) {
  base::YamlErrors errors;
  const UnitTestFile file = ParseUnitTestFile(
      "evaluation_interval: 30s\ntests:\n- {}\n- {name: b, interval: 5s, start_timestamp: 1609459200}\n"
      "- {start_timestamp: 2024-01-01T00:00:00Z}\n",
      "t.yml", errors);
  ASSERT_EQ(errors.ToString(), "");
  ASSERT_EQ(file.tests.size(), 3U);
  EXPECT_EQ(file.tests[0].interval, std::chrono::seconds(30));
  EXPECT_EQ(file.tests[1].interval, std::chrono::seconds(5));
  EXPECT_EQ(file.tests[0].start, base::Timestamp());
  EXPECT_EQ(file.tests[1].start, base::Timestamp(std::chrono::seconds(1'609'459'200)));
  EXPECT_EQ(file.tests[2].start, base::Timestamp(std::chrono::seconds(1'704'067'200)));
  EXPECT_EQ(UnitTestName(file.tests[0], 0), "unnamed#0");
  EXPECT_EQ(UnitTestName(file.tests[1], 1), "b");
  EXPECT_EQ(ParseUnitTestFile("", "t.yml", errors).evaluation_interval, std::chrono::minutes(1));
  EXPECT_EQ(errors.ToString(), "");
}

TEST(UnitTestRunTest, PassesWherePromtoolDoes) {
  const std::string_view cases[] = {
      // an expression without rules; a scalar is a sample without labels
      "- promql_expr_test: [{expr: 1 + 1, exp_samples: [{value: 2}]}, {expr: vector(3), exp_samples: [{value: 3}]}]",
      // samples later than the last evaluation are not there yet
      "- {interval: 10s, input_series: [{series: m, values: 0+1x60}],"
      "   promql_expr_test: [{expr: m, eval_time: 90s, exp_samples: [{labels: m, value: 6}]}]}",
      // of a series written twice the last counts
      "- {input_series: [{series: m, values: 1 2}, {series: m, values: 3 4}],"
      "   promql_expr_test: [{expr: m, eval_time: 1m, exp_samples: [{labels: m, value: 4}]}]}",
      // gaps and staleness
      "- {input_series: [{series: m, values: 0 _ _ stale}], promql_expr_test:"
      "   [{expr: m, eval_time: 2m59s, exp_samples: [{labels: m}]}, {expr: m, eval_time: 3m}]}",
      // expected samples in any order, labels in any order
      "- {input_series: [{series: 'm{a=\"1\", b=\"2\"}', values: 1}, {series: n, values: 2}], promql_expr_test:"
      "   [{expr: '{__name__=~\"m|n\"}', exp_samples: [{labels: n, value: 2},"
      "     {labels: 'm{b=\"2\",a=\"1\"}', value: 1}]}]}",
      // rules see what those before them recorded, at the same instant
      "- {input_series: [{series: 'up{job=\"a\"}', values: 1x9}, {series: 'up{job=\"a\",i=\"2\"}', values: 1x9}],"
      "   promql_expr_test: [{expr: chained, eval_time: 3m, exp_samples: [{labels: 'chained{job=\"a\"}', value: 20}]},"
      "     {expr: timestamp(chained), eval_time: 3m59s, exp_samples: [{labels: '{job=\"a\"}', value: 180}]}]}",
      // a subquery without a step takes the evaluation interval's
      "- {input_series: [{series: up, values: 1x9}],"
      "   promql_expr_test: [{expr: steps, eval_time: 5m, exp_samples: [{labels: steps, value: 5}]}]}",
      // alerts of one name from several groups; alertname need not be given
      "- alert_rule_test: [{alertname: Always, exp_alerts: [{}, {exp_labels: {more: 'yes', alertname: Always}}]}]",
      // an alert nobody defines does not fire
      "- alert_rule_test: [{alertname: Nobody, eval_time: 1m}]",
      // for, keep_firing_for, external labels and URL; only firing ones count; an empty annotation is there
      "- {input_series: [{series: 'up{job=\"a\"}', values: 0x4 1x4}],\n"
      "   external_labels: {site: lab}, external_url: 'http://x', alert_rule_test: [\n"
      "    {alertname: Down, eval_time: 1m59s},\n"
      "    {alertname: Down, eval_time: 2m, exp_alerts: [&down {exp_labels: {job: a, severity: page},\n"
      "      exp_annotations: {summary: 'a is down at lab, see http://x', empty: ''}}]},\n"
      "    {alertname: Down, eval_time: 5m59s, exp_alerts: [*down]},\n"
      "    {alertname: Down, eval_time: 6m}]}",
      // the alerts' own series are there from the first evaluation
      "- {input_series: [{series: 'up{job=\"a\"}', values: 0x4}], promql_expr_test:\n"
      "   [{expr: 'count by (alertname, alertstate) (ALERTS)', exp_samples:\n"
      "     [{labels: '{alertname=\"Down\",alertstate=\"pending\"}', value: 1},\n"
      "      {labels: '{alertname=\"Always\",alertstate=\"firing\"}', value: 2}]},\n"
      "    {expr: 'ALERTS_FOR_STATE{alertname=\"Down\"} - 0', eval_time: 4m, exp_samples:\n"
      "     [{labels: '{alertname=\"Down\",gone=\"{{ $labels.nothing }}\",job=\"a\",severity=\"page\"}', value: 0}]}]}",
      // everything counts from the start
      "- {start_timestamp: 1704067200, input_series: [{series: up, values: 1+1x9}], promql_expr_test:\n"
      "   [{expr: time(), eval_time: 5m, exp_samples: [{value: 1704067500}]},\n"
      "    {expr: 'up @ 1704067320', eval_time: 5m, exp_samples: [{labels: up, value: 3}]}]}",
      // histograms read back as Prometheus' storage gives them, recorded ones too
      "- {input_series: [{series: latency, values: '{{count:2 sum:1 buckets:[1 0 1]}}x2 {{count:1 buckets:[1]}}'}],\n"
      "   promql_expr_test:\n"
      "   [{expr: copied, exp_samples: [{labels: copied, histogram: '{{count:2 sum:1 buckets:[1 0 1]}}'}]},\n"
      "    {expr: copied, eval_time: 2m, exp_samples:\n"
      "      [{labels: copied, histogram: '{{count:2 sum:1 counter_reset_hint:not_reset buckets:[1 0 1 0]}}'}]},\n"
      "    {expr: latency, eval_time: 3m, exp_samples: [{labels: latency, histogram: '{{count:1 buckets:[1]}}'}]}]}",
  };
  for (const std::string_view one : cases) {
    SCOPED_TRACE(one);
    EXPECT_EQ(RunFile(std::string("tests:\n").append(one)), "");
  }
}

TEST(UnitTestRunTest, FailsInPromtoolsWords) {
  struct Case {
    std::string_view test;
    std::string_view failures;
  };
  const Case cases[] = {
      {"- {name: n, promql_expr_test: [{expr: vector(1), exp_samples: [{value: 2}]}]}",
       "    name: n,\n    expr: \"vector(1)\", time: 0s,\n        exp: {} 2E+00\n        got: {} 1E+00\n"
       "        at:  t.yml:2:39\n"},
      {"- promql_expr_test: [{expr: 'm', eval_time: 90s, exp_samples: [{labels: 'm{a=\"b\"}', value: 0.1}]}]",
       "    expr: \"m\", time: 1m30s,\n        exp: {__name__=\"m\", a=\"b\"} 1E-01\n        got: nil\n"
       "        at:  t.yml:2:29\n"},
      // not a number is nothing's equal
      {"- promql_expr_test: [{expr: 'NaN', exp_samples: [{value: .nan}]}]",
       "    expr: \"NaN\", time: 0s,\n        exp: {} NaN\n        got: {} NaN\n        at:  t.yml:2:29\n"},
      {"- promql_expr_test: [{expr: 'm +'}]",
       "    expr: \"m +\", time: 0s, err: 1:4: parse error: unexpected end of input\n        at:  t.yml:2:29\n"},
      {"- promql_expr_test: [{expr: 'm[5m]'}]",
       "    expr: \"m[5m]\", time: 0s, err: rule result is not a vector or scalar\n        at:  t.yml:2:29\n"},
      {"- promql_expr_test: [{expr: '1', exp_samples: [{labels: '', histogram: '1'}]}]",
       "    expr: \"1\", time: 0s, err: labels \"\": expected histogram, got float\n        at:  t.yml:2:57\n"},
      {"- promql_expr_test: [{expr: '1', exp_samples: [{labels: 'm', histogram: '{{}} {{}}'}]}]",
       "    expr: \"1\", time: 0s, err: labels \"m\": expected 1 value, got 2\n        at:  t.yml:2:57\n"},
      {"- promql_expr_test: [{expr: '1', exp_samples: [{labels: 'm x', value: 1}]}]",
       "    expr: \"1\", time: 0s, err: labels \"m x\": unexpected \" x\"\n        at:  t.yml:2:57\n"},
      {"- {input_series: [{series: m, values: 1 x}]}",
       "    t.yml:2:39: tests[0].input_series[0].values: unexpected \"x\" in series values\n"},
      {"- {input_series: [{series: 'm{a=', values: 1}]}",
       "    t.yml:2:28: tests[0].input_series[0].series: unexpected end of input inside braces in label set, expected "
       "string\n"},
      // a sample of a series that a rule writes
      {"- {input_series: [{series: 'chained{job=\"a\"}', values: _ 1}, {series: 'up{job=\"a\"}', values: 1x5}],\n"
       "   promql_expr_test: [{expr: 1, eval_time: 1m, exp_samples: [{value: 1}]}]}",
       "    rule: chained, time: 1m0s, err: duplicate sample for timestamp\n"},
      {"- {name: n, alert_rule_test: [{alertname: Always, exp_alerts: [{exp_labels: {more: \"no\"}}]}]}",
       "    name: n,\n    alertname: Always, time: 0s,\n        exp:[\n            0:\n"
       "              Labels:{alertname=\"Always\", more=\"no\"}\n              Annotations:{}\n            ],\n"
       "        got:[\n            0:\n              Labels:{alertname=\"Always\"}\n              Annotations:{},\n"
       "            1:\n              Labels:{alertname=\"Always\", more=\"yes\"}\n              Annotations:{}\n"
       "            ]\n        at:  t.yml:2:43\n"},
      {"- alert_rule_test: [{alertname: Down, exp_alerts: [{}]}]",
       "    alertname: Down, time: 0s,\n        exp:[\n            0:\n"
       "              Labels:{alertname=\"Down\"}\n              Annotations:{}\n            ],\n        got:[]\n"
       "        at:  t.yml:2:33\n"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.test);
    EXPECT_EQ(RunFile(std::string("tests:\n").append(one.test)), one.failures);
  }
}

// An empty label is no label, so nobody can expect one; an empty annotation is one, and must be expected.
TEST(UnitTestRunTest, EmptyTextsCountAsWithPromtool) {
  constexpr std::string_view kFile = R"yaml(tests:
- input_series: [{series: up, values: 0x5}]
  alert_rule_test:
    - alertname: Down
      eval_time: 2m
      exp_alerts:
        - exp_labels: {severity: page, gone: ""}
          exp_annotations: {summary: " is down at , see "}
)yaml";
  EXPECT_EQ(RunFile(kFile, kRules, {.diff = true, .tolerance = std::nullopt}),
            "    alertname: Down, time: 2m,\n        diff:\n          alert, labels differ:\n            Labels:\n"
            "              alertname=\"Down\"\n            - gone=\"\"\n              severity=\"page\"\n"
            "            Annotations:\n            + empty=\"\"\n              summary=\" is down at , see \"\n"
            "        at:  t.yml:4:18\n");
}

TEST(UnitTestRunTest, ARuleThatFailsEndsTheTest) {
  constexpr std::string_view kBad = R"yaml(groups:
- name: g
  rules:
    - {record: joined, expr: a + on (x) b}
    - {record: fine, expr: "1"}
    - {record: again, expr: b * on (x) a}
)yaml";
  constexpr std::string_view kFile = R"yaml(tests:
- input_series: [{series: 'a{x="1"}', values: _ 1}, {series: 'b{x="1",y="1"}', values: 1 1},
                 {series: 'b{x="1",y="2"}', values: 1 1}]
  promql_expr_test: [{expr: fine, eval_time: 5m, exp_samples: []}]
- promql_expr_test: [{expr: fine, eval_time: 5m, exp_samples: [{labels: fine, value: 1}]}]
)yaml";
  const std::string text = RunFile(kFile, kBad);
  EXPECT_TRUE(
      text.starts_with("    rule: joined, time: 1m0s, err: found duplicate series for the match group "
                       "{x=\"1\"} on the right hand-side of the operation"))
      << text;
  EXPECT_TRUE(text.contains("\n    rule: again, time: 1m0s, err: ")) << text;
  EXPECT_FALSE(text.contains("2m0s")) << text;
  EXPECT_FALSE(text.contains("expr:")) << text;
}

// Groups that need each other say so.
TEST(UnitTestRunTest, GroupOrder) {
  constexpr std::string_view kTwo = R"yaml(groups:
- {name: late, rules: [{record: b, expr: a * 2}]}
- {name: early, rules: [{record: a, expr: "time()"}]}
)yaml";
  constexpr std::string_view kTests =
      "tests: [{promql_expr_test: [{expr: b, eval_time: 1m, exp_samples: [{labels: b, value: 120}]}]}]\n";
  EXPECT_EQ(RunFile(std::string("group_eval_order: [early, late]\n").append(kTests), kTwo), "");
  EXPECT_EQ(RunFile(kTests, kTwo),
            "    expr: \"b\", time: 1m,\n        exp: {__name__=\"b\"} 1.2E+02\n        got: {__name__=\"b\"} 0E+00\n"
            "        at:  t.yml:1:36\n");
}

TEST(UnitTestRunTest, Nearness) {
  constexpr std::string_view kTests =
      "tests: [{input_series: [{series: m, values: 2.9999999999999996}, {series: n, values: 2.9999999999999987}],\n"
      "promql_expr_test: [{expr: m, exp_samples: [{labels: m, value: 3}]},\n"
      "{expr: n, exp_samples: [{labels: n, value: 3}]}]}]\n";
  const std::string m_fails =
      "    expr: \"m\", time: 0s,\n        diff:\n          - {__name__=\"m\"} 3E+00\n"
      "          + {__name__=\"m\"} 2.9999999999999996E+00\n        at:  t.yml:2:27\n";
  const std::string n_fails =
      "    expr: \"n\", time: 0s,\n        diff:\n          - {__name__=\"n\"} 3E+00\n"
      "          + {__name__=\"n\"} 2.9999999999999987E+00\n        at:  t.yml:3:8\n";
  EXPECT_EQ(RunFile(kTests, "", {.diff = true, .tolerance = std::nullopt}), m_fails + n_fails);
  EXPECT_EQ(RunFile(std::string("fuzzy_compare: true\n").append(kTests), "", {.diff = true, .tolerance = std::nullopt}),
            base::ReplaceAll(n_fails, "yml:3", "yml:4"));
  EXPECT_EQ(RunFile(kTests, "", {.diff = true, .tolerance = 1e-12}), "");
}

TEST(ComparisonTest, SameValue) {
  const Nearness exact;
  const Nearness last_bit{.last_bit = true, .tolerance = std::nullopt};
  const Nearness percent{.last_bit = false, .tolerance = 0.01};
  struct Case {
    double expected;
    double found;
    bool exact;
    bool last_bit;
    bool percent;
  };
  const Case cases[] = {
      {1, 1, true, true, true},
      {0, -0.0, true, true, true},
      {3, std::nextafter(3, 4), false, true, true},
      {3, std::nextafter(3, 2), false, true, true},
      {100, 101, false, false, true},
      {100, 101.1, false, false, false},
      {-100, -99, false, false, true},
      {1, -1, false, false, false},
      {0, 1e-300, false, false, false},
      {1e308, -1e308, false, false, false},
      {1.79e308, 1.7899e308, false, false, true},
      {kInfinity, kInfinity, true, true, true},
      {kInfinity, -kInfinity, false, false, false},
      {kInfinity, 1e308, false, false, false},
      {kNan, kNan, false, false, true},
      {kNan, 0, false, false, false},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(fmt::format("{} {}", one.expected, one.found));
    EXPECT_EQ(SameValue(one.expected, one.found, exact), one.exact);
    EXPECT_EQ(SameValue(one.expected, one.found, last_bit), one.last_bit);
    EXPECT_EQ(SameValue(one.expected, one.found, percent), one.percent);
    EXPECT_EQ(SameValue(one.found, one.expected, percent), one.percent);
  }
}

TEST(ComparisonTest, Histograms) {
  struct Case {
    std::string_view a;
    std::string_view b;
    bool exact;
    bool percent;
  };
  const Case cases[] = {
      {"{{count:2 buckets:[1 0 1]}}", "{{buckets:[0 1 0 1] offset:-1 count:2}}", true, true},
      {"{{count:2 buckets:[2]}}", "{{count:2 buckets:[2] offset:1}}", false, false},
      {"{{sum:100}}", "{{sum:101}}", false, true},
      {"{{sum:100}}", "{{sum:100 counter_reset_hint:gauge}}", false, false},
      {"{{schema:1}}", "{{schema:2}}", false, false},
      {"{{buckets:[100 1]}}", "{{buckets:[101 1]}}", false, true},
      {"{{sum:NaN}}", "{{sum:NaN}}", true, true},
      {"{{schema:-53 custom_values:[5 10] buckets:[1 2]}}", "{{schema:-53 custom_values:[5 11] buckets:[1 2]}}", false,
       false},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(fmt::format("{} {}", one.a, one.b));
    const TestedSample a{{}, 0, promql::ParseNotedValues(one.a).value().front().histogram};
    const TestedSample b{{}, 0, promql::ParseNotedValues(one.b).value().front().histogram};
    EXPECT_EQ(SameSample(a, b, {}), one.exact);
    EXPECT_EQ(SameSample(a, b, {.last_bit = false, .tolerance = 0.01}), one.percent);
    EXPECT_FALSE(SameSample(a, {{}, 0, nullptr}, {}));
  }
}

// What is printed can be put into a test file.
TEST(ComparisonTest, HistogramNotation) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"{{}}", "{{}}"},
      {"{{count:2 sum:1 buckets:[1 0 1]}}", "{{count:2 sum:1 buckets:[1 0 1]}}"},
      {"{{sum:0.5 count:3 buckets:[0 1 0] n_buckets:[0 0 2] n_offset:-2 schema:1 z_bucket:1 z_bucket_w:0.001}}",
       "{{schema:1 count:3 sum:0.5 z_bucket:1 z_bucket_w:0.001 offset:1 buckets:[1] n_buckets:[2]}}"},
      {"{{schema:-53 count:3 custom_values:[5 10] buckets:[1 2] counter_reset_hint:gauge}}",
       "{{schema:-53 count:3 custom_values:[5 10] counter_reset_hint:gauge buckets:[1 2]}}"},
  };
  for (const auto& [written, printed] : cases) {
    SCOPED_TRACE(written);
    const auto histogram = promql::ParseNotedValues(written).value().front().histogram;
    EXPECT_EQ(HistogramNotation(*histogram), printed);
    const auto again = promql::ParseNotedValues(printed).value().front().histogram;
    EXPECT_TRUE(SameSample({{}, 0, histogram}, {{}, 0, again}, {}));
  }
}

TEST(ComparisonTest, AlertsSideBySide) {
  const TestedAlert a{{{"alertname", "A"}, {"x", "1"}}, {{"s", "one"}}};
  const TestedAlert changed{{{"alertname", "A"}, {"x", "1"}}, {{"s", "two"}}};
  const TestedAlert b{{{"alertname", "A"}, {"x", "2"}}, {}};
  EXPECT_EQ(CompareAlerts({a, b}, {b, a}, true), std::nullopt);
  EXPECT_EQ(CompareAlerts({a, b}, {changed, b}, true),
            "        diff:\n          alert, annotations differ:\n            Labels:\n"
            "              alertname=\"A\"\n              x=\"1\"\n            Annotations:\n"
            "            - s=\"one\"\n            + s=\"two\"\n          alert as expected:\n            Labels:\n"
            "              alertname=\"A\"\n              x=\"2\"");
  EXPECT_EQ(CompareAlerts({}, {b}, true),
            "        diff:\n          alert not expected:\n            Labels:\n            + alertname=\"A\"\n"
            "            + x=\"2\"");
  EXPECT_EQ(CompareAlerts({b}, {}, true),
            "        diff:\n          alert missing:\n            Labels:\n            - alertname=\"A\"\n"
            "            - x=\"2\"");
}

TEST(RuleFileTest, UnknownKeysMayBePassedOver) {
  constexpr std::string_view kYaml =
      "owner: me\ngroups:\n- name: g\n  namespace: n\n  rules:\n  - {alert: A, expr: 1, team: x, labels: {any: key}}\n";
  base::YamlErrors errors;
  const RuleSet set = ParseRuleFile(kYaml, "f.yml", {.parse = {}, .ignore_unknown_keys = true}, errors);
  EXPECT_EQ(errors.ToString(), "");
  ASSERT_EQ(set.groups.size(), 1U);
  EXPECT_EQ(set.groups[0].rules.at(0).labels.at("any"), "key");
  ParseRuleFile(kYaml, "f.yml", {}, errors);
  EXPECT_EQ(errors.errors().size(), 3U);
}

}  // namespace
}  // namespace rules
