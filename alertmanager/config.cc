#include "alertmanager/config.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "alertmanager/config_check.h"
#include "alertmanager/config_fields.h"
#include "base/text.h"

namespace alertmanager {

bool ReadYaml(const base::YamlReader& in, RouteConfig& out);
bool ReadYaml(const base::YamlReader& in, InhibitRule& out);

namespace {

using base::Optional;

const base::YamlSchema<GlobalConfig>& GlobalSchema() {
  using T = GlobalConfig;
  static const base::YamlSchema<T> schema(Joined<T>({
      {Optional("resolve_timeout", "duration", "5m", &T::resolve_timeout,
                "When an alert that came without an end is taken to have resolved."),
       Optional("http_config", "map", "", &T::http, "HTTP settings of every receiver without its own.",
                &base::HttpOptionsHelp())},
      base::SecretFields("slack_api_url", &T::slack_api_url, "The Slack incoming webhook."),
      {Optional("smtp_from", "address", "", &T::smtp_from, "The sender of mails."),
       Optional("smtp_hello", "string", "localhost", &T::smtp_hello, "The name to greet SMTP servers with."),
       Optional("smtp_smarthost", "host:port", "", &T::smtp_smarthost, "The SMTP server."),
       Optional("smtp_auth_username", "string", "", &T::smtp_auth_username, "The user to log in as.")},
      base::SecretFields("smtp_auth_password", &T::smtp_auth_password, "The user's password."),
      base::SecretFields("smtp_auth_secret", &T::smtp_auth_secret, "The secret for CRAM-MD5."),
      {Optional("smtp_require_tls", "bool", "true", &T::smtp_require_tls, "Whether mail is only sent encrypted."),
       Optional("smtp_force_implicit_tls", "bool", "true on port 465", &T::smtp_force_implicit_tls,
                "Whether the connection is encrypted from its start."),
       Optional("smtp_tls_config", "map", "", &T::smtp_tls, "TLS settings for mail.", &base::TlsOptionsHelp())},
      NotSupported<T>({"smtp_auth_identity",
                       "slack_app_token",
                       "slack_app_token_file",
                       "slack_app_url",
                       "jira_api_url",
                       "pagerduty_url",
                       "opsgenie_api_url",
                       "opsgenie_api_key",
                       "opsgenie_api_key_file",
                       "wechat_api_url",
                       "wechat_api_secret",
                       "wechat_api_secret_file",
                       "wechat_api_corp_id",
                       "victorops_api_url",
                       "victorops_api_key",
                       "victorops_api_key_file",
                       "telegram_api_url",
                       "telegram_bot_token",
                       "telegram_bot_token_file",
                       "webex_api_url",
                       "rocketchat_api_url",
                       "rocketchat_token",
                       "rocketchat_token_file",
                       "rocketchat_token_id",
                       "rocketchat_token_id_file",
                       "mattermost_webhook_url",
                       "mattermost_webhook_url_file"}),
  }));
  return schema;
}

template <class T>
base::Field<T> Matchers(const char* key, std::vector<base::Matcher> T::* member, const char* help) {
  return ReadBy(key, "list of matchers", "", member, &ReadMatchers, help);
}

template <class T, base::MatchType type>
base::Field<T> OldMatchers(const char* key, std::vector<base::Matcher> T::* member) {
  return {{key, "map", "", "Deprecated: use matchers.", false, nullptr}, [member](const base::YamlReader& in, T& out) {
            return IsEmpty(in.node()) || ReadMatchMap(in, type, out.*member);
          }};
}

// An empty list says something else than none: it undoes the parent's.
bool ReadGroupBy(const base::YamlReader& in, std::optional<std::vector<std::string>>& out) {
  return base::ReadYaml(in, out.emplace());
}

const base::YamlSchema<RouteConfig>& RouteSchema() {
  using T = RouteConfig;
  static const base::YamlSchema<T> schema(Joined<T>({
      {Optional("receiver", "string", "the parent's", &T::receiver, "Who is told."),
       ReadBy("group_by", "list of labels", "the parent's", &T::group_by, &ReadGroupBy,
              "Alerts with the same values of these labels are told of together; ['...'] is every label."),
       Optional("continue", "bool", "false", &T::continue_, "Whether the siblings below are tried as well."),
       Matchers<T>("matchers", &T::matchers, "Which alerts come here."),
       OldMatchers<T, base::MatchType::equal>("match", &T::matchers),
       OldMatchers<T, base::MatchType::regex>("match_re", &T::matchers),
       Optional("group_wait", "duration", "30s", &T::group_wait, "How long a new group waits for more alerts."),
       Optional("group_interval", "duration", "5m", &T::group_interval, "How long until changes of it are told."),
       Optional("repeat_interval", "duration", "4h", &T::repeat_interval, "When an unchanged group is told of again."),
       ReadBy("routes", "list of routes", "", &T::routes, &ReadList<RouteConfig>, "The children, tried in order.")},
      NotSupported<T>({"mute_time_intervals", "active_time_intervals", "labels"}),
  }));
  return schema;
}

const base::YamlSchema<InhibitRule>& InhibitSchema() {
  using T = InhibitRule;
  static const base::YamlSchema<T> schema({
      Optional("name", "string", "", &T::name, "For people."),
      Matchers<T>("source_matchers", &T::source, "The alerts that silence others."),
      Matchers<T>("target_matchers", &T::target, "The alerts that are silenced."),
      OldMatchers<T, base::MatchType::equal>("source_match", &T::source),
      OldMatchers<T, base::MatchType::regex>("source_match_re", &T::source),
      OldMatchers<T, base::MatchType::equal>("target_match", &T::target),
      OldMatchers<T, base::MatchType::regex>("target_match_re", &T::target),
      Optional("equal", "list of labels", "", &T::equal,
               "Labels both must carry the same value of; ['...'], not in Alertmanager, is every label but those the "
               "matchers name."),
  });
  return schema;
}

bool ReadGlobal(const base::YamlReader& in, GlobalConfig& out) { return GlobalSchema().Read(in, out); }

const base::YamlSchema<Config>& ConfigSchema() {
  using T = Config;
  static const base::YamlSchema<T> schema(Joined<T>({
      {ReadBy("global", "map", "", &T::global, &ReadGlobal, "Defaults of the receivers.", &GlobalSchema().help()),
       base::Required("route", "map", &T::route, "The root of the routing tree; takes every alert.",
                      &RouteSchema().help()),
       ReadBy("receivers", "list", "", &T::receivers, &ReadList<ReceiverConfig>, "Who can be told.", &ReceiverHelp()),
       ReadBy("inhibit_rules", "list", "", &T::inhibit_rules, &ReadList<InhibitRule>,
              "Which alerts silence which others.", &InhibitSchema().help())},
      NotSupported<T>({"templates", "time_intervals", "mute_time_intervals", "tracing", "event_recorder"}),
  }));
  return schema;
}

}  // namespace

bool ReadYaml(const base::YamlReader& in, RouteConfig& out) { return RouteSchema().Read(in, out); }
bool ReadYaml(const base::YamlReader& in, InhibitRule& out) { return InhibitSchema().Read(in, out); }

bool ReadYaml(const base::YamlReader& in, Config& out) {
  const size_t mistakes = in.errors().errors().size();
  bool good = ConfigSchema().Read(in, out);
  // what could be read is checked all the same, so that every mistake shows at once
  if (in.node().kind == base::YamlNode::Kind::map) good = CheckConfig(in, out) && good;
  out.original = base::WriteYaml(HideSecrets(in.node()));
  return good && in.errors().errors().size() == mistakes;
}

Config ParseConfig(std::string_view text, std::string_view file, base::YamlErrors& errors) {
  Config config;
  const base::YamlNode root = base::ParseYaml(text, file, errors);
  if (errors.empty()) ReadYaml(base::YamlReader(root, "", errors), config);
  return config;
}

Config ReadConfigFile(const std::string& path, base::YamlErrors& errors) {
  Config config;
  const base::YamlNode root = base::ReadYamlFile(path, errors);
  if (errors.empty()) ReadYaml(base::YamlReader(root, "", errors), config);
  ResolvePaths(std::filesystem::path(path).parent_path().string(), config);
  return config;
}

void ResolvePaths(const std::string& folder, Config& config) {
  const auto resolve = [&folder]<class... Secrets>(std::optional<HttpOptions>& http, Secrets&... secrets) {
    if (http) base::ResolvePaths(folder, *http);
    (base::ResolvePath(folder, secrets.file), ...);
  };
  GlobalConfig& global = config.global;
  base::ResolvePaths(folder, global.http);
  base::ResolvePaths(folder, global.smtp_tls);
  for (base::Secret* secret : {&global.slack_api_url, &global.smtp_auth_password, &global.smtp_auth_secret}) {
    base::ResolvePath(folder, secret->file);
  }
  for (ReceiverConfig& receiver : config.receivers) {
    for (WebhookConfig& webhook : receiver.webhooks) resolve(webhook.http, webhook.url);
    for (SlackConfig& slack : receiver.slacks) resolve(slack.http, slack.api_url);
    for (ForwardConfig& forward : receiver.forwards) resolve(forward.http, forward.url);
    for (EmailConfig& email : receiver.emails) {
      if (email.tls) base::ResolvePaths(folder, *email.tls);
      base::ResolvePath(folder, email.auth_password.file);
      base::ResolvePath(folder, email.auth_secret.file);
    }
  }
}

const std::vector<base::FieldHelp>& ConfigHelp() { return ConfigSchema().help(); }

}  // namespace alertmanager
