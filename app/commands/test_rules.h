#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/command_line.h"
#include "base/time.h"

namespace app {

// `tocsin test rules FILE…`: runs promtool's unit-test files for rules, with promtool's verdicts.
struct RuleTestOptions {
  std::optional<double> tolerance = std::nullopt;  // relative, of sample values; none: as the file says
  std::function<bool(std::string_view)> run = {};  // which tests, by name; all where empty
  bool diff = false;
  bool ignore_unknown_fields = false;  // of rule files
  bool experimental_functions = false;
  bool delayed_name_removal = false;
};

struct RuleTestReport {
  struct Case {
    std::string name;
    std::vector<std::string> failures;
  };
  std::string file;
  std::vector<std::string> warnings;
  std::string mistakes;     // what kept the file from being run; a line each
  bool unreadable = false;  // the file itself could not be read
  std::vector<Case> cases;

  bool passed() const;
};

// Reads the file and the rule files it names, and runs its tests one after the other.
RuleTestReport RunRuleTests(const std::string& file, const RuleTestOptions& options);

// "  SUCCESS", or "  FAILED:" and every failure, with an empty line after each.
std::string FormatRuleTestReport(const RuleTestReport& report);

// JUnit's XML, a suite a file, in promtool's shape. `time` is when the tests were run.
std::string FormatJUnit(std::span<const RuleTestReport> reports, base::Timestamp time);

std::vector<Flag> TestRulesFlags();
// The command: kOk if every test passed, kFailed if not, kUsage for a bad flag or where the JUnit file cannot be
// written.
int TestRulesCommand(const Invocation& invocation);

}  // namespace app
