#include "rules/api/api.h"

#include <gtest/gtest.h>

#include "rules/api/rules_json.h"
#include "tests/rules/world.h"

namespace rules {
namespace {

using testing::World;

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() : manager_(world_.manager_options()), endpoints_(Endpoints(manager_)) {
    ManagerConfig config{.rules = World::Load(R"(
groups:
  - name: b
    interval: 15s
    limit: 7
    rules:
      - alert: High
        expr: v>5
        for: 30s
        labels: {severity: critical}
        annotations: {summary: too high}
      - record: r
        expr: sum(v)
        labels: {team: x}
  - name: a
    rules: [{record: bad, expr: 'label_replace(v, "i", "same", "", "")'}]
  - {name: without rules, rules: []}
)"),
                         .defaults = {},
                         .external_labels = {},
                         .external_url = {}};
    manager_.Apply(std::move(config));
  }

  base::HttpResponse Call(std::string_view method, std::string_view path,
                          std::vector<std::pair<std::string, std::string>> parameters = {}) {
    base::HttpRequest request;
    request.method = method;
    request.path = path;
    for (auto& [name, value] : parameters) request.parameters.Add(name, value);
    for (const base::Endpoint& endpoint : endpoints_) {
      if (endpoint.methods == method && endpoint.path == path) return endpoint.handle(request);
    }
    return {.status = 404, .content_type = {}, .body = "no such endpoint", .headers = {}};
  }
  // The body, measured durations taken out
  std::string Get(std::string_view path, std::vector<std::pair<std::string, std::string>> parameters = {}) {
    const std::string body = Call("GET", path, std::move(parameters)).body;
    constexpr std::string_view kKey = "\"evaluationTime\":";
    std::string without;
    size_t at = 0;
    for (size_t key = body.find(kKey); key != std::string::npos; key = body.find(kKey, at)) {
      without += body.substr(at, key + kKey.size() - at) + "0";
      at = body.find_first_not_of("0123456789.e-", key + kKey.size());
    }
    return without + body.substr(at);
  }
  std::vector<std::string> Names(std::vector<std::pair<std::string, std::string>> parameters) {
    const std::string body = Get("/api/v1/rules", std::move(parameters));
    constexpr std::string_view kKey = "\"name\":\"";
    std::vector<std::string> names;
    for (size_t key = body.find(kKey); key != std::string::npos; key = body.find(kKey, key + 1)) {
      const size_t begin = key + kKey.size();
      names.push_back(body.substr(begin, body.find('"', begin) - begin));
    }
    return names;
  }

  World world_;
  Manager manager_;
  std::vector<base::Endpoint> endpoints_;
};

constexpr std::string_view kNever = R"("evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z")";
constexpr std::string_view kStarted = R"("evaluationTime":0,"lastEvaluation":"2023-11-14T22:13:20Z")";

TEST_F(ApiTest, RulesBeforeTheFirstEvaluation) {
  EXPECT_EQ(
      Get("/api/v1/rules", {{"rule_group[]", "b"}}),
      fmt::format(
          R"j({{"status":"success","data":{{"groups":[{{"name":"b","file":"f.yml","rules":[)j"
          R"j({{"state":"unknown","name":"High","query":"v > 5","duration":30,"keepFiringFor":0,)j"
          R"j("labels":{{"severity":"critical"}},"annotations":{{"summary":"too high"}},"alerts":[],"health":"unknown",{0},)j"
          R"j("type":"alerting"}},)j"
          R"j({{"name":"r","query":"sum(v)","labels":{{"team":"x"}},"health":"unknown",{0},"type":"recording"}})j"
          R"j(],"interval":15,"limit":7,{0}}}]}}}})j",
          kNever));
  EXPECT_EQ(Get("/api/v1/alerts"), R"({"status":"success","data":{"alerts":[]}})");
}

TEST_F(ApiTest, RulesAlertsAndErrors) {
  world_.Put("v{i=\"1\"}", 0, 9.5);
  world_.Put("v{i=\"2\"}", 0, 1);
  EXPECT_EQ(Call("POST", "/alerts/run").status, 200);
  const std::string alert =
      R"j({"labels":{"alertname":"High","i":"1","severity":"critical"},"annotations":{"summary":"too high"},)j"
      R"j("state":"pending","activeAt":"2023-11-14T22:13:20Z","value":"9.5e+00"})j";
  EXPECT_EQ(Get("/api/v1/alerts"), fmt::format(R"({{"status":"success","data":{{"alerts":[{}]}}}})", alert));
  EXPECT_EQ(
      Get("/api/v1/rules"),
      fmt::format(
          R"j({{"status":"success","data":{{"groups":[{{"name":"a","file":"f.yml","rules":[)j"
          R"j({{"name":"bad","query":"label_replace(v, \"i\", \"same\", \"\", \"\")","health":"err",)j"
          R"j("lastError":"vector cannot contain metrics with the same labelset",{0},"type":"recording"}})j"
          R"j(],"interval":60,"limit":0,{0}}},)j"
          R"j({{"name":"b","file":"f.yml","rules":[)j"
          R"j({{"state":"pending","name":"High","query":"v > 5","duration":30,"keepFiringFor":0,)j"
          R"j("labels":{{"severity":"critical"}},"annotations":{{"summary":"too high"}},"alerts":[{1}],"health":"ok",{0},)j"
          R"j("type":"alerting"}},)j"
          R"j({{"name":"r","query":"sum(v)","labels":{{"team":"x"}},"health":"ok",{0},"type":"recording"}})j"
          R"j(],"interval":15,"limit":7,{0}}}]}}}})j",
          kStarted, alert));
}

TEST_F(ApiTest, Filters) {
  using Strings = std::vector<std::string>;
  struct Case {
    std::vector<std::pair<std::string, std::string>> parameters;
    Strings want;  // groups and rules, in order
  };
  const Case cases[] = {
      {{}, {"a", "bad", "b", "High", "r"}},
      {{{"type", "alert"}}, {"b", "High"}},
      {{{"type", "record"}}, {"a", "bad", "b", "r"}},
      {{{"rule_name[]", "r"}, {"rule_name[]", "bad"}}, {"a", "bad", "b", "r"}},
      {{{"rule_group[]", "a"}}, {"a", "bad"}},
      {{{"file[]", "g.yml"}}, {}},
      {{{"match[]", "{team=\"x\"}"}}, {"b", "r"}},
      {{{"match[]", "{team=\"x\"}"}, {"match[]", "{severity=~\"c.*\"}"}}, {"b", "High", "r"}},
      {{{"group_limit", "1"}}, {"a", "bad"}},
      {{{"group_limit", "1"}, {"group_next_token", base::Base64("f.yml;b")}}, {"b", "High", "r"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.parameters.empty() ? "" : c.parameters.back().first + "=" + c.parameters.back().second);
    EXPECT_EQ(Names(c.parameters), c.want);
  }
  EXPECT_TRUE(Get("/api/v1/rules", {{"group_limit", "1"}})
                  .ends_with(fmt::format(R"(],"groupNextToken":"{}"}}}})", base::Base64("f.yml;b"))));
}

TEST_F(ApiTest, BadParameters) {
  struct Case {
    std::string name;
    std::string value;
    std::string_view want;
  };
  const Case cases[] = {
      {"type", "both", R"(invalid parameter \"type\": not supported value \"both\")"},
      {"group_limit", "0", R"(invalid parameter \"group_limit\": group_limit needs to be greater than 0)"},
      {"group_limit", "x",
       R"(invalid parameter \"group_limit\": group_limit needs to be a valid number: strconv.ParseInt: parsing \"x\": invalid syntax)"},
      {"group_next_token", "x",
       R"(invalid parameter \"group_next_token\": group_limit needs to be present in order to paginate over the groups)"},
      {"exclude_alerts", "maybe",
       R"(invalid parameter \"exclude_alerts\": error converting exclude_alerts: strconv.ParseBool: parsing \"maybe\": invalid syntax)"},
      {"match[]", "{}", R"(match[] must contain at least one non-empty matcher)"},
      {"match[]", "", R"(unknown position: parse error: unexpected end of input)"},
      {"match[]", "a{", R"(1:3: parse error: unexpected end of input inside braces)"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto response = Call("GET", "/api/v1/rules", {{c.name, c.value}});
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.body, fmt::format(R"({{"status":"error","errorType":"bad_data","error":"{}"}})", c.want));
  }
  const auto shown = [&](std::vector<std::pair<std::string, std::string>> parameters) {
    std::string text;
    const std::string body = Call("POST", "/alerts/run", std::move(parameters)).body;
    for (const std::string_view name : {"High", "bad", "r"}) {
      if (body.contains(fmt::format(R"("name":"{}")", name))) text.append(name).append(" ");
    }
    return text;
  };
  EXPECT_EQ(shown({{"group", "b"}}), "High r ");
  EXPECT_EQ(shown({{"rule", "r"}}), "r ");
  EXPECT_EQ(shown({{"rule", "r"}, {"group", "b"}}), "r ");
  EXPECT_EQ(shown({{"rule", "r"}, {"group", "a"}}), "");
  EXPECT_EQ(Call("POST", "/alerts/run", {{"rule", "x"}}).body,
            R"({"status":"error","errorType":"not_found","error":"no rule \"x\""})");
  const auto response = Call("POST", "/alerts/run", {{"group", "c"}});
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, R"({"status":"error","errorType":"not_found","error":"no rule group is named \"c\""})");
}

TEST(RulesJsonTest, AlertValues) {
  EXPECT_EQ(FormatAlertValue(1), "1e+00");
  EXPECT_EQ(FormatAlertValue(95.25), "9.525e+01");
  EXPECT_EQ(FormatAlertValue(1e-7), "1e-07");
  EXPECT_EQ(FormatAlertValue(std::numeric_limits<double>::infinity()), "+Inf");
}

}  // namespace
}  // namespace rules
