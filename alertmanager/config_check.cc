#include "alertmanager/config_check.h"

#include <algorithm>
#include <array>
#include <set>

#include "alertmanager/notify/mail_address.h"
#include "base/net/http.h"
#include "base/text.h"

namespace alertmanager {
namespace {

// The reader of a key below, or of the map itself where the key is not given.
base::YamlReader At(const base::YamlReader& in, std::string_view key) {
  const base::YamlNode* node = in.node().Find(key);
  return node == nullptr ? in : in.Entry(*node, key);
}

bool Fails(const base::YamlReader& in, std::string_view message) {
  in.Fail(message);
  return false;
}

std::set<std::string> CheckNames(const base::YamlReader& in, const Config& config, bool& good) {
  std::set<std::string> names;
  const base::YamlReader receivers = At(in, "receivers");
  for (size_t i = 0; i < config.receivers.size(); ++i) {
    const std::string& name = config.receivers[i].name;
    if (!name.empty() && !names.insert(name).second) {
      good = Fails(At(receivers.Item(i), "name"), "receiver " + base::Quote(name) + " is defined twice");
    }
  }
  return names;
}

bool CheckGroupBy(const base::YamlReader& in, const std::vector<std::string>& group_by) {
  std::set<std::string> seen;
  bool good = true;
  for (const std::string& label : group_by) {
    if (label == "..." && group_by.size() > 1) {
      good = Fails(in, "'...' is every label, so no other may stand beside it");
    } else if (label.empty() || !base::IsValidUtf8(label)) {
      good = Fails(in, "invalid label name " + base::Quote(label));
    } else if (!seen.insert(label).second) {
      good = Fails(in, "label " + base::Quote(label) + " is given twice");
    }
  }
  return good;
}

bool CheckRoute(const base::YamlReader& in, const RouteConfig& route, const std::set<std::string>& receivers) {
  bool good = true;
  if (route.receiver && !receivers.contains(*route.receiver)) {
    const std::vector<std::string_view> known(receivers.begin(), receivers.end());
    const auto proposal = base::DidYouMean(*route.receiver, known);
    good = Fails(At(in, "receiver"), "receiver " + base::Quote(*route.receiver) + " is not defined" +
                                         (proposal ? " (did you mean " + base::Quote(*proposal) + "?)" : ""));
  }
  if (route.group_by) good = CheckGroupBy(At(in, "group_by"), *route.group_by) && good;
  if (route.group_interval == base::Duration(0)) good = Fails(At(in, "group_interval"), "must not be zero");
  if (route.repeat_interval == base::Duration(0)) good = Fails(At(in, "repeat_interval"), "must not be zero");
  const base::YamlReader children = At(in, "routes");
  for (size_t i = 0; i < route.routes.size(); ++i) {
    good = CheckRoute(children.Item(i), route.routes[i], receivers) && good;
  }
  return good;
}

bool CheckRoot(const base::YamlReader& in, const RouteConfig& root) {
  bool good = true;
  if (!root.receiver || root.receiver->empty()) good = Fails(in, "the root route needs a receiver");
  for (const char* key : {"matchers", "match", "match_re"}) {
    const base::YamlNode* node = in.node().Find(key);
    if (node != nullptr && !(node->items.empty() && node->entries.empty())) {
      good = Fails(At(in, key), "the root route takes every alert, so it must not have matchers");
    }
  }
  if (root.continue_) good = Fails(At(in, "continue"), "the root route has no siblings to continue with");
  return good;
}

bool FillSlack(const base::YamlReader& in, const GlobalConfig& global, SlackConfig& slack) {
  if (slack.api_url.empty()) slack.api_url = global.slack_api_url;
  return !slack.api_url.empty() || Fails(in, "no Slack webhook: give api_url or api_url_file here or in global");
}

bool CheckSmarthost(const base::YamlReader& in, const std::string& smarthost) {
  const size_t colon = smarthost.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : base::ParseInteger(smarthost.substr(colon + 1));
  if (port && *port > 0 && *port < 65536 && colon > 0) return true;
  return Fails(in, "the smarthost must be host:port, found " + base::Quote(smarthost));
}

bool FillEmail(const base::YamlReader& in, const GlobalConfig& global, EmailConfig& email) {
  bool good = true;
  if (email.smarthost.empty()) email.smarthost = global.smtp_smarthost;
  if (email.from.empty()) email.from = global.smtp_from;
  if (email.hello.empty()) email.hello = global.smtp_hello;
  if (!email.auth_username) email.auth_username = global.smtp_auth_username;
  if (email.auth_password.empty()) email.auth_password = global.smtp_auth_password;
  if (email.auth_secret.empty()) email.auth_secret = global.smtp_auth_secret;
  if (!email.require_tls) email.require_tls = global.smtp_require_tls;
  if (!email.force_implicit_tls) email.force_implicit_tls = global.smtp_force_implicit_tls;
  if (!email.tls) email.tls = global.smtp_tls;
  if (email.smarthost.empty()) {
    good = Fails(in, "no SMTP server: give smarthost here or smtp_smarthost in global");
  } else {
    good = CheckSmarthost(At(in, "smarthost"), email.smarthost);
  }
  if (email.from.empty()) {
    good = Fails(in, "no sender: give from here or smtp_from in global");
  } else if (const auto from = ParseMailAddresses(email.from); !from || from->size() != 1) {
    good = Fails(At(in, "from"), "expected one mail address, found " + base::Quote(email.from));
  }
  if (const auto to = ParseMailAddresses(email.to); !email.to.empty() && !to) {
    good = Fails(At(in, "to"), to.error().message);
  } else if (email.to.empty()) {
    good = Fails(in, "\"to\" must name somebody");
  }
  return good;
}

bool FillReceivers(const base::YamlReader& in, Config& config) {
  bool good = true;
  const base::YamlReader list = At(in, "receivers");
  for (size_t i = 0; i < config.receivers.size(); ++i) {
    ReceiverConfig& receiver = config.receivers[i];
    const base::YamlReader node = list.Item(i);
    for (size_t j = 0; j < receiver.slacks.size(); ++j) {
      good = FillSlack(At(node, "slack_configs").Item(j), config.global, receiver.slacks[j]) && good;
    }
    for (size_t j = 0; j < receiver.emails.size(); ++j) {
      good = FillEmail(At(node, "email_configs").Item(j), config.global, receiver.emails[j]) && good;
    }
  }
  return good;
}

bool CheckInhibitRules(const base::YamlReader& in, const Config& config) {
  bool good = true;
  for (size_t i = 0; i < config.inhibit_rules.size(); ++i) {
    const std::vector<std::string>& equal = config.inhibit_rules[i].equal;
    good = CheckGroupBy(At(At(in, "inhibit_rules").Item(i), "equal"), equal) && good;
  }
  return good;
}

// How a secret is shown. Programs that read the shown configuration again (amtool) want addresses to stay addresses.
std::string Hidden(std::string_view key, const std::string& value) {
  constexpr std::array<std::string_view, 8> kSecrets = {
      "smtp_auth_password", "smtp_auth_secret", "slack_api_url", "api_url",
      "auth_password",      "auth_secret",      "password",      "credentials"};
  constexpr std::array<std::string_view, 2> kAddresses = {"url", "proxy_url"};
  if (std::ranges::find(kAddresses, key) != kAddresses.end()) return base::RedactUrl(value, true);
  return std::ranges::find(kSecrets, key) != kSecrets.end() ? "<secret>" : value;
}

}  // namespace

bool CheckConfig(const base::YamlReader& in, Config& config) {
  bool good = true;
  const std::set<std::string> names = CheckNames(in, config, good);
  if (in.node().Find("route") != nullptr) {
    good = CheckRoot(At(in, "route"), config.route) && good;
    good = CheckRoute(At(in, "route"), config.route, names) && good;
  }
  good = CheckInhibitRules(in, config) && good;
  return FillReceivers(in, config) && good;
}

base::YamlNode HideSecrets(base::YamlNode node) {
  for (base::YamlNode& item : node.items) item = HideSecrets(std::move(item));
  for (auto& [key, value] : node.entries) {
    if (value.kind == base::YamlNode::Kind::scalar) {
      if (!value.text.empty()) value.text = Hidden(key.text, value.text);
    } else {
      if (key.text == "http_config") value = base::HideSecrets(std::move(value), base::HttpOptionsHelp());
      value = HideSecrets(std::move(value));
    }
  }
  return node;
}

}  // namespace alertmanager
