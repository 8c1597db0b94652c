#include "app/commands/check.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <iterator>

#include "alertmanager/config.h"
#include "app/commands/check_collector.h"
#include "app/commands/check_metrics.h"
#include "app/config.h"
#include "app/known_metrics.h"
#include "base/file.h"
#include "rules/rule_file.h"
#include "rules/threshold/expand.h"

namespace app {
namespace {

size_t CountRules(const rules::RuleSet& set) {
  size_t count = 0;
  for (const rules::RuleGroup& group : set.groups) {
    if (!group.builtin) count += group.rules.size();
  }
  return count;
}

// Runs `check` on each file and reports; `check` adds mistakes and returns what a good file is said to hold.
template <class Check>
int CheckEach(const std::vector<std::string>& files, Check check) {
  int code = kOk;
  for (const std::string& file : files) {
    base::YamlErrors errors;
    const std::string content = check(file, errors);
    if (errors.empty()) {
      fmt::print("{}: ok, {}\n", file, content);
      continue;
    }
    code = kUsage;
    fmt::print(stderr, "{}{}: {} {}\n", errors.ToString(), file, errors.errors().size(),
               errors.errors().size() == 1 ? "mistake" : "mistakes");
  }
  return code;
}

}  // namespace

std::vector<Flag> CheckConfigFlags() {
  return {
      {"connect", "", "false", "Ask the databases too: run every collector once and tell of those that fail.", false},
      {"lint-fatal", "", "false", "Exit with 3 where there are warnings.", false}};
}

int CheckConfigFiles(const Invocation& invocation) {
  size_t warnings = 0;
  bool failed = false;
  const int code = CheckEach(invocation.arguments(), [&](const std::string& file, base::YamlErrors& errors) {
    const Config config = ReadConfig(file, ProcessEnvironment(), errors);
    if (!errors.empty()) return std::string();
    const std::vector<rules::LintFinding> findings = LintConfig(config);
    for (const rules::LintFinding& finding : findings) fmt::print(stderr, "warning: {}\n", finding.ToString());
    for (const base::Error& warning : config.warnings) fmt::print(stderr, "warning: {}\n", warning.ToString());
    const size_t found = findings.size() + config.warnings.size();
    warnings += found;
    if (invocation.IsOn("connect")) failed = !ConnectAndCollect(config.collectors) || failed;
    return fmt::format("{} database targets, {} scrape jobs, {} rule files, {} rules, {} receivers{}",
                       config.collectors.targets.size(), config.scrape_configs.size(), config.rule_files.size(),
                       CountRules(config.rules), config.alertmanager ? config.alertmanager->receivers.size() : 0,
                       found == 0 ? "" : fmt::format("; {} warning{}", found, found == 1 ? "" : "s"));
  });
  if (code != kOk) return code;
  if (failed) return kFailed;
  return warnings > 0 && invocation.IsOn("lint-fatal") ? kLint : kOk;
}

int CheckAlertmanagerFiles(const Invocation& invocation) {
  return CheckEach(invocation.arguments(), [](const std::string& file, base::YamlErrors& errors) {
    const Config config = ReadAlertmanagerConfig(file, errors);
    if (!config.alertmanager) return std::string();
    return fmt::format("{} receivers, {} inhibit rules", config.alertmanager->receivers.size(),
                       config.alertmanager->inhibit_rules.size());
  });
}

std::vector<Flag> CheckMetricsFlags() {
  return {{"openmetrics", "", "false", "Hold the pages to OpenMetrics 1.0 to the letter.", false},
          {"lint", "", "true", "Say which conventions are broken.", false},
          {"lint-fatal", "", "false", "Exit with 3 where a convention is broken.", false}};
}

int CheckMetricsFiles(const Invocation& invocation) {
  std::vector<MetricsPage> pages;
  for (const std::string& file : invocation.arguments()) {
    auto content = base::ReadFileOrStream(file);
    if (!content) {
      fmt::print(stderr, "tocsin check metrics: {}\n", content.error().message);
      return kUsage;
    }
    pages.push_back({file, *std::move(content)});
  }
  if (pages.empty()) {
    pages.push_back({"<stdin>", {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()}});
  }
  const CheckMetricsReport report = CheckMetrics(pages, {.openmetrics = invocation.IsOn("openmetrics"),
                                                         .lint = invocation.IsOn("lint"),
                                                         .lint_fatal = invocation.IsOn("lint-fatal")});
  fmt::print(report.exit_code == kOk ? stdout : stderr, "{}", report.text);
  return report.exit_code;
}

int ExpandRuleFiles(const Invocation& invocation) {
  base::YamlErrors errors;
  std::vector<rules::RuleSet> sets;
  for (const std::string& file : invocation.arguments()) {
    if (KindOfFile(file, FileKind::rules) == FileKind::tocsin) {
      sets.push_back(ReadConfig(file, ProcessEnvironment(), errors, {.only = {"rule_files", "thresholds"}}).rules);
    } else {
      sets.push_back(rules::LoadRuleFiles(std::vector<std::string>{file}, {}, errors));
    }
  }
  const rules::RuleSet set = rules::MergeRuleSets(std::move(sets), errors);
  if (!errors.empty()) {
    fmt::print(stderr, "{}", errors.ToString());
    return kUsage;
  }
  fmt::print("{}", rules::ExpandRules(set));
  return kOk;
}

}  // namespace app
