#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/database.h"
#include "base/matcher.h"
#include "base/write_behind.h"
#include "rules/alert_change.h"
#include "rules/history.h"

// Alert state and alert history in the embedded database: tables rules_groups, rules_alerts,
// rules_no_data, rules_history.

namespace rules {

// Puts changes in line behind the samples of the same evaluation, so that after a crash the database is never ahead of
// the samples it rests on. Borrows the writer. Thread-safe.
class StateDatabase final : public StateKeeper {
 public:
  struct Options {
    base::Duration history_retention = std::chrono::days(365);  // 0: for ever
  };
  StateDatabase(base::WriteBehind& writer, Options options) : writer_(writer), options_(options) {}

  // Makes the tables where they are missing.
  static base::Result<void> Prepare(base::Database& database);
  // What was kept. A row that does not read is left out and logged.
  static base::Result<KeptState> Load(base::Database& database);

  void Keep(GroupChanges changes) override;

 private:
  base::WriteBehind& writer_;
  const Options options_;
};

struct HistoryQuery {
  std::optional<base::Timestamp> start = {};  // included
  std::optional<base::Timestamp> end = {};    // included
  std::vector<base::Matcher> matchers = {};   // of the alert's labels
  size_t limit = 1000;                        // the newest so many
};

// Oldest first.
base::Result<std::vector<HistoryEntry>> ReadHistory(base::Database& database, const HistoryQuery& query);

}  // namespace rules
