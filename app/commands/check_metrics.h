#pragma once

#include <span>
#include <string>

namespace app {

// `tocsin check metrics [--openmetrics] FILE…`: whether pages of metrics are what they should be. Prometheus text is
// read as a scrape reads it and judged by promtool's conventions; --openmetrics holds it to OpenMetrics 1.0 to the
// letter.

struct MetricsPage {
  std::string name;  // the file's, or "<stdin>"
  std::string content;
};

struct CheckMetricsOptions {
  bool openmetrics = false;
  bool lint = true;         // say which conventions are broken (Prometheus text only)
  bool lint_fatal = false;  // exit code 3 where one is
};

struct CheckMetricsReport {
  std::string text;   // a line for each mistake and remark: `file:line:column: what`
  int exit_code = 0;  // 1: a page is malformed; 3: remarks, with lint_fatal
};

// Pure.
CheckMetricsReport CheckMetrics(std::span<const MetricsPage> pages, CheckMetricsOptions options);

}  // namespace app
