#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/database.h"
#include "base/result.h"
#include "base/time.h"
#include "base/write_behind.h"
#include "store/head.h"
#include "store/sample_log.h"

namespace store {

// Makes a head's samples durable in the embedded database, in two steps. Each batch goes as one row into a log
// (store_log). From time to time Checkpoint sorts the log by series, compresses it and moves it to blocks
// (store_blocks), which is the form that stays. Series are numbered for good in store_labels. All writes go through one
// WriteBehind, so a crash costs the samples of its last interval at most and whatever is read back is a prefix of what
// was committed. Thread-safe. Writer and head are borrowed; the head must not be used after this ends unless
// SetLog(nullptr).
class Durable final : public SampleLog {
 public:
  struct Options {
    // A log is moved to blocks when it holds as many samples as fill a chunk of each series, but not while it is
    // shorter than the least and never when it is longer than the most; and when it is older.
    size_t least_log_samples = 700'000;
    size_t most_log_samples = 11'000'000;
    base::Duration log_age = std::chrono::minutes(30);
  };
  struct Restored {
    size_t series = 0;
    size_t blocks = 0;
    size_t log_rows = 0;
    uint64_t log_bytes = 0;
    uint64_t log_samples = 0;
    size_t damaged = 0;  // rows that were left out, in part at least, logged
  };
  struct Stats {
    Restored restored;
    uint64_t log_bytes = 0;
    uint64_t block_bytes = 0;  // of the blocks written since the start
    uint64_t block_samples = 0;
  };

  // Makes the tables where they are missing.
  static base::Result<void> Prepare(base::Database& database);

  // Fills the head, which is empty, with what is kept, and tells it to log here from then on. `database` is used only
  // within.
  static base::Result<std::unique_ptr<Durable>> Restore(base::Database& database, Head& head, base::WriteBehind& writer,
                                                        base::Timestamp now, Options options);

  // Fills the head, which is empty, with what is kept as of one commit, and keeps no log: for a look at the samples of
  // a process that runs or has ended. The head has no retention of its own. invalid_argument where the file holds no
  // samples, or those of another version.
  static base::Result<Restored> Read(base::Database& database, Head& head);

  void Append(std::shared_ptr<const CommittedBatch> batch) override;

  // Moves a log that is old to blocks, and forgets blocks that end before `floor`. Every minute or so.
  void Maintain(base::Timestamp now, base::Timestamp floor);
  // Moves the log to blocks now.
  void Checkpoint();

  Stats GetStats() const;

 private:
  struct State;  // what the writer's thread works with

  Durable(base::WriteBehind& writer, std::shared_ptr<State> state, base::Timestamp now);
  static void SubmitCheckpoint(base::WriteBehind& writer, const std::shared_ptr<State>& state);

  base::WriteBehind& writer_;
  const std::shared_ptr<State> state_;      // writes in the line outlive this object
  std::atomic<base::Timestamp> log_since_;  // about when the log was begun
};

}  // namespace store
