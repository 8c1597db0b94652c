#include "alertmanager/pipeline_database.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "alertmanager/fingerprint.h"
#include "base/labels_json.h"
#include "base/log.h"

namespace alertmanager {
namespace {

constexpr int kSchemaVersion = 1;
constexpr const char* kSchema =
    "CREATE TABLE alertmanager_notifications(key TEXT PRIMARY KEY, time INTEGER NOT NULL, firing BLOB NOT NULL, "
    "resolved BLOB NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID";

constexpr const char* kAttempts =
    "ALTER TABLE alertmanager_notifications ADD COLUMN attempted BLOB NOT NULL DEFAULT x''";

constexpr const char* kAlerts =
    "CREATE TABLE alertmanager_alerts(fingerprint INTEGER PRIMARY KEY, labels TEXT NOT NULL, annotations TEXT NOT "
    "NULL, "
    "starts_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, timeout INTEGER NOT NULL, "
    "generator_url TEXT NOT NULL, route_as TEXT NOT NULL)";

std::vector<uint64_t> ToArray(const Fingerprints& fingerprints) { return {fingerprints.begin(), fingerprints.end()}; }

base::Result<Fingerprints> ToFingerprints(std::span<const std::byte> blob) {
  if (blob.size() % sizeof(uint64_t) != 0) {
    return base::Fail(base::ErrorCode::corrupt, "a list of fingerprints is cut off");
  }
  std::vector<uint64_t> array(blob.size() / sizeof(uint64_t));
  if (!array.empty()) std::memcpy(array.data(), blob.data(), blob.size());
  return Fingerprints(array.begin(), array.end());
}

int64_t ToInteger(base::Timestamp time) { return time.time_since_epoch().count(); }
base::Timestamp ToTimestamp(int64_t milliseconds) { return base::Timestamp(base::Duration(milliseconds)); }

// One label set a line: JSON has no raw line breaks.
std::string ToLines(const std::vector<base::Labels>& sets) {
  std::string lines;
  for (const base::Labels& labels : sets) lines += base::LabelsToJson(labels) + "\n";
  return lines;
}

base::Result<std::vector<base::Labels>> FromLines(std::string_view lines) {
  std::vector<base::Labels> sets;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size() - 1);
    TRY(base::Labels labels, base::LabelsFromJson(lines.substr(0, end + 1)));
    sets.push_back(std::move(labels));
    lines.remove_prefix(end + 1);
  }
  return sets;
}

base::Result<StoredAlert> ReadAlert(const base::Statement& row) {
  StoredAlert stored;
  TRY(stored.alert.labels, base::LabelsFromJson(row.Text(0)));
  TRY(stored.alert.annotations, base::LabelsFromJson(row.Text(1)));
  stored.alert.starts_at = ToTimestamp(row.Integer(2));
  stored.alert.ends_at = ToTimestamp(row.Integer(3));
  stored.updated_at = ToTimestamp(row.Integer(4));
  stored.timeout = row.Integer(5) != 0;
  stored.alert.generator_url = row.Text(6);
  TRY(stored.alert.route_as, FromLines(row.Text(7)));
  stored.fingerprint = Fingerprint(stored.alert.labels);
  return stored;
}

base::Result<void> Apply(base::Database& database, const PipelineChanges::AlertChange& change) {
  const auto fingerprint = static_cast<int64_t>(change.fingerprint);
  if (!change.now) {
    TRY(base::Statement remove, database.Prepare("DELETE FROM alertmanager_alerts WHERE fingerprint = ?1"));
    return remove.Bind(1, fingerprint).Run();
  }
  TRY(base::Statement put,
      database.Prepare("INSERT OR REPLACE INTO alertmanager_alerts VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
  const base::Alert& alert = change.now->alert;
  return put.Bind(1, fingerprint)
      .Bind(2, base::LabelsToJson(alert.labels))
      .Bind(3, base::LabelsToJson(alert.annotations))
      .Bind(4, ToInteger(alert.starts_at))
      .Bind(5, ToInteger(alert.ends_at))
      .Bind(6, ToInteger(change.now->updated_at))
      .Bind(7, int64_t{change.now->timeout ? 1 : 0})
      .Bind(8, alert.generator_url)
      .Bind(9, ToLines(alert.route_as))
      .Run();
}

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
      .Bind(2, ToInteger(change.now->entry.time))
      .Bind(3, std::as_bytes(std::span(firing)))
      .Bind(4, std::as_bytes(std::span(resolved)))
      .Bind(5, ToInteger(change.now->expires))
      .Bind(6, std::as_bytes(std::span(attempted)))
      .Run();
}

size_t SizeOf(const PipelineChanges& changes) {
  size_t bytes = 0;
  for (const NotificationLog::Change& change : changes.log) bytes += 256 + change.key.size();
  return bytes + 1024 * changes.alerts.size();
}

base::Result<void> Load(base::Database& database, std::vector<StoredAlert>& alerts) {
  TRY(base::Statement rows,
      database.Prepare("SELECT labels, annotations, starts_at, ends_at, updated_at, timeout, generator_url, route_as "
                       "FROM alertmanager_alerts ORDER BY starts_at, fingerprint"));
  while (true) {
    TRY(const bool row, rows.Step());
    if (!row) return {};
    if (auto alert = ReadAlert(rows)) {
      alerts.push_back(*std::move(alert));
    } else {
      base::LogError("a kept alert cannot be read and is left out",
                     {{"labels", rows.Text(0)}, {"error", alert.error()}});
    }
  }
}

base::Result<void> Load(base::Database& database, NotificationLog::Entries& entries) {
  TRY(base::Statement rows,
      database.Prepare("SELECT key, time, firing, resolved, expires, attempted FROM alertmanager_notifications"));
  while (true) {
    TRY(const bool row, rows.Step());
    if (!row) return {};
    if (auto kept = ReadRow(rows)) {
      entries.emplace(rows.Text(0), *std::move(kept));
    } else {
      base::LogError("a kept notification cannot be read and is left out",
                     {{"key", rows.Text(0)}, {"error", kept.error()}});
    }
  }
}

}  // namespace

base::Result<void> PipelineDatabase::Prepare(base::Database& database) {
  TRY_VOID(database.PrepareSchema("alertmanager", kSchemaVersion, kSchema));
  TRY_VOID(database.PrepareSchema("alertmanager attempts", kSchemaVersion, kAttempts));
  return database.PrepareSchema("alertmanager alerts", kSchemaVersion, kAlerts);
}

base::Result<PipelineState> PipelineDatabase::Load(base::Database& database) {
  PipelineState state;
  TRY_VOID(alertmanager::Load(database, state.alerts));
  TRY_VOID(alertmanager::Load(database, state.log));
  return state;
}

void PipelineDatabase::Keep(PipelineChanges changes, std::function<void()> done) {
  const size_t bytes = SizeOf(changes);
  const bool urgent = !changes.log.empty();
  const auto kept = std::make_shared<const PipelineChanges>(std::move(changes));
  writer_.Submit({bytes,
                  [kept](base::Database& database) -> base::Result<void> {
                    for (const auto& change : kept->alerts) TRY_VOID(Apply(database, change));
                    for (const auto& change : kept->log) TRY_VOID(Apply(database, change));
                    return {};
                  },
                  [done = std::move(done)](bool) { done(); }},
                 urgent);
}

}  // namespace alertmanager
