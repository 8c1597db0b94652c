#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "alertmanager/alert_store.h"
#include "alertmanager/inhibit/inhibit.h"
#include "alertmanager/notify/dedup.h"
#include "alertmanager/notify/notification.h"
#include "alertmanager/notify/notification_log.h"
#include "alertmanager/pipeline_state.h"
#include "alertmanager/route/route.h"

namespace alertmanager {

// One place a receiver's notifications go to. Its name in the notification log and in metrics: receiver/kind/index.
struct IntegrationId {
  std::string receiver;
  std::string kind;  // "webhook", "slack", "email", "alertmanager"
  size_t index = 0;  // among those of its kind
  bool send_resolved = true;
  std::string Key() const { return receiver + "/" + kind + "/" + std::to_string(index); }
  bool operator==(const IntegrationId&) const = default;
};

// What Tick asks its caller to do: deliver, then report with Complete.
struct NotifyJob {
  uint64_t id = 0;
  size_t integration = 0;  // index into the list given to the Pipeline
  std::shared_ptr<const Notification> notification;
  base::Timestamp deadline;  // later tries are pointless: the next tick sends anew
  bool page = false;         // tells of an alert that fires and that the receiver was not told of
};

struct AlertStatus {
  std::shared_ptr<const StoredAlert> alert;
  std::vector<std::string> receivers;
  std::optional<uint64_t> inhibited_by;
  bool processed = false;  // some group holds it
};

struct GroupStatus {
  base::Labels labels;
  std::string receiver;
  std::string key;
  base::Timestamp next_flush;
  std::vector<AlertStatus> alerts;
};

struct PipelineCounts {
  size_t active = 0;
  size_t suppressed = 0;
  size_t groups = 0;
};

// Alerts in, notifications due out: the pure middle of the alertmanager. Holds the alerts, the groups with their clocks
// and the notification log; knows no thread, no socket and no clock, every instant is passed in. Not thread-safe.
//
// A group (one per route node and set of group labels) first flushes group_wait after its first alert, at once if an
// alert has been firing for longer than that, then every group_interval. A flush takes every alert of the group, leaves
// out the inhibited ones, and asks for each integration of the receiver whether something has to be said (NeedsUpdate).
// Alerts that resolved leave the group once everybody has been told; a failed delivery keeps them for the next tick; an
// empty group ends. While deliveries of a flush are under way the group does not flush again.
//
// The end of an alert is told only to those who were told of its start. In another process that got the state by
// Restore, each group flushes at once. What the earlier process was about to tell and did not finish is told then, even
// if the alert has resolved meanwhile: its start first, and its end with the next flush.
//
// An alert with base::Alert::route_as is told once to each receiver that its label sets lead to, in a group per
// receiver and source (DirectRoutes). A receiver that was told of it stays one until it has heard the end, also after
// a restart: the notification log says who was told.
class Pipeline {
 public:
  struct Options {
    base::Duration retention = std::chrono::hours(120);  // of the notification log
    base::Duration gc_interval = std::chrono::minutes(30);
    std::string external_url;
  };

  Pipeline(std::shared_ptr<const Config> config, std::vector<IntegrationId> integrations, Options options);

  // Before the first Put: goes on from what an earlier process kept.
  void Restore(PipelineState state, base::Timestamp now);

  void Put(std::span<const PostedAlert> alerts, base::Timestamp now);

  // When Tick has something to do next; Timestamp::max() for never.
  base::Timestamp NextTick() const;
  std::vector<NotifyJob> Tick(base::Timestamp now);
  // Ends a job of Tick. Unknown ids (of before a reload) only update the notification log.
  void Complete(uint64_t job_id, bool delivered, base::Timestamp now);

  // Swaps the configuration. Alerts and notification log stay; so do the clocks and the deliveries under way of groups
  // that exist before and after (Alertmanager restarts the clocks and thereby sends early).
  void Reload(std::shared_ptr<const Config> config, std::vector<IntegrationId> integrations, base::Timestamp now);

  // What changed since the last call, in order; to be called after each of the above.
  PipelineChanges TakeChanges();

  // Alerts not resolved at `now`, by fingerprint, judged now.
  std::vector<AlertStatus> Alerts(base::Timestamp now) const;
  std::vector<GroupStatus> Groups(base::Timestamp now) const;
  PipelineCounts Counts(base::Timestamp now) const;
  uint64_t suppressed_total() const { return suppressed_total_; }  // alerts left out of flushes by inhibition
  const Config& config() const { return *config_; }

 private:
  struct Group {
    uint64_t id = 0;
    const Route* route = nullptr;
    base::Labels labels;
    std::string key;
    std::map<uint64_t, AlertStore::Pointer> alerts;
    base::Timestamp next;
    bool flushed = false;                       // at least once
    size_t in_flight = 0;                       // jobs of the last flush not completed
    bool failed = false;                        // one of them was not delivered
    std::vector<AlertStore::Pointer> resolved;  // of the last flush
    Fingerprints muted_resolved;                // those of them nobody was told of
    Fingerprints late;                          // those of them whose start is told by the last flush
  };
  struct PendingJob {
    uint64_t group = 0;
    std::string log_key;
    LogEntry entry;
    base::Timestamp expires;
  };
  // The alerts of one flush as the receivers will see them.
  struct Flush {
    std::vector<NotifiedAlert> alerts;
    GroupState state;
  };

  void Insert(const AlertStore::Pointer& alert, base::Timestamp now);
  void InsertInto(const Route& route, const AlertStore::Pointer& alert, base::Timestamp now);
  void Withdraw(const Route& route, const StoredAlert& alert);
  // The nodes the alert goes to now.
  std::vector<const Route*> RoutesOf(const StoredAlert& alert, base::Timestamp now) const;
  bool WasTold(const Route& route, const StoredAlert& alert, base::Timestamp now) const;
  Group& GroupOf(const Route& route, const base::Labels& alert_labels, base::Timestamp now);
  void Schedule(Group& group, base::Timestamp at);
  void StartFlush(Group& group, const Inhibitions& inhibitions, base::Timestamp now, std::vector<NotifyJob>& jobs);
  Flush Collect(Group& group, const Inhibitions& inhibitions, base::Timestamp now);
  void AddJobs(Group& group, const Flush& flush, base::Timestamp now, std::vector<NotifyJob>& jobs);
  void AddJob(Group& group, const Flush& flush, size_t index, base::Timestamp now, std::vector<NotifyJob>& jobs);
  void FinishFlush(Group& group);
  void ForgetTold(const Group& group, const Fingerprints& alerts);
  // After it left a group: it need not be kept if no other group holds it.
  void LeftGroup(const StoredAlert& alert);
  void CollectGarbage(base::Timestamp now);
  std::vector<FiringAlert> Firing(base::Timestamp now) const;

  std::shared_ptr<const Config> config_;
  std::vector<IntegrationId> integrations_;
  std::map<std::string, std::vector<size_t>> by_receiver_;
  Options options_;
  std::unique_ptr<const Route> routes_;
  std::map<std::string, Route> direct_routes_;  // by receiver
  AlertStore store_;
  std::map<uint64_t, Group> groups_;
  std::map<std::pair<const Route*, base::Labels>, uint64_t> group_ids_;
  std::set<std::pair<base::Timestamp, uint64_t>> schedule_;  // groups with no job in flight
  std::map<uint64_t, PendingJob> pending_;
  NotificationLog log_;
  Fingerprints kept_;                                  // alerts that the keeper has, as of the changes
  std::vector<PipelineChanges::AlertChange> changes_;  // of alerts, not taken yet
  base::Timestamp next_gc_{};
  uint64_t next_id_ = 1;
  uint64_t suppressed_total_ = 0;
};

}  // namespace alertmanager
