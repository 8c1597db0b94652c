#pragma once

#include "alertmanager/pipeline_state.h"
#include "base/database.h"
#include "base/write_behind.h"

namespace alertmanager {

// The state of the pipeline in the embedded database: tables alertmanager_alerts and alertmanager_notifications.
// Changes of the notification log are committed at once, together with everything submitted before them, because each
// one that a crash loses is a message sent twice. Changes of alerts alone are committed with the next flush. Borrows
// the writer. Thread-safe.
class PipelineDatabase final : public PipelineKeeper {
 public:
  explicit PipelineDatabase(base::WriteBehind& writer) : writer_(writer) {}

  // Makes the tables where they are missing.
  static base::Result<void> Prepare(base::Database& database);
  // What was kept, alerts in the order of their start. A row that cannot be read is left out and logged.
  static base::Result<PipelineState> Load(base::Database& database);

  void Keep(PipelineChanges changes, std::function<void()> done) override;

 private:
  base::WriteBehind& writer_;
};

}  // namespace alertmanager
