#include "rules/api/query_api.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/rules/world.h"

namespace rules {
namespace {

using testing::World;
using Parameters = std::vector<std::pair<std::string, std::string>>;

class QueryApiTest : public ::testing::Test {
 protected:
  QueryApiTest() {
    const QuerySource source{engine_, world_.head(), world_.clock(), [] { return base::Labels{{"site", "x"}}; },
                             &exemplars_};
    endpoints_ = QueryEndpoints(source);
    std::ranges::move(SeriesEndpoints(source), std::back_inserter(endpoints_));
    for (int i = 0; i < 4; ++i) {
      world_.Put("v{job=\"a\",i=\"1\"}", 15 * i, i + 0.5);
      world_.Put("v{job=\"b\"}", 15 * i, 100 * i);
    }
    world_.Put("w{\"my.label\"=\"é\"}", 0, 1e6);
    world_.clock().Advance(std::chrono::seconds(60));
  }

  // "200 body" of a GET
  std::string Get(std::string_view path, const Parameters& parameters = {}, std::string argument = "") {
    base::HttpRequest request{.method = "GET", .path = std::string(path)};
    for (const auto& [name, value] : parameters) request.parameters.Add(name, value);
    if (!argument.empty()) request.path_arguments.push_back(std::move(argument));
    for (const base::Endpoint& endpoint : endpoints_) {
      if (endpoint.path != path) continue;
      const base::HttpResponse response = endpoint.handle(request);
      return std::to_string(response.status) + " " + response.body;
    }
    return "no such endpoint";
  }

  World world_;
  promql::Engine engine_{promql::EngineOptions{}};
  store::Exemplars exemplars_{10};
  std::vector<base::Endpoint> endpoints_;
};

std::string Success(std::string_view data) { return fmt::format(R"(200 {{"status":"success","data":{}}})", data); }
std::string BadData(std::string_view error) {
  return fmt::format(R"(400 {{"status":"error","errorType":"bad_data","error":"{}"}})", error);
}

// The numbers are those of Prometheus for the same samples.
TEST_F(QueryApiTest, CountsTheSamplesThatAreRead) {
  const auto total = [this](std::string_view path, Parameters parameters) {
    parameters.emplace_back("stats", "all");
    const std::string body = Get(path, parameters);
    constexpr std::string_view kKey = R"("samples":{"totalQueryableSamples":)";
    const size_t at = body.find(kKey);
    if (at == std::string::npos) return body;
    return body.substr(at + kKey.size(), body.find(',', at) - at - kKey.size());
  };
  const std::pair<std::string, std::string> instant[] = {
      {"1 + 1", "0"},
      {"v", "2"},
      {"v + v", "4"},
      {"sum(v)", "2"},
      {"timestamp(v)", "2"},
      {"v[31s]", "6"},
      {"rate(v[31s])", "6"},
      {"v @ 1700000000", "2"},
      {"max_over_time(v[30s:15s])", "4"},
      {"max_over_time(rate(v[31s])[30s:15s])", "4"},
  };
  for (const auto& [query, want] : instant) {
    EXPECT_EQ(total("/api/v1/query", {{"query", query}, {"time", "1700000045"}}), want) << query;
  }
  const std::pair<std::string, std::string> ranges[] = {
      {"v", "6"}, {"v @ 1700000000", "6"}, {"rate(v[16s])", "12"}, {"rate(v[16s] @ 1700000045)", "12"}};
  for (const auto& [query, want] : ranges) {
    EXPECT_EQ(total("/api/v1/query_range",
                    {{"query", query}, {"start", "1700000015"}, {"end", "1700000045"}, {"step", "15"}}),
              want)
        << query;
  }
  EXPECT_EQ(Get("/api/v1/query", {{"query", "v"}}).find("stats"), std::string::npos);
}

TEST_F(QueryApiTest, Instant) {
  struct Case {
    Parameters parameters;
    std::string want;
  };
  const Case cases[] = {
      {{{"query", "v"}},
       Success(R"({"resultType":"vector","result":[)"
               R"({"metric":{"__name__":"v","i":"1","job":"a"},"value":[1700000060,"3.5"]},)"
               R"({"metric":{"__name__":"v","job":"b"},"value":[1700000060,"300"]}]})")},
      {{{"query", "v{job=\"b\"}"}, {"time", "1700000015.5"}},
       Success(
           R"({"resultType":"vector","result":[{"metric":{"__name__":"v","job":"b"},"value":[1700000015.500,"100"]}]})")},
      {{{"query", "v"}, {"time", "2023-11-14T22:13:00Z"}}, Success(R"({"resultType":"vector","result":[]})")},
      {{{"query", "1e21"}, {"time", "0"}}, Success(R"({"resultType":"scalar","result":[0,"1000000000000000000000"]})")},
      {{{"query", "1.5e23"}, {"time", "0"}},
       Success(R"({"resultType":"scalar","result":[0,"150000000000000000000000"]})")},
      {{{"query", "-0.5"}, {"time", "0"}}, Success(R"({"resultType":"scalar","result":[0,"-0.5"]})")},
      {{{"query", "1234.75"}, {"time", "0"}}, Success(R"({"resultType":"scalar","result":[0,"1234.75"]})")},
      {{{"query", "-0"}, {"time", "0"}}, Success(R"({"resultType":"scalar","result":[0,"-0"]})")},
      {{{"query", "-1e-7"}, {"time", "0"}}, Success(R"({"resultType":"scalar","result":[0,"-0.0000001"]})")},
      {{{"query", "-Inf"}, {"time", "0"}}, Success(R"({"resultType":"scalar","result":[0,"-Inf"]})")},
      {{{"query", "1/3"}, {"time", "0"}}, Success(R"({"resultType":"scalar","result":[0,"0.3333333333333333"]})")},
      {{{"query", "\"x\""}, {"time", "-1.25"}}, Success(R"({"resultType":"string","result":[-1.25,"x"]})")},
      {{{"query", "v{job=\"b\"}[31s]"}, {"time", "1700000030"}},
       Success(R"({"resultType":"matrix","result":[{"metric":{"__name__":"v","job":"b"},)"
               R"("values":[[1700000000,"0"],[1700000015,"100"],[1700000030,"200"]]}]})")},
      {{{"query", "v"}, {"limit", "1"}},
       R"(200 {"status":"success","data":{"resultType":"vector","result":[)"
       R"({"metric":{"__name__":"v","i":"1","job":"a"},"value":[1700000060,"3.5"]}]},)"
       R"("warnings":["results truncated due to limit"]})"},
      {{{"query", "rate(v{job=\"b\"}[1m])"}, {"time", "1700000045"}},
       R"(200 {"status":"success","data":{"resultType":"vector","result":[)"
       R"({"metric":{"job":"b"},"value":[1700000045,"5"]}]},)"
       R"j("infos":["PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"v\" (1:6)"]})j"},
      {{{"query", "w"}, {"lookback_delta", "30s"}}, Success(R"({"resultType":"vector","result":[]})")},
      {{{"query", "vector(+Inf)"}, {"time", "1"}},
       Success(R"({"resultType":"vector","result":[{"metric":{},"value":[1,"+Inf"]}]})")},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.parameters.front().second);
    EXPECT_EQ(Get("/api/v1/query", c.parameters), c.want);
  }
}

TEST_F(QueryApiTest, Range) {
  EXPECT_EQ(Get("/api/v1/query_range",
                {{"query", "v{job=\"a\"}"}, {"start", "1700000000"}, {"end", "1700000031"}, {"step", "30s"}}),
            Success(R"({"resultType":"matrix","result":[{"metric":{"__name__":"v","i":"1","job":"a"},)"
                    R"("values":[[1700000000,"0.5"],[1700000030,"2.5"]]}]})"));
  EXPECT_EQ(Get("/api/v1/query_range", {{"query", "2"}, {"start", "1"}, {"end", "1"}, {"step", "0.5"}}),
            Success(R"({"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"]]}]})"));
}

TEST_F(QueryApiTest, Mistakes) {
  struct Case {
    std::string_view path;
    Parameters parameters;
    std::string want;
  };
  const Case cases[] = {
      {"/api/v1/query",
       {{"query", "up{"}},
       BadData(R"(invalid parameter \"query\": 1:4: parse error: unexpected end of input inside braces)")},
      {"/api/v1/query",
       {},
       BadData(R"(invalid parameter \"query\": unknown position: parse error: no expression found in input)")},
      {"/api/v1/query",
       {{"query", "1"}, {"time", "soon"}},
       BadData(
           R"(invalid parameter \"time\": invalid time value for 'time': cannot parse \"soon\" to a valid timestamp)")},
      {"/api/v1/query",
       {{"query", "1"}, {"timeout", "x"}},
       BadData(R"(invalid parameter \"timeout\": cannot parse \"x\" to a valid duration)")},
      {"/api/v1/query",
       {{"query", "1"}, {"limit", "-1"}},
       BadData(R"(invalid parameter \"limit\": limit must be non-negative)")},
      {"/api/v1/query_range",
       {{"query", "1"}, {"start", "2"}, {"end", "1"}, {"step", "1"}},
       BadData(R"(invalid parameter \"end\": end timestamp must not be before start time)")},
      {"/api/v1/query_range",
       {{"query", "1"}, {"start", "1"}, {"end", "2"}, {"step", "0"}},
       BadData(
           R"(invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer)")},
      {"/api/v1/query_range",
       {{"query", "1"}, {"start", "1"}, {"end", "2"}, {"step", "1e30"}},
       BadData(R"(invalid parameter \"step\": cannot parse \"1e30\" to a valid duration. It overflows int64)")},
      {"/api/v1/query_range",
       {{"query", "1"}, {"start", "0"}, {"end", "11001"}, {"step", "1"}},
       BadData("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution "
               "(?step=XX)")},
      {"/api/v1/query_range",
       {{"query", "v[5m]"}, {"start", "0"}, {"end", "1"}, {"step", "1"}},
       BadData(
           R"(invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be Scalar or instant Vector)")},
      {"/api/v1/query",
       {{"query", "v * on() v"}},
       R"(422 {"status":"error","errorType":"execution","error":"found duplicate series for the match group {} on the right hand-side of the operation: [{__name__=\"v\", i=\"1\", job=\"a\"}, {__name__=\"v\", job=\"b\"}];many-to-many matching not allowed: matching labels must be unique on one side"})"},
      {"/api/v1/series", {}, BadData("no match[] parameter provided")},
      {"/api/v1/series",
       {{"match[]", "{a=~\".*\"}"}},
       BadData(R"(invalid parameter \"match[]\": match[] must contain at least one non-empty matcher)")},
      {"/api/v1/labels",
       {{"start", "x"}},
       BadData(
           R"(invalid parameter \"start\": invalid time value for 'start': cannot parse \"x\" to a valid timestamp)")},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    EXPECT_EQ(Get(c.path, c.parameters), c.want);
  }
}

TEST_F(QueryApiTest, Listings) {
  EXPECT_EQ(Get("/api/v1/labels"), Success(R"(["__name__","i","job","my.label"])"));
  EXPECT_EQ(Get("/api/v1/labels", {{"match[]", "v"}, {"match[]", "nothing"}}), Success(R"(["__name__","i","job"])"));
  EXPECT_EQ(Get("/api/v1/labels", {{"limit", "1"}}),
            R"(200 {"status":"success","data":["__name__"],"warnings":["results truncated due to limit"]})");
  EXPECT_EQ(Get("/api/v1/label/:name/values", {}, "job"), Success(R"(["a","b"])"));
  EXPECT_EQ(Get("/api/v1/label/:name/values", {{"match[]", "v{i=\"1\"}"}}, "job"), Success(R"(["a"])"));
  EXPECT_EQ(Get("/api/v1/label/:name/values", {}, "U__my_2e_label"), Success(R"(["é"])"));
  EXPECT_EQ(Get("/api/v1/label/:name/values", {}, "gone"), Success("[]"));
  EXPECT_EQ(Get("/api/v1/series", {{"match[]", "v{job=\"b\"}"}, {"match[]", "{job=\"b\"}"}, {"match[]", "w"}}),
            Success(R"([{"__name__":"v","job":"b"},{"__name__":"w","my.label":"é"}])"));
}

TEST_F(QueryApiTest, Federation) {
  EXPECT_EQ(Get("/federate", {{"match[]", "{__name__=~\"v|w\"}"}}),
            "200 # TYPE v untyped\n"
            "v{i=\"1\",job=\"a\",instance=\"\",site=\"x\"} 3.5 1700000045000\n"
            "v{job=\"b\",instance=\"\",site=\"x\"} 300 1700000045000\n"
            "# TYPE w untyped\n"
            "w{my_label=\"é\",instance=\"\",site=\"x\"} 1e+06 1700000000000\n");
}

TEST_F(QueryApiTest, LaysOutQueries) {
  struct Case {
    std::string query;
    std::string want;  // as JSON
  };
  const Case cases[] = {
      {"sum(foo)by(a)+1", R"("sum by (a) (foo) + 1")"},
      {"sum by (job) (rate(a_rather_long_metric_name_total{label=\"value\"}[5m])) / "
       "-sum(another_rather_long_name_total)",
       R"j("  sum by (job) (rate(a_rather_long_metric_name_total{label=\"value\"}[5m]))\n/\n  -sum(another_rather_long_name_total)")j"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.query);
    EXPECT_EQ(Get("/api/v1/format_query", {{"query", c.query}}), Success(c.want));
  }
}

TEST_F(QueryApiTest, ParsesQueries) {
  EXPECT_EQ(
      Get("/api/v1/parse_query", {{"query", "rate(foo{a=~\"b\"}[5m] offset 1m) > bool on(x) group_left(y) -bar"}}),
      Success(R"({"bool":true,"lhs":{"args":[{"matchers":[{"name":"a","type":"=~","value":"b"},)"
              R"({"name":"__name__","type":"=","value":"foo"}],"name":"foo","offset":60000,"range":300000,)"
              R"("startOrEnd":null,"timestamp":null,"type":"matrixSelector"}],"func":{"argTypes":["matrix"],)"
              R"("name":"rate","returnType":"vector","variadic":0},"type":"call"},)"
              R"("matching":{"card":"many-to-one","include":["y"],"labels":["x"],"on":true},"op":">",)"
              R"("rhs":{"expr":{"matchers":[{"name":"__name__","type":"=","value":"bar"}],"name":"bar","offset":0,)"
              R"("startOrEnd":null,"timestamp":null,"type":"vectorSelector"},"op":"-","type":"unaryExpr"},)"
              R"("type":"binaryExpr"})"));
}

TEST_F(QueryApiTest, Exemplars) {
  const base::Timestamp start(std::chrono::seconds(1'700'000'000));
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(exemplars_.Add(base::Labels{{"__name__", "v"}, {"job", "a"}},
                             {base::Labels{{"id", "é"}}, i + 0.5, start + base::Duration(1500 * i), true}),
              store::ExemplarStatus::ok);
  }
  ASSERT_EQ(exemplars_.Add(base::Labels{{"__name__", "u"}}, {base::Labels(), 1e9, start, true}),
            store::ExemplarStatus::ok);
  const std::string u = R"({"seriesLabels":{"__name__":"u"},"exemplars":[{"labels":{},"value":"1000000000",)"
                        R"("timestamp":1700000000}]})";
  const std::string last =
      R"({"seriesLabels":{"__name__":"v","job":"a"},"exemplars":[{"labels":{"id":"é"},"value":"2.5",)"
      R"("timestamp":1700000003}]})";
  const struct {
    Parameters parameters;
    std::string want;
  } cases[] = {
      {{{"query", "rate(v{job=\"a\"}[5m]) / on() u"}, {"start", "1700000002"}}, Success("[" + last + "]")},
      {{{"query", "v or u"}, {"end", "1700000000"}, {"start", "2023-11-14T22:13:20Z"}},
       Success("[" + u +
               R"(,{"seriesLabels":{"__name__":"v","job":"a"},"exemplars":[{"labels":{"id":"é"},"value":"0.5",)"
               R"("timestamp":1700000000}]}])")},
      {{{"query", "v{job=\"b\"}"}}, Success("[]")},
      {{{"query", "1 + 1"}}, "204 "},
      {{{"query", "v"}, {"start", "2"}, {"end", "1"}}, BadData("end timestamp must not be before start timestamp")},
      {{{"query", "v"}, {"start", "x"}},
       BadData(
           R"(invalid parameter \"start\": invalid time value for 'start': cannot parse \"x\" to a valid timestamp)")},
      {{{"query", "v("}}, BadData("1:3: parse error: unclosed left parenthesis")},
      {{{"query", ""}}, BadData("unknown position: parse error: no expression found in input")},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.parameters.front().second);
    EXPECT_EQ(Get("/api/v1/query_exemplars", one.parameters), one.want);
  }
}

}  // namespace
}  // namespace rules
