#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/net/http_client.h"
#include "ingest/config.h"
#include "ingest/scrape_target.h"
#include "store/appender.h"

namespace prometheus {
class Registry;
}

namespace ingest {

// A target inside this process: what it shows is asked for by a call instead of over a socket, and otherwise treated
// like any other page. `fetch` runs on a thread kept for such targets, never twice at once, and should end within the
// timeout it is given (the target's scrape_timeout): stopping waits for it. The error `cancelled` stores nothing, not
// even that the target is down: it is for a process that is about to end.
struct InProcessTarget {
  ScrapeConfig config;  // job_name, intervals, relabelling, limits; its discovery is not looked at
  std::string address;  // becomes `instance`
  std::function<base::Result<FetchedPage>(base::Duration timeout)> fetch;
};

enum class TargetHealth : uint8_t { unknown, up, down };
std::string_view ToString(TargetHealth health);

// One row of GET /api/v1/targets.
struct TargetStatus {
  std::string scrape_pool;  // the job's name in the configuration
  base::Labels discovered;
  base::Labels labels;
  std::string scrape_url;
  base::Duration interval{0};
  base::Duration timeout{0};
  std::string last_error;
  std::optional<base::Timestamp> last_scrape;
  base::Duration last_duration{0};
  TargetHealth health = TargetHealth::unknown;
};

struct DroppedTarget {
  std::string scrape_pool;
  base::Labels discovered;
};

struct TargetMetadata {
  base::Labels target;
  std::vector<MetricMetadata> metadata;
};

struct ScrapeManagerOptions {
  size_t parser_threads = 2;
  uint64_t offset_seed = 0;  // tells servers with the same targets apart, so that they don't scrape at the same instant
  base::Duration discovery_poll = std::chrono::seconds(5);  // how often discovered files are looked at for changes
  // Called once, when every target of the configuration has been scraped, successfully or not; at once where there are
  // none. From any thread.
  std::function<void()> on_first_round{};
  size_t first_scrapes = 32;  // how many targets at a time are scraped for the first time, outside their slots
};

// Scrapes all targets of a configuration: once as soon as a target is known, a bounded number of those at a time, then
// each at its own offset within its interval. One thread keeps the time and starts transfers, few parse and append, one
// watches discovered files. At most one scrape of a target runs at a time; one that outlasts its interval makes the
// next one be left out. Thread-safe. Construction starts the threads; destruction ends them without writing staleness
// markers, as a restart goes on with the same series. What it is given must outlive it.
class ScrapeManager {
 public:
  // `registry` gets the prometheus_target_… metrics; may be null.
  ScrapeManager(store::Appendable& store, const base::Clock& clock, base::HttpClient& client,
                prometheus::Registry* registry, ScrapeManagerOptions options = {});
  ~ScrapeManager();

  // Replaces the configuration. Targets whose labels stay go on with what is known of them; those that are gone are
  // marked stale. Configurations are those ReadScrapeConfigs made. Files that cannot be read are logged and counted.
  void Reload(std::vector<ScrapeConfig> configs, std::vector<InProcessTarget> in_process);

  std::vector<TargetStatus> Targets() const;  // sorted by pool and labels
  std::vector<DroppedTarget> DroppedTargets() const;
  std::vector<TargetMetadata> Metadata() const;
  std::vector<std::string> ScrapePools() const;  // sorted

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace ingest
