#include "rules/manager.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "rules/metrics.h"

namespace rules {
namespace {

// How long to sleep when there is nothing to do at all.
constexpr base::Duration kIdle = std::chrono::minutes(1);

std::shared_ptr<const Environment> MakeEnvironment(const ManagerOptions& options, const ManagerConfig& config,
                                                   KeptAlerts& kept_alerts) {
  return std::make_shared<const Environment>(
      Environment{.engine = options.engine,
                  .querier = options.querier,
                  .appendable = options.appendable,
                  .sink = options.sink,
                  .keeper = options.keeper,
                  .external_labels = config.external_labels,
                  .external_url = config.external_url,
                  .datasource = config.datasource,
                  .no_data = config.no_data,
                  .recorded = std::make_shared<const RecordedSeries>(config.rules.groups),
                  .kept_alerts = &kept_alerts,
                  .sources_read = config.datasource ? nullptr : options.sources_read});
}

}  // namespace

Manager::Manager(ManagerOptions options)
    : options_(std::move(options)),
      metrics_(options_.registry == nullptr ? nullptr : std::make_unique<Metrics>(*options_.registry)),
      environment_(MakeEnvironment(options_, {}, kept_alerts_)) {}

Manager::~Manager() {
  for (std::jthread& worker : workers_) worker.request_stop();
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    wake_.request_stop();
  }
  workers_.clear();
}

std::shared_ptr<Manager::Entry> Manager::Replace(const RuleGroup& definition, const GroupDefaults& defaults,
                                                 base::Timestamp now,
                                                 std::map<std::string, std::shared_ptr<Entry>>& old) {
  std::shared_ptr<Entry> before;
  if (const auto at = old.find(definition.Key()); at != old.end()) {
    before = at->second;
    old.erase(at);
  }
  if (before && before->group->Same(definition, defaults)) return before;
  auto entry = std::make_shared<Entry>();
  entry->group = std::make_shared<Group>(definition, defaults);
  entry->slot = entry->group->SlotAt(now);
  if (metrics_) {
    if (before) metrics_->RemoveGroup(definition.Key());
    metrics_->AddGroup(definition.Key(), entry->group->interval(), definition.rules.size());
  }
  if (before) entry->group->TakeStateFrom(*before->group, now, options_.keeper);
  return entry;
}

// All in one message to the sink: one that sees a part first could take the rest for news.
void Manager::GoOn(const std::vector<std::shared_ptr<Entry>>& entries, const Environment& environment,
                   base::Timestamp now, const ManagerConfig& config) {
  const Writers writers(config.rules.groups);
  std::vector<base::Alert> to_send;
  for (const auto& entry : entries) {
    auto kept = kept_.extract(entry->group->Key());
    if (kept.empty()) continue;
    if (config.catch_up.count() > 0) {
      const base::Duration interval = entry->group->interval();
      entry->resume = std::max(entry->group->SlotAt(std::min(kept.mapped().evaluated, now)),
                               entry->slot - config.catch_up / interval * interval);
    }
    std::ranges::move(entry->group->Restore(std::move(kept.mapped()), now, environment), std::back_inserter(to_send));
    if (entry->resume) entry->group->FindSeries([&](const Rule& rule) { return writers.Alone(rule); }, environment);
  }
  for (auto& [key, kept] : std::exchange(kept_, {})) {
    if (options_.keeper != nullptr) options_.keeper->Keep(Gone(key, std::move(kept), now, GroupEvent::ended));
  }
  if (!to_send.empty()) options_.sink.Send(to_send);
}

void Manager::Apply(const ManagerConfig& config) {
  const std::scoped_lock applying(applying_);
  const base::Timestamp now = options_.clock.Now();
  const auto environment = MakeEnvironment(options_, config, kept_alerts_);
  std::map<std::string, std::shared_ptr<Entry>> old;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& entry : entries_) old[entry->group->Key()] = entry;
  }
  std::vector<std::shared_ptr<Entry>> entries;
  for (const RuleGroup& definition : config.rules.groups) {
    entries.push_back(Replace(definition, config.defaults, now, old));
  }
  GoOn(entries, *environment, now, config);
  std::vector<Ending> endings;
  for (const auto& [key, entry] : old) {
    if (metrics_) metrics_->RemoveGroup(key);
    Group& group = *entry->group;
    std::vector<base::Labels> series = group.Retire(now, options_.keeper);
    endings.push_back({now + 2 * group.interval(), group.SeriesEnd(now), std::move(series)});
  }
  const std::scoped_lock lock(mutex_);
  entries_ = std::move(entries);
  endings_.insert(endings_.end(), endings.begin(), endings.end());
  environment_ = environment;
  catch_up_ = config.catch_up;
  WakeWorkers();
}

void Manager::WakeWorkers() {
  if (stopping_) return;
  wake_.request_stop();
  wake_ = std::stop_source();
}

std::shared_ptr<Manager::Entry> Manager::TakeDue(base::Timestamp now) {
  std::shared_ptr<Entry> earliest;
  for (const auto& entry : entries_) {
    // the clock was set back: what is due far ahead would be waited for too long
    if (!entry->running && entry->slot > now) entry->slot = entry->group->SlotAt(now);
    if (entry->running || entry->Due() > now) continue;
    if (!earliest || entry->Due() < earliest->Due()) earliest = entry;
  }
  if (earliest) earliest->running = true;
  return earliest;
}

base::Timestamp Manager::NextDue(base::Timestamp now) const {
  base::Timestamp next = now + kIdle;
  for (const auto& entry : entries_) {
    if (!entry->running) next = std::min(next, entry->Due());
  }
  for (const Ending& ending : endings_) next = std::min(next, ending.due);
  return next;
}

void Manager::Run(Entry& entry, base::Timestamp now) {
  std::shared_ptr<const Environment> environment;
  CatchUp::Turn turn;
  {
    const std::scoped_lock lock(mutex_);
    environment = environment_;
    const base::Duration interval = entry.group->interval();
    const base::Timestamp latest = entry.slot + (now - entry.slot) / interval * interval;
    turn = entry.catch_up.Next(entry.resume.value_or(entry.slot), latest, interval, catch_up_);
    entry.resume.reset();
  }
  if (turn.begins > 0) {
    base::LogInfo(
        "missed evaluations are caught up",
        {{"group", entry.group->Key()}, {"from", base::FormatRfc3339(turn.slot)}, {"evaluations", turn.begins}});
  }
  const GroupOutcome outcome = entry.group->Evaluate(turn.slot, *environment, turn.past);
  if (metrics_ && !outcome.rules.empty()) metrics_->Record(entry.group->Key(), turn.slot, outcome, turn.missed);
  const std::scoped_lock lock(mutex_);
  entry.slot = turn.slot;
  entry.running = false;
  WakeWorkers();
}

void Manager::EndDueSeries(base::Timestamp now) {
  std::vector<Ending> due;
  std::vector<std::shared_ptr<Entry>> entries;
  {
    const std::scoped_lock lock(mutex_);
    std::erase_if(endings_, [&](Ending& ending) {
      if (ending.due > now) return false;
      due.push_back(std::move(ending));
      return true;
    });
    if (due.empty()) return;
    entries = entries_;
  }
  for (Ending& ending : due) {
    std::erase_if(ending.series, [&](const base::Labels& one) {
      return std::ranges::any_of(entries, [&](const auto& entry) { return entry->group->Writes(one); });
    });
    EndSeries(ending.series, ending.time, options_.appendable);
  }
}

base::Timestamp Manager::RunDue() {
  while (true) {
    const base::Timestamp now = options_.clock.Now();
    EndDueSeries(now);
    std::shared_ptr<Entry> entry;
    {
      const std::scoped_lock lock(mutex_);
      entry = TakeDue(now);
      if (!entry) return NextDue(now);
    }
    Run(*entry, now);
  }
}

void Manager::Start(int threads) {
  while (workers_.size() < static_cast<size_t>(std::max(threads, 1))) {
    workers_.emplace_back([this](const std::stop_token& stop) { Work(stop); });
  }
}

void Manager::Work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const base::Timestamp now = options_.clock.Now();
    std::shared_ptr<Entry> entry;
    base::Timestamp next;
    std::stop_token wake;
    {
      const std::scoped_lock lock(mutex_);
      entry = TakeDue(now);
      next = NextDue(now);
      wake = wake_.get_token();
    }
    if (entry) {
      Run(*entry, now);
    } else {
      EndDueSeries(now);
      options_.clock.SleepUntil(next, wake);
    }
  }
}

base::Result<std::vector<GroupSnapshot>> Manager::EvaluateNow(std::optional<std::string_view> group_name) {
  std::vector<std::shared_ptr<Entry>> chosen;
  std::shared_ptr<const Environment> environment;
  {
    const std::scoped_lock lock(mutex_);
    environment = environment_;
    for (const auto& entry : entries_) {
      if (!group_name || entry->group->definition().name == *group_name) chosen.push_back(entry);
    }
  }
  if (group_name && chosen.empty()) {
    return base::Fail(base::ErrorCode::not_found, fmt::format("no rule group is named {}", base::Quote(*group_name)));
  }
  const base::Timestamp now = options_.clock.Now();
  std::vector<GroupSnapshot> snapshots;
  for (const auto& entry : chosen) {
    const GroupOutcome outcome = entry->group->Evaluate(now, *environment);
    if (metrics_ && !outcome.rules.empty()) metrics_->Record(entry->group->Key(), now, outcome, 0);
    snapshots.push_back(entry->group->Snapshot());
  }
  return snapshots;
}

std::shared_ptr<const Datasource> Manager::datasource() const {
  const std::scoped_lock lock(mutex_);
  return environment_ ? environment_->datasource : nullptr;
}

std::vector<GroupSnapshot> Manager::Groups() const {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    const std::scoped_lock lock(mutex_);
    entries = entries_;
  }
  std::vector<GroupSnapshot> groups;
  groups.reserve(entries.size());
  for (const auto& entry : entries) groups.push_back(entry->group->Snapshot());
  return groups;
}

}  // namespace rules
