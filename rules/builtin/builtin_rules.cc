#include "rules/builtin/builtin_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "base/text.h"
#include "promql/parser.h"

namespace rules {
namespace {

using namespace std::chrono_literals;

// An alert about tocsin itself. `@own` in the expression stands for the matcher of the own job.
struct SelfAlert {
  const char* name;
  const char* severity;
  base::Duration hold;
  const char* expression;
  const char* summary;
  const char* description;
  const char* meaning;  // for docs/builtin-alerts.md, as is `action`
  const char* action;
};

constexpr std::array kSelfAlerts = {
    SelfAlert{
        .name = "TocsinNotificationsFailing",
        .severity = "critical",
        .hold = 2min,
        .expression = "sum by (job, instance, receiver, integration) "
                      "(increase(tocsin_notification_attempts_total{@own, outcome=\"failed\"}[10m])) > 0\n"
                      "unless on (job, instance, receiver, integration)\n"
                      "sum by (job, instance, receiver, integration) "
                      "(increase(tocsin_notification_attempts_total{@own, outcome=\"delivered\"}[10m])) > 0",
        .summary = "notifications to {{ $labels.receiver }} by {{ $labels.integration }} fail: check its address, its "
                   "credentials and the network",
        .description =
            "All attempts of the last ten minutes failed. The log and GET /api/v2/tocsin/deliveries hold the "
            "answers.",
        .meaning = "Attempts to notify a receiver failed for ten minutes, and none succeeded.",
        .action = "Read the error in the log or in `GET /api/v2/tocsin/deliveries`. Correct the address or the "
                  "credentials in `tocsin.yml` and reload, or restore the network. What could not be told is tried "
                  "again. This alert goes to the root route's receiver; if that one fails, only the log and the "
                  "heartbeat can tell: give `heartbeat:` a service outside."},
    SelfAlert{.name = "TocsinAlertmanagerUnreachable",
              .severity = "critical",
              .hold = 2min,
              .expression = "increase(prometheus_notifications_errors_total{@own}[10m]) > 0\n"
                            "unless increase(prometheus_notifications_sent_total{@own}[10m]) > 0",
              .summary = "alerts do not reach the Alertmanager {{ $labels.alertmanager }}: check that it runs and that "
                         "tocsin can reach it",
              .description = "It took no batch of alerts for ten minutes. Alerts wait in a queue and are sent again.",
              .meaning = "An Alertmanager of `alerting:` took no alerts for ten minutes.",
              .action = "Check that it runs, and its address, credentials and the network."},
    SelfAlert{.name = "TocsinRuleEvaluationFailing",
              .severity = "critical",
              .hold = 2min,
              .expression = "increase(prometheus_rule_evaluation_failures_total{@own}[5m]) > 0",
              .summary =
                  "rules of {{ $labels.rule_group }} cannot be evaluated: their alerts stay as they were; correct "
                  "the rule that GET /api/v1/rules shows with health err",
              .description = "",
              .meaning = "The expression of a rule failed, so its alerts and series stay as they were.",
              .action = "`GET /api/v1/rules` shows the rule with `health: err` and its error. Common causes are "
                        "many-to-many matching, and a datasource that does not answer."},
    SelfAlert{
        .name = "TocsinRuleEvaluationMissed",
        .severity = "warning",
        .hold = 5min,
        .expression = "increase(prometheus_rule_group_iterations_missed_total{@own}[5m]) > 0",
        .summary = "evaluations of {{ $labels.rule_group }} are missed: they take longer than the group's interval",
        .description = "Make the expressions cheaper, the interval longer, or raise rules.concurrency.",
        .meaning = "A rule group takes longer than its interval, so evaluations are skipped.",
        .action = "`prometheus_rule_group_last_duration_seconds` shows how long it takes. Record what expensive "
                  "expressions share, lengthen the interval, or give the machine more processors."},
    SelfAlert{
        .name = "TocsinDiskNearlyFull",
        .severity = "critical",
        .hold = 5min,
        .expression = "tocsin_storage_free_bytes{@own} / tocsin_storage_size_bytes{@own} < 0.05",
        .summary = "the disk of the data folder has {{ $value | humanizePercentage }} free space: make room, or keep "
                   "less with storage.retention",
        .description = "When the disk is full, samples, alert clocks and the notification log do not survive a "
                       "restart.",
        .meaning = "Less than 5 % of the file system that holds the data folder is free.",
        .action = "Make room, or lower `storage.retention` or `storage.retention_size`. When the disk is full tocsin "
                  "goes on in memory; what is written meanwhile is lost at a restart."},
    SelfAlert{.name = "TocsinClockJumped",
              .severity = "warning",
              .hold = 0s,
              .expression = "increase(tocsin_clock_jumps_total{@own}[15m]) > 0",
              .summary = "the machine's clock was set: check its time synchronisation",
              .description = "Alerts that wait for a time may have fired early or late, and samples may be missing.",
              .meaning = "The wall clock moved by more than two seconds against the steady clock.",
              .action =
                  "Check NTP or the virtual machine's time synchronisation. `tocsin_clock_jump_seconds` shows the "
                  "last step. Alerts that wait for `for` may have fired early or late."},
};

// A text as part of a regular expression that matches it alone.
std::string EscapeRegex(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view(R"(\.+*?()|[]{}^$)").contains(c)) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string AnyOf(const std::vector<std::string>& texts) {
  std::vector<std::string> escaped;
  for (const std::string& text : texts) escaped.push_back(EscapeRegex(text));
  return base::Quote(base::Join(escaped, "|"));
}

Rule MakeRule(std::string name, std::string expression, base::Duration hold) {
  Rule rule;
  rule.name = std::move(name);
  rule.expression = std::move(expression);
  auto parsed = promql::Parse(rule.expression);
  assert(parsed);
  rule.parsed = *std::move(parsed);
  rule.hold = hold;
  // what it rests on is the failure itself
  rule.no_data = NoDataPolicy::resolve;
  return rule;
}

// How the kinds of SourceLost are found and called. `@jobs` in the expression stands for matchers of jobs, `@database`
// in the texts for the name of the database.
struct SourceKind {
  const char* kind;
  const char* severity;
  const char* expression;
  const char* source;
  const char* lost;
  const char* errors;  // the counter whose label `class` says why; "" for none
  const char* description;
};

constexpr std::array kSourceKinds = {
    SourceKind{
        .kind = "target",
        .severity = "critical",
        .expression = "up{@jobs} == 0",
        .source = "target {{ $labels.instance }} (job {{ $labels.job }})",
        .lost = "unreachable",
        .errors = "",
        .description = "Its page could not be read at three scrapes running. GET /api/v1/targets shows the error."},
    SourceKind{.kind = "database",
               .severity = "critical",
               .expression = "tocsin_target_up{@jobs} == 0",
               .source = "database@database at {{ $labels.instance }}",
               .lost = "unreachable",
               .errors = "tocsin_target_errors_total",
               .description = "Three scrapes running could not connect@class. Check that the server runs, and that the "
                              "network, the role and its password let tocsin in."},
    SourceKind{.kind = "collector",
               .severity = "warning",
               .expression = "tocsin_collector_success{@jobs} == 0\n"
                             "unless on (job, instance, target) tocsin_target_up{@jobs} == 0",
               .source = "collector {{ $labels.collector }} of database@database at {{ $labels.instance }}",
               .lost = "failing",
               .errors = "tocsin_collector_errors_total",
               .description = "Three runs running failed@class. The log holds the error of the query."},
};

// The name of the database as a template: the label where the exporter has several, else what the configuration says.
std::string DatabaseName(const BuiltinOptions& options) {
  std::string name = "{{ if $labels.target }} {{ $labels.target }}";
  if (!options.only_target.empty()) {
    name += fmt::format("{{{{ else if eq $labels.job {} }}}} {{{{ {} }}}}", base::Quote(options.own_job),
                        base::Quote(options.only_target));
  }
  return name + "{{ end }}";
}

// " (connection_refused)": the class of most of the errors of late, as a template.
std::string ErrorClass(const SourceKind& kind) {
  const std::string_view collector = std::string_view(kind.kind) == "collector" ? ",collector=%q" : "";
  const std::string_view argument = collector.empty() ? "" : " $labels.collector";
  return fmt::format(
      "{{{{ range query (printf `topk(1, increase({}{{job=%q,instance=%q,target=%q{}}}[10m]) > 0)` $labels.job "
      "$labels.instance $labels.target{}) }}}} ({{{{ .Labels.class }}}}){{{{ end }}}}",
      kind.errors, collector, argument);
}

Rule SourceRule(const SourceKind& kind, const std::string& jobs, base::Duration interval,
                const BuiltinOptions& options) {
  Rule rule = MakeRule(std::string(kSourceLost), base::ReplaceAll(kind.expression, "@jobs", jobs), 2 * interval);
  const std::string source = base::ReplaceAll(kind.source, "@database", DatabaseName(options));
  rule.labels = {{"kind", kind.kind}, {"severity", kind.severity}};
  rule.annotations = {{"source", source},
                      {"summary", source + " " + kind.lost},
                      {"description", base::ReplaceAll(kind.description, "@class", ErrorClass(kind))}};
  rule.source_lost = true;
  rule.to_root_route = options.alerts;
  return rule;
}

// A source is lost once it still fails two scrape intervals after its first failed run was seen: at the third run. The
// group is evaluated at least once an interval, so no success in between is overlooked.
RuleGroup SourcesGroup(const BuiltinOptions& options) {
  RuleGroup group;
  group.file = kBuiltinFile;
  group.name = "sources";
  group.builtin = true;
  group.query_offset = base::Duration(0);
  base::Duration shortest = std::min(options.evaluation_interval, options.scrape_interval);
  std::vector<std::string> others;
  const auto add = [&](const std::string& jobs, base::Duration interval) {
    for (const SourceKind& kind : kSourceKinds) group.rules.push_back(SourceRule(kind, jobs, interval, options));
  };
  for (const auto& [interval, jobs] : options.jobs) {
    shortest = std::min(shortest, interval);
    add("job=~" + AnyOf(jobs), interval);
    others.insert(others.end(), jobs.begin(), jobs.end());
  }
  add(others.empty() ? "" : "job!~" + AnyOf(others), options.scrape_interval);
  group.interval = shortest;
  return group;
}

Rule SelfRule(std::string name, std::string_view severity, std::string expression, base::Duration hold) {
  Rule rule = MakeRule(std::move(name), std::move(expression), hold);
  rule.labels = {{"severity", std::string(severity)}};
  rule.to_root_route = true;
  return rule;
}

constexpr const char* kResultsOld = "TocsinResultsOld";
constexpr int kOldIntervals = 5;

Rule ResultsOldRule(const std::string& selected, base::Duration interval) {
  const base::Duration limit = std::max<base::Duration>(kOldIntervals * interval, 1min);
  Rule rule = SelfRule(kResultsOld, "warning",
                       fmt::format("time() - ({} > 0) > {}\nand on (job, instance, target, collector) "
                                   "tocsin_collector_success == 1",
                                   selected, base::FormatFloat(base::ToSeconds(limit))),
                       base::Duration(0));
  rule.annotations = {
      {"summary",
       "results of collector {{ $labels.collector }} at {{ $labels.instance }} are "
       "{{ $value | humanizeDuration }} old: check why it does not run"},
      {"description", "Its last run is reported as good, yet it ran too long ago. Thresholds judge old values."}};
  return rule;
}

void AddResultsOld(const BuiltinOptions& options, std::vector<Rule>& rules) {
  constexpr std::string_view kMetric = "tocsin_collector_last_success_timestamp_seconds";
  std::string others(kMetric);
  const std::string own = "job=" + base::Quote(options.own_job);
  std::vector<std::string> slow;
  for (const auto& [period, collectors] : options.slow_collectors) {
    rules.push_back(ResultsOldRule(fmt::format("{}{{{}, collector=~{}}}", kMetric, own, AnyOf(collectors)),
                                   std::max(period, options.own_interval)));
    slow.insert(slow.end(), collectors.begin(), collectors.end());
  }
  if (!slow.empty()) {
    others = fmt::format("({} unless {}{{{}, collector=~{}}})", kMetric, kMetric, own, AnyOf(slow));
  }
  rules.push_back(ResultsOldRule(others, options.scrape_interval));
  Rule missing = SelfRule(kResultsOld, "critical", fmt::format("absent(up{{{}}})", own),
                          std::max<base::Duration>(3 * options.own_interval, 1min));
  missing.annotations = {
      {"summary", "tocsin does not measure: its own page is not scraped; restart it and report the log"},
      {"description", "No scrape of the own page was stored of late. Thresholds judge old values."}};
  rules.push_back(std::move(missing));
}

RuleGroup SelfGroup(const BuiltinOptions& options) {
  RuleGroup group;
  group.file = kBuiltinFile;
  group.name = "tocsin";
  group.builtin = true;
  group.query_offset = base::Duration(0);
  AddResultsOld(options, group.rules);
  const std::string own = "job=" + base::Quote(options.own_job);
  for (const SelfAlert& alert : kSelfAlerts) {
    Rule rule = SelfRule(alert.name, alert.severity, base::ReplaceAll(alert.expression, "@own", own), alert.hold);
    rule.annotations["summary"] = alert.summary;
    if (*alert.description != '\0') rule.annotations["description"] = alert.description;
    group.rules.push_back(std::move(rule));
  }
  return group;
}

void AppendRow(std::string& out, std::string_view name, std::string_view severity, std::string_view meaning,
               std::string_view action) {
  out += fmt::format("\n## {}\n\nSeverity: {}.\n\n{}\n\n**What to do:** {}\n", name, severity, meaning, action);
}

}  // namespace

std::vector<RuleGroup> BuiltinRules(const BuiltinOptions& options) {
  std::vector<RuleGroup> groups;
  groups.push_back(SourcesGroup(options));
  if (options.alerts) groups.push_back(SelfGroup(options));
  return groups;
}

std::string BuiltinAlertsPage() {
  std::string out =
      "# Built-in alerts\n\n"
      "tocsin watches its sources and itself with rules of its own. They go to the receiver of the root route, "
      "whatever "
      "the tree of routes makes of their labels; `builtin_alerts: false` in `tocsin.yml` switches them off. "
      "`GET /api/v1/rules` (file `builtin`) shows their expressions. They are "
      "evaluated on the samples stored by tocsin, also where `rules: {datasource: …}` names a server. An Alertmanager "
      "of "
      "`alerting:` gets them too and routes them by their labels. This page is printed by `tocsin docs "
      "builtin-alerts`.\n";
  AppendRow(
      out, kSourceLost, "critical (kind `target`, `database`), warning (kind `collector`)",
      "A source of measurements does not answer: a scraped target (`up == 0`), a database of the exporter "
      "(`tocsin_target_up == 0`), or one collector of a database that answers (`tocsin_collector_success == 0`). It "
      "fires when the source still fails two scrape intervals after its first failed run was seen. Alerts that rest "
      "on the source are kept in their last known state, according to `no_data`; their receivers hear of the lost "
      "source too, and once of its return. With `builtin_alerts: false` only they do.",
      "Check that the server runs and that the network, the role and its password let tocsin in. The class of the "
      "error (`timeout`, `connection_refused`, `permission`, …) stands in the description, the whole error in the "
      "log and in `GET /api/v1/targets`.");
  AppendRow(out, kResultsOld, "warning; critical where tocsin does not scrape its own page",
            "A collector is reported as good, but its last success is older than five of its intervals (at least one "
            "minute); or no scrape of tocsin's own page was stored of late. Thresholds then judge old values.",
            "Read the log for scrapes that take too long. If there are none, restart tocsin and report the log.");
  for (const SelfAlert& alert : kSelfAlerts) {
    AppendRow(out, alert.name, alert.severity, alert.meaning, alert.action);
  }
  return out;
}

}  // namespace rules
