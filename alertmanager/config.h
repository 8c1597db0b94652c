#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/matcher.h"
#include "base/net/http_options.h"
#include "base/time.h"
#include "base/yaml/yaml.h"

// alertmanager.yml as plain structs, with Alertmanager's keys, defaults and rules of validity. Values, not
// thread-bound. Keys that Alertmanager knows and this program does not carry out are mistakes that say "not supported
// yet"; nothing is ignored silently. Keys of our own: slack_configs.mention, alertmanager_configs, equal: ['...'] in
// inhibit rules.

namespace alertmanager {

// A text of a message which in Alertmanager may be a template. Templates are not carried out: reading one ("{{") is a
// mistake, so what is kept is literal. The one place where templates enter is notify/message_text.h.
struct MessageText {
  std::string text;
  bool operator==(const MessageText&) const = default;
};

// http_config. A receiver's own replaces the global one as a whole.
using base::HttpOptions;

struct WebhookConfig {
  bool send_resolved = true;
  std::optional<HttpOptions> http;
  base::Secret url;
  int max_alerts = 0;         // 0: all
  base::Duration timeout{0};  // 0: kDefaultSendTimeout
};

struct SlackConfig {
  bool send_resolved = false;
  std::optional<HttpOptions> http;
  base::Secret api_url;  // an incoming webhook
  std::string channel;
  std::string username;
  std::string icon_emoji;
  std::string icon_url;
  bool link_names = false;
  std::optional<MessageText> color;
  std::optional<MessageText> title;  // replaces the first line
  std::optional<MessageText> title_link;
  std::optional<MessageText> text;  // replaces the list of alerts
  std::optional<MessageText> footer;
  // Ours: who is called, by the alerts' `severity`, while one of that severity fires: {critical: "<!here>"}.
  std::map<std::string, std::string> mention;
  base::Duration timeout{0};
};

struct EmailConfig {
  bool send_resolved = false;
  std::string to;  // addresses, comma-separated, names allowed
  std::string from;
  std::string hello;
  std::string smarthost;  // host:port
  std::optional<std::string> auth_username;
  base::Secret auth_password;
  base::Secret auth_secret;  // for CRAM-MD5
  std::optional<bool> require_tls;
  std::optional<bool> force_implicit_tls;  // unset: implicit on port 465
  std::optional<base::TlsOptions> tls;
  std::map<std::string, MessageText> headers;
  std::optional<MessageText> html;  // replaces the card; empty: text only
  std::optional<MessageText> text;
  bool threading = true;
  bool thread_by_date = true;  // a new thread each UTC day
};

// Ours: hands the group's alerts to a real Alertmanager's POST /api/v2/alerts.
struct ForwardConfig {
  bool send_resolved = true;
  std::optional<HttpOptions> http;
  base::Secret url;  // http://host:9093 or with a path prefix
  base::Duration timeout{0};
};

struct ReceiverConfig {
  std::string name;
  std::vector<WebhookConfig> webhooks;
  std::vector<SlackConfig> slacks;
  std::vector<EmailConfig> emails;
  std::vector<ForwardConfig> forwards;
  base::SourcePosition where;
};

struct RouteConfig {
  std::optional<std::string> receiver;
  std::optional<std::vector<std::string>> group_by;  // {"..."}: every label
  bool continue_ = false;
  std::vector<base::Matcher> matchers;  // of matchers, match and match_re together
  std::optional<base::Duration> group_wait;
  std::optional<base::Duration> group_interval;
  std::optional<base::Duration> repeat_interval;
  std::vector<RouteConfig> routes;
};

// While an alert matching every source matcher fires, those matching every target matcher are not told of, if both
// carry the same values of the `equal` labels. equal {"..."} (ours) is every label but those the matchers name, which
// says "another severity of the same alert". The composition root adds such rules for thresholds.
struct InhibitRule {
  std::string name;
  std::vector<base::Matcher> source;
  std::vector<base::Matcher> target;
  std::vector<std::string> equal;
};

// The rule for thresholds: critical silences warning of the same alert.
InhibitRule SilenceLowerSeverity();

struct GlobalConfig {
  base::Duration resolve_timeout = std::chrono::minutes(5);
  HttpOptions http;
  base::Secret slack_api_url;
  std::string smtp_from;
  std::string smtp_hello = "localhost";
  std::string smtp_smarthost;
  std::string smtp_auth_username;
  base::Secret smtp_auth_password;
  base::Secret smtp_auth_secret;
  bool smtp_require_tls = true;
  std::optional<bool> smtp_force_implicit_tls;
  base::TlsOptions smtp_tls;
};

struct Config {
  GlobalConfig global;
  RouteConfig route;
  std::vector<ReceiverConfig> receivers;  // global settings filled in
  std::vector<InhibitRule> inhibit_rules;
  std::string original;  // the configuration as YAML, secrets shown as <secret>
};

// Reads the map at `in`, be it a file's root or `alertmanager:` inside another file. False after any mistake, all of
// which are in in.errors().
bool ReadYaml(const base::YamlReader& in, Config& out);
Config ParseConfig(std::string_view text, std::string_view file, base::YamlErrors& errors);
// Relative paths in the file are meant from its folder.
Config ReadConfigFile(const std::string& path, base::YamlErrors& errors);

// Relative paths of secrets and certificates are meant from this folder.
void ResolvePaths(const std::string& folder, Config& config);

// For the configuration reference.
const std::vector<base::FieldHelp>& ConfigHelp();

// One item of a `matchers:` list, which may hold several: `a="b", c=~"d|e"`, with or without braces, values in quotes
// or bare. Names and values are UTF-8; regular expressions are anchored.
base::Result<std::vector<base::Matcher>> ParseMatchers(std::string_view text);

}  // namespace alertmanager
