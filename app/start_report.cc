#include "app/start_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "app/known_metrics.h"
#include "base/net/http.h"
#include "base/text.h"
#include "exporter/collectors/collectors.h"

namespace app {
namespace {

// Lists in one line end after so many.
constexpr size_t kMostListed = 8;

std::string List(const std::vector<std::string>& names) {
  if (names.size() <= kMostListed) return base::Join(names, ", ");
  const std::vector<std::string> first(names.begin(), names.begin() + kMostListed);
  return fmt::format("{} and {} more", base::Join(first, ", "), names.size() - kMostListed);
}

std::string RoleNames(const Roles& roles) {
  std::vector<std::string> names;
  if (roles.exporter) names.emplace_back("exporter");
  if (roles.rules) names.emplace_back("rules");
  if (roles.alertmanager) names.emplace_back("alertmanager");
  return base::Join(names, ", ");
}

std::string Absolute(const std::string& path) {
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(path, failed);
  return failed ? path : absolute.lexically_normal().string();
}

// A connection string of libpq may hold a password anywhere; a URL holds it where it can be taken out.
std::string ShownUrl(const std::string& url) {
  const bool is_url = url.contains("://") && !url.contains(' ');
  return is_url || url.starts_with("sqlite:") ? base::RedactUrl(url) : "a connection string";
}

// "postgres (12)", "sql.kpi": the parts of one kind that is built in count together.
std::vector<std::string> CollectorNames(const std::vector<exporter::BoundCollector>& collectors,
                                        const std::string& target) {
  constexpr std::string_view kBuiltIn = "postgres";
  size_t built_in = 0;
  std::vector<std::string> names;
  for (const exporter::BoundCollector& bound : collectors) {
    if (bound.target != target) continue;
    const std::string& name = bound.collector->name();
    if (name.starts_with(fmt::format("{}.", kBuiltIn))) {
      ++built_in;
    } else {
      names.push_back(name);
    }
  }
  if (built_in > 0) names.insert(names.begin(), fmt::format("{} ({})", kBuiltIn, built_in));
  return names;
}

// The databases a process asks, with what it asks them; many share one line.
void DescribeDatabases(const Config& config, std::vector<StartLine>& lines) {
  const auto& targets = config.collectors.targets;
  std::vector<std::string> names;
  for (const exporter::TargetConfig& target : targets) names.push_back(target.name);
  const std::vector<exporter::BoundCollector> collectors = exporter::MakeCollectors(config.collectors);
  if (targets.size() > kMostListed) {
    lines.push_back({.message = "measures databases",
                     .fields = {{"count", targets.size()}, {"names", List(names)}, {"collectors", collectors.size()}}});
    return;
  }
  for (const exporter::TargetConfig& target : targets) {
    const std::vector<std::string> own = CollectorNames(collectors, target.name);
    lines.push_back({.message = "measures a database",
                     .fields = {{"target", target.name},
                                {"url", ShownUrl(target.url)},
                                {"collectors", own.empty() ? "none" : List(own)}}});
  }
}

void DescribeScraping(const Config& config, const StartFacts& facts, std::vector<StartLine>& lines) {
  size_t targets = 0;
  size_t discovered = 0;
  std::vector<std::string> jobs;
  for (const ingest::ScrapeConfig& job : config.scrape_configs) {
    jobs.push_back(job.job_name);
    for (const ingest::TargetGroup& group : job.static_configs) targets += group.targets.size();
    discovered += job.file_sd_configs.empty() ? 0 : 1;
  }
  if (facts.roles.exporter) jobs.emplace_back("tocsin (own page)");
  StartLine line{.message = "scrapes pages", .fields = {{"jobs", jobs.empty() ? "none" : List(jobs)}}};
  line.fields.emplace_back("static_targets", targets);
  if (discovered > 0) line.fields.emplace_back("jobs_with_discovered_targets", discovered);
  line.fields.emplace_back("interval", base::FormatDuration(config.global.scrape_interval));
  lines.push_back(std::move(line));
}

void DescribeRules(const Config& config, std::vector<StartLine>& lines) {
  size_t alerting = 0;
  size_t recording = 0;
  size_t thresholds = 0;
  size_t builtin = 0;
  for (const rules::RuleGroup& group : config.rules.groups) {
    if (group.builtin) {
      builtin += group.rules.size();
      continue;
    }
    thresholds += group.threshold ? 1 : 0;
    for (const rules::Rule& rule : group.rules) ++(rule.kind == rules::RuleKind::alerting ? alerting : recording);
  }
  lines.push_back({.message = "evaluates rules",
                   .fields = {{"files", config.rule_files.empty() ? "none" : List(config.rule_files)},
                              {"thresholds", thresholds},
                              {"alerting_rules", alerting},
                              {"recording_rules", recording},
                              {"builtin_rules", builtin},
                              {"interval", base::FormatDuration(config.global.evaluation_interval)}}});
}

std::string ReceiverText(const alertmanager::ReceiverConfig& receiver) {
  std::vector<std::string> kinds;
  const auto add = [&](size_t count, std::string_view kind) {
    if (count > 0) kinds.push_back(count == 1 ? std::string(kind) : fmt::format("{} {}", count, kind));
  };
  add(receiver.slacks.size(), "slack");
  add(receiver.emails.size(), "email");
  add(receiver.webhooks.size(), "webhook");
  add(receiver.forwards.size(), "alertmanager");
  return fmt::format("{} ({})", receiver.name, kinds.empty() ? "tells nobody" : base::Join(kinds, " + "));
}

void DescribePeers(const Config& config, const StartFacts& facts, std::vector<StartLine>& lines) {
  if (facts.roles.alertmanager && config.alertmanager) {
    std::vector<std::string> names;
    for (const auto& receiver : config.alertmanager->receivers) names.push_back(ReceiverText(receiver));
    lines.push_back({.message = "tells receivers", .fields = {{"names", List(names)}}});
  }
  std::vector<std::string> urls;
  for (const auto& peer : config.alerting.peers) urls.push_back(base::RedactUrl(peer.url));
  if (!urls.empty())
    lines.push_back({.message = "sends alerts to other alertmanagers", .fields = {{"urls", List(urls)}}});
  urls.clear();
  for (const remote::WriteConfig& receiver : config.remote_write) urls.push_back(base::RedactUrl(receiver.url));
  if (!urls.empty()) lines.push_back({.message = "sends samples on", .fields = {{"urls", List(urls)}}});
}

// The role that a section is for, as a command.
std::string_view CommandOf(std::string_view section) {
  if (section == "collectors") return "tocsin exporter";
  return section == "alertmanager" ? "tocsin alertmanager" : "tocsin rules";
}

void DescribeLeft(const Config& config, std::vector<StartLine>& lines) {
  std::vector<std::string> left;
  left.reserve(config.left.size());
  for (const std::string& section : config.left) left.push_back(fmt::format("{} ({})", section, CommandOf(section)));
  if (!left.empty())
    lines.push_back({.message = "leaves sections to other roles", .fields = {{"sections", List(left)}}});
}

StartLine Warning(std::string message, std::vector<base::LogField> fields = {}) {
  return {.level = base::LogLevel::warn, .message = std::move(message), .fields = std::move(fields)};
}

bool HasAlerts(const Config& config) {
  return std::ranges::any_of(config.rules.groups, [](const rules::RuleGroup& group) {
    return !group.builtin && std::ranges::any_of(group.rules, [](const rules::Rule& rule) {
      return rule.kind == rules::RuleKind::alerting;
    });
  });
}

void WarnOfLooseEnds(const Config& config, const StartFacts& facts, std::vector<StartLine>& lines) {
  const Roles& roles = facts.roles;
  const bool own_alertmanager = roles.alertmanager && config.alertmanager != nullptr;
  if (roles.rules && HasAlerts(config) && !own_alertmanager && config.alerting.peers.empty()) {
    lines.push_back(Warning(
        roles.alertmanager ? "alerts are sent to nobody: the configuration has neither `alertmanager:` nor "
                             "`alerting: {alertmanagers: […]}`"
                           : "alerts are sent to nobody: name the alertmanagers in `alerting: {alertmanagers: […]}`"));
  }
  const bool fed = !config.scrape_configs.empty() || facts.pushed || config.evaluation.datasource;
  if (roles.rules && !roles.exporter && !fed) {
    lines.push_back(Warning("no samples come in: name the exporter's address in `scrape_configs:`"));
  }
}

void Write(const std::vector<StartLine>& lines) {
  for (const StartLine& line : lines) base::Log(line.level, line.message, line.fields);
}

}  // namespace

std::vector<StartLine> DescribeStart(const Config& config, const StartFacts& facts) {
  const Roles& roles = facts.roles;
  std::vector<StartLine> lines;
  lines.push_back(
      {.message = "starting tocsin",
       .fields = {
           {"version", TOCSIN_VERSION}, {"roles", RoleNames(roles)}, {"config_file", Absolute(facts.config_file)}}});
  if (roles.exporter) DescribeDatabases(config, lines);
  if (roles.rules) {
    DescribeScraping(config, facts, lines);
    DescribeRules(config, lines);
  }
  DescribePeers(config, facts, lines);
  DescribeLeft(config, lines);
  if (roles.rules || roles.alertmanager) {
    const bool kept = !facts.storage_path.empty();
    StartLine line{.message = kept ? "keeps data" : "keeps nothing: --storage.path is empty", .fields = {}};
    if (kept) line.fields.emplace_back("folder", Absolute(facts.storage_path));
    if (kept && roles.rules) line.fields.emplace_back("retention", base::FormatDuration(config.storage.retention));
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<StartLine> DescribeWarnings(const Config& config, const StartFacts& facts) {
  std::vector<StartLine> lines;
  for (const base::Error& warning : config.warnings) {
    lines.push_back(Warning("the configuration may not do what is meant", {{"finding", warning}}));
  }
  WarnOfLooseEnds(config, facts, lines);
  if (!facts.roles.rules) return lines;
  for (const rules::LintFinding& finding : LintConfig(config, facts.roles.exporter && !facts.pushed)) {
    lines.push_back(Warning("the configuration may not do what is meant", {{"finding", finding.ToString()}}));
  }
  return lines;
}

void LogStart(const Config& config, const StartFacts& facts) {
  Write(DescribeStart(config, facts));
  LogWarnings(config, facts);
}

void LogWarnings(const Config& config, const StartFacts& facts) { Write(DescribeWarnings(config, facts)); }

void CheckRoles(const Roles& roles, const Config& config, const std::string& file, base::YamlErrors& errors) {
  if (!errors.empty()) return;
  const auto lacks = [&](std::string_view section, std::string_view role) {
    errors.Add({base::ErrorCode::invalid_argument,
                fmt::format("the file has no section `{}:`, which `tocsin {}` needs", section, role),
                base::SourcePosition{file, 1, 1}});
  };
  const bool alone = roles.alertmanager && !roles.rules && !roles.exporter;
  if (alone && !config.alertmanager) lacks("alertmanager", "alertmanager");
}

}  // namespace app
