#pragma once

#include <memory>
#include <string>

#include "base/time.h"
#include "ingest/scrape_target.h"

namespace prometheus {
class Registry;
}

namespace ingest {

// Metrics about scraping, under the names Prometheus gives them. Thread-safe. The registry must outlive it.
class ScrapeMetrics {
 public:
  explicit ScrapeMetrics(prometheus::Registry& registry);
  ~ScrapeMetrics();

  void Scraped(const ScrapeReport& report);
  void IntervalPassed(base::Duration configured, base::Duration actual);
  void PoolSynced(const std::string& job, size_t targets);
  void PoolGone(const std::string& job);
  void DiscoveryFailed();

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace ingest
