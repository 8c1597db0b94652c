#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace prometheus {
class Counter;
class Registry;
class Summary;
}  // namespace prometheus

namespace rules {

// What became of one request to the datasource.
enum class AskOutcome : uint8_t {
  success,
  partial,      // an answer that does not cover all data
  refused,      // the server says that the query is wrong, or that we may not ask
  overloaded,   // 429
  failed,       // any other status
  unreachable,  // no connection, or it broke
  timeout,
  unreadable,  // not the answer of such an API, or too large
  cancelled,
};
inline constexpr size_t kAskOutcomes = 9;
std::string_view ToString(AskOutcome outcome);

// tocsin_rules_datasource_…; thread-safe. Nothing is counted without a registry.
class DatasourceMetrics {
 public:
  explicit DatasourceMetrics(prometheus::Registry* registry);
  void Count(AskOutcome outcome, std::chrono::nanoseconds duration);
  void CountRetry();

 private:
  std::array<prometheus::Counter*, kAskOutcomes> requests_{};
  prometheus::Counter* retries_ = nullptr;
  prometheus::Summary* duration_ = nullptr;
};

}  // namespace rules
