#include "alertmanager/api/api.h"

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/alertmanager/world.h"
#include "tests/support/support.h"

namespace alertmanager {
namespace {

using namespace std::chrono_literals;

class ApiTest : public ::testing::Test {
 protected:
  base::HttpResponse Call(const std::string& method, const std::string& path, const std::string& query = "",
                          const std::string& body = "", const std::string& type = "application/json") {
    for (const base::Endpoint& endpoint : endpoints_) {
      if (endpoint.path != path || !endpoint.methods.contains(method)) continue;
      base::HttpRequest request{.method = method,
                                .path = path,
                                .headers = {{"Content-Type", type}},
                                .parameters = *base::HttpParameters::Parse(query),
                                .body = body,
                                .remote_address = "",
                                .path_arguments = {}};
      return endpoint.handle(request);
    }
    ADD_FAILURE() << "no endpoint " << method << " " << path;
    return {};
  }
  std::string Names(const std::string& query) {
    std::string names;
    for (const auto& alert : nlohmann::json::parse(Call("GET", "/api/v2/alerts", query).body)) {
      names += alert["labels"]["alertname"].get<std::string>() + " ";
    }
    return names;
  }

  test::FakeClock clock_{At(0)};
  FakeTransport transport_;
  prometheus::Registry registry_;
  Metrics metrics_{registry_};
  Dispatcher dispatcher_{std::make_shared<const Config>(Parse(R"(
route: {receiver: ops, group_by: [alertname], routes: [{matchers: [team=a], receiver: team-a}]}
receivers: [{name: ops}, {name: team-a, webhook_configs: [{url: http://x}]}]
inhibit_rules: [{source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [alertname]}]
)")),
                         {.clock = clock_, .client = transport_, .metrics = metrics_}};
  std::vector<base::Endpoint> endpoints_ = Endpoints(dispatcher_, {.version = "0.1.0", .started = At(-60)});
};

TEST_F(ApiTest, AlertsInAndOut) {
  const auto posted = Call("POST", "/api/v2/alerts", "", R"([
    {"labels": {"alertname": "T", "severity": "critical", "empty": ""}, "annotations": {"summary": "s"},
     "startsAt": "2026-11-20T23:59:00.5Z", "generatorURL": "http://g"}])");
  EXPECT_EQ(posted.status, 200);
  EXPECT_EQ(posted.body, "");
  EXPECT_EQ(
      Call("GET", "/api/v2/alerts").body,
      R"([{"annotations":{"summary":"s"},"endsAt":"2026-11-21T00:05:00.000Z","fingerprint":"05fc116eba16bb74",)"
      R"("receivers":[{"name":"ops"}],"startsAt":"2026-11-20T23:59:00.500Z","status":{"inhibitedBy":[],"mutedBy":[],)"
      R"("silencedBy":[],"state":"active"},"updatedAt":"2026-11-21T00:00:00.000Z","generatorURL":"http://g",)"
      R"("labels":{"alertname":"T","severity":"critical"}}])"
      "\n");
}

TEST_F(ApiTest, Filters) {
  Call("POST", "/api/v2/alerts", "", R"([
    {"labels": {"alertname": "C", "severity": "critical"}}, {"labels": {"alertname": "C", "severity": "warning"}},
    {"labels": {"alertname": "A", "team": "a"}}, {"labels": {"alertname": "gone"}, "endsAt": "2026-11-20T00:00:00Z"}])");
  const auto count = [&](const std::string& query) {
    return nlohmann::json::parse(Call("GET", "/api/v2/alerts", query).body).size();
  };
  EXPECT_EQ(count(""), 3U);
  EXPECT_EQ(count("inhibited=false"), 2U);
  EXPECT_EQ(count("active=false"), 1U);
  EXPECT_EQ(count("active=maybe"), 1U);
  EXPECT_EQ(Names("receiver=team-.*"), "A ");
  EXPECT_EQ(Names("filter=alertname%3DC&filter=severity!%3Dwarning"), "C ");
  EXPECT_EQ(Call("GET", "/api/v2/alerts", "filter=x").status, 400);
  EXPECT_EQ(Call("GET", "/api/v2/alerts", "filter=x").body,
            "\"bad matcher \\\"x\\\": expected =, !=, =~ or !~ at byte 2\"\n");
}

TEST_F(ApiTest, Groups) {
  Call("POST", "/api/v2/alerts", "",
       R"([{"labels": {"alertname": "B"}}, {"labels": {"alertname": "A", "team": "a"}}])");
  const auto groups = nlohmann::json::parse(Call("GET", "/api/v2/alerts/groups").body);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0]["labels"].dump(), R"({"alertname":"A"})");
  EXPECT_EQ(groups[0]["receiver"]["name"], "team-a");
  EXPECT_EQ(groups[0]["alerts"].size(), 1U);
  EXPECT_EQ(nlohmann::json::parse(Call("GET", "/api/v2/alerts/groups", "receiver=ops").body).size(), 1U);
}

struct BadPost {
  const char* body;
  int status;
  const char* answer;
};

TEST_F(ApiTest, BadAlerts) {
  // statuses and shapes as Alertmanager 0.25 answers
  const BadPost cases[] = {
      {"x", 400, R"({"code":400,"message":"parsing alerts body from \"\" failed, because it is not valid JSON"})"},
      {"{}", 400, R"({"code":400,"message":"parsing alerts body from \"\" failed, because it is not a list"})"},
      {"[{}]", 422, R"({"code":602,"message":"0.labels in body is required"})"},
      {R"([{"labels":{"a":1}}])", 400,
       R"({"code":400,"message":"parsing alerts body from \"\" failed, because item 0: labels are not texts by name"})"},
      {R"([{"labels":{}}])", 400, R"("at least one label pair required")"},
      {R"([{"labels":{"a":"b"},"startsAt":"2026-11-21T00:00:00Z","endsAt":"2026-11-20T00:00:00Z"},{"labels":{}}])", 400,
       R"("start time must be before end time; at least one label pair required")"},
      {R"([{"labels":{"a":"b"},"startsAt":"yesterday"}])", 400,
       R"({"code":400,"message":"parsing alerts body from \"\" failed, because item 0: a time is not in the form of RFC 3339"})"},
  };
  for (const BadPost& c : cases) {
    SCOPED_TRACE(c.body);
    const auto answer = Call("POST", "/api/v2/alerts", "", c.body);
    EXPECT_EQ(answer.status, c.status);
    EXPECT_EQ(answer.body, std::string(c.answer) + "\n");
  }
  EXPECT_EQ(Call("POST", "/api/v2/alerts", "", "[]", "text/plain").status, 415);
  EXPECT_EQ(Names(""), "");
}

TEST_F(ApiTest, GoodAlertsOfABadRequestAreKept) {
  EXPECT_EQ(Call("POST", "/api/v2/alerts", "", R"([{"labels": {"alertname": "T"}}, {"labels": {}}])").status, 400);
  EXPECT_EQ(Names(""), "T ");
}

TEST_F(ApiTest, StatusReceiversAndSilences) {
  const auto status = nlohmann::json::parse(Call("GET", "/api/v2/status").body);
  EXPECT_EQ(status["cluster"].dump(), R"({"peers":[],"status":"disabled"})");
  EXPECT_EQ(status["uptime"], "2026-11-20T23:59:00.000Z");
  EXPECT_EQ(status["versionInfo"]["version"], "0.1.0");
  EXPECT_TRUE(status["config"]["original"].get<std::string>().contains("receiver: ops"));
  EXPECT_EQ(Call("GET", "/api/v2/receivers").body, "[{\"name\":\"ops\"},{\"name\":\"team-a\"}]\n");
  EXPECT_EQ(Call("GET", "/api/v2/silences").body, "[]\n");
  EXPECT_EQ(Call("POST", "/api/v2/silences").status, 501);
}

TEST_F(ApiTest, DeliveriesNewestFirst) {
  Call("POST", "/api/v2/alerts", "",
       R"([{"labels": {"alertname": "A", "team": "a"}, "startsAt": "2026-11-20T00:00:00Z"}])");
  dispatcher_.Step();
  ASSERT_TRUE(test::WaitFor([&] { return dispatcher_.Deliveries().size() == 1; }));
  EXPECT_EQ(
      Call("GET", "/api/v2/tocsin/deliveries").body,
      R"re([{"time":"2026-11-21T00:00:00.000Z","durationSeconds":0,"receiver":"team-a","integration":"webhook","index":0,)re"
      R"re("groupKey":"{}/{team=\"a\"}:{alertname=\"A\"}","groupLabels":{"alertname":"A"},"alerts":["A"],"firing":1,)re"
      R"re("resolved":0,"reason":"first notification","attempts":1,"outcome":"delivered"}])re"
      "\n");
}

}  // namespace
}  // namespace alertmanager
