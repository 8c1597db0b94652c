#include "rules/api/history_api.h"

#include <gtest/gtest.h>

#include "rules/state_database.h"
#include "tests/rules/world.h"

namespace rules {
namespace {

using testing::At;

class HistoryApiTest : public ::testing::Test {
 protected:
  HistoryApiTest() : path_(folder_.path().string() + "/t.db") {
    auto database = base::Database::Open(path_).value();
    EXPECT_TRUE(StateDatabase::Prepare(*database));
    const auto writer = base::WriteBehind::Start(std::move(database), clock_, {});
    StateDatabase keeper(*writer, {});
    const auto keep = [&](double at, std::string_view name, std::optional<AlertState> before, AlertState after) {
      ActiveAlert alert{.labels = base::Labels({{"alertname", name}, {"team", "risk"}}),
                        .annotations = base::Labels({{"summary", "s"}}),
                        .value = 5.5,
                        .status = {}};
      alert.status.state = after;
      alert.status.active_at = At(0);
      if (after != AlertState::pending) alert.status.fired_at = At(60);
      keeper.Keep({.group = "f;g",
                   .time = At(at),
                   .event = GroupEvent::evaluated,
                   .rules = {{"r", "r", {{.alert = alert, .before = before, .cause = ChangeCause::held}}}}});
    };
    keep(0, "A", std::nullopt, AlertState::pending);
    keep(60, "A", AlertState::pending, AlertState::firing);
    keep(90, "B", std::nullopt, AlertState::firing);
    keep(180, "A", AlertState::firing, AlertState::resolved);
    EXPECT_TRUE(writer->Flush(std::chrono::minutes(2)));
    clock_.Advance(std::chrono::minutes(10));
    endpoints_ = HistoryEndpoints([this] { return base::Database::OpenReadOnly(path_); }, clock_);
  }

  std::string Get(size_t endpoint, std::vector<std::pair<std::string, std::string>> parameters = {}) {
    base::HttpRequest request{.method = "GET"};
    for (auto& [name, value] : parameters) request.parameters.Add(name, value);
    return endpoints_[endpoint].handle(request).body;
  }

  test::TemporaryDirectory folder_;
  const std::string path_;
  test::FakeClock clock_{testing::kStart};
  std::vector<base::Endpoint> endpoints_;
};

std::string Success(std::string_view data) { return fmt::format(R"({{"status":"success","data":{}}})", data); }

TEST_F(HistoryApiTest, EveryChange) {
  EXPECT_EQ(Get(0, {{"limit", "1"}}),
            Success(R"({"changes":[{"time":"2023-11-14T22:16:20Z","group":"f;g",)"
                    R"("labels":{"alertname":"A","team":"risk"},"annotations":{"summary":"s"},"value":"5.5e+00",)"
                    R"("before":"firing","after":"inactive","cause":"held","activeAt":"2023-11-14T22:13:20Z",)"
                    R"("firedAt":"2023-11-14T22:14:20Z"}]})"));
  const auto count = [&](std::vector<std::pair<std::string, std::string>> parameters) {
    const std::string body = Get(0, std::move(parameters));
    size_t found = 0;
    for (size_t at = body.find("\"time\""); at != std::string::npos; at = body.find("\"time\"", at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count({}), 4u);
  EXPECT_EQ(count({{"match[]", "{alertname=\"A\"}"}}), 3u);
  EXPECT_EQ(count({{"match[]", "{alertname=\"A\"}"}, {"match[]", "{team=~\"r.*\"}"}}), 4u);
  EXPECT_EQ(count({{"match[]", "A"}}), 3u) << "an alert's name stands where a metric's does";
  EXPECT_EQ(count({{"match[]", "A{team=\"none\"}"}}), 0u);
  EXPECT_EQ(count({{"start", "1700000061"}}), 2u);
  EXPECT_EQ(count({{"end", "2023-11-14T22:14:20Z"}}), 2u);
}

TEST_F(HistoryApiTest, FromWhenToWhen) {
  EXPECT_EQ(Get(1), Success(R"({"spans":[{"labels":{"alertname":"A","team":"risk"},"firedAt":"2023-11-14T22:14:20Z",)"
                            R"("endedAt":"2023-11-14T22:16:20Z"},)"
                            R"({"labels":{"alertname":"B","team":"risk"},"firedAt":"2023-11-14T22:14:50Z"}],)"
                            R"("alerts":[{"labels":{"alertname":"B","team":"risk"},"fired":1,"firingSeconds":510,)"
                            R"("lastFiredAt":"2023-11-14T22:14:50Z"},)"
                            R"({"labels":{"alertname":"A","team":"risk"},"fired":1,"firingSeconds":120,)"
                            R"("meanTimeToResolveSeconds":120,"lastFiredAt":"2023-11-14T22:14:20Z"}]})"));
}

TEST_F(HistoryApiTest, Mistakes) {
  const auto bad = [](std::string_view text) {
    return fmt::format(R"({{"status":"error","errorType":"bad_data","error":"{}"}})", text);
  };
  EXPECT_EQ(
      Get(0, {{"start", "x"}}),
      bad(R"(invalid parameter \"start\": invalid time value for 'start': cannot parse \"x\" to a valid timestamp)"));
  EXPECT_EQ(Get(1, {{"match[]", "{"}}),
            bad(R"(invalid parameter \"match[]\": 1:2: parse error: unexpected end of input inside braces)"));
}

}  // namespace
}  // namespace rules
