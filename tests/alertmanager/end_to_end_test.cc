#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "alertmanager/dispatcher.h"
#include "base/net/http_server.h"
#include "tests/alertmanager/world.h"
#include "tests/support/process.h"

// The whole room with real threads and sockets: alerts in at one end, HTTP requests out at the other.

namespace alertmanager {
namespace {

using namespace std::chrono_literals;

// An HTTP server that answers as told and keeps what it got.
class HttpSink {
 public:
  HttpSink() {
    base::HttpServerOptions options;
    options.listen_addresses = {"127.0.0.1:0"};
    options.threads = 2;
    const auto handle = [this](const base::HttpRequest& request) {
      const std::scoped_lock lock(mutex_);
      requests_.push_back(request);
      return base::HttpResponse{.status = 200, .body = "ok", .headers = {}};
    };
    server_ = std::move(*base::HttpServer::Start(options, {{"POST", "/*", "takes everything", handle}}));
  }
  std::string url() const { return "http://" + server_->addresses().front(); }
  std::vector<base::HttpRequest> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<base::HttpRequest> requests_;
  std::unique_ptr<base::HttpServer> server_;
};

TEST(EndToEnd, AlertInWebhookOutThenResolved) {
  HttpSink sink;
  const Config config = Parse(R"(
route: {receiver: ops, group_by: [alertname], group_wait: 0s, group_interval: 100ms}
receivers:
  - name: ops
    webhook_configs: [{url: ')" +
                              sink.url() + R"(/hook'}]
)");

  const base::SystemClock clock;
  const auto client = base::HttpClient::Start("test");
  prometheus::Registry registry;
  Metrics metrics(registry);
  Dispatcher dispatcher(std::make_shared<const Config>(config),
                        {.clock = clock, .client = *client, .metrics = metrics});
  dispatcher.Start();

  const base::Timestamp start = clock.Now();
  base::Alert alert{{{"alertname", "PAR_90"}, {"severity", "critical"}},
                    {{"summary", "PAR_90 is 5.2 %"}},
                    start,
                    start + 1h,
                    "http://tocsin/graph"};
  dispatcher.Send({&alert, 1});
  ASSERT_TRUE(test::WaitFor([&] { return sink.requests().size() == 1; }));
  const base::HttpRequest firing = sink.requests()[0];
  EXPECT_EQ(firing.path, "/hook");
  EXPECT_EQ(firing.headers.Get("User-Agent"), "Alertmanager/" TOCSIN_VERSION);
  EXPECT_TRUE(firing.body.starts_with(R"({"receiver":"ops","status":"firing","alerts":[{"status":"firing","labels":)"))
      << firing.body;

  alert.ends_at = clock.Now();
  dispatcher.Send({&alert, 1});
  ASSERT_TRUE(test::WaitFor([&] { return sink.requests().size() == 2; }));
  EXPECT_TRUE(sink.requests()[1].body.starts_with(R"({"receiver":"ops","status":"resolved")"));
  ASSERT_TRUE(test::WaitFor([&] { return dispatcher.Deliveries().size() == 2; }));
  EXPECT_TRUE(dispatcher.Stop(2min));
  const auto deliveries = dispatcher.Deliveries();
  EXPECT_TRUE(deliveries[0].delivered);
  EXPECT_EQ(deliveries[1].resolved, 1U);
}

// A Slack that is overloaded twice, a mail server that wants TLS and a password and refuses once, a dead webhook: each
// gets or misses its message without holding up the others.
TEST(EndToEnd, EveryReceiverForItself) {
  const test::TemporaryDirectory directory;
  const test::TestCertificate certificate(directory.path());
  const test::ScriptedSink slack("http_sink.py", {"--script", "429:1:retry-after=0,503,200"});
  const test::ScriptedSink mail("smtp_sink.py", {"--tls-cert", certificate.cert_file, "--tls-key", certificate.key_file,
                                                 "--auth", "tocsin:pass word", "--fail", "451:1"});
  const std::string dead = "127.0.0.1:" + std::to_string(test::FreePort());
  const Config config = Parse(R"(
global:
  smtp_smarthost: localhost:)" +
                              std::to_string(mail.port()) + R"(
  smtp_from: tocsin@example.com
  smtp_auth_username: tocsin
  smtp_auth_password_file: )" +
                              directory.Write("password", "pass word\n") + R"(
  smtp_tls_config: {ca_file: )" +
                              certificate.cert_file + R"(}
  slack_api_url: http://)" + slack.address() +
                              R"(/services/T0/B0/sesame
route: {receiver: all, group_by: [alertname], group_wait: 0s, group_interval: 1m}
receivers:
  - name: all
    slack_configs: [{mention: {critical: '<!here>'}, send_resolved: true}]
    email_configs: [{to: 'Ops <ops@example.com>', send_resolved: true}]
    webhook_configs: [{url: 'http://)" +
                              dead + R"(/hook'}]
)");
  const base::SystemClock clock;
  const auto client = base::HttpClient::Start("test");
  prometheus::Registry registry;
  Metrics metrics(registry);
  Dispatcher::Options options{.clock = clock, .client = *client, .metrics = metrics};
  options.pool.queue.first_pause = 10ms;
  Dispatcher dispatcher(std::make_shared<const Config>(config), std::move(options));
  dispatcher.Start();
  const base::Alert alert{{{"alertname", "PAR_90"}, {"severity", "critical"}},
                          {{"summary", "PAR_90 für Ä"}},
                          clock.Now(),
                          clock.Now() + 1h,
                          ""};
  dispatcher.Send({&alert, 1});

  ASSERT_TRUE(slack.WaitForRecords(3));
  ASSERT_TRUE(mail.WaitForRecords(1));
  ASSERT_TRUE(test::WaitFor([&] { return dispatcher.Deliveries().size() == 2; })) << "the dead one is still retried";
  const auto posted = nlohmann::json::parse(slack.Records()[2]);
  EXPECT_EQ(posted["path"], "/services/T0/B0/sesame");
  const auto got = nlohmann::json::parse(mail.Records()[0]);
  EXPECT_EQ(got["tls"], true);
  EXPECT_EQ(got["user"], "tocsin");
  EXPECT_EQ(got["to"], nlohmann::json({"ops@example.com"}));
  EXPECT_TRUE(got["text"].get<std::string>().contains("PAR_90 für Ä")) << got["text"];
  EXPECT_TRUE(got["html"].get<std::string>().contains("PAR_90 für Ä")) << got["html"];
  EXPECT_FALSE(dispatcher.Stop(0s)) << "the dead one's message is left";
  for (const DeliveryRecord& record : dispatcher.Deliveries()) {
    EXPECT_TRUE(record.delivered) << record.integration.Key();
    EXPECT_EQ(record.attempts, record.integration.kind == "slack" ? 3 : 2);
  }
}

// Keeps nothing, and says so when it is told to.
class SlowKeeper : public PipelineKeeper {
 public:
  void Keep(PipelineChanges, std::function<void()> done) override { done_ = std::move(done); }
  void Finish() { done_(); }

 private:
  std::function<void()> done_;
};

TEST(EndToEnd, AMessageWaitsForItsAttemptToBeWrittenDownButNotForEver) {
  const auto config = std::make_shared<const Config>(Parse(R"(
route: {receiver: ops, group_by: [alertname], group_wait: 0s}
receivers:
  - name: ops
    webhook_configs: [{url: 'http://hook'}]
)"));
  for (const bool disk_answers : {true, false}) {
    SCOPED_TRACE(disk_answers);
    test::FakeClock clock;
    FakeTransport client;
    prometheus::Registry registry;
    Metrics metrics(registry);
    SlowKeeper keeper;
    Dispatcher dispatcher(config, {.clock = clock, .client = client, .metrics = metrics, .keeper = &keeper});
    const base::Alert alert{{{"alertname", "PAR_90"}}, {}, clock.Now(), clock.Now() + 1h, ""};
    dispatcher.Send({&alert, 1});
    dispatcher.Step();
    EXPECT_EQ(client.requests().size(), 0U);
    if (disk_answers) {
      keeper.Finish();
    } else {
      clock.Advance(2s);
    }
    dispatcher.Step();
    EXPECT_TRUE(test::WaitFor([&] { return client.requests().size() == 1; }));
  }
}

}  // namespace
}  // namespace alertmanager
