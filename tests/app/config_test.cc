#include "app/config.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/text.h"
#include "tests/support/support.h"

namespace app {
namespace {

// tocsin.yml in a folder of its own.
class ConfigTest : public testing::Test {
 protected:
  Config Read(std::string_view yaml) {
    const std::string path = folder_.Write("tocsin.yml", yaml);
    base::YamlErrors errors;
    Config config = ReadConfig(path, [](const std::string&) { return std::nullopt; }, errors);
    mistakes_ = base::ReplaceAll(errors.ToString(), folder_.path().string() + "/", "");
    return config;
  }

  test::TemporaryDirectory folder_;
  std::string mistakes_;
};

TEST_F(ConfigTest, RuleFilesArePathsAndPatternsOfTheLastPart) {
  folder_.Write("a/1.yml", "groups: []\n");
  folder_.Write("a/2.yml", "groups: []\n");
  folder_.Write("dir.yml/3.yml", "groups: []\n");
  ASSERT_EQ(mkfifo((folder_.path() / "fifo").c_str(), 0600), 0);
  struct Case {
    std::string_view files;
    size_t found;
    std::string_view mistakes;
  };
  const Case kCases[] = {
      {"['a/*.yml', a/1.yml]", 2, ""},
      {"['?/[12].yml']", 2, ""},
      {"['nothing/*.yml']", 0, ""},
      {"[a/3.yml]", 0, "tocsin.yml:1:14: rule_files[0]: there is no file \"a/3.yml\"\n"},
      {"['**/1.yml']", 0,
       "tocsin.yml:1:14: rule_files[0]: invalid rule file path \"**/1.yml\": \"*\" may stand behind the last \"/\" "
       "only; "
       "list each folder\n"},
      {"['*/1.yml']", 0,
       "tocsin.yml:1:14: rule_files[0]: invalid rule file path \"*/1.yml\": \"*\" may stand behind the last \"/\" "
       "only; "
       "list each folder\n"},
      {"['d*.yml']", 1, "cannot read \"dir.yml\": Is a directory\n"},
      {"[a]", 1, "cannot read \"a\": Is a directory\n"},
      {"[fifo]", 1, "cannot read \"fifo\": it is a FIFO, not a regular file\n"},
  };
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.files);
    EXPECT_EQ(Read("rule_files: " + std::string(one.files) + "\n").rule_files.size(), one.found);
    EXPECT_EQ(mistakes_, one.mistakes);
  }
}

TEST_F(ConfigTest, ScrapeConfigFilesAddJobs) {
  folder_.Write("jobs/a.yml",
                "scrape_configs:\n- {job_name: a, basic_auth: {username: u, password_file: p}}\n"
                "- {job_name: b, file_sd_configs: [{files: [t.json]}]}\n");
  folder_.Write("jobs/b.yml",
                "scrape_configs: [{job_name: c, relabel_configs: [{replacement: '${h}', target_label: x}]}]\n");
  folder_.Write("empty.yml", "");
  const Config config = Read(
      "global: {scrape_interval: 7s}\nscrape_config_files: ['jobs/*.yml', empty.yml]\nscrape_configs: [{job_name: "
      "own}]\n");
  EXPECT_EQ(mistakes_, "");
  ASSERT_EQ(config.scrape_configs.size(), 4);
  EXPECT_EQ(config.scrape_configs[0].job_name, "own");
  EXPECT_EQ(config.scrape_configs[1].scrape_interval, std::chrono::seconds(7));
  EXPECT_EQ(config.scrape_configs[1].http.basic_auth->password.file, folder_.path() / "jobs/p");
  EXPECT_EQ(config.scrape_configs[2].file_sd_configs[0].files[0], folder_.path() / "jobs/t.json");
  EXPECT_EQ(config.scrape_configs[3].job_name, "c");
}

TEST_F(ConfigTest, MistakesInScrapeConfigFiles) {
  folder_.Write("twice.yml", "scrape_configs: [{job_name: own}]\n");
  folder_.Write("more.yml", "scrape_configs: [{job_name: x}]\nglobal: {}\n");
  folder_.Write("refused.yml", "scrape_configs: [{job_name: y, dns_sd_configs: [{names: [a]}]}]\n");
  Read(
      "scrape_config_files: [twice.yml, more.yml, refused.yml, none.yml, '*/a.yml']\nscrape_configs: [{job_name: "
      "own}]\n");
  EXPECT_EQ(
      mistakes_,
      "twice.yml:1:18: scrape_configs[0]: found multiple scrape configs with job name \"own\"\n"
      "more.yml:2:1: unknown key \"global\"\n"
      "refused.yml:1:32: scrape_configs[0].dns_sd_configs: not supported: the service is not asked; use "
      "static_configs, file_sd_configs or http_sd_configs\n"
      "tocsin.yml:1:57: scrape_config_files[3]: there is no file \"none.yml\"\n"
      "tocsin.yml:1:67: scrape_config_files[4]: invalid scrape config file path \"*/a.yml\": \"*\" may stand behind "
      "the last \"/\" only; list each folder\n");
}

TEST_F(ConfigTest, StorageUnderPrometheusNames) {
  const Config config =
      Read("storage: {tsdb: {out_of_order_time_window: 30m, retention: {time: 3d, size: 1GB}}, max_series: 5}\n");
  EXPECT_EQ(mistakes_, "");
  EXPECT_EQ(config.storage.out_of_order_time_window, std::chrono::minutes(30));
  EXPECT_EQ(config.storage.retention, std::chrono::hours(72));
  EXPECT_EQ(config.storage.retention_size.bytes, 1UL << 30);
  EXPECT_EQ(config.storage.max_series, 5);
}

}  // namespace
}  // namespace app
