#include <gtest/gtest.h>

#include "base/net/http_server.h"
#include "ingest/scrape_manager.h"
#include "tests/ingest/recording_store.h"
#include "tests/support/support.h"

// The loop over real sockets and the machine's clock: what only the parts together can show.

namespace ingest {
namespace {

constexpr std::string_view kOpenMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";

base::HttpResponse Page(const base::HttpRequest& request, const std::string& body) {
  base::HttpResponse response;
  const bool openmetrics = request.headers.Get("Accept").contains("openmetrics");
  response.content_type = openmetrics ? std::string(kOpenMetrics) : "text/plain";
  response.body = body + (openmetrics ? "# EOF\n" : "");
  return response;
}

class ScrapeOverHttp : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<base::Endpoint> endpoints;
    endpoints.push_back({"GET", "/metrics", "", [](const base::HttpRequest& request) {
                           if (request.headers.Get("Authorization") != "Basic dTpwdw==") {
                             return base::HttpResponse{.status = 401, .body = "no"};
                           }
                           std::string body = "timeout " +
                                              std::string(request.headers.Get("X-Prometheus-Scrape-Timeout-Seconds")) +
                                              "\n";
                           for (int i = 0; i < 500; ++i) body += "a{i=\"" + std::to_string(i) + "\"} 1\n";
                           return Page(request, body);
                         }});
    endpoints.push_back({"GET", "/old", "", [](const base::HttpRequest&) {
                           base::HttpResponse moved{.status = 302};
                           moved.headers.Add("Location", "/new");
                           return moved;
                         }});
    endpoints.push_back({"GET", "/new", "", [](const base::HttpRequest& request) { return Page(request, "b 1\n"); }});
    endpoints.push_back({"GET", "/large", "", [](const base::HttpRequest& request) {
                           return Page(request, "# HELP a " + std::string(100'000, 'x') + "\n");
                         }});
    auto server = base::HttpServer::Start({.listen_addresses = {"127.0.0.1:0"}}, std::move(endpoints));
    ASSERT_TRUE(server) << server.error().ToString();
    server_ = std::move(*server);
  }

  ScrapeConfig Job(std::string path) {
    ScrapeConfig config;
    config.job_name = "web";
    config.scrape_interval = config.scrape_timeout = std::chrono::milliseconds(5'500);
    config.metrics_path = std::move(path);
    config.static_configs = {{.targets = {server_->addresses()[0]}, .labels = {}}};
    return config;
  }
  TargetStatus ScrapeOnce(const ScrapeConfig& config) {
    ScrapeManager manager(store_, clock_, *client_, nullptr);
    manager.Reload({config}, {});
    const auto done = [&] { return manager.Targets()[0].health != TargetHealth::unknown; };
    EXPECT_TRUE(test::WaitFor(done));
    return manager.Targets()[0];
  }

  base::SystemClock clock_;
  RecordingStore store_;
  std::unique_ptr<base::HttpServer> server_;
  std::unique_ptr<base::HttpClient> client_ = base::HttpClient::Start("tocsin-test");
};

TEST_F(ScrapeOverHttp, CredentialsAndCompression) {
  const test::TemporaryDirectory folder;
  ScrapeConfig config = Job("/metrics");
  config.http.basic_auth = base::HttpBasicAuth{"u", "", {"", folder.Write("password", "pw\n")}};
  EXPECT_EQ(ScrapeOnce(config).last_error, "");
  const std::string series = "timeout{instance=\"" + server_->addresses()[0] + "\", job=\"web\"} 5.5 @";
  const auto written = store_.Take();
  EXPECT_TRUE(std::ranges::any_of(written, [&](const std::string& line) { return line.starts_with(series); }));
  EXPECT_GE(written.size(), 506);
}

TEST_F(ScrapeOverHttp, WrongCredentials) {
  EXPECT_EQ(ScrapeOnce(Job("/metrics")).last_error, "server returned HTTP status 401 Unauthorized");
}

TEST_F(ScrapeOverHttp, AMissingSecretFailsTheScrape) {
  ScrapeConfig config = Job("/metrics");
  config.http.basic_auth = base::HttpBasicAuth{"u", "", {"", "/nowhere/password"}};
  EXPECT_TRUE(ScrapeOnce(config).last_error.contains("/nowhere/password"));
}

TEST_F(ScrapeOverHttp, Redirects) {
  ScrapeConfig config = Job("/old");
  EXPECT_EQ(ScrapeOnce(config).last_error, "");
  config.http.follow_redirects = false;
  EXPECT_EQ(ScrapeOnce(config).last_error, "server returned HTTP status 302 Found");
}

TEST_F(ScrapeOverHttp, LargeBodies) {
  ScrapeConfig config = Job("/large");
  EXPECT_EQ(ScrapeOnce(config).last_error, "");
  config.limits.body_size.bytes = 50'000;
  EXPECT_EQ(ScrapeOnce(config).last_error, "body size limit exceeded");
  config.enable_compression = false;
  EXPECT_EQ(ScrapeOnce(config).last_error, "body size limit exceeded");
}

TEST_F(ScrapeOverHttp, NobodyThere) {
  ScrapeConfig config = Job("/metrics");
  config.static_configs[0].targets = {"127.0.0.1:" + std::to_string(test::FreePort())};
  const TargetStatus status = ScrapeOnce(config);
  EXPECT_EQ(status.health, TargetHealth::down);
  EXPECT_NE(status.last_error, "");
}

}  // namespace
}  // namespace ingest
