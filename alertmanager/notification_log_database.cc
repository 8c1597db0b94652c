#include "alertmanager/notification_log_database.h"

#include <cstring>
#include <memory>

#include "base/log.h"

namespace alertmanager {
namespace {

constexpr int kSchemaVersion = 1;
constexpr const char* kSchema =
    "CREATE TABLE alertmanager_notifications(key TEXT PRIMARY KEY, time INTEGER NOT NULL, firing BLOB NOT NULL, "
    "resolved BLOB NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID";

constexpr const char* kAttempts =
    "ALTER TABLE alertmanager_notifications ADD COLUMN attempted BLOB NOT NULL DEFAULT x''";

std::vector<uint64_t> ToArray(const Fingerprints& fingerprints) { return {fingerprints.begin(), fingerprints.end()}; }

base::Result<Fingerprints> ToFingerprints(std::span<const std::byte> blob) {
  if (blob.size() % sizeof(uint64_t) != 0) {
    return base::Fail(base::ErrorCode::corrupt, "a list of fingerprints is cut off");
  }
  std::vector<uint64_t> array(blob.size() / sizeof(uint64_t));
  if (!array.empty()) std::memcpy(array.data(), blob.data(), blob.size());
  return Fingerprints(array.begin(), array.end());
}

base::Timestamp ToTimestamp(int64_t milliseconds) { return base::Timestamp(base::Duration(milliseconds)); }

base::Result<NotificationLog::Kept> ReadRow(const base::Statement& row) {
  NotificationLog::Kept kept;
  kept.entry.time = ToTimestamp(row.Integer(1));
  TRY(kept.entry.firing, ToFingerprints(row.Blob(2)));
  TRY(kept.entry.resolved, ToFingerprints(row.Blob(3)));
  kept.expires = ToTimestamp(row.Integer(4));
  TRY(kept.entry.attempted, ToFingerprints(row.Blob(5)));
  return kept;
}

base::Result<void> Apply(base::Database& database, const NotificationLog::Change& change) {
  if (!change.now) {
    TRY(base::Statement remove, database.Prepare("DELETE FROM alertmanager_notifications WHERE key = ?1"));
    return remove.Bind(1, change.key).Run();
  }
  TRY(base::Statement put,
      database.Prepare("INSERT OR REPLACE INTO alertmanager_notifications VALUES(?1, ?2, ?3, ?4, ?5, ?6)"));
  const std::vector<uint64_t> firing = ToArray(change.now->entry.firing);
  const std::vector<uint64_t> resolved = ToArray(change.now->entry.resolved);
  const std::vector<uint64_t> attempted = ToArray(change.now->entry.attempted);
  return put.Bind(1, change.key)
      .Bind(2, int64_t{change.now->entry.time.time_since_epoch().count()})
      .Bind(3, std::as_bytes(std::span(firing)))
      .Bind(4, std::as_bytes(std::span(resolved)))
      .Bind(5, int64_t{change.now->expires.time_since_epoch().count()})
      .Bind(6, std::as_bytes(std::span(attempted)))
      .Run();
}

}  // namespace

base::Result<void> NotificationLogDatabase::Prepare(base::Database& database) {
  TRY_VOID(database.PrepareSchema("alertmanager", kSchemaVersion, kSchema));
  return database.PrepareSchema("alertmanager attempts", kSchemaVersion, kAttempts);
}

base::Result<NotificationLog::Entries> NotificationLogDatabase::Load(base::Database& database) {
  NotificationLog::Entries entries;
  TRY(base::Statement rows,
      database.Prepare("SELECT key, time, firing, resolved, expires, attempted FROM alertmanager_notifications"));
  while (true) {
    TRY(const bool row, rows.Step());
    if (!row) return entries;
    if (auto kept = ReadRow(rows)) {
      entries.emplace(rows.Text(0), *std::move(kept));
    } else {
      base::LogError("a kept notification does not read and is left out",
                     {{"key", rows.Text(0)}, {"error", kept.error()}});
    }
  }
}

void NotificationLogDatabase::Keep(std::vector<NotificationLog::Change> changes, std::function<void()> done) {
  size_t bytes = 0;
  for (const NotificationLog::Change& change : changes) bytes += 256 + change.key.size();
  const auto kept = std::make_shared<const std::vector<NotificationLog::Change>>(std::move(changes));
  writer_.Submit({bytes,
                  [kept](base::Database& database) -> base::Result<void> {
                    for (const NotificationLog::Change& change : *kept) TRY_VOID(Apply(database, change));
                    return {};
                  },
                  [done = std::move(done)](bool) { done(); }},
                 true);
}

}  // namespace alertmanager
