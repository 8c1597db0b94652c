#include "rules/state_database.h"

#include <algorithm>

#include "base/labels_json.h"
#include "base/log.h"

namespace rules {
namespace {

constexpr int kSchemaVersion = 1;
constexpr std::string_view kSchema = R"sql(
CREATE TABLE rules_groups(
  group_key TEXT PRIMARY KEY,
  evaluated INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE rules_alerts(
  group_key TEXT NOT NULL, rule TEXT NOT NULL, labels TEXT NOT NULL, annotations TEXT NOT NULL, value REAL,
  state TEXT NOT NULL, active_at INTEGER NOT NULL, fired_at INTEGER, keep_firing_since INTEGER, resolved_at INTEGER,
  last_sent_at INTEGER,
  PRIMARY KEY(group_key, rule, labels)) WITHOUT ROWID;
CREATE TABLE rules_history(
  id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, group_key TEXT NOT NULL, labels TEXT NOT NULL,
  annotations TEXT NOT NULL, value REAL, before TEXT NOT NULL, after TEXT NOT NULL, cause TEXT NOT NULL,
  active_at INTEGER NOT NULL, fired_at INTEGER);
CREATE INDEX rules_history_time ON rules_history(time);
)sql";

// A table of its own, so that files of earlier versions are taken over as they are.
constexpr int kNoDataSchemaVersion = 1;
constexpr std::string_view kNoDataSchema = R"sql(
CREATE TABLE rules_no_data(
  group_key TEXT NOT NULL, rule TEXT NOT NULL, labels TEXT NOT NULL,
  since INTEGER NOT NULL, seen_at INTEGER NOT NULL, source TEXT NOT NULL,
  PRIMARY KEY(group_key, rule, labels)) WITHOUT ROWID;
)sql";

int64_t ToInteger(base::Timestamp time) { return time.time_since_epoch().count(); }
std::optional<int64_t> ToInteger(std::optional<base::Timestamp> time) {
  return time ? std::optional(ToInteger(*time)) : std::nullopt;
}
base::Timestamp ToTimestamp(int64_t milliseconds) { return base::Timestamp(base::Duration(milliseconds)); }
std::optional<base::Timestamp> ToTimestamp(std::optional<int64_t> milliseconds) {
  return milliseconds ? std::optional(ToTimestamp(*milliseconds)) : std::nullopt;
}

// SQLite has no NaN.
double ToValue(const base::Statement& row, int column) {
  return row.IsNull(column) ? std::numeric_limits<double>::quiet_NaN() : row.Real(column);
}

base::Result<AlertState> ToState(std::string_view text) {
  for (const AlertState state : {AlertState::resolved, AlertState::pending, AlertState::firing}) {
    if (ToString(state) == text) return state;
  }
  return base::Fail(base::ErrorCode::corrupt, "an unknown state");
}

base::Result<ActiveAlert> ReadAlert(const base::Statement& row) {
  ActiveAlert alert;
  TRY(alert.labels, base::LabelsFromJson(row.Text(2)));
  TRY(alert.annotations, base::LabelsFromJson(row.Text(3)));
  alert.value = ToValue(row, 4);
  TRY(alert.status.state, ToState(row.Text(5)));
  alert.status.active_at = ToTimestamp(row.Integer(6));
  alert.status.fired_at = ToTimestamp(row.OptionalInteger(7));
  alert.status.keep_firing_since = ToTimestamp(row.OptionalInteger(8));
  alert.status.resolved_at = ToTimestamp(row.OptionalInteger(9));
  alert.status.last_sent_at = ToTimestamp(row.OptionalInteger(10));
  if (!row.IsNull(11)) {
    TRY(base::Labels source, base::LabelsFromJson(row.Text(13)));
    alert.no_data = NoData{ToTimestamp(row.Integer(11)), ToTimestamp(row.Integer(12)), std::move(source)};
  }
  if (alert.status.state == AlertState::resolved && !alert.status.resolved_at) {
    return base::Fail(base::ErrorCode::corrupt, "a resolved alert without its end");
  }
  return alert;
}

base::Result<void> WriteNoData(base::Database& database, const std::string& group, const std::string& rule,
                               const AlertChange& change) {
  const ActiveAlert& alert = change.alert;
  if (change.forgotten || !alert.no_data) {
    TRY(base::Statement remove,
        database.Prepare("DELETE FROM rules_no_data WHERE group_key = ?1 AND rule = ?2 AND labels = ?3"));
    return remove.Bind(1, group).Bind(2, rule).Bind(3, base::LabelsToJson(alert.labels)).Run();
  }
  TRY(base::Statement put, database.Prepare("INSERT OR REPLACE INTO rules_no_data VALUES(?1, ?2, ?3, ?4, ?5, ?6)"));
  return put.Bind(1, group)
      .Bind(2, rule)
      .Bind(3, base::LabelsToJson(alert.labels))
      .Bind(4, ToInteger(alert.no_data->since))
      .Bind(5, ToInteger(alert.no_data->seen_at))
      .Bind(6, base::LabelsToJson(alert.no_data->source))
      .Run();
}

base::Result<void> WriteAlert(base::Database& database, const std::string& group, const std::string& rule,
                              const AlertChange& change) {
  const ActiveAlert& alert = change.alert;
  if (change.forgotten) {
    TRY(base::Statement remove,
        database.Prepare("DELETE FROM rules_alerts WHERE group_key = ?1 AND rule = ?2 AND labels = ?3"));
    return remove.Bind(1, group).Bind(2, rule).Bind(3, base::LabelsToJson(alert.labels)).Run();
  }
  TRY(base::Statement put,
      database.Prepare("INSERT OR REPLACE INTO rules_alerts VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
  const AlertStatus& status = alert.status;
  return put.Bind(1, group)
      .Bind(2, rule)
      .Bind(3, base::LabelsToJson(alert.labels))
      .Bind(4, base::LabelsToJson(alert.annotations))
      .Bind(5, alert.value)
      .Bind(6, ToString(status.state))
      .Bind(7, ToInteger(status.active_at))
      .Bind(8, ToInteger(status.fired_at))
      .Bind(9, ToInteger(status.keep_firing_since))
      .Bind(10, ToInteger(status.resolved_at))
      .Bind(11, ToInteger(status.last_sent_at))
      .Run();
}

base::Result<void> WriteHistory(base::Database& database, const GroupChanges& group, const AlertChange& change) {
  if (change.cause == ChangeCause::none) return {};
  TRY(base::Statement add,
      database.Prepare("INSERT INTO rules_history(time, group_key, labels, annotations, value, before, after, cause, "
                       "active_at, fired_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"));
  const ActiveAlert& alert = change.alert;
  return add.Bind(1, ToInteger(group.time))
      .Bind(2, group.group)
      .Bind(3, base::LabelsToJson(alert.labels))
      .Bind(4, base::LabelsToJson(alert.annotations))
      .Bind(5, alert.value)
      .Bind(6, change.before ? ToString(*change.before) : "none")
      .Bind(7, change.forgotten ? "none" : ToString(alert.status.state))
      .Bind(8, ToString(change.cause))
      .Bind(9, ToInteger(alert.status.active_at))
      .Bind(10, ToInteger(alert.status.fired_at))
      .Run();
}

base::Result<void> WriteGroup(base::Database& database, const GroupChanges& group) {
  if (group.event == GroupEvent::ended) {
    for (const char* sql :
         {"DELETE FROM rules_groups WHERE group_key = ?1", "DELETE FROM rules_alerts WHERE group_key = ?1",
          "DELETE FROM rules_no_data WHERE group_key = ?1"}) {
      TRY(base::Statement remove, database.Prepare(sql));
      TRY_VOID(remove.Bind(1, group.group).Run());
    }
  } else if (group.event == GroupEvent::evaluated) {
    TRY(base::Statement put, database.Prepare("INSERT OR REPLACE INTO rules_groups VALUES(?1, ?2)"));
    TRY_VOID(put.Bind(1, group.group).Bind(2, ToInteger(group.time)).Run());
  }
  return {};
}

// A few at a time, so that a shortened retention does not hold up what else is to be written.
base::Result<void> ForgetHistory(base::Database& database, base::Timestamp before) {
  TRY(base::Statement remove,
      database.Prepare("DELETE FROM rules_history WHERE id IN "
                       "(SELECT id FROM rules_history WHERE time < ?1 ORDER BY time LIMIT 100)"));
  return remove.Bind(1, ToInteger(before)).Run();
}

size_t SizeOf(const GroupChanges& changes) {
  size_t bytes = sizeof(changes) + changes.group.size();
  for (const RuleChanges& rule : changes.rules) bytes += rule.rule.size() + 512 * rule.alerts.size();
  return bytes;
}

}  // namespace

base::Result<void> StateDatabase::Prepare(base::Database& database) {
  TRY_VOID(database.PrepareSchema("rules", kSchemaVersion, std::string(kSchema)));
  return database.PrepareSchema("rules_no_data", kNoDataSchemaVersion, std::string(kNoDataSchema));
}

base::Result<KeptState> StateDatabase::Load(base::Database& database) {
  KeptState state;
  TRY(base::Statement groups, database.Prepare("SELECT group_key, evaluated FROM rules_groups"));
  while (true) {
    TRY(const bool row, groups.Step());
    if (!row) break;
    state[std::string(groups.Text(0))].evaluated = ToTimestamp(groups.Integer(1));
  }
  TRY(base::Statement alerts, database.Prepare("SELECT rules_alerts.*, since, seen_at, source FROM rules_alerts "
                                               "LEFT JOIN rules_no_data USING(group_key, rule, labels)"));
  while (true) {
    TRY(const bool row, alerts.Step());
    if (!row) break;
    auto alert = ReadAlert(alerts);
    if (!alert) {
      base::LogError("a kept alert does not read and is left out",
                     {{"rule", alerts.Text(1)}, {"labels", alerts.Text(2)}, {"error", alert.error()}});
      continue;
    }
    state[std::string(alerts.Text(0))].alerts[std::string(alerts.Text(1))].push_back(*std::move(alert));
  }
  return state;
}

void StateDatabase::Keep(GroupChanges changes) {
  const size_t bytes = SizeOf(changes);
  const auto apply = [kept = std::make_shared<const GroupChanges>(std::move(changes)),
                      retention = options_.history_retention](base::Database& database) -> base::Result<void> {
    for (const RuleChanges& rule : kept->rules) {
      for (const AlertChange& change : rule.alerts) {
        TRY_VOID(WriteAlert(database, kept->group, rule.rule, change));
        TRY_VOID(WriteNoData(database, kept->group, rule.rule, change));
        TRY_VOID(WriteHistory(database, *kept, change));
      }
    }
    if (!kept->rules.empty() && retention.count() > 0) TRY_VOID(ForgetHistory(database, kept->time - retention));
    return WriteGroup(database, *kept);
  };
  writer_.Submit({bytes, apply});
}

base::Result<std::vector<HistoryEntry>> ReadHistory(base::Database& database, const HistoryQuery& query) {
  TRY(base::Statement rows,
      database.Prepare("SELECT id, time, group_key, labels, annotations, value, before, after, cause, active_at, "
                       "fired_at FROM rules_history WHERE time >= ?1 AND time <= ?2 ORDER BY id DESC"));
  rows.Bind(1, query.start ? ToInteger(*query.start) : std::numeric_limits<int64_t>::min());
  rows.Bind(2, query.end ? ToInteger(*query.end) : std::numeric_limits<int64_t>::max());
  std::vector<HistoryEntry> entries;
  while (entries.size() < query.limit) {
    TRY(const bool row, rows.Step());
    if (!row) break;
    TRY(base::Labels labels, base::LabelsFromJson(rows.Text(3)));
    const bool matches =
        std::ranges::all_of(query.matchers, [&](const base::Matcher& matcher) { return matcher.Matches(labels); });
    if (!matches) continue;
    TRY(base::Labels annotations, base::LabelsFromJson(rows.Text(4)));
    entries.push_back({.id = rows.Integer(0),
                       .time = ToTimestamp(rows.Integer(1)),
                       .group = std::string(rows.Text(2)),
                       .labels = std::move(labels),
                       .annotations = std::move(annotations),
                       .value = ToValue(rows, 5),
                       .before = std::string(rows.Text(6)),
                       .after = std::string(rows.Text(7)),
                       .cause = std::string(rows.Text(8)),
                       .active_at = ToTimestamp(rows.Integer(9)),
                       .fired_at = ToTimestamp(rows.OptionalInteger(10))});
  }
  rows.Reset();
  std::ranges::reverse(entries);
  return entries;
}

}  // namespace rules
