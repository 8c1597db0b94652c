#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "rules/catch_up.h"
#include "rules/environment.h"
#include "rules/group.h"
#include "rules/rule.h"

namespace prometheus {
class Registry;
}

namespace rules {

class Metrics;

// What the manager works with. All outlive it.
struct ManagerOptions {
  const base::Clock& clock;
  const promql::Engine& engine;
  const store::Querier& querier;
  store::Appendable& appendable;
  base::AlertSink& sink;
  prometheus::Registry* registry = nullptr;  // for the metrics of itself; may be null
  StateKeeper* keeper = nullptr;             // may be null: then nothing survives
  std::function<bool()> sources_read{};      // Environment::sources_read
};

// What a configuration says; replaced as a whole by a reload.
struct ManagerConfig {
  RuleSet rules;
  GroupDefaults defaults;
  base::Labels external_labels;
  std::string external_url;
  std::shared_ptr<const Datasource> datasource{};  // null: the engine on the querier
  NoDataPolicy no_data = NoDataPolicy::resolve;    // of rules that do not say
  base::Duration catch_up{0};                      // missed evaluations no further back than this are made up for
};

// Keeps the groups, evaluates each at its instants, and lets others look. Groups run beside each other on a few
// threads, the rules of one group in order. A group that takes longer than its interval skips what it missed, as in
// Prometheus, unless it is told to catch up (catch_up.h). Thread-safe.
//
//   Manager manager(options);
//   manager.Apply(config);   // again at each reload
//   manager.Start(4);        // or RunDue() by hand, in tests
class Manager {
 public:
  explicit Manager(ManagerOptions options);
  ~Manager();  // lets evaluations under way finish

  // What an earlier process kept; the first Apply goes on from it. Before that, if at all.
  void Restore(KeptState kept) { kept_ = std::move(kept); }

  // Takes over a checked configuration. Groups that say the same go on untouched; of those that changed, the rules of
  // equal name and labels keep their alerts; series of what is gone end.
  void Apply(const ManagerConfig& config);

  // Has at least so many threads from now on.
  void Start(int threads);

  // Evaluates what is due now, here, one group after the other. Returns when something is due next.
  base::Timestamp RunDue();

  // Evaluates all groups, those of this name, or only these names' rules' groups, as of now, beside their schedule.
  // not_found if no group has the name. Returns what they look like after.
  base::Result<std::vector<GroupSnapshot>> EvaluateNow(std::optional<std::string_view> group_name);

  // In the order of the files.
  std::vector<GroupSnapshot> Groups() const;

  // Where the rules are evaluated; null: the engine on the querier.
  std::shared_ptr<const Datasource> datasource() const;

 private:
  struct Entry {
    std::shared_ptr<Group> group;
    base::Timestamp slot;  // of the last evaluation, or of the one that would have been before the first
    bool running = false;
    CatchUp catch_up;
    std::optional<base::Timestamp> resume;  // where an earlier process stopped, until the first evaluation
    base::Timestamp Due() const { return slot + group->interval(); }
  };
  // Series of groups that are gone, ended after a while in case another group has taken them on.
  struct Ending {
    base::Timestamp due;   // when the markers are written: a renamed rule may have taken the series up by then
    base::Timestamp time;  // as of when: a group's end, less its query offset
    std::vector<base::Labels> series;
  };

  std::shared_ptr<Entry> TakeDue(base::Timestamp now);  // with mutex_ held
  base::Timestamp NextDue(base::Timestamp now) const;   // with mutex_ held
  void WakeWorkers();                                   // with mutex_ held
  void Run(Entry& entry, base::Timestamp now);
  void EndDueSeries(base::Timestamp now);
  void Work(const std::stop_token& stop);
  std::shared_ptr<Entry> Replace(const RuleGroup& definition, const GroupDefaults& defaults, base::Timestamp now,
                                 std::map<std::string, std::shared_ptr<Entry>>& old);
  void GoOn(const std::vector<std::shared_ptr<Entry>>& entries, const Environment& environment, base::Timestamp now,
            const ManagerConfig& config);

  const ManagerOptions options_;
  KeptAlerts kept_alerts_;
  const std::unique_ptr<Metrics> metrics_;
  std::mutex applying_;  // one Apply at a time
  KeptState kept_;       // guarded by applying_; what no group has taken on

  mutable std::mutex mutex_;
  // guarded by mutex_
  std::vector<std::shared_ptr<Entry>> entries_;
  std::vector<Ending> endings_;
  std::shared_ptr<const Environment> environment_;
  base::Duration catch_up_{0};
  std::stop_source wake_;  // stopping it ends the workers' sleep; replaced after each use
  bool stopping_ = false;

  std::vector<std::jthread> workers_;
};

}  // namespace rules
