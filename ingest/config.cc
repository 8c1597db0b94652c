#include "ingest/config.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "ingest/config_fields.h"
#include "ingest/config_values.h"

namespace ingest {
namespace {

const base::YamlSchema<TargetGroup>& TargetGroupSchema() {
  using C = TargetGroup;
  static const base::YamlSchema<C> schema({
      base::Optional("targets", "list of host:port", "[]", &C::targets, "The addresses."),
      base::Optional("labels", "map of labels", "{}", &C::labels, "Labels of every one of them."),
  });
  return schema;
}

const base::YamlSchema<FileDiscovery>& FileDiscoverySchema() {
  using C = FileDiscovery;
  static const base::YamlSchema<C> schema({
      base::Optional("files", "list of paths", "[]", &C::files,
                     "JSON or YAML files of target groups; the last part of a path may hold wildcards."),
      base::Optional("refresh_interval", "duration", "5m", &C::refresh_interval,
                     "Taken for compatibility: a changed file is noticed within seconds anyway."),
  });
  return schema;
}

const base::YamlSchema<HttpDiscovery>& HttpDiscoverySchema() {
  using C = HttpDiscovery;
  static const base::YamlSchema<C> schema = [] {
    std::vector<base::Field<C>> fields = {
        base::Required("url", "URL", &C::url, "Answers with a JSON list of target groups."),
        base::Optional("refresh_interval", "duration", "1m", &C::refresh_interval, "How often it is asked."),
    };
    AddFields(fields, base::HttpOptionsFields(&C::http));
    return base::YamlSchema<C>(std::move(fields));
  }();
  return schema;
}

bool IsDiscoveryPattern(const std::string& path) {
  constexpr std::array<std::string_view, 6> kEndings = {".json", ".yml", ".yaml", ".JSON", ".YML", ".YAML"};
  return base::IsFilePattern(path) && std::ranges::any_of(kEndings, [&](auto end) { return path.ends_with(end); });
}

std::vector<base::Field<ScrapeConfig>> RequestFields() {
  using C = ScrapeConfig;
  return {
      base::Optional("metrics_path", "path", "/metrics", &C::metrics_path, "Where the targets show their metrics."),
      base::Optional("scheme", "http or https", "http", &C::scheme, "The protocol."),
      base::Optional("params", "map of lists", "{}", &C::params, "The URL's parameters."),
      base::Optional("enable_compression", "bool", "true", &C::enable_compression, "Whether gzip is asked for."),
  };
}

std::vector<base::Field<ScrapeConfig>> SampleFields() {
  using C = ScrapeConfig;
  return {
      base::Optional("honor_labels", "bool", "false", &C::honor_labels,
                     "Whether labels of the page win against those of the target."),
      base::Optional("honor_timestamps", "bool", "true", &C::honor_timestamps,
                     "Whether timestamps of the page are kept."),
      base::Optional("track_timestamps_staleness", "bool", "false", &C::track_timestamps_staleness,
                     "Whether series with timestamps of their own are marked stale too."),
      base::Optional("extra_scrape_metrics", "bool", "false", &C::extra_scrape_metrics,
                     "Whether scrape_timeout_seconds and the like are written."),
      base::Optional("scrape_native_histograms", "bool", "global's", &C::scrape_native_histograms,
                     "Whether native histograms are asked for (by PrometheusProto, which alone has them) and kept."),
      base::Optional("always_scrape_classic_histograms", "bool", "global's", &C::always_scrape_classic_histograms,
                     "Whether the classic series of a histogram are kept beside its native form."),
      base::Optional("native_histogram_bucket_limit", "number", "0", &C::native_histogram_bucket_limit,
                     "How many buckets a native histogram may have; one with more is made coarser, and where that does "
                     "not help the scrape fails. 0: no limit."),
      base::Optional("native_histogram_min_bucket_factor", "number", "0", &C::native_histogram_min_bucket_factor,
                     "By how much the buckets of native histograms grow at least; finer ones are merged. 0: any."),
      {{"fallback_scrape_protocol", "protocol", "", "The format of pages whose Content-Type names none.", false,
        nullptr},
       [](const base::YamlReader& in, C& out) { return ReadProtocol(in, out.fallback_scrape_protocol); }},
      {{"scrape_protocols", "list of protocols", "global's", "The formats asked for, in order of preference.", false,
        nullptr},
       [](const base::YamlReader& in, C& out) { return ReadProtocols(in, out.scrape_protocols); }},
      {{"metric_name_validation_scheme", "utf8 or legacy", "global's", "Which names are taken.", false, nullptr},
       [](const base::YamlReader& in, C& out) { return ReadNameValidation(in, out.name_validation.emplace()); }},
      {{"relabel_configs", "list", "[]", "Rewrites or drops targets.", false, &RelabelConfigHelp()},
       [](const base::YamlReader& in, C& out) { return base::ReadYaml(in, out.relabel_configs); }},
      {{"metric_relabel_configs", "list", "[]", "Rewrites or drops samples.", false, &RelabelConfigHelp()},
       [](const base::YamlReader& in, C& out) { return base::ReadYaml(in, out.metric_relabel_configs); }},
      {{"metric_name_escaping_scheme", "allow-utf-8, underscores, dots or values", "global's",
        "How targets are asked to escape names that are not legacy ones.", false, nullptr},
       [](const base::YamlReader& in, C& out) { return ReadNameEscaping(in, out.name_escaping); }},
      base::Optional("keep_dropped_targets", "number", "global's", &C::keep_dropped_targets,
                     "How many targets that relabelling dropped are shown; 0 for all."),
  };
}

const base::YamlSchema<ScrapeConfig>& Schema() {
  using C = ScrapeConfig;
  static const base::YamlSchema<C> schema = [] {
    std::vector<base::Field<C>> fields = {
        base::Required("job_name", "string", &C::job_name, "The job: its targets' `job` label."),
        base::Optional("scrape_interval", "duration", "global's", &C::scrape_interval, "How often."),
        base::Optional("scrape_timeout", "duration", "global's", &C::scrape_timeout, "How long one scrape may take."),
        {{"static_configs", "list", "[]", "Targets by name.", false, &TargetGroupSchema().help()},
         [](const base::YamlReader& in, C& out) { return base::ReadYaml(in, out.static_configs); }},
        {{"file_sd_configs", "list", "[]", "Targets from files.", false, &FileDiscoverySchema().help()},
         [](const base::YamlReader& in, C& out) { return base::ReadYaml(in, out.file_sd_configs); }},
        {{"http_sd_configs", "list", "[]", "Targets from HTTP servers.", false, &HttpDiscoverySchema().help()},
         [](const base::YamlReader& in, C& out) { return base::ReadYaml(in, out.http_sd_configs); }},
    };
    AddFields(fields, RequestFields());
    AddFields(fields, base::HttpOptionsFields(&C::http));
    AddFields(fields, SampleFields());
    AddFields(fields, LimitFields<C>(&C::limits));
    return base::YamlSchema<C>(std::move(fields));
  }();
  return schema;
}

std::vector<std::string> ProtocolsWithProtobufFirst() {
  return {"PrometheusProto", "OpenMetricsText1.0.0", "OpenMetricsText0.0.1", "PrometheusText1.0.0",
          "PrometheusText0.0.4"};
}

void FillFromGlobal(const GlobalConfig& global, ScrapeConfig& config) {
  const auto inherit = [](auto& own, const auto& other) {
    if (own == std::remove_cvref_t<decltype(own)>{}) own = other;
  };
  inherit(config.scrape_interval, global.scrape_interval);
  inherit(config.scrape_timeout, std::min(global.scrape_timeout, config.scrape_interval));
  if (!config.scrape_native_histograms) config.scrape_native_histograms = global.scrape_native_histograms;
  if (!config.always_scrape_classic_histograms) {
    config.always_scrape_classic_histograms = global.always_scrape_classic_histograms;
  }
  inherit(config.scrape_protocols, global.scrape_protocols);
  if (*config.scrape_native_histograms) inherit(config.scrape_protocols, ProtocolsWithProtobufFirst());
  inherit(config.limits.body_size, global.limits.body_size);
  inherit(config.limits.samples, global.limits.samples);
  inherit(config.limits.labels, global.limits.labels);
  inherit(config.limits.label_name_length, global.limits.label_name_length);
  inherit(config.limits.label_value_length, global.limits.label_value_length);
  inherit(config.limits.targets, global.limits.targets);
  inherit(config.keep_dropped_targets, global.keep_dropped_targets);
  if (!config.name_validation) config.name_validation = global.name_validation;
  if (!config.name_escaping) config.name_escaping = global.name_escaping;
  if (!config.name_escaping) {
    const bool legacy = *config.name_validation == NameValidation::legacy;
    config.name_escaping = legacy ? NameEscaping::underscores : NameEscaping::allow_utf8;
  }
  if (!config.extra_scrape_metrics) config.extra_scrape_metrics = global.extra_scrape_metrics;
}

// A static target is judged here only if no relabelling can rewrite it; MakeTarget judges what relabelling leaves.
bool CheckStaticTargets(const base::YamlReader& in, const ScrapeConfig& config) {
  const base::YamlNode* groups = in.node().Find("static_configs");
  if (groups == nullptr || !config.relabel_configs.empty()) return true;
  const base::YamlReader list = in.Entry(*groups, "static_configs");
  bool good = true;
  for (size_t i = 0; i < config.static_configs.size(); ++i) {
    for (const std::string& target : config.static_configs[i].targets) {
      if (!target.contains('/')) continue;
      list.Item(i).Fail(base::Quote(target) +
                        " is not a valid hostname: write host:port, or rewrite __address__ with " + "relabel_configs");
      good = false;
    }
  }
  return good;
}

bool ReadScrapeConfig(const base::YamlReader& in, const GlobalConfig& global, ScrapeConfig& out) {
  ScrapeConfig config;
  bool good = Schema().Read(in, config);
  const auto complain = [&](std::string_view message) {
    in.Fail(message);
    good = false;
  };
  if (good && config.job_name.empty()) complain("job_name is empty");
  if (config.scheme != "http" && config.scheme != "https") {
    complain("unknown scheme " + base::Quote(config.scheme) + ", expected http or https");
  }
  good = base::CheckHttpOptions(in, config.http) && good;
  good = CheckStaticTargets(in, config) && good;
  FillFromGlobal(global, config);
  if (*config.name_validation == NameValidation::legacy && *config.name_escaping == NameEscaping::allow_utf8) {
    complain(
        "metric_name_escaping_scheme allow-utf-8 asks for names that metric_name_validation_scheme legacy refuses");
  }
  if (config.scrape_timeout > config.scrape_interval) {
    complain("scrape timeout greater than scrape interval for scrape config with job name " +
             base::Quote(config.job_name));
  }
  out = std::move(config);
  return good;
}

}  // namespace

bool ReadYaml(const base::YamlReader& in, TargetGroup& out) {
  if (in.node().kind == base::YamlNode::Kind::null) {
    in.Fail("empty or null section in static_configs");
    return false;
  }
  if (!TargetGroupSchema().Read(in, out)) return false;
  for (const auto& [name, value] : out.labels) {
    if (!name.empty() && base::IsValidUtf8(name) && base::IsValidUtf8(value)) continue;
    in.Fail(base::Quote(name) + " is not a valid label name, or its value is not UTF-8");
    return false;
  }
  return true;
}

bool ReadYaml(const base::YamlReader& in, HttpDiscovery& out) {
  if (!HttpDiscoverySchema().Read(in, out) || !base::CheckHttpOptions(in, out.http)) return false;
  const bool http = out.url.starts_with("http://") || out.url.starts_with("https://");
  if (!http || out.url.size() <= out.url.find("//") + 2) {
    in.Fail("the url of http_sd_configs must start with http:// or https:// and name a host");
    return false;
  }
  if (out.refresh_interval <= base::Duration(0)) {
    in.Fail("refresh_interval must be above 0");
    return false;
  }
  return true;
}

bool ReadYaml(const base::YamlReader& in, FileDiscovery& out) {
  if (!FileDiscoverySchema().Read(in, out)) return false;
  if (out.files.empty()) {
    in.Fail("file service discovery config must contain at least one path name");
    return false;
  }
  for (const std::string& path : out.files) {
    if (IsDiscoveryPattern(path)) continue;
    in.Fail("path name " + base::Quote(path) + " is not valid for file discovery");
    return false;
  }
  return true;
}

const std::vector<base::FieldHelp>& ScrapeConfigHelp() { return Schema().help(); }

bool ReadScrapeConfigs(const base::YamlReader& in, const GlobalConfig& global, std::vector<ScrapeConfig>& out) {
  if (in.node().kind == base::YamlNode::Kind::null) return true;
  if (in.node().kind != base::YamlNode::Kind::sequence) {
    in.Fail("expected a list");
    return false;
  }
  bool good = true;
  std::set<std::string> names;
  for (const ScrapeConfig& known : out) names.insert(known.job_name);
  for (size_t i = 0; i < in.node().items.size(); ++i) {
    const base::YamlReader item = in.Item(i);
    ScrapeConfig config;
    good = ReadScrapeConfig(item, global, config) && good;
    if (!config.job_name.empty() && !names.insert(config.job_name).second) {
      item.Fail("found multiple scrape configs with job name " + base::Quote(config.job_name));
      good = false;
    }
    out.push_back(std::move(config));
  }
  return good;
}

void ResolvePaths(const std::string& folder, std::vector<ScrapeConfig>& configs) {
  for (ScrapeConfig& config : configs) {
    for (FileDiscovery& discovery : config.file_sd_configs) {
      for (std::string& file : discovery.files) base::ResolvePath(folder, file);
    }
    for (HttpDiscovery& discovery : config.http_sd_configs) base::ResolvePaths(folder, discovery.http);
    base::ResolvePaths(folder, config.http);
  }
}

base::Result<std::vector<TargetGroup>> ReadTargetGroups(const std::string& path) {
  TRY(const std::string text, base::ReadFile(path));
  return ParseTargetGroups(text, path);
}

base::Result<std::vector<TargetGroup>> ParseTargetGroups(std::string_view text, const std::string& name) {
  base::YamlErrors errors;
  const base::YamlNode node = base::ParseYaml(text, name, errors);
  std::vector<TargetGroup> groups;
  if (errors.empty()) base::ReadYaml(base::YamlReader(node, "", errors), groups);
  if (!errors.empty()) return std::unexpected(errors.errors().front());
  return groups;
}

std::string_view ToString(NameEscaping escaping) {
  switch (escaping) {
    case NameEscaping::allow_utf8:
      return "allow-utf-8";
    case NameEscaping::underscores:
      return "underscores";
    case NameEscaping::dots:
      return "dots";
    case NameEscaping::values:
      return "values";
  }
  return "allow-utf-8";
}

std::string AcceptHeader(const std::vector<std::string>& protocols, NameEscaping escaping) {
  static constexpr std::string_view kProtobuf = "PrometheusProto";
  struct Offer {
    std::string_view protocol;
    std::string_view media;
    bool escaping;
  };
  constexpr std::array<Offer, 5> kOffers = {
      {{kProtobuf, "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", false},
       {"OpenMetricsText1.0.0", "application/openmetrics-text;version=1.0.0", true},
       {"OpenMetricsText0.0.1", "application/openmetrics-text;version=0.0.1", false},
       {"PrometheusText1.0.0", "text/plain;version=1.0.0", true},
       {"PrometheusText0.0.4", "text/plain;version=0.0.4", false}}};
  const std::string asked = ";escaping=" + std::string(ToString(escaping));
  std::string header;
  size_t weight = kOffers.size() + 1;
  const auto offer = [&](const Offer& known) {
    header += std::string(known.media) + (known.escaping ? asked : "") + ";q=0." + std::to_string(weight--) + ",";
  };
  if (protocols.empty()) {
    std::ranges::for_each(kOffers | std::views::filter([](const Offer& o) { return o.protocol != kProtobuf; }), offer);
  }
  for (const std::string& protocol : protocols) {
    const auto* const known = std::ranges::find(kOffers, protocol, &Offer::protocol);
    if (known != kOffers.end()) offer(*known);
  }
  return header + "*/*;q=0." + std::to_string(weight);
}

}  // namespace ingest
