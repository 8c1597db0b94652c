#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "base/result.h"
#include "rules/lint/lint.h"

namespace app {

// What a configuration tells of the world its rules live in: the metrics that the collectors and the program itself
// expose, how often targets are scraped, how long samples are kept, what other rules record. With `scrape_configs:`
// there are metrics that nobody knows before they are scraped.
rules::LintKnowledge KnowledgeOf(const Config& config);

// What the usual lints find in the rules of a configuration. `complete`: no metrics come in but those of its collectors
// and scrape jobs; remote write may bring others.
std::vector<rules::LintFinding> LintConfig(const Config& config, bool complete = true);

// The names of the series on an exposition page, in Prometheus' or the OpenMetrics text format, and those that a scrape
// of it adds. The error has line and column.
base::Result<void> AddMetricsOfPage(std::string_view page, rules::KnownMetrics& metrics);

// The names that a server with Prometheus' API has samples of, and those its targets declare. `url` is the base that
// /api/v1 is appended to.
base::Result<void> AddMetricsOfServer(const std::string& url, rules::KnownMetrics& metrics);

}  // namespace app
