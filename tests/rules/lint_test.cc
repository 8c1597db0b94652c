#include "rules/lint/lint.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "promql/parser.h"
#include "rules/lint/expr_facts.h"
#include "rules/rule_file.h"
#include "tests/support/support.h"

namespace rules {
namespace {

RuleSet Load(std::string_view yaml) {
  base::YamlErrors errors;
  RuleSet set = ParseRuleFile(yaml, "f.yml", {}, errors);
  EXPECT_EQ(errors.ToString(), "");
  return set;
}

std::string Findings(std::string_view yaml, const LintKnowledge& knowledge = {}, const std::string& lints = "all") {
  const RuleSet set = Load(yaml);
  const auto chosen = ChooseLints(std::span(&lints, 1));
  std::string text;
  for (const LintFinding& finding : RunLints(set.groups, knowledge, *chosen)) text += finding.ToString() + "\n";
  return text;
}

// One alert of this expression.
std::string OfExpression(const std::string& expr, const LintKnowledge& knowledge = {}) {
  return Findings("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: >-\n      " + expr + "\n", knowledge);
}
std::string OfAlert(const std::string& expr, const std::string& text) {
  return Findings("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: >-\n      " + expr +
                  "\n    annotations:\n      summary: >-\n        " + text + "\n");
}

TEST(LintTest, ExpressionsThatAreCertain) {
  struct Case {
    std::string expr;
    std::string_view found;  // place within the expression, and what is said
  };
  const Case kCases[] = {
      // values that no sample has
      {"vector(1) > 2", "1:1 never fires: vector(1) > 2 is never true: the value is always 1 [never-fires]"},
      {"count(up) == 0", "1:1 never fires: count(up) == 0 is never true: the value is always 1 or more [never-fires]"},
      {"0 == count(up)", "1:1 never fires: 0 == count(up) is never true: the value is always 1 or more [never-fires]"},
      {"hour() > 24", "1:1 never fires: hour() > 24 is never true: the value is always from 0 to 23 [never-fires]"},
      {"absent(up) > 1", "1:1 never fires: absent(up) > 1 is never true: the value is always 1 [never-fires]"},
      {"(up == bool 1) > 1",
       "1:1 never fires: (up == bool 1) > 1 is never true: the value is always from 0 to 1 [never-fires]"},
      {"avg(clamp(x, 0, 1)) * 100 > 120",
       "1:1 never fires: avg(clamp(x, 0, 1)) * 100 > 120 is never true: the value is always from 0 to 100 "
       "[never-fires]"},
      {"abs(x) < 0", "1:1 never fires: abs(x) < 0 is never true: the value is always 0 or more [never-fires]"},
      {"x > +Inf", "1:1 never fires: x > +Inf is never true: no number is [never-fires]"},
      {"changes(x[5m]) < -1 or y == 1",
       "1:1 a part never has a result: changes(x[5m]) < -1 is never true: the value is always 0 or more [dead-part]"},
      // labels that do not meet
      {"up{a=\"1\"} and up{a=\"2\"}",
       "1:1 never fires: its sides have no series in common: a=\"1\" and a=\"2\" [never-fires]"},
      {"x{a=\"1\"} / x{a=\"2\"} > 3",
       "1:1 never fires: its sides have no series in common: a=\"1\" and a=\"2\" [never-fires]"},
      {"x{a=~\"b|c\"} * on(a) y{a!~\"b|c\"} > 3",
       "1:1 never fires: its sides have no series in common: a=~\"b|c\" and a!~\"b|c\" [never-fires]"},
      {"sum by (job) (x) > on(job, a) y{a=\"1\"}",
       "1:1 never fires: its sides have no series in common: a=\"\" and a=\"1\" [never-fires]"},
      {"sum(x) and y{a=\"1\"} > 3",
       "1:1 never fires: its sides have no series in common: a=\"\" and a=\"1\" "
       "[never-fires]"},
      {"sum without (a) (x) + y{a=~\".+\"} > 3",
       "1:1 never fires: its sides have no series in common: a=\"\" and a=~\".+\" [never-fires]"},
      {"sum without (a) (x) + y{a=~\"b|c\"} > 3",
       "1:1 never fires: its sides have no series in common: a=\"\" and a=~\"b|c\" [never-fires]"},
      // selectors
      {"up{a=\"x\", a=\"y\"}", "1:1 never fires: no series has a=\"x\" and a=\"y\" [never-fires]"},
      {"up{a=\"x\", a!=\"x\"}", "1:1 never fires: no series has a=\"x\" and a!=\"x\" [never-fires]"},
      {"up{a=~\"x|y\", a=\"z\"}", "1:1 never fires: no series has a=~\"x|y\" and a=\"z\" [never-fires]"},
      {"up{a=~\"x.*\", a!~\"x.*\"}", "1:1 never fires: no series has a=~\"x.*\" and a!~\"x.*\" [never-fires]"},
      {"up{a=~\"a^b|c$d\"}", "1:1 never fires: nothing matches a=~\"a^b|c$d\" [never-fires]"},
      {"up{a!~\".*\"}", "1:1 never fires: nothing matches a!~\".*\" [never-fires]"},
      {"{__name__=\"x\", __name__=\"y\"}",
       "1:1 never fires: no series has __name__=\"x\" and __name__=\"y\" [never-fires]"},
      {"rate(x{a=\"1\",a=\"2\"}[5m]) > 1 or y > 1",
       "1:6 a part never has a result: no series has a=\"1\" and a=\"2\" [dead-part]"},
      // presence
      {"absent(vector(1))", "1:1 never fires: what it asks for is never absent [never-fires]"},
      {"absent(x or vector(0))", "1:1 never fires: what it asks for is never absent [never-fires]"},
      {"up unless up", "1:1 never fires: the right side takes all of the left away [never-fires]"},
      {"up unless on() vector(1)", "1:1 never fires: the right side takes all of the left away [never-fires]"},
      {"vector(1) < 2", "1:1 fires always: the expression has a result whatever is measured [always-fires]"},
      {"up == 0 or vector(1) > 0", "1:1 fires always: the expression has a result whatever is measured [always-fires]"},
      {"up > bool 1",
       "1:1 fires whenever there is something to compare: with `bool`, 0 is a result as well [always-fires]"},
      {"(up == bool 0) * (x > bool 3)",
       "1:1 fires whenever there is something to compare: with `bool`, 0 is a result as well [always-fires]"},
      // what may be right
      {"vector(1)", ""},
      {"up == 0", ""},
      {"up", ""},
      {"count(up) > 0", ""},
      {"count(up == 0) > 3", ""},
      {"sum(up == bool 0) > 3", ""},
      {"sum(x) or vector(0) > 3",
       "1:11 a part never has a result: vector(0) > 3 is never true: the value is always 0 [dead-part]"},
      {"absent(up{a=\"x\"}) == 1", ""},
      {"hour() >= 9 < 17", ""},
      {"x{a=\"1\"} and on(b) x{a=\"2\"}", ""},
      {"x{a=\"1\"} and ignoring(a) x{a=\"2\"}", ""},
      {"x{a=\"1\"} * on() group_left y{a=\"2\"} > 1", ""},
      {"x{a=\"1\"} * ignoring(a) group_left y{a=\"2\"} > 1", ""},
      {"x{a=\"1\"} or x{a=\"2\"}", ""},
      {"x{a=\"1\"} unless x{a=\"2\"}", ""},
      {"label_replace(x{a=\"1\"}, \"a\", \"2\", \"\", \"\") and y{a=\"2\"}", ""},
      {"sum by (a) (x{a=\"1\"}) / sum by (a) (y) > 2", ""},
      {"sum by (job) (x) > on(job) group_left(a) y{a=\"1\"}", ""},
      {"count_values(\"v\", x) and y{v=\"1\"}", ""},
      {"up{a=~\"(?i)a^b\"}", ""},
      {"up{a=~\"x|y\", a=\"x\"}", ""},
      {"up{a=~\"x.*\", a!~\"xy.*\"}", ""},
      {"up{a!~\".+\", a=\"\"}", ""},
      {"x / x > 1", ""},
      {"1 - x > 1", ""},
      {"x % 10 > 9", ""},
      {"sum(x) < 0", ""},
      {"rate(x[5m]) == 0", ""},
      {"time() - x > 60 and on() hour() > 8", ""},
      {"x > 1 < 0.5 or y", "1:1 a part never has a result"},
      {"quantile(2, clamp(x, 0, 1)) > 5", ""},
      {"x offset 5m unless x", ""},
      {"topk(3, x) > 1", ""},
  };
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.expr);
    std::string found = OfExpression(one.expr);
    const std::string place = "f.yml:5:11: A: ";
    std::string want;
    if (one.expr == "x > 1 < 0.5 or y") {
      EXPECT_EQ(found, "");  // what a comparison lets through is not narrowed
      continue;
    }
    if (!one.found.empty()) {
      const size_t space = one.found.find(' ');
      want = place + std::string(one.found.substr(0, space)) +
             " of the expression:" + std::string(one.found.substr(space)) + "\n";
    }
    EXPECT_EQ(found, want);
  }
}

TEST(LintTest, Labels) {
  struct Case {
    std::string expr;
    std::string text;
    std::string_view missing;  // the label, if one is
  };
  const Case kCases[] = {
      {"sum by (job) (up) > 3", "{{ $labels.job }}", ""},
      {"sum by (job) (up) > 3", "{{ $labels.instance }}", "instance"},
      {"sum by (job) (up) > 3", "{{ .Labels.instance }}", "instance"},
      {"sum by (job) (up) > 3", "{{ with query \"x\" }}{{ range . }}{{ .Labels.instance }}{{ end }}{{ end }}", ""},
      {"sum by (job) (up) > 3", "{{ printf \"$labels.instance\" }} $labels.instance", ""},
      {"sum without (job) (up) > 3", "{{ $labels.job }}{{ $labels.instance }}", "job"},
      {"sum(up) > 3", "{{ $labels }} {{ $value | humanize }}", ""},
      {"up > 3", "{{ $labels.anything }}", ""},
      {"up{a=\"\"} > 3", "{{ $labels.a }}", "a"},
      {"absent(up{a=\"1\", b=~\"2\"})", "{{ $labels.a }} {{ $labels.b }}", "b"},
      {"x * on(a) group_left(b) y > 3", "{{ $labels.a }} {{ $labels.b }} {{ $labels.c }}", ""},
      {"x * on(a) y > 3", "{{ $labels.a }} {{ $labels.b }}", "b"},
      {"x > on(a) y", "{{ $labels.a }} {{ $labels.b }}", "b"},
      {"x and on(a) y", "{{ $labels.a }} {{ $labels.b }}", ""},
      {"sum by (a) (x) or sum by (b) (x)", "{{ $labels.a }} {{ $labels.b }} {{ $labels.c }}", "c"},
      {"histogram_quantile(0.9, sum by (le, a) (rate(x[5m]))) > 1", "{{ $labels.a }} {{ $labels.le }}", "le"},
      {"count_values(\"v\", x) > 1", "{{ $labels.v }} {{ $labels.w }}", "w"},
      {"label_replace(sum(x), \"v\", \"1\", \"\", \"\") > 1", "{{ $labels.v }} {{ $labels.w }}", "w"},
      {"topk by (a) (3, x) > 1", "{{ $labels.b }}", ""},
      {"x > ignoring(b) sum by (a) (y)", "{{ $labels.a }} {{ $labels.c }}", "c"},
      {"vector(1)", "{{ $labels.severity }}", "severity"},
  };
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.expr + " " + one.text);
    std::string want;
    if (!one.missing.empty()) {
      want = "f.yml:4:5: A: summary shows $labels." + std::string(one.missing) +
             ", which the expression's result never has [unknown-label]\n";
    }
    EXPECT_EQ(OfAlert(one.expr, one.text), want);
  }
}

TEST(LintTest, PlacesAreThoseOfTheFile) {
  EXPECT_EQ(Findings(R"(groups:
- name: g
  rules:
  - {alert: Plain, expr: up == 1 or hour() > 99}
  - {alert: Quoted, expr: 'absent(vector(1))'}
  - {record: r, expr: "x{a=\"1\",a=\"2\"}"}
  - alert: Block
    expr: |
      up == 1
        or hour() > 99
)"),
            "f.yml:4:37: Plain: a part never has a result: hour() > 99 is never true: the value is always from 0 to 23 "
            "[dead-part]\n"
            "f.yml:5:28: Quoted: never fires: what it asks for is never absent [never-fires]\n"
            "f.yml:6:23: r: 1:1 of the expression: records nothing: no series has a=\"1\" and a=\"2\" [never-fires]\n"
            "f.yml:8:11: Block: 2:6 of the expression: a part never has a result: hour() > 99 is never true: the "
            "value is always from 0 to 23 [dead-part]\n");
}

TEST(LintTest, Duplicates) {
  EXPECT_EQ(Findings(R"(groups:
- name: a
  labels: {team: x}
  rules:
  - {alert: A, expr: up == 0}
  - {alert: A, expr: up == 1, labels: {severity: page}}
  - {record: A, expr: up}
- name: b
  rules:
  - {alert: A, expr: up == 0}
  - {alert: A, expr: up == 0, labels: {team: x}}
)"),
            "f.yml:7:5: A: a record of this name with the same labels stands on line 5 already [duplicate-rules]\n"
            "f.yml:11:5: A: an alert of this name with the same labels stands on line 5 already [duplicate-rules]\n");
}

TEST(LintTest, WarningBehindCritical) {
  struct Case {
    std::string_view warning, critical, found;
  };
  constexpr Case kCases[] = {
      {"expr: x > 90", "expr: x > 80",
       "f.yml:4:22: W: warning (> 90) is never reached before critical (> 80, C on line 5) [limits]\n"},
      {"expr: x < 10", "expr: x < 20",
       "f.yml:4:22: W: warning (< 10) is never reached before critical (< 20, C on line 5) [limits]\n"},
      {"expr: x > 9 * 10", "expr: x > 90",
       "f.yml:4:22: W: warning (> 90) is never reached before critical (> 90, C on line 5) [limits]\n"},
      {"expr: x >= 90", "expr: x > 90", ""},
      {"expr: x > 80", "expr: x > 90", ""},
      {"expr: x > 90", "expr: y > 80", ""},
      {"expr: x > 90", "expr: x < 80", ""},
      {"expr: x > 90, for: 1m", "expr: x > 80, for: 5m", ""},  // a warning for the first four minutes
      {"expr: x > 90, for: 5m", "expr: x > 80, for: 5m",
       "f.yml:4:22: W: warning (> 90) is never reached before critical (> 80, C on line 5) [limits]\n"},
      {"expr: x > y", "expr: x > 80", ""},
  };
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.warning);
    EXPECT_EQ(Findings(fmt::format("groups:\n- name: g\n  rules:\n  - {{alert: W, {}, labels: {{severity: warning}}}}\n"
                                   "  - {{alert: C, {}, labels: {{severity: critical}}}}\n",
                                   one.warning, one.critical)),
              one.found);
  }
}

TEST(LintTest, MetricsThatAreThere) {
  struct Case {
    std::string expr;
    std::string_view found;
  };
  const Case kCases[] = {
      {"http_requests_total > 1", ""},
      {"http_request_total > 1", "there is no metric http_request_total (did you mean http_requests_total?)"},
      {"completely_else > 1", "there is no metric completely_else"},
      {"{__name__=~\"http_.*_total\"} > 1", ""},
      {"{__name__=~\"grpc_.*\"} > 1", "no metric has __name__=~\"grpc_.*\""},
      {"{__name__=~\"http_.*\", __name__!~\".*_total\"} > 1", "no metric has __name__=~\"http_.*\""},
      {"{job=\"x\"} > 1", ""},
      {"{__name__!=\"x\", job=\"y\"} > 1", ""},
      {"ALERTS{alertname=\"x\"} == 1", ""},
      {"job:http:rate > 1", ""},
      {"elsewhere:rate > 1", ""},
  };
  LintKnowledge knowledge;
  knowledge.metrics = KnownMetrics{.names = {"http_requests_total", "up"}, .complete = true, .prefixes = {}};
  knowledge.recorded = {{"elsewhere:rate", base::Duration(1000)}};
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.expr);
    const std::string found = Findings(
        "groups:\n- name: g\n  rules:\n  - {record: 'job:http:rate', expr: up}\n"
        "  - alert: A\n    expr: >-\n      " +
            one.expr + "\n",
        knowledge);
    const size_t at = found.find("expression: ");
    EXPECT_EQ(found.empty() ? "" : found.substr(at + 12),
              one.found.empty() ? "" : std::string(one.found) + " [unknown-metric]\n");
  }
  // what a foreign target may expose is nobody's mistake
  knowledge.metrics->complete = false;
  knowledge.metrics->prefixes = {"http_"};
  EXPECT_EQ(OfExpression("completely_else > 1", knowledge), "");
  EXPECT_EQ(OfExpression("http_request_total > 1", knowledge),
            "f.yml:5:11: A: 1:1 of the expression: there is no metric http_request_total (did you mean "
            "http_requests_total?) [unknown-metric]\n");
  EXPECT_EQ(OfExpression("completely_else > 1"), "") << "nothing is known";
}

TEST(LintTest, RangesAndHowOftenSamplesCome) {
  LintKnowledge knowledge;
  knowledge.scrape_interval = std::chrono::seconds(30);
  knowledge.job_intervals = {{"slow", std::chrono::minutes(5)}};
  knowledge.evaluation_interval = std::chrono::minutes(2);
  struct Case {
    std::string expr;
    std::string_view found;
  };
  const Case kCases[] = {
      {"rate(x[1m]) > 1", ""},
      {"rate(x[59s]) > 1", "rate() needs two samples, and [59s] not always holds them: there is one every 30s"},
      {"increase(x[30s]) > 1",
       "increase() needs two samples, and [30s] hardly ever holds them: there is one every 30s"},
      {"rate(x{job=\"slow\"}[5m]) > 1",
       "rate() needs two samples, and [5m] hardly ever holds them: there is one every 5m"},
      {"deriv(r[3m]) > 1", "deriv() needs two samples, and [3m] not always holds them: there is one every 2m"},
      {"rate(x[5m:4m]) > 1", "rate() needs two samples, and [5m] not always holds them: there is one every 4m"},
      {"max_over_time(x[10s]) > 1", ""},
  };
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.expr);
    const std::string found = Findings(
        "groups:\n- name: g\n  rules:\n  - {record: r, expr: up}\n  - alert: A\n    expr: >-\n      " + one.expr + "\n",
        knowledge);
    const size_t at = found.find("expression: ");
    EXPECT_EQ(found.empty() ? "" : found.substr(at + 12),
              one.found.empty() ? "" : std::string(one.found) + " [short-range]\n");
  }
}

TEST(LintTest, WhatIsKept) {
  LintKnowledge knowledge;
  knowledge.retention = std::chrono::hours(24 * 15);
  const std::string rules = R"(groups:
- name: g
  rules:
  - {alert: A, expr: 'x offset 15d > 1', for: 1h}
  - {alert: B, expr: 'avg_over_time(x[20d]) > 1'}
  - {alert: C, expr: 'x - x offset 14d > 1', for: 16d}
  - {alert: D, expr: 'avg_over_time(x[15d]) > 1'}
)";
  EXPECT_EQ(Findings(rules, knowledge),
            "f.yml:4:23: A: offset 15d finds nothing: samples are kept for 15d [retention]\n"
            "f.yml:5:37: B: [20d] sees less than it says: samples are kept for 15d [retention]\n"
            "f.yml:6:5: C: `for` of 16d is longer than samples are kept (15d): when it fires, nothing shows how it "
            "began [retention]\n");
  EXPECT_EQ(Findings(rules), "");
}

TEST(LintTest, Thresholds) {
  EXPECT_EQ(
      Findings(R"(thresholds:
  - {name: Count, value: count(x), critical: "< 1"}
  - name: Tenants
    value: x
    unit: percent
    warning: "> 3"
    overrides:
    - {match: {tenant: "=~a|b"}, warning: "> 5"}
    - {match: {tenant: a}, warning: "> 9"}
  - {name: Good, ratio: {bad: e_total, total: r_total, over: 5m, by: [a]}, critical: "> 2%", missing: warning}
)"),
      "f.yml:2:5: Count: never fires: count(x) < 1 is never true: the value is always 1 or more [never-fires]\n"
      "f.yml:3:5: Tenants: a part never has a result: no series has tenant=\"a\" and tenant!~\"a|b\"; an override "
      "above takes all that this one is for [dead-part]\n");
}

TEST(LintTest, ConventionsOnlyWhereAskedFor) {
  constexpr std::string_view kRules = R"(groups:
- name: g
  rules:
  - {alert: A, expr: up == 0}
  - {alert: B, expr: up == 0, labels: {severity: page}, annotations: {runbook_url: "http://x"}}
  - {record: r, expr: up}
)";
  EXPECT_EQ(Findings(kRules), "");
  EXPECT_EQ(Findings(kRules, {}, "severity"), "f.yml:4:5: A: has no label severity [severity]\n");
  EXPECT_EQ(Findings(kRules, {}, "runbook"), "f.yml:4:5: A: has no annotation runbook or runbook_url [runbook]\n");
}

TEST(LintTest, Choosing) {
  const auto choose = [](std::vector<std::string> words) {
    const auto chosen = ChooseLints(words);
    if (!chosen) return chosen.error().message;
    std::string text;
    for (const std::string_view one : *chosen) text.append(one).append(" ");
    return text;
  };
  EXPECT_EQ(choose({"none"}), "");
  EXPECT_EQ(choose({"none", "duplicate-rules"}), "duplicate-rules ");
  EXPECT_EQ(choose({"default"}),
            "always-fires dead-part duplicate-rules limits never-fires retention short-range unknown-metric ");
  EXPECT_EQ(choose({"all"}),
            "always-fires dead-part duplicate-rules limits never-fires retention short-range unknown-label "
            "unknown-metric ");
  EXPECT_EQ(choose({"all", "duplicate-rule"}),
            "there is no lint \"duplicate-rule\" (did you mean \"duplicate-rules\"?); --lint=help lists them");
}

}  // namespace
}  // namespace rules
