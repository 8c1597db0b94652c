#include <gtest/gtest.h>

#include "rules/group.h"
#include "rules/manager.h"
#include "tests/rules/memory_keeper.h"
#include "tests/rules/world.h"

// A process ends without a word and another goes on from what the keeper was told.

namespace rules {
namespace {

using testing::At;
using testing::MemoryKeeper;
using testing::World;

constexpr GroupDefaults kDefaults{.interval = std::chrono::seconds(30)};

class RestoreTest : public ::testing::Test {
 protected:
  RestoreTest() { world_.environment().keeper = &keeper_; }

  void Use(std::string_view rules) {
    yaml_ = rules;
    group_ = std::make_unique<Group>(World::LoadGroup(yaml_), kDefaults);
  }
  void Evaluate(double seconds) { group_->Evaluate(At(seconds), world_.environment()); }
  // The same rules in a new process.
  std::vector<base::Alert> Restart(double seconds, std::string_view rules = {}) {
    Use(rules.empty() ? std::string(yaml_) : rules);
    const std::string key = group_->Key();
    return group_->Restore(keeper_.state[key], At(seconds), world_.environment());
  }
  std::string Alerts() const { return testing::Show(group_->Snapshot()); }

  World world_;
  MemoryKeeper keeper_;
  std::string yaml_;
  std::unique_ptr<Group> group_;
};

constexpr std::string_view kHigh = R"(
groups:
  - name: g
    rules:
      - {alert: High, expr: v > 5, for: 90s, keep_firing_for: 60s}
)";

// Restarting after each evaluation changes nothing of what is told when.
class ShortRestartTest : public RestoreTest, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Restarting, ShortRestartTest, ::testing::Bool());

TEST_P(ShortRestartTest, TellsTheSame) {
  struct Step {
    double at, value;
    std::string_view alerts, sent;
  };
  constexpr Step kSteps[] = {
      {0, 9, "pending {alertname=\"High\"} 9\n", ""},
      {30, 9, "pending {alertname=\"High\"} 9\n", ""},
      {60, 9, "pending {alertname=\"High\"} 9\n", ""},
      {90, 9, "firing {alertname=\"High\"} 9\n", "firing {alertname=\"High\"} since 90 until 330\n"},
      {120, 1, "firing {alertname=\"High\"} 9\n", ""},
      {150, 1, "firing {alertname=\"High\"} 9\n", ""},
      {180, 1, "", "resolved {alertname=\"High\"} since 90 until 180\n"},
      {210, 9, "pending {alertname=\"High\"} 9\n", ""},
      {240, 1, "", ""},
  };
  Use(kHigh);
  for (const Step& step : kSteps) {
    SCOPED_TRACE(step.at);
    world_.Put("v", step.at, step.value);
    Evaluate(step.at);
    EXPECT_EQ(Alerts(), step.alerts);
    EXPECT_EQ(world_.Sent(step.at), step.sent);
    if (GetParam()) Restart(step.at + 5);
  }
  EXPECT_EQ(keeper_.history,
            "High: none>pending found; High: pending>firing held; High: firing>inactive keep_firing_over; "
            "High: inactive>pending found; High: pending>none not_found");
}

// Nobody has heard of alerts that a limit drops as they come; each evaluation would tell the history of all of them.
TEST_F(RestoreTest, TheHistoryKnowsOnlyAlertsThatWere) {
  Use("groups: [{name: g, limit: 1, rules: [{alert: A, expr: v > 5, for: 1m}]}]");
  world_.Put("v{i=\"0\"}", 0, 9);
  Evaluate(0);
  for (const double at : {30.0, 60.0}) {
    world_.Put("v{i=\"0\"}", at, 1);
    world_.Put("v{i=\"1\"}", at, 9);
    world_.Put("v{i=\"2\"}", at, 9);
    Evaluate(at);
  }
  EXPECT_EQ(keeper_.history, "A: none>pending found; A: pending>none not_found");
  EXPECT_TRUE(keeper_.state["f.yml;g"].alerts.empty()) << "none is kept for the next start";
}

TEST_F(RestoreTest, TimeNobodySawDoesNotCount) {
  Use(kHigh);
  world_.Put("v", 0, 9);
  Evaluate(0);
  world_.Put("v", 30, 9);
  Evaluate(30);  // pending for 30 s of 90
  EXPECT_TRUE(Restart(600).empty());
  world_.Put("v", 630, 9);
  Evaluate(630);  // 570 s unseen, 30 s of them an interval as any other
  EXPECT_EQ(Alerts(), "pending {alertname=\"High\"} 9\n");
  world_.Put("v", 660, 9);
  Evaluate(660);
  EXPECT_EQ(Alerts(), "firing {alertname=\"High\"} 9\n");
  EXPECT_EQ(world_.Sent(660), "firing {alertname=\"High\"} since 660 until 900\n");
}

TEST_F(RestoreTest, FiringIsToldAgainAtOnceWithItsOldStart) {
  Use(kHigh);
  for (const double at : {0, 30, 60, 90}) {
    world_.Put("v", at, 9);
    Evaluate(at);
  }
  world_.Sent(90);
  const auto again = Restart(100);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].labels.ToString(), "{alertname=\"High\"}");
  EXPECT_EQ(again[0].starts_at, At(90));
  EXPECT_EQ(again[0].ends_at, At(100 + 240));
  world_.Put("v", 120, 9);
  Evaluate(120);
  EXPECT_EQ(world_.Sent(120), "") << "the resend delay counts from the restart";
}

TEST_F(RestoreTest, ResolvedIsToldAgain) {
  Use("groups: [{name: g, rules: [{alert: High, expr: v > 5}]}]");
  world_.Put("v", 0, 9);
  Evaluate(0);
  world_.Put("v", 30, 1);
  Evaluate(30);
  const auto again = Restart(40);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].ends_at, At(30));
}

// A process that dies between the two leaves an alert that it can tell again, never one whose end nobody tells.
TEST_F(RestoreTest, WhatIsSentIsKeptBefore) {
  class Order : public StateKeeper, public base::AlertSink {
   public:
    void Keep(GroupChanges changes) override {
      for (const RuleChanges& rule : changes.rules) said += "keep " + rule.name + "; ";
    }
    void Send(std::span<const base::Alert> alerts) override {
      for (const base::Alert& alert : alerts) said += "send " + std::string(alert.labels.Get("alertname")) + "; ";
    }
    std::string said;
  };
  Order order;
  const Environment& world = world_.environment();
  const Environment environment{.engine = world.engine,
                                .querier = world.querier,
                                .appendable = world.appendable,
                                .sink = order,
                                .keeper = &order,
                                .external_labels = {},
                                .external_url = {}};
  Use("groups: [{name: g, rules: [{alert: A, expr: v > 5}, {alert: P, expr: v > 5, for: 1h}, {alert: B, expr: v > "
      "5}]}]");
  world_.Put("v", 0, 9);
  group_->Evaluate(At(0), environment);
  EXPECT_EQ(order.said, "keep A; send A; keep P; keep B; send B; ");
  order.said.clear();
  world_.Put("v", 30, 1);
  group_->Evaluate(At(30), environment);
  EXPECT_EQ(order.said, "keep A; send A; keep P; keep B; send B; ");
}

TEST_F(RestoreTest, SeriesOfTheOldStateEnd) {
  Use("groups: [{name: g, rules: [{alert: High, expr: v > 5, for: 30s}]}]");
  world_.Put("v", 0, 9);
  Evaluate(0);
  Restart(10);
  world_.Put("v", 30, 9);
  Evaluate(30);
  EXPECT_EQ(world_.Query("ALERTS", 30), "ALERTS{alertname=\"High\", alertstate=\"firing\"} 1\n");
}

TEST_F(RestoreTest, RulesThatAreGone) {
  Use("groups: [{name: g, rules: [{alert: A, expr: v > 5}, {alert: B, expr: v > 5}]}]");
  world_.Put("v", 0, 9);
  Evaluate(0);
  keeper_.history.clear();
  Restart(10, "groups: [{name: g, rules: [{alert: B, expr: v > 5}]}]");
  EXPECT_EQ(Alerts(), "firing {alertname=\"B\"} 9\n");
  EXPECT_EQ(keeper_.history, "A: firing>none rule_gone");
  EXPECT_EQ(keeper_.state.at("f.yml;g").alerts.size(), 1u);
}

TEST_F(RestoreTest, EqualRulesKeepApart) {
  Use("groups: [{name: g, rules: [{alert: A, expr: v > 5, for: 30s}, {alert: A, expr: w > 8, for: 60s}]}]");
  for (const double at : {0, 30}) {
    world_.Put("v{a=\"1\"}", at, 6);
    world_.Put("w{a=\"2\"}", at, 9);
    Evaluate(at);
  }
  const std::string before = Alerts();
  EXPECT_EQ(before, "firing {a=\"1\", alertname=\"A\"} 6\npending {a=\"2\", alertname=\"A\"} 9\n");
  Restart(40);
  EXPECT_EQ(Alerts(), before);
  EXPECT_EQ(keeper_.state.at("f.yml;g").alerts.size(), 2u);
}

TEST_F(RestoreTest, LimitForgets) {
  Use("groups: [{name: g, limit: 1, rules: [{alert: A, expr: v > 5}]}]");
  world_.Put("v{a=\"1\"}", 0, 9);
  Evaluate(0);
  world_.Put("v{a=\"2\"}", 30, 9);
  Evaluate(30);
  EXPECT_TRUE(keeper_.state.at("f.yml;g").alerts.empty());
  EXPECT_EQ(keeper_.history, "A: none>firing found; A: firing>none limit");
}

TEST_F(RestoreTest, ManagerGoesOnAndTellsAllInOneMessage) {
  keeper_.state["f.yml;g"] = {.evaluated = At(0), .alerts = {}};
  for (const std::string_view name : {"A", "B"}) {
    ActiveAlert alert{.labels = base::Labels({{"alertname", name}}), .annotations = {}, .value = 1, .status = {}};
    alert.status = {.state = AlertState::firing,
                    .active_at = At(-60),
                    .fired_at = At(-30),
                    .keep_firing_since = {},
                    .resolved_at = {},
                    .last_sent_at = At(0)};
    std::string key = "[\"";
    key.append(name).append("\"]");
    keeper_.state["f.yml;g"].alerts[key].push_back(alert);
  }
  keeper_.state["f.yml;old"] = {.evaluated = At(0), .alerts = {}};
  world_.clock().Advance(std::chrono::seconds(20));
  ManagerOptions options = world_.manager_options();
  options.keeper = &keeper_;
  Manager manager(options);
  manager.Restore(keeper_.state);
  manager.Apply({.rules = World::Load("groups: [{name: g, interval: 30s, rules: [{alert: A, expr: v}, {alert: B, "
                                      "expr: v}]}]"),
                 .defaults = {},
                 .external_labels = base::Labels({{"site", "demo"}}),
                 .external_url = "http://tocsin"});
  EXPECT_EQ(world_.Sent(20),
            "firing {alertname=\"A\", site=\"demo\"} since -30 until 260\n"
            "firing {alertname=\"B\", site=\"demo\"} since -30 until 260\n");
  EXPECT_FALSE(keeper_.state.contains("f.yml;old"));
  EXPECT_EQ(testing::Show(manager.Groups().at(0)), "firing {alertname=\"A\"} 1\nfiring {alertname=\"B\"} 1\n");
}

}  // namespace
}  // namespace rules
