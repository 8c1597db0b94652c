#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/net/http_options.h"
#include "base/result.h"
#include "base/time.h"
#include "base/yaml/yaml.h"
#include "ingest/relabel.h"

// `global:` and `scrape_configs:` of prometheus.yml, with Prometheus' defaults and validity rules. What Prometheus
// knows and tocsin does not carry out is an error that names it.

namespace ingest {

struct ByteSize {  // "10MB", "512KiB", "0"; units are powers of 1024
  uint64_t bytes = 0;
  bool operator==(const ByteSize&) const = default;
};
bool ReadYaml(const base::YamlReader& in, ByteSize& out);

// What one scrape may hold; 0 is no limit.
struct ScrapeLimits {
  ByteSize body_size;
  int64_t samples = 0;  // after metric_relabel_configs
  int64_t labels = 0;
  int64_t label_name_length = 0;
  int64_t label_value_length = 0;
  int64_t targets = 0;
  bool operator==(const ScrapeLimits&) const = default;
};

enum class NameValidation : uint8_t { utf8, legacy };
enum class NameEscaping : uint8_t { allow_utf8, underscores, dots, values };

// `global:`. The evaluation settings are the rule evaluator's, kept here because they stand in the same section.
struct GlobalConfig {
  base::Duration scrape_interval = std::chrono::minutes(1);
  base::Duration scrape_timeout = std::chrono::seconds(10);
  base::Duration evaluation_interval = std::chrono::minutes(1);
  base::Duration rule_query_offset{0};
  std::map<std::string, std::string> external_labels;
  std::vector<std::string> scrape_protocols;
  NameValidation name_validation = NameValidation::utf8;
  std::optional<NameEscaping> name_escaping;
  ScrapeLimits limits;
  int64_t keep_dropped_targets = 0;
  bool extra_scrape_metrics = false;
  bool scrape_native_histograms = false;
  bool always_scrape_classic_histograms = false;
  bool operator==(const GlobalConfig&) const = default;
};
bool ReadYaml(const base::YamlReader& in, GlobalConfig& out);
const std::vector<base::FieldHelp>& GlobalConfigHelp();

// Targets with the labels they have in common: one entry of static_configs or of a discovered file.
struct TargetGroup {
  std::vector<std::string> targets;  // "host:port"
  std::map<std::string, std::string> labels;
  bool operator==(const TargetGroup&) const = default;
};
bool ReadYaml(const base::YamlReader& in, TargetGroup& out);

struct FileDiscovery {
  std::vector<std::string> files;  // paths; the last part may hold wildcards
  base::Duration refresh_interval = std::chrono::minutes(5);
  bool operator==(const FileDiscovery&) const = default;
};
bool ReadYaml(const base::YamlReader& in, FileDiscovery& out);

struct HttpDiscovery {
  std::string url;  // answers with a JSON list of target groups
  base::Duration refresh_interval = std::chrono::minutes(1);
  base::HttpOptions http;
  bool operator==(const HttpDiscovery&) const = default;
};
bool ReadYaml(const base::YamlReader& in, HttpDiscovery& out);

struct ScrapeConfig {
  std::string job_name;
  base::Duration scrape_interval{0};  // 0: global's
  base::Duration scrape_timeout{0};   // 0: global's, or the interval where that is shorter
  std::string metrics_path = "/metrics";
  std::string scheme = "http";
  std::map<std::string, std::vector<std::string>> params;
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool track_timestamps_staleness = false;
  std::vector<std::string> scrape_protocols;  // empty: global's, or the default ones
  std::string fallback_scrape_protocol;       // "" refuses pages without a known Content-Type
  std::optional<NameValidation> name_validation;
  std::optional<NameEscaping> name_escaping;  // asked of targets; set once read
  bool enable_compression = true;
  std::optional<bool> extra_scrape_metrics;
  std::optional<bool> scrape_native_histograms;          // of protobuf pages; unset: global's
  std::optional<bool> always_scrape_classic_histograms;  // beside native ones; unset: global's
  int64_t native_histogram_bucket_limit = 0;             // 0: none
  double native_histogram_min_bucket_factor = 0;         // 0: none
  base::HttpOptions http;
  ScrapeLimits limits;
  int64_t keep_dropped_targets = 0;  // how many of them are shown; 0: all
  std::vector<TargetGroup> static_configs;
  std::vector<FileDiscovery> file_sd_configs;
  std::vector<HttpDiscovery> http_sd_configs;
  std::vector<RelabelConfig> relabel_configs;
  std::vector<RelabelConfig> metric_relabel_configs;
  bool operator==(const ScrapeConfig&) const = default;
};
const std::vector<base::FieldHelp>& ScrapeConfigHelp();

// The list under `scrape_configs:`, with global's defaults filled in: intervals are never 0 afterwards. Complains about
// repeated job names, also among those `out` holds already, and about a timeout longer than its interval.
bool ReadScrapeConfigs(const base::YamlReader& in, const GlobalConfig& global, std::vector<ScrapeConfig>& out);

// Relative paths (files, secrets, certificates) are meant from the folder of the configuration file.
void ResolvePaths(const std::string& folder, std::vector<ScrapeConfig>& configs);

// The groups of a file that file_sd_configs names, JSON or YAML; or of its text, `name` standing for it in errors.
base::Result<std::vector<TargetGroup>> ReadTargetGroups(const std::string& path);
base::Result<std::vector<TargetGroup>> ParseTargetGroups(std::string_view text, const std::string& name);

// The Accept header for these protocols ("PrometheusText0.0.4" …), as Prometheus weighs them; none are all of the text
// formats.
std::string AcceptHeader(const std::vector<std::string>& protocols, NameEscaping escaping);

}  // namespace ingest
