#include "rules/catch_up.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "base/text.h"
#include "rules/manager.h"
#include "tests/rules/memory_keeper.h"
#include "tests/rules/world.h"
#include "tests/support/sanitizer.h"

namespace rules {
namespace {

using testing::At;
using testing::MemoryKeeper;
using testing::World;

constexpr base::Duration kInterval = std::chrono::seconds(30);

// Turns from `last` on, while the clock moves by `cost` with each evaluation, as text: "30p 60p 90".
std::string Turns(CatchUp& catch_up, double last, double now, base::Duration most, double cost, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const base::Timestamp latest = At(last) + (At(now) - At(last)) / kInterval * kInterval;
    if (latest == At(last)) return text + "idle";
    const CatchUp::Turn turn = catch_up.Next(At(last), latest, kInterval, most);
    last = base::ToSeconds(turn.slot - testing::kStart);
    text += fmt::format("{}{}{} ", last, turn.past ? "p" : "", turn.missed > 0 ? fmt::format("-{}", turn.missed) : "");
    now += cost;
  }
  return text;
}

TEST(CatchUpTest, Turns) {
  struct Case {
    std::string_view name;
    double last, now;
    int most_seconds;
    double cost;
    std::string_view want;
  };
  constexpr Case kCases[] = {
      {"on time", 0, 35, 600, 0, "30 idle"},
      {"one missed", 0, 65, 600, 0, "30p 60 idle"},
      {"not asked for", 0, 125, 0, 0, "120-3 idle"},
      {"less than an interval", 0, 125, 29, 0, "120-3 idle"},
      {"all", 0, 125, 600, 0, "30p 60p 90p 120 idle"},
      {"no further back than", 0, 305, 90, 0, "210p-6 240p 270p 300 idle"},
      {"the present moves on", 0, 95, 600, 20, "30p 60p 90p 120p 150 "},
      {"slower than time", 0, 95, 600, 40, "30p 60p 90p 120p 240-3 "},  // four evaluations, then the present
  };
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.name);
    CatchUp catch_up;
    EXPECT_EQ(Turns(catch_up, one.last, one.now, std::chrono::seconds(one.most_seconds), one.cost, 5), one.want);
  }
}

TEST(CatchUpTest, ASlowGroupCatchesUpAgainOnlyAfterItWasOnTime) {
  CatchUp catch_up;
  // each evaluation takes 40 s of its 30
  EXPECT_EQ(Turns(catch_up, 0, 65, std::chrono::hours(1), 40, 8), "30p 60p 120-1 180-1 210 240 270p 300p ");
}

TEST(CatchUpTest, WhoWritesAlone) {
  const RuleSet set = World::Load(R"(
groups:
  - name: g
    rules:
      - {record: a, expr: v}
      - {record: b, expr: v, labels: {x: "1"}}
      - {record: b, expr: v, labels: {x: "2"}}
      - {record: c, expr: v, labels: {x: "1"}}
      - {record: c, expr: v}
)");
  const Writers writers(set.groups);
  std::string alone;
  for (const Rule& rule : set.groups[0].rules) alone += writers.Alone(rule) ? "+" : "-";
  EXPECT_EQ(alone, "+++--");
}

// A manager whose process may end and begin anew, and stand still.
class Life {
 public:
  explicit Life(const RuleSet& rules, base::Duration catch_up) : rules_(rules), catch_up_(catch_up) { Begin(); }

  World& world() { return world_; }
  const MemoryKeeper& keeper() const { return keeper_; }
  void End() { manager_.reset(); }
  void Begin() {
    ManagerOptions options = world_.manager_options();
    options.keeper = &keeper_;
    manager_ = std::make_unique<Manager>(options);
    manager_->Restore(keeper_.state);
    manager_->Apply({.rules = rules_,
                     .defaults = {.interval = kInterval},
                     .external_labels = {},
                     .external_url = "http://tocsin",
                     .catch_up = catch_up_});
    Hear();
  }
  bool alive() const { return manager_ != nullptr; }
  void Run() {
    manager_->RunDue();
    Hear();
  }
  std::string Alerts() const { return testing::Show(manager_->Groups().at(0)); }

  // What a receiver takes for firing now, and how often it heard of something that began to fire.
  std::map<std::string, base::Timestamp> firing;
  std::map<std::string, int> begun;

 private:
  void Hear() {
    for (const base::Alert& alert : world_.sink().Take()) {
      const std::string key = alert.labels.ToString();
      if (alert.ResolvedAt(world_.clock().Now())) {
        firing.erase(key);
      } else if (firing.insert_or_assign(key, alert.starts_at).second) {
        ++begun[key];
      }
    }
  }

  const RuleSet& rules_;
  const base::Duration catch_up_;
  World world_;
  MemoryKeeper keeper_;
  std::unique_ptr<Manager> manager_;
};

constexpr std::string_view kRules = R"yaml(
groups:
  - name: g
    rules:
      - {record: "r:sum", expr: sum by (a) (v)}
      - {record: "r:high", expr: "r:sum > 5"}
      - {record: "r:rate", expr: "sum(rate(v[2m]))"}
      - {alert: High, expr: "r:sum > 5"}
      - {alert: Held, expr: "r:sum > 4", for: 90s}
      - {alert: Kept, expr: "r:sum > 6", for: 30s, keep_firing_for: 2m}
      - {alert: Gone, expr: 'absent(v{a="0"})', for: 1m}
      - {alert: Told, expr: 'ALERTS{alertname="High",alertstate="firing"}', for: 60s}
)yaml";
constexpr std::string_view kShown[] = {"r:sum", "r:high", "r:rate", "ALERTS", "ALERTS_FOR_STATE"};

// What happened, in whatever order within an evaluation. An alert that receivers must still hear the end of is kept as
// inactive where otherwise nothing is.
std::vector<std::string> Happened(std::string history) {
  history = base::ReplaceAll(base::ReplaceAll(std::move(history), "inactive", "none"), "; ", "\n");
  std::vector<std::string> happened;
  for (const std::string_view one : base::Split(history, '\n')) happened.emplace_back(one);
  std::ranges::sort(happened);
  return happened;
}

// Whatever is missed, afterwards it is as if nothing had been.
TEST(CatchUpTest, AsIfItHadNeverStopped) {
  const RuleSet rules = World::Load(kRules);
  for (int seed = 1; seed <= 40 / test::kSlowness; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 chance(static_cast<unsigned>(seed));
    const auto below = [&](unsigned most) { return static_cast<int>(chance() % most); };
    Life steady(rules, base::Duration(0));
    Life shaken(rules, std::chrono::hours(1));
    int gap = 0;
    bool down = false;
    constexpr int kSteps = 300;
    for (int step = 0; step < kSteps; ++step) {
      for (int a = 0; a < 3; ++a) {
        if (below(6) == 0 && step % 40 > 25) continue;
        const double value = below(10) + 3 * ((step / 20 + a) % 2) - 3;
        for (Life* life : {&steady, &shaken}) life->world().Put(fmt::format("v{{a=\"{}\"}}", a), step * 10 + 1, value);
      }
      for (Life* life : {&steady, &shaken}) life->world().clock().Advance(std::chrono::seconds(10));
      steady.Run();
      if (gap == 0 && step > 5 && step + 2 < kSteps && below(8) == 0) {
        gap = 1 + below(60);
        down = below(2) == 0;
        if (down) shaken.End();
      }
      if (gap > 0 && (--gap > 0 && step + 5 < kSteps)) continue;
      gap = 0;
      if (!shaken.alive()) shaken.Begin();
      shaken.Run();
    }
    EXPECT_EQ(shaken.Alerts(), steady.Alerts());
    EXPECT_EQ(Happened(shaken.keeper().history), Happened(steady.keeper().history));
    for (const std::string_view name : kShown) {
      for (int second = 0; second < kSteps * 10; second += 15) {
        const std::string selector = fmt::format("timestamp({})", name);
        ASSERT_EQ(shaken.world().Query(name, second), steady.world().Query(name, second)) << name << " at " << second;
        ASSERT_EQ(shaken.world().Query(selector, second), steady.world().Query(selector, second)) << name << second;
      }
    }
    std::map<std::string, base::Timestamp> want = steady.firing;
    EXPECT_EQ(shaken.firing.size(), want.size());
    for (const auto& [labels, since] : shaken.firing) EXPECT_TRUE(want.contains(labels)) << labels;
    for (const auto& [labels, count] : shaken.begun) EXPECT_LE(count, steady.begun[labels]) << labels;
  }
}

// Alerts that came and went while nobody was told.
TEST(CatchUpTest, WhatIsTold) {
  struct Step {
    std::string_view name;
    std::vector<double> before, missed, after;  // values of v, one for each evaluation
    std::string_view told_before, told_after;
  };
  const Step kSteps[] = {
      {"fires in the gap", {1, 1}, {1, 9, 9}, {9}, "", "firing since 5"},
      {"fires and ends in the gap", {1, 1}, {9, 9, 1}, {1}, "", ""},
      {"ends in the gap", {9, 9}, {9, 1, 1}, {1}, "firing since 2", "resolved"},
      {"ends and is pending again", {9, 9}, {9, 1, 9}, {1}, "firing since 2", "resolved"},
      {"ends and fires again", {9, 9}, {1, 9, 9}, {9}, "firing since 2", "firing since 5"},
      {"ends, and is pending when it is told", {9, 9}, {9, 1, 1}, {9}, "firing since 2", "resolved"},
      {"goes on", {9, 9}, {9, 9, 9}, {9}, "firing since 2", "firing since 2"},
      {"pending, then firing at once", {1, 9}, {9, 9, 9}, {9}, "", "firing since 3"},
  };
  const RuleSet rules = World::Load("groups: [{name: g, rules: [{alert: A, expr: v > 5, for: 30s}]}]");
  for (const Step& step : kSteps) {
    SCOPED_TRACE(step.name);
    Life life(rules, std::chrono::hours(1));
    const base::Duration offset = Group(rules.groups[0], {.interval = kInterval}).SlotAt(At(30)) - At(0);
    life.world().clock().Advance(offset - kInterval);
    double slot = 0;
    std::string told;
    const auto play = [&](const std::vector<double>& values, bool missed) {
      for (const double value : values) {
        if (!missed && !life.alive()) life.Begin();
        life.world().clock().Advance(kInterval);
        life.world().Put("v", base::ToSeconds(life.world().clock().Now() - testing::kStart), value);
        ++slot;
        if (missed) continue;
        life.Run();
      }
    };
    const auto heard = [&]() -> std::string {
      if (life.firing.empty()) return life.begun.empty() ? "" : "resolved";
      const auto since = life.firing.begin()->second - At(0) - offset;
      return fmt::format("firing since {}", since / kInterval + 1);
    };
    play(step.before, false);
    EXPECT_EQ(heard(), step.told_before);
    life.End();
    play(step.missed, true);
    play(step.after, false);
    EXPECT_EQ(heard(), step.told_after);
  }
}

}  // namespace
}  // namespace rules
