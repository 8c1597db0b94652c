#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "alertmanager/fingerprint.h"
#include "alertmanager/pipeline.h"
#include "alertmanager/pipeline_database.h"
#include "base/text.h"
#include "tests/alertmanager/memory.h"
#include "tests/alertmanager/world.h"
#include "tests/support/support.h"

// A process ends at some instant, and another one goes on from the changes that were taken until then.

namespace alertmanager {
namespace {

using namespace std::chrono_literals;

constexpr const char* kConfig = R"(
route: {receiver: ops, group_by: [alertname], group_wait: 30s, group_interval: 60s, repeat_interval: 4h}
receivers: [{name: ops, webhook_configs: [{url: 'http://a'}]}]
)";

class AlertmanagerRestartTest : public ::testing::Test {
 protected:
  void Put(double now, const std::string& instance, double start, double end) {
    const PostedAlert alert{{{"alertname", "T"}, {"instance", instance}}, {}, At(start), At(end), ""};
    pipeline_->Put({&alert, 1}, At(now));
    memory_.Keep(pipeline_->TakeChanges());
  }
  // Ticks and prints what is to be told: "1 fires, 2 resolved". The answers are left to Answer.
  std::string Tick(double now) {
    jobs_ = pipeline_->Tick(At(now));
    memory_.Keep(pipeline_->TakeChanges());
    std::vector<std::string> said;
    for (const NotifyJob& job : jobs_) {
      for (const NotifiedAlert& told : job.notification->alerts) {
        said.push_back(fmt::format("{} {}", told.alert.labels.Get("instance"), told.resolved ? "resolved" : "fires"));
      }
    }
    return base::Join(said, ", ");
  }
  void Answer(double now, bool delivered) {
    for (const NotifyJob& job : jobs_) pipeline_->Complete(job.id, delivered, At(now));
    memory_.Keep(pipeline_->TakeChanges());
  }
  void Restart(double now) {
    pipeline_ = Make();
    pipeline_->Restore(memory_.State(), At(now));
  }
  std::unique_ptr<Pipeline> Make() const {
    const std::vector<IntegrationId> integrations = {{"ops", "webhook", 0, true}};
    return std::make_unique<Pipeline>(config_, integrations, Pipeline::Options{});
  }

  std::shared_ptr<const Config> config_ = std::make_shared<const Config>(Parse(kConfig));
  std::unique_ptr<Pipeline> pipeline_ = Make();
  std::vector<NotifyJob> jobs_;
  Memory memory_;
};

TEST_F(AlertmanagerRestartTest, AnUnfinishedPageIsToldAtOnce) {
  Put(0, "1", 0, 300);
  EXPECT_EQ(Tick(30), "1 fires");
  Restart(40);  // the answer never came; nobody sends the alert again yet
  EXPECT_EQ(pipeline_->NextTick(), At(40));
  EXPECT_EQ(Tick(40), "1 fires");
  Answer(41, true);
  EXPECT_EQ(Tick(100), "");
}

TEST_F(AlertmanagerRestartTest, AnUnfinishedPageThatResolvedIsToldLateAndThenItsEnd) {
  Put(0, "1", 0, 300);
  EXPECT_EQ(Tick(30), "1 fires");
  Put(35, "1", 0, 35);  // while the receiver is being tried
  Restart(40);
  EXPECT_EQ(Tick(40), "1 fires") << "never the end alone";
  Restart(50);  // again without an answer
  EXPECT_EQ(Tick(50), "1 fires");
  Answer(51, true);
  EXPECT_EQ(Tick(110), "1 resolved");
  Answer(110, true);
  EXPECT_EQ(pipeline_->NextTick(), base::Timestamp::max());
  EXPECT_EQ(memory_.alerts(), 0U);
}

TEST_F(AlertmanagerRestartTest, ALatePageThatIsGivenUpIsNotFollowedByItsEnd) {
  Put(0, "1", 0, 300);
  EXPECT_EQ(Tick(30), "1 fires");
  Put(35, "1", 0, 35);
  Restart(40);
  EXPECT_EQ(Tick(40), "1 fires");
  Answer(50, false);
  EXPECT_EQ(Tick(100), "");
  EXPECT_EQ(memory_.alerts(), 0U);
}

TEST_F(AlertmanagerRestartTest, AnEndIsToldThoughItCameWhileTheProcessDied) {
  Put(0, "1", 0, 300);
  EXPECT_EQ(Tick(30), "1 fires");
  Answer(31, true);
  Put(40, "1", 0, 40);
  Restart(50);  // before the flush at 90
  EXPECT_EQ(Tick(50), "1 resolved");
  Restart(60);  // before the answer
  EXPECT_EQ(Tick(60), "1 resolved");
  Answer(61, true);
  EXPECT_EQ(memory_.alerts(), 0U);
  Restart(70);
  EXPECT_EQ(pipeline_->NextTick(), base::Timestamp::max());
}

TEST_F(AlertmanagerRestartTest, AnEndThatComesAfterTheRestartIsTold) {
  Put(0, "1", 0, 300);
  Tick(30);
  Answer(31, true);
  Restart(50);
  EXPECT_EQ(Tick(50), "") << "it was told already";
  Put(60, "1", 0, 60);
  EXPECT_EQ(Tick(110), "1 resolved");
}

TEST_F(AlertmanagerRestartTest, AnAlertThatNobodySendsAgainEndsByItself) {
  Put(0, "1", 0, 240);
  Tick(30);
  Answer(31, true);
  Restart(1000);
  EXPECT_EQ(Tick(1000), "") << "while nobody listened nobody could send it again";
  EXPECT_EQ(Tick(1180), "");
  EXPECT_EQ(Tick(1240), "1 resolved");
}

TEST_F(AlertmanagerRestartTest, WhatHappensBesideADoubtfulPage) {
  Put(0, "1", 0, 900);
  EXPECT_EQ(Tick(30), "1 fires");
  Answer(31, true);
  Put(40, "2", 40, 900);
  Put(40, "3", 40, 900);
  EXPECT_EQ(Tick(90), "1 fires, 2 fires, 3 fires");
  Put(92, "1", 0, 92);
  Put(92, "2", 40, 92);
  Restart(95);
  EXPECT_EQ(Tick(95), "1 resolved, 2 fires, 3 fires");
  Answer(96, true);
  EXPECT_EQ(Tick(155), "2 resolved, 3 fires");
}

TEST_F(AlertmanagerRestartTest, ResendingChangesNothingThatIsKept) {
  Put(0, "1", 0, 240);
  const PostedAlert again{{{"alertname", "T"}, {"instance", "1"}}, {}, At(0), At(300), ""};
  pipeline_->Put({&again, 1}, At(60));
  EXPECT_TRUE(pipeline_->TakeChanges().empty());
}

TEST(PipelineDatabase, GivesBackWhatItWasGiven) {
  const test::TemporaryDirectory folder;
  const std::string path = folder.path().string() + "/t.db";
  test::FakeClock clock;
  StoredAlert first;
  first.alert = {.labels = {{"alertname", "T"}, {"quote", "\"ü\n"}},
                 .annotations = {{"summary", "s"}},
                 .starts_at = At(1),
                 .ends_at = At(300),
                 .generator_url = "http://x/?a=b",
                 .route_as = {{}, {{"team", "a\nb"}}}};
  first.fingerprint = Fingerprint(first.alert.labels);
  first.updated_at = At(60);
  first.timeout = true;
  StoredAlert second = first;
  second.alert.labels = {{"alertname", "U"}};
  second.alert.route_as.clear();
  second.alert.starts_at = At(0);
  second.fingerprint = Fingerprint(second.alert.labels);
  StoredAlert gone = second;
  gone.alert.labels = {{"alertname", "V"}};
  gone.fingerprint = Fingerprint(gone.alert.labels);
  const NotificationLog::Kept entry{LogEntry{At(5), {first.fingerprint}, {7}, {8, 9}}, At(500)};
  {
    auto database = base::Database::Open(path).value();
    ASSERT_TRUE(PipelineDatabase::Prepare(*database));
    const auto writer = base::WriteBehind::Start(std::move(database), clock, {});
    PipelineDatabase keeper(*writer);
    PipelineChanges changes;
    for (const StoredAlert& one : {first, second, gone}) {
      changes.alerts.push_back({one.fingerprint, std::make_shared<const StoredAlert>(one)});
    }
    changes.alerts.push_back({gone.fingerprint, nullptr});
    changes.log.push_back({"group\nops/webhook/0", entry});
    std::atomic<bool> done = false;
    keeper.Keep(std::move(changes), [&done] { done = true; });
    ASSERT_TRUE(writer->Flush(10s));
    EXPECT_TRUE(done);
  }
  const PipelineState state = PipelineDatabase::Load(*base::Database::Open(path).value()).value();
  EXPECT_EQ(state.alerts, (std::vector<StoredAlert>{second, first})) << "in the order of their start";
  EXPECT_EQ(state.log, (NotificationLog::Entries{{"group\nops/webhook/0", entry}}));
}

}  // namespace
}  // namespace alertmanager
