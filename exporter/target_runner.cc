#include "exporter/target_runner.h"

#include <algorithm>

#include "base/log.h"

namespace exporter {
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
  thread_.request_stop();
  for (bool ended = false; !ended;) {
    target_->Cancel();  // again and again: it may come between two statements
    std::unique_lock lock(mutex_);
    ended = changed_.wait_for(lock, std::chrono::milliseconds(50), [&] { return ended_; });
  }
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
  if (!Reach(run, deadline)) return;
  for (size_t i = 0; i < slots_.size(); ++i) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (stop.stop_requested() || now >= deadline) return;
    RunOne(slots_[i], run, i + 1 < slots_.size() ? now + (deadline - now) / 2 : deadline);
  }
}

// The session, known to be alive.
QueryResult<Session*> TargetRunner::Reach(uint64_t run, SteadyTime deadline) {
  QueryResult<Session*> session = target_->Connect(deadline);
  if (session && !(*session)->Ping()) {
    target_->Disconnect();
    session = target_->Connect(deadline);
  }
  const std::string error = session ? "" : session.error().message;
  if (!session) metrics_.RecordTargetError(target_->name(), session.error().failure);
  if (error != last_target_error_) {
    last_target_error_ = error;
    if (session) {
      base::LogInfo("the target is back", {{"target", target_->name()}});
    } else {
      base::LogWarn("cannot reach the target",
                    {{"target", target_->name()}, {"class", ToString(session.error().failure)}, {"error", error}});
    }
  }
  if (session) {
    const std::scoped_lock lock(mutex_);
    reached_ = run;
  }
  return session;
}

void TargetRunner::RunOne(Slot& slot, uint64_t run, SteadyTime deadline) {
  {
    const std::scoped_lock lock(mutex_);
    if (IsFresh(slot)) {
      slot.run = run;
      return;
    }
  }
  const QueryResult<Session*> session = target_->Connect(deadline);
  if (!session) {
    metrics_.RecordTargetError(target_->name(), session.error().failure);
    return;
  }
  const SteadyTime begin = std::chrono::steady_clock::now();
  CollectorOutput output;
  slot.collector->Collect(**session, deadline, output);
  auto outcome = std::make_shared<CollectorOutcome>();
  outcome->finished_steady = std::chrono::steady_clock::now();
  outcome->duration = outcome->finished_steady - begin;
  outcome->finished = clock_.Now();
  outcome->families = std::move(output.families);
  outcome->dropped = std::move(output.dropped);
  outcome->errors = std::move(output.errors);
  const bool lost = std::any_of(outcome->errors.begin(), outcome->errors.end(),
                                [](const QueryError& error) { return error.failure == FailureClass::connection_lost; });
  if (lost) target_->Disconnect();
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
    for (Slot& slot : slots_) {
      if (slot.outcome != nullptr && (slot.run >= run || IsFresh(slot))) {
        snapshot.outcomes.push_back(slot.outcome);
        if (!slot.outcome->success()) snapshot.lost[slot.collector->name()] = slot.collector->MetricNames();
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
