#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"
#include "ingest/config.h"
#include "ingest/file_discovery.h"
#include "ingest/http_discovery.h"
#include "ingest/scrape_manager.h"
#include "ingest/scrape_target.h"
#include "ingest/target.h"

// What the scrape manager keeps of its jobs and their targets, and the steps of it that need no lock.

namespace ingest {

using Fetch = std::function<base::Result<FetchedPage>(base::Duration)>;
using ConfigPtr = std::shared_ptr<const ScrapeConfig>;
using PoolKey = std::pair<std::string, std::string>;  // job, and the address of an in-process target

struct Active {
  Active(Target first, ConfigPtr its_config)
      : scrape(first, its_config), target(std::move(first)), config(std::move(its_config)) {}

  ScrapeTarget scrape;  // of whoever holds `busy`

  // guarded by the manager's mutex
  Target target;
  ConfigPtr config;
  Fetch fetch;
  std::string forced_error;
  bool reconfigured = false;
  bool busy = false;
  bool gone = false;
  bool is_first = false;   // the scrape under way is the one that does not wait for its slot
  bool in_rhythm = false;  // the last scrape was in its slot
  base::Timestamp next;    // its next slot
  std::optional<base::Timestamp> last_scrape;
  base::Duration last_duration{0};
  std::string last_error;
  TargetHealth health = TargetHealth::unknown;
};
using ActivePtr = std::shared_ptr<Active>;

// What the job's discoveries found last.
struct Discovered {
  DiscoveredFiles files;
  DiscoveredUrls urls;
  bool operator==(const Discovered&) const = default;
};

struct Pool {
  ConfigPtr config;
  Fetch fetch;
  Discovered found;
  std::map<base::Labels, ActivePtr> targets;
  std::vector<base::Labels> dropped;
};

// What a pool is to become; made without holding the lock.
struct Plan {
  PoolKey key;
  ConfigPtr config;
  Fetch fetch;
  Discovered found;
  TargetSet set;
  std::vector<base::Error> errors;      // of files
  std::vector<base::Error> url_errors;  // of HTTP servers
  base::Duration duration{0};           // that it took to find the targets
};

// One scrape that is due.
struct Due {
  ActivePtr active;
  ConfigPtr config;
  Target target;
  Fetch fetch;
  std::string forced_error;
  base::Timestamp scheduled;
  std::optional<base::Timestamp> last_slot;  // when the scrape before this one was, if both are in their slots
};

// When a scrape that is due is said to have been: timestamps a little late are taken as on time, because equal
// distances compress far better.
base::Timestamp AlignedTime(base::Timestamp now, const Due& due);

// Reads the files the job discovers its targets by. `before` is what was found the last time; HTTP servers are not
// asked, what they answered counts.
Plan MakePlan(const PoolKey& key, ConfigPtr config, const Discovered& before);

// Whether the job's targets may change while the configuration stays.
bool IsDiscovering(const ScrapeConfig& config);

// The error as /api/v1/targets shows it.
std::string LastError(const ScrapeReport& report);
void LogReport(const ScrapeConfig& config, const Target& target, const ScrapeReport& report);

}  // namespace ingest
