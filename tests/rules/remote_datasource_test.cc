#include <fmt/format.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/net/http.h"
#include "base/text.h"
#include "promql/parser.h"
#include "rules/group.h"
#include "rules/manager.h"
#include "rules/remote/datasource.h"
#include "tests/rules/fake_server.h"
#include "tests/rules/world.h"

namespace rules {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Answer;
using testing::At;
using testing::FakeServer;
using testing::World;

constexpr std::string_view kOne = R"({"status":"success","data":{"resultType":"vector","result":)"
                                  R"([{"metric":{"a":"1"},"value":[1700000000,"7"]}]}})";
constexpr std::string_view kNothing = R"({"status":"success","data":{"resultType":"vector","result":[]}})";

std::string Show(const base::Result<promql::QueryResult>& result) {
  if (!result) return fmt::format("{}: {}", ToString(result.error().code), result.error().message);
  return fmt::format("{} elements", std::get<promql::Vector>(result->value).size());
}

TEST(RemoteDatasourceTest, AsksAsPrometheusIsAsked) {
  FakeServer server;
  server.answer = [](const base::HttpClientRequest&) { return Answer(200, std::string(kOne)); };
  const test::FakeClock clock(At(0));
  const test::TemporaryDirectory folder;
  DatasourceConfig config{.url = "http://mimir/prometheus/", .params = {{"dedup", {"a b", "c"}}}};
  config.http.headers = {{"X-Scope-OrgID", {"risk", ""}}};
  config.http.authorization = base::HttpAuthorization{"Bearer", {"", folder.Write("token", "t0ken\n")}};
  const auto expr = promql::Parse("sum  by(a)(m)>5").value();
  const RemoteDatasource by_post(config, {.client = server, .clock = clock});
  EXPECT_EQ(Show(by_post.Instant(*expr, At(0.25), {.most = seconds(10)})), "1 elements");
  config.get = true;
  config.partial_response = PartialResponse::ignore;
  config.params["nocache"] = {"0"};
  const RemoteDatasource by_get(config, {.client = server, .clock = clock});
  EXPECT_EQ(Show(by_get.Instant(*expr, At(0), {})), "1 elements");

  ASSERT_EQ(server.asked.size(), 2u);
  const base::HttpClientRequest& post = server.asked[0];
  EXPECT_EQ(post.method + " " + post.url, "POST http://mimir/prometheus/api/v1/query");
  EXPECT_EQ(post.body,
            "query=sum+by+%28a%29+%28m%29+%3E+5&time=1700000000.250&timeout=10s&dedup=a+b&dedup=c"
            "&deny_partial_response=1&nocache=1&partial_response=false");
  EXPECT_EQ(post.headers.Get("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(post.headers.Get("Authorization"), "Bearer t0ken");
  EXPECT_EQ(post.headers.Get("X-Scope-OrgID"), "risk");
  EXPECT_EQ(post.timeout, seconds(10));
  EXPECT_EQ(post.max_response_bytes, 64UL << 20);
  const base::HttpClientRequest& get = server.asked[1];
  EXPECT_EQ(get.method + " " + get.url,
            "GET http://mimir/prometheus/api/v1/query?query=sum+by+%28a%29+%28m%29+%3E+5&time=1700000000&timeout=30s"
            "&dedup=a+b&dedup=c&nocache=0&partial_response=true");
  EXPECT_EQ(get.body, "");

  // read again at each use
  std::filesystem::remove(folder.path() / "token");
  EXPECT_EQ(Show(by_post.Instant(*expr, At(0), {})).substr(0, 67),
            "unavailable: POST http://mimir/prometheus/api/v1/query: cannot read");
}

TEST(RemoteDatasourceTest, FailuresAreToldAndTriedAgainWhereThatMayHelp) {
  struct Case {
    std::string_view name;
    base::Result<base::HttpClientResponse> answer;
    std::string_view want;  // after "CODE: POST URL: "
    int tries = 1;
    std::string_view outcome;
  };
  const auto broken = [](base::ErrorCode code, std::string_view what) -> base::Result<base::HttpClientResponse> {
    return base::Fail(code, fmt::format("POST http://xxxxx:xxxxx@p/api/v1/query: {}", what));
  };
  constexpr auto kApi = [](std::string_view type, std::string_view message) {
    return fmt::format(R"({{"status":"error","errorType":"{}","error":"{}"}})", type, message);
  };
  const Case cases[] = {
      {"no connection", broken(base::ErrorCode::unavailable, "Connection refused"),
       "unavailable|Connection refused (3 tries)", 3, "unreachable"},
      {"slow", broken(base::ErrorCode::timeout, "timed out after 30s"), "timeout|timed out after 30s", 1, "timeout"},
      {"too large", broken(base::ErrorCode::limit_exceeded, "the answer is larger than 67108864 bytes"),
       "limit_exceeded|the answer is larger than 67108864 bytes", 1, "unreadable"},
      {"wrong query", Answer(400, kApi("bad_data", "parse error")), "invalid_argument|HTTP 400: bad_data: parse error",
       1, "refused"},
      {"not computable", Answer(422, kApi("execution", "many-to-many")),
       "invalid_argument|HTTP 422: execution: many-to-many", 1, "refused"},
      {"VictoriaMetrics", Answer(422, kApi("422", "no")), "invalid_argument|HTTP 422: no", 1, "refused"},
      {"not allowed", Answer(401, "no org id\n"), "invalid_argument|HTTP 401 Unauthorized: no org id", 1, "refused"},
      {"query timeout", Answer(503, kApi("timeout", "query timed out")), "timeout|HTTP 503: timeout: query timed out",
       1, "timeout"},
      {"a proxy's timeout", Answer(504, "<html>"), "timeout|HTTP 504 Gateway Timeout", 1, "timeout"},
      {"broken", Answer(500, kApi("internal", "oh")), "unavailable|HTTP 500: internal: oh (3 tries)", 3, "failed"},
      {"a proxy", Answer(502, "<html>"), "unavailable|HTTP 502 Bad Gateway (3 tries)", 3, "failed"},
      {"overloaded", Answer(429, "slow down"), "unavailable|HTTP 429 Too Many Requests: slow down (3 tries)", 3,
       "overloaded"},
      {"another server", Answer(200, "<html>"),
       "unavailable|the answer is not that of Prometheus' API: an object is missing at byte 0", 1, "unreadable"},
      {"redirected to nowhere", Answer(302, ""), "unavailable|HTTP 302 Found", 1, "failed"},
      {"partial", Answer(200, R"({"isPartial":true,"status":"success","data":{"resultType":"vector","result":[]}})"),
       "unavailable|the answer is partial: the server says isPartial", 1, "partial"},
      {"with warnings",
       Answer(200, R"({"status":"success","data":{"resultType":"vector","result":[]},"warnings":["a is gone","b"]})"),
       "unavailable|the answer is partial: a is gone; b", 1, "partial"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    FakeServer server;
    server.answer = [&](const base::HttpClientRequest&) { return each.answer; };
    const test::FakeClock clock(At(0));
    prometheus::Registry registry;
    const RemoteDatasource source({.url = "http://u:p@p"}, {.client = server, .clock = clock, .registry = &registry});
    const std::string told = Show(source.Instant(*promql::Parse("m").value(), At(0), {}));
    const auto bar = each.want.find('|');
    EXPECT_EQ(told, fmt::format("{}: POST http://xxxxx:xxxxx@p/api/v1/query: {}", each.want.substr(0, bar),
                                each.want.substr(bar + 1)));
    EXPECT_EQ(server.asked.size(), static_cast<size_t>(each.tries));
    EXPECT_EQ(clock.Now(), At(each.tries == 1 ? 0 : 0.75)) << "pauses of 250 and 500 ms";
    const std::string page = prometheus::TextSerializer().Serialize(registry.Collect());
    EXPECT_NE(page.find(fmt::format("tocsin_rules_datasource_requests_total{{outcome=\"{}\"}} {}\n", each.outcome,
                                    each.tries)),
              std::string::npos)
        << page;
    EXPECT_NE(page.find(fmt::format("tocsin_rules_datasource_retries_total {}\n", each.tries - 1)), std::string::npos);
  }
}

TEST(RemoteDatasourceTest, TriesEndWithPatience) {
  struct Case {
    std::string_view name;
    Patience patience;
    std::string_view retry_after;
    size_t tries;
    double ends;
    base::Duration last_timeout;
  };
  const Case cases[] = {
      {"no bound", {}, "", 3, 0.75, seconds(30)},
      {"a short interval", {.most = seconds(1), .retry_until = At(0.5)}, "", 2, 0.25, milliseconds(250)},
      {"no time left", {.most = seconds(1), .retry_until = At(-5)}, "", 1, 0, seconds(1)},
      {"the server asks for more", {.most = seconds(15), .retry_until = At(15)}, "6", 3, 12, seconds(3)},
      {"the server asks for too much", {.most = seconds(15), .retry_until = At(15)}, "60", 1, 0, seconds(15)},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    FakeServer server;
    server.answer = [&](const base::HttpClientRequest&) -> base::Result<base::HttpClientResponse> {
      base::HttpClientResponse answer{.status = 503, .headers = {}, .body = ""};
      if (!each.retry_after.empty()) answer.headers.Add("Retry-After", std::string(each.retry_after));
      return answer;
    };
    const test::FakeClock clock(At(0));
    const RemoteDatasource source({.url = "http://p"}, {.client = server, .clock = clock});
    EXPECT_FALSE(source.Instant(*promql::Parse("m").value(), At(0), each.patience));
    EXPECT_EQ(server.asked.size(), each.tries);
    EXPECT_EQ(clock.Now(), At(each.ends));
    EXPECT_EQ(server.asked.back().timeout, each.last_timeout);
  }
}

TEST(RemoteDatasourceTest, AnotherTryMayHelpAndStopEndsAll) {
  FakeServer server;
  server.answer = [&](const base::HttpClientRequest&) {
    return server.asked.size() < 3 ? Answer(502, "") : Answer(200, std::string(kOne));
  };
  const test::FakeClock clock(At(0));
  RemoteDatasource source({.url = "http://p"}, {.client = server, .clock = clock});
  const auto expr = promql::Parse("m").value();
  EXPECT_EQ(Show(source.Instant(*expr, At(0), {})), "1 elements");
  source.Stop();
  EXPECT_EQ(Show(source.Instant(*expr, At(0), {})),
            "cancelled: POST http://p/api/v1/query: the datasource is no longer asked");
  EXPECT_EQ(server.asked.size(), 3u);
}

TEST(RemoteDatasourceTest, PartialAnswersCountWhereTheyMay) {
  FakeServer server;
  server.answer = [](const base::HttpClientRequest&) {
    return Answer(200, R"({"isPartial":true,"status":"success","data":{"resultType":"vector","result":[]}})");
  };
  const test::FakeClock clock(At(0));
  for (const PartialResponse policy : {PartialResponse::warn, PartialResponse::ignore}) {
    const RemoteDatasource source({.url = "http://p", .partial_response = policy}, {.client = server, .clock = clock});
    EXPECT_EQ(Show(source.Instant(*promql::Parse("m").value(), At(0), {})), "0 elements");
  }
}

// A group whose expressions a server evaluates; the server has what the test says, or fails.
class RemoteGroupTest : public ::testing::Test {
 protected:
  RemoteGroupTest() {
    server_.answer = [this](const base::HttpClientRequest& request) {
      const auto form = base::HttpParameters::Parse(request.body).value();
      queries_ += fmt::format("{} @{}\n", form.Get("query"), base::ParseFloat(form.Get("time")).value() - 1.7e9);
      const auto known = answers_.find(std::string(form.Get("query")));
      return down_ ? Answer(503, "") : Answer(200, std::string(known == answers_.end() ? kNothing : known->second));
    };
    world_.environment().datasource =
        std::make_shared<RemoteDatasource>(DatasourceConfig{.url = "http://p", .retries = 0},
                                           RemoteDatasource::Parts{.client = server_, .clock = world_.clock()});
  }
  GroupOutcome Evaluate(Group& group, double time) { return group.Evaluate(At(time), world_.environment()); }

  World world_;
  FakeServer server_;
  std::map<std::string, std::string> answers_;
  std::string queries_;
  bool down_ = false;
};

TEST_F(RemoteGroupTest, TheServerJudgesAndTheStoreKeeps) {
  Group group(World::LoadGroup(R"(
groups:
  - name: g
    interval: 30s
    query_offset: 5s
    rules:
      - {record: r, expr: sum by (a) (m), labels: {from: rule}}
      - alert: High
        expr: m > 5
        for: 30s
        annotations: {text: 'other is {{ query "other" | first | value }}'}
)"),
              {});
  world_.Put("m", 0, 9);  // not looked at
  answers_["sum by (a) (m)"] =
      R"({"status":"success","data":{"resultType":"vector","result":)"
      R"([{"metric":{"a":"1"},"value":[1,"NaN"]},)"
      R"({"metric":{"a":"2"},"histogram":[1,{"count":"2","sum":"3","buckets":[[0,"1","2","2"]]}]}]}})";
  answers_["m > 5"] = kOne;
  answers_["other"] = R"({"status":"success","data":{"resultType":"scalar","result":[1,"42"]}})";
  Evaluate(group, 60);
  EXPECT_EQ(queries_, "sum by (a) (m) @55\nm > 5 @55\nother @60\n");
  EXPECT_EQ(testing::Show(group.Snapshot()), "pending {a=\"1\", alertname=\"High\"} 7\n");
  EXPECT_EQ(group.Snapshot().rules[1].alerts[0].annotations.ToString(), "{text=\"other is 42\"}");
  EXPECT_EQ(world_.Query("r", 55), "r{a=\"1\", from=\"rule\"} NaN\nr{a=\"2\", from=\"rule\"} 0\n");
  EXPECT_EQ(world_.Query("histogram_count(r)", 55), "{a=\"2\", from=\"rule\"} 2\n");
  EXPECT_EQ(world_.Query("ALERTS", 55), "ALERTS{a=\"1\", alertname=\"High\", alertstate=\"pending\"} 1\n");
  answers_.clear();
  Evaluate(group, 90);
  EXPECT_EQ(world_.Query("r", 85), "");
  EXPECT_EQ(world_.Query("ALERTS", 85), "");
}

TEST_F(RemoteGroupTest, AFailureResolvesNothing) {
  Group group(World::LoadGroup(R"(
groups:
  - name: g
    interval: 30s
    rules:
      - {alert: High, expr: m > 5, for: 60s}
)"),
              {});
  answers_["m > 5"] = kOne;
  Evaluate(group, 0);
  down_ = true;
  const std::string error = "High: POST http://p/api/v1/query: HTTP 503 Service Unavailable\n";
  for (const double at : {30, 60, 90}) {
    SCOPED_TRACE(at);
    const GroupOutcome outcome = Evaluate(group, at);
    EXPECT_TRUE(outcome.rules[0].error && !outcome.rules[0].evaluated);
    EXPECT_EQ(testing::Show(group.Snapshot()), error + "pending {a=\"1\", alertname=\"High\"} 7\n");
    EXPECT_EQ(group.Snapshot().rules[0].health, RuleHealth::err);
    EXPECT_EQ(world_.Sent(at), "");
  }
  down_ = false;
  Evaluate(group, 120);
  EXPECT_EQ(testing::Show(group.Snapshot()), "firing {a=\"1\", alertname=\"High\"} 7\n");
  down_ = true;
  Evaluate(group, 150);
  EXPECT_EQ(testing::Show(group.Snapshot()), error + "firing {a=\"1\", alertname=\"High\"} 7\n");
}

TEST_F(RemoteGroupTest, TheManagerHandsTheDatasourceOnAndTakesItBack) {
  Manager manager(world_.manager_options());
  ManagerConfig config{.rules = World::Load("groups: [{name: g, interval: 15s, rules: [{record: r, expr: m * 2}]}]"),
                       .defaults = {},
                       .external_labels = {},
                       .external_url = "",
                       .datasource = world_.environment().datasource};
  answers_["m * 2"] = kOne;
  manager.Apply(config);
  ASSERT_TRUE(manager.EvaluateNow(std::nullopt));
  EXPECT_EQ(world_.Query("r", 0), "r{a=\"1\"} 7\n");
  world_.Put("m", 10, 3);
  config.datasource = nullptr;
  manager.Apply(config);
  world_.clock().Advance(seconds(15));
  ASSERT_TRUE(manager.EvaluateNow(std::nullopt));
  EXPECT_EQ(world_.Query("r", 15), "r 6\n");
  EXPECT_EQ(server_.asked.size(), 1u);
}

}  // namespace
}  // namespace rules
