#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "alertmanager/notify/email.h"
#include "alertmanager/notify/forward.h"
#include "alertmanager/notify/mail_address.h"
#include "alertmanager/notify/message_text.h"
#include "alertmanager/notify/mime.h"
#include "alertmanager/notify/slack.h"
#include "alertmanager/notify/webhook.h"
#include "base/text.h"
#include "tests/alertmanager/world.h"

// What receivers are sent, word for word.

namespace alertmanager {
namespace {

base::Alert Par90() {
  return MakeAlert({{"alertname", "PAR_90"}, {"severity", "critical"}, {"site", "demo"}},
                   {{"summary", "PAR_90 is 5.2 %"},
                    {"description", "Portfolio at risk <!channel> & more"},
                    {"value", "5.2 %"},
                    {"limit", "> 5 %"},
                    {"runbook_url", "https://runbooks.example.com/par-90?a=b|c"}});
}

base::Alert Plain(const std::string& tenant) {
  return MakeAlert({{"alertname", "PAR_90"}, {"severity", "warning"}, {"tenant", tenant}});
}

TEST(Webhook, VersionFour) {
  Notification notification = MakeNotification({Par90()}, {Plain("a\"b")});
  notification.receiver = "ops.eu";
  EXPECT_EQ(
      WebhookPayload(notification, 0),
      R"({"receiver":"ops\\.eu","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"PAR_90",)"
      R"("severity":"critical","site":"demo"},"annotations":{"description":"Portfolio at risk \u003c!channel\u003e )"
      R"(\u0026 more","limit":"\u003e 5 %","runbook_url":"https://runbooks.example.com/par-90?a=b|c",)"
      R"("summary":"PAR_90 is 5.2 %","value":"5.2 %"},"startsAt":"2026-11-21T00:00:00Z",)"
      R"("endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://tocsin:9090/graph?g0.expr=up\u0026g0.tab=1",)"
      R"("fingerprint":"5712fa3a76a8d0c9"},{"status":"resolved","labels":{"alertname":"PAR_90","severity":"warning",)"
      R"("tenant":"a\"b"},"annotations":{},"startsAt":"2026-11-21T00:00:00Z","endsAt":"2026-11-21T00:00:30Z",)"
      R"("generatorURL":"http://tocsin:9090/graph?g0.expr=up\u0026g0.tab=1","fingerprint":"0b1a64ed81882ec1"}],)"
      R"("notification_reason":"first notification","groupLabels":{"alertname":"PAR_90"},)"
      R"("commonLabels":{"alertname":"PAR_90"},"commonAnnotations":{},"externalURL":"http://tocsin:9093",)"
      R"("version":"4","groupKey":"{}:{alertname=\"PAR_90\"}","truncatedAlerts":0})"
      "\n");
}

TEST(Webhook, MaxAlertsCutsBeforeCommonLabels) {
  const auto json = nlohmann::json::parse(WebhookPayload(MakeNotification({Par90(), Plain("a"), Plain("b")}), 1));
  EXPECT_EQ(json["alerts"].size(), 1U);
  EXPECT_EQ(json["truncatedAlerts"], 2);
  EXPECT_EQ(json["commonLabels"]["site"], "demo");
}

TEST(Forward, SendsWhatTheApiTakes) {
  const base::Alert alerts[] = {Plain("a"), Plain("b")};
  const auto json = nlohmann::json::parse(AlertsPayload(alerts));
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(
      json[0].dump(),
      R"({"annotations":{},"endsAt":"2026-11-22T00:00:00Z","generatorURL":"http://tocsin:9090/graph?g0.expr=up&g0.tab=1",)"
      R"("labels":{"alertname":"PAR_90","severity":"warning","tenant":"a"},"startsAt":"2026-11-21T00:00:00Z"})");
  EXPECT_EQ(AlertsUrl("http://am:9093/prefix/"), "http://am:9093/prefix/api/v2/alerts");
}

SlackConfig SlackWith(std::map<std::string, std::string> mention = {}) {
  SlackConfig config;
  config.mention = std::move(mention);
  return config;
}

TEST(Slack, OneAlert) {
  SlackConfig config = SlackWith({{"critical", "<!here>"}, {"warning", "<@U1>"}});
  config.channel = "#risk";
  EXPECT_EQ(
      *SlackPayload(MakeNotification({Par90()}), config),
      R"({"channel":"#risk","text":"<!here> 🔴 *CRITICAL* PAR_90 (site=demo) [FIRING:1]","attachments":[{)"
      R"("color":"#d92d20","fallback":"PAR_90 is 5.2 %","blocks":[{"type":"section","text":{"type":"mrkdwn",)"
      R"("text":"*PAR_90 is 5.2 %*\nPortfolio at risk &lt;!channel&gt; &amp; more\n*Value* 5.2 %  ·  *Limit* &gt; 5 %  ·  )"
      R"re(*Since* <!date^1795219200^{date_short_pretty} {time}|2026-11-21 00:00:00 UTC> (1m)"}},)re"
      R"({"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Runbook"},)"
      R"("url":"https://runbooks.example.com/par-90?a=b|c"},{"type":"button","text":{"type":"plain_text","text":"Source"},)"
      R"("url":"http://tocsin:9090/graph?g0.expr=up&g0.tab=1"}]}]}]})");
}

TEST(Slack, ResolvedIsGreenAndCallsNobody) {
  const auto json =
      nlohmann::json::parse(*SlackPayload(MakeNotification({}, {Par90()}), SlackWith({{"critical", "<!here>"}})));
  EXPECT_EQ(json["text"], "✅ *RESOLVED* PAR_90 (site=demo) [RESOLVED:1]");
  EXPECT_EQ(json["attachments"][0]["color"], "#2e9e5b");
  EXPECT_EQ(json["attachments"][0]["blocks"][0]["text"]["text"],
            "*PAR_90 is 5.2 %*\nPortfolio at risk &lt;!channel&gt; &amp; more\n"
            "*Value* 5.2 %  ·  *Limit* &gt; 5 %  ·  *Resolved after* 30s");
}

TEST(Slack, PeopleAreCalledForWhatFiresOnly) {
  const SlackConfig config = SlackWith({{"critical", "<!here>"}});
  Notification critical_resolved = MakeNotification({Plain("a")}, {Par90()});
  EXPECT_FALSE(SlackPayload(critical_resolved, config)->contains("<!here>"));
  Notification update = MakeNotification({Par90()}, {Plain("a")});
  update.reason = NotifyReason::some_resolved;
  EXPECT_FALSE(SlackPayload(update, config)->contains("<!here>"));
  update.reason = NotifyReason::repeat;
  EXPECT_TRUE(SlackPayload(update, config)->contains("<!here>"));
}

TEST(Slack, LabelsCannotCallPeopleOrMakeLinks) {
  base::Alert alert = MakeAlert(
      {{"alertname", "<!channel>"}, {"site", "<@U1>"}, {"severity", "<!everyone>"}},
      {{"summary", "<!here> <http://evil|click>"}, {"value", "<!here>"}, {"runbook_url", "javascript:alert(1)"}});
  alert.generator_url = "http://x/?q=<!here>";
  const std::string payload = *SlackPayload(MakeNotification({alert}), SlackWith());
  for (const char* call : {"<!channel", "<!here", "<!everyone", "<@U", "<http", "javascript"}) {
    EXPECT_FALSE(payload.contains(call)) << call << " in " << payload;
  }
}

TEST(Slack, SeveralAlertsUpToFiveWorstFirst) {
  std::vector<base::Alert> alerts;
  for (char tenant = 'a'; tenant < 'h'; ++tenant) alerts.push_back(Plain(std::string(1, tenant)));
  alerts.push_back(Par90());
  const auto json = nlohmann::json::parse(*SlackPayload(MakeNotification(alerts), SlackWith()));
  EXPECT_EQ(json["text"], "🔴 *CRITICAL* PAR_90 [FIRING:8]");
  const auto& blocks = json["attachments"][0]["blocks"];
  ASSERT_EQ(blocks.size(), 7U);
  EXPECT_EQ(
      blocks[0]["text"]["text"],
      "🔴 *PAR_90 is 5.2 %*\nPortfolio at risk &lt;!channel&gt; &amp; more\n*Value* 5.2 %  ·  *Limit* &gt; 5 %  ·  "
      "*Since* <!date^1795219200^{date_short_pretty} {time}|2026-11-21 00:00:00 UTC> (1m)\nseverity=critical, "
      "site=demo\n"
      "<https://runbooks.example.com/par-90?a=b%7Cc|Runbook>  ·  "
      "<http://tocsin:9090/graph?g0.expr=up&amp;g0.tab=1|Source>");
  EXPECT_EQ(blocks[1]["text"]["text"],
            "🟠 *PAR_90*\n*Since* <!date^1795219200^{date_short_pretty} {time}|2026-11-21 00:00:00 UTC> (1m)\n"
            "severity=warning, tenant=a\n<http://tocsin:9090/graph?g0.expr=up&amp;g0.tab=1|Source>");
  EXPECT_EQ(blocks[5]["elements"][0]["text"], "… +3 more");
  EXPECT_EQ(blocks[6]["elements"][1]["url"], "http://tocsin:9093/#/alerts?receiver=ops");
}

TEST(Slack, StaysWithinTheLimits) {
  const std::string long_text = base::ReplaceAll(std::string(4000, 'x'), "xx", "&ä");
  std::vector<base::Alert> alerts;
  for (int i = 0; i < 60; ++i) {
    alerts.push_back(
        MakeAlert({{"alertname", long_text}, {"severity", long_text}, {"n", std::to_string(i) + long_text}},
                  {{"summary", long_text},
                   {"description", "d" + long_text},
                   {"value", long_text},
                   {"limit", long_text},
                   {"runbook_url", "http://x/" + std::string(2900, 'y')}}));
  }
  const auto json = nlohmann::json::parse(*SlackPayload(MakeNotification(alerts), SlackWith()));
  size_t total = base::Utf8Length(json["text"].get<std::string>());
  const auto& blocks = json["attachments"][0]["blocks"];
  EXPECT_LE(blocks.size(), 50U);
  for (const auto& block : blocks) {
    if (block["type"] != "section") continue;
    const size_t length = base::Utf8Length(block["text"]["text"].get<std::string>());
    EXPECT_LE(length, 3000U);
    total += length;
  }
  EXPECT_LE(total, 12'000U);
  EXPECT_GT(total, 5'000U);
}

TEST(Slack, ConfiguredTextsReplaceParts) {
  SlackConfig config = SlackWith();
  config.title = MessageText{"Risk & more"};
  config.title_link = MessageText{"https://risk.example.com"};
  config.text = MessageText{"see *there*"};
  config.color = MessageText{"warning"};
  config.footer = MessageText{"tocsin"};
  const auto json = nlohmann::json::parse(*SlackPayload(MakeNotification({Par90()}), config));
  EXPECT_EQ(json["text"], "<https://risk.example.com|Risk &amp; more>");
  EXPECT_EQ(json["attachments"][0]["color"], "warning");
  EXPECT_EQ(json["attachments"][0]["blocks"][0]["text"]["text"], "see *there*");
  EXPECT_EQ(json["attachments"][0]["blocks"][2]["elements"][0]["text"], "tocsin");
}

TEST(Slack, NothingBelowTheFirstLineLeavesTheAttachmentOut) {
  SlackConfig config = SlackWith();
  config.text = MessageText{""};
  base::Alert alert = Plain("a");
  alert.generator_url = "";
  EXPECT_EQ(*SlackPayload(MakeNotification({alert}), config),
            R"({"text":"🟠 *WARNING* PAR_90 (tenant=a) [FIRING:1]"})");
}

struct EscapeCase {
  const char* text;
  size_t limit;
  const char* want;
};

TEST(Slack, Escapes) {
  const EscapeCase cases[] = {{"a<b>&c", 100, "a&lt;b&gt;&amp;c"},
                              {"abc", 3, "abc"},
                              {"abcd", 3, "ab…"},
                              {"a&b", 6, "a…"},
                              {"a&", 6, "a&amp;"},
                              {"äöü", 2, "ä…"},
                              {"", 5, ""}};
  for (const EscapeCase& c : cases) EXPECT_EQ(EscapeSlack(c.text, c.limit), c.want) << c.text;
}

struct SlackAnswer {
  int status;
  const char* body;
  Outcome want;
};

TEST(Slack, ReadsTheAnswer) {
  const SlackAnswer cases[] = {
      {200, "ok", Outcome::Delivered()},
      {200, "ok\n", Outcome::Delivered()},
      {200, R"({"ok":true})", Outcome::Delivered()},
      {200, R"({"ok":false,"error":"channel_not_found"})",
       Outcome::Failed(R"(Slack refused the message: {"ok":false,"error":"channel_not_found"})", "clientError")},
      {200, "invalid_payload", Outcome::Failed("Slack refused the message: invalid_payload", "clientError")},
      {404, "no_service", Outcome::Failed("HTTP status 404 Not Found: no_service", "clientError")},
  };
  SlackConfig config = SlackWith();
  config.api_url.value = "https://hooks.slack.test/services/T/B/secret";
  const auto slack = MakeSlack(config, {});
  for (const SlackAnswer& c : cases) {
    SCOPED_TRACE(c.body);
    FakeTransport transport;
    transport.Script({base::HttpClientResponse{c.status, {}, c.body}});
    EXPECT_EQ(slack->Send(MakeNotification({Par90()}), {transport, At(0), std::chrono::seconds(5), {}}), c.want);
    EXPECT_TRUE(transport.requests()[0].secret_url);
    EXPECT_EQ(transport.requests()[0].timeout, std::chrono::seconds(5));
  }
}

EmailConfig MailTo(const std::string& to) {
  EmailConfig config;
  config.from = "tocsin <tocsin@example.com>";
  config.to = to;
  config.smarthost = "mail.example.com:587";
  return config;
}

TEST(Email, TheWholeMail) {
  EmailConfig config = MailTo("\"B, C\" <b@example.com>, Jörg <j@example.com>");
  config.html = MessageText{""};
  config.headers = {{"X-Team", {"Risiko ü"}}, {"subject", {"PAR_90"}}};
  const auto mail = BuildMail(MakeNotification({Par90()}), config);
  ASSERT_TRUE(mail) << mail.error().message;
  EXPECT_EQ(mail->from, "tocsin@example.com");
  EXPECT_EQ(mail->recipients, (std::vector<std::string>{"b@example.com", "j@example.com"}));
  EXPECT_EQ(base::ReplaceAll(mail->message, "\r\n", "\n"), R"(From: "tocsin" <tocsin@example.com>
To: "B, C" <b@example.com>, =?UTF-8?B?SsO2cmc=?= <j@example.com>
Subject: PAR_90
Date: Sat, 21 Nov 2026 00:01:00 +0000
Message-ID: <1795219260000.bd7a8b342de711c0@example.com>
In-Reply-To: <alert-1cb5111cf058e6d3-2026-11-21@example.com>
References: <alert-1cb5111cf058e6d3-2026-11-21@example.com>
Auto-Submitted: auto-generated
X-Team: =?UTF-8?B?UmlzaWtvIMO8?=
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_bd7a8b342de711c0"

--=_bd7a8b342de711c0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: quoted-printable

CRITICAL PAR_90 (site=3Ddemo) [FIRING:1]

[firing] PAR_90 is 5.2 %
Portfolio at risk <!channel> & more
  Value: 5.2 %
  Limit: > 5 %
  Since: 2026-11-21 00:00:00 UTC
  For: 1m
  Runbook: https://runbooks.example.com/par-90?a=3Db|c
  Source: http://tocsin:9090/graph?g0.expr=3Dup&g0.tab=3D1

Labels: alertname=3DPAR_90, severity=3Dcritical, site=3Ddemo
Alerts: http://tocsin:9093/#/alerts?receiver=3Dops

--=_bd7a8b342de711c0--
)");
}

std::string Header(const std::string& message, const std::string& name) {
  const size_t at = message.find("\r\n" + name + ": ");
  if (at == std::string::npos || at > message.find("\r\n\r\n")) return "";
  const size_t start = at + name.size() + 4;
  return message.substr(start, message.find("\r\n", start) - start);
}

TEST(Email, SubjectsSayHowItStands) {
  const EmailConfig config = MailTo("a@example.com");
  EXPECT_EQ(Header(BuildMail(MakeNotification({Par90()}, {Plain("a")}), config)->message, "Subject"),
            "[FIRING:1, RESOLVED:1] CRITICAL PAR_90");
  EXPECT_EQ(Header(BuildMail(MakeNotification({}, {Par90()}), config)->message, "Subject"),
            "[RESOLVED:1] PAR_90 (site=demo)");
}

TEST(Email, AThreadIsAGroupsDay) {
  EmailConfig config = MailTo("a@example.com");
  Notification notification = MakeNotification({Par90()});
  const auto root = [&] { return Header(BuildMail(notification, config)->message, "References"); };
  const std::string first = root();
  notification.now += std::chrono::hours(5);
  EXPECT_EQ(root(), first);
  notification.now += std::chrono::hours(24);
  EXPECT_NE(root(), first);
  config.thread_by_date = false;
  EXPECT_EQ(root(), "<alert-1cb5111cf058e6d3@example.com>");
  config.threading = false;
  EXPECT_EQ(root(), "");
}

TEST(Email, AlertsCannotWriteHeadersOrHtml) {
  const base::Alert alert =
      MakeAlert({{"alertname", "A\r\nBcc: evil@example.com"}, {"site", "<script>"}},
                {{"summary", "<img src=x onerror=alert(1)>"}, {"runbook_url", "javascript:alert(1)"}});
  const Notification notification = MakeNotification({alert});
  const std::string message = BuildMail(notification, MailTo("a@example.com"))->message;
  EXPECT_EQ(Header(message, "Subject"), "[FIRING:1] FIRING A  Bcc: evil@example.com (site=<script>)");
  EXPECT_EQ(Header(message, "Bcc"), "");
  const std::string html = MailHtml(notification);
  EXPECT_FALSE(html.contains("<script")) << html;
  EXPECT_FALSE(html.contains("<img")) << html;
  EXPECT_FALSE(html.contains("javascript")) << html;
  EXPECT_TRUE(html.contains("&lt;img src=x onerror=alert(1)&gt;")) << html;
}

TEST(Email, ALongListIsCut) {
  std::vector<base::Alert> alerts;
  for (int i = 0; i < 60; ++i) alerts.push_back(Plain(std::to_string(i)));
  EXPECT_TRUE(MailText(MakeNotification(alerts)).contains("... and 10 more"));
  EXPECT_TRUE(MailHtml(MakeNotification(alerts)).contains("… and 10 more"));
}

TEST(Email, BadAddressesFailForGood) {
  const auto mail = BuildMail(MakeNotification({Par90()}), MailTo("a@example.com\r\nBcc: b@example.com"));
  ASSERT_FALSE(mail);
  EXPECT_EQ(mail.error().message, "a mail address must not hold control characters");
}

TEST(Email, HandsItsSettingsToTheServer) {
  EmailConfig config = MailTo("a@example.com");
  config.auth_username = "tocsin";
  config.auth_secret.value = "s3cret";
  config.hello = "tocsin.example.com";
  struct Case {
    const char* smarthost;
    std::optional<bool> implicit;
    std::optional<bool> require;
    bool want_implicit;
    bool want_starttls;
  };
  const Case cases[] = {{"h:587", {}, {}, false, true},
                        {"h:465", {}, {}, true, false},
                        {"h:465", false, {}, false, true},
                        {"h:25", {}, false, false, false}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.smarthost);
    config.smarthost = c.smarthost;
    config.force_implicit_tls = c.implicit;
    config.require_tls = c.require;
    FakeTransport transport;
    EXPECT_EQ(
        MakeEmail(config, {})->Send(MakeNotification({Par90()}), {transport, At(0), std::chrono::seconds(60), {}}),
        Outcome::Delivered());
    const base::MailAttempt mail = transport.mails()[0];
    EXPECT_EQ(mail.implicit_tls, c.want_implicit);
    EXPECT_EQ(mail.require_starttls, c.want_starttls);
    EXPECT_EQ(mail.login_options, "AUTH=CRAM-MD5");
    EXPECT_EQ(mail.password, "s3cret");
    EXPECT_EQ(mail.hello, "tocsin.example.com");
  }
}

TEST(Email, TemporaryRefusalsAreTriedAgain) {
  FakeTransport transport;
  transport.ScriptMail({base::Unavailable("451 later"), base::Invalid("550 no such user"), base::Result<void>()});
  const auto email = MakeEmail(MailTo("a@example.com"), {});
  const SendContext context{transport, At(0), std::chrono::seconds(60), {}};
  const Notification notification = MakeNotification({Par90()});
  EXPECT_EQ(email->Send(notification, context), Outcome::Retry("451 later", "other"));
  EXPECT_EQ(email->Send(notification, context), Outcome::Failed("550 no such user", "clientError"));
  EXPECT_EQ(email->Send(notification, context), Outcome::Delivered());
  EXPECT_EQ(transport.mails()[0].message, transport.mails()[2].message) << "the same mail, its Message-ID too";
}

TEST(Mime, Headers) {
  EXPECT_EQ(EncodeHeader("plain text"), "plain text");
  EXPECT_EQ(EncodeHeader("a\r\nb"), "a  b");
  EXPECT_EQ(EncodeHeader("ä"), "=?UTF-8?B?w6Q=?=");
  EXPECT_EQ(EncodeHeader("=?x?="), "=?UTF-8?B?PT94Pz0=?=");
  const std::string longer = EncodeHeader(base::ReplaceAll(std::string(100, 'x'), "x", "ä"));
  for (const std::string_view line : base::Split(longer, '\n')) EXPECT_LE(line.size(), 77U);
  EXPECT_TRUE(longer.starts_with("=?UTF-8?B?w6TDpMOk")) << "characters stay whole";
}

TEST(Mime, QuotedPrintable) {
  EXPECT_EQ(QuotedPrintable("a=b\nc \r\n\td\t"), "a=3Db\r\nc=20\r\n\td=09");
  EXPECT_EQ(QuotedPrintable("ä\r"), "=C3=A4=0D");
  const std::string longer = QuotedPrintable(std::string(200, 'x') + "ä");
  for (const std::string_view line : base::Split(longer, '\n')) EXPECT_LE(line.size(), 77U);
  EXPECT_EQ(base::ReplaceAll(longer, "=\r\n", ""), std::string(200, 'x') + "=C3=A4");
}

struct AddressCase {
  const char* text;
  std::vector<MailAddress> want;  // empty: refused
};

TEST(MailAddress, Table) {
  const AddressCase cases[] = {
      {"a@b", {{"", "a@b"}}},
      {" a@b , c@d ", {{"", "a@b"}, {"", "c@d"}}},
      {"X Y <x@y.z>", {{"X Y", "x@y.z"}}},
      {"\"Y, X\" <x@y.z>,a@b", {{"Y, X", "x@y.z"}, {"", "a@b"}}},
      {"", {}},
      {"a", {}},
      {"a@", {}},
      {"@b", {}},
      {"a@b,", {}},
      {"<a@b", {}},
      {"a b@c", {}},
      {"a@b@c", {}},
      {"a@b\n", {}},
      {"x>a@b>", {}},
  };
  for (const AddressCase& c : cases) {
    const auto addresses = ParseMailAddresses(c.text);
    EXPECT_EQ(addresses.value_or(std::vector<MailAddress>()), c.want) << c.text;
  }
}

base::Alert LostDatabase() {
  return MakeAlert(
      {{"alertname", "SourceLost"},
       {"instance", "app:9187"},
       {"job", "tocsin"},
       {"kind", "database"},
       {"severity", "critical"}},
      {{"source", "database main at app:9187"},
       {"summary", "database main at app:9187 unreachable"},
       {"description", "Check that the server runs."},
       {"affected", "PAR_90 {segment=all}: last known 5.8 % at 00:00\nDatabaseConnections: last known 91 %\n"}});
}

TEST(SourceLost, SlackNeverSaysResolved) {
  const std::string lost = *SlackPayload(MakeNotification({LostDatabase()}), SlackWith({{"critical", "<!here>"}}));
  EXPECT_EQ(nlohmann::json::parse(lost)["text"],
            "<!here> 🔌 *SOURCE LOST* database main at app:9187 unreachable since 00:00 UTC");
  EXPECT_NE(lost.find("Kept in their last known state:\\n• PAR_90 {segment=all}: last known 5.8 % at 00:00\\n"
                      "• DatabaseConnections: last known 91 %"),
            std::string::npos)
      << lost;
  const std::string back = *SlackPayload(MakeNotification({}, {LostDatabase()}), SlackWith());
  EXPECT_EQ(nlohmann::json::parse(back)["text"], "🔌 *SOURCE BACK* database main at app:9187 after 30s");
  EXPECT_NE(back.find("*Back after* 30s"), std::string::npos) << back;
  for (const std::string& text : {lost, back})
    EXPECT_EQ(base::ToLower(text).find("resolved"), std::string::npos) << text;
}

TEST(SourceLost, MailNeverSaysResolved) {
  EmailConfig config;
  config.from = "tocsin@example.com";
  config.to = "ops@example.com";
  const Notification lost = MakeNotification({LostDatabase()});
  const Notification back = MakeNotification({}, {LostDatabase()});
  EXPECT_TRUE(
      MailText(lost).starts_with("SOURCE LOST database main at app:9187 unreachable since 00:00 UTC\n\n[lost] database "
                                 "main at app:9187 unreachable\n"
                                 "Check that the server runs.\n"))
      << MailText(lost);
  EXPECT_NE(
      MailText(lost).find("  Kept in their last known state:\n    - PAR_90 {segment=all}: last known 5.8 % at 00:00\n"),
      std::string::npos);
  EXPECT_TRUE(MailText(back).starts_with("SOURCE BACK database main at app:9187 after 30s\n\n[back] "))
      << MailText(back);
  for (const std::string& text : {MailText(lost), MailText(back), MailHtml(lost), MailHtml(back),
                                  BuildMail(lost, config)->message, BuildMail(back, config)->message}) {
    EXPECT_EQ(base::ToLower(text).find("resolved"), std::string::npos) << text;
  }
}

TEST(SourceLost, WithoutAnnotationsTheLabelsSayWhatIsLost) {
  base::Alert alert = LostDatabase();
  alert.annotations = {};
  EXPECT_EQ(MakeHeadline(MakeNotification({alert})).name, "database at app:9187 unreachable since 00:00 UTC");
}

// An alert that is kept without data goes on firing; messages say that its value is old.
TEST(SourceLost, AKeptAlertIsMarkedAsNotCurrent) {
  const base::Alert kept = MakeAlert({{"alertname", "PAR_90"}, {"severity", "critical"}},
                                     {{"no_data", "last known 5.8% at 00:00; source lost: database main"}});
  const std::string slack = *SlackPayload(MakeNotification({kept}), SlackWith());
  EXPECT_NE(slack.find("🔌 *Not current*: last known 5.8% at 00:00; source lost: database main"), std::string::npos)
      << slack;
  const std::string mail = MailText(MakeNotification({kept}));
  EXPECT_NE(mail.find("  Not current: last known 5.8% at 00:00; source lost: database main\n"), std::string::npos)
      << mail;
  EXPECT_EQ(MailText(MakeNotification({}, {kept})).find("Not current"), std::string::npos);
}

TEST(SourceLost, AnAlertOfThatNameWithoutAKindIsAnyAlert) {
  EXPECT_EQ(MakeHeadline(MakeNotification({MakeAlert({{"alertname", "SourceLost"}})})).status, "FIRING");
}

}  // namespace
}  // namespace alertmanager
