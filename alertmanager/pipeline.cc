#include "alertmanager/pipeline.h"

#include <algorithm>

namespace alertmanager {
namespace {

// A delivery may take this long even where group_interval is shorter, as in Alertmanager.
constexpr base::Duration kShortestDeadline = std::chrono::seconds(10);

std::string LogKey(const std::string& group_key, const IntegrationId& integration) {
  return group_key + "\n" + integration.Key();
}

std::map<std::string, std::vector<size_t>> ByReceiver(const std::vector<IntegrationId>& integrations) {
  std::map<std::string, std::vector<size_t>> result;
  for (size_t i = 0; i < integrations.size(); ++i) result[integrations[i].receiver].push_back(i);
  return result;
}

}  // namespace

Pipeline::Pipeline(std::shared_ptr<const Config> config, std::vector<IntegrationId> integrations, Options options)
    : config_(std::move(config)),
      integrations_(std::move(integrations)),
      by_receiver_(ByReceiver(integrations_)),
      options_(std::move(options)),
      routes_(std::make_unique<Route>(BuildRoutes(config_->route))),
      direct_routes_(DirectRoutes(*routes_, config_->receivers)) {}

void Pipeline::Restore(PipelineState state, base::Timestamp now) {
  log_.Restore(std::move(state.log));
  for (StoredAlert& kept : state.alerts) {
    kept_.insert(kept.fingerprint);
    Insert(store_.Put(Resumed(std::move(kept), config_->global.resolve_timeout, now), now), now);
  }
}

void Pipeline::Put(std::span<const PostedAlert> alerts, base::Timestamp now) {
  for (const PostedAlert& posted : alerts) {
    StoredAlert alert = alertmanager::Complete(posted, config_->global.resolve_timeout, now);
    const auto known = store_.alerts().find(alert.fingerprint);
    const AlertStore::Pointer before = known == store_.alerts().end() ? nullptr : known->second;
    const AlertStore::Pointer held = store_.Put(std::move(alert), now);
    const bool kept = !kept_.insert(held->fingerprint).second;
    if (!kept || !before || !SameToKeep(*before, *held, now)) changes_.push_back({held->fingerprint, held});
    Insert(held, now);
  }
}

PipelineChanges Pipeline::TakeChanges() { return {std::exchange(changes_, {}), log_.TakeChanges()}; }

void Pipeline::Insert(const AlertStore::Pointer& alert, base::Timestamp now) {
  const std::vector<const Route*> routes = RoutesOf(*alert, now);
  for (const Route* route : routes) InsertInto(*route, alert, now);
  if (alert->alert.route_as.empty()) return;
  for (const auto& [receiver, route] : direct_routes_) {
    if (std::ranges::find(routes, &route) == routes.end()) Withdraw(route, *alert);
  }
}

void Pipeline::InsertInto(const Route& route, const AlertStore::Pointer& alert, base::Timestamp now) {
  Group& group = GroupOf(route, alert->alert.labels, now);
  group.alerts[alert->fingerprint] = alert;
  if (!group.flushed && alert->alert.starts_at + route.group_wait < now) Schedule(group, now);
}

// The alert does not go there any more and nobody was told. The next flush ends the group.
void Pipeline::Withdraw(const Route& route, const StoredAlert& alert) {
  const auto known = group_ids_.find({&route, GroupLabels(route, alert.alert.labels)});
  if (known != group_ids_.end()) groups_.at(known->second).alerts.erase(alert.fingerprint);
}

std::vector<const Route*> Pipeline::RoutesOf(const StoredAlert& alert, base::Timestamp now) const {
  if (alert.alert.route_as.empty()) return MatchRoutes(*routes_, alert.alert.labels);
  std::set<std::string> receivers;
  for (const base::Labels& labels : alert.alert.route_as) {
    if (labels.empty()) {
      receivers.insert(routes_->receiver);
      continue;
    }
    for (const Route* route : MatchRoutes(*routes_, labels)) receivers.insert(route->receiver);
  }
  std::vector<const Route*> routes;
  for (const auto& [receiver, route] : direct_routes_) {
    if (receivers.contains(receiver) || WasTold(route, alert, now)) routes.push_back(&route);
  }
  return routes;
}

bool Pipeline::WasTold(const Route& route, const StoredAlert& alert, base::Timestamp now) const {
  const auto integrations = by_receiver_.find(route.receiver);
  if (integrations == by_receiver_.end()) return false;
  const std::string group_key = GroupKey(route, GroupLabels(route, alert.alert.labels));
  return std::ranges::any_of(integrations->second, [&](size_t index) {
    const LogEntry* const told = log_.Find(LogKey(group_key, integrations_[index]), now);
    return told != nullptr && (told->firing.contains(alert.fingerprint) || told->attempted.contains(alert.fingerprint));
  });
}

Pipeline::Group& Pipeline::GroupOf(const Route& route, const base::Labels& alert_labels, base::Timestamp now) {
  base::Labels labels = GroupLabels(route, alert_labels);
  const auto [known, is_new] = group_ids_.try_emplace({&route, labels}, next_id_);
  Group& group = groups_[known->second];
  if (!is_new) return group;
  group.id = next_id_++;
  group.route = &route;
  group.key = GroupKey(route, labels);
  group.labels = std::move(labels);
  Schedule(group, now + route.group_wait);
  return group;
}

void Pipeline::Schedule(Group& group, base::Timestamp at) {
  schedule_.erase({group.next, group.id});
  group.next = at;
  if (group.in_flight == 0) schedule_.emplace(at, group.id);
}

base::Timestamp Pipeline::NextTick() const {
  return schedule_.empty() ? base::Timestamp::max() : schedule_.begin()->first;
}

std::vector<FiringAlert> Pipeline::Firing(base::Timestamp now) const {
  std::vector<FiringAlert> firing;
  if (config_->inhibit_rules.empty()) return firing;
  for (const auto& [fingerprint, stored] : store_.alerts()) {
    if (!stored->alert.ResolvedAt(now)) firing.push_back({fingerprint, &stored->alert.labels});
  }
  std::ranges::sort(firing, {}, &FiringAlert::fingerprint);
  return firing;
}

std::vector<NotifyJob> Pipeline::Tick(base::Timestamp now) {
  CollectGarbage(now);
  std::vector<NotifyJob> jobs;
  if (NextTick() > now) return jobs;
  const Inhibitions inhibitions(config_->inhibit_rules, Firing(now));
  std::vector<uint64_t> due;
  for (auto at = schedule_.begin(); at != schedule_.end() && at->first <= now; ++at) due.push_back(at->second);
  for (const uint64_t id : due) StartFlush(groups_.at(id), inhibitions, now, jobs);
  return jobs;
}

void Pipeline::StartFlush(Group& group, const Inhibitions& inhibitions, base::Timestamp now,
                          std::vector<NotifyJob>& jobs) {
  group.flushed = true;
  group.failed = false;
  group.late.clear();
  // the clock is set before anything is sent, so that slow receivers don't stretch it
  Schedule(group, now + group.route->group_interval);
  const Flush flush = Collect(group, inhibitions, now);
  if (!flush.alerts.empty()) AddJobs(group, flush, now, jobs);
  if (group.in_flight == 0) {
    FinishFlush(group);
  } else {
    schedule_.erase({group.next, group.id});
  }
}

Pipeline::Flush Pipeline::Collect(Group& group, const Inhibitions& inhibitions, base::Timestamp now) {
  Flush flush;
  group.resolved.clear();
  group.muted_resolved.clear();
  for (const auto& [fingerprint, stored] : group.alerts) {
    const bool resolved = stored->alert.ResolvedAt(now);
    if (resolved) group.resolved.push_back(stored);
    if (inhibitions.InhibitedBy(stored->alert.labels)) {
      ++suppressed_total_;
      if (resolved) group.muted_resolved.insert(fingerprint);
      continue;
    }
    (resolved ? flush.state.resolved : flush.state.firing).insert(fingerprint);
    flush.alerts.push_back({stored->alert, fingerprint, resolved});
  }
  std::ranges::sort(flush.alerts, [](const NotifiedAlert& a, const NotifiedAlert& b) {
    return NotifiedBefore(a.alert.labels, b.alert.labels);
  });
  return flush;
}

void Pipeline::AddJobs(Group& group, const Flush& flush, base::Timestamp now, std::vector<NotifyJob>& jobs) {
  const auto integrations = by_receiver_.find(group.route->receiver);
  if (integrations == by_receiver_.end()) return;
  for (const size_t index : integrations->second) AddJob(group, flush, index, now, jobs);
}

void Pipeline::AddJob(Group& group, const Flush& flush, size_t index, base::Timestamp now,
                      std::vector<NotifyJob>& jobs) {
  const IntegrationId& integration = integrations_[index];
  const std::string log_key = LogKey(group.key, integration);
  const base::Duration repeat = group.route->repeat_interval;
  const LogEntry* const last = log_.Find(log_key, now);
  const ReceiverView view = SeenBy(last, flush.state);
  const NotifyReason reason = NeedsUpdate(last, view.state, integration.send_resolved, repeat, now);
  if (reason == NotifyReason::none) return;
  const LogEntry entry{now, view.state.firing, view.state.resolved};
  const base::Timestamp expires = now + std::min(options_.retention, 2 * repeat);
  auto notification = std::make_shared<Notification>(Notification{
      group.route->receiver, group.key, group.labels, flush.alerts, reason, options_.external_url, now, repeat});
  for (NotifiedAlert& alert : notification->alerts) {
    if (view.late.contains(alert.fingerprint)) alert.resolved = false;
  }
  std::erase_if(notification->alerts, [&](const NotifiedAlert& alert) {
    return alert.resolved && !(integration.send_resolved && view.state.resolved.contains(alert.fingerprint));
  });
  if (notification->alerts.empty()) {
    log_.Put(log_key, entry, expires);
    return;
  }
  group.late.insert(view.late.begin(), view.late.end());
  log_.Attempt(log_key, view.state.firing, now, expires);
  const uint64_t id = next_id_++;
  pending_[id] = {group.id, log_key, entry, expires};
  ++group.in_flight;
  jobs.push_back({.id = id,
                  .integration = index,
                  .notification = std::move(notification),
                  .deadline = now + std::max(group.route->group_interval, kShortestDeadline),
                  .page = reason == NotifyReason::first || reason == NotifyReason::new_alerts});
}

void Pipeline::Complete(uint64_t job_id, bool delivered, base::Timestamp now) {
  const auto found = pending_.find(job_id);
  if (found == pending_.end()) return;
  const PendingJob job = std::move(found->second);
  pending_.erase(found);
  if (delivered && job.expires > now) {
    log_.Put(job.log_key, job.entry, job.expires);
  } else {
    log_.ForgetAttempt(job.log_key);
  }
  const auto at = groups_.find(job.group);
  if (at == groups_.end()) return;
  Group& group = at->second;
  group.failed = group.failed || !delivered;
  if (--group.in_flight > 0) return;
  schedule_.emplace(group.next, group.id);
  FinishFlush(group);
}

void Pipeline::FinishFlush(Group& group) {
  if (group.failed) return;
  for (const AlertStore::Pointer& told : group.resolved) {
    if (group.late.contains(told->fingerprint)) continue;
    const auto held = group.alerts.find(told->fingerprint);
    if (held == group.alerts.end() || held->second != told) continue;
    group.alerts.erase(held);
    LeftGroup(*told);
  }
  group.resolved.clear();
  ForgetTold(group, group.muted_resolved);
  if (!group.alerts.empty()) return;
  schedule_.erase({group.next, group.id});
  group_ids_.erase({group.route, group.labels});
  groups_.erase(group.id);
}

void Pipeline::LeftGroup(const StoredAlert& alert) {
  const base::Labels& labels = alert.alert.labels;
  const auto holds = [&](const Route& route) {
    const auto id = group_ids_.find({&route, GroupLabels(route, labels)});
    return id != group_ids_.end() && groups_.at(id->second).alerts.contains(alert.fingerprint);
  };
  const bool held =
      alert.alert.route_as.empty()
          ? std::ranges::any_of(MatchRoutes(*routes_, labels), [&](const Route* route) { return holds(*route); })
          : std::ranges::any_of(direct_routes_, [&](const auto& direct) { return holds(direct.second); });
  if (!held && kept_.erase(alert.fingerprint) > 0) changes_.push_back({alert.fingerprint, nullptr});
}

// An alert that resolves while it is inhibited must not stay in the log as told of: when it fires again, that is news.
// Alertmanager keeps it and stays silent until the repeat interval.
void Pipeline::ForgetTold(const Group& group, const Fingerprints& alerts) {
  if (alerts.empty()) return;
  const auto integrations = by_receiver_.find(group.route->receiver);
  if (integrations == by_receiver_.end()) return;
  for (const size_t index : integrations->second) {
    log_.ForgetFiring(LogKey(group.key, integrations_[index]), alerts);
  }
}

void Pipeline::CollectGarbage(base::Timestamp now) {
  if (now < next_gc_) return;
  next_gc_ = now + options_.gc_interval;
  store_.CollectGarbage(now);
  log_.CollectGarbage(now);
}

void Pipeline::Reload(std::shared_ptr<const Config> config, std::vector<IntegrationId> integrations,
                      base::Timestamp now) {
  std::map<std::pair<std::string, std::string>, Group> before;  // by group key and receiver
  std::vector<AlertStore::Pointer> alerts;
  for (auto& [id, group] : groups_) {
    for (const auto& [fingerprint, alert] : group.alerts) alerts.push_back(alert);
    before.insert_or_assign({group.key, group.route->receiver}, std::move(group));
  }
  groups_.clear();
  group_ids_.clear();
  schedule_.clear();
  config_ = std::move(config);
  integrations_ = std::move(integrations);
  by_receiver_ = ByReceiver(integrations_);
  routes_ = std::make_unique<Route>(BuildRoutes(config_->route));
  direct_routes_ = DirectRoutes(*routes_, config_->receivers);
  for (const AlertStore::Pointer& alert : alerts) Insert(alert, now);
  std::map<uint64_t, Group*> successors;  // by the id that a group had
  for (auto& [id, group] : groups_) {
    const auto same = before.find({group.key, group.route->receiver});
    if (same == before.end()) continue;
    Group& old = same->second;
    successors[old.id] = &group;
    group.flushed = old.flushed;
    group.failed = old.failed;
    group.late = std::move(old.late);
    group.resolved = std::move(old.resolved);
    group.muted_resolved = std::move(old.muted_resolved);
    Schedule(group, std::min(old.next, now + group.route->group_interval));
  }
  // nobody is told a second time before the outcome of the first is known
  for (auto& [id, job] : pending_) {
    const auto successor = successors.find(job.group);
    if (successor == successors.end()) continue;
    Group& group = *successor->second;
    job.group = group.id;
    if (group.in_flight++ == 0) schedule_.erase({group.next, group.id});
  }
}

}  // namespace alertmanager
