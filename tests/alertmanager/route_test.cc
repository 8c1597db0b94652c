#include "alertmanager/route/route.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/alertmanager/world.h"

namespace alertmanager {
namespace {

constexpr const char* kTree = R"(
route:
  receiver: default
  group_by: [alertname]
  group_wait: 10s
  routes:
    - matchers: [team="a"]
      receiver: team-a
      routes:
        - matchers: ['severity=~"critical|page"', job="x"]
          receiver: pager
          repeat_interval: 1h
          continue: true
        - match_re: {severity: crit.*}
          group_by: ['...']
          receiver: log
    - matchers: ['{team!="a", env=~prod|staging}']
      receiver: others
      group_by: []
    - matchers: [team="b"]
      receiver: never
    - matchers: []
      receiver: rest
receivers: [{name: default}, {name: team-a}, {name: pager}, {name: log}, {name: others}, {name: never}, {name: rest}]
)";

struct RouteCase {
  const char* name;
  base::Labels labels;
  std::vector<std::string> keys;  // "receiver group key"
};

TEST(Route, TableOfMatches) {
  const Route root = BuildRoutes(Parse(kTree).route);
  const RouteCase cases[] = {
      {"the deepest match counts", {{"team", "a"}, {"alertname", "T"}}, {R"(team-a {}/{team="a"}:{alertname="T"})"}},
      {"continue tries the siblings",
       {{"team", "a"}, {"severity", "critical"}, {"job", "x"}, {"alertname", "T"}},
       {R"re(pager {}/{team="a"}/{job="x",severity=~"critical|page"}:{alertname="T"})re",
        R"re(log {}/{team="a"}/{severity=~"^(?:crit.*)$"}:{alertname="T", job="x", severity="critical", team="a"})re"}},
      {"expressions are anchored",
       {{"team", "a"}, {"severity", "uncritical"}, {"job", "x"}},
       {R"(team-a {}/{team="a"}:{})"}},
      {"a missing label is empty, an empty group_by groups all",
       {{"env", "prod"}, {"alertname", "T"}},
       {R"re(others {}/{env=~"prod|staging",team!="a"}:{})re"}},
      {"the first match ends the scan",
       {{"team", "b"}, {"env", "prod"}},
       {R"re(others {}/{env=~"prod|staging",team!="a"}:{})re"}},
      {"no matchers take everything", {{"x", "y\"\n"}, {"alertname", "a\"b"}}, {R"(rest {}/{}:{alertname="a\"b"})"}},
  };
  for (const RouteCase& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<std::string> keys;
    for (const Route* route : MatchRoutes(root, c.labels)) {
      keys.push_back(route->receiver + " " + GroupKey(*route, GroupLabels(*route, c.labels)));
    }
    EXPECT_EQ(keys, c.keys);
  }
}

TEST(Route, ChildrenInheritWhatTheyDoNotSay) {
  const Route root = BuildRoutes(Parse(kTree).route);
  EXPECT_EQ(root.group_interval, std::chrono::minutes(5));
  EXPECT_EQ(root.repeat_interval, std::chrono::hours(4));
  const Route& pager = root.routes[0].routes[0];
  EXPECT_EQ(pager.group_wait, std::chrono::seconds(10));
  EXPECT_EQ(pager.repeat_interval, std::chrono::hours(1));
  EXPECT_EQ(pager.group_by, std::vector<std::string>{"alertname"});
  EXPECT_TRUE(root.routes[0].routes[1].group_by_all);
}

TEST(Route, ARouteThatNobodyMatchesGoesToTheRoot) {
  const Route root =
      BuildRoutes(Parse("route: {receiver: r, routes: [{matchers: [a=b]}]}\nreceivers: [{name: r}]").route);
  const auto found = MatchRoutes(root, {{"a", "c"}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0], &root);
}

struct MatcherCase {
  const char* text;
  const char* want;  // the matchers printed and joined by a space, or the error
};

TEST(Matchers, Table) {
  const MatcherCase cases[] = {
      {"a=b", R"(a="b")"},
      {" a = b ", R"(a="b")"},
      {R"({a="b",c!="d",})", R"(a="b" c!="d")"},
      {R"(a=~"x|y", b!~z)", R"re(a=~"x|y" b!~"z")re"},
      {R"(a="q\"\n\\")", R"(a="q\"\n\\")"},
      {R"("a b"=c)", R"("a b"="c")"},
      {R"(größe="ä")", R"("größe"="ä")"},
      {"a=", R"(a="")"},
      {"a=b c", R"(a="b c")"},
      {"a=~x{2,3}", R"re(a=~"x{2,3}")re"},
      {"{}", ""},
      {"", ""},
      {"a", R"(bad matcher "a": expected =, !=, =~ or !~ at byte 2)"},
      {"=b", R"(bad matcher "=b": expected a label name at byte 1)"},
      {"{a=b", R"(bad matcher "{a=b": expected ',' or '}' at byte 5)"},
      {"a=b}", R"(bad matcher "a=b}": '}' without '{' at byte 4)"},
      {"a=\"b", R"(bad matcher "a=\"b": the quoted text does not end at byte 3)"},
      {"a=\"b\" c", R"(bad matcher "a=\"b\" c": expected ',' at byte 7)"},
  };
  for (const MatcherCase& c : cases) {
    SCOPED_TRACE(c.text);
    const auto matchers = ParseMatchers(c.text);
    std::vector<std::string> printed;
    if (matchers) {
      for (const base::Matcher& matcher : *matchers) printed.push_back(matcher.ToString());
    }
    EXPECT_EQ(matchers ? base::Join(printed, " ") : matchers.error().message, c.want);
  }
  const auto bad = ParseMatchers("a=~\"(\"");
  ASSERT_FALSE(bad);
  EXPECT_TRUE(bad.error().message.starts_with(R"(bad matcher "a=~\"(\"": )")) << bad.error().message;
}

}  // namespace
}  // namespace alertmanager
