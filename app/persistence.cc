#include "app/persistence.h"

#include <utility>

#include "base/database.h"

namespace app {

base::Result<Persistence> Persistence::Open(const std::string& path, const StorageConfig& storage, bool with_samples,
                                            store::Head& head, const base::Clock& clock) {
  Persistence opened;
  TRY(opened.folder, DataFolder::Take(path));
  const std::string file = opened.folder->DatabasePath();
  TRY(auto database, base::Database::Open(file));
  TRY_VOID(store::Durable::Prepare(*database));
  TRY_VOID(rules::StateDatabase::Prepare(*database));
  TRY_VOID(remote::Positions::Prepare(*database));
  TRY_VOID(alertmanager::PipelineDatabase::Prepare(*database));
  TRY(opened.kept.rules, rules::StateDatabase::Load(*database));
  TRY(opened.kept.remote_positions, remote::Positions::Load(*database));
  TRY(opened.kept.alertmanager, alertmanager::PipelineDatabase::Load(*database));
  TRY(const auto reading, base::Database::OpenReadOnly(file));
  opened.writer = base::WriteBehind::Start(std::move(database), clock, {});
  if (with_samples) {
    TRY(opened.samples, store::Durable::Restore(*reading, head, *opened.writer, clock.Now(), {}));
  }
  opened.remote_positions = std::make_unique<remote::Positions>(*opened.writer);
  opened.rule_state = std::make_unique<rules::StateDatabase>(
      *opened.writer, rules::StateDatabase::Options{.history_retention = storage.history_retention});
  opened.alertmanager_state = std::make_unique<alertmanager::PipelineDatabase>(*opened.writer);
  return opened;
}

}  // namespace app
