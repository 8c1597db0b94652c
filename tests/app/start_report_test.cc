#include "app/start_report.h"

#include <gtest/gtest.h>

#include "tests/support/support.h"

namespace app {
namespace {

std::string Text(const std::vector<StartLine>& lines) {
  std::string text;
  for (const StartLine& line : lines) {
    const std::string whole = base::FormatLogLine(base::LogFormat::logfmt, "T", line.level, line.message, line.fields);
    text += whole.substr(whole.find("level=")) + "\n";
  }
  return text;
}

Config Read(const std::string& text, const Roles& roles = kAllRoles) {
  const test::TemporaryDirectory folder;
  base::YamlErrors errors;
  Config config = ReadConfig(folder.Write("tocsin.yml", text), {}, errors, {.roles = roles});
  EXPECT_EQ(errors.ToString(), "");
  return config;
}

TEST(StartReportTest, SaysWhatRuns) {
  const Config config = Read(R"(
collectors:
  targets:
    - {name: main, url: "postgresql://me:s3cret@db:5432/app"}
    - {name: dsn, url: "host=db password=s3cret"}
  postgres: [{target: main, only: [settings, locks]}]
  sql:
    - {name: kpi, target: main, query: SELECT 1 AS v, metrics: [{name: kpi, type: gauge, help: x, value: v}]}
scrape_configs: [{job_name: web, static_configs: [{targets: [a:1, b:1]}]}]
thresholds: [{name: A, value: kpi, warning: "> 3"}]
builtin_alerts: false
remote_write: [{url: "http://me:s3cret@away/write"}]
alertmanager:
  route: {receiver: a}
  receivers: [{name: a, webhook_configs: [{url: "http://h/s3cret"}]}, {name: b}]
)");
  EXPECT_EQ(Text(DescribeStart(config, {.roles = kAllRoles, .config_file = "/etc/t.yml", .storage_path = "/var/t"})),
            "level=INFO msg=\"starting tocsin\" version=" TOCSIN_VERSION
            " roles=\"exporter, rules, alertmanager\" config_file=/etc/t.yml\n"
            "level=INFO msg=\"measures a database\" target=main url=postgresql://xxxxx:xxxxx@db:5432/app"
            " collectors=\"postgres (2), sql.kpi\"\n"
            "level=INFO msg=\"measures a database\" target=dsn url=\"a connection string\" collectors=none\n"
            "level=INFO msg=\"scrapes pages\" jobs=\"web, tocsin (own page)\" static_targets=2 interval=1m\n"
            "level=INFO msg=\"evaluates rules\" files=none thresholds=1 alerting_rules=1 recording_rules=2"
            " builtin_rules=3 interval=1m\n"
            "level=INFO msg=\"tells receivers\" names=\"a (webhook), b (tells nobody)\"\n"
            "level=INFO msg=\"sends samples on\" urls=http://xxxxx:xxxxx@away/write\n"
            "level=INFO msg=\"keeps data\" folder=/var/t retention=15d\n");
}

TEST(StartReportTest, WarnsOfWhatLeadsNowhere) {
  const std::string text = "thresholds: [{name: A, value: nobody_exposes, warning: \"> 3\"}]\ncollectors: {}\n";
  const Roles rules{.rules = true};
  EXPECT_EQ(Text(DescribeWarnings(Read(text, rules), {.roles = rules, .config_file = "", .storage_path = ""})),
            "level=WARN msg=\"alerts are sent to nobody: name the alertmanagers in `alerting: {alertmanagers: […]}`\"\n"
            "level=WARN msg=\"no samples come in: name the exporter's address in `scrape_configs:`\"\n");
  EXPECT_EQ(Read(text, rules).left, std::vector<std::string>{"collectors"});
  const std::string all =
      Text(DescribeWarnings(Read(text), {.roles = kAllRoles, .config_file = "", .storage_path = ""}));
  EXPECT_NE(all.find("neither `alertmanager:` nor"), std::string::npos) << all;
  EXPECT_NE(all.find("A: there is no metric nobody_exposes [unknown-metric]"), std::string::npos) << all;
}

TEST(StartReportTest, TellsFilesApart) {
  const test::TemporaryDirectory folder;
  const struct {
    std::string text;
    FileKind want;
  } kCases[] = {
      {"route: {}\nglobal: {}\n", FileKind::alertmanager},
      {"global: {}\nreceivers: []\n", FileKind::alertmanager},
      {"global: {}\nalertmanager: {}\n", FileKind::tocsin},
      {"collectors: {}\n", FileKind::tocsin},
      {"groups: []\n", FileKind::rules},
      {"thresholds: []\n", FileKind::rules},
      {"", FileKind::rules},
      {"- not\n- a map\n", FileKind::rules},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(KindOfFile(folder.Write("f.yml", test.text), FileKind::rules), test.want) << test.text;
  }
}

}  // namespace
}  // namespace app
