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
  // `found`: before relabelling dropped some. `broken`: targets that cannot be scraped as relabelled.
  struct Sync {
    size_t targets = 0;
    size_t found = 0;
    size_t broken = 0;
    bool over_limit = false;  // of targets
    base::Duration duration{0};
  };
  void PoolSynced(const std::string& job, const Sync& sync);
  void PoolGone(const std::string& job);
  void DiscoveryFailed();
  void HttpDiscoveryFailed();

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace ingest
