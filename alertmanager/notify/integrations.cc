#include <array>

#include "alertmanager/notify/email.h"
#include "alertmanager/notify/forward.h"
#include "alertmanager/notify/integration.h"
#include "alertmanager/notify/slack.h"
#include "alertmanager/notify/webhook.h"

namespace alertmanager {
namespace {

// A kind of receiver: what it is called, and its entries of one receiver's configuration.
struct Kind {
  std::string_view name;
  void (*add)(const ReceiverConfig&, const GlobalConfig&, std::vector<NamedIntegration>&);
};

template <auto List, auto Make, const char* kName>
void Add(const ReceiverConfig& receiver, const GlobalConfig& global, std::vector<NamedIntegration>& out) {
  size_t index = 0;
  for (const auto& config : receiver.*List) {
    out.push_back({{receiver.name, kName, index++, config.send_resolved}, Make(config, global)});
  }
}

constexpr char kEmail[] = "email";
constexpr char kForward[] = "alertmanager";
constexpr char kSlack[] = "slack";
constexpr char kWebhook[] = "webhook";

constexpr std::array kKinds = {
    Kind{kEmail, &Add<&ReceiverConfig::emails, &MakeEmail, kEmail>},
    Kind{kForward, &Add<&ReceiverConfig::forwards, &MakeForward, kForward>},
    Kind{kSlack, &Add<&ReceiverConfig::slacks, &MakeSlack, kSlack>},
    Kind{kWebhook, &Add<&ReceiverConfig::webhooks, &MakeWebhook, kWebhook>},
};

}  // namespace

std::vector<NamedIntegration> MakeIntegrations(const Config& config) {
  std::vector<NamedIntegration> integrations;
  for (const ReceiverConfig& receiver : config.receivers) {
    for (const Kind& kind : kKinds) kind.add(receiver, config.global, integrations);
  }
  return integrations;
}

std::vector<std::string_view> IntegrationKinds() {
  std::vector<std::string_view> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  return names;
}

}  // namespace alertmanager
