#include "rules/pages/page_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/net/web_address.h"
#include "base/text.h"
#include "rules/no_data/keep.h"

namespace rules {

std::string ExpressionPath(std::string_view expression) {
  return fmt::format("/graph?g0.expr={}&g0.tab=1", base::EscapeUrlQuery(expression));
}

std::string LabelsHtml(const base::Labels& labels) {
  return fmt::format("<code>{}</code>", base::EscapeHtml(labels.ToString()));
}

std::string SinceHtml(base::Timestamp time, base::Timestamp now) {
  return fmt::format("<span class=\"time\">{}</span> ({} ago)", base::FormatTimeForPeople(time),
                     base::FormatDurationForPeople(std::max(now - time, base::Duration(0))));
}

std::string FactHtml(std::string_view name, std::string_view html) {
  if (html.empty()) return "";
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", base::EscapeHtml(name), html);
}

std::string NoDataHtml(const ActiveAlert& alert) {
  if (!alert.no_data) return "";
  return fmt::format("<p class=\"note\">Not current: {}</p>\n",
                     base::EscapeHtml(WithNoData(alert).Get(kNoDataAnnotation)));
}

bool IsRunbook(std::string_view annotation) { return annotation == "runbook" || annotation == "runbook_url"; }

std::string AnnotationsHtml(const base::Labels& annotations) {
  std::string rows;
  for (const base::Label& one : annotations) {
    const bool link = IsRunbook(one.name) || one.name.ends_with("_url");
    rows += FactHtml(one.name, link ? base::ExternalLink(one.value, one.value) : base::EscapeHtml(one.value));
  }
  return rows;
}

}  // namespace rules
