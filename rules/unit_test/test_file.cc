#include "rules/unit_test/test_file.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "base/text.h"

namespace rules {
namespace {

// As written: seconds since the epoch, or RFC 3339.
struct StartTime {
  base::Timestamp time;
};
bool ReadYaml(const base::YamlReader& in, StartTime& out) {
  std::string text;
  if (!base::ReadYaml(in, text)) return false;
  if (const auto seconds = base::ParseFloat(text)) {
    constexpr double kMostSeconds = 9.2e9;  // the year 2261, where 64-bit nanoseconds end
    if (std::abs(*seconds) <= kMostSeconds) {
      out.time = base::TimestampFromSeconds(*seconds);
      return true;
    }
  } else if (const auto time = base::ParseRfc3339(text)) {
    out.time = *time;
    return true;
  }
  in.Fail(fmt::format("expected a Unix timestamp or RFC 3339, found {}", base::Quote(text)));
  return false;
}

const base::YamlSchema<InputSeries>& InputSeriesSchema() {
  using S = InputSeries;
  static const base::YamlSchema<InputSeries> schema({
      base::Required("series", "series", &S::series, "A metric with its labels: name{label=\"value\"}."),
      base::Optional("values", "series notation", "", &S::values,
                     "Its samples, one every interval: 1 2+1x3 _ stale {{count:2 sum:3 buckets:[2]}}."),
  });
  return schema;
}

const base::YamlSchema<ExpectedAlert>& ExpectedAlertSchema() {
  using A = ExpectedAlert;
  static const base::YamlSchema<ExpectedAlert> schema({
      base::Optional("exp_labels", "map", "{}", &A::labels, "All labels of the alert; alertname may be left out."),
      base::Optional("exp_annotations", "map", "{}", &A::annotations, "All annotations of the alert."),
  });
  return schema;
}

const base::YamlSchema<AlertTest>& AlertTestSchema() {
  using A = AlertTest;
  static const base::YamlSchema<AlertTest> schema({
      base::Optional("eval_time", "duration", "0s", &A::eval_time,
                     "When, counted from the start; the evaluation at or before it counts."),
      base::Required("alertname", "string", &A::alertname, "The alert to look at."),
      base::Optional("exp_alerts", "list of alerts", "[]", &A::alerts, "The alerts of this name that fire then.",
                     &ExpectedAlertSchema().help()),
  });
  return schema;
}

const base::YamlSchema<ExpectedSample>& ExpectedSampleSchema() {
  using S = ExpectedSample;
  static const base::YamlSchema<ExpectedSample> schema({
      base::Optional("labels", "series", "", &S::labels, "A metric with its labels."),
      base::Optional("value", "number", "0", &S::value, "Its value."),
      base::Optional("histogram", "series notation", "", &S::histogram, "Its value where that is a histogram."),
  });
  return schema;
}

const base::YamlSchema<ExpressionTest>& ExpressionTestSchema() {
  using E = ExpressionTest;
  static const base::YamlSchema<ExpressionTest> schema({
      base::Required("expr", "PromQL", &E::expr, "What to ask."),
      base::Optional("eval_time", "duration", "0s", &E::eval_time, "When, counted from the start."),
      base::Optional("exp_samples", "list of samples", "[]", &E::samples, "The whole answer, in any order.",
                     &ExpectedSampleSchema().help()),
  });
  return schema;
}

struct WrittenTest {
  std::string name;
  base::Duration interval{0};
  std::vector<InputSeries> input_series;
  std::vector<AlertTest> alert_tests;
  std::vector<ExpressionTest> expression_tests;
  TextMap external_labels;
  std::string external_url;
  StartTime start;
};

}  // namespace

// Found by the readers of lists through the types' namespace.
static bool ReadYaml(const base::YamlReader& in, InputSeries& out) { return InputSeriesSchema().Read(in, out); }
static bool ReadYaml(const base::YamlReader& in, ExpectedAlert& out) { return ExpectedAlertSchema().Read(in, out); }
static bool ReadYaml(const base::YamlReader& in, AlertTest& out) { return AlertTestSchema().Read(in, out); }
static bool ReadYaml(const base::YamlReader& in, ExpectedSample& out) { return ExpectedSampleSchema().Read(in, out); }
static bool ReadYaml(const base::YamlReader& in, ExpressionTest& out) { return ExpressionTestSchema().Read(in, out); }

namespace {

const base::YamlSchema<WrittenTest>& TestSchema() {
  using T = WrittenTest;
  static const base::YamlSchema<WrittenTest> schema({
      base::Optional("name", "string", "", &T::name, "What the test is called; --run picks by it."),
      base::Optional("interval", "duration", "", &T::interval,
                     "Between the samples of the input series; default evaluation_interval."),
      base::Optional("input_series", "list of series", "[]", &T::input_series, "What is stored as time goes on.",
                     &InputSeriesSchema().help()),
      base::Optional("alert_rule_test", "list of alert tests", "[]", &T::alert_tests, "Which alerts fire when.",
                     &AlertTestSchema().help()),
      base::Optional("promql_expr_test", "list of expression tests", "[]", &T::expression_tests,
                     "What expressions give, recorded series among them.", &ExpressionTestSchema().help()),
      base::Optional("external_labels", "map", "{}", &T::external_labels, "What templates see as $externalLabels."),
      base::Optional("external_url", "URL", "", &T::external_url, "What templates see as $externalURL."),
      base::Optional("start_timestamp", "time", "0", &T::start,
                     "What time the test begins at, in Unix seconds or RFC 3339."),
  });
  return schema;
}
bool ReadYaml(const base::YamlReader& in, WrittenTest& out) { return TestSchema().Read(in, out); }

struct WrittenTestFile {
  std::vector<YamlText> rule_files;
  base::Duration evaluation_interval{0};
  bool fuzzy_compare = false;
  std::vector<YamlText> group_eval_order;
  std::vector<WrittenTest> tests;
};

const base::YamlSchema<WrittenTestFile>& FileSchema() {
  using F = WrittenTestFile;
  static const base::YamlSchema<WrittenTestFile> schema({
      base::Optional("rule_files", "list of paths", "[]", &F::rule_files,
                     "The rules, from the folder of this file; wildcards may stand in a path."),
      base::Optional("evaluation_interval", "duration", "1m", &F::evaluation_interval,
                     "How often every group is evaluated, whatever its own interval."),
      base::Optional("fuzzy_compare", "bool", "false", &F::fuzzy_compare, "Values may be off by their last bit."),
      base::Optional("group_eval_order", "list of names", "[]", &F::group_eval_order,
                     "Groups that need each other, in the order of their evaluation."),
      base::Optional("tests", "list of tests", "[]", &F::tests, "Each on a store of its own.", &TestSchema().help()),
  });
  return schema;
}

void CheckOrder(const std::vector<YamlText>& order, base::YamlErrors& errors) {
  std::map<std::string_view, const YamlText*> seen;
  for (const YamlText& name : order) {
    if (seen.emplace(name.text, &name).second) continue;
    Complain(errors, name, fmt::format("group name repeated in evaluation order: {}", name.text));
  }
}

UnitTest Finish(WrittenTest written, base::Duration evaluation_interval) {
  return {.name = std::move(written.name),
          .interval = written.interval.count() > 0 ? written.interval : evaluation_interval,
          .input_series = std::move(written.input_series),
          .alert_tests = std::move(written.alert_tests),
          .expression_tests = std::move(written.expression_tests),
          .external_labels = std::move(written.external_labels),
          .external_url = std::move(written.external_url),
          .start = written.start.time};
}

}  // namespace

const std::vector<base::FieldHelp>& UnitTestFileHelp() { return FileSchema().help(); }

std::string UnitTestName(const UnitTest& test, size_t place) {
  return test.name.empty() ? fmt::format("unnamed#{}", place) : test.name;
}

UnitTestFile ParseUnitTestFile(std::string_view text, const std::string& file, base::YamlErrors& errors) {
  const base::YamlNode root = base::ParseYaml(text, file, errors);
  WrittenTestFile written;
  FileSchema().Read(base::YamlReader(root, "", errors), written);
  CheckOrder(written.group_eval_order, errors);
  UnitTestFile read{.rule_files = std::move(written.rule_files),
                    .fuzzy_compare = written.fuzzy_compare,
                    .group_eval_order = std::move(written.group_eval_order),
                    .tests = {}};
  if (written.evaluation_interval.count() > 0) read.evaluation_interval = written.evaluation_interval;
  for (WrittenTest& test : written.tests) read.tests.push_back(Finish(std::move(test), read.evaluation_interval));
  return read;
}

}  // namespace rules
