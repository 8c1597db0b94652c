#include "rules/manager.h"

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include "tests/rules/world.h"

namespace rules {
namespace {

using std::chrono::seconds;
using testing::World;

ManagerConfig Config(std::string_view yaml) {
  return {.rules = World::Load(yaml),
          .defaults = {.interval = seconds(30)},
          .external_labels = base::Labels{{"site", "demo"}},
          .external_url = "http://tocsin"};
}

constexpr std::string_view kParRules = R"(
thresholds:
  - name: PAR_90
    value: kpi_par_90_percent
    unit: percent
    target: "< 3"
    warning: "> 3"
    critical: "> 5"
    for: 1m
    labels: {team: risk}
)";

class ManagerTest : public ::testing::Test {
 protected:
  // Lets time pass until the groups were evaluated `times` times, putting `value` before each.
  void Pass(Manager& manager, int times, std::string_view series, double value) {
    for (int i = 0; i < times; ++i) {
      base::Timestamp next = manager.RunDue();
      world_.clock().Advance(next - world_.clock().Now());
      world_.Put(series, base::ToSeconds(next - testing::kStart), value);
      manager.RunDue();
    }
  }
  std::vector<std::string> Sent() {
    std::vector<std::string> sent;
    for (const base::Alert& alert : world_.sink().Take()) {
      sent.push_back(fmt::format("{} {}", alert.ResolvedAt(world_.clock().Now()) ? "resolved" : "firing",
                                 alert.labels.ToString()));
    }
    return sent;
  }
  double GaugeValue(const std::string& name, const std::string& group) const {
    for (const prometheus::MetricFamily& family : registry_.Collect()) {
      if (family.name != name) continue;
      for (const prometheus::ClientMetric& metric : family.metric) {
        if (metric.label.empty() || metric.label.front().value != group) continue;
        return family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
      }
    }
    return -1;
  }

  World world_;
  prometheus::Registry registry_;
};

// The way from a runbook's table to an alert that leaves.
TEST_F(ManagerTest, AThresholdFiresWarningThenCriticalThenResolves) {
  Manager manager(world_.manager_options());
  manager.Apply(Config(kParRules));
  const std::string warning = "{alertname=\"PAR_90\", severity=\"warning\", site=\"demo\", team=\"risk\"}";
  const std::string critical = "{alertname=\"PAR_90\", severity=\"critical\", site=\"demo\", team=\"risk\"}";
  using Lines = std::vector<std::string>;

  Pass(manager, 2, "kpi_par_90_percent", 2.5);
  EXPECT_EQ(Sent(), Lines{});
  Pass(manager, 2, "kpi_par_90_percent", 4);
  EXPECT_EQ(Sent(), Lines{}) << "pending";
  Pass(manager, 1, "kpi_par_90_percent", 4.2);
  EXPECT_EQ(Sent(), Lines{"firing " + warning});
  Pass(manager, 3, "kpi_par_90_percent", 6);
  EXPECT_EQ(Sent(), (Lines{"firing " + critical, "firing " + warning})) << "the warning once more after a minute";
  Pass(manager, 1, "kpi_par_90_percent", 1);
  EXPECT_EQ(Sent(), (Lines{"resolved " + critical, "resolved " + warning}));

  const double now = base::ToSeconds(world_.clock().Now() - testing::kStart);
  EXPECT_EQ(world_.Query("tocsin_threshold_value", now), "tocsin_threshold_value{threshold=\"PAR_90\"} 1\n");
  EXPECT_EQ(world_.Query("tocsin_threshold_limit", now),
            "tocsin_threshold_limit{comparison=\"<\", limit=\"target\", threshold=\"PAR_90\", unit=\"percent\"} 3\n"
            "tocsin_threshold_limit{comparison=\">\", limit=\"critical\", threshold=\"PAR_90\", unit=\"percent\"} 5\n"
            "tocsin_threshold_limit{comparison=\">\", limit=\"warning\", threshold=\"PAR_90\", unit=\"percent\"} 3\n");
}

TEST_F(ManagerTest, EvaluatesEachGroupAtItsOwnInstants) {
  Manager manager(world_.manager_options());
  manager.Apply(Config(R"(
groups:
  - {name: often, interval: 10s, rules: [{record: often, expr: time()}]}
  - {name: seldom, interval: 1m, rules: [{record: seldom, expr: time()}]}
)"));
  Group often(World::LoadGroup("groups: [{name: often, interval: 10s}]"), {});
  for (int i = 0; i < 30; ++i) {
    const base::Timestamp next = manager.RunDue();
    EXPECT_GT(next, world_.clock().Now());
    world_.clock().Advance(next - world_.clock().Now());
  }
  manager.RunDue();
  const base::Timestamp now = world_.clock().Now();
  const double at = base::ToSeconds(now - testing::kStart);
  EXPECT_EQ(world_.Query("count_over_time(often[1m])", at), "{} 6\n");
  EXPECT_EQ(world_.Query("count_over_time(seldom[3m])", at), "{} 3\n");
  EXPECT_EQ(world_.Query("often", at), fmt::format("often {}\n", base::ToSeconds(often.SlotAt(now))))
      << "as of the slot, not of the moment it was done";
}

TEST_F(ManagerTest, SkipsWhatItMissed) {
  Manager manager(world_.manager_options(&registry_));
  manager.Apply(Config("groups: [{name: g, interval: 10s, rules: [{record: r, expr: vector(1)}]}]"));
  world_.clock().Advance(manager.RunDue() - world_.clock().Now());
  manager.RunDue();
  EXPECT_EQ(GaugeValue("prometheus_rule_group_iterations_total", "f.yml;g"), 1);
  EXPECT_EQ(GaugeValue("prometheus_rule_group_iterations_missed_total", "f.yml;g"), 0);
  world_.clock().Advance(seconds(45));
  manager.RunDue();
  EXPECT_EQ(GaugeValue("prometheus_rule_group_iterations_total", "f.yml;g"), 5);
  EXPECT_EQ(GaugeValue("prometheus_rule_group_iterations_missed_total", "f.yml;g"), 3);
  EXPECT_EQ(GaugeValue("prometheus_rule_evaluations_total", "f.yml;g"), 2);
  EXPECT_EQ(world_.Query("count_over_time(r[5m])", base::ToSeconds(world_.clock().Now() - testing::kStart)), "{} 2\n");
}

TEST_F(ManagerTest, AClockSetBackStopsNothing) {
  Manager manager(world_.manager_options());
  manager.Apply(Config("groups: [{name: g, interval: 10s, rules: [{record: r, expr: vector(1)}]}]"));
  world_.clock().Advance(-std::chrono::hours(2));
  EXPECT_LE(manager.RunDue(), world_.clock().Now() + seconds(10));
}

TEST_F(ManagerTest, MetricsOfItself) {
  Manager manager(world_.manager_options(&registry_));
  manager.Apply(Config(R"(
groups:
  - name: g
    rules:
      - {record: r, expr: vector(1)}
      - {record: bad, expr: 'label_replace(vector(1), "__name__", "a", "", "") or on (x) r'}
      - {record: twice, expr: 'label_replace(v, "a", "same", "", "")'}
)"));
  world_.clock().Advance(manager.RunDue() - world_.clock().Now());
  const double now = base::ToSeconds(world_.clock().Now() - testing::kStart);
  world_.Put("v{a=\"1\"}", now - 1, 1);
  world_.Put("v{a=\"2\"}", now - 1, 1);
  manager.RunDue();
  const std::string g = "f.yml;g";
  EXPECT_EQ(GaugeValue("prometheus_rule_group_interval_seconds", g), 30);
  EXPECT_EQ(GaugeValue("prometheus_rule_group_rules", g), 3);
  EXPECT_EQ(GaugeValue("prometheus_rule_evaluations_total", g), 3);
  EXPECT_EQ(GaugeValue("prometheus_rule_evaluation_failures_total", g), 1);
  EXPECT_EQ(GaugeValue("prometheus_rule_group_last_evaluation_samples", g), 2);
  EXPECT_EQ(GaugeValue("prometheus_rule_group_last_evaluation_timestamp_seconds", g),
            base::ToSeconds(world_.clock().Now()));
  manager.Apply(Config("groups: []"));
  EXPECT_EQ(GaugeValue("prometheus_rule_group_rules", g), -1);
}

TEST_F(ManagerTest, AReloadLeavesUnchangedGroupsAlone) {
  Manager manager(world_.manager_options());
  manager.Apply(Config(kParRules));
  Pass(manager, 2, "kpi_par_90_percent", 9);
  std::string with_another(kParRules);
  with_another += "groups: [{name: other, rules: [{record: r, expr: vector(1)}]}]\n";
  manager.Apply(Config(with_another));
  const std::vector<GroupSnapshot> groups = manager.Groups();
  ASSERT_EQ(groups.size(), 2U);
  for (const GroupSnapshot& group : groups) {
    EXPECT_EQ(group.rules[0].health, group.name == "other" ? RuleHealth::unknown : RuleHealth::ok) << group.name;
  }
  for (int i = 0; i < 2; ++i) {
    world_.clock().Advance(manager.RunDue() - world_.clock().Now());
    manager.RunDue();
  }
  EXPECT_EQ(Sent().size(), 2U) << "`for` went on across the reload";
}

TEST_F(ManagerTest, SeriesOfAGroupThatIsGoneEnd) {
  Manager manager(world_.manager_options());
  manager.Apply(
      Config("groups: [{name: g, interval: 10s, rules: [{record: r, expr: vector(1)}, "
             "{record: moved, expr: vector(1)}]}]"));
  world_.clock().Advance(manager.RunDue() - world_.clock().Now());
  manager.RunDue();
  manager.Apply(Config("groups: [{name: h, interval: 10s, rules: [{record: moved, expr: vector(2)}]}]"));
  const double end = base::ToSeconds(world_.clock().Now() - testing::kStart);
  for (int i = 0; i < 4; ++i) {
    world_.clock().Advance(manager.RunDue() - world_.clock().Now());
    manager.RunDue();
  }
  const double now = base::ToSeconds(world_.clock().Now() - testing::kStart);
  EXPECT_EQ(world_.Query("r", end), "r 1\n");
  EXPECT_EQ(world_.Query("r", end + 0.001), "") << "as of the reload, though it was written later";
  EXPECT_EQ(world_.Query("r", now), "");
  EXPECT_EQ(world_.Query("moved", now), "moved 2\n");
}

TEST_F(ManagerTest, EvaluatesAtOnceOnRequest) {
  Manager manager(world_.manager_options());
  manager.Apply(Config(R"(
groups:
  - {name: a, rules: [{alert: High, expr: v > 5}]}
  - {name: b, rules: [{record: r, expr: vector(1)}]}
)"));
  world_.Put("v", 0, 9);
  const auto groups = manager.EvaluateNow("a");
  ASSERT_TRUE(groups);
  ASSERT_EQ(groups->size(), 1U);
  EXPECT_EQ(testing::Show(groups->front()), "firing {alertname=\"High\"} 9\n");
  EXPECT_EQ(Sent(), std::vector<std::string>{"firing {alertname=\"High\", site=\"demo\"}"});
  EXPECT_EQ(world_.Query("r", 0), "");
  EXPECT_EQ(manager.EvaluateNow(std::nullopt)->size(), 2U);
  EXPECT_EQ(manager.EvaluateNow("c").error().message, "no rule group is named \"c\"");
}

// Real threads on a clock that jumps to whatever is slept for.
TEST_F(ManagerTest, ThreadsEvaluateUntilTheManagerEnds) {
  {
    Manager manager(world_.manager_options(&registry_));
    manager.Apply(Config(R"(
groups:
  - {name: a, interval: 1s, rules: [{record: a, expr: vector(1)}]}
  - {name: b, interval: 1s, rules: [{record: b, expr: vector(1)}]}
)"));
    manager.Start(3);
    EXPECT_TRUE(test::WaitFor([&] {
      return GaugeValue("prometheus_rule_evaluations_total", "f.yml;a") > 20 &&
             GaugeValue("prometheus_rule_evaluations_total", "f.yml;b") > 20;
    }));
    manager.Apply(Config("groups: [{name: a, interval: 2s, rules: [{record: a, expr: vector(1)}]}]"));
    EXPECT_TRUE(test::WaitFor([&] { return GaugeValue("prometheus_rule_evaluations_total", "f.yml;a") > 20; }));
  }
  const uint64_t stored = world_.head().Stats().samples_appended;
  EXPECT_GT(stored, 60U);
}

}  // namespace
}  // namespace rules
