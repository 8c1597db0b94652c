#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/engine.h"
#include "rules/environment.h"
#include "rules/manager.h"
#include "rules/rule_file.h"
#include "store/head.h"
#include "tests/support/support.h"

// A store, an engine, a clock and a sink, for tests that evaluate rules.

namespace rules::testing {

// A round instant, so that times in tests are small numbers of seconds after it.
inline const base::Timestamp kStart{std::chrono::seconds(1'700'000'000)};
inline base::Timestamp At(double seconds) { return kStart + base::DurationFromSeconds(seconds); }

class World {
 public:
  World();

  // Stores `value` of the series `selector` (as metric{a="b"}) at `seconds`.
  void Put(std::string_view selector, double seconds, double value);

  // Rules from YAML; the test fails on a mistake in it.
  static RuleSet Load(std::string_view yaml);
  // The first group of it.
  static RuleGroup LoadGroup(std::string_view yaml) { return Load(yaml).groups.at(0); }

  // The instant vector at `seconds`, one line a sample: "metric{a="b"} 1". Or the error.
  std::string Query(std::string_view expression, double seconds) const;

  // What the sink got since the last call, one line an alert, sorted:
  // "firing {alertname="A"} since 60 until 300" or "resolved {…} since 60 until 90".
  std::string Sent(double seconds);

  Environment& environment() { return environment_; }
  ManagerOptions manager_options(prometheus::Registry* registry = nullptr);
  test::FakeClock& clock() { return clock_; }
  test::RecordingSink& sink() { return sink_; }
  store::Head& head() { return head_; }

 private:
  test::FakeClock clock_{kStart};
  test::RecordingSink sink_;
  store::Head head_;
  promql::Engine engine_{promql::EngineOptions{}};
  Environment environment_;
};

// Alerts of a group as lines: "firing {alertname="A"} 95", sorted.
std::string Show(const GroupSnapshot& group);

}  // namespace rules::testing
