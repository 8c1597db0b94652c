#include "app/commands/documents.h"

#include <fmt/format.h>

#include <cstdio>

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
  if (of != "configuration") return base::Invalid("schema is of configuration or rules");
  std::vector<base::FieldHelp> fields = ConfigHelp();
  for (base::FieldHelp& field : fields) {
    // the reference shows rule files below the key that names them
    if (field.key == "rule_files") field.nested = nullptr;
    if (field.key == "thresholds") field.nested = &rules::ThresholdHelp();
  }
  return JsonSchema(fields, {.id = "tocsin.schema.json", .title = "tocsin.yml", .environment = true});
}

}  // namespace

int PrintDocument(std::span<const Command> commands, const Invocation& invocation) {
  const std::string& what = invocation.arguments()[0];
  if (what == "configuration") {
    fmt::print("{}", ConfigurationPage());
  } else if (what == "commands") {
    fmt::print("{}", CommandsPage(commands));
  } else if (what == "builtin-alerts") {
    fmt::print("{}", rules::BuiltinAlertsPage());
  } else if (what == "differences") {
    fmt::print("{}", PrometheusOptionsPage());
  } else if (what == "man") {
    fmt::print("{}", ManPage(commands));
  } else if (what == "schema") {
    const auto text = SchemaPage(invocation.arguments().size() > 1 ? invocation.arguments()[1] : "configuration");
    if (!text) {
      fmt::print(stderr, "tocsin docs: {}\n", text.error().message);
      return kUsage;
    }
    fmt::print("{}", *text);
  } else if (what == "completion" && invocation.arguments().size() == 2) {
    const auto text = Completion(commands, invocation.arguments()[1]);
    if (!text) {
      fmt::print(stderr, "tocsin docs: {}\n", text.error().message);
      return kUsage;
    }
    fmt::print("{}", *text);
  } else {
    fmt::print(
        stderr,
        "tocsin docs: one of configuration, commands, builtin-alerts, differences, man, schema [rules], completion bash|zsh|fish\n");
    return kUsage;
  }
  return kOk;
}

}  // namespace app
