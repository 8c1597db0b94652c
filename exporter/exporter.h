#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "exporter/config.h"
#include "exporter/exposition/exposition.h"
#include "exporter/metric_family.h"
#include "exporter/session.h"

namespace exporter {

// What one scrape shows. Parts are shared with later pages where they are served again.
struct Page {
  std::vector<std::shared_ptr<const MetricFamilies>> parts;
  std::string Text(ExpositionFormat format, ExpositionReport* report = nullptr) const;
};

struct ExporterOptions {
  // More families for every page, such as the program's own; called by scraping threads.
  std::vector<std::function<MetricFamilies()>> sources;
};

// What a collector gave when it last ran, for people who write queries.
struct CollectorReport {
  std::string series;  // as exposition text
  std::map<std::string, uint64_t> dropped;
  std::vector<QueryError> errors;
  double duration_seconds = 0;
};

// Measures its targets when asked to. A thread and at most one session per target; nothing is measured between
// scrapes. Thread-safe. Destruction cancels running queries.
class Exporter {
 public:
  // `clock` is borrowed. invalid_argument for a configuration that ReadYaml would have refused.
  static base::Result<std::unique_ptr<Exporter>> Create(const ExporterConfig& config, const base::Clock& clock,
                                                        ExporterOptions options = {});
  virtual ~Exporter() = default;

  // Runs the collectors, all targets at once, and returns by `deadline` with what came in until then; those that
  // didn't end are told of by tocsin_collector_success and tocsin_collector_errors_total. Overlapping calls share one
  // run. The page always holds pg_up (PostgreSQL targets), tocsin_target_up, and the exporter's report on itself.
  virtual Page Collect(SteadyTime deadline) = 0;
  virtual std::string CollectText(SteadyTime deadline, ExpositionFormat format) = 0;

  // Ends what runs, and makes every Collect return at once. Pages made from then on say nothing of the databases, so
  // whoever collects asks stopped() before handing one on.
  virtual void Stop() = 0;
  virtual bool stopped() const = 0;

  virtual std::vector<std::string> collector_names() const = 0;
  // Runs as Collect does, and tells of one collector ("sql.kpi"; the first of the name). not_found for an unknown
  // name, unavailable if its target could not be reached, timeout if it didn't end.
  virtual base::Result<CollectorReport> Probe(std::string_view collector, SteadyTime deadline) = 0;
};

}  // namespace exporter
