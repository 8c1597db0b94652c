#include "app/commands/test_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/matcher.h"
#include "base/text.h"
#include "rules/rule_file.h"
#include "rules/unit_test/test_file.h"
#include "rules/unit_test/test_runner.h"
#include "store/head.h"

namespace app {
namespace {

rules::TestStore MakeStore() {
  const auto head = std::make_shared<store::Head>();
  return {head, head};
}

// The files the test file names, each once. A name nothing answers to is a warning only, as with promtool.
std::vector<std::string> RuleFilesOf(const rules::UnitTestFile& tests, RuleTestReport& report) {
  const std::filesystem::path folder = std::filesystem::path(report.file).parent_path();
  std::vector<std::string> files;
  for (const rules::YamlText& written : tests.rule_files) {
    const std::vector<std::string> found = base::Glob((folder / written.text).lexically_normal().string());
    if (found.empty()) report.warnings.push_back(fmt::format("no file match pattern {}", written.text));
    for (const std::string& file : found) {
      if (std::ranges::find(files, file) == files.end()) files.push_back(file);
    }
  }
  return files;
}

std::string EscapeXml(std::string_view text) {
  std::string clean;
  for (const char c : text) {
    const bool allowed = static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t';
    if (allowed) {
      clean += c;
    } else {
      base::AppendUtf8(clean, 0xfffd);
    }
  }
  return base::IsValidUtf8(clean) ? base::EscapeHtml(clean) : base::EscapeHtml(base::Quote(clean));
}

std::string SuiteXml(const RuleTestReport& report, std::string_view time) {
  size_t failures = 0;
  std::string cases;
  for (const RuleTestReport::Case& one : report.cases) {
    failures += one.failures.size();
    cases += fmt::format("    <testcase name=\"{}\">\n", EscapeXml(one.name));
    for (const std::string& failure : one.failures) {
      cases += fmt::format("      <failure>{}</failure>\n", EscapeXml(failure));
    }
    cases += "    </testcase>\n";
  }
  const bool broken = !report.mistakes.empty();
  if (broken) {
    cases += fmt::format("    <testcase name=\"unknown\">\n      <error>{}</error>\n    </testcase>\n",
                         EscapeXml(base::Trim(report.mistakes)));
  }
  return fmt::format(
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\" timestamp=\"{}\">\n{}"
      "  </testsuite>\n",
      EscapeXml(report.file), report.cases.size() + (broken ? 1 : 0), failures, broken ? 1 : 0, time, cases);
}

base::Result<std::function<bool(std::string_view)>> ParseRun(const std::vector<std::string>& patterns) {
  if (patterns.empty()) return std::function<bool(std::string_view)>();
  std::vector<base::Matcher> matchers;
  for (const std::string& pattern : patterns) {
    // matchers are anchored, names are searched
    TRY(base::Matcher matcher, base::Matcher::Make(base::MatchType::regex, "run", fmt::format(".*(?:{}).*", pattern)));
    matchers.push_back(std::move(matcher));
  }
  return [matchers = std::move(matchers)](std::string_view name) {
    return std::ranges::any_of(matchers, [&](const base::Matcher& matcher) { return matcher.Matches(name); });
  };
}

base::Result<RuleTestOptions> ParseOptions(const Invocation& invocation) {
  RuleTestOptions options;
  TRY(options.run, ParseRun(invocation.GetAll("run")));
  options.diff = invocation.IsOn("diff");
  options.ignore_unknown_fields = invocation.IsOn("ignore-unknown-fields");
  if (const std::string& text = invocation.Get("tolerance"); !text.empty()) {
    options.tolerance = base::ParseFloat(text);
    if (!options.tolerance || !(*options.tolerance >= 0 && *options.tolerance < 1)) {
      return base::Invalid(fmt::format("--tolerance is a number from 0 to below 1, such as 1e-9, not \"{}\"", text));
    }
  }
  for (const std::string& list : invocation.GetAll("enable-feature")) {
    for (const std::string_view feature : base::Split(list, ',')) {
      if (feature == "promql-experimental-functions") {
        options.experimental_functions = true;
      } else if (feature == "promql-delayed-name-removal") {
        options.delayed_name_removal = true;
      } else {
        return base::Invalid(fmt::format("unknown feature \"{}\"", feature));
      }
    }
  }
  return options;
}

bool WriteFile(const std::string& path, std::string_view content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
  out.close();
  return !out.fail();
}

}  // namespace

bool RuleTestReport::passed() const {
  return mistakes.empty() && std::ranges::all_of(cases, [](const Case& one) { return one.failures.empty(); });
}

RuleTestReport RunRuleTests(const std::string& file, const RuleTestOptions& options) {
  RuleTestReport report{.file = file, .warnings = {}, .mistakes = {}, .cases = {}};
  const auto text = base::ReadFileOrStream(file);
  if (!text) {
    report.mistakes = text.error().message + "\n";
    report.unreadable = true;
    return report;
  }
  base::YamlErrors errors;
  const rules::UnitTestFile tests = rules::ParseUnitTestFile(*text, file, errors);
  const std::vector<std::string> rule_files = RuleFilesOf(tests, report);
  rules::UnitTestOptions run{.evaluation_interval = tests.evaluation_interval,
                             .group_order = tests.group_eval_order,
                             .nearness = {.last_bit = tests.fuzzy_compare, .tolerance = options.tolerance},
                             .diff = options.diff,
                             .engine = {.delayed_name_removal = options.delayed_name_removal}};
  run.engine.parse.experimental_functions = options.experimental_functions;
  std::optional<rules::RuleSet> set;  // loaded for the first test that is run
  for (size_t i = 0; i < tests.tests.size() && errors.empty(); ++i) {
    const rules::UnitTest& test = tests.tests[i];
    if (options.run && !options.run(test.name)) continue;
    if (!set) {
      set = rules::LoadRuleFiles(
          rule_files, {.parse = run.engine.parse, .ignore_unknown_keys = options.ignore_unknown_fields}, errors);
      if (!errors.empty()) break;
    }
    report.cases.push_back({rules::UnitTestName(test, i), rules::RunUnitTest(test, *set, run, MakeStore)});
  }
  report.mistakes = errors.ToString();
  return report;
}

std::string FormatRuleTestReport(const RuleTestReport& report) {
  if (report.passed()) return "  SUCCESS\n\n";
  std::string text = "  FAILED:\n";
  if (!report.mistakes.empty()) text += report.mistakes + "\n";
  for (const RuleTestReport::Case& one : report.cases) {
    for (const std::string& failure : one.failures) text += failure + "\n\n";
  }
  return text;
}

std::string FormatJUnit(std::span<const RuleTestReport> reports, base::Timestamp time) {
  const std::string seconds = base::FormatRfc3339(std::chrono::floor<std::chrono::seconds>(time));
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const RuleTestReport& report : reports) text += SuiteXml(report, seconds);
  return text + "</testsuites>\n";
}

std::vector<Flag> TestRulesFlags() {
  return {{"run", "REGEX", "", "Run only the tests whose names match.", true},
          {"tolerance", "RELATIVE", "", "Take sample values as equal that differ by no more than this part, as 1e-9.",
           false},
          {"diff", "", "false", "Show mismatches as marked lines: - expected, + found.", false},
          {"junit", "FILE", "", "Write the results as JUnit XML.", false},
          {"ignore-unknown-fields", "", "false", "Take rule files that hold keys nobody knows.", false},
          {"enable-feature", "NAMES", "", "promql-experimental-functions, promql-delayed-name-removal.", true}};
}

int TestRulesCommand(const Invocation& invocation) {
  const auto options = ParseOptions(invocation);
  if (!options) {
    fmt::print(stderr, "tocsin test rules: {}\n", options.error().message);
    return kUsage;
  }
  // a rule that cannot be evaluated is told among the failures
  base::ConfigureLog(base::LogLevel::error, base::LogFormat::logfmt);
  const base::SystemClock clock;
  const base::Timestamp begin = clock.Now();
  std::vector<RuleTestReport> reports;
  bool passed = true;
  bool readable = true;
  for (const std::string& file : invocation.arguments()) {
    fmt::print("Unit Testing:  {}\n", file);
    std::fflush(stdout);  // failures go to the other stream
    const RuleTestReport& report = reports.emplace_back(RunRuleTests(file, *options));
    for (const std::string& warning : report.warnings) fmt::print(stderr, "  WARNING: {}\n", warning);
    fmt::print(report.passed() ? stdout : stderr, "{}", FormatRuleTestReport(report));
    std::fflush(stdout);
    passed = passed && report.passed();
    readable = readable && !report.unreadable;
  }
  const std::string& junit = invocation.Get("junit");
  if (!junit.empty() && !WriteFile(junit, FormatJUnit(reports, begin))) {
    fmt::print(stderr, "tocsin test rules: cannot write \"{}\"\n", junit);
    return kUsage;
  }
  if (!readable) return kUsage;
  return passed ? kOk : kFailed;
}

}  // namespace app
