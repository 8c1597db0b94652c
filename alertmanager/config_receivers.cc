#include "alertmanager/config_fields.h"
#include "base/text.h"

// The tables of the receivers' keys.

namespace alertmanager {
namespace {

using base::Optional;

template <class T>
base::Field<T> SendResolved(const char* default_value) {
  return Optional("send_resolved", "bool", default_value, &T::send_resolved,
                  "Whether it is told that alerts resolved.");
}

template <class T>
base::Field<T> Http() {
  return Optional("http_config", "map", "", &T::http, "HTTP settings; replace the global ones as a whole.",
                  &base::HttpOptionsHelp());
}

template <class T>
base::Field<T> GoTimeout() {
  return ReadBy("timeout", "duration", "10s", &T::timeout, &ReadGoDuration, "How long one try may take.");
}

// A secret URL that is written in the file; one in a file of its own is seen when it is used.
bool CheckUrl(const base::YamlReader& in, const char* key) {
  const base::YamlNode* url = in.node().Find(key);
  if (url == nullptr || IsEmpty(*url)) return true;
  if (url->text.contains("{{")) {
    in.Entry(*url, key).Fail("templates (\"{{\") are not supported yet");
    return false;
  }
  std::string text;
  return ReadUrl(in.Entry(*url, key), text);
}

const base::YamlSchema<WebhookConfig>& WebhookSchema() {
  using T = WebhookConfig;
  static const base::YamlSchema<T> schema(Joined<T>({
      {SendResolved<T>("true"), Http<T>()},
      base::SecretFields("url", &T::url, "Where to POST to."),
      {Optional("max_alerts", "number", "0", &T::max_alerts, "At most so many alerts in a message; 0 is all."),
       GoTimeout<T>()},
      NotSupported<T>({"payload"}),
  }));
  return schema;
}

const base::YamlSchema<ForwardConfig>& ForwardSchema() {
  using T = ForwardConfig;
  static const base::YamlSchema<T> schema(Joined<T>({
      {SendResolved<T>("true"), Http<T>()},
      base::SecretFields("url", &T::url, "The Alertmanager, path prefix included: http://host:9093"),
      {GoTimeout<T>()},
  }));
  return schema;
}

const base::YamlSchema<SlackConfig>& SlackSchema() {
  using T = SlackConfig;
  static const base::YamlSchema<T> schema(Joined<T>({
      {SendResolved<T>("false"), Http<T>()},
      base::SecretFields("api_url", &T::api_url, "The incoming webhook; default global.slack_api_url."),
      {Optional("channel", "string", "", &T::channel, "The channel, where the webhook lets it be chosen."),
       Optional("username", "string", "", &T::username, "The name to post as."),
       Optional("icon_emoji", "string", "", &T::icon_emoji, "The emoji to post with."),
       Optional("icon_url", "URL", "", &T::icon_url, "The picture to post with."),
       Optional("link_names", "bool", "false", &T::link_names, "Whether names in the text become links."),
       Optional("color", "text", "by severity", &T::color, "The colour of the bar."),
       Optional("title", "text", "the alerts' headline", &T::title, "Replaces the first line."),
       Optional("title_link", "URL", "", &T::title_link, "Where the first line links to."),
       Optional("text", "text", "the list of alerts", &T::text, "Replaces the list of alerts."),
       Optional("footer", "text", "", &T::footer, "The last line."),
       Optional("mention", "map of severity to text", "", &T::mention,
                "Who is called while an alert of that severity fires: {critical: \"<!here>\"}. Not in Alertmanager."),
       GoTimeout<T>()},
      NotSupported<T>({"app_token", "app_token_file", "app_url", "pretext", "message_text", "fields", "short_fields",
                       "fallback", "callback_id", "image_url", "thumb_url", "mrkdwn_in", "actions", "update_message"}),
  }));
  return schema;
}

bool ReadMailTls(const base::YamlReader& in, std::optional<base::TlsOptions>& out) {
  return base::ReadYaml(in, out.emplace());
}

// threading: {enabled, thread_by_date: daily | none}
bool ReadThreading(const base::YamlReader& in, EmailConfig& out) {
  struct Threading {
    bool enabled = false;
    std::string by_date = "daily";
  };
  static const base::YamlSchema<Threading> schema({
      Optional("enabled", "bool", "false", &Threading::enabled, "Whether mails of one group form a thread."),
      Optional("thread_by_date", "daily or none", "daily", &Threading::by_date, "A new thread each UTC day, or never."),
  });
  Threading threading;
  if (!schema.Read(in, threading)) return false;
  if (threading.by_date != "daily" && threading.by_date != "none") {
    in.Fail("thread_by_date must be daily or none, found " + base::Quote(threading.by_date));
    return false;
  }
  out.threading = threading.enabled;
  out.thread_by_date = threading.by_date == "daily";
  return true;
}

bool ReadHeaders(const base::YamlReader& in, std::map<std::string, MessageText>& out) {
  if (!base::ReadYaml(in, out)) return false;
  bool good = true;
  std::map<std::string, std::string> seen;  // lower case to as written
  for (const auto& [name, value] : out) {
    const bool plain = !name.empty() && name.find_first_of(": \t\r\n") == std::string::npos && base::IsValidUtf8(name);
    if (!plain || value.text.find_first_of("\r\n") != std::string::npos) {
      in.Fail("header " + base::Quote(name) + " is not one line of name and value");
      good = false;
    } else if (!seen.emplace(base::ToLower(name), name).second) {
      in.Fail("header " + base::Quote(name) + " is given twice");
      good = false;
    }
  }
  return good;
}

const base::YamlSchema<EmailConfig>& EmailSchema() {
  using T = EmailConfig;
  static const base::YamlSchema<T> schema(Joined<T>({
      {SendResolved<T>("false"), base::Required("to", "addresses", &T::to, "Who gets the mail, comma-separated."),
       Optional("from", "address", "global.smtp_from", &T::from, "The sender."),
       Optional("hello", "string", "global.smtp_hello", &T::hello, "The name to greet the server with."),
       Optional("smarthost", "host:port", "global.smtp_smarthost", &T::smarthost, "The SMTP server."),
       Optional("auth_username", "string", "global.smtp_auth_username", &T::auth_username,
                "The user to log in as; none, no login.")},
      base::SecretFields("auth_password", &T::auth_password, "The user's password."),
      base::SecretFields("auth_secret", &T::auth_secret, "The secret for CRAM-MD5."),
      {Optional("require_tls", "bool", "global.smtp_require_tls", &T::require_tls,
                "Whether mail is only sent encrypted (STARTTLS)."),
       Optional("force_implicit_tls", "bool", "true on port 465", &T::force_implicit_tls,
                "Whether the connection is encrypted from its start."),
       ReadBy("tls_config", "map", "global.smtp_tls_config", &T::tls, &ReadMailTls, "TLS settings.",
              &base::TlsOptionsHelp()),
       ReadBy("headers", "map", "", &T::headers, &ReadHeaders, "More headers, or other values for Subject, From, To."),
       Optional("html", "text", "a card", &T::html, "Replaces the HTML part; empty leaves it out."),
       Optional("text", "text", "the alerts as text", &T::text, "Replaces the text part."),
       {{"threading", "map", "{enabled: true, thread_by_date: daily}",
         "Whether mails of one group form a thread. On unless set, unlike in Alertmanager.", false, nullptr},
        &ReadThreading}},
      NotSupported<T>({"auth_identity"}),
  }));
  return schema;
}

const base::YamlSchema<ReceiverConfig>& ReceiverSchema() {
  using T = ReceiverConfig;
  static const base::YamlSchema<T> schema(Joined<T>({
      {base::Required("name", "string", &T::name, "The name routes call it by."),
       Optional("webhook_configs", "list", "", &T::webhooks, "Webhooks, version 4.", &WebhookSchema().help()),
       Optional("slack_configs", "list", "", &T::slacks, "Slack incoming webhooks.", &SlackSchema().help()),
       Optional("email_configs", "list", "", &T::emails, "E-mail.", &EmailSchema().help()),
       Optional("alertmanager_configs", "list", "", &T::forwards,
                "Real Alertmanagers to hand the alerts to. Not in Alertmanager.", &ForwardSchema().help())},
      NotSupported<T>({"labels", "discord_configs", "incidentio_configs", "jira_configs", "mattermost_configs",
                       "msteams_configs", "msteamsv2_configs", "opsgenie_configs", "pagerduty_configs",
                       "pushover_configs", "rocketchat_configs", "sns_configs", "telegram_configs", "victorops_configs",
                       "webex_configs", "wechat_configs"}),
  }));
  return schema;
}

bool NeedUrl(const base::YamlReader& in, const base::Secret& url) {
  if (!url.empty()) return true;
  in.Fail("one of url or url_file must be given");
  return false;
}

}  // namespace

bool ReadYaml(const base::YamlReader& in, WebhookConfig& out) {
  if (!WebhookSchema().Read(in, out) || !CheckUrl(in, "url") || !NeedUrl(in, out.url)) return false;
  if (out.max_alerts >= 0) return true;
  in.Fail("max_alerts must not be negative");
  return false;
}

bool ReadYaml(const base::YamlReader& in, ForwardConfig& out) {
  return ForwardSchema().Read(in, out) && CheckUrl(in, "url") && NeedUrl(in, out.url);
}

bool ReadYaml(const base::YamlReader& in, SlackConfig& out) {
  if (!SlackSchema().Read(in, out) || !CheckUrl(in, "api_url")) return false;
  for (const std::string* text : {&out.channel, &out.username, &out.icon_emoji, &out.icon_url}) {
    if (!text->contains("{{")) continue;
    in.Fail("templates (\"{{\") are not supported yet");
    return false;
  }
  return true;
}

bool ReadYaml(const base::YamlReader& in, EmailConfig& out) {
  if (!EmailSchema().Read(in, out)) return false;
  for (const std::string* text : {&out.to, &out.from, &out.hello}) {
    if (!text->contains("{{")) continue;
    in.Fail("templates (\"{{\") are not supported yet");
    return false;
  }
  return true;
}

const std::vector<base::FieldHelp>& ReceiverHelp() { return ReceiverSchema().help(); }

bool ReadYaml(const base::YamlReader& in, ReceiverConfig& out) {
  out.where = in.node().where;
  if (!ReceiverSchema().Read(in, out)) return false;
  if (!out.name.empty()) return true;
  in.Fail("\"name\" is missing");
  return false;
}

}  // namespace alertmanager
