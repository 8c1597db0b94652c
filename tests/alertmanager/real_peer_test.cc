#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "alertmanager/alertmanager_client.h"
#include "alertmanager/api/api.h"
#include "alertmanager/dispatcher.h"
#include "base/text.h"
#include "tests/alertmanager/world.h"
#include "tests/support/process.h"

// Side by side with the real Alertmanager (Debian's prometheus-alertmanager): the same configuration and alerts make
// the same webhooks, it takes what we send on, and amtool reads what we answer.

namespace alertmanager {
namespace {

using namespace std::chrono_literals;

constexpr const char* kConfig = R"(
route:
  receiver: a.b
  group_by: [alertname]
  group_wait: 4s
  group_interval: 1h
  routes:
    - match_re: {service: foo1|foo2}
      matchers: ['team=~"x|y"', 'z!=""']
      receiver: other
      group_by: ['...']
      continue: true
    - matchers: [team="x"]
      group_by: [team, none]
inhibit_rules:
  - {source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [alertname]}
receivers:
  - name: a.b
    webhook_configs: [{url: '@SINK@'}]
  - name: other
    webhook_configs: [{url: '@SINK@', max_alerts: 1}]
)";

// They begin later than they are told of: of groups whose alerts fire for longer than group_wait, Alertmanager tells as
// soon as it has put the first of a request into them.
constexpr const char* kAlerts = R"([
  {"labels": {"alertname": "PAR_90", "severity": "critical", "tenant": "a"}, "annotations": {"summary": "<b> & 5.2 %"},
   "startsAt": "@START@.5Z", "generatorURL": "http://x/?a=b&c"},
  {"labels": {"alertname": "PAR_90", "severity": "critical", "tenant": "b", "instance": "1"},
   "annotations": {"summary": "<b> & 5.2 %"}, "startsAt": "@START@Z"},
  {"labels": {"alertname": "PAR_90", "severity": "warning"}, "startsAt": "@START@Z"},
  {"labels": {"alertname": "T", "service": "foo1", "team": "x", "z": "q\"\\ä"}, "startsAt": "@START@Z"}
])";

std::string AlertsFrom(base::Timestamp start) {
  const std::string text = base::FormatRfc3339(std::chrono::floor<std::chrono::seconds>(start));
  return base::ReplaceAll(kAlerts, "@START@", std::string_view(text).substr(0, text.size() - 1));
}

// Bodies of webhooks, without what only newer versions say, in a comparable order.
class WebhookSink {
 public:
  WebhookSink() {
    base::HttpServerOptions options;
    options.listen_addresses = {"127.0.0.1:0"};
    const auto handle = [this](const base::HttpRequest& request) {
      const std::scoped_lock lock(mutex_);
      std::string body = request.body;
      const size_t at = body.find("\"notification_reason\"");
      if (at != std::string::npos) body.erase(at, body.find("\"groupLabels\"") - at);
      bodies_.push_back(std::move(body));
      return base::HttpResponse{};
    };
    server_ = std::move(*base::HttpServer::Start(options, {{"POST", "/*", "", handle}}));
  }
  std::string url() const { return "http://" + server_->addresses().front() + "/"; }
  std::vector<std::string> Bodies(size_t count) const {
    EXPECT_TRUE(test::WaitFor([&] {
      const std::scoped_lock lock(mutex_);
      return bodies_.size() >= count;
    }));
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> sorted = bodies_;
    std::ranges::sort(sorted);
    return sorted;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> bodies_;
  std::unique_ptr<base::HttpServer> server_;
};

class RealAlertmanager {
 public:
  explicit RealAlertmanager(const std::string& config)
      : address_("127.0.0.1:" + std::to_string(test::FreePort())),
        process_({"prometheus-alertmanager", "--config.file=" + directory_.Write("am.yml", config),
                  "--storage.path=" + (directory_.path() / "data").string(), "--web.listen-address=" + address_,
                  "--web.external-url=http://am.example.com", "--cluster.listen-address="}) {
    EXPECT_TRUE(process_.WaitForOutput("Listening on")) << process_.Output();
  }
  std::string url() const { return "http://" + address_; }

 private:
  test::TemporaryDirectory directory_;
  std::string address_;
  test::ChildProcess process_;
};

class RealPeerTest : public ::testing::Test {
 protected:
  void Post(const std::string& url, const std::string& alerts) {
    base::HttpClientRequest request{.method = "POST",
                                    .url = url + "/api/v2/alerts",
                                    .headers = {{"Content-Type", "application/json"}},
                                    .body = alerts};
    const auto answer = client_->Send(std::move(request));
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_EQ(answer->status, 200) << answer->body;
  }
  nlohmann::json Get(const std::string& url) {
    const auto answer = client_->Send({.url = url});
    return answer ? nlohmann::json::parse(answer->body, nullptr, false) : nlohmann::json();
  }
  std::unique_ptr<Dispatcher> OurAlertmanager(const std::string& config) {
    Dispatcher::Options options{.clock = clock_, .client = *client_, .metrics = metrics_};
    options.pipeline.external_url = "http://am.example.com";
    auto dispatcher = std::make_unique<Dispatcher>(std::make_shared<const Config>(Parse(config)), std::move(options));
    dispatcher->Start();
    base::HttpServerOptions server;
    server.listen_addresses = {"127.0.0.1:0"};
    server_ = std::move(*base::HttpServer::Start(server, Endpoints(*dispatcher, {"0.1.0", clock_.Now()})));
    return dispatcher;
  }
  std::string our_address() const { return server_->addresses().front(); }

  base::SystemClock clock_;
  prometheus::Registry registry_;
  Metrics metrics_{registry_};
  std::unique_ptr<base::HttpClient> client_ = base::HttpClient::Start("test");
  std::unique_ptr<base::HttpServer> server_;
};

TEST_F(RealPeerTest, TheSameWebhooks) {
  const WebhookSink theirs;
  const WebhookSink ours;
  const RealAlertmanager real(base::ReplaceAll(kConfig, "@SINK@", theirs.url()));
  const auto dispatcher = OurAlertmanager(base::ReplaceAll(kConfig, "@SINK@", ours.url()));
  const std::string alerts = AlertsFrom(clock_.Now() + 1min);
  Post(real.url(), alerts);
  Post("http://" + our_address(), alerts);
  const auto want = theirs.Bodies(3);
  EXPECT_EQ(ours.Bodies(3), want);
  server_.reset();
}

TEST_F(RealPeerTest, ItTakesAlertsFromTheClientAndFromAReceiver) {
  const RealAlertmanager real("route: {receiver: r}\nreceivers: [{name: r}]");
  AlertingConfig alerting;
  alerting.peers.push_back({real.url(), {}, 1min});
  AlertmanagerClient client(alerting, {.clock = clock_, .client = *client_, .metrics = metrics_});
  const base::Alert direct{{{"alertname", "Direct"}}, {}, clock_.Now(), clock_.Now() + 1h, "http://x/?a&b"};
  client.Send({&direct, 1});
  EXPECT_TRUE(client.Stop(2min));

  const auto dispatcher = OurAlertmanager(
      "route: {receiver: am, group_wait: 0s, group_interval: 200ms}\n"
      "receivers: [{name: am, alertmanager_configs: [{url: '" +
      real.url() + "'}]}]");
  base::Alert forwarded{{{"alertname", "Forwarded"}}, {{"summary", "ä"}}, clock_.Now(), clock_.Now() + 1h, ""};
  dispatcher->Send({&forwarded, 1});
  const auto names = [&] {
    std::string text;
    for (const auto& alert : Get(real.url() + "/api/v2/alerts"))
      text += alert["labels"]["alertname"].get<std::string>() + " ";
    return text;
  };
  EXPECT_TRUE(test::WaitFor([&] { return names().contains("Direct") && names().contains("Forwarded"); })) << names();
  forwarded.ends_at = clock_.Now();
  dispatcher->Send({&forwarded, 1});
  EXPECT_TRUE(test::WaitFor([&] { return names() == "Direct "; })) << names();
  server_.reset();
}

TEST_F(RealPeerTest, AmtoolReadsOurAnswers) {
  const WebhookSink sink;
  const auto dispatcher = OurAlertmanager(base::ReplaceAll(kConfig, "@SINK@", sink.url()));
  Post("http://" + our_address(), AlertsFrom(clock_.Now() + 1min));
  const std::string url = "--alertmanager.url=http://" + our_address();
  struct Case {
    std::vector<std::string> command;
    const char* want;
  };
  const Case cases[] = {
      {{"amtool", "alert", "query", url, "tenant=a", "-o", "simple"}, "PAR_90"},
      {{"amtool", "alert", "add", url, "alertname=FromAmtool"}, ""},
      {{"amtool", "alert", "query", url, "alertname=FromAmtool"}, "FromAmtool"},
      {{"amtool", "silence", "query", url}, ""},
      {{"amtool", "config", "show", url}, "receiver: other"},
      {{"amtool", "config", "routes", "test", url, "team=x", "service=foo2", "z=1"}, "other,a.b"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(base::Join(c.command, " "));
    test::ChildProcess amtool(c.command);
    EXPECT_EQ(amtool.Wait(), 0) << amtool.Output();
    EXPECT_TRUE(amtool.Output().contains(c.want)) << amtool.Output();
  }
  server_.reset();
}

}  // namespace
}  // namespace alertmanager
