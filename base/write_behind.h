#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/database.h"
#include "base/result.h"
#include "base/time.h"

namespace base {

// The one writer of a database: takes writes from all rooms in one line and commits everything that waits in one
// transaction, at least every flush interval. So the file always holds a prefix of what was submitted: what was
// submitted after something is never there without it, and a crash costs at most the last interval.
//
// A batch that fails (disk full, file locked) stays in line and is tried again, less and less often, up to every 30 s.
// The line is bounded in bytes; past that the oldest writes are dropped and counted. Thread-safe. The clock outlives
// it.
class WriteBehind {
 public:
  struct Options {
    Duration flush_interval = std::chrono::seconds(1);
    size_t max_queued_bytes = 256 << 20;
  };
  struct Write {
    size_t bytes = 0;  // what it holds, about
    // Called on the writer's thread, within a transaction, and once more after a failure. An error other than
    // unavailable is logged and the write is left out, so that one bad row does not hold up all others.
    std::function<Result<void>(Database&)> apply = {};
    // Called on the writer's thread after each apply: whether what it did is there to stay, or was undone. May be
    // empty.
    std::function<void(bool committed)> done = {};
    // It rewrites much of the file: the journal, which has grown by as much, is emptied after it.
    bool large = false;
  };
  struct Stats {
    size_t queued_writes = 0;
    size_t queued_bytes = 0;
    uint64_t committed = 0;  // writes
    uint64_t dropped = 0;    // for want of room
    uint64_t rejected = 0;   // by an error of their own
    uint64_t failures = 0;   // of whole batches
    std::string last_error;  // "" after a commit
    std::optional<Timestamp> last_success;
  };

  static std::unique_ptr<WriteBehind> Start(std::unique_ptr<Database> database, const Clock& clock, Options options);
  ~WriteBehind();  // Flush for at most 20 seconds, then stops

  // Never waits for the disk. `urgent`: commit at once rather than with the next flush.
  void Submit(Write write, bool urgent = false);

  // Waits until all that was submitted before is committed or dropped; timeout where that takes longer.
  Result<void> Flush(std::chrono::milliseconds limit);

  Stats GetStats() const;

 private:
  WriteBehind(std::unique_ptr<Database> database, const Clock& clock, Options options);
  void Work(const std::stop_token& stop);
  bool WaitForWork(const std::stop_token& stop);
  Result<void> Commit(std::deque<Write>& batch, uint64_t& rejected);
  void GiveBack(std::deque<Write> batch, Error error);
  void DropOldest();  // with mutex_ held

  const std::unique_ptr<Database> database_;
  const Clock& clock_;
  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  // guarded by mutex_
  std::deque<Write> queue_;
  size_t queued_bytes_ = 0;
  size_t in_flight_ = 0;  // writes of the batch being committed
  size_t in_flight_bytes_ = 0;
  bool urgent_ = false;
  std::chrono::milliseconds retry_{0};  // 0: the last batch was committed
  Stats stats_;
  std::jthread thread_;
};

}  // namespace base
