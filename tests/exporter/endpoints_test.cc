#include "exporter/endpoints.h"

#include <gtest/gtest.h>

namespace exporter {
namespace {

// Says what it was asked.
class FakeExporter : public Exporter {
 public:
  Page Collect(SteadyTime) override { return {}; }
  std::string CollectText(SteadyTime deadline, ExpositionFormat format) override {
    budget = deadline - std::chrono::steady_clock::now();
    return format == ExpositionFormat::text ? "text" : "openmetrics";
  }
  void Stop() override { is_stopped = true; }
  bool stopped() const override { return is_stopped; }
  std::vector<std::string> collector_names() const override { return {"sql.a", "sql.b"}; }
  base::Result<CollectorReport> Probe(std::string_view collector, SteadyTime) override {
    if (collector == "sql.a") {
      return CollectorReport{"a 1\n", {{"null_value", 2}}, {{FailureClass::row_limit, "more than 1 rows"}}, 0.0125};
    }
    if (collector == "sql.b") return base::Fail(base::ErrorCode::timeout, "collector sql.b did not end in time");
    return base::Fail(base::ErrorCode::not_found, "no collector \"x\"");
  }
  std::chrono::nanoseconds budget{0};
  bool is_stopped = false;
};

TEST(Endpoints, Answers) {
  const auto fake = std::make_shared<FakeExporter>();
  const std::vector<base::Endpoint> endpoints = Endpoints([fake] { return fake; });
  const struct {
    const char* path;
    base::HttpHeaders headers;
    std::vector<std::string> arguments;
    int status;
    const char* content_type;
    const char* body;
  } cases[] = {
      {"/metrics", {}, {}, 200, "text/plain; version=0.0.4; charset=utf-8", "text"},
      {"/metrics",
       {{"Accept", "application/openmetrics-text;version=1.0.0"}},
       {},
       200,
       "application/openmetrics-text; version=1.0.0; charset=utf-8",
       "openmetrics"},
      {"/debug/collectors", {}, {}, 200, "text/plain; charset=utf-8", "sql.a\nsql.b\n"},
      {"/debug/collectors/:name",
       {},
       {"sql.a"},
       200,
       "text/plain; charset=utf-8",
       "# took 0.013 s\n# error row_limit: more than 1 rows\n# left out null_value: 2\na 1\n"},
      {"/debug/collectors/:name",
       {},
       {"sql.b"},
       503,
       "text/plain; charset=utf-8",
       "collector sql.b did not end in time\n"},
      {"/debug/collectors/:name", {}, {"x"}, 404, "text/plain; charset=utf-8", "no collector \"x\"\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.path);
    for (const base::Endpoint& endpoint : endpoints) {
      if (endpoint.path != c.path) continue;
      base::HttpRequest request;
      request.headers = c.headers;
      request.path_arguments = c.arguments;
      const base::HttpResponse response = endpoint.handle(request);
      EXPECT_EQ(response.status, c.status);
      EXPECT_EQ(response.content_type, c.content_type);
      EXPECT_EQ(response.body, c.body);
    }
  }
}

TEST(Endpoints, TheDeadlineIsThePrometheusHeaders) {
  const auto fake = std::make_shared<FakeExporter>();
  base::HttpRequest request;
  request.headers = {{"X-Prometheus-Scrape-Timeout-Seconds", "1800.5"}};
  Endpoints([fake] { return fake; }).front().handle(request);
  EXPECT_LT(fake->budget, std::chrono::milliseconds(1'800'500));
  EXPECT_GT(fake->budget, std::chrono::seconds(1'000)) << "far from the default";
}

TEST(Endpoints, AStoppedExporterGivesNoPage) {
  const auto fake = std::make_shared<FakeExporter>();
  fake->Stop();
  EXPECT_EQ(Endpoints([fake] { return fake; }).front().handle({}).status, 503);
}

}  // namespace
}  // namespace exporter
