#include "rules/rule_file.h"

#include <gtest/gtest.h>

#include "tests/support/support.h"

namespace rules {
namespace {

TEST(RuleFileTest, ReadsPrometheusGroups) {
  base::YamlErrors errors;
  const RuleSet set = ParseRuleFile(R"(
groups:
  - name: g
    interval: 30s
    query_offset: 1m
    limit: 10
    labels: {team: a, site: x}
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
        labels: {team: b}
      - alert: Down
        expr: |
          up
            == 0
        for: 5m
        keep_firing_for: 1m
        annotations: {summary: "{{ $labels.job }} is down"}
)",
                                    "f.yml", {}, errors);
  EXPECT_EQ(errors.ToString(), "");
  ASSERT_EQ(set.groups.size(), 1U);
  const RuleGroup& group = set.groups[0];
  EXPECT_EQ(group.Key(), "f.yml;g");
  EXPECT_EQ(group.interval, std::chrono::seconds(30));
  EXPECT_EQ(group.query_offset, std::chrono::minutes(1));
  EXPECT_EQ(group.limit, 10);
  ASSERT_EQ(group.rules.size(), 2U);
  EXPECT_EQ(group.rules[0].kind, RuleKind::recording);
  EXPECT_EQ(group.rules[0].labels, (TextMap{{"site", "x"}, {"team", "b"}}));
  EXPECT_EQ(group.rules[1].kind, RuleKind::alerting);
  EXPECT_EQ(group.rules[1].expression, "up\n  == 0\n");
  EXPECT_EQ(group.rules[1].hold, std::chrono::minutes(5));
  EXPECT_EQ(group.rules[1].keep_firing_for, std::chrono::minutes(1));
  EXPECT_EQ(group.rules[1].labels, (TextMap{{"site", "x"}, {"team", "a"}}));
  EXPECT_EQ(group.rules[1].annotations, (TextMap{{"summary", "{{ $labels.job }} is down"}}));
}

std::string Mistakes(std::string_view yaml) {
  base::YamlErrors errors;
  ParseRuleFile(yaml, "f.yml", {}, errors);
  return errors.ToString();
}

TEST(RuleFileTest, TellsEveryMistakeWithItsPlace) {
  EXPECT_EQ(
      Mistakes(R"(groups:
  - name: a
    rules:
      - record: r
        expr: rate(hi)
      - alert: A
        expr: 'sum(up'
      - alert: B
        expr: |
          up +
            rate(up)
      - expr: up
      - record: r
      - record: r
        alert: A
        expr: up
      - record: r{x="y"}
        expr: up
      - record: r
        expr: up
        for: 5m
        keep_firing_for: 1m
        annotations: {a: b}
      - alert: A
        expr: up
        for: soon
        labels: {__name__: x, "": y, ok: "{{ end }}"}
        annotation: {summary: x}
        annotations: {summary: "{{ end }}"}
  - name: a
    intervall: 5m
    limit: many
  - name: ""
  - rules: []
  - name: fine
    labels: {__name__: x}
grups: []
thresholds:
  - {name: fine, value: up, critical: "== 0"}
)"),
      R"(f.yml:5:20: groups[0].rules[0].expr: parse error: expected type range vector in call to function "rate", got instant vector
f.yml:7:22: groups[0].rules[1].expr: parse error: unclosed left parenthesis
f.yml:9:15: groups[0].rules[2].expr: 2:8: parse error: expected type range vector in call to function "rate", got instant vector
f.yml:12:9: groups[0].rules[3]: record or alert is missing
f.yml:13:9: groups[0].rules[4]: expr is missing
f.yml:15:16: groups[0].rules[5].alert: a rule is either a record or an alert, not both
f.yml:17:17: groups[0].rules[6].record: invalid name "r{x=\"y\"}" for a recorded series
f.yml:21:14: groups[0].rules[7].for: a recording rule has no `for`
f.yml:22:26: groups[0].rules[7].keep_firing_for: a recording rule has no `keep_firing_for`
f.yml:23:26: groups[0].rules[7].annotations.a: a recording rule has no annotations
f.yml:26:14: groups[0].rules[8].for: not a valid duration string: "soon"
f.yml:27:28: groups[0].rules[8].labels.__name__: invalid label name "__name__"
f.yml:27:35: groups[0].rules[8].labels.: invalid label name ""
f.yml:27:42: groups[0].rules[8].labels.ok: error parsing template __alert_A: template: __alert_A:1: unexpected {{end}}
f.yml:28:9: groups[0].rules[8]: unknown key "annotation" (did you mean "annotations"?)
f.yml:29:32: groups[0].rules[8].annotations.summary: error parsing template __alert_A: template: __alert_A:1: unexpected {{end}}
f.yml:30:11: group "a" is given twice, first on line 2
f.yml:31:5: groups[1]: unknown key "intervall" (did you mean "interval"?)
f.yml:32:12: groups[1].limit: expected a whole number, found "many"
f.yml:33:11: groups[2].name: a group's name must not be empty
f.yml:34:5: groups[3]: "name" is missing
f.yml:36:24: groups[4].labels.__name__: invalid label name "__name__"
f.yml:37:1: unknown key "grups" (did you mean "groups"?)
f.yml:39:5: group "fine" is given twice, first on line 35; a threshold is a group of its own name
)");
}

TEST(RuleFileTest, PlacesOfPromqlMistakes) {
  struct Case {
    std::string_view expr;  // after "expr: ", which ends in column 15
    std::string_view want;
  };
  const Case cases[] = {
      {"rate(up)",
       "f.yml:5:16: groups[0].rules[0].expr: parse error: expected type range vector in call to function "
       "\"rate\", got instant vector\n"},
      {"  'rate(up)'",
       "f.yml:5:19: groups[0].rules[0].expr: parse error: expected type range vector in call to "
       "function \"rate\", got instant vector\n"},
      {"'rate(up{a=''b''})'",
       "f.yml:5:11: groups[0].rules[0].expr: 1:6: parse error: expected type range vector in "
       "call to function \"rate\", got instant vector\n"},
      {"|-\n      up +\n        rate(up)",
       "f.yml:5:11: groups[0].rules[0].expr: 2:8: parse error: expected type range "
       "vector in call to function \"rate\", got instant vector\n"},
      {"up +\n        rate(up)",
       "f.yml:5:11: groups[0].rules[0].expr: 1:11: parse error: expected type range vector "
       "in call to function \"rate\", got instant vector\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.expr);
    EXPECT_EQ(Mistakes(fmt::format("groups:\n- name: g\n  rules:\n  - record: r\n    expr: {}\n", c.expr)), c.want);
  }
}

TEST(RuleFileTest, EmptyFilesAndFilesThatAreNone) {
  EXPECT_EQ(Mistakes(""), "");
  EXPECT_EQ(Mistakes("groups:\n"), "");
  EXPECT_EQ(Mistakes("groups: []\n---\nnot: looked at\n"), "");
  EXPECT_EQ(Mistakes("- a\n"), "f.yml:1:1: expected a map\n");
  EXPECT_EQ(Mistakes("groups: {a: b}\n"), "f.yml:1:9: groups: expected a list\n");
}

TEST(RuleFileTest, SeveralFiles) {
  const test::TemporaryDirectory folder;
  const std::string a = folder.Write("a.yml", "thresholds: [{name: T, value: v, critical: '> 1', warning: '> 0'}]");
  const std::string b = folder.Write("b.yml", "groups: [{name: T}, {name: g}]");
  const std::string c = folder.Write("c.yml", "thresholds: [{name: T, value: v, critical: '> 1'}]");
  base::YamlErrors errors;
  const RuleSet set = LoadRuleFiles(std::vector<std::string>{a, b}, {}, errors);
  EXPECT_EQ(errors.ToString(), "");
  EXPECT_EQ(set.groups.size(), 3U);
  EXPECT_EQ(set.inhibitions, (std::vector<Inhibition>{{.alertname = "T", .equal = std::nullopt}}));
  LoadRuleFiles(std::vector<std::string>{a, "/nowhere/x.yml", c}, {}, errors);
  EXPECT_EQ(errors.ToString(), fmt::format("cannot read \"/nowhere/x.yml\": No such file or directory\n"
                                           "{}:1:14: threshold \"T\" is given twice, first in {} on line 1\n",
                                           c, a));
}

}  // namespace
}  // namespace rules
