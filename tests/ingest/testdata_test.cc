// The pages and configurations in testdata/: whole files as they are found in the field, and small mistakes by the
// dozen.
#include <gtest/gtest.h>

#include "ingest/config.h"
#include "ingest/exposition_parser.h"
#include "ingest/lint.h"
#include "ingest/openmetrics_check.h"
#include "tests/support/cases.h"

namespace ingest {
namespace {

// "NAME LABEL=VALUE … NUMBER" of each sample, or the error that ends the page.
std::vector<std::string> SamplesOf(std::string_view file, ExpositionFormat format) {
  const std::string page = test::ReadFile(test::ProjectFile(file));
  const auto parser = NewParser(page, {.format = format});
  std::vector<std::string> samples;
  Entry entry;
  for (;;) {
    const auto more = parser->Next(entry);
    if (!more) samples.push_back("error " + more.error().ToString());
    if (!more || !*more) return samples;
    if (entry.kind != EntryKind::sample) continue;
    std::string sample;
    for (const base::Label& label : parser->labels()) {
      if (label.name != base::kMetricName) sample += std::string(label.name) + "=";
      sample += std::string(label.value) + " ";
    }
    samples.push_back(sample + base::FormatFloat(entry.value));
  }
}

TEST(Testdata, APageOfText) {
  const std::vector<std::string> want = {
      "shop_orders_total channel=web country=DE 1027",
      "shop_orders_total channel=shop country=FR 3",
      "shop_orders_total channel=a\"b\\c\nd country=été 1500",
      "shop_temperature_celsius -Inf",
      "shop_temperature_celsius place= NaN",
      "shop_temperature_celsius place=roof +Inf",
      "shop_temperature_celsius place=cellar -0.125",
      "shop_wait_seconds_bucket le=0.1 3",
      "shop_wait_seconds_bucket le=1 5",
      "shop_wait_seconds_bucket le=+Inf 6",
      "shop_wait_seconds_sum 4.25",
      "shop_wait_seconds_count 6",
      "shop_size_bytes quantile=0.5 12",
      "shop_size_bytes quantile=0.99 99.5",
      "shop_size_bytes_sum 1234",
      "shop_size_bytes_count 77",
      "shop_state 16",
      "shop_bare 7",
  };
  EXPECT_EQ(SamplesOf("tests/ingest/testdata/all_types.prom", ExpositionFormat::text), want);
  const LintResult lint = LintText(test::ReadFile(test::ProjectFile("tests/ingest/testdata/all_types.prom")));
  EXPECT_TRUE(lint.errors.empty()) << lint.errors[0].ToString();
}

TEST(Testdata, APageOfOpenMetrics) {
  const std::vector<std::string> want = {
      "orders_total channel=web 1027",
      "orders_created channel=web 1699990000",
      "temperature_celsius place=roof -12.5",
      "wait_seconds_bucket le=0.1 3",
      "wait_seconds_bucket le=+Inf 6",
      "wait_seconds_count 6",
      "wait_seconds_sum 4.25",
      "queued_bucket le=10 4",
      "queued_bucket le=+Inf 4",
      "queued_gcount 4",
      "queued_gsum 12",
      "size quantile=0.5 12",
      "size_count 77",
      "size_sum 1234",
      "build_info version=1.2 1",
      "door door=open 1",
      "door door=shut 0",
      "other 5",
  };
  EXPECT_EQ(SamplesOf("tests/ingest/testdata/all_types.om", ExpositionFormat::openmetrics), want);
  const auto error = CheckOpenMetrics(test::ReadFile(test::ProjectFile("tests/ingest/testdata/all_types.om")));
  EXPECT_FALSE(error) << error->ToString();
}

TEST(Testdata, OpenMetricsThatIsGood) {
  const auto cases = test::CasesOf("tests/ingest/testdata/openmetrics_good.txt");
  EXPECT_EQ(cases.size(), 16U);
  for (const test::FileCase& c : cases) {
    SCOPED_TRACE(c.title);
    const auto error = CheckOpenMetrics(c.text);
    EXPECT_FALSE(error) << error->ToString();
  }
}

TEST(Testdata, OpenMetricsThatIsBad) {
  const auto cases = test::CasesOf("tests/ingest/testdata/openmetrics_bad.txt");
  EXPECT_EQ(cases.size(), 39U);
  for (const test::FileCase& c : cases) {
    SCOPED_TRACE(c.text);
    const auto error = CheckOpenMetrics(c.text);
    EXPECT_EQ(error ? error->ToString() : "", c.title);
  }
}

// What is wrong with the two sections of a prometheus.yml that this room reads.
std::string MistakesOf(std::string_view yaml) {
  base::YamlErrors errors;
  const base::YamlNode node = base::ParseYaml(std::string(yaml), "prometheus.yml", errors);
  const base::YamlReader top(node, "", errors);
  GlobalConfig global;
  std::vector<ScrapeConfig> scrapes;
  if (const base::YamlNode* section = node.Find("global")) ReadYaml(top.Entry(*section, "global"), global);
  if (const base::YamlNode* section = node.Find("scrape_configs")) {
    ReadScrapeConfigs(top.Entry(*section, "scrape_configs"), global, scrapes);
  }
  return errors.ToString();
}

TEST(Testdata, APrometheusConfiguration) {
  EXPECT_EQ(MistakesOf(test::ReadFile(test::ProjectFile("tests/ingest/testdata/prometheus.yml"))), "");
}

TEST(Testdata, PrometheusConfigurationsWithAMistake) {
  const auto cases = test::CasesOf("tests/ingest/testdata/prometheus_bad.txt");
  EXPECT_EQ(cases.size(), 20U);
  for (const test::FileCase& c : cases) {
    SCOPED_TRACE(c.title);
    const std::string mistakes = MistakesOf(c.text);
    EXPECT_TRUE(mistakes.starts_with("prometheus.yml:1:")) << mistakes;  // config_test compares whole messages
  }
}

}  // namespace
}  // namespace ingest
