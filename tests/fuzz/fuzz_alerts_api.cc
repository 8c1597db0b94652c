#include <prometheus/registry.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "alertmanager/api/api.h"
#include "alertmanager/dispatcher.h"
#include "alertmanager/metrics.h"
#include "base/net/http.h"

// A line of parameters, and below it a body: the body is posted as alerts, then alerts and groups are asked for with
// the parameters. Whatever came in, what goes out is JSON that clients can read.

namespace {

constexpr base::Timestamp kNow{std::chrono::seconds(1'763'683'200)};

class StandingClock : public base::Clock {
 public:
  base::Timestamp Now() const override { return kNow; }
  bool SleepUntil(base::Timestamp, std::stop_token) const override { return true; }
};

// Nobody is told: the receivers have nothing to tell with.
class NoClient : public base::HttpClient {
 public:
  void StartSend(base::HttpClientRequest, Done) override { std::abort(); }
  base::Result<base::HttpClientResponse> Send(base::HttpClientRequest, std::stop_token) override { std::abort(); }
  base::Result<void> SendMail(base::MailAttempt, std::stop_token) override { std::abort(); }
};

constexpr std::string_view kConfig = R"(
route:
  receiver: ops
  group_by: [alertname, team]
  routes:
  - {matchers: ['team=~"a.*"'], receiver: team-a, group_by: ['...'], continue: true}
  - {matchers: [severity!=critical], receiver: ops, group_wait: 0s}
receivers: [{name: ops}, {name: team-a}]
inhibit_rules:
- {source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [alertname]}
)";

std::shared_ptr<const alertmanager::Config> MakeConfig() {
  base::YamlErrors errors;
  auto config = std::make_shared<alertmanager::Config>(alertmanager::ParseConfig(kConfig, "f.yml", errors));
  if (!errors.empty()) std::abort();
  return config;
}

void CheckAnswer(const base::HttpResponse& answer) {
  const bool known = answer.status == 200 || answer.status == 400 || answer.status == 422;
  if (known && (answer.body.empty() || nlohmann::json::accept(answer.body))) return;
  std::fprintf(stderr, "cannot be read: %d %s\n", answer.status, answer.body.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  const auto parameters = base::HttpParameters::Parse(line == text.npos ? "" : text.substr(0, line));
  if (!parameters) return 0;
  static const auto config = MakeConfig();
  static const StandingClock clock;
  NoClient client;
  prometheus::Registry registry;
  alertmanager::Metrics metrics(registry);
  alertmanager::Dispatcher dispatcher(
      config, {.clock = clock, .client = client, .metrics = metrics, .pool = {.threads = 0, .queue = {}}});
  const auto endpoints = alertmanager::Endpoints(dispatcher, {.version = "0.1.0", .started = kNow});
  const auto call = [&](std::string method, std::string_view path, std::string body) {
    for (const base::Endpoint& endpoint : endpoints) {
      if (endpoint.path != path || !endpoint.methods.contains(method)) continue;
      CheckAnswer(endpoint.handle({.method = method,
                                   .path = std::string(path),
                                   .headers = {{"Content-Type", "application/json"}},
                                   .parameters = *parameters,
                                   .body = std::move(body)}));
    }
  };
  call("POST", "/api/v2/alerts", std::string(line == text.npos ? text : text.substr(line + 1)));
  dispatcher.Step();
  call("GET", "/api/v2/alerts", "");
  call("GET", "/api/v2/alerts/groups", "");
  return 0;
}
