#include "app/commands/check.h"

#include <fmt/format.h>

#include <cstdio>

#include "alertmanager/config.h"
#include "app/config.h"
#include "rules/expand.h"
#include "rules/rule_file.h"
#include "rules/template_expander.h"

namespace app {
namespace {

rules::RuleFileOptions RuleOptions() { return {.parse = {}, .check_template = rules::CheckTemplate}; }

size_t CountRules(const rules::RuleSet& set) {
  size_t count = 0;
  for (const rules::RuleGroup& group : set.groups) count += group.rules.size();
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

int CheckConfigFiles(const Invocation& invocation) {
  return CheckEach(invocation.arguments(), [](const std::string& file, base::YamlErrors& errors) {
    const Config config = ReadConfig(file, ProcessEnvironment(), errors);
    return fmt::format("{} database targets, {} scrape jobs, {} rule files, {} rules, {} receivers",
                       config.collectors.targets.size(), config.scrape_configs.size(), config.rule_files.size(),
                       CountRules(config.rules), config.alertmanager ? config.alertmanager->receivers.size() : 0);
  });
}

int CheckRuleFiles(const Invocation& invocation) {
  return CheckEach(invocation.arguments(), [](const std::string& file, base::YamlErrors& errors) {
    const rules::RuleSet set = rules::LoadRuleFiles(std::span(&file, 1), RuleOptions(), errors);
    return fmt::format("{} groups, {} rules", set.groups.size(), CountRules(set));
  });
}

int CheckAlertmanagerFiles(const Invocation& invocation) {
  return CheckEach(invocation.arguments(), [](const std::string& file, base::YamlErrors& errors) {
    const Config config = ReadAlertmanagerConfig(file, errors);
    return fmt::format("{} receivers, {} inhibit rules", config.alertmanager->receivers.size(),
                       config.alertmanager->inhibit_rules.size());
  });
}

int ExpandRuleFiles(const Invocation& invocation) {
  base::YamlErrors errors;
  const rules::RuleSet set = rules::LoadRuleFiles(invocation.arguments(), RuleOptions(), errors);
  if (!errors.empty()) {
    fmt::print(stderr, "{}", errors.ToString());
    return kUsage;
  }
  fmt::print("{}", rules::ExpandRules(set));
  return kOk;
}

}  // namespace app
