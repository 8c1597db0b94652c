#include "ingest/scrape_manager.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/log.h"
#include "ingest/scrape_metrics.h"
#include "ingest/scrape_pool.h"
#include "ingest/scrape_request.h"
#include "ingest/work_queue.h"

// Three actors: the scheduler takes what is due from a list ordered by time and starts it; the parser threads write
// pages into the store; the watcher re-reads discovered files and
// asks HTTP servers for targets. A target is `busy` from the moment it is due until its
// samples are written, and only the task that made it so touches its ScrapeTarget meanwhile.

namespace ingest {
namespace {

constexpr base::Duration kIdle = std::chrono::minutes(1);
constexpr size_t kMostSpare = 8 << 20;
// A new target whose slot is this near waits for it.
constexpr base::Duration kSoon = std::chrono::seconds(1);

// Makes the target busy.
Due MakeDue(const ActivePtr& active, base::Timestamp scheduled) {
  active->busy = true;
  return {active,
          active->config,
          active->target,
          active->fetch,
          active->forced_error,
          scheduled,
          active->in_rhythm ? active->last_scrape : std::nullopt};
}

}  // namespace

class ScrapeManager::Implementation {
 public:
  Implementation(store::Appendable& store, const base::Clock& clock, base::HttpClient& client,
                 prometheus::Registry* registry, ScrapeManagerOptions options)
      : store_(store),
        clock_(clock),
        client_(client),
        options_(std::move(options)),
        metrics_(registry == nullptr ? nullptr : std::make_unique<ScrapeMetrics>(*registry)),
        parsers_(options.parser_threads),
        local_(1),
        scheduler_([this](const std::stop_token& stop) { Schedule(stop); }),
        watcher_([this](const std::stop_token& stop) { Watch(stop); }) {}

  void Reload(std::vector<ScrapeConfig> configs, std::vector<InProcessTarget> in_process);
  std::vector<TargetStatus> Targets() const;
  std::vector<DroppedTarget> DroppedTargets() const;
  std::vector<TargetMetadata> Metadata() const;
  std::vector<std::string> ScrapePools() const;

 private:
  void Schedule(const std::stop_token& stop);
  std::vector<Due> TakeDue(const std::stop_token& stop, std::stop_token& wake, base::Timestamp& wake_at);
  void Begin(Due due);
  void Finish(const ActivePtr& active, base::Timestamp time, const base::Result<FetchedPage>& page,
              base::Duration duration);
  void End(const ActivePtr& active);
  std::string TakeSpare();
  void GiveSpare(std::string body);
  void Watch(const std::stop_token& stop);
  void Rediscover(const std::stop_token& stop);
  void LogErrors(const std::vector<Plan>& plans) const;

  // with mutex_ held
  void TakeFirst(base::Timestamp now, std::vector<Due>& due);
  void Apply(Plan plan);
  void Retire(const ActivePtr& active);
  void PutOnSchedule(const ActivePtr& active);
  bool EndsFirstRound();

  store::Appendable& store_;
  const base::Clock& clock_;
  base::HttpClient& client_;
  const ScrapeManagerOptions options_;
  const std::unique_ptr<ScrapeMetrics> metrics_;

  mutable std::mutex mutex_;
  // guarded by mutex_
  std::map<PoolKey, Pool> pools_;
  std::multimap<base::Timestamp, ActivePtr> schedule_;  // entries that are not at their target's `next` are void
  std::deque<ActivePtr> new_;                           // not scraped yet; each is on the schedule as well
  size_t first_under_way_ = 0;                          // scrapes of targets that were new
  std::stop_source wake_;                               // ends the scheduler's present sleep
  uint64_t generation_ = 0;                             // counts reloads
  bool first_round_ = true;                             // some target has not been scraped yet
  bool discovering_ = false;                            // some pool's targets are discovered
  std::condition_variable_any watching_;                // discovering_ has become true
  std::string spare_;                                   // room for the next page, so that its memory is not sought anew

  WorkerPool parsers_;
  WorkerPool local_;
  std::jthread scheduler_;
  std::jthread watcher_;
};

void ScrapeManager::Implementation::Schedule(const std::stop_token& stop) {
  const std::stop_callback on_stop(stop, [this] {
    const std::scoped_lock lock(mutex_);
    wake_.request_stop();
  });
  while (!stop.stop_requested()) {
    std::stop_token wake;
    base::Timestamp wake_at;
    std::vector<Due> due = TakeDue(stop, wake, wake_at);
    for (Due& one : due) Begin(std::move(one));
    if (due.empty()) clock_.SleepUntil(wake_at, wake);
  }
}

std::vector<Due> ScrapeManager::Implementation::TakeDue(const std::stop_token& stop, std::stop_token& wake,
                                                        base::Timestamp& wake_at) {
  const std::scoped_lock lock(mutex_);
  wake_ = std::stop_source();
  wake = wake_.get_token();
  // a stop before this line found the old source, so the new one must know of it
  if (stop.stop_requested()) wake_.request_stop();
  const base::Timestamp now = clock_.Now();
  std::vector<Due> due;
  while (!schedule_.empty() && schedule_.begin()->first <= now) {
    auto entry = schedule_.extract(schedule_.begin());
    const ActivePtr& active = entry.mapped();
    if (active->gone || active->next != entry.key()) continue;
    if (!active->busy) {
      due.push_back(MakeDue(active, entry.key()));
      active->in_rhythm = true;
    }
    const base::Duration interval = active->target.interval;
    active->next = entry.key() + interval;
    if (active->next <= now) active->next += (now - active->next) / interval * interval + interval;
    schedule_.emplace(active->next, active);
  }
  TakeFirst(now, due);
  wake_at = schedule_.empty() ? now + kIdle : schedule_.begin()->first;
  return due;
}

void ScrapeManager::Implementation::TakeFirst(base::Timestamp now, std::vector<Due>& due) {
  while (!new_.empty() && first_under_way_ < options_.first_scrapes) {
    const ActivePtr active = std::move(new_.front());
    new_.pop_front();
    if (active->gone || active->busy || active->last_scrape || active->next - now < kSoon) continue;
    active->is_first = true;
    ++first_under_way_;
    due.push_back(MakeDue(active, now));
  }
}

void ScrapeManager::Implementation::Begin(Due due) {
  const base::Timestamp start = clock_.Now();
  const base::Timestamp time = AlignedTime(start, due);
  if (metrics_ && due.last_slot) metrics_->IntervalPassed(due.target.interval, time - *due.last_slot);
  const auto fail = [&](base::Error error) {
    parsers_.queue()->Push([this, active = due.active, time, error = std::move(error)] {
      Finish(active, time, std::unexpected(error), base::Duration(0));
    });
  };
  if (!due.forced_error.empty()) return fail({base::ErrorCode::limit_exceeded, due.forced_error, {}});
  if (due.fetch) {
    local_.queue()->Push([this, active = due.active, time, start, fetch = due.fetch, timeout = due.target.timeout] {
      const base::Result<FetchedPage> page = fetch(timeout);
      // cut off by our own stop: it says nothing of the target, so nothing is stored, as with a page under way
      if (!page && page.error().code == base::ErrorCode::cancelled) return;
      Finish(active, time, page, clock_.Now() - start);
    });
    return;
  }
  auto request = MakeScrapeRequest(*due.config, due.target);
  if (!request) return fail(std::move(request).error());
  request->room = TakeSpare();
  // The answer may come when the manager is gone; what it then finds is a closed queue.
  client_.StartSend(std::move(*request), [this, queue = parsers_.queue(), active = due.active, time, start,
                                          clock = &clock_](base::Result<base::HttpClientResponse> response) {
    const base::Duration duration = clock->Now() - start;
    auto page = std::make_shared<base::Result<FetchedPage>>(PageOf(std::move(response)));
    queue->Push([this, active, time, page, duration] {
      Finish(active, time, *page, duration);
      if (*page) GiveSpare(std::move((*page)->body));
    });
  });
}

void ScrapeManager::Implementation::Finish(const ActivePtr& active, base::Timestamp time,
                                           const base::Result<FetchedPage>& page, base::Duration duration) {
  std::optional<std::pair<Target, ConfigPtr>> change;
  {
    const std::scoped_lock lock(mutex_);
    if (active->reconfigured) change.emplace(active->target, active->config);
    active->reconfigured = false;
  }
  if (change) active->scrape.Reconfigure(std::move(change->first), std::move(change->second));
  const ScrapeReport report = active->scrape.Ingest(page, time, duration, store_);
  LogReport(active->scrape.config(), active->scrape.target(), report);
  if (metrics_) metrics_->Scraped(report);
  bool gone = false;
  bool first_round_over = false;
  {
    const std::scoped_lock lock(mutex_);
    active->last_scrape = time;
    active->last_duration = duration;
    active->last_error = LastError(report);
    active->health = report.error ? TargetHealth::down : TargetHealth::up;
    gone = active->gone;
    active->busy = gone;
    first_round_over = EndsFirstRound();
    if (std::exchange(active->is_first, false)) {
      --first_under_way_;
      if (!new_.empty()) wake_.request_stop();
    }
  }
  if (first_round_over && options_.on_first_round) options_.on_first_round();
  if (gone) End(active);
}

bool ScrapeManager::Implementation::EndsFirstRound() {
  if (!first_round_) return false;
  for (const auto& [key, pool] : pools_) {
    for (const auto& [labels, active] : pool.targets) {
      if (!active->last_scrape) return false;
    }
  }
  first_round_ = false;
  return true;
}

std::string ScrapeManager::Implementation::TakeSpare() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(spare_, {});
}

void ScrapeManager::Implementation::GiveSpare(std::string body) {
  if (body.capacity() > kMostSpare) return;
  const std::scoped_lock lock(mutex_);
  if (body.capacity() > spare_.capacity()) spare_.swap(body);
}

void ScrapeManager::Implementation::End(const ActivePtr& active) {
  base::Timestamp time = clock_.Now();
  {
    const std::scoped_lock lock(mutex_);
    if (!active->last_scrape) return;
    time = std::max(time, *active->last_scrape + base::Duration(1));
  }
  active->scrape.End(time, store_);
}

void ScrapeManager::Implementation::Reload(std::vector<ScrapeConfig> configs, std::vector<InProcessTarget> in_process) {
  std::map<PoolKey, Discovered> before;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [key, pool] : pools_) before[key] = pool.found;
  }
  std::vector<Plan> plans;
  for (ScrapeConfig& config : configs) {
    const PoolKey key(config.job_name, "");
    plans.push_back(MakePlan(key, std::make_shared<const ScrapeConfig>(std::move(config)), before[key]));
  }
  for (InProcessTarget& local : in_process) {
    const PoolKey key(local.config.job_name, local.address);
    local.config.static_configs = {{.targets = {local.address}, .labels = {}}};
    local.config.file_sd_configs.clear();
    local.config.http_sd_configs.clear();
    plans.push_back(MakePlan(key, std::make_shared<const ScrapeConfig>(std::move(local.config)), {}));
    plans.back().fetch = std::move(local.fetch);
  }
  LogErrors(plans);
  std::unique_lock lock(mutex_);
  ++generation_;
  const auto planned = [&](const PoolKey& key) { return std::ranges::find(plans, key, &Plan::key) != plans.end(); };
  for (auto& [key, pool] : pools_) {
    if (planned(key)) continue;
    for (const auto& [labels, active] : pool.targets) Retire(active);
    if (metrics_) metrics_->PoolGone(key.first);
  }
  std::erase_if(pools_, [&](const auto& entry) { return !planned(entry.first); });
  for (Plan& plan : plans) Apply(std::move(plan));
  discovering_ = std::ranges::any_of(pools_, [](const auto& entry) { return IsDiscovering(*entry.second.config); });
  if (discovering_) watching_.notify_all();
  wake_.request_stop();
  const bool nothing_to_scrape = EndsFirstRound();
  lock.unlock();
  if (nothing_to_scrape && options_.on_first_round) options_.on_first_round();
}

void ScrapeManager::Implementation::LogErrors(const std::vector<Plan>& plans) const {
  for (const Plan& plan : plans) {
    for (const base::Error& error : plan.errors) {
      base::LogError("cannot read discovered targets", {{"scrape_pool", plan.key.first}, {"error", error}});
      if (metrics_) metrics_->DiscoveryFailed();
    }
    for (const base::Error& error : plan.url_errors) {
      base::LogError("cannot discover targets", {{"scrape_pool", plan.key.first}, {"error", error}});
      if (metrics_) metrics_->HttpDiscoveryFailed();
    }
    for (const base::Error& error : plan.set.errors) {
      base::LogError("a target cannot be scraped", {{"scrape_pool", plan.key.first}, {"error", error}});
    }
  }
}

void ScrapeManager::Implementation::Apply(Plan plan) {
  Pool& pool = pools_[plan.key];
  const bool same = pool.config && *pool.config == *plan.config;
  if (!same) pool.config = std::move(plan.config);
  pool.fetch = std::move(plan.fetch);
  pool.found = std::move(plan.found);
  pool.dropped = std::move(plan.set.dropped);
  std::string forced_error;
  const auto limit = static_cast<size_t>(pool.config->limits.targets);
  if (limit > 0 && plan.set.targets.size() > limit) {
    forced_error =
        fmt::format("target_limit exceeded (number of targets: {}, limit: {})", plan.set.targets.size(), limit);
  }
  std::map<base::Labels, ActivePtr> targets;
  for (Target& target : plan.set.targets) {
    const auto known = pool.targets.find(target.labels);
    ActivePtr active = known == pool.targets.end() ? nullptr : known->second;
    if (!active) {
      active = std::make_shared<Active>(std::move(target), pool.config);
      PutOnSchedule(active);
      new_.push_back(active);
    } else if (active->config != pool.config || active->target != target) {
      const bool other_rhythm = active->target.interval != target.interval;
      active->target = std::move(target);
      active->config = pool.config;
      active->reconfigured = true;
      if (other_rhythm) PutOnSchedule(active);
    }
    active->fetch = pool.fetch;
    active->forced_error = forced_error;
    targets.emplace(active->target.labels, std::move(active));
  }
  for (const auto& [labels, active] : pool.targets) {
    if (!targets.contains(labels)) Retire(active);
  }
  pool.targets = std::move(targets);
  if (!metrics_) return;
  metrics_->PoolSynced(plan.key.first, {.targets = pool.targets.size(),
                                        .found = pool.targets.size() + pool.dropped.size() + plan.set.errors.size(),
                                        .broken = plan.set.errors.size(),
                                        .over_limit = !forced_error.empty(),
                                        .duration = plan.duration});
}

void ScrapeManager::Implementation::PutOnSchedule(const ActivePtr& active) {
  const base::Duration offset = ScrapeOffset(active->target, options_.offset_seed);
  active->next = NextScrape(clock_.Now(), active->target.interval, offset);
  schedule_.emplace(active->next, active);
}

void ScrapeManager::Implementation::Retire(const ActivePtr& active) {
  active->gone = true;
  if (active->busy) return;  // whoever is at it ends it
  active->busy = true;
  parsers_.queue()->Push([this, active] { End(active); });
}

void ScrapeManager::Implementation::Watch(const std::stop_token& stop) {
  do {
    std::unique_lock lock(mutex_);
    if (!watching_.wait(lock, stop, [this] { return discovering_; })) return;
    lock.unlock();
    Rediscover(stop);
  } while (clock_.SleepUntil(clock_.Now() + options_.discovery_poll, stop));
}

void ScrapeManager::Implementation::Rediscover(const std::stop_token& stop) {
  struct Watched {
    PoolKey key;
    ConfigPtr config;
    Discovered found;
  };
  std::vector<Watched> watched;
  uint64_t generation = 0;
  {
    const std::scoped_lock lock(mutex_);
    generation = generation_;
    for (const auto& [key, pool] : pools_) {
      if (IsDiscovering(*pool.config)) watched.push_back({key, pool.config, pool.found});
    }
  }
  std::vector<Plan> plans;
  for (const Watched& one : watched) {
    std::vector<base::Error> errors;
    const DiscoveredUrls urls =
        DiscoverUrls(one.config->http_sd_configs, one.found.urls, clock_.Now(), {client_, stop}, errors);
    Plan plan = MakePlan(one.key, one.config, {one.found.files, urls});
    plan.url_errors = std::move(errors);
    if (plan.found != one.found) plans.push_back(std::move(plan));
  }
  if (plans.empty()) return;
  LogErrors(plans);
  const std::scoped_lock lock(mutex_);
  if (generation != generation_) return;  // a reload came between and has read the files itself
  for (Plan& plan : plans) Apply(std::move(plan));
  wake_.request_stop();
}

std::vector<TargetStatus> ScrapeManager::Implementation::Targets() const {
  const std::scoped_lock lock(mutex_);
  std::vector<TargetStatus> all;
  for (const auto& [key, pool] : pools_) {
    for (const auto& [labels, active] : pool.targets) {
      all.push_back({.scrape_pool = key.first,
                     .discovered = active->target.discovered,
                     .labels = active->target.PublicLabels(),
                     .scrape_url = active->target.url,
                     .interval = active->target.interval,
                     .timeout = active->target.timeout,
                     .last_error = active->last_error,
                     .last_scrape = active->last_scrape,
                     .last_duration = active->last_duration,
                     .health = active->health});
    }
  }
  return all;
}

std::vector<DroppedTarget> ScrapeManager::Implementation::DroppedTargets() const {
  const std::scoped_lock lock(mutex_);
  std::vector<DroppedTarget> all;
  for (const auto& [key, pool] : pools_) {
    for (const base::Labels& discovered : pool.dropped) all.push_back({key.first, discovered});
  }
  return all;
}

std::vector<TargetMetadata> ScrapeManager::Implementation::Metadata() const {
  std::vector<ActivePtr> targets;
  std::vector<TargetMetadata> all;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [key, pool] : pools_) {
      for (const auto& [labels, active] : pool.targets) {
        targets.push_back(active);
        all.push_back({active->target.PublicLabels(), {}});
      }
    }
  }
  for (size_t i = 0; i < targets.size(); ++i) all[i].metadata = targets[i]->scrape.Metadata();
  return all;
}

std::vector<std::string> ScrapeManager::Implementation::ScrapePools() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [key, pool] : pools_) {
    if (names.empty() || names.back() != key.first) names.push_back(key.first);
  }
  return names;
}

std::string_view ToString(TargetHealth health) {
  switch (health) {
    case TargetHealth::unknown:
      return "unknown";
    case TargetHealth::up:
      return "up";
    case TargetHealth::down:
      return "down";
  }
  return "unknown";
}

ScrapeManager::ScrapeManager(store::Appendable& store, const base::Clock& clock, base::HttpClient& client,
                             prometheus::Registry* registry, ScrapeManagerOptions options)
    : implementation_(std::make_unique<Implementation>(store, clock, client, registry, std::move(options))) {}

ScrapeManager::~ScrapeManager() = default;

void ScrapeManager::Reload(std::vector<ScrapeConfig> configs, std::vector<InProcessTarget> in_process) {
  implementation_->Reload(std::move(configs), std::move(in_process));
}
std::vector<TargetStatus> ScrapeManager::Targets() const { return implementation_->Targets(); }
std::vector<DroppedTarget> ScrapeManager::DroppedTargets() const { return implementation_->DroppedTargets(); }
std::vector<TargetMetadata> ScrapeManager::Metadata() const { return implementation_->Metadata(); }
std::vector<std::string> ScrapeManager::ScrapePools() const { return implementation_->ScrapePools(); }

}  // namespace ingest
