#include "app/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "tests/conformance/corpus.h"

// Prometheus' own test configurations.

namespace app {
namespace {

std::string MistakesOf(const std::filesystem::path& path) {
  base::YamlErrors errors;
  ReadConfig(path.string(), [](const std::string&) { return std::nullopt; }, errors);
  return errors.ToString();
}

// Whether the mistake is that something is refused by name, that a file is missing which is not in the corpus, that two
// files of scrape configs do not go together (Prometheus sees it when it starts), or that a URL has no scheme (when it
// sends).
bool IsExplained(std::string_view line) {
  return line.contains(": not supported: ") || line.contains(": there is no file ") ||
         line.contains("found multiple scrape configs") || line.contains("No such file or directory") ||
         line.contains("expected a URL that starts with http");
}

// Files whose mistake is behind YAML's !!binary tag, whose bytes our reader keeps as the text they are written in, or
// in a section that has no effect here.
bool MistakeIsUnseen(std::string_view name) {
  static constexpr std::string_view kBinary[] = {"labelname.bad.yml", "labelvalue.bad.yml", "labelmap.bad.yml",
                                                 "static_config.bad.yml"};
  return name.starts_with("otlp_") || name.starts_with("tracing_") || name.starts_with("tsdb_chunk_") ||
         std::ranges::find(kBinary, name) != std::end(kBinary);
}

TEST(Conformance, PrometheusConfigurations) {
  for (const auto& file : std::filesystem::directory_iterator(conformance::Corpus("prometheus-config"))) {
    const std::string name = file.path().filename().string();
    SCOPED_TRACE(name);
    if (name.ends_with(".bad.yml") && !MistakeIsUnseen(name)) {
      EXPECT_NE(MistakesOf(file.path()), "");
    }
    if (!name.ends_with(".good.yml")) continue;
    const std::string mistakes = MistakesOf(file.path());
    for (const std::string_view line : base::Split(base::Trim(mistakes), '\n')) {
      EXPECT_TRUE(line.empty() || IsExplained(line)) << line;
    }
  }
}

}  // namespace
}  // namespace app
