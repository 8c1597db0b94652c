#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "alertmanager/config.h"
#include "alertmanager/notify/notification.h"
#include "alertmanager/pipeline.h"
#include "base/net/http_client.h"

namespace alertmanager {

inline constexpr base::Duration kDefaultSendTimeout = std::chrono::seconds(10);

// How one try of a delivery ended.
struct Outcome {
  enum class Kind : uint8_t {
    delivered,
    retry,   // may work later, not before `after` where the peer said so
    failed,  // trying this message again changes nothing
  };
  Kind kind = Kind::delivered;
  std::optional<base::Duration> after;
  std::string reason;         // for logs and people; holds no secret
  std::string_view category;  // Alertmanager's `reason` label: clientError serverError authError rateLimited
                              // contextDeadlineExceeded contextCanceled other
  bool operator==(const Outcome&) const = default;

  static Outcome Delivered() { return {}; }
  static Outcome Retry(std::string reason, std::string_view category, std::optional<base::Duration> after = {}) {
    return {Kind::retry, after, std::move(reason), category};
  }
  static Outcome Failed(std::string reason, std::string_view category = "other") {
    return {Kind::failed, {}, std::move(reason), category};
  }
};

struct SendContext {
  base::HttpClient& client;
  base::Timestamp now;
  base::Duration time_left;  // until the delivery's deadline; a try takes no longer
  std::stop_token stop;
};

// One way of telling people: a row of a receiver in the configuration. Send makes one try, waits for its end and says
// how it went; waiting between tries, giving up and counting are the caller's. Thread-safe; secrets from files are read
// at each Send.
class Integration {
 public:
  virtual ~Integration() = default;
  virtual Outcome Send(const Notification& notification, const SendContext& context) const = 0;
};

struct NamedIntegration {
  IntegrationId id;
  std::shared_ptr<const Integration> integration;
};

// Every integration of the configuration, receiver by receiver. To add a kind: its file, its config struct, and its row
// in notify/integrations.cc.
std::vector<NamedIntegration> MakeIntegrations(const Config& config);

// What the kinds are called, in the table's order.
std::vector<std::string_view> IntegrationKinds();

}  // namespace alertmanager
