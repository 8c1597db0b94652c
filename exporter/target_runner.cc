#include "exporter/target_runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace exporter {
namespace {

// The reason by which a query leaves out what is there but cannot be read now: no verdict on it, unlike a row that is
// gone.
constexpr std::string_view kLocked = "locked";
constexpr base::Duration kShortestPing = std::chrono::milliseconds(250);
constexpr base::Duration kFirstPause = std::chrono::seconds(15);
constexpr base::Duration kLongestPause = std::chrono::minutes(10);

std::string ServerText(const Session& session) {
  if (session.dialect() == Dialect::sqlite) return "SQLite";
  constexpr int kMajor = 10'000;  // since PostgreSQL 10
  return fmt::format("PostgreSQL {}.{}", session.server_version() / kMajor, session.server_version() % kMajor);
}

}  // namespace

TargetRunner::TargetRunner(std::unique_ptr<Target> target, std::vector<std::unique_ptr<Collector>> collectors,
                           const base::Clock& clock, SelfMetrics& metrics)
    : target_(std::move(target)), clock_(clock), metrics_(metrics), slots_(collectors.size()) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].collector = std::move(collectors[i]);
    metrics_.Announce(target_->name(), slots_[i].collector->name());
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { Loop(stop); });
}

TargetRunner::~TargetRunner() {
  Stop();
  thread_.join();
}

void TargetRunner::Stop() {
  thread_.request_stop();
  target_->Cancel();
}

uint64_t TargetRunner::Start(SteadyTime deadline) {
  const std::scoped_lock lock(mutex_);
  if (wanted_ == finished_) {
    ++wanted_;
    deadline_ = deadline;
    changed_.notify_all();
  }
  return wanted_;
}

void TargetRunner::Wait(uint64_t run, SteadyTime deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [&] { return finished_ >= run || ended_; });
}

void TargetRunner::Loop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    uint64_t run = 0;
    SteadyTime deadline;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return wanted_ > finished_; })) break;
      run = wanted_;
      deadline = deadline_;
    }
    Run(run, deadline, stop);
    const std::scoped_lock lock(mutex_);
    finished_ = run;
    changed_.notify_all();
  }
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

// While others wait behind it, a collector may use half of the time that is left, so that a slow one costs itself
// alone.
void TargetRunner::Run(uint64_t run, SteadyTime deadline, const std::stop_token& stop) {
  QueryResult<Session*> session = Reach(run, deadline);
  UpdateConnectCheck();
  for (size_t i = 0; session && i < slots_.size(); ++i) {
    if (ServeAgain(slots_[i], run) || std::chrono::steady_clock::now() < slots_[i].not_before) continue;
    if (!target_->connected()) session = Reach(run, deadline);
    const SteadyTime now = std::chrono::steady_clock::now();
    if (!session || stop.stop_requested() || now >= deadline) break;
    RunOne(slots_[i], **session, run, i + 1 < slots_.size() ? now + (deadline - now) / 2 : deadline);
    if ((*session)->broken()) target_->Disconnect();
  }
  UpdateConnectCheck();
  if (!measured_ && !slots_.empty()) LogFirstRun();
}

// A session that has just answered. A kept one that does not is replaced at once: its backend may hang alone. A new one
// that does not says that the server hangs, or that a pooler has no connection to it.
QueryResult<Session*> TargetRunner::Answering(SteadyTime deadline) {
  for (;;) {
    const bool kept = target_->connected();
    const QueryResult<Session*> session = target_->Connect(deadline);
    if (!session) return session;
    const SteadyTime now = std::chrono::steady_clock::now();
    const base::Duration half = Allowance(target_->config().connect_timeout, now + (deadline - now) / 2);
    const QueryResult<void> answer = (*session)->Ping(now + std::max(half, kShortestPing));
    if (answer) {
      target_->Answered();
      return session;
    }
    target_->Disconnect();
    if (!kept) {
      target_->GivenUp(answer.error());
      return std::unexpected(answer.error());
    }
    if (answer.error().failure != FailureClass::timeout) continue;
    metrics_.RecordTargetError(target_->name(), FailureClass::timeout);
    base::LogWarn("the connection to the target does not answer, a new one is made",
                  {{"target", target_->name()}, {"class", ToString(FailureClass::timeout)}});
  }
}

QueryResult<Session*> TargetRunner::Reach(uint64_t run, SteadyTime deadline) {
  QueryResult<Session*> session = Answering(deadline);
  if (!session && session.error().failure == FailureClass::cancelled) return session;
  if (!session) metrics_.RecordTargetError(target_->name(), session.error().failure);
  LogTransition(session);
  const std::scoped_lock lock(mutex_);
  if (session) {
    reached_ = run;
  } else {
    unreachable_ = session.error();
  }
  return session;
}

// The first outcome, and every change from up to down and back.
void TargetRunner::LogTransition(const QueryResult<Session*>& session) {
  const bool up = session.has_value();
  if (was_up_ == up) return;
  const bool first = !was_up_;
  was_up_ = up;
  if (!up) {
    base::LogWarn("cannot reach the database", {{"target", target_->name()},
                                                {"class", ToString(session.error().failure)},
                                                {"error", session.error().message}});
    return;
  }
  base::LogInfo(first ? "reached the database" : "the database is back",
                {{"target", target_->name()}, {"server", ServerText(**session)}});
}

// So that a person sees soon whether the queries do what they should.
void TargetRunner::LogFirstRun() {
  size_t failed = 0;
  size_t samples = 0;
  for (const Slot& slot : slots_) {
    if (slot.outcome == nullptr) return;
    failed += slot.outcome->success() ? 0 : 1;
    for (const MetricFamily& family : slot.outcome->families) samples += family.samples.size();
  }
  measured_ = true;
  base::LogInfo("measured the database for the first time",
                {{"target", target_->name()}, {"collectors", slots_.size()}, {"failed", failed}, {"samples", samples}});
}

void TargetRunner::UpdateConnectCheck() {
  target_->StartConnectCheck();
  std::optional<ConnectCheck> check = target_->connect_check();
  const std::string error = check && !check->success ? check->error.message : "";
  // where the target cannot be reached at all, Reach has told it
  if (error != last_check_error_ && was_up_ == true) {
    last_check_error_ = error;
    if (error.empty()) {
      base::LogInfo("the target lets new clients in again", {{"target", target_->name()}});
    } else {
      base::LogWarn("the target lets no new client in",
                    {{"target", target_->name()}, {"class", ToString(check->error.failure)}, {"error", error}});
    }
  }
  const std::scoped_lock lock(mutex_);
  connect_check_ = std::move(check);
}

// A query that had to be cut off may go on hanging on the server, with its session: asked at each scrape it would use
// up all that the server has.
void TargetRunner::Pause(Slot& slot, bool cut_off) const {
  slot.pause = cut_off ? std::clamp(slot.pause * 2, kFirstPause, kLongestPause) : base::Duration(0);
  slot.not_before = cut_off ? std::chrono::steady_clock::now() + slot.pause : SteadyTime();
}

bool TargetRunner::ServeAgain(Slot& slot, uint64_t run) {
  const std::scoped_lock lock(mutex_);
  if (!IsFresh(slot)) return false;
  slot.run = run;
  return true;
}

void TargetRunner::RunOne(Slot& slot, Session& session, uint64_t run, SteadyTime deadline) {
  const SteadyTime begin = std::chrono::steady_clock::now();
  CollectorOutput output;
  slot.collector->Collect(session, deadline, output);
  auto outcome = std::make_shared<CollectorOutcome>();
  outcome->finished_steady = std::chrono::steady_clock::now();
  outcome->duration = outcome->finished_steady - begin;
  outcome->finished = clock_.Now();
  outcome->families = std::move(output.families);
  outcome->dropped = std::move(output.dropped);
  outcome->dropped_columns = std::move(output.dropped_columns);
  outcome->errors = std::move(output.errors);
  const bool timeout = std::ranges::any_of(
      outcome->errors, [](const QueryError& error) { return error.failure == FailureClass::timeout; });
  Pause(slot, timeout && session.broken());
  Finish(slot, run, std::move(outcome));
}

void TargetRunner::Finish(Slot& slot, uint64_t run, std::shared_ptr<const CollectorOutcome> outcome) {
  metrics_.Record(target_->name(), slot.collector->name(), *outcome);
  LogChange(slot, *outcome);
  const std::scoped_lock lock(mutex_);
  slot.outcome = std::move(outcome);
  slot.run = run;
}

void TargetRunner::LogChange(Slot& slot, const CollectorOutcome& outcome) {
  std::string message;
  for (const QueryError& error : outcome.errors) {
    if (!message.empty()) message += "; ";
    message += std::string(ToString(error.failure)) + ": " + error.message;
  }
  for (const auto& [reason, count] : outcome.dropped) {
    if (!message.empty()) message += "; ";
    message += "left out: " + reason;
    const auto column = outcome.dropped_columns.find(reason);
    if (column != outcome.dropped_columns.end()) message += " (column " + column->second + ")";
  }
  if (message == slot.last_message) return;
  slot.last_message = message;
  const std::string& target = target_->name();
  const std::string& collector = slot.collector->name();
  if (message.empty()) {
    base::LogInfo("the collector is well again", {{"target", target}, {"collector", collector}});
  } else {
    base::LogWarn("the collector has trouble", {{"target", target}, {"collector", collector}, {"error", message}});
  }
}

// Half a result, or none, is not served again: the next run may do better.
bool TargetRunner::IsFresh(const Slot& slot) const {
  const base::Duration interval = slot.collector->limits().min_interval;
  return interval.count() > 0 && slot.outcome != nullptr && slot.outcome->success() &&
         std::chrono::steady_clock::now() - slot.outcome->finished_steady < interval;
}

TargetRunner::Snapshot TargetRunner::Take(uint64_t run) {
  std::vector<const Slot*> missed;
  Snapshot snapshot;
  {
    const std::scoped_lock lock(mutex_);
    snapshot.up = reached_ >= run;
    snapshot.connect_check = connect_check_;
    if (!snapshot.up) snapshot.unreachable = unreachable_;
    for (Slot& slot : slots_) {
      if (slot.outcome != nullptr && (slot.run >= run || IsFresh(slot))) {
        snapshot.outcomes.push_back(slot.outcome);
        const bool whole = slot.outcome->success() && !slot.outcome->dropped.contains(std::string(kLocked));
        if (!whole) snapshot.lost[slot.collector->name()] = slot.collector->MetricNames();
      } else {
        snapshot.lost[slot.collector->name()] = slot.collector->MetricNames();
        if (slot.missed < run) {
          slot.missed = run;
          missed.push_back(&slot);
        }
      }
    }
  }
  for (const Slot* slot : missed) metrics_.RecordMissed(target_->name(), slot->collector->name(), snapshot.up);
  return snapshot;
}

std::vector<std::string> TargetRunner::collector_names() const {
  std::vector<std::string> names;
  for (const Slot& slot : slots_) names.push_back(slot.collector->name());
  return names;
}

std::shared_ptr<const CollectorOutcome> TargetRunner::Outcome(std::string_view collector) const {
  const std::scoped_lock lock(mutex_);
  for (const Slot& slot : slots_) {
    if (slot.collector->name() == collector) return slot.outcome;
  }
  return nullptr;
}

}  // namespace exporter
