#include "alertmanager/config.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "alertmanager/alerting.h"
#include "alertmanager/notify/integration.h"
#include "alertmanager/route/route.h"
#include "base/text.h"
#include "tests/alertmanager/world.h"
#include "tests/support/support.h"

namespace alertmanager {
namespace {

using namespace std::chrono_literals;

struct ErrorCase {
  const char* yaml;
  const char* errors;
};

std::string Errors(const std::string& yaml) {
  base::YamlErrors errors;
  ParseConfig(yaml, "am.yml", errors);
  return errors.ToString();
}

TEST(Config, EveryMistakeSaysWhere) {
  const ErrorCase cases[] = {
      {"receivers: [{name: r}]", "am.yml:1:1: \"route\" is missing\n"},
      {"route: {group_by: [a]}\nreceivers: [{name: r}]", "am.yml:1:8: route: the root route needs a receiver\n"},
      {"route:\n  receiver: r\n  continue: true\nreceivers: [{name: r}]",
       "am.yml:3:13: route.continue: the root route has no siblings to continue with\n"},
      {"route:\n  receiver: r\n  matchers: [a=b]\nreceivers: [{name: r}]",
       "am.yml:3:13: route.matchers: the root route takes every alert, so it must not have matchers\n"},
      {"route:\n  receiver: r\n  match: {a: b}\nreceivers: [{name: r}]",
       "am.yml:3:10: route.match: the root route takes every alert, so it must not have matchers\n"},
      {"route: {receiver: opps}\nreceivers: [{name: ops}]",
       "am.yml:1:19: route.receiver: receiver \"opps\" is not defined (did you mean \"ops\"?)\n"},
      {"route:\n  receiver: r\n  routes:\n    - receiver: nobody\nreceivers: [{name: r}]",
       "am.yml:4:17: route.routes[0].receiver: receiver \"nobody\" is not defined\n"},
      {"route: {receiver: r}\nreceivers: [{name: r}, {name: r}]",
       "am.yml:2:31: receivers[1].name: receiver \"r\" is defined twice\n"},
      {"route: {receiver: r, group_by: [a, '...']}\nreceivers: [{name: r}]",
       "am.yml:1:32: route.group_by: '...' is every label, so no other may stand beside it\n"},
      {"route: {receiver: r, group_by: [a, a]}\nreceivers: [{name: r}]",
       "am.yml:1:32: route.group_by: label \"a\" is given twice\n"},
      {"route: {receiver: r, group_interval: 0s}\nreceivers: [{name: r}]",
       "am.yml:1:38: route.group_interval: must not be zero\n"},
      {"route: {receiver: r, repeat_interval: 0s}\nreceivers: [{name: r}]",
       "am.yml:1:39: route.repeat_interval: must not be zero\n"},
      {"route: {receiver: r, groupby: [a]}\nreceivers: [{name: r}]",
       "am.yml:1:22: route: unknown key \"groupby\" (did you mean \"group_by\"?)\n"},
      {"route: {receiver: r}\nreceivers: [{name: r}]\nroute: {receiver: r}",
       "am.yml:3:1: key \"route\" is given twice, first with the value on line 1\n"},
      {"route: {receiver: r, routes: [{matchers: ['a']}]}\nreceivers: [{name: r}]",
       "am.yml:1:43: route.routes[0].matchers[0]: bad matcher \"a\": expected =, !=, =~ or !~ at byte 2\n"},
      {"route: {receiver: r, routes: [{match_re: {a: }}]}\nreceivers: [{name: r}]",
       "am.yml:1:46: route.routes[0].match_re.a: a regular expression is missing\n"},
      {"route: {receiver: r, mute_time_intervals: [night]}\nreceivers: [{name: r}]",
       "am.yml:1:43: route.mute_time_intervals: not supported yet\n"},
      {"route: {receiver: r}\nreceivers: [{name: r}]\ntemplates: ['*.tmpl']",
       "am.yml:3:12: templates: not supported yet\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, pagerduty_configs: [{routing_key: x}]}]",
       "am.yml:2:42: receivers[0].pagerduty_configs: not supported yet\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, webhook_configs: [{}]}]",
       "am.yml:2:41: receivers[0].webhook_configs[0]: one of url or url_file must be given\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, webhook_configs: [{url: ''}]}]",
       "am.yml:2:41: receivers[0].webhook_configs[0]: one of url or url_file must be given\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, slack_configs: [{api_url: ''}]}]",
       "am.yml:2:39: receivers[0].slack_configs[0]: no Slack webhook: give api_url or api_url_file here or in "
       "global\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, webhook_configs: [{url: ftp://x}]}]",
       "am.yml:2:47: receivers[0].webhook_configs[0].url: expected a URL that starts with http:// or https://\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, webhook_configs: [{url: http://x, url_file: y}]}]",
       "am.yml:2:67: receivers[0].webhook_configs[0].url_file: and url are both given; at most one may be\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, webhook_configs: [{url: http://x, timeout: 5}]}]",
       "am.yml:2:66: receivers[0].webhook_configs[0].timeout: expected a duration such as 500ms or 1m30s, found "
       "\"5\"\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, webhook_configs: [{url: http://x, payload: {a: b}}]}]",
       "am.yml:2:66: receivers[0].webhook_configs[0].payload: not supported yet\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, slack_configs: [{channel: x}]}]",
       "am.yml:2:39: receivers[0].slack_configs[0]: no Slack webhook: give api_url or api_url_file here or in "
       "global\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, slack_configs: [{api_url: http://x, title: '{{ .Status }}'}]}]",
       "am.yml:2:66: receivers[0].slack_configs[0].title: templates (\"{{\") are not supported yet\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, email_configs: [{to: a@b}]}]",
       "am.yml:2:39: receivers[0].email_configs[0]: no SMTP server: give smarthost here or smtp_smarthost in global\n"
       "am.yml:2:39: receivers[0].email_configs[0]: no sender: give from here or smtp_from in global\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, email_configs: [{to: nobody, from: a@b, smarthost: 'h'}]}]",
       "am.yml:2:74: receivers[0].email_configs[0].smarthost: the smarthost must be host:port, found \"h\"\n"
       "am.yml:2:44: receivers[0].email_configs[0].to: not a mail address: \"nobody\"\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, email_configs: [{to: a@b, from: a@b, smarthost: 'h:25', "
       "headers: {Subject: \"a\\nBcc: x@y\"}}]}]",
       "am.yml:2:88: receivers[0].email_configs[0].headers: header \"Subject\" is not one line of name and value\n"},
      {"route: {receiver: r}\nreceivers: [{name: r, email_configs: [{to: a@b, from: a@b, smarthost: 'h:25', "
       "headers: {subject: a, Subject: b}}]}]",
       "am.yml:2:88: receivers[0].email_configs[0].headers: header \"subject\" is given twice\n"},
      {"global: {http_config: {basic_auth: {username: a}, authorization: {credentials: b}}}\nroute: {receiver: r}\n"
       "receivers: [{name: r}]",
       "am.yml:1:23: global.http_config: at most one of basic_auth, authorization, oauth2, bearer_token & "
       "bearer_token_file must be configured\n"},
      {"route: {receiver: r, group_wait: soon, routes: [{receiver: nobody}]}\nreceivers: [{name: r, colour: "
       "red}]\nextra: 1",
       "am.yml:3:1: unknown key \"extra\"\n"
       "am.yml:1:34: route.group_wait: @DURATION@\n"
       "am.yml:2:23: receivers[0]: unknown key \"colour\"\n"
       "am.yml:1:60: route.routes[0].receiver: receiver \"nobody\" is not defined\n"},
  };
  const std::string duration = base::ParseDuration("soon").error().message;
  for (const ErrorCase& c : cases) {
    SCOPED_TRACE(c.yaml);
    EXPECT_EQ(Errors(c.yaml), base::ReplaceAll(c.errors, "@DURATION@", duration));
  }
}

TEST(Config, GlobalSettingsFillInTheReceivers) {
  const Config config = Parse(R"(
global:
  slack_api_url: https://hooks.example.com/T0/B0/secret
  smtp_smarthost: mail.example.com:587
  smtp_from: tocsin@example.com
  smtp_auth_username: tocsin
  smtp_auth_password: hunter2
  smtp_require_tls: false
  http_config: {proxy_url: http://user:pass@proxy:3128}
route: {receiver: r}
receivers:
  - name: r
    slack_configs: [{channel: '#ops'}, {api_url_file: /run/slack, mention: {critical: '<!here>'}}]
    email_configs:
      - to: a@example.com
      - {to: 'B <b@example.com>', require_tls: true, auth_username: '', threading: {enabled: false}}
    webhook_configs: [{url: http://x/y, timeout: 1.5s, max_alerts: 3}]
    alertmanager_configs: [{url: http://am:9093}]
)");
  const ReceiverConfig& receiver = config.receivers[0];
  EXPECT_EQ(receiver.slacks[0].api_url.value, "https://hooks.example.com/T0/B0/secret");
  EXPECT_EQ(receiver.slacks[1].api_url.file, "/run/slack");
  EXPECT_EQ(receiver.emails[0].smarthost, "mail.example.com:587");
  EXPECT_EQ(receiver.emails[0].auth_username, "tocsin");
  EXPECT_EQ(receiver.emails[0].require_tls, false);
  EXPECT_TRUE(receiver.emails[0].threading);
  EXPECT_EQ(receiver.emails[1].auth_username, "");
  EXPECT_EQ(receiver.emails[1].require_tls, true);
  EXPECT_FALSE(receiver.emails[1].threading);
  EXPECT_EQ(receiver.webhooks[0].timeout, 1500ms);
  std::vector<std::string> keys;
  for (const NamedIntegration& named : MakeIntegrations(config)) keys.push_back(named.id.Key());
  EXPECT_EQ(keys, (std::vector<std::string>{"r/email/0", "r/email/1", "r/alertmanager/0", "r/slack/0", "r/slack/1",
                                            "r/webhook/0"}));
}

TEST(Config, SecretsAreNotShown) {
  const Config config = Parse(R"(
global: {slack_api_url: https://hooks.example.com/sesame, http_config: {proxy_url: http://u:sesame@p}}
route: {receiver: r}
receivers:
  - name: r
    slack_configs: [{api_url: https://hooks.example.com/sesame}]
    webhook_configs: [{url: 'http://x/?t=sesame', http_config: {
      authorization: {credentials: sesame}, http_headers: {A: {secrets: [sesame]}}, tls_config: {cert: c, key: sesame},
      proxy_url: "http://p", proxy_connect_header: {A: [sesame]}}}]
    email_configs: [{to: a@b, from: a@b, smarthost: 'h:25', auth_password: sesame, auth_secret: sesame}]
)");
  EXPECT_FALSE(config.original.contains("sesame")) << config.original;
  EXPECT_TRUE(config.original.contains("api_url: <secret>")) << config.original;
  // amtool reads it again
  EXPECT_EQ(Errors(base::ReplaceAll(config.original, "<secret>", "http://x")), "");
}

TEST(Config, AnEmptyInhibitRuleAndEmptyListsLoad) {
  const Config config =
      Parse("route: {receiver: r, routes: }\nreceivers: [{name: r}]\ninhibit_rules:\n  - \ntemplates: []");
  EXPECT_EQ(config.inhibit_rules.size(), 1U);
}

// A file as it is found in the field: it loads, and its alerts go where it says.
TEST(Config, AWholeFile) {
  base::YamlErrors errors;
  const Config config = ReadConfigFile(test::ProjectFile("tests/alertmanager/testdata/alertmanager.yml"), errors);
  ASSERT_EQ(errors.ToString(), "");
  EXPECT_EQ(config.inhibit_rules.size(), 2U);
  std::vector<std::string> keys;
  for (const NamedIntegration& named : MakeIntegrations(config)) keys.push_back(named.id.Key());
  std::ranges::sort(keys);
  EXPECT_EQ(keys,
            (std::vector<std::string>{"database/webhook/0", "database/webhook/1", "everyone/slack/0", "mail/email/0"}));
  const Route root = BuildRoutes(config.route);
  const auto receivers = [&](const base::Labels& labels) {
    std::string found;
    for (const Route* route : MatchRoutes(root, labels)) found += route->receiver + " ";
    return found;
  };
  EXPECT_EQ(receivers({{"alertname", "A"}}), "everyone ");
  EXPECT_EQ(receivers({{"alertname", "Watchdog"}, {"severity", "none"}}), "nobody ");
  EXPECT_EQ(receivers({{"alertname", "Watchdog"}, {"severity", "page"}}), "everyone ");
  EXPECT_EQ(receivers({{"severity", "page"}, {"team", "database"}}), "database ");
  EXPECT_EQ(receivers({{"severity", "page"}, {"team", "database"}, {"host", "lab7"}}), "everyone ");
  EXPECT_EQ(receivers({{"severity", "page"}, {"team", "database"}, {"service", "postgresql"}, {"cluster", "south"}}),
            "mail ");
}

TEST(Alerting, ReadsPeers) {
  base::YamlErrors errors;
  const base::YamlNode root = base::ParseYaml(R"(
alertmanagers:
  - static_configs: [{targets: ['a:9093', 'b:9093']}]
  - static_configs: [{targets: ['c']}]
    scheme: https
    path_prefix: am
    timeout: 3s
    basic_auth: {username: u, password: p}
)",
                                              "tocsin.yml", errors);
  AlertingConfig alerting;
  EXPECT_TRUE(ReadYaml(base::YamlReader(root, "alerting", errors), alerting)) << errors.ToString();
  ASSERT_EQ(alerting.peers.size(), 3U);
  EXPECT_EQ(alerting.peers[1].url, "http://b:9093");
  EXPECT_EQ(alerting.peers[2].url, "https://c/am");
  EXPECT_EQ(alerting.peers[2].timeout, 3s);
  EXPECT_EQ(alerting.peers[2].http.basic_auth->username, "u");
}

TEST(Alerting, MistakesSayWhere) {
  base::YamlErrors errors;
  const base::YamlNode root = base::ParseYaml(
      "alertmanagers:\n  - static_config: [{targets: [x]}]\n    api_version: v1\n", "tocsin.yml", errors);
  AlertingConfig alerting;
  EXPECT_FALSE(ReadYaml(base::YamlReader(root, "alerting", errors), alerting));
  EXPECT_EQ(errors.ToString(),
            "tocsin.yml:2:5: alerting.alertmanagers[0]: unknown key \"static_config\" (did you mean "
            "\"static_configs\"?)\n");
}

}  // namespace
}  // namespace alertmanager
