#include "alertmanager/notify/slack.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "alertmanager/json_labels.h"
#include "alertmanager/notify/http_send.h"
#include "alertmanager/notify/message_text.h"
#include "base/net/web_address.h"
#include "base/text.h"

// Limits of Slack: 3000 characters in a section, 10 elements in a context, 75 in a button, and (not documented) about
// 13,200 over all blocks. The first line, five alerts, "more" and the footer stay below 12,000 together.

namespace alertmanager {
namespace {

constexpr size_t kShownAlerts = 5;
constexpr size_t kFirstLineLimit = 700;
constexpr size_t kSummaryLimit = 800;
constexpr size_t kDescriptionLimit = 600;
constexpr size_t kShortLimit = 150;
constexpr size_t kLabelsLimit = 300;
constexpr size_t kFooterLimit = 300;
constexpr size_t kSectionLimit = 3000;

// <url|label>, or "" for what is no web address. A bar or an angle would end the link.
std::string Link(std::string_view url, std::string_view label) {
  if (!base::IsWebUrl(url) || url.size() > 500) return {};
  const std::string safe = base::ReplaceAll(EscapeSlack(url, kSectionLimit), "|", "%7C");
  return fmt::format("<{}|{}>", safe, label);
}

std::string Since(const NotifiedAlert& notified, const AlertText& text) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(notified.alert.starts_at.time_since_epoch()).count();
  return fmt::format("<!date^{}^{{date_short_pretty}} {{time}}|{}>", seconds, text.since);
}

void AddPart(std::string& line, std::string_view part) {
  if (part.empty()) return;
  if (!line.empty()) line += "  ·  ";
  line += part;
}

// One alert's lines. `alone`: its links are buttons below, its name stands in the first line.
std::string AlertSection(const NotifiedAlert& notified, const Notification& notification, bool alone) {
  const AlertText text = Describe(notified, notification);
  std::string section = alone ? "" : text.icon + " ";
  section += "*" + EscapeSlack(text.summary, kSummaryLimit) + "*";
  if (!text.description.empty()) section += "\n" + EscapeSlack(text.description, kDescriptionLimit);
  if (!text.not_current.empty()) section += "\n🔌 *Not current*: " + EscapeSlack(text.not_current, kDescriptionLimit);
  std::string facts;
  if (!text.value.empty()) AddPart(facts, "*Value* " + EscapeSlack(text.value, kShortLimit));
  if (!text.limit.empty()) AddPart(facts, "*Limit* " + EscapeSlack(text.limit, kShortLimit));
  AddPart(facts, text.resolved ? fmt::format("*{}* {}", text.ended, text.duration)
                               : fmt::format("*Since* {} ({})", Since(notified, text), text.duration));
  section += "\n" + facts;
  if (!text.affected.empty()) {
    section += text.resolved ? "\nJudged on current values again:" : "\nKept in their last known state:";
    for (const std::string& line : text.affected) section += "\n• " + EscapeSlack(line, kShortLimit);
  }
  if (!text.own_labels.empty()) section += "\n" + EscapeSlack(text.own_labels, kLabelsLimit);
  if (alone) return section;
  std::string links = Link(text.runbook_url, "Runbook");
  AddPart(links, Link(text.source_url, "Source"));
  if (!links.empty()) section += "\n" + links;
  return section;
}

void WriteText(std::string_view type, std::string_view text, base::JsonWriter& out) {
  out.BeginObject();
  WriteMember("type", type, out);
  WriteMember("text", text, out);
  out.EndObject();
}

void WriteSection(std::string_view text, base::JsonWriter& out) {
  out.BeginObject();
  WriteMember("type", "section", out);
  WriteText("mrkdwn", text, out.Key("text"));
  out.EndObject();
}

void WriteContext(std::string_view text, base::JsonWriter& out) {
  out.BeginObject();
  WriteMember("type", "context", out);
  out.Key("elements").BeginArray();
  WriteText("mrkdwn", text, out);
  out.EndArray().EndObject();
}

struct Button {
  std::string label;
  std::string url;
};

void WriteButtons(const std::vector<Button>& buttons, base::JsonWriter& out) {
  if (buttons.empty()) return;
  out.BeginObject();
  WriteMember("type", "actions", out);
  out.Key("elements").BeginArray();
  for (const Button& button : buttons) {
    out.BeginObject();
    WriteMember("type", "button", out);
    WriteText("plain_text", button.label, out.Key("text"));
    WriteMember("url", button.url, out);
    out.EndObject();
  }
  out.EndArray().EndObject();
}

// Links that hold for every alert shown.
std::vector<Button> CommonButtons(const Notification& notification) {
  std::set<std::string> runbooks;
  std::set<std::string> sources;
  for (const NotifiedAlert& alert : notification.alerts) {
    const AlertText text = Describe(alert, notification);
    runbooks.insert(text.runbook_url);
    sources.insert(text.source_url);
  }
  std::vector<Button> buttons;
  if (runbooks.size() == 1 && !runbooks.begin()->empty()) buttons.push_back({"Runbook", *runbooks.begin()});
  if (sources.size() == 1 && !sources.begin()->empty()) buttons.push_back({"Source", *sources.begin()});
  const std::string page = AlertsPage(notification);
  if (notification.alerts.size() > kShownAlerts && base::IsWebUrl(page)) buttons.push_back({"All alerts", page});
  return buttons;
}

// People are called for what fires, not for what got well.
std::string Mentions(const Notification& notification, const SlackConfig& config) {
  if (notification.reason == NotifyReason::some_resolved) return {};
  std::string mentions;
  for (const auto& [severity, mention] : config.mention) {
    const bool fires = std::ranges::any_of(notification.alerts, [&](const NotifiedAlert& alert) {
      return !alert.resolved && alert.alert.labels.Get("severity") == severity;
    });
    if (fires) mentions += mention + " ";
  }
  return mentions;
}

base::Result<std::string> FirstLine(const Notification& notification, const SlackConfig& config,
                                    const Headline& headline) {
  std::string link;
  if (config.title_link) {
    TRY(link, RenderText(*config.title_link, notification));
  }
  std::string line;
  if (config.title) {
    TRY(const std::string title, RenderText(*config.title, notification));
    line = EscapeSlack(title, kFirstLineLimit);
  } else {
    line = EscapeSlack(headline.name, kShortLimit);
  }
  if (const std::string linked = Link(link, line); !linked.empty()) line = linked;
  if (config.title) return Mentions(notification, config) + line;
  line = fmt::format("{} *{}* {}", headline.icon, EscapeSlack(headline.status, kShortLimit), line);
  if (!headline.place.empty()) line += " (" + EscapeSlack(headline.place, kLabelsLimit) + ")";
  if (!headline.counts.empty()) line += " [" + headline.counts + "]";
  return Mentions(notification, config) + line;
}

// What a phone's notification shows of the attachment.
std::string Fallback(const Notification& notification) {
  if (notification.alerts.empty()) return {};
  const AlertText text = Describe(*ByImportance(notification).front(), notification);
  return EscapeSlack(text.summary, kShortLimit);
}

void WriteAlerts(const Notification& notification, base::JsonWriter& out) {
  const std::vector<const NotifiedAlert*> alerts = ByImportance(notification);
  const bool alone = alerts.size() == 1;
  for (size_t i = 0; i < std::min(alerts.size(), kShownAlerts); ++i) {
    WriteSection(AlertSection(*alerts[i], notification, alone), out);
  }
  if (alerts.size() <= kShownAlerts) return;
  WriteContext(fmt::format("… +{} more", alerts.size() - kShownAlerts), out);
}

base::Result<std::string> Blocks(const Notification& notification, const SlackConfig& config) {
  base::JsonWriter out;
  out.BeginArray();
  if (config.text) {
    TRY(const std::string text, RenderText(*config.text, notification));
    if (!text.empty()) WriteSection(Shortened(text, kSectionLimit), out);
  } else {
    WriteAlerts(notification, out);
  }
  WriteButtons(CommonButtons(notification), out);
  if (config.footer) {
    TRY(const std::string footer, RenderText(*config.footer, notification));
    if (!footer.empty()) WriteContext(EscapeSlack(footer, kFooterLimit), out);
  }
  out.EndArray();
  return std::move(out).Take();
}

class Slack : public Integration {
 public:
  Slack(const SlackConfig& config, const GlobalConfig& global)
      : config_(config), http_(config.http.value_or(global.http)) {}

  Outcome Send(const Notification& notification, const SendContext& context) const override {
    const auto url = config_.api_url.Read();
    if (!url) return Outcome::Failed(url.error().message);
    auto payload = SlackPayload(notification, config_);
    if (!payload) return Outcome::Failed(payload.error().message);
    std::string answer;
    Outcome outcome = PostJson(
        {.url = *url, .url_is_secret = true, .body = std::move(*payload), .http = &http_, .timeout = config_.timeout},
        context, &answer);
    if (outcome.kind != Outcome::Kind::delivered || Accepted(answer)) return outcome;
    return Outcome::Failed("Slack refused the message: " + Excerpt(answer), "clientError");
  }

 private:
  // Slack says what is wrong in the body of a 200.
  static bool Accepted(std::string_view answer) {
    if (base::Trim(answer) == "ok") return true;
    const nlohmann::json json = nlohmann::json::parse(answer, nullptr, false);
    return json.is_object() && json.contains("ok") && json["ok"] == true;
  }

  SlackConfig config_;
  HttpOptions http_;
};

}  // namespace

std::string EscapeSlack(std::string_view text, size_t limit) {
  const auto replacement = [](char c) -> std::string_view {
    return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : "";
  };
  std::string escaped;
  size_t length = 0;
  while (!text.empty()) {
    const std::string_view character = base::Utf8Prefix(text, 1);
    const std::string_view entity = replacement(text.front());
    const size_t grows = entity.empty() ? 1 : entity.size();
    // room for the "…" unless this is the end
    if (length + grows + (character.size() < text.size() ? 1 : 0) > limit) return escaped + "…";
    escaped += entity.empty() ? character : entity;
    length += grows;
    text.remove_prefix(std::max<size_t>(character.size(), 1));
  }
  return escaped;
}

base::Result<std::string> SlackPayload(const Notification& notification, const SlackConfig& config) {
  const Headline headline = MakeHeadline(notification);
  TRY(const std::string first_line, FirstLine(notification, config, headline));
  TRY(const std::string blocks, Blocks(notification, config));
  std::string color = headline.color;
  if (config.color) {
    TRY(color, RenderText(*config.color, notification));
  }
  base::JsonWriter out;
  out.BeginObject();
  const auto optional = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) WriteMember(key, value, out);
  };
  optional("channel", config.channel);
  optional("username", config.username);
  optional("icon_emoji", config.icon_emoji);
  optional("icon_url", config.icon_url);
  if (config.link_names) out.Key("link_names").Bool(true);
  WriteMember("text", first_line, out);
  // Slack refuses an attachment without blocks
  if (blocks != "[]") {
    out.Key("attachments").BeginArray().BeginObject();
    WriteMember("color", color, out);
    WriteMember("fallback", Fallback(notification), out);
    out.Key("blocks").Raw(blocks);
    out.EndObject().EndArray();
  }
  out.EndObject();
  return std::move(out).Take();
}

std::shared_ptr<const Integration> MakeSlack(const SlackConfig& config, const GlobalConfig& global) {
  return std::make_shared<Slack>(config, global);
}

}  // namespace alertmanager
