#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "alertmanager/alerting.h"
#include "alertmanager/config.h"
#include "base/yaml/yaml.h"
#include "exporter/config.h"
#include "ingest/config.h"
#include "ingest/relabel.h"
#include "remote/config.h"
#include "rules/remote/config.h"

// Any text as a configuration: each section is read by its room, as `tocsin run` does it. Reading says the same twice,
// and what is shown of it, without secrets, is YAML again. (Rules and thresholds: fuzz_yaml.)

namespace {

constexpr base::YamlLimits kLimits{.max_bytes = 1UL << 20, .max_depth = 32, .max_nodes = 20'000};

void ReadSections(const base::YamlNode& root, base::YamlErrors& errors) {
  ingest::GlobalConfig global;
  const auto section = [&](std::string_view key, auto read) {
    const base::YamlNode* const node = root.Find(key);
    if (node != nullptr) read(base::YamlReader(*node, std::string(key), errors));
  };
  section("global", [&](const base::YamlReader& in) { ingest::ReadYaml(in, global); });
  section("collectors", [](const base::YamlReader& in) {
    exporter::ExporterConfig config;
    exporter::ReadYaml(in, config);
  });
  section("scrape_configs", [&](const base::YamlReader& in) {
    std::vector<ingest::ScrapeConfig> configs;
    ingest::ReadScrapeConfigs(in, global, configs);
  });
  section("remote_write", [](const base::YamlReader& in) {
    std::vector<remote::WriteConfig> configs;
    remote::ReadWriteConfigs(in, configs);
  });
  section("rules", [](const base::YamlReader& in) {
    rules::EvaluationConfig config;
    rules::ReadYaml(in, config);
  });
  section("alerting", [](const base::YamlReader& in) {
    alertmanager::AlertingConfig config;
    alertmanager::ReadYaml(in, config);
  });
  section("alertmanager", [](const base::YamlReader& in) {
    alertmanager::Config config;
    alertmanager::ReadYaml(in, config);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  base::YamlErrors errors;
  const base::YamlNode root = base::ParseYaml(text, "tocsin.yml", errors, kLimits);
  if (!errors.empty() || root.kind != base::YamlNode::Kind::map) return 0;
  base::YamlErrors first;
  base::YamlErrors second;
  ReadSections(root, first);
  ReadSections(root, second);
  if (first.ToString() != second.ToString()) std::abort();
  static const std::vector<base::FieldHelp> help = {
      {"collectors", "map", "", "", false, &exporter::CollectorsSchema().help()},
      {"scrape_configs", "list", "", "", false, &ingest::ScrapeConfigHelp()},
      {"remote_write", "list", "", "", false, &remote::WriteConfigHelp()},
      {"alertmanager", "map", "", "", false, &alertmanager::ConfigHelp()},
  };
  const std::string shown = base::WriteYaml(base::HideSecrets(root, help));
  base::YamlErrors shown_errors;
  base::ParseYaml(shown, "shown.yml", shown_errors, kLimits);
  if (!shown_errors.empty()) {
    std::fprintf(stderr, "cannot be shown: %s\n%s\n", shown.c_str(), shown_errors.ToString().c_str());
    std::abort();
  }
  return 0;
}
