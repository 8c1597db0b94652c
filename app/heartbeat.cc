#include "app/heartbeat.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/log.h"

namespace app {
namespace {

constexpr base::Duration kTimeout = std::chrono::seconds(10);
constexpr base::Duration kShortestInterval = std::chrono::seconds(1);

const base::YamlSchema<HeartbeatConfig>& Schema() {
  static const base::YamlSchema<HeartbeatConfig> schema([] {
    using C = HeartbeatConfig;
    std::vector<base::Field<C>> fields = {
        {{"url", "URL", "", "Where to POST to. One of url and url_file is required. Secret.", false, nullptr},
         [](const base::YamlReader& in, C& out) { return base::ReadYaml(in, out.url.value); }},
        {{"url_file", "path", "", "A file that holds the URL; read at each beat.", false, nullptr},
         [](const base::YamlReader& in, C& out) { return base::ReadYaml(in, out.url.file); }},
        base::Optional("interval", "duration", "5m", &C::interval,
                       "How often. The service should wait for a little longer than this."),
    };
    for (auto& field : base::HttpOptionsFields(&C::http)) fields.push_back(std::move(field));
    return fields;
  }());
  return schema;
}

prometheus::Counter& Beats(prometheus::Registry& registry, const std::string& outcome) {
  return prometheus::BuildCounter()
      .Name("tocsin_heartbeat_attempts_total")
      .Help("Attempts to tell the heartbeat's service that all is well, by outcome: delivered, failed.")
      .Register(registry)
      .Add({{"outcome", outcome}});
}

}  // namespace

bool ReadYaml(const base::YamlReader& in, HeartbeatConfig& out) {
  if (!Schema().Read(in, out) || !base::CheckHttpOptions(in, out.http)) return false;
  const auto require = [&](bool holds, std::string_view otherwise) {
    if (!holds) in.Fail(otherwise);
    return holds;
  };
  return require(out.url.value.empty() != out.url.file.empty(), "one of url and url_file must be given") &&
         require(out.interval >= kShortestInterval, "the interval must be at least 1s");
}

const std::vector<base::FieldHelp>& HeartbeatHelp() { return Schema().help(); }

Heartbeat::Heartbeat(HeartbeatConfig config, base::HttpClient& client, prometheus::Registry& registry,
                     const base::Clock& clock, Trouble trouble)
    : config_(std::move(config)),
      client_(client),
      clock_(clock),
      trouble_(std::move(trouble)),
      sent_(Beats(registry, "delivered")),
      failed_(Beats(registry, "failed")),
      last_success_(prometheus::BuildGauge()
                        .Name("tocsin_heartbeat_last_success_timestamp_seconds")
                        .Help("When the heartbeat's service was last told that all is well; 0 for never.")
                        .Register(registry)
                        .Add({})) {}

void Heartbeat::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      const base::Duration pause = Beat(stop);
      never.wait_for(lock, stop, pause, [] { return false; });
    }
  });
}

base::Duration Heartbeat::Beat(const std::stop_token& stop) {
  std::string error = trouble_();
  if (!error.empty()) {
    error = "no heartbeat is sent: " + error;
  } else if (error = Post(stop); !error.empty()) {
    failed_.Increment();
    error = "the heartbeat was not delivered: " + error;
  }
  if (stop.stop_requested()) return base::Duration(0);
  if (error != std::exchange(last_error_, error)) {
    error.empty() ? base::LogInfo("heartbeats are delivered again") : base::LogWarn(error);
  }
  if (!error.empty()) return std::min(kRetry, config_.interval);
  sent_.Increment();
  last_success_.Set(base::ToSeconds(clock_.Now()));
  return config_.interval;
}

// Returns what went wrong.
std::string Heartbeat::Post(const std::stop_token& stop) {
  const base::Result<std::string> url = config_.url.Read();
  if (!url) return url.error().message;
  base::HttpClientRequest request;
  request.method = "POST";
  request.url = *url;
  request.body = fmt::format("tocsin {} evaluates rules and notifies\n", TOCSIN_VERSION);
  request.headers.Add("Content-Type", "text/plain; charset=utf-8");
  request.timeout = std::min(kTimeout, std::max(config_.interval, kShortestInterval));
  request.status_decides = true;
  request.secret_url = true;
  if (const auto prepared = base::Prepare(config_.http, request); !prepared) return prepared.error().message;
  const auto response = client_.Send(std::move(request), stop);
  if (!response) return response.error().message;
  return response->status / 100 == 2 ? "" : fmt::format("the service answered {}", response->status);
}

}  // namespace app
