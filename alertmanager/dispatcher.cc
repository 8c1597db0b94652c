#include "alertmanager/dispatcher.h"

#include <algorithm>
#include <exception>

#include "base/log.h"

namespace alertmanager {
namespace {

constexpr base::Duration kLongestWait = std::chrono::seconds(1);
constexpr base::Duration kCountsInterval = std::chrono::seconds(5);
constexpr size_t kNamesInRecord = 20;
// A message waits until its attempt is committed, but no longer than this: a disk that does not answer may cost a
// second page after a crash, never the first one. A failed commit ends the wait at once.
constexpr base::Duration kLongestHold = std::chrono::seconds(2);
constexpr base::Duration kHoldCheck = std::chrono::milliseconds(2);

std::vector<IntegrationId> Ids(const std::vector<NamedIntegration>& integrations) {
  std::vector<IntegrationId> ids;
  for (const NamedIntegration& named : integrations) ids.push_back(named.id);
  return ids;
}

DeliveryRecord Record(const DeliveryEnd& end) {
  const Notification& told = *end.delivery.job.notification;
  DeliveryRecord record{.time = end.at,
                        .duration = end.at - told.now,
                        .integration = end.delivery.id,
                        .group_key = told.group_key,
                        .group_labels = told.group_labels,
                        .alerts = {},
                        .firing = told.FiringCount(),
                        .resolved = told.alerts.size() - told.FiringCount(),
                        .reason = told.reason,
                        .attempts = end.delivery.attempts,
                        .delivered = end.delivered,
                        .error = end.delivered ? "" : end.delivery.last.reason};
  for (const NotifiedAlert& notified : told.alerts) {
    if (record.alerts.size() == kNamesInRecord) break;
    const base::Labels& labels = notified.alert.labels;
    record.alerts.push_back(labels.Has("alertname") ? std::string(labels.Get("alertname")) : labels.ToString());
  }
  return record;
}

}  // namespace

Dispatcher::Dispatcher(std::shared_ptr<const Config> config, Options options)
    : options_(std::move(options)),
      config_(std::move(config)),
      integrations_(MakeIntegrations(*config_)),
      pipeline_(std::make_unique<Pipeline>(config_, Ids(integrations_), options_.pipeline)),
      pool_(std::make_unique<DeliveryPool>(options_.clock, options_.client, options_.metrics, options_.pool,
                                           [this](const DeliveryEnd& end) { OnEnded(end); })) {
  pipeline_->Restore(std::exchange(options_.state, {}), options_.clock.Now());
  options_.metrics.SetConfig(*config_);
}

Dispatcher::~Dispatcher() { Stop(base::Duration(0)); }

void Dispatcher::Send(std::span<const base::Alert> alerts) {
  std::vector<PostedAlert> posted;
  posted.reserve(alerts.size());
  for (const base::Alert& alert : alerts) {
    posted.push_back(
        {alert.labels, alert.annotations, alert.starts_at, alert.ends_at, alert.generator_url, alert.route_as});
  }
  Post(posted);
}

void Dispatcher::Post(std::span<const PostedAlert> alerts) {
  const base::Timestamp now = options_.clock.Now();
  const auto resolved = static_cast<uint64_t>(
      std::ranges::count_if(alerts, [&](const PostedAlert& alert) { return alert.ends_at && *alert.ends_at <= now; }));
  {
    const std::scoped_lock lock(mutex_);
    pipeline_->Put(alerts, now);
    dirty_ = true;
  }
  changed_.notify_all();
  options_.metrics.Received(alerts.size() - resolved, resolved);
}

void Dispatcher::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Dispatcher::Step() {
  std::vector<Delivery> deliveries;
  PipelineChanges changes;
  const base::Timestamp now = options_.clock.Now();
  {
    const std::scoped_lock lock(mutex_);
    dirty_ = false;
    for (NotifyJob& job : pipeline_->Tick(now)) {
      const NamedIntegration& named = integrations_[job.integration];
      deliveries.push_back({.job = std::move(job),
                            .id = named.id,
                            .integration = named.integration,
                            .queued_at = now,
                            .attempts = 0,
                            .last = {}});
    }
    changes = pipeline_->TakeChanges();
    options_.metrics.Suppressed(pipeline_->suppressed_total());
    if (now >= next_counts_) {
      next_counts_ = now + kCountsInterval;
      options_.metrics.SetCounts(pipeline_->Counts(now));
    }
  }
  Hold(std::move(deliveries), std::move(changes), now);
  Release(now);
}

void Dispatcher::Hold(std::vector<Delivery> deliveries, PipelineChanges changes, base::Timestamp now) {
  const bool keeps = options_.keeper != nullptr && !changes.empty();
  const bool attempts = keeps && !changes.log.empty();
  const auto written = std::make_shared<std::atomic<bool>>(!attempts);
  if (keeps) options_.keeper->Keep(std::move(changes), [written] { *written = true; });
  if (!deliveries.empty()) held_.push_back({std::move(deliveries), now + kLongestHold, written});
}

bool Dispatcher::Answers(base::Duration limit) {
  std::unique_lock lock(mutex_);
  // the turn under way may have begun before
  const uint64_t wanted = turns_ + 2;
  for (dirty_ = true; turns_ < wanted; dirty_ = true) {
    changed_.notify_all();
    const uint64_t before = turns_;
    if (!changed_.wait_for(lock, limit, [&] { return turns_ > before; })) return false;
  }
  return true;
}

void Dispatcher::Release(base::Timestamp now) {
  for (; !held_.empty() && (*held_.front().written || held_.front().until <= now); held_.pop_front()) {
    pool_->Submit(std::move(held_.front().deliveries));
  }
}

void Dispatcher::Run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    try {
      Step();
    } catch (const std::exception& e) {
      base::LogError("the dispatcher's turn threw", {{"error", e.what()}});
    }
    std::unique_lock lock(mutex_);
    ++turns_;
    changed_.notify_all();
    const base::Timestamp next = pipeline_->NextTick();
    const base::Timestamp now = options_.clock.Now();
    const base::Duration longest = held_.empty() ? kLongestWait : kHoldCheck;
    const base::Duration wait = next == base::Timestamp::max() ? longest : std::min(next - now, longest);
    if (wait > base::Duration(0)) changed_.wait_for(lock, stop, wait, [this] { return dirty_; });
  }
}

void Dispatcher::OnEnded(const DeliveryEnd& end) {
  const Delivery& delivery = end.delivery;
  PipelineChanges changes;
  bool stopping = false;
  {
    const std::scoped_lock lock(mutex_);
    stopping = stopping_;
    if (end.delivered || !stopping) pipeline_->Complete(delivery.job.id, end.delivered, end.at);
    changes = pipeline_->TakeChanges();
    deliveries_.push_back(Record(end));
    if (deliveries_.size() > options_.remembered_deliveries) deliveries_.pop_front();
    dirty_ = true;
  }
  changed_.notify_all();
  if (options_.keeper != nullptr && !changes.empty()) options_.keeper->Keep(std::move(changes), [] {});
  options_.metrics.Notified(delivery.id.kind, end.delivered ? "" : delivery.last.category);
  const Notification& told = *delivery.job.notification;
  const size_t firing = told.FiringCount();
  const size_t resolved = told.alerts.size() - firing;
  if (end.delivered) {
    base::LogInfo("notified", {{"receiver", told.receiver},
                               {"integration", delivery.id.Key()},
                               {"group", told.group_key},
                               {"firing", firing},
                               {"resolved", resolved},
                               {"attempts", delivery.attempts}});
  } else {
    base::LogError(stopping ? "gave up a notification because the program stops"
                            : "gave up a notification until the next group interval",
                   {{"receiver", told.receiver},
                    {"integration", delivery.id.Key()},
                    {"group", told.group_key},
                    {"firing", firing},
                    {"resolved", resolved},
                    {"attempts", delivery.attempts},
                    {"error", delivery.last.reason}});
  }
}

bool Dispatcher::Stop(base::Duration limit) {
  thread_ = {};
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(stopping_, true)) return true;
  }
  if (limit > base::Duration(0)) Step();
  Release(base::Timestamp::max());
  const bool all = pool_->Drain(limit);
  if (!all) {
    base::LogWarn(options_.keeper == nullptr
                      ? "some notifications were not delivered before the program stopped and are lost"
                      : "some notifications were not delivered before the program stopped; the next start tries again");
  }
  return all;
}

void Dispatcher::Reload(std::shared_ptr<const Config> config) {
  {
    const std::scoped_lock lock(mutex_);
    config_ = std::move(config);
    integrations_ = MakeIntegrations(*config_);
    pipeline_->Reload(config_, Ids(integrations_), options_.clock.Now());
    dirty_ = true;
  }
  changed_.notify_all();
  options_.metrics.SetConfig(*Dispatcher::config());
}

std::vector<AlertStatus> Dispatcher::Alerts() const {
  const std::scoped_lock lock(mutex_);
  return pipeline_->Alerts(options_.clock.Now());
}

std::vector<GroupStatus> Dispatcher::Groups() const {
  const std::scoped_lock lock(mutex_);
  return pipeline_->Groups(options_.clock.Now());
}

std::vector<DeliveryRecord> Dispatcher::Deliveries() const {
  const std::scoped_lock lock(mutex_);
  return {deliveries_.begin(), deliveries_.end()};
}

std::shared_ptr<const Config> Dispatcher::config() const {
  const std::scoped_lock lock(mutex_);
  return config_;
}

}  // namespace alertmanager
