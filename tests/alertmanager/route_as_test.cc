#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "alertmanager/pipeline.h"
#include "base/text.h"
#include "tests/alertmanager/memory.h"
#include "tests/alertmanager/world.h"

// Alerts that name their receivers by label sets (base::Alert::route_as).

namespace alertmanager {
namespace {

constexpr const char* kConfig = R"(
route:
  receiver: root
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
    - {matchers: [team=risk], receiver: risk, continue: true}
    - {matchers: [severity=critical], receiver: pager}
receivers:
  - {name: root, webhook_configs: [{url: http://root}]}
  - {name: risk, webhook_configs: [{url: http://risk}]}
  - {name: pager, webhook_configs: [{url: http://pager}]}
)";

const std::vector<IntegrationId> kIntegrations = {
    {"root", "webhook", 0, true}, {"risk", "webhook", 0, true}, {"pager", "webhook", 0, true}};

const base::Labels kRisk = {{"alertname", "PAR_90"}, {"team", "risk"}, {"severity", "warning"}};
const base::Labels kRiskCritical = {{"alertname", "PAR_90"}, {"team", "risk"}, {"severity", "critical"}};

class RouteAsTest : public ::testing::Test {
 protected:
  // One source that is lost at second 0, as of `now`.
  void Put(double now, std::vector<base::Labels> route_as, bool resolved = false) {
    const PostedAlert alert{.labels = {{"alertname", "SourceLost"},
                                       {"job", "tocsin"},
                                       {"instance", "app:9187"},
                                       {"kind", "database"},
                                       {"severity", "critical"}},
                            .annotations = {},
                            .starts_at = At(0),
                            .ends_at = At(resolved ? now : now + 240),
                            .generator_url = "",
                            .route_as = std::move(route_as)};
    pipeline_.Put({&alert, 1}, At(now));
  }
  // Ticks, answers the jobs and says who was told what: "root lost, risk back".
  std::string Tick(double now, bool delivered = true) {
    std::vector<std::string> told;
    for (const NotifyJob& job : pipeline_.Tick(At(now))) {
      told.push_back(kIntegrations[job.integration].receiver + (job.notification->Firing() ? " lost" : " back"));
      EXPECT_EQ(job.notification->alerts.size(), 1U);
      pipeline_.Complete(job.id, delivered, At(now));
    }
    std::ranges::sort(told);
    return base::Join(told, ", ");
  }
  std::string Receivers(double now) {
    const auto alerts = pipeline_.Alerts(At(now));
    return alerts.size() == 1 ? base::Join(alerts.front().receivers, ", ") : fmt::format("{} alerts", alerts.size());
  }
  // Another process goes on from what this one kept.
  void Restart(double now) {
    memory_.Keep(pipeline_.TakeChanges());
    pipeline_ = Pipeline(config_, kIntegrations, {});
    pipeline_.Restore(memory_.State(), At(now));
  }

  std::shared_ptr<const Config> config_ = std::make_shared<const Config>(Parse(kConfig));
  Pipeline pipeline_{config_, kIntegrations, {}};
  Memory memory_;
};

TEST_F(RouteAsTest, EachReceiverOfTheLabelSetsIsToldOnce) {
  Put(0, {kRisk, kRiskCritical, base::Labels()});
  EXPECT_EQ(Receivers(0), "pager, risk, root");
  EXPECT_EQ(Tick(4.9), "");
  EXPECT_EQ(Tick(5), "pager lost, risk lost, root lost");
  Put(60, {kRisk, kRiskCritical, base::Labels()});
  EXPECT_EQ(Tick(65), "");
  Put(70, {kRisk, kRiskCritical, base::Labels()}, true);
  EXPECT_EQ(Tick(125), "pager back, risk back, root back");
  EXPECT_EQ(pipeline_.NextTick(), base::Timestamp::max()) << "no group is left";
}

TEST_F(RouteAsTest, TheAlertsOwnLabelsChooseNobody) {
  Put(0, {kRisk});
  EXPECT_EQ(Receivers(0), "risk") << "severity=critical would go to pager";
  EXPECT_EQ(Tick(5), "risk lost");
}

TEST_F(RouteAsTest, AReceiverThatJoinsIsToldAtOnceAndNobodyTwice) {
  Put(0, {base::Labels()});
  EXPECT_EQ(Tick(5), "root lost");
  Put(30, {base::Labels(), kRisk});
  EXPECT_EQ(Tick(30), "risk lost");
  EXPECT_EQ(Tick(200), "");
}

TEST_F(RouteAsTest, WhoWasToldHearsTheEndAlsoAfterItLeft) {
  Put(0, {kRisk, base::Labels()});
  EXPECT_EQ(Tick(5), "risk lost, root lost");
  Put(30, {base::Labels()});
  EXPECT_EQ(Receivers(30), "risk, root");
  Put(40, {base::Labels()}, true);
  EXPECT_EQ(Tick(65), "risk back, root back");
}

TEST_F(RouteAsTest, WhoWasNotToldYetHearsNothingAfterItLeft) {
  Put(0, {kRisk, base::Labels()});
  Put(1, {base::Labels()});
  EXPECT_EQ(Receivers(1), "root");
  EXPECT_EQ(Tick(5), "root lost");
  Put(6, {base::Labels()}, true);
  EXPECT_EQ(Tick(65), "root back");
  EXPECT_EQ(pipeline_.NextTick(), base::Timestamp::max());
}

TEST_F(RouteAsTest, ADeliveryThatFailedIsTriedAgain) {
  Put(0, {base::Labels()});
  EXPECT_EQ(Tick(5, false), "root lost");
  EXPECT_EQ(Tick(65), "root lost");
}

TEST_F(RouteAsTest, ARestartTellsNobodyTwiceAndEveryoneTheEnd) {
  Put(0, {kRisk, base::Labels()});
  EXPECT_EQ(Tick(5), "risk lost, root lost");
  Restart(30);
  Put(30, {base::Labels()});
  EXPECT_EQ(Tick(30), "");
  Restart(60);
  Put(60, {base::Labels()}, true);
  EXPECT_EQ(Tick(60), "risk back, root back");
}

TEST_F(RouteAsTest, AfterARestartTheEndReachesWhoLeftMeanwhile) {
  Put(0, {kRisk, base::Labels()});
  EXPECT_EQ(Tick(5), "risk lost, root lost");
  Restart(40);
  Put(40, {base::Labels()}, true);
  EXPECT_EQ(Tick(45), "risk back, root back");
}

TEST_F(RouteAsTest, AReloadKeepsTheGroups) {
  Put(0, {kRisk});
  EXPECT_EQ(Tick(5), "risk lost");
  pipeline_.Reload(std::make_shared<const Config>(Parse(kConfig)), kIntegrations, At(10));
  EXPECT_EQ(Tick(70), "");
  Put(80, {kRisk}, true);
  EXPECT_EQ(Tick(130), "risk back");
}

TEST_F(RouteAsTest, ItRepeatsAsTheRootDoes) {
  Put(0, {base::Labels()});
  EXPECT_EQ(Tick(5), "root lost");
  for (double now = 65; now < 4 * 3600; now += 60) {
    Put(now - 1, {base::Labels()});
    EXPECT_EQ(Tick(now), "") << now;
  }
  Put(4 * 3600 + 4, {base::Labels()});
  EXPECT_EQ(Tick(4 * 3600 + 5), "root lost");
}

TEST_F(RouteAsTest, OneGroupForEachSource) {
  Put(0, {base::Labels()});
  const auto groups = pipeline_.Groups(At(1));
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups.front().key,
            R"(route_as:{alertname="SourceLost", instance="app:9187", job="tocsin", kind="database"})");
}

}  // namespace
}  // namespace alertmanager
