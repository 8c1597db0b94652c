#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml/yaml.h"
#include "rules/expression.h"
#include "rules/rule.h"

// promtool's unit-test files for rules, as plain values. Semantics: `promtool test rules` of Prometheus 3.

namespace rules {

// `series` is a metric with labels, `values` its samples (promql/series_notation.h), one every interval of the test.
struct InputSeries {
  YamlText series;
  YamlText values;
};

struct ExpectedAlert {
  TextMap labels;  // alertname may be left out
  TextMap annotations;
};
struct AlertTest {
  base::Duration eval_time{0};
  YamlText alertname;
  std::vector<ExpectedAlert> alerts;
};

struct ExpectedSample {
  YamlText labels;  // a metric with labels; may be empty
  double value = 0;
  YamlText histogram;  // one histogram in the notation of series; then `value` does not count
};
struct ExpressionTest {
  YamlText expr;
  base::Duration eval_time{0};
  std::vector<ExpectedSample> samples;
};

struct UnitTest {
  std::string name;
  base::Duration interval{0};  // of the samples; never 0 once read
  std::vector<InputSeries> input_series;
  std::vector<AlertTest> alert_tests;
  std::vector<ExpressionTest> expression_tests;
  TextMap external_labels;
  std::string external_url;
  base::Timestamp start;  // what all times of the test count from
};

struct UnitTestFile {
  std::vector<YamlText> rule_files;  // paths and wildcards, from the folder of the file
  base::Duration evaluation_interval = std::chrono::minutes(1);
  bool fuzzy_compare = false;  // values may be off by the last bit
  std::vector<YamlText> group_eval_order;
  std::vector<UnitTest> tests;
};

// Reads one file's text. Mistakes of form go to `errors`, each with its place; a file that had one must not be run.
// What series, expressions and expected labels say is judged when their test runs, so that the others run too.
UnitTestFile ParseUnitTestFile(std::string_view text, const std::string& file, base::YamlErrors& errors);

// What a test without a name is called, by its place in the file.
std::string UnitTestName(const UnitTest& test, size_t place);

// The keys of a test file, for the reference.
const std::vector<base::FieldHelp>& UnitTestFileHelp();

}  // namespace rules
