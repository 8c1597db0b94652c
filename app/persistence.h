#pragma once

#include <memory>
#include <string>

#include "alertmanager/pipeline_database.h"
#include "app/config.h"
#include "app/data_folder.h"
#include "base/write_behind.h"
#include "remote/positions.h"
#include "rules/state_database.h"
#include "store/durable.h"

namespace app {

// What survives the process: the data folder, the line of writes to its one file, and each room's part of that file.
// All null where nothing is to survive. Not thread-safe; the parts are.
struct Persistence {
  // Takes the folder, makes the file where it is missing, and reads what it holds. With samples, they are put into
  // `head`, which outlives this: the line of writes reads its series up to the end. Errors are `unavailable` (the
  // folder is another process's) or those of base::Database.
  static base::Result<Persistence> Open(const std::string& path, const StorageConfig& storage, bool with_samples,
                                        store::Head& head, const base::Clock& clock);

  // What was read, until the parts have taken it over.
  struct Kept {
    rules::KeptState rules;
    remote::Positions::Times remote_positions;
    alertmanager::PipelineState alertmanager;
  };

  // What stands lower writes through what stands higher.
  std::unique_ptr<DataFolder> folder;
  std::unique_ptr<base::WriteBehind> writer;
  std::unique_ptr<rules::StateDatabase> rule_state;
  std::unique_ptr<remote::Positions> remote_positions;
  std::unique_ptr<alertmanager::PipelineDatabase> alertmanager_state;
  std::unique_ptr<store::Durable> samples;  // null without the role of rules
  Kept kept;
};

}  // namespace app
