#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "ingest/config.h"
#include "ingest/exposition_parser.h"
#include "ingest/lint.h"
#include "ingest/openmetrics_check.h"
#include "tests/conformance/corpus.h"
#include "tests/support/support.h"

// Scraped pages and the scrape sections of prometheus.yml.

namespace ingest {
namespace {

using conformance::Corpus;

size_t CountSamples(std::string_view page, ExpositionFormat format) {
  const auto parser = NewParser(page, {.format = format});
  Entry entry;
  size_t samples = 0;
  for (;;) {
    const auto more = parser->Next(entry);
    EXPECT_TRUE(more) << (more ? "" : more.error().ToString());
    if (!more || !*more) return samples;
    samples += entry.kind == EntryKind::sample;
  }
}

TEST(IngestConformance, OpenMetricsVerdicts) {
  size_t judged = 0;
  for (const auto& folder : std::filesystem::directory_iterator(Corpus("openmetrics"))) {
    const auto verdict = folder.path() / "test.json";
    if (!std::filesystem::exists(verdict)) continue;
    SCOPED_TRACE(folder.path().filename().string());
    const bool should_parse = test::ReadFile(verdict).contains("\"shouldParse\": true");
    const auto error = CheckOpenMetrics(test::ReadFile(folder.path() / "metrics"));
    EXPECT_EQ(!error, should_parse) << (error ? error->ToString() : "accepted");
    ++judged;
  }
  EXPECT_GE(judged, 211U);
}

TEST(IngestConformance, ExpositionPagesAreRead) {
  for (const auto& file : std::filesystem::directory_iterator(Corpus("exposition"))) {
    SCOPED_TRACE(file.path().filename().string());
    const bool openmetrics = file.path().string().ends_with(".om.txt");
    const std::string page = test::ReadFile(file.path());
    EXPECT_GT(CountSamples(page, openmetrics ? ExpositionFormat::openmetrics : ExpositionFormat::text), 10);
    if (!openmetrics) {
      EXPECT_TRUE(LintText(page).errors.empty());
    }
  }
}

// What is wrong with the two sections of a prometheus.yml that this room reads.
std::string MistakesOf(const std::filesystem::path& path) {
  base::YamlErrors errors;
  const base::YamlNode node = base::ReadYamlFile(path.string(), errors);
  const base::YamlReader top(node, "", errors);
  GlobalConfig global;
  std::vector<ScrapeConfig> scrapes;
  if (const base::YamlNode* section = node.Find("global")) ReadYaml(top.Entry(*section, "global"), global);
  if (const base::YamlNode* section = node.Find("scrape_configs")) {
    ReadScrapeConfigs(top.Entry(*section, "scrape_configs"), global, scrapes);
  }
  return errors.ToString();
}

// Files whose mistake stands in a section of another room, in another file, or behind YAML's !!binary tag, whose bytes
// our reader keeps as the text they are written in.
bool MistakeIsElsewhere(std::string_view name) {
  static constexpr std::string_view kParts[] = {"remote_", "alert", "rules",   "tracing",
                                                "tsdb_",   "otlp",  "empty_r", "scrape_config_files_"};
  static constexpr std::string_view kBinary[] = {"labelname.bad.yml", "labelvalue.bad.yml", "labelmap.bad.yml",
                                                 "static_config.bad.yml"};
  return std::ranges::any_of(kParts, [&](std::string_view part) { return name.contains(part); }) ||
         std::ranges::find(kBinary, name) != std::end(kBinary);
}

TEST(IngestConformance, PrometheusConfigurations) {
  for (const auto& file : std::filesystem::directory_iterator(Corpus("prometheus-config"))) {
    const std::string name = file.path().filename().string();
    SCOPED_TRACE(name);
    const bool bad = name.ends_with(".bad.yml");
    if (!name.ends_with(".good.yml") && !(bad && !MistakeIsElsewhere(name))) continue;
    const std::string mistakes = MistakesOf(file.path());
    if (bad) {
      EXPECT_NE(mistakes, "");
      continue;
    }
    for (const std::string_view line : base::Split(base::Trim(mistakes), '\n')) {
      const bool refused =
          line.empty() || line.contains("Prometheus knows this setting") || line.contains("tocsin supports only");
      EXPECT_TRUE(refused) << line;
    }
  }
}

}  // namespace
}  // namespace ingest
