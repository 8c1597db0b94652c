#include "app/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <span>

#include "app/prometheus_options.h"
#include "base/file.h"
#include "base/text.h"
#include "exporter/collectors/collectors.h"
#include "rules/builtin/builtin_rules.h"

namespace app {
namespace {

const base::YamlSchema<StorageConfig::Exemplars>& ExemplarsSchema() {
  using C = StorageConfig::Exemplars;
  static const base::YamlSchema<C> schema({
      base::Optional("max_exemplars", "number", "100000", &C::max_exemplars,
                     "How many are kept, of all series together; a new one takes the place of the oldest. 0 for none."),
  });
  return schema;
}

// storage.tsdb.retention of Prometheus 3.8.
const base::YamlSchema<StorageConfig>& RetentionSchema() {
  static const base::YamlSchema<StorageConfig> schema({
      base::Optional("time", "duration", "15d", &StorageConfig::retention, "The same as storage.retention."),
      base::Optional("size", "size", "0", &StorageConfig::retention_size, "The same as storage.retention_size."),
  });
  return schema;
}

// Prometheus' names of what stands in `storage:` itself.
const base::YamlSchema<StorageConfig>& TsdbSchema() {
  static const base::YamlSchema<StorageConfig> schema({
      base::Optional("out_of_order_time_window", "duration", "1h", &StorageConfig::out_of_order_time_window,
                     "The same as storage.out_of_order_time_window."),
      {{"retention", "map", "", "How long and how much is kept.", false, &RetentionSchema().help()},
       [](const base::YamlReader& in, StorageConfig& out) { return RetentionSchema().Read(in, out); }},
  });
  return schema;
}

const base::YamlSchema<StorageConfig>& StorageSchema() {
  static const base::YamlSchema<StorageConfig> schema({
      base::Optional("retention", "duration", "15d", &StorageConfig::retention, "How long samples are kept."),
      base::Optional("retention_size", "size", "0", &StorageConfig::retention_size,
                     "How many bytes of samples are kept at most; 0 is no limit."),
      base::Optional("max_series", "number", "2000000", &StorageConfig::max_series,
                     "New series beyond so many are refused, counted and logged."),
      base::Optional("history_retention", "duration", "365d", &StorageConfig::history_retention,
                     "How long the history of alerts is kept; 0 for ever."),
      base::Optional("out_of_order_time_window", "duration", "1h", &StorageConfig::out_of_order_time_window,
                     "How much older than a series' newest sample a sample may be."),
      {{"exemplars", "map", "", "Exemplars, in memory; kept under --enable-feature=exemplar-storage.", false,
        &ExemplarsSchema().help()},
       [](const base::YamlReader& in, StorageConfig& out) { return ExemplarsSchema().Read(in, out.exemplars); }},
      {{"tsdb", "map", "", "The same settings under Prometheus' names.", false, &TsdbSchema().help()},
       [](const base::YamlReader& in, StorageConfig& out) { return TsdbSchema().Read(in, out); }},
  });
  return schema;
}

bool ReadYaml(const base::YamlReader& in, StorageConfig& out) { return StorageSchema().Read(in, out); }

// Where the sections of one file are gathered.
struct Reading {
  Config config;
  const Environment& environment;
  std::string folder;
  std::string file;
  promql::ParseOptions features;
  std::vector<rules::RuleSet> rule_sets;
  base::YamlErrors& errors;
};

// A relative path is meant from the folder of the configuration.
std::string Resolve(const Reading& reading, const std::string& path) {
  if (reading.folder.empty() || path.starts_with('/')) return path;
  return (std::filesystem::path(reading.folder) / path).string();
}

void ReadGlobal(const base::YamlReader& in, Reading& reading) { ingest::ReadYaml(in, reading.config.global); }

void ReadCollectors(const base::YamlReader& in, Reading& reading) {
  exporter::ReadYaml(in, reading.config.collectors);
  for (exporter::TargetConfig& target : reading.config.collectors.targets) {
    if (!target.password.file.empty()) target.password.file = Resolve(reading, target.password.file);
  }
}

void ReadScrapeConfigs(const base::YamlReader& in, Reading& reading) {
  ingest::ReadScrapeConfigs(in, reading.config.global, reading.config.scrape_configs);
  ingest::ResolvePaths(reading.folder, reading.config.scrape_configs);
}

// The files named by scrape_config_files hold `scrape_configs:` alone; relative paths in one are meant from its folder.
void ReadScrapeConfigFile(const std::string& path, Reading& reading) {
  base::YamlNode root = base::ReadYamlFile(path, reading.errors);
  if (root.kind == base::YamlNode::Kind::null) return;
  const base::YamlReader in(root, "", reading.errors);
  static const std::vector<base::FieldHelp> keys = {
      {"scrape_configs", "list", "[]", "", false, &ingest::ScrapeConfigHelp()}};
  if (root.kind != base::YamlNode::Kind::map) return in.Fail("expected a map with scrape_configs");
  ExpandEnvironment(root, reading.environment, reading.errors);
  ApplyPrometheusOptions(root, reading.errors, reading.config.warnings);
  base::CheckYamlKeys(in, keys);
  const base::YamlNode* list = root.Find("scrape_configs");
  if (list == nullptr) return;
  std::vector<ingest::ScrapeConfig>& all = reading.config.scrape_configs;
  const size_t known = all.size();
  ingest::ReadScrapeConfigs(in.Entry(*list, "scrape_configs"), reading.config.global, all);
  const auto own = all.begin() + static_cast<std::ptrdiff_t>(known);
  std::vector<ingest::ScrapeConfig> read(std::make_move_iterator(own), std::make_move_iterator(all.end()));
  all.erase(own, all.end());
  ingest::ResolvePaths(std::filesystem::path(path).parent_path().string(), read);
  std::ranges::move(read, std::back_inserter(all));
}

void ReadRemoteWrite(const base::YamlReader& in, Reading& reading) {
  remote::ReadWriteConfigs(in, reading.config.remote_write);
  remote::ResolvePaths(reading.folder, reading.config.remote_write);
}

// The files a pattern names, sorted. A pattern may match none; a plain path must exist. `what` names the setting in the
// error for a pattern that Prometheus does not take.
std::vector<std::string> FilesOf(const base::YamlReader& in, const std::string& pattern, std::string_view what,
                                 const Reading& reading) {
  if (!base::IsFilePattern(pattern)) {
    in.Fail(fmt::format("invalid {} path {}: \"*\" may stand behind the last \"/\" only; list each folder", what,
                        base::Quote(pattern)));
    return {};
  }
  std::vector<std::string> paths = base::Glob(Resolve(reading, pattern));
  if (paths.empty() && pattern.find_first_of("*?[") == std::string::npos) {
    in.Fail(fmt::format("there is no file {}", base::Quote(Resolve(reading, pattern))));
  }
  return paths;
}

void ReadScrapeConfigFiles(const base::YamlReader& in, Reading& reading) {
  std::vector<std::string> patterns;
  if (!base::ReadYaml(in, patterns)) return;
  for (size_t i = 0; i < patterns.size(); ++i) {
    for (const std::string& path : FilesOf(in.Item(i), patterns[i], "scrape config file", reading)) {
      ReadScrapeConfigFile(path, reading);
    }
  }
}

void ReadRuleFiles(const base::YamlReader& in, Reading& reading) {
  std::vector<std::string> patterns;
  if (!base::ReadYaml(in, patterns)) return;
  for (size_t i = 0; i < patterns.size(); ++i) {
    for (const std::string& path : FilesOf(in.Item(i), patterns[i], "rule file", reading)) {
      if (std::ranges::find(reading.config.rule_files, path) == reading.config.rule_files.end()) {
        reading.config.rule_files.push_back(path);
      }
    }
  }
  reading.rule_sets.push_back(
      rules::LoadRuleFiles(reading.config.rule_files, {.parse = reading.features}, reading.errors));
}

void ReadThresholds(const base::YamlReader& in, Reading& reading) {
  reading.rule_sets.push_back(rules::ReadThresholdRules(in, reading.file, {.parse = reading.features}));
}

void ReadEvaluation(const base::YamlReader& in, Reading& reading) {
  rules::ReadYaml(in, reading.config.evaluation);
  rules::ResolvePaths(reading.folder, reading.config.evaluation);
}

constexpr std::string_view kAlertRelabelling = "alert_relabel_configs";

// The peers are the alertmanager's business, relabelling is ingest's.
const std::vector<base::FieldHelp>& AlertingHelp() {
  static const std::vector<base::FieldHelp> help = [] {
    std::vector<base::FieldHelp> fields = alertmanager::AlertingHelp();
    fields.push_back({std::string(kAlertRelabelling), "list", "[]",
                      "Changes the labels of every alert that leaves, or drops it.", false,
                      &ingest::RelabelConfigHelp()});
    return fields;
  }();
  return help;
}

void ReadAlerting(const base::YamlReader& in, Reading& reading) {
  if (const base::YamlNode* steps = in.node().Find(kAlertRelabelling)) {
    base::ReadYaml(in.Entry(*steps, kAlertRelabelling), reading.config.alert_relabel_configs);
  }
  base::YamlNode peers = in.node();
  std::erase_if(peers.entries, [](const base::YamlEntry& entry) { return entry.key.text == kAlertRelabelling; });
  alertmanager::ReadYaml(base::YamlReader(peers, in.path(), in.errors()), reading.config.alerting);
  for (alertmanager::AlertmanagerPeer& peer : reading.config.alerting.peers) {
    base::ResolvePaths(reading.folder, peer.http);
  }
}

void ReadAlertmanager(const base::YamlReader& in, Reading& reading) {
  auto config = std::make_shared<alertmanager::Config>();
  if (in.node().kind == base::YamlNode::Kind::scalar) {
    *config = alertmanager::ReadConfigFile(Resolve(reading, in.node().text), reading.errors);
  } else {
    alertmanager::ReadYaml(in, *config);
    alertmanager::ResolvePaths(reading.folder, *config);
  }
  reading.config.alertmanager = std::move(config);
}

void ReadStorage(const base::YamlReader& in, Reading& reading) { ReadYaml(in, reading.config.storage); }

void ReadBuiltinAlerts(const base::YamlReader& in, Reading& reading) {
  base::ReadYaml(in, reading.config.builtin_alerts);
}

void ReadHeartbeat(const base::YamlReader& in, Reading& reading) {
  HeartbeatConfig& heartbeat = reading.config.heartbeat.emplace();
  if (!ReadYaml(in, heartbeat)) return;
  base::ResolvePath(reading.folder, heartbeat.url.file);
  base::ResolvePaths(reading.folder, heartbeat.http);
}

struct Section {
  base::FieldHelp help;
  void (*read)(const base::YamlReader&, Reading&);
  Roles roles = {};  // those that need it
};

constexpr Roles kExporter = {.exporter = true};
constexpr Roles kRules = {.rules = true};
constexpr Roles kAlertmanager = {.alertmanager = true};
constexpr Roles kKeepers = {.rules = true, .alertmanager = true};

bool Share(const Roles& a, const Roles& b) {
  return (a.exporter && b.exporter) || (a.rules && b.rules) || (a.alertmanager && b.alertmanager);
}

// In the order in which they are read: later sections may build on earlier ones.
const std::vector<Section>& Sections() {
  static const std::vector<Section> sections = {
      {{"global", "map", "", "Defaults of scraping and of rule evaluation.", false, &ingest::GlobalConfigHelp()},
       ReadGlobal,
       kAllRoles},
      {{"collectors", "map", "", "What the exporter measures, and where.", false, &exporter::CollectorsSchema().help()},
       ReadCollectors,
       kExporter},
      {{"scrape_configs", "list", "[]", "Targets whose /metrics pages are read.", false, &ingest::ScrapeConfigHelp()},
       ReadScrapeConfigs,
       kRules},
      {{"scrape_config_files", "list of paths", "[]",
        "Files with further scrape_configs; the last part of a path may hold wildcards.", false, nullptr},
       ReadScrapeConfigFiles,
       kRules},
      {{"remote_write", "list", "[]", "Receivers of every sample that is stored.", false, &remote::WriteConfigHelp()},
       ReadRemoteWrite,
       kRules},
      {{"rule_files", "list of paths", "[]",
        "Files with Prometheus' `groups:` or with `thresholds:`; the last part of a path may hold wildcards.", false,
        &rules::RuleFileHelp()},
       // the alertmanager silences the warnings of thresholds whose critical alert fires
       ReadRuleFiles,
       kKeepers},
      {{"thresholds", "list", "[]", "Thresholds, as a rule file would hold them.", false, nullptr},
       ReadThresholds,
       kKeepers},
      {{"rules", "map", "", "Against what rules are evaluated, and how.", false, &rules::EvaluationHelp()},
       ReadEvaluation,
       kRules},
      {{"alerting", "map", "", "Alertmanagers, apart from our own, that are told of every alert.", false,
        &AlertingHelp()},
       ReadAlerting,
       kRules},
      {{"alertmanager", "map or path", "", "Our own alertmanager: an alertmanager.yml, or its keys right here.", false,
        &alertmanager::ConfigHelp()},
       ReadAlertmanager,
       kAlertmanager},
      {{"storage", "map", "", "How much is kept.", false, &StorageSchema().help()}, ReadStorage, kKeepers},
      {{"builtin_alerts", "boolean", "true",
        "Whether the root route's receiver is told of lost sources and of trouble of tocsin itself "
        "(docs/builtin-alerts.md).",
        false, nullptr},
       ReadBuiltinAlerts,
       kRules},
      {{"heartbeat", "map", "", "A service outside that raises an alarm when tocsin no longer reports to it.", false,
        &HeartbeatHelp()},
       ReadHeartbeat,
       kAllRoles},
  };
  return sections;
}

base::Error EmptyFile(const std::string& path) {
  return {base::ErrorCode::invalid_argument, "the file is empty", base::SourcePosition{path, 1, 1}};
}

bool IsEmptyFile(const std::string& path) {
  base::YamlErrors unheard;
  return base::ReadYamlFile(path, unheard).kind == base::YamlNode::Kind::null && unheard.empty();
}

// Takes the sections that nobody asks for out of the file, and returns their names.
std::vector<std::string> TakeOut(base::YamlNode& root, const ConfigOptions& options) {
  const auto wanted = [&](const Section& section) {
    if (options.only.empty()) return Share(section.roles, options.roles);
    return std::ranges::find(options.only, section.help.key) != options.only.end();
  };
  std::vector<std::string> left;
  for (const Section& section : Sections()) {
    if (wanted(section) || root.Find(section.help.key) == nullptr) continue;
    left.push_back(section.help.key);
    std::erase_if(root.entries, [&](const base::YamlEntry& entry) { return entry.key.text == section.help.key; });
  }
  return left;
}

// What a threshold asks for: its critical alert silences its warning.
alertmanager::InhibitRule ToInhibitRule(const rules::Inhibition& inhibition) {
  alertmanager::InhibitRule rule = alertmanager::SilenceLowerSeverity();
  const base::Matcher name = base::Matcher::Equal("alertname", inhibition.alertname);
  rule.name = inhibition.alertname;
  rule.source = {name, base::Matcher::Equal("severity", std::string(ToString(inhibition.source)))};
  rule.target = {name, base::Matcher::Equal("severity", std::string(ToString(inhibition.target)))};
  return rule;
}

void AddInhibitions(Config& config) {
  if (!config.alertmanager || config.rules.inhibitions.empty()) return;
  auto with_thresholds = std::make_shared<alertmanager::Config>(*config.alertmanager);
  for (const rules::Inhibition& inhibition : config.rules.inhibitions) {
    with_thresholds->inhibit_rules.push_back(ToInhibitRule(inhibition));
  }
  config.alertmanager = std::move(with_thresholds);
}

// Whether some alert is kept when its source fails, so that its receivers have to be told of the source.
bool KeepsAlerts(const Config& config) {
  return std::ranges::any_of(config.rules.groups, [&](const rules::RuleGroup& group) {
    return std::ranges::any_of(group.rules, [&](const rules::Rule& rule) {
      return rule.kind == rules::RuleKind::alerting &&
             rule.no_data.value_or(config.evaluation.no_data) != rules::NoDataPolicy::resolve;
    });
  });
}

// A job that relabelling renames has the longest interval of all: it is never taken for lost too early.
rules::BuiltinOptions ToBuiltinOptions(const Config& config) {
  rules::BuiltinOptions options{.alerts = config.builtin_alerts,
                                .evaluation_interval = config.global.evaluation_interval,
                                .scrape_interval = config.global.scrape_interval,
                                .own_job = std::string(kOwnJob),
                                .own_interval = config.global.scrape_interval};
  std::map<std::string, base::Duration> jobs = {{options.own_job, options.own_interval}};
  for (const ingest::ScrapeConfig& scrape : config.scrape_configs) {
    base::Duration& interval = jobs[scrape.job_name];
    interval = std::max(interval, scrape.scrape_interval);
    options.scrape_interval = std::max(options.scrape_interval, scrape.scrape_interval);
  }
  for (const auto& [job, interval] : jobs) {
    if (interval != options.scrape_interval) options.jobs[interval].push_back(job);
  }
  for (const exporter::BoundCollector& bound : exporter::MakeCollectors(config.collectors)) {
    const base::Duration period = bound.collector->limits().min_interval;
    if (period > options.own_interval) options.slow_collectors[period].push_back(bound.collector->name());
  }
  if (config.collectors.targets.size() == 1) options.only_target = config.collectors.targets.front().name;
  return options;
}

}  // namespace

Config ReadConfig(const std::string& path, const Environment& environment, base::YamlErrors& errors,
                  const ConfigOptions& options) {
  Reading reading{{}, environment, std::filesystem::path(path).parent_path().string(), path, options.features,
                  {}, errors};
  base::YamlNode root = base::ReadYamlFile(path, errors);
  if (root.kind == base::YamlNode::Kind::null) {
    if (errors.empty()) errors.Add(EmptyFile(path));
    return reading.config;
  }
  if (root.kind != base::YamlNode::Kind::map) {
    errors.Add(root, "", "expected a map of sections");
    return reading.config;
  }
  reading.config.shown = base::WriteYaml(base::HideSecrets(root, ConfigHelp()));
  reading.config.left = TakeOut(root, options);
  ExpandEnvironment(root, environment, errors);
  ApplyPrometheusOptions(root, errors, reading.config.warnings);
  base::CheckYamlKeys(base::YamlReader(root, "", errors), ConfigHelp());
  for (const Section& section : Sections()) {
    const base::YamlNode* node = root.Find(section.help.key);
    if (node == nullptr || node->kind == base::YamlNode::Kind::null) continue;
    section.read(base::YamlReader(*node, section.help.key, errors), reading);
  }
  reading.config.rules = rules::MergeRuleSets(std::move(reading.rule_sets), errors);
  AddInhibitions(reading.config);
  std::ranges::copy(errors.warnings(), std::back_inserter(reading.config.warnings));
  if (!errors.empty() || !options.roles.rules || !options.only.empty()) return std::move(reading.config);
  if (!reading.config.builtin_alerts && !KeepsAlerts(reading.config)) return std::move(reading.config);
  std::ranges::move(rules::BuiltinRules(ToBuiltinOptions(reading.config)),
                    std::back_inserter(reading.config.rules.groups));
  return std::move(reading.config);
}

Config ReadAlertmanagerConfig(const std::string& path, base::YamlErrors& errors) {
  Config config;
  if (IsEmptyFile(path)) {
    errors.Add(EmptyFile(path));
    return config;
  }
  config.alertmanager = std::make_shared<alertmanager::Config>(alertmanager::ReadConfigFile(path, errors));
  return config;
}

FileKind KindOfFile(const std::string& path, FileKind otherwise) {
  base::YamlErrors unheard;
  const base::YamlNode root = base::ReadYamlFile(path, unheard);
  if (root.kind != base::YamlNode::Kind::map) return otherwise;
  if (root.Find("route") != nullptr || root.Find("receivers") != nullptr) return FileKind::alertmanager;
  if (root.Find("groups") != nullptr) return FileKind::rules;
  const auto is_section = [](const base::YamlEntry& entry) {
    const auto names = [&](const Section& section) { return section.help.key == entry.key.text; };
    return entry.key.text != "global" && entry.key.text != "thresholds" && std::ranges::any_of(Sections(), names);
  };
  return std::ranges::any_of(root.entries, is_section) ? FileKind::tocsin : otherwise;
}

const std::vector<base::FieldHelp>& ConfigHelp() {
  static const std::vector<base::FieldHelp> help = [] {
    std::vector<base::FieldHelp> fields;
    for (const Section& section : Sections()) fields.push_back(section.help);
    return fields;
  }();
  return help;
}

}  // namespace app
