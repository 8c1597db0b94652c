#include "rules/state_database.h"

#include <gtest/gtest.h>

#include "tests/rules/world.h"

namespace rules {
namespace {

using testing::At;

class StateDatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database = base::Database::Open(Path());
    ASSERT_TRUE(database) << database.error().ToString();
    ASSERT_TRUE(StateDatabase::Prepare(**database));
    writer_ = base::WriteBehind::Start(*std::move(database), clock_, {});
    keeper_ = std::make_unique<StateDatabase>(*writer_, StateDatabase::Options{});
  }
  std::string Path() const { return folder_.path().string() + "/t.db"; }
  std::unique_ptr<base::Database> Flushed() {
    EXPECT_TRUE(writer_->Flush(std::chrono::minutes(2)));
    return base::Database::Open(Path()).value();
  }
  static AlertChange Change(std::string_view name, AlertState state, std::optional<AlertState> before,
                            ChangeCause cause) {
    ActiveAlert alert{.labels = base::Labels({{"alertname", name}, {"quote", "\"ü\n"}}),
                      .annotations = base::Labels({{"summary", "s"}}),
                      .value = 1.5,
                      .status = {}};
    alert.status.state = state;
    alert.status.active_at = At(-60);
    if (state != AlertState::pending) alert.status.fired_at = At(-30);
    if (state == AlertState::resolved) alert.status.resolved_at = At(0);
    alert.status.last_sent_at = At(1);
    return {.alert = alert, .before = before, .cause = cause};
  }
  void Keep(double at, std::vector<AlertChange> changes, GroupEvent event = GroupEvent::evaluated) {
    keeper_->Keep({.group = "f;g", .time = At(at), .event = event, .rules = {{"[\"r\"]", "r", std::move(changes)}}});
  }

  test::TemporaryDirectory folder_;
  test::FakeClock clock_;
  std::unique_ptr<base::WriteBehind> writer_;
  std::unique_ptr<StateDatabase> keeper_;
};

TEST_F(StateDatabaseTest, WhatIsKeptComesBack) {
  const AlertChange firing = Change("A", AlertState::firing, AlertState::pending, ChangeCause::held);
  AlertChange kept_firing = Change("B", AlertState::firing, AlertState::firing, ChangeCause::none);
  kept_firing.alert.status.keep_firing_since = At(-5);
  kept_firing.alert.value = std::numeric_limits<double>::infinity();
  const AlertChange resolved = Change("C", AlertState::resolved, AlertState::firing, ChangeCause::not_found);
  Keep(30, {firing, kept_firing, resolved});
  const KeptState state = StateDatabase::Load(*Flushed()).value();
  ASSERT_EQ(state.size(), 1u);
  EXPECT_EQ(state.at("f;g").evaluated, At(30));
  const auto& alerts = state.at("f;g").alerts.at("[\"r\"]");
  ASSERT_EQ(alerts.size(), 3u);
  const AlertChange* expected[] = {&firing, &kept_firing, &resolved};
  for (size_t i = 0; i < 3; ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(alerts[i].labels, expected[i]->alert.labels);
    EXPECT_EQ(alerts[i].annotations, expected[i]->alert.annotations);
    EXPECT_EQ(alerts[i].value, expected[i]->alert.value);
    EXPECT_EQ(alerts[i].status, expected[i]->alert.status);
  }
}

TEST_F(StateDatabaseTest, ForgottenAlertsAndEndedGroupsAreGone) {
  Keep(0, {Change("A", AlertState::firing, std::nullopt, ChangeCause::found),
           Change("B", AlertState::firing, std::nullopt, ChangeCause::found)});
  AlertChange gone = Change("A", AlertState::firing, AlertState::firing, ChangeCause::rule_gone);
  gone.forgotten = true;
  Keep(30, {gone}, GroupEvent::reloaded);
  const KeptState state = StateDatabase::Load(*Flushed()).value();
  EXPECT_EQ(state.at("f;g").evaluated, At(0)) << "a reload is no evaluation";
  EXPECT_EQ(state.at("f;g").alerts.at("[\"r\"]").size(), 1u);
  Keep(60, {}, GroupEvent::ended);
  EXPECT_TRUE(StateDatabase::Load(*Flushed())->empty());
}

TEST_F(StateDatabaseTest, ARowThatDoesNotReadIsLeftOut) {
  Keep(0, {Change("A", AlertState::firing, std::nullopt, ChangeCause::found),
           Change("B", AlertState::firing, std::nullopt, ChangeCause::found)});
  ASSERT_TRUE(Flushed()->Execute("UPDATE rules_alerts SET annotations = '{' WHERE labels LIKE '%\"A\"%'"));
  const KeptState state = StateDatabase::Load(*Flushed()).value();
  ASSERT_EQ(state.at("f;g").alerts.at("[\"r\"]").size(), 1u);
  EXPECT_EQ(state.at("f;g").alerts.at("[\"r\"]")[0].labels.Get("alertname"), "B");
}

TEST_F(StateDatabaseTest, History) {
  Keep(0, {Change("A", AlertState::pending, std::nullopt, ChangeCause::found)});
  Keep(30, {Change("A", AlertState::firing, AlertState::pending, ChangeCause::held),
            Change("B", AlertState::firing, std::nullopt, ChangeCause::found)});
  Keep(60, {Change("A", AlertState::firing, AlertState::firing, ChangeCause::none)});
  Keep(90, {Change("A", AlertState::resolved, AlertState::firing, ChangeCause::not_found)});
  const auto database = Flushed();
  const auto lines = [&](const HistoryQuery& query) {
    std::string text;
    const auto entries = ReadHistory(*database, query);
    if (!entries) return entries.error().ToString();
    for (const HistoryEntry& entry : *entries) {
      fmt::format_to(std::back_inserter(text), "{} {} {}>{} {};", base::ToSeconds(entry.time - testing::kStart),
                     entry.labels.Get("alertname"), entry.before, entry.after, entry.cause);
    }
    return text;
  };
  EXPECT_EQ(lines({}),
            "0 A none>pending found;30 A pending>firing held;30 B none>firing found;90 A firing>inactive not_found;");
  EXPECT_EQ(lines({.start = At(30), .end = At(30)}), "30 A pending>firing held;30 B none>firing found;");
  EXPECT_EQ(lines({.matchers = {base::Matcher::Equal("alertname", "B")}}), "30 B none>firing found;");
  EXPECT_EQ(lines({.limit = 1}), "90 A firing>inactive not_found;");

  const auto spans = FiringSpans(ReadHistory(*database, {}).value());
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].fired_at, At(30));
  EXPECT_EQ(spans[0].ended_at, At(90));
  EXPECT_EQ(spans[1].ended_at, std::nullopt);
  const auto summary = Summarize(spans, At(130));
  ASSERT_EQ(summary.size(), 2u);
  EXPECT_EQ(summary[0].labels.Get("alertname"), "B");
  EXPECT_EQ(summary[0].firing, std::chrono::seconds(100));
  EXPECT_EQ(summary[0].mean_time_to_resolve, std::nullopt);
  EXPECT_EQ(summary[1].mean_time_to_resolve, std::chrono::seconds(60));
}

TEST_F(StateDatabaseTest, HistoryIsForgottenInTime) {
  StateDatabase keeper(*writer_, {.history_retention = std::chrono::seconds(60)});
  const auto keep = [&](double at) {
    keeper.Keep({.group = "f;g",
                 .time = At(at),
                 .event = GroupEvent::evaluated,
                 .rules = {{"[\"r\"]", "r", {Change("A", AlertState::pending, std::nullopt, ChangeCause::found)}}}});
  };
  for (const double at : {0, 30, 90}) keep(at);
  EXPECT_EQ(ReadHistory(*Flushed(), {})->size(), 2u);
}

}  // namespace
}  // namespace rules
