#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "exporter/self_metrics.h"
#include "exporter/target.h"

namespace exporter {

// The thread that measures one target: its collectors one after the other over its one session. Scrapes ask for a run
// and wait; those that come while one is on share it. A run never makes a scrape late: whoever waits goes at its own
// deadline with what there is. Thread-safe.
class TargetRunner {
 public:
  // `clock` and `metrics` are borrowed.
  TargetRunner(std::unique_ptr<Target> target, std::vector<std::unique_ptr<Collector>> collectors,
               const base::Clock& clock, SelfMetrics& metrics);
  ~TargetRunner();  // stops and joins; takes a few seconds at most, whatever the database does

  // Ends the run that is on, and Wait, at once and for good.
  void Stop();

  // Asks for a run that should end by `deadline`; returns its number, or that of the run that is on.
  uint64_t Start(SteadyTime deadline);
  void Wait(uint64_t run, SteadyTime deadline);

  struct Snapshot {
    bool up = false;         // the target was reached in this run
    QueryError unreachable;  // why not
    std::optional<ConnectCheck> connect_check;
    std::vector<std::shared_ptr<const CollectorOutcome>> outcomes;
    // The series names of the collectors that failed, by collector. Some of them may be among the outcomes.
    std::map<std::string, std::vector<std::string>> lost;
  };
  // The outcomes of run `run`, and those younger than their collector's min_interval. A collector without either is
  // counted as missed.
  Snapshot Take(uint64_t run);

  const Target& target() const { return *target_; }
  std::vector<std::string> collector_names() const;
  std::shared_ptr<const CollectorOutcome> Outcome(std::string_view collector) const;  // the latest; null before

 private:
  struct Slot {
    std::unique_ptr<Collector> collector;             // used by the thread alone
    std::string last_message;                         // likewise; to log a lasting error once
    base::Duration pause{0};                          // likewise; after its query had to be cut off
    SteadyTime not_before{};                          // likewise
    std::shared_ptr<const CollectorOutcome> outcome;  // guarded by mutex_
    uint64_t run = 0;                                 // guarded by mutex_; the last that it took part in
    uint64_t missed = 0;                              // guarded by mutex_; the last that was counted as missed
  };
  void Loop(const std::stop_token& stop);
  void Run(uint64_t run, SteadyTime deadline, const std::stop_token& stop);
  QueryResult<Session*> Reach(uint64_t run, SteadyTime deadline);
  QueryResult<Session*> Answering(SteadyTime deadline);
  void UpdateConnectCheck();
  void RunOne(Slot& slot, Session& session, uint64_t run, SteadyTime deadline);
  bool ServeAgain(Slot& slot, uint64_t run);
  void Pause(Slot& slot, bool cut_off) const;
  void LogTransition(const QueryResult<Session*>& session);
  void LogFirstRun();                    // once
  bool IsFresh(const Slot& slot) const;  // under mutex_
  void Finish(Slot& slot, uint64_t run, std::shared_ptr<const CollectorOutcome> outcome);
  void LogChange(Slot& slot, const CollectorOutcome& outcome);

  const std::unique_ptr<Target> target_;
  const base::Clock& clock_;
  SelfMetrics& metrics_;
  std::vector<Slot> slots_;
  std::optional<bool> was_up_;    // used by the thread alone; nullopt before the first run
  bool measured_ = false;         // likewise: a run of all collectors was told of
  std::string last_check_error_;  // likewise

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  uint64_t wanted_ = 0;  // guarded by mutex_, as are the rest
  uint64_t finished_ = 0;
  uint64_t reached_ = 0;    // the last run in which the target answered
  QueryError unreachable_;  // of the last run in which it did not
  std::optional<ConnectCheck> connect_check_;
  SteadyTime deadline_{};
  bool ended_ = false;
  std::jthread thread_;
};

}  // namespace exporter
