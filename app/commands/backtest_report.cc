#include "app/commands/backtest_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "promql/parser.h"

namespace app {
namespace {

using rules::Firing;
using rules::ReplayedAlert;
using rules::ReplaySummary;

using Cells = std::vector<std::string>;

// Columns two spaces apart; all but the first `left` ones and the last are flushed right where `numbers` says so.
std::string Table(const std::vector<Cells>& rows, std::string_view indent, bool numbers) {
  std::vector<size_t> widths;
  for (const Cells& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], base::Utf8Length(row[i]));
  }
  std::string text;
  for (const Cells& row : rows) {
    std::string line(indent);
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - base::Utf8Length(row[i]), ' ');
      if (i > 0) line += "  ";
      line += numbers && i > 0 ? space : "";
      line += row[i];
      line += numbers && i > 0 ? "" : space;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line;
    text += '\n';
  }
  return text;
}

std::string Percent(double share) {
  if (share > 0 && share < 0.0005) return "<0.1%";
  return fmt::format("{:.1f}%", share * 100);
}

std::string Number(double value) { return fmt::format("{:.6g}", value); }

// "kpi_par_90_percent > 5, for 5m, kept firing for 10m"
std::string RuleText(const rules::Rule& rule) {
  std::string text = promql::ToString(*rule.parsed);
  if (rule.hold.count() > 0) text += fmt::format(", for {}", base::FormatDuration(rule.hold));
  if (rule.keep_firing_for.count() > 0) {
    text += fmt::format(", kept firing for {}", base::FormatDuration(rule.keep_firing_for));
  }
  return text;
}

ReplaySummary SummaryOf(const BacktestCandidate& candidate, const BacktestReport& report) {
  return rules::Summarise(candidate.alerts, candidate.span, report.flap);
}

std::string SummaryTable(const BacktestReport& report) {
  std::vector<Cells> rows = {{"", "fired", "alerts", "total", "share", "longest", "shortest",
                              fmt::format("flaps <{}", base::FormatDuration(report.flap)), "only pending"}};
  for (const BacktestCandidate& candidate : report.candidates) {
    const ReplaySummary summary = SummaryOf(candidate, report);
    const auto length = [&](base::Duration duration) {
      return summary.fired == 0 ? std::string("-") : base::FormatDuration(duration);
    };
    rows.push_back({candidate.title, std::to_string(summary.fired), std::to_string(summary.alerts),
                    length(summary.total), Percent(summary.share),
                    fmt::format("{}{}", length(summary.longest), summary.longest_is_cut ? "+" : ""),
                    summary.shortest ? base::FormatDuration(*summary.shortest) : "-", std::to_string(summary.flaps),
                    std::to_string(summary.only_pending)});
  }
  return Table(rows, "", true);
}

// The labels that tell alerts of one rule apart.
std::string OwnLabels(const base::Labels& labels, const rules::Rule& rule) {
  std::vector<std::string> same = {"alertname"};
  for (const auto& [name, value] : rule.labels) {
    if (labels.Get(name) == value) same.push_back(name);
  }
  const base::Labels own = labels.Drop(same);
  return own.empty() ? "" : own.ToString();
}

std::string Remark(const Firing& firing) {
  if (firing.began_before && firing.ongoing) return "fired before, still firing";
  if (firing.began_before) return "fired before";
  return firing.ongoing ? "still firing" : "";
}

std::vector<std::pair<const ReplayedAlert*, const Firing*>> ByTime(const BacktestCandidate& candidate) {
  std::vector<std::pair<const ReplayedAlert*, const Firing*>> firings;
  for (const ReplayedAlert& alert : candidate.alerts) {
    for (const Firing& firing : alert.firings) firings.emplace_back(&alert, &firing);
  }
  std::ranges::stable_sort(firings, {}, [](const auto& one) { return one.second->start; });
  return firings;
}

std::string FiringsText(const BacktestCandidate& candidate) {
  const auto firings = ByTime(candidate);
  if (firings.empty()) return "  never fired\n";
  std::vector<Cells> rows = {{"from", "to", "duration", "worst", "", ""}};
  for (const auto& [alert, firing] : firings) {
    rows.push_back({base::FormatRfc3339(firing->start), base::FormatRfc3339(firing->end),
                    base::FormatDuration(firing->Length()), Number(firing->worst),
                    OwnLabels(alert->labels, candidate.rule), Remark(*firing)});
  }
  return Table(rows, "  ", false);
}

void WriteFirings(const BacktestCandidate& candidate, base::JsonWriter& json) {
  json.Key("firings").BeginArray();
  for (const auto& [alert, firing] : ByTime(candidate)) {
    json.BeginObject().Key("labels").BeginObject();
    for (const base::Label& label : alert->labels) json.Key(label.name).String(label.value);
    json.EndObject();
    json.Key("activeAt").String(base::FormatRfc3339(firing->active_at));
    json.Key("start").String(base::FormatRfc3339(firing->start));
    json.Key("end").String(base::FormatRfc3339(firing->end));
    json.Key("seconds").Number(base::ToSeconds(firing->Length()));
    json.Key("worst").Number(firing->worst);
    json.Key("beganBefore").Bool(firing->began_before).Key("ongoing").Bool(firing->ongoing).EndObject();
  }
  json.EndArray();
}

void WriteCandidate(const BacktestCandidate& candidate, const BacktestReport& report, base::JsonWriter& json) {
  const ReplaySummary summary = SummaryOf(candidate, report);
  json.BeginObject().Key("title").String(candidate.title).Key("rule").String(candidate.rule.name);
  json.Key("expr").String(promql::ToString(*candidate.rule.parsed));
  json.Key("for").Number(base::ToSeconds(candidate.rule.hold));
  json.Key("keepFiringFor").Number(base::ToSeconds(candidate.rule.keep_firing_for));
  json.Key("fired").Number(static_cast<uint64_t>(summary.fired));
  json.Key("alerts").Number(static_cast<uint64_t>(summary.alerts));
  json.Key("totalSeconds").Number(base::ToSeconds(summary.total));
  json.Key("anySeconds").Number(base::ToSeconds(summary.any)).Key("share").Number(summary.share);
  json.Key("longestSeconds").Number(base::ToSeconds(summary.longest));
  json.Key("longestIsCut").Bool(summary.longest_is_cut).Key("shortestSeconds");
  if (summary.shortest) {
    json.Number(base::ToSeconds(*summary.shortest));
  } else {
    json.Null();
  }
  json.Key("flaps").Number(static_cast<uint64_t>(summary.flaps));
  json.Key("onlyPending").Number(static_cast<uint64_t>(summary.only_pending));
  WriteFirings(candidate, json);
  json.EndObject();
}

}  // namespace

std::string FormatBacktest(const BacktestReport& report) {
  if (report.candidates.empty()) return "";
  const rules::ReplaySpan& span = report.candidates.front().span;
  std::string text = fmt::format("{} to {} ({}), evaluated every {}\n\n", base::FormatRfc3339(span.report_from),
                                 base::FormatRfc3339(span.last), base::FormatDuration(span.Reported()),
                                 base::FormatDuration(span.step));
  text += SummaryTable(report);
  for (const BacktestCandidate& candidate : report.candidates) {
    text += fmt::format("\n{}\n", RuleText(candidate.rule));
    text += FiringsText(candidate);
    const auto pending = std::ranges::count_if(candidate.alerts, &ReplayedAlert::pending_last);
    if (pending > 0) text += fmt::format("  {} pending at the end\n", pending);
  }
  return text;
}

std::string BacktestJson(const BacktestReport& report) {
  base::JsonWriter json;
  json.BeginObject();
  if (!report.candidates.empty()) {
    const rules::ReplaySpan& span = report.candidates.front().span;
    json.Key("start").String(base::FormatRfc3339(span.report_from)).Key("end").String(base::FormatRfc3339(span.last));
    json.Key("stepSeconds").Number(base::ToSeconds(span.step));
  }
  json.Key("flapSeconds").Number(base::ToSeconds(report.flap)).Key("candidates").BeginArray();
  for (const BacktestCandidate& candidate : report.candidates) WriteCandidate(candidate, report, json);
  json.EndArray().EndObject();
  return std::move(json).Take() + "\n";
}

}  // namespace app
