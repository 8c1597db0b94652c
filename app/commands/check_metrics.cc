#include "app/commands/check_metrics.h"

#include "base/result.h"
#include "ingest/lint.h"
#include "ingest/openmetrics_check.h"

namespace app {
namespace {

constexpr int kMalformed = 1;
constexpr int kRemarks = 3;

std::string Line(const MetricsPage& page, base::Error error) {
  if (!error.where) error.where.emplace();
  error.where->file = page.name;
  return error.ToString() + "\n";
}

void CheckText(const MetricsPage& page, CheckMetricsOptions options, CheckMetricsReport& report) {
  const ingest::LintResult result = ingest::LintText(page.content);
  for (const base::Error& error : result.errors) {
    report.text += Line(page, error);
    report.exit_code = kMalformed;
  }
  if (!options.lint) return;
  for (const ingest::LintRemark& remark : result.remarks) {
    report.text += Line(page, {base::ErrorCode::invalid_argument, remark.metric + ": " + remark.text, remark.where});
    if (options.lint_fatal && report.exit_code == 0) report.exit_code = kRemarks;
  }
}

}  // namespace

CheckMetricsReport CheckMetrics(std::span<const MetricsPage> pages, CheckMetricsOptions options) {
  CheckMetricsReport report;
  for (const MetricsPage& page : pages) {
    if (!options.openmetrics) {
      CheckText(page, options, report);
    } else if (const auto error = ingest::CheckOpenMetrics(page.content)) {
      report.text += Line(page, *error);
      report.exit_code = kMalformed;
    }
  }
  return report;
}

}  // namespace app
