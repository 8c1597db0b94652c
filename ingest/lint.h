#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingest {

// A remark on a metric of a page that parses.
struct LintRemark {
  base::SourcePosition where;  // of the metric's first line; no file
  std::string metric;
  std::string text;
  bool operator==(const LintRemark&) const = default;
};

struct LintResult {
  std::vector<base::Error> errors;  // what makes the page unreadable or contradictory, in order
  std::vector<LintRemark> remarks;  // the conventions it breaks, metric by metric
};

// Looks at a page in Prometheus text format with the eyes of `promtool check metrics`: help texts, names, units,
// suffixes and labels that belong to a type, series that stand twice. Also errors, where promtool has them: a second
// HELP or TYPE line, TYPE after samples. Pure.
LintResult LintText(std::string_view page);

}  // namespace ingest
