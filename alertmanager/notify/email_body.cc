#include <fmt/format.h>

#include <algorithm>

#include "alertmanager/notify/email.h"
#include "alertmanager/notify/message_text.h"
#include "base/net/web_address.h"
#include "base/text.h"

// What stands in a mail: the alerts as text and as an HTML card. Mail programs know little CSS and drop style sheets,
// so every style stands in its element; tables keep the layout where nothing else works; the width gives way on phones.

namespace alertmanager {
namespace {

constexpr size_t kShownAlerts = 50;

constexpr std::string_view kFont = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

std::string Title(const Headline& headline) {
  std::string title = fmt::format("{} {}", headline.status, headline.name);
  if (!headline.place.empty()) title += " (" + headline.place + ")";
  return title;
}

struct Fact {
  std::string name;
  std::string value;
};

std::vector<Fact> Facts(const AlertText& text) {
  std::vector<Fact> facts = {{"Not current", text.not_current},
                             {"Value", text.value},
                             {"Limit", text.limit},
                             {"Since", text.since},
                             {text.resolved ? text.ended : "For", text.duration},
                             {"Labels", text.own_labels}};
  std::erase_if(facts, [](const Fact& fact) { return fact.value.empty(); });
  return facts;
}

std::string_view AffectedTitle(const AlertText& text) {
  return text.resolved ? "Judged on current values again" : "Kept in their last known state";
}

void AddTextAlert(const AlertText& text, std::string& out) {
  out += fmt::format("[{}] {}\n", text.state, text.summary);
  if (!text.description.empty()) out += text.description + "\n";
  for (const Fact& fact : Facts(text)) out += fmt::format("  {}: {}\n", fact.name, fact.value);
  if (!text.affected.empty()) out += fmt::format("  {}:\n", AffectedTitle(text));
  for (const std::string& line : text.affected) out += "    - " + line + "\n";
  if (!text.runbook_url.empty()) out += "  Runbook: " + text.runbook_url + "\n";
  if (!text.source_url.empty()) out += "  Source: " + text.source_url + "\n";
  out += "\n";
}

std::string CommonLabelsText(const Notification& notification) {
  std::string text;
  for (const base::Label& label : notification.CommonLabels()) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", label.name, label.value);
  }
  return text;
}

std::string ButtonHtml(std::string_view url, std::string_view label, std::string_view color) {
  if (url.empty()) return {};
  return fmt::format(
      R"(<a href="{}" style="display:inline-block;margin:12px 8px 0 0;padding:8px 14px;border-radius:6px;background:{};)"
      R"(color:#ffffff;text-decoration:none;font-size:14px">{}</a>)",
      base::EscapeHtml(url), color, label);
}

void AddHtmlAlert(const AlertText& text, std::string& out) {
  out += fmt::format(R"(<tr><td style="padding:16px 20px;border-top:1px solid #e5e7eb;border-left:4px solid {}">)",
                     text.color);
  out += fmt::format(R"(<div style="font-size:16px;font-weight:600;color:#111827">{}{}</div>)",
                     text.resolved ? text.icon + " " : "", base::EscapeHtml(text.summary));
  if (!text.description.empty()) {
    out += fmt::format(R"(<div style="margin-top:4px;font-size:14px;color:#374151">{}</div>)",
                       base::ReplaceAll(base::EscapeHtml(text.description), "\n", "<br>"));
  }
  out += R"(<table role="presentation" cellpadding="0" cellspacing="0" style="margin-top:8px;font-size:14px">)";
  for (const Fact& fact : Facts(text)) {
    out += fmt::format(
        R"(<tr><td style="padding:2px 12px 2px 0;color:#6b7280;white-space:nowrap;vertical-align:top">{}</td>)"
        R"(<td style="padding:2px 0;color:#111827;word-break:break-word">{}</td></tr>)",
        fact.name, base::EscapeHtml(fact.value));
  }
  out += "</table>";
  if (!text.affected.empty()) {
    out += fmt::format(R"(<div style="margin-top:8px;font-size:14px;color:#374151">{}:</div><ul style="margin:4px 0">)",
                       AffectedTitle(text));
    for (const std::string& line : text.affected) out += "<li>" + base::EscapeHtml(line) + "</li>";
    out += "</ul>";
  }
  out += ButtonHtml(text.runbook_url, "Runbook", "#1f4ed8");
  out += ButtonHtml(text.source_url, "Source", "#4b5563");
  out += "</td></tr>\n";
}

}  // namespace

std::string MailText(const Notification& notification) {
  const Headline headline = MakeHeadline(notification);
  std::string out = Title(headline) + (headline.counts.empty() ? "" : " [" + headline.counts + "]") + "\n\n";
  const std::vector<const NotifiedAlert*> alerts = ByImportance(notification);
  for (size_t i = 0; i < std::min(alerts.size(), kShownAlerts); ++i) {
    AddTextAlert(Describe(*alerts[i], notification), out);
  }
  if (alerts.size() > kShownAlerts) out += fmt::format("... and {} more\n\n", alerts.size() - kShownAlerts);
  if (const std::string common = CommonLabelsText(notification); !common.empty()) out += "Labels: " + common + "\n";
  if (const std::string page = AlertsPage(notification); !page.empty()) out += "Alerts: " + page + "\n";
  return out;
}

std::string MailHtml(const Notification& notification) {
  const Headline headline = MakeHeadline(notification);
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{0}</title></head>\n"
      "<body style=\"margin:0;padding:16px;background:#f3f4f6;{1}\">\n"
      "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
      "style=\"max-width:640px;margin:0 "
      "auto;background:#ffffff;border-radius:8px;overflow:hidden;border-collapse:separate\">\n"
      "<tr><td style=\"padding:18px 20px;background:{2};color:#ffffff;font-size:18px;font-weight:700\">{0}"
      "<div style=\"margin-top:4px;font-size:13px;font-weight:400\">{3}</div></td></tr>\n",
      base::EscapeHtml(Title(headline)), kFont, headline.color, headline.counts);
  const std::vector<const NotifiedAlert*> alerts = ByImportance(notification);
  for (size_t i = 0; i < std::min(alerts.size(), kShownAlerts); ++i) {
    AddHtmlAlert(Describe(*alerts[i], notification), out);
  }
  out += R"(<tr><td style="padding:14px 20px;border-top:1px solid #e5e7eb;font-size:12px;color:#6b7280">)";
  if (alerts.size() > kShownAlerts) out += fmt::format("… and {} more<br>", alerts.size() - kShownAlerts);
  out += base::EscapeHtml(CommonLabelsText(notification));
  if (const std::string page = AlertsPage(notification); base::IsWebUrl(page)) {
    out += fmt::format(R"(<br><a href="{}" style="color:#1f4ed8">All alerts of this receiver</a>)",
                       base::EscapeHtml(page));
  }
  return out + "</td></tr>\n</table>\n</body></html>\n";
}

}  // namespace alertmanager
