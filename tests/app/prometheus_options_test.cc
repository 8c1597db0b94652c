#include "app/prometheus_options.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "app/config.h"
#include "base/text.h"
#include "tests/support/support.h"

namespace app {
namespace {

// Every option in every place where it may stand, as a minimal file.
struct Sample {
  const PrometheusOption& option;
  std::string path;
  std::string document;
};

std::vector<Sample> Samples() {
  std::vector<Sample> samples;
  for (const PrometheusOption& option : PrometheusOptions()) {
    for (const OptionScope& scope : OptionScopes()) {
      if (scope.name != option.scope) continue;
      for (const OptionScope::Place& place : scope.places) {
        std::string document = base::ReplaceAll(std::string(place.document), "@", std::string(option.example));
        samples.push_back({option, (place.path.empty() ? "" : std::string(place.path) + ".") + std::string(option.key),
                           std::move(document)});
      }
    }
  }
  return samples;
}

// Whether the tree has something at "a[].b".
bool Has(const base::YamlNode& node, std::string_view path) {
  if (path.empty()) return true;
  if (path.starts_with("[]")) {
    path.remove_prefix(2);
    return std::ranges::any_of(node.items, [&](const base::YamlNode& item) { return Has(item, path); });
  }
  if (path.starts_with('.')) path.remove_prefix(1);
  const size_t end = path.find_first_of(".[");
  const base::YamlNode* entry = node.Find(path.substr(0, end));
  return entry != nullptr && Has(*entry, end == std::string_view::npos ? "" : path.substr(end));
}

class PrometheusOptionsTest : public testing::Test {
 protected:
  // What `tocsin check config` says: mistakes, then warnings.
  std::pair<std::string, std::string> Check(std::string_view document) {
    const std::string path = folder_.Write("tocsin.yml", document);
    base::YamlErrors errors;
    const Config config = ReadConfig(path, [](const std::string&) { return std::nullopt; }, errors);
    std::string warnings;
    for (const base::Error& warning : config.warnings) warnings += warning.ToString() + "\n";
    return {Plain(errors.ToString()), Plain(warnings)};
  }
  std::string Plain(std::string text) const {
    return base::ReplaceAll(std::move(text), folder_.path().string() + "/", "");
  }

  test::TemporaryDirectory folder_;
};

TEST_F(PrometheusOptionsTest, AreJudgedAsTheTableSays) {
  for (const Sample& sample : Samples()) {
    SCOPED_TRACE(sample.path + ": " + sample.document);
    base::YamlErrors errors;
    EXPECT_TRUE(Has(base::ParseYaml(sample.document, "t.yml", errors), sample.path)) << "not in its own example";
    const auto [mistakes, warnings] = Check(sample.document);
    const std::string sentence(sample.option.sentence);
    switch (sample.option.verdict) {
      case OptionVerdict::works:
        EXPECT_EQ(mistakes + warnings, "");
        break;
      case OptionVerdict::ignored:
        EXPECT_EQ(mistakes, "");
        EXPECT_TRUE(warnings.ends_with(": has no effect: " + sentence + "\n")) << warnings;
        break;
      case OptionVerdict::refused:
        EXPECT_TRUE(mistakes.ends_with(": not supported: " + sentence + "\n")) << mistakes;
        EXPECT_EQ(std::ranges::count(mistakes, '\n'), 1) << mistakes;
        break;
    }
  }
}

TEST_F(PrometheusOptionsTest, EveryRowStandsInAScopeOnceAndSaysWhyItDoesNotWork) {
  std::set<std::string> paths;
  for (const Sample& sample : Samples())
    EXPECT_TRUE(paths.insert(sample.path).second) << sample.path << " is there twice";
  for (const PrometheusOption& option : PrometheusOptions()) {
    const auto places = std::ranges::count(OptionScopes(), option.scope, &OptionScope::name);
    EXPECT_EQ(places, 1) << option.scope;
    EXPECT_TRUE(option.verdict == OptionVerdict::works || !option.sentence.empty()) << option.key;
  }
}

TEST_F(PrometheusOptionsTest, NamePlacesInTheFile) {
  EXPECT_EQ(Check("scrape_configs:\n- job_name: a\n  dns_sd_configs: [{names: [x]}]\n").first,
            "tocsin.yml:3:3: scrape_configs[0].dns_sd_configs: not supported: the service is not asked; use "
            "static_configs, file_sd_configs or http_sd_configs\n");
  EXPECT_EQ(Check("global: {}\nruntime: {gogc: 50}\n").second,
            "tocsin.yml:2:1: runtime: has no effect: it tunes the collector of garbage that tocsin does not have\n");
}

TEST_F(PrometheusOptionsTest, GivenAsNothingIsNotGiven) {
  for (const char* nothing : {"scrape_configs: [{job_name: a, dns_sd_configs: []}]",
                              "scrape_configs: [{job_name: a, convert_classic_histograms_to_nhcb: false}]",
                              "global: {query_log_file: ''}", "remote_read:", "runtime:"}) {
    EXPECT_EQ(Check(nothing), (std::pair<std::string, std::string>())) << nothing;
  }
  EXPECT_NE(Check("remote_write: [{url: 'http://h', sigv4: {}}]").first, "");
}

TEST_F(PrometheusOptionsTest, DocumentsAreTheTable) {
  const std::string page = test::ReadFile(std::string(TOCSIN_SOURCE_DIR) + "/docs/differences.md");
  EXPECT_TRUE(page.ends_with(PrometheusOptionsPage())) << "run make docs";
}

}  // namespace
}  // namespace app
