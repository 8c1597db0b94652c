#include <malloc.h>

#include <string>
#include <vector>

#include "app/command_line.h"
#include "app/commands/backtest.h"
#include "app/commands/check.h"
#include "app/commands/check_collector.h"
#include "app/commands/check_rules.h"
#include "app/commands/client.h"
#include "app/commands/documents.h"
#include "app/commands/history.h"
#include "app/commands/query.h"
#include "app/commands/serve.h"
#include "app/commands/test_promql.h"
#include "app/commands/test_rules.h"

namespace {

using app::Command;
using app::Invocation;
using app::kAllRoles;
using app::Roles;

// Every command the program has.
const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = {
      {"run", "", "Runs all three roles in one process", app::ServeFlags(kAllRoles, "tocsin.yml", "127.0.0.1:9090"),
       [](const Invocation& in) { return app::Serve(kAllRoles, false, in); }},
      {"exporter", "", "Runs the exporter alone: measures and serves /metrics",
       app::ServeFlags(Roles{.exporter = true}, "tocsin.yml", "127.0.0.1:9187"),
       [](const Invocation& in) { return app::Serve(Roles{.exporter = true}, false, in); }},
      {"rules", "", "Runs the rule evaluator alone: scrapes, judges, posts alerts to the Alertmanagers of `alerting:`",
       app::ServeFlags(Roles{.rules = true}, "tocsin.yml", "127.0.0.1:9090"),
       [](const Invocation& in) { return app::Serve(Roles{.rules = true}, false, in); }},
      {"alertmanager", "",
       "Runs the alertmanager alone: takes alerts, tells people. Reads an alertmanager.yml or a tocsin.yml",
       app::AlertmanagerFlags(),
       [](const Invocation& in) { return app::Serve(Roles{.alertmanager = true}, true, in); }},
      {"check config", "FILE…", "Checks tocsin.yml files and all they name", app::CheckConfigFlags(),
       app::CheckConfigFiles},
      {"check collector", "[NAME…]", "Runs collectors once and prints their series and what was left out",
       app::CheckCollectorFlags(), app::CheckCollectors},
      {"check rules", "[FILE…]", "Checks rule files: mistakes, and what is probably not meant", app::CheckRulesFlags(),
       app::CheckRuleFiles},
      {"check alertmanager", "FILE…", "Checks alertmanager.yml files", {}, app::CheckAlertmanagerFiles},
      {"check metrics", "[FILE…]", "Checks expositions, from standard input without a FILE", app::CheckMetricsFlags(),
       app::CheckMetricsFiles},
      {"rules expand",
       "FILE…",
       "Prints thresholds of rule files or of a tocsin.yml as plain Prometheus rules",
       {},
       app::ExpandRuleFiles},
      {"backtest", "[FILE…]", "Replays a rule over history: when it would have fired, with which limit",
       app::BacktestFlags(), app::BacktestCommand},
      {"test promql", "FILE…", "Runs PromQL test scripts", {}, app::TestPromqlCommand},
      {"test rules", "FILE…", "Runs unit tests of rules, in promtool's files", app::TestRulesFlags(),
       app::TestRulesCommand},
      {"query instant", "EXPRESSION", "Asks a running tocsin or Prometheus for a value at one instant",
       app::QueryInstantFlags(), app::QueryInstant},
      {"query range", "EXPRESSION", "Asks a running tocsin or Prometheus for values over time", app::QueryRangeFlags(),
       app::QueryRange},
      {"history", "[SELECTOR…]", "Asks a running tocsin what fired, how long and how often", app::HistoryFlags(),
       app::PrintHistory},
      {"healthcheck",
       "",
       "Asks a running tocsin whether it is ready",
       {{"url", "URL", "http://127.0.0.1:9090", "Where it serves.", false}},
       app::CheckHealth},
      {"docs configuration", "", "Prints the reference of tocsin.yml", {}, app::PrintConfigurationPage},
      {"docs builtin-alerts", "", "Prints the reference of the built-in alerts", {}, app::PrintBuiltinAlertsPage},
      {"docs differences", "", "Prints what becomes of the options of prometheus.yml", {}, app::PrintDifferencesPage},
      {"docs commands",
       "",
       "Prints the reference of the commands",
       {},
       [](const Invocation& in) { return app::PrintCommandsPage(Commands(), in); }},
      {"docs man",
       "",
       "Prints the man page",
       {},
       [](const Invocation& in) { return app::PrintManPage(Commands(), in); }},
      {"docs schema",
       "[SCHEMA]",
       "Prints a JSON schema for editors: configuration (the default) or rules",
       {},
       app::PrintSchema,
       {"configuration", "rules"}},
      {"docs completion",
       "SHELL",
       "Prints a completion script for bash, zsh or fish",
       {},
       [](const Invocation& in) { return app::PrintCompletion(Commands(), in); },
       {"bash", "zsh", "fish"}},
  };
  return commands;
}

}  // namespace

int main(int argc, char** argv) {
#ifdef M_ARENA_MAX
  // The threads take turns with large vectors: an arena for each of them would keep what the others could use.
  mallopt(M_ARENA_MAX, 2);
#endif
  std::vector<std::string> words(argv + 1, argv + argc);
  // a link to the program named after a role starts that role
  const std::string name(argv[0]);
  if (name.substr(name.find_last_of('/') + 1) == "alertmanager") words.insert(words.begin(), "alertmanager");
  return app::RunCommandLine(Commands(), words);
}
