#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alertmanager/alerting.h"
#include "alertmanager/config.h"
#include "app/environment.h"
#include "app/heartbeat.h"
#include "app/roles.h"
#include "exporter/config.h"
#include "ingest/config.h"
#include "ingest/relabel.h"
#include "promql/parser.h"
#include "remote/config.h"
#include "rules/remote/config.h"
#include "rules/rule_file.h"

namespace app {

// `storage:` — how much is kept.
struct StorageConfig {
  base::Duration retention = std::chrono::hours(24 * 15);
  ingest::ByteSize retention_size;  // 0: no limit
  int64_t max_series = 2'000'000;
  base::Duration out_of_order_time_window = std::chrono::hours(1);
  base::Duration history_retention = std::chrono::hours(24 * 365);
  struct Exemplars {
    int64_t max_exemplars = 100'000;
    bool operator==(const Exemplars&) const = default;
  };
  Exemplars exemplars;  // kept only under the feature exemplar-storage
  bool operator==(const StorageConfig&) const = default;
};

// tocsin.yml: prometheus.yml with `collectors:`, `thresholds:` and `alertmanager:`, every file it names read and
// checked. A value.
struct Config {
  ingest::GlobalConfig global;
  exporter::ExporterConfig collectors;
  std::vector<ingest::ScrapeConfig> scrape_configs;
  std::vector<remote::WriteConfig> remote_write;
  std::vector<std::string> rule_files;  // paths, globs resolved
  rules::RuleSet rules;                 // of the rule files and of `thresholds:`
  rules::EvaluationConfig evaluation;   // `rules:`
  alertmanager::AlertingConfig alerting;
  std::vector<ingest::RelabelConfig> alert_relabel_configs;  // of `alerting:`, for every alert that leaves
  std::shared_ptr<const alertmanager::Config> alertmanager;  // null without a section; thresholds' inhibitions included
  StorageConfig storage;
  std::optional<HeartbeatConfig> heartbeat;
  bool builtin_alerts = true;         // the groups of built-in rules are in `rules`
  std::string shown;                  // the file's text for people to look at: no secrets, ${…} as written
  std::vector<base::Error> warnings;  // what has no effect, or is probably not meant
  std::vector<std::string> left;      // sections of the file that are another role's, and were not read
};

struct ConfigOptions {
  promql::ParseOptions features = {};  // of PromQL, that rules may use
  // Sections that none of these needs are left: their environment variables need not be set, their files not be there.
  Roles roles = kAllRoles;
  std::vector<std::string_view> only = {};  // if given: these sections and no others
};

// The job of the own page's series.
inline constexpr std::string_view kOwnJob = "tocsin";

// Reads the file and all it names. Every mistake of all of them is in `errors`; a configuration that had one must not
// be used. Relative paths are meant from the folder of the file.
Config ReadConfig(const std::string& path, const Environment& environment, base::YamlErrors& errors,
                  const ConfigOptions& options = {});

// alertmanager.yml alone, as `tocsin alertmanager` starts from it. ${ENV} is not expanded there, as in the original.
Config ReadAlertmanagerConfig(const std::string& path, base::YamlErrors& errors);

// What a file is, by its top-level keys.
enum class FileKind : uint8_t { tocsin, alertmanager, rules };
// A file that cannot be read, or is empty, counts as `otherwise`, so that its reader tells what is wrong.
FileKind KindOfFile(const std::string& path, FileKind otherwise);

// The table of the top-level keys, with every nested one.
const std::vector<base::FieldHelp>& ConfigHelp();

}  // namespace app
