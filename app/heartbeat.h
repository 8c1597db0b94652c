#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/net/http_client.h"
#include "base/net/http_options.h"
#include "base/yaml/yaml.h"

namespace prometheus {
class Counter;
class Gauge;
class Registry;
}  // namespace prometheus

namespace app {

// `heartbeat:` of tocsin.yml: a service that raises an alarm when it hears nothing for longer than the interval, such
// as healthchecks.io.
struct HeartbeatConfig {
  base::Secret url;
  base::Duration interval = std::chrono::minutes(5);
  base::HttpOptions http;
  bool operator==(const HeartbeatConfig&) const = default;
};
bool ReadYaml(const base::YamlReader& in, HeartbeatConfig& out);
const std::vector<base::FieldHelp>& HeartbeatHelp();

// POSTs to the service every interval while the way from rules to receivers works, so that an alarm outside tells of a
// tocsin that is down or stuck. A POST that fails is tried again every kRetry, and logged once. The schedule runs on
// the steady clock.
class Heartbeat {
 public:
  // Why alerts would not reach anybody now; "" if they would. May wait a few seconds.
  using Trouble = std::function<std::string()>;

  static constexpr base::Duration kRetry = std::chrono::seconds(10);

  // Borrows `client`. Registers tocsin_heartbeat_….
  Heartbeat(HeartbeatConfig config, base::HttpClient& client, prometheus::Registry& registry, const base::Clock& clock,
            Trouble trouble);

  // Sends the first beat at once, on a thread of its own, and then one every interval.
  void Start();

  // One beat: asks for trouble, POSTs, counts. Returns the pause until the next one. For Start and tests.
  base::Duration Beat(const std::stop_token& stop = {});

 private:
  std::string Post(const std::stop_token& stop);

  const HeartbeatConfig config_;
  base::HttpClient& client_;
  const base::Clock& clock_;
  const Trouble trouble_;
  prometheus::Counter& sent_;
  prometheus::Counter& failed_;
  prometheus::Gauge& last_success_;
  std::string last_error_;  // to log a lasting one once
  std::jthread thread_;
};

}  // namespace app
