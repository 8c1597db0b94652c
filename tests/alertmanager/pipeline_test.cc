#include "alertmanager/pipeline.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "tests/alertmanager/world.h"

namespace alertmanager {
namespace {

using namespace std::chrono_literals;

constexpr const char* kConfig = R"(
route:
  receiver: both
  group_by: [alertname]
  group_wait: 30s
  group_interval: 60s
  repeat_interval: 10m
receivers:
  - name: both
    webhook_configs: [{url: http://a, send_resolved: true}, {url: http://b, send_resolved: false}]
inhibit_rules:
  - {source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [alertname]}
)";

// A pipeline with two integrations, driven by seconds. Jobs are reported as "index reason firing/resolved".
class PipelineTest : public ::testing::Test {
 protected:
  void Fire(double now, const std::string& name, const std::string& instance, const std::string& severity = "") {
    Put(now, name, instance, severity, now, now + 100000);
  }
  void Resolve(double now, const std::string& name, const std::string& instance, const std::string& severity = "") {
    Put(now, name, instance, severity, now - 1, now);
  }
  void Put(double now, const std::string& name, const std::string& instance, const std::string& severity, double start,
           double end) {
    const PostedAlert alert{
        {{"alertname", name}, {"instance", instance}, {"severity", severity}}, {}, At(start), At(end), ""};
    pipeline_.Put({&alert, 1}, At(now));
  }
  // Ticks, answers the jobs, and prints them.
  std::string Tick(double now, std::vector<bool> delivered = {true, true}) {
    std::vector<std::string> said;
    for (const NotifyJob& job : pipeline_.Tick(At(now))) {
      const size_t firing = job.notification->FiringCount();
      said.push_back(fmt::format("{} {} {}/{}", job.integration, ToString(job.notification->reason), firing,
                                 job.notification->alerts.size() - firing));
      pipeline_.Complete(job.id, delivered[job.integration], At(now));
    }
    return base::Join(said, "; ");
  }
  double Next() const { return base::ToSeconds(pipeline_.NextTick()) - base::ToSeconds(At(0)); }

  std::shared_ptr<const Config> config_ = std::make_shared<const Config>(Parse(kConfig));
  Pipeline pipeline_{config_, {{"both", "webhook", 0, true}, {"both", "webhook", 1, false}}, {}};
};

TEST_F(PipelineTest, WaitsThenTicksAtTheInterval) {
  EXPECT_EQ(pipeline_.NextTick(), base::Timestamp::max());
  Fire(0, "T", "1");
  EXPECT_EQ(Next(), 30);
  EXPECT_EQ(Tick(29.9), "");
  Fire(10, "T", "2");
  EXPECT_EQ(Tick(30), "0 first notification 2/0; 1 first notification 2/0");
  EXPECT_EQ(Next(), 90);
  Fire(31, "T", "3");
  EXPECT_EQ(Tick(89), "");
  EXPECT_EQ(Tick(90), "0 new alerts added 3/0; 1 new alerts added 3/0");
  EXPECT_EQ(Tick(150), "");
}

TEST_F(PipelineTest, WhatHasFiredForLongIsToldAtOnce) {
  Put(100, "T", "1", "", 60, 1000);
  EXPECT_EQ(Next(), 100);
  EXPECT_EQ(Tick(100), "0 first notification 1/0; 1 first notification 1/0");
  Put(101, "T", "2", "", 60, 1000);
  EXPECT_EQ(Next(), 160) << "a group that has flushed keeps its clock";
}

TEST_F(PipelineTest, ResolvesAreToldToWhoWantsThemAndTheGroupEnds) {
  Fire(0, "T", "1");
  Fire(0, "T", "2");
  Tick(30);
  Resolve(40, "T", "1");
  EXPECT_EQ(Tick(90), "0 some alerts resolved 1/1");
  EXPECT_EQ(pipeline_.Groups(At(90)).size(), 1U);
  Resolve(100, "T", "2");
  EXPECT_EQ(Tick(150), "0 all alerts resolved 0/1");
  EXPECT_EQ(pipeline_.NextTick(), base::Timestamp::max());
  Fire(160, "T", "1");
  EXPECT_EQ(Tick(190), "0 first notification 1/0; 1 first notification 1/0") << "a re-fire is news for both";
}

TEST_F(PipelineTest, ResolvedBeforeAnybodyWasToldSaysNothing) {
  Fire(0, "T", "1");
  Resolve(10, "T", "1");
  EXPECT_EQ(Tick(30), "");
  EXPECT_EQ(pipeline_.NextTick(), base::Timestamp::max());
}

TEST_F(PipelineTest, AnAlertNobodyResendsEndsByItself) {
  const PostedAlert alert{{{"alertname", "T"}}, {}, At(0), {}, ""};
  pipeline_.Put({&alert, 1}, At(0));
  Tick(30);
  EXPECT_EQ(Tick(270), "");
  EXPECT_EQ(Tick(330), "0 all alerts resolved 0/1") << "after resolve_timeout";
}

TEST_F(PipelineTest, RepeatsAtTheFirstTickThatIsLateEnough) {
  Fire(0, "T", "1");
  Tick(30);
  for (double now = 90; now < 630; now += 60) EXPECT_EQ(Tick(now), "") << now;
  EXPECT_EQ(Tick(630), "0 repeat interval elapsed 1/0; 1 repeat interval elapsed 1/0");
}

TEST_F(PipelineTest, AFailedDeliveryIsTriedAtTheNextTickAndResendsToNobodyElse) {
  Fire(0, "T", "1");
  EXPECT_EQ(Tick(30, {true, false}), "0 first notification 1/0; 1 first notification 1/0");
  EXPECT_EQ(Tick(90, {true, false}), "1 first notification 1/0");
  Resolve(100, "T", "1");
  EXPECT_EQ(Tick(150, {false, true}), "0 all alerts resolved 0/1") << "who was never told needs no resolve";
  EXPECT_EQ(Tick(210), "0 all alerts resolved 0/1");
  EXPECT_EQ(pipeline_.NextTick(), base::Timestamp::max());
}

TEST_F(PipelineTest, AGroupWithADeliveryUnderWayDoesNotFlushAgain) {
  Fire(0, "T", "1");
  const auto jobs = pipeline_.Tick(At(30));
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[0].deadline, At(90));
  EXPECT_EQ(pipeline_.NextTick(), base::Timestamp::max());
  pipeline_.Complete(jobs[0].id, true, At(31));
  EXPECT_EQ(Tick(95), "");
  pipeline_.Complete(jobs[1].id, false, At(100));
  EXPECT_EQ(Next(), 90) << "the tick it missed is due at once";
  EXPECT_EQ(Tick(100), "1 first notification 1/0");
}

TEST_F(PipelineTest, CriticalSilencesWarning) {
  Fire(0, "T", "1", "warning");
  Fire(0, "T", "1", "critical");
  EXPECT_EQ(Tick(30), "0 first notification 1/0; 1 first notification 1/0");
  EXPECT_EQ(pipeline_.suppressed_total(), 1U);
  const auto alerts = pipeline_.Alerts(At(31));
  ASSERT_EQ(alerts.size(), 2U);
  EXPECT_EQ(std::ranges::count_if(alerts, [](const AlertStatus& a) { return a.inhibited_by.has_value(); }), 1);
  EXPECT_EQ(pipeline_.Counts(At(31)).suppressed, 1U);
  Resolve(40, "T", "1", "critical");
  EXPECT_EQ(Tick(90), "0 new alerts added 1/1; 1 new alerts added 1/0");
}

TEST_F(PipelineTest, WhatResolvesWhileInhibitedIsNewsWhenItFiresAgain) {
  Fire(0, "T", "1", "warning");
  EXPECT_EQ(Tick(30), "0 first notification 1/0; 1 first notification 1/0");
  Fire(40, "T", "2", "critical");
  EXPECT_EQ(Tick(90), "0 new alerts added 1/0; 1 new alerts added 1/0");
  Resolve(100, "T", "1", "warning");
  EXPECT_EQ(Tick(150), "");
  Resolve(160, "T", "2", "critical");
  EXPECT_EQ(Tick(210), "0 all alerts resolved 0/1");
  Fire(220, "T", "1", "warning");
  EXPECT_EQ(Tick(250), "0 first notification 1/0; 1 first notification 1/0");
}

TEST_F(PipelineTest, AlertsOfANotificationAreSorted) {
  for (const char* instance : {"3", "1", "2"}) Fire(0, "T", instance);
  const auto jobs = pipeline_.Tick(At(30));
  ASSERT_EQ(jobs.size(), 2U);
  std::string instances;
  for (const NotifiedAlert& alert : jobs[0].notification->alerts) instances += alert.alert.labels.Get("instance");
  EXPECT_EQ(instances, "123");
}

TEST_F(PipelineTest, AReloadKeepsLogAndClocks) {
  Fire(0, "T", "1");
  Tick(30);
  Fire(35, "T", "2");
  pipeline_.Reload(config_, {{"both", "webhook", 0, true}, {"both", "webhook", 1, false}}, At(40));
  EXPECT_EQ(Next(), 90);
  EXPECT_EQ(Tick(41), "") << "nothing is sent early";
  EXPECT_EQ(Tick(90), "0 new alerts added 2/0; 1 new alerts added 2/0");
}

TEST_F(PipelineTest, AReloadDuringADeliveryStillLogsIt) {
  Fire(0, "T", "1");
  const auto jobs = pipeline_.Tick(At(30));
  pipeline_.Reload(config_, {{"both", "webhook", 0, true}, {"both", "webhook", 1, false}}, At(31));
  EXPECT_EQ(Tick(90), "") << "a second message before the outcome of the first is known";
  for (const NotifyJob& job : jobs) pipeline_.Complete(job.id, true, At(92));
  EXPECT_EQ(Tick(92), "") << "they were told before the reload";
  Resolve(100, "T", "1");
  EXPECT_EQ(Tick(152), "0 all alerts resolved 0/1");
}

TEST_F(PipelineTest, TheLogForgetsAfterTwiceTheRepeatInterval) {
  Fire(0, "T", "1");
  Tick(30, {false, true});
  Resolve(40, "T", "1");
  Tick(90);
  Put(3000, "T", "1", "", 2000, 100000);
  EXPECT_EQ(Tick(3000), "0 first notification 1/0; 1 first notification 1/0");
}

TEST_F(PipelineTest, GroupsAreShownWithTheirAlerts) {
  Fire(0, "B", "1");
  Fire(0, "A", "1");
  Resolve(5, "A", "1");
  const auto groups = pipeline_.Groups(At(10));
  ASSERT_EQ(groups.size(), 1U) << "a group of resolved alerts is not shown";
  EXPECT_EQ(groups[0].key, R"({}:{alertname="B"})");
  EXPECT_EQ(groups[0].receiver, "both");
  EXPECT_EQ(groups[0].next_flush, At(30));
  EXPECT_TRUE(groups[0].alerts[0].processed);
}

TEST_F(PipelineTest, AnAttemptThatFailedIsNoAttempt) {
  Fire(0, "T", "1");
  EXPECT_EQ(Tick(30, {false, false}), "0 first notification 1/0; 1 first notification 1/0");
  Resolve(40, "T", "1");
  EXPECT_EQ(Tick(90), "") << "nobody heard of its beginning";
}

}  // namespace
}  // namespace alertmanager
