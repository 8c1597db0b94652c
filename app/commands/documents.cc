#include "app/commands/documents.h"

#include <fmt/format.h>

#include <cstdio>

#include "app/completion.h"
#include "app/config.h"
#include "app/json_schema.h"
#include "app/prometheus_options.h"
#include "rules/builtin/builtin_rules.h"
#include "rules/rule_file.h"
#include "rules/threshold/threshold.h"

namespace app {
namespace {

std::string ConfigurationPage() {
  return "# Configuration reference\n\n"
         "Printed by `tocsin docs configuration` from the tables the program reads its files with; do not edit.\n\n"
         "Durations are Prometheus' (`30s`, `5m`, `1h30m`, `2d`). `${NAME}` and `${NAME:-default}` stand for "
         "environment\n"
         "variables in any value of tocsin.yml, except where Prometheus gives `$` a meaning: below `*relabel_configs`, "
         "inside a\n"
         "template's `{{ … }}` and in PromQL that calls `label_replace`. Each secret has a `…_file` form whose file is "
         "read again at each use.\n"
         "Unknown and repeated keys are errors. `tocsin check config FILE` tells every mistake at once.\n\n" +
         base::DescribeSchema("tocsin.yml", ConfigHelp());
}

std::string CommandsPage(std::span<const Command> commands) {
  std::string page =
      "# Commands\n\nPrinted by `tocsin docs commands`; do not edit.\n\n```\n" + UsageText(commands) + "```\n";
  for (const Command& command : commands) {
    page += fmt::format("\n## tocsin {}\n\n```\n{}```\n", command.name, CommandHelp(command));
  }
  return page;
}

// Of tocsin.yml, or of the files it names in rule_files.
base::Result<std::string> SchemaPage(std::string_view of) {
  if (of == "rules") {
    return JsonSchema(rules::RuleFileHelp(), {.id = "tocsin-rules.schema.json", .title = "tocsin rule file"});
  }
  if (of != "configuration")
    return base::Invalid(fmt::format("there is no schema of \"{}\" (one of configuration, rules)", of));
  std::vector<base::FieldHelp> fields = ConfigHelp();
  for (base::FieldHelp& field : fields) {
    // the reference shows rule files below the key that names them
    if (field.key == "rule_files") field.nested = nullptr;
    if (field.key == "thresholds") field.nested = &rules::ThresholdHelp();
  }
  return JsonSchema(fields, {.id = "tocsin.schema.json", .title = "tocsin.yml", .environment = true});
}

int PrintOr(std::string_view command, const base::Result<std::string>& page) {
  if (!page) {
    fmt::print(stderr, "tocsin {}: {}\n", command, page.error().message);
    return kUsage;
  }
  fmt::print("{}", *page);
  return kOk;
}

}  // namespace

int PrintConfigurationPage(const Invocation& /*invocation*/) {
  fmt::print("{}", ConfigurationPage());
  return kOk;
}

int PrintCommandsPage(std::span<const Command> commands, const Invocation& /*invocation*/) {
  fmt::print("{}", CommandsPage(commands));
  return kOk;
}

int PrintBuiltinAlertsPage(const Invocation& /*invocation*/) {
  fmt::print("{}", rules::BuiltinAlertsPage());
  return kOk;
}

int PrintDifferencesPage(const Invocation& /*invocation*/) {
  fmt::print("{}", PrometheusOptionsPage());
  return kOk;
}

int PrintManPage(std::span<const Command> commands, const Invocation& /*invocation*/) {
  fmt::print("{}", ManPage(commands));
  return kOk;
}

int PrintSchema(const Invocation& invocation) {
  return PrintOr("docs schema",
                 SchemaPage(invocation.arguments().empty() ? "configuration" : invocation.arguments()[0]));
}

int PrintCompletion(std::span<const Command> commands, const Invocation& invocation) {
  return PrintOr("docs completion", Completion(commands, invocation.arguments()[0]));
}

}  // namespace app
