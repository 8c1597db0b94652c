#include <gtest/gtest.h>

#include "ingest/lint.h"
#include "ingest/openmetrics_check.h"

namespace ingest {
namespace {

struct Case {
  std::string_view page;  // without its # EOF
  std::string_view want;  // "" where all is well
};

TEST(CheckOpenMetrics, SaysWhatIsWrongAndWhere) {
  static constexpr Case kCases[] = {
      {"# TYPE a counter\n# HELP a h\na_total 1 123 # {b=\"c\"} 0.5\na_created 1 123\n", ""},
      {"# TYPE a gauge\n# TYPE a gauge\n", ":2:1: a second TYPE line for a"},
      {"# TYPE a_created gauge\n# TYPE a counter\n", ":2:1: the name \"a_created\" was taken by an earlier metric"},
      {"# TYPE a gauge\na 1\n# HELP a h\n", ":3:1: metadata of a after its samples"},
      {"# TYPE x_u info\n# UNIT x_u u\n", ":2:1: a metric of type info cannot have a unit"},
      {"# TYPE a counter\na 1\n", ":2:1: the name \"a\" was taken by an earlier metric"},
      {"# TYPE a counter\na_total -1\n", ":2:1: a_total must be a number not below 0, not -1"},
      {"# TYPE a stateset\na{a=\"x\"} 2\n", ":2:1: a must be 0 or 1, not 2"},
      {"# TYPE a stateset\na 1\n", ":2:1: a state of a stateset needs a label named like the metric"},
      {"# TYPE a info\na_info 2\n", ":2:1: a_info must be 1, not 2"},
      {"# TYPE a summary\na{quantile=\"1.5\"} 2\n",
       ":2:1: a summary's sample needs a label quantile from 0 to 1, not \"1.5\""},
      {"# TYPE a summary\na{quantile=\"0.5\"} NaN\na_count 1\na_sum 2\n", ""},
      {"# TYPE a gauge\na 1 # {} 1\n", ":2:1: exemplars may stand only on counters' _total and on buckets"},
      {"# TYPE a gauge\na{b=\"1\"} 1\na{b=\"2\"} 1\na{b=\"1\"} 1\n",
       ":4:1: the samples of a{b=\"1\"} do not stand together"},
      {"# TYPE a gauge\na 1\na 1\n", ":3:1: the sample a stands twice"},
      {"# TYPE a gauge\na 1 1\na 1\n", ":3:1: some samples of a{} have timestamps and others have not"},
      {"# TYPE a gauge\na 1 2\na 1 1\n", ":3:1: the timestamps of a{} go back"},
      {"# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 1\na_count 1\na_sum 1\n", ""},
      {"# TYPE a histogram\na_bucket{le=\"+Inf\"} 1 1\na_bucket{le=\"+Inf\"} 2 2\n", ""},
      {"# TYPE a histogram\na_bucket{le=\"x\"} 1\n",
       ":2:1: a bucket needs a label le with a number or +Inf, not \"x\""},
      {"# TYPE a histogram\na_bucket{le=\"1\"} 1\n", ":3:1: the histogram a{} has no bucket le=\"+Inf\" at its end"},
      {"# TYPE a histogram\na_bucket{le=\"2\"} 1\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 1\n",
       ":5:1: the buckets of a{} are not in order"},
      {"# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\n",
       ":4:1: the buckets of a{} do not count upwards"},
      {"# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\n",
       ":4:1: the histogram a{} has only one of count and sum"},
      {"# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 2\n",
       ":5:1: the count of a{} is not that of its bucket le=\"+Inf\""},
      {"# TYPE a histogram\na_bucket{le=\"-1\"} 0\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
       ":6:1: the histogram a{} has negative buckets and therefore cannot have a sum"},
      {"# TYPE a gaugehistogram\na_bucket{le=\"+Inf\"} 1\na_gsum -1\na_gcount 1\n",
       ":5:1: the sum of a{} is below 0 though no bucket is"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.page);
    const auto error = CheckOpenMetrics(std::string(c.page) + "# EOF\n");
    EXPECT_EQ(error ? error->ToString() : "", c.want);
  }
}

TEST(LintText, SpeaksAsPromtoolDoes) {
  static constexpr Case kCases[] = {
      {"# HELP a_total h\n# TYPE a_total counter\na_total 1\n", ""},
      {"# HELP a_seconds h\n# TYPE a_seconds histogram\na_seconds_bucket{le=\"+Inf\"} 1\na_seconds_sum "
       "1\na_seconds_count 1\n",
       ""},
      {"a 1\n", "1:1 a: no help text\n"},
      {"# HELP a h\n# TYPE a counter\na 1\n", "1:1 a: counter metrics should have \"_total\" suffix\n"},
      {"# HELP a_total h\n# TYPE a_total gauge\na_total 1\n",
       "1:1 a_total: non-counter metrics should not have \"_total\" suffix\n"},
      {"# HELP a_count h\n# TYPE a_count gauge\na_count 1\n",
       "1:1 a_count: non-histogram and non-summary metrics should not have \"_count\" suffix\n"},
      {"# HELP a h\n# TYPE a gauge\na{le=\"1\",quantile=\"1\",camelCase=\"\"} 1\n",
       "1:1 a: non-histogram metrics should not have \"le\" label\n1:1 a: non-summary metrics should not have "
       "\"quantile\" label\n1:1 a: label names should be written in 'snake_case' not 'camelCase'\n"},
      {"# HELP a_milliseconds h\na_milliseconds 1\n",
       "1:1 a_milliseconds: use base unit \"seconds\" instead of \"milliseconds\"\n"},
      {"# HELP a_ms h\na_ms 1\n", "1:1 a_ms: metric names should not contain abbreviated units\n"},
      {"# HELP s_up h\ns_up 1\n", ""},
      {"# HELP a_gauge h\n# TYPE a_gauge gauge\na_gauge 1\n",
       "1:1 a_gauge: metric name should not include type 'gauge'\n"},
      {"# HELP a_gauge h\na_gauge 1\n", ""},
      {"# HELP of_histogram_size h\n# TYPE of_histogram_size gauge\nof_histogram_size 1\n", ""},
      {"# HELP a:b h\na:b 1\n", "1:1 a:b: metric names should not contain ':'\n"},
      {"# HELP aB h\naB 1\n", "1:1 aB: metric names should be written in 'snake_case' not 'camelCase'\n"},
      {"# HELP a h\na{b=\"1\",c=\"2\"} 1\na{c=\"2\",b=\"1\"} 1\n", "1:1 a: metric not unique: a{b=\"1\", c=\"2\"}\n"},
      {"# HELP a h\n# HELP a h\na 1\n", "error :2:1: second HELP line for metric name \"a\"\n"},
      {"# HELP a h\n# TYPE a gauge\n# TYPE a gauge\na 1\n", "error :3:1: second TYPE line for metric name \"a\"\n"},
      {"# HELP a h\na 1\n# TYPE a gauge\n", "error :3:1: TYPE reported after samples for metric name \"a\"\n"},
      {"a 1\na\n", "error :2:2: expected a value after the series\n"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.page);
    const LintResult result = LintText(c.page);
    std::string said;
    for (const base::Error& error : result.errors) said += "error " + error.ToString() + "\n";
    for (const LintRemark& remark : result.remarks) {
      said += std::to_string(remark.where.line) + ":" + std::to_string(remark.where.column) + " " + remark.metric +
              ": " + remark.text + "\n";
    }
    EXPECT_EQ(said, c.want);
  }
}

}  // namespace
}  // namespace ingest
