// Thresholds evaluated: what their rules make of samples.
#include <gtest/gtest.h>

#include <memory>

#include "rules/group.h"
#include "tests/rules/world.h"

namespace rules {
namespace {

using testing::At;
using testing::World;

constexpr GroupDefaults kDefaults{.interval = std::chrono::seconds(60)};

class ThresholdWorldTest : public ::testing::Test {
 protected:
  void Use(std::string_view yaml) { group_ = std::make_unique<Group>(World::LoadGroup(yaml), kDefaults); }
  // The alerts after an evaluation, and any rule's failure.
  std::string Evaluate(double seconds) {
    group_->Evaluate(At(seconds), world_.environment());
    return testing::Show(group_->Snapshot());
  }
  // An annotation of the alerts whose labels contain the text.
  std::string Annotation(std::string_view labels, std::string_view name) const {
    std::string out;
    for (const RuleSnapshot& rule : group_->Snapshot().rules) {
      for (const ActiveAlert& alert : rule.alerts) {
        if (alert.labels.ToString().contains(labels)) out += std::string(alert.annotations.Get(name)) + "\n";
      }
    }
    return out;
  }

  World world_;
  std::unique_ptr<Group> group_;
};

TEST_F(ThresholdWorldTest, EachTenantHasItsOwnLimits) {
  Use(R"(
thresholds:
  - name: Errors
    value: error_percent
    unit: percent
    by: [tenant]
    warning: "> 3"
    critical: "> 5"
    overrides:
      - {match: {tenant: acme}, warning: 10, critical: 20}
      - {match: {tenant: "=~a.*|beta"}, critical: none}
)");
  world_.Put("error_percent{tenant=\"acme\"}", 0, 15);
  world_.Put("error_percent{tenant=\"azur\"}", 0, 50);
  world_.Put("error_percent{tenant=\"corp\"}", 0, 6);
  world_.Put("error_percent{tenant=\"dina\"}", 0, 4);
  EXPECT_EQ(Evaluate(0),
            "firing {alertname=\"Errors\", severity=\"critical\", tenant=\"corp\"} 6\n"
            "firing {alertname=\"Errors\", severity=\"warning\", tenant=\"acme\"} 15\n"
            "firing {alertname=\"Errors\", severity=\"warning\", tenant=\"azur\"} 50\n"
            "firing {alertname=\"Errors\", severity=\"warning\", tenant=\"corp\"} 6\n"
            "firing {alertname=\"Errors\", severity=\"warning\", tenant=\"dina\"} 4\n");
  EXPECT_EQ(Annotation("acme", "summary"), "Errors (tenant acme) is 15% (warning: > 10%)\n");
  EXPECT_EQ(Annotation("azur", "summary"), "Errors (tenant azur) is 50% (warning: > 3%)\n");
  EXPECT_EQ(Annotation("corp", "limit"), "> 5%\n> 3%\n");
  EXPECT_EQ(world_.Query("tocsin_threshold_limit", 0),
            "tocsin_threshold_limit{comparison=\">\", limit=\"critical\", tenant=\"acme\", threshold=\"Errors\", "
            "unit=\"percent\"} 20\n"
            "tocsin_threshold_limit{comparison=\">\", limit=\"critical\", threshold=\"Errors\", unit=\"percent\"} 5\n"
            "tocsin_threshold_limit{comparison=\">\", limit=\"warning\", tenant=\"acme\", threshold=\"Errors\", "
            "unit=\"percent\"} 10\n"
            "tocsin_threshold_limit{comparison=\">\", limit=\"warning\", threshold=\"Errors\", unit=\"percent\"} 3\n");

  world_.Put("error_percent{tenant=\"acme\"}", 60, 25);
  world_.Put("error_percent{tenant=\"azur\"}", 60, 1);
  world_.Put("error_percent{tenant=\"corp\"}", 60, 1);
  world_.Put("error_percent{tenant=\"dina\"}", 60, 1);
  EXPECT_EQ(Evaluate(60),
            "firing {alertname=\"Errors\", severity=\"critical\", tenant=\"acme\"} 25\n"
            "firing {alertname=\"Errors\", severity=\"warning\", tenant=\"acme\"} 25\n");
}

TEST_F(ThresholdWorldTest, OverridesOfSeveralLabels) {
  Use(R"(
thresholds:
  - name: Full
    value: used
    critical: "> 5"
    overrides:
      - {match: {host: a, disk: "=~sd.*"}, critical: 8}
      - {match: {host: a}, critical: 2}
)");
  world_.Put("used{host=\"a\", disk=\"sda\"}", 0, 7);
  world_.Put("used{host=\"a\", disk=\"nvme\"}", 0, 3);
  world_.Put("used{host=\"b\", disk=\"sda\"}", 0, 6);
  world_.Put("used{disk=\"sdb\"}", 0, 4);
  EXPECT_EQ(Evaluate(0),
            "firing {alertname=\"Full\", disk=\"nvme\", host=\"a\", severity=\"critical\"} 3\n"
            "firing {alertname=\"Full\", disk=\"sda\", host=\"b\", severity=\"critical\"} 6\n");
  EXPECT_EQ(Annotation("nvme", "limit"), "> 2\n");
  EXPECT_EQ(Annotation("host=\"b\"", "limit"), "> 5\n");
}

TEST_F(ThresholdWorldTest, ChangesAreMeasuredAgainstThePast) {
  Use(R"(
thresholds:
  - name: Revenue
    change: {metric: revenue, over: 1h, warning: 20%, critical: 50%}
)");
  world_.Put("revenue{shop=\"a\"}", 0, 100);
  world_.Put("revenue{shop=\"b\"}", 0, 100);
  world_.Put("revenue{shop=\"c\"}", 0, 0);
  EXPECT_EQ(Evaluate(0), "");
  world_.Put("revenue{shop=\"a\"}", 3600, 75);
  world_.Put("revenue{shop=\"b\"}", 3600, 110);
  world_.Put("revenue{shop=\"c\"}", 3600, 0);
  world_.Put("revenue{shop=\"d\"}", 3600, 1000);  // new: nothing to compare with
  EXPECT_EQ(Evaluate(3600), "firing {alertname=\"Revenue\", severity=\"warning\", shop=\"a\"} 0.25\n");
  EXPECT_EQ(Annotation("", "summary"), "Revenue changed by 25% within 1h (warning: > 20%)\n");
  world_.Put("revenue{shop=\"c\"}", 3660, 5);
  EXPECT_EQ(Evaluate(3660),
            "firing {alertname=\"Revenue\", severity=\"critical\", shop=\"c\"} +Inf\n"
            "firing {alertname=\"Revenue\", severity=\"warning\", shop=\"a\"} 0.25\n"
            "firing {alertname=\"Revenue\", severity=\"warning\", shop=\"c\"} +Inf\n");
}

TEST_F(ThresholdWorldTest, AVanishedTenantFiresAlone) {
  Use(R"(
thresholds:
  - name: Stale
    age: synced_at
    by: [tenant]
    critical: "> 10h"
    missing: {severity: warning, lookback: 30m}
)");
  const double now = base::ToSeconds(At(0));
  EXPECT_EQ(Evaluate(0), "firing {alertname=\"Stale\", condition=\"missing\", severity=\"warning\"} 1\n");
  world_.Put("synced_at{tenant=\"a\"}", 60, now);
  world_.Put("synced_at{tenant=\"b\"}", 60, now);
  EXPECT_EQ(Evaluate(60), "");
  world_.Put("synced_at{tenant=\"b\"}", 600, now);
  EXPECT_EQ(Evaluate(600),
            "firing {alertname=\"Stale\", condition=\"vanished\", severity=\"warning\", tenant=\"a\"} 1\n");
  EXPECT_EQ(Annotation("vanished", "summary"), "Stale (tenant a) has no data any more\n");
  world_.Put("synced_at{tenant=\"a\"}", 660, now);
  EXPECT_EQ(Evaluate(660), "");
  EXPECT_EQ(Evaluate(1200),
            "firing {alertname=\"Stale\", condition=\"missing\", severity=\"warning\"} 1\n"
            "firing {alertname=\"Stale\", condition=\"vanished\", severity=\"warning\", tenant=\"a\"} 1\n"
            "firing {alertname=\"Stale\", condition=\"vanished\", severity=\"warning\", tenant=\"b\"} 1\n");
  EXPECT_EQ(Evaluate(3000), "firing {alertname=\"Stale\", condition=\"missing\", severity=\"warning\"} 1\n")
      << "forgotten after the lookback";
}

TEST_F(ThresholdWorldTest, AVanishedValueOfAnExpressionFiresWithItsLabels) {
  Use("thresholds: [{name: Rate, value: a / b, missing: critical}]");
  for (const char* series : {"a{t=\"x\"}", "b{t=\"x\"}", "a{t=\"y\"}", "b{t=\"y\"}"}) world_.Put(series, 0, 1);
  EXPECT_EQ(Evaluate(0), "");
  world_.Put("a{t=\"x\"}", 600, 1);
  world_.Put("b{t=\"x\"}", 600, 1);
  world_.Put("a{t=\"y\"}", 600, 1);
  EXPECT_EQ(Evaluate(600), "firing {alertname=\"Rate\", condition=\"vanished\", severity=\"critical\", t=\"y\"} 1\n");
}

TEST_F(ThresholdWorldTest, AlertsKeepToTheirHours) {
  // At(0) is Tuesday, 2023-11-14 22:13:20 UTC
  Use(R"(
thresholds:
  - name: Night
    value: v
    critical: "> 5"
    warning: "> 1"
    active: {days: [tue], hours: "22:30-00:30", severities: critical}
  )");
  const auto at = [&](double seconds) {
    world_.Put("v", seconds, 9);
    return Evaluate(seconds);
  };
  const std::string warning = "firing {alertname=\"Night\", severity=\"warning\"} 9\n";
  const std::string both = "firing {alertname=\"Night\", severity=\"critical\"} 9\n" + warning;
  EXPECT_EQ(at(0), warning);
  EXPECT_EQ(at(999), warning) << "22:29:59";
  EXPECT_EQ(at(1000), both) << "22:30:00";
  EXPECT_EQ(at(8199), both) << "00:29:59, the day after";
  EXPECT_EQ(at(8200), warning) << "00:30:00";
  EXPECT_EQ(at(1000 + 86400), warning) << "Wednesday, 22:30:00";
}

// 1000 requests a minute, of which so many per mille fail.
class ObjectiveTest : public ThresholdWorldTest {
 protected:
  ObjectiveTest() {
    Use(R"(
thresholds:
  - name: Api
    slo: {objective: 99%, bad: 'requests_total{code="500"}', total: requests_total, by: [service]}
)");
  }
  void Serve(double from, double to, double failed_per_mille) {
    for (double now = from; now < to; now += 60) {
      bad_ += failed_per_mille;
      good_ += 1000 - failed_per_mille;
      world_.Put("requests_total{service=\"s\", code=\"500\"}", now, bad_);
      world_.Put("requests_total{service=\"s\", code=\"200\"}", now, good_);
    }
  }
  double bad_ = 0;
  double good_ = 0;
};

TEST_F(ObjectiveTest, AFastBurnIsCriticalAndEndsWithTheShortWindow) {
  const double hour = 3600;
  Serve(0, 6 * hour, 0);
  EXPECT_EQ(Evaluate(6 * hour), "");
  // three times what 14.4 needs, for an hour
  Serve(6 * hour, 7 * hour, 450);
  const std::string alerts = Evaluate(7 * hour);
  EXPECT_TRUE(alerts.contains("firing {alertname=\"Api\", service=\"s\", severity=\"critical\"} 0.4")) << alerts;
  EXPECT_EQ(Annotation("critical", "limit"), "objective 99% over 30d; burn rate > 14.4 in 1h or > 6 in 6h\n");
  Serve(7 * hour, 8 * hour, 0);
  EXPECT_TRUE(Evaluate(7 * hour + 600).contains("critical"))
      << "six hours are bad, and most of the last thirty minutes";
  EXPECT_FALSE(Evaluate(7 * hour + 2400).contains("critical")) << "six hours are bad, the last thirty minutes are not";
}

TEST_F(ObjectiveTest, ASlowBurnWarnsAndTheBudgetIsTold) {
  const double hour = 3600;
  Serve(0, 25 * hour, 40);  // four times too fast
  const std::string alerts = Evaluate(25 * hour);
  EXPECT_TRUE(alerts.starts_with("firing {alertname=\"Api\", service=\"s\", severity=\"warning\"} 0.04")) << alerts;
  EXPECT_FALSE(alerts.contains("critical")) << alerts;
  EXPECT_TRUE(Annotation("warning", "summary")
                  .starts_with("Api (service s) spends its error budget too fast: 4% went wrong in 1d (warning: "
                               "objective 99% over 30d)"))
      << Annotation("warning", "summary");
  EXPECT_EQ(world_.Query("round(tocsin_slo_error_budget_remaining_ratio, 0.001)", 25 * hour),
            "{service=\"s\", threshold=\"Api\"} -3\n");
  EXPECT_EQ(world_.Query("tocsin_slo_objective_ratio", 25 * hour),
            "tocsin_slo_objective_ratio{threshold=\"Api\"} 0.99\n");
  EXPECT_EQ(world_.Query("round(tocsin_threshold_value, 0.001)", 25 * hour),
            "{service=\"s\", threshold=\"Api\"} 0.04\n");
}

}  // namespace
}  // namespace rules
