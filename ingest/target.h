#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"
#include "ingest/config.h"

namespace ingest {

// One thing to scrape. A value.
struct Target {
  base::Labels discovered;  // before relabelling
  base::Labels labels;      // after it, "__" labels included
  std::string url;          // parameters included
  base::Duration interval{0};
  base::Duration timeout{0};

  base::Labels PublicLabels() const;  // those its series get: without names that begin with "__"
  bool operator==(const Target&) const = default;
};

// A target from its address and its group's labels, by Prometheus' rules: job, __scheme__, __metrics_path__,
// __param_…, __scrape_interval__ and __scrape_timeout__ are set, relabel_configs applied, `instance` defaults to the
// address. nullopt: relabelling dropped it. Errors are invalid_argument. Pure.
base::Result<std::optional<Target>> MakeTarget(const ScrapeConfig& config, std::string_view address,
                                               const std::map<std::string, std::string>& group);

struct TargetSet {
  std::vector<Target> targets;        // in order of their labels, each once
  std::vector<base::Labels> dropped;  // discovered labels of those that relabelling dropped
  std::vector<base::Error> errors;
};
TargetSet MakeTargets(const ScrapeConfig& config, const std::vector<TargetGroup>& groups);

// When in its interval a target is scraped: the same on every start, spread over targets. `seed` tells two servers
// that scrape the same targets apart.
base::Duration ScrapeOffset(const Target& target, uint64_t seed);
// The first instant from `now` on that is `offset` behind a multiple of `interval`.
base::Timestamp NextScrape(base::Timestamp now, base::Duration interval, base::Duration offset);

}  // namespace ingest
