#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

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

}  // namespace
}  // namespace ingest
