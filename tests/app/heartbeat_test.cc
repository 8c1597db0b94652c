#include "app/heartbeat.h"

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <deque>

#include "tests/support/support.h"

namespace app {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// Answers with a list of statuses; 0 is a connection that breaks. Keeps the requests.
class Service : public base::HttpClient {
 public:
  void StartSend(base::HttpClientRequest, Done) override { std::abort(); }
  base::Result<base::HttpClientResponse> Send(base::HttpClientRequest request, std::stop_token) override {
    requests.push_back(std::move(request));
    const int status = answers.front();
    if (answers.size() > 1) answers.pop_front();
    if (status == 0) return base::Fail(base::ErrorCode::unavailable, "connection refused");
    return base::HttpClientResponse{.status = status};
  }
  base::Result<void> SendMail(base::MailAttempt, std::stop_token) override { std::abort(); }

  std::deque<int> answers = {200};
  std::vector<base::HttpClientRequest> requests;
};

struct Fixture {
  explicit Fixture(base::Duration interval = minutes(5))
      : heartbeat({.url = {"http://hc/secret", ""}, .interval = interval, .http = {}}, service, registry, clock,
                  [this] { return trouble; }) {}
  double Value(const std::string& name, const std::string& outcome = "") const {
    for (const prometheus::MetricFamily& family : registry.Collect()) {
      for (const prometheus::ClientMetric& metric : family.metric) {
        if (family.name != name || (!outcome.empty() && metric.label.front().value != outcome)) continue;
        return family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
      }
    }
    return -1;
  }

  Service service;
  prometheus::Registry registry;
  test::FakeClock clock{base::Timestamp(seconds(1'700'000'000))};
  std::string trouble;
  Heartbeat heartbeat;
};

TEST(Heartbeat, TellsTheServiceEveryInterval) {
  Fixture fixture;
  EXPECT_EQ(fixture.heartbeat.Beat(), minutes(5));
  ASSERT_EQ(fixture.service.requests.size(), 1);
  const base::HttpClientRequest& request = fixture.service.requests[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "http://hc/secret");
  EXPECT_TRUE(request.body.starts_with("tocsin ")) << request.body;
  EXPECT_EQ(fixture.Value("tocsin_heartbeat_attempts_total", "delivered"), 1);
  EXPECT_EQ(fixture.Value("tocsin_heartbeat_last_success_timestamp_seconds"), 1'700'000'000);
}

TEST(Heartbeat, IsTriedAgainSoonAndLoggedOnce) {
  for (const int status : {0, 404, 500, 302}) {
    Fixture fixture;
    fixture.service.answers = {status, status, 200};
    testing::internal::CaptureStderr();
    EXPECT_EQ(fixture.heartbeat.Beat(), Heartbeat::kRetry);
    EXPECT_EQ(fixture.heartbeat.Beat(), Heartbeat::kRetry);
    EXPECT_EQ(fixture.heartbeat.Beat(), minutes(5));
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(fixture.Value("tocsin_heartbeat_attempts_total", "failed"), 2);
    EXPECT_EQ(std::ranges::count(log, '\n'), 2) << log;
    EXPECT_EQ(log.find("secret"), std::string::npos) << log;
  }
}

TEST(Heartbeat, StopsWhileNobodyWouldBeTold) {
  Fixture fixture(seconds(2));
  fixture.trouble = "the alertmanager takes no turns";
  EXPECT_EQ(fixture.heartbeat.Beat(), seconds(2)) << "never longer than the interval";
  EXPECT_TRUE(fixture.service.requests.empty());
  fixture.trouble = "";
  fixture.heartbeat.Beat();
  EXPECT_EQ(fixture.service.requests.size(), 1);
}

TEST(Heartbeat, Configuration) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{url: 'http://x'}", ""},
      {"{url_file: f, interval: 1m, basic_auth: {username: u, password: p}}", ""},
      {"{interval: 1m}", "c.yml:1:1: one of url and url_file must be given\n"},
      {"{url: 'http://x', url_file: f}", "c.yml:1:1: one of url and url_file must be given\n"},
      {"{url: 'http://x', interval: 10ms}", "c.yml:1:1: the interval must be at least 1s\n"},
      {"{url: 'http://x', every: 1m}", "c.yml:1:19: unknown key \"every\"\n"},
  };
  for (const auto& [yaml, mistakes] : cases) {
    base::YamlErrors errors;
    const base::YamlNode node = base::ParseYaml(yaml, "c.yml", errors);
    HeartbeatConfig config;
    ReadYaml(base::YamlReader(node, "", errors), config);
    EXPECT_EQ(errors.ToString(), mistakes) << yaml;
  }
}

}  // namespace
}  // namespace app
