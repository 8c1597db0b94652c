#pragma once

#include <cstdint>

#include "base/database.h"
#include "base/result.h"

namespace store {

struct MovedLog {
  uint64_t samples = 0;  // as they were in the log
  uint64_t bytes = 0;    // of the blocks
};

// Empties the log of samples (store_log) into blocks (store_blocks), sorted by series, within the transaction that is
// under way. Of several samples of a series at one instant the first stays. Damaged rows are logged and left out, so
// are series above `last_number`. Memory is bounded whatever the log's length.
base::Result<MovedLog> MoveLogToBlocks(base::Database& database, int64_t last_number);

}  // namespace store
