#include "exporter/collectors/postgres_parts.h"

// What the whole server tells: connections, databases, locks, replication, background work, settings.

namespace exporter {
namespace {

using enum MetricType;

const std::vector<std::string_view> kNone;
const std::vector<std::string_view> kDatabase = {"datname"};
const std::vector<std::string_view> kDatabaseId = {"datid", "datname"};
const std::vector<std::string_view> kActivity = {"datname",      "state",           "usename",   "application_name",
                                                 "backend_type", "wait_event_type", "wait_event"};
const std::vector<std::string_view> kReplica = {"application_name", "client_addr", "state", "slot_name"};
const std::vector<std::string_view> kSlot = {"slot_name", "slot_type"};

PostgresPart Activity() {
  // every database shows every state, so that a count falls to zero instead of vanishing
  return {"stat_activity",
          {{R"(
SELECT datname, state, usename, application_name, backend_type, wait_event_type, wait_event,
       sum(n) AS n, max(max_tx_duration) AS max_tx_duration
FROM (
  SELECT coalesce(datname, '') AS datname, coalesce(state, '') AS state, coalesce(usename, '') AS usename,
         coalesce(application_name, '') AS application_name, coalesce(backend_type, '') AS backend_type,
         coalesce(wait_event_type, '') AS wait_event_type, coalesce(wait_event, '') AS wait_event,
         1 AS n, coalesce(extract(epoch FROM clock_timestamp() - xact_start), 0) AS max_tx_duration
  FROM pg_stat_activity
  UNION ALL
  SELECT d.datname, s.state, '', '', '', '', '', 0, 0
  FROM pg_database d CROSS JOIN (VALUES ('active'), ('idle'), ('idle in transaction'),
       ('idle in transaction (aborted)'), ('fastpath function call'), ('disabled')) AS s (state)
  WHERE d.datallowconn AND NOT d.datistemplate) AS sessions
GROUP BY 1, 2, 3, 4, 5, 6, 7)"}},
          {{"pg_stat_activity_count", untyped, "Sessions by database, state, user, application and what they wait for.",
            kActivity, "n"},
           {"pg_stat_activity_max_tx_duration", gauge, "Age in seconds of the oldest open transaction among them.",
            kActivity, "max_tx_duration"}}};
}

PostgresPart Connections() {
  return {"connections",
          {{R"(
SELECT c.used, c.max, c.used::float8 / c.max AS share
FROM (SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
             current_setting('max_connections')::int AS max) AS c)"}},
          {{"tocsin_pg_connections", gauge, "Connections of clients, tocsin's own included.", kNone, "used"},
           {"tocsin_pg_connections_used_ratio", gauge, "Share of max_connections that clients hold.", kNone, "share"}}};
}

PostgresPart Databases() {
  return {"database",
          {{R"(
SELECT datname, CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) END AS size_bytes,
       datconnlimit AS connection_limit, age(datfrozenxid) AS xid_age
FROM pg_database WHERE datallowconn AND NOT datistemplate)"}},
          {{"pg_database_size_bytes", gauge, "Disk space the database uses.", kDatabase, "size_bytes"},
           {"pg_database_connection_limit", gauge, "The database's own limit of connections; -1 for none.", kDatabase,
            "connection_limit"},
           {"tocsin_pg_database_xid_age", gauge, "Transactions since the oldest unfrozen one; wraparound is at 2^31.",
            kDatabase, "xid_age"}}};
}

PostgresPart StatDatabase() {
  constexpr std::string_view kSql = R"(
SELECT datid, datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, tup_fetched,
       tup_inserted, tup_updated, tup_deleted, conflicts, temp_files, temp_bytes, deadlocks, blk_read_time,
       blk_write_time, extract(epoch FROM stats_reset) AS stats_reset, active_time / 1000 AS active_time
FROM pg_stat_database WHERE datname IS NOT NULL)";
  constexpr std::string_view kOldSql = R"(
SELECT datid, datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, tup_fetched,
       tup_inserted, tup_updated, tup_deleted, conflicts, temp_files, temp_bytes, deadlocks, blk_read_time,
       blk_write_time, extract(epoch FROM stats_reset) AS stats_reset, NULL AS active_time
FROM pg_stat_database WHERE datname IS NOT NULL)";
  const auto row = [](std::string_view name, std::string_view help, std::string_view column) {
    return PostgresMetric{name, untyped, help, kDatabaseId, column};
  };
  return {"stat_database",
          {{kSql, 140000}, {kOldSql}},
          {{"pg_stat_database_numbackends", gauge, "Sessions connected to the database.", kDatabaseId, "numbackends"},
           row("pg_stat_database_xact_commit", "Transactions committed.", "xact_commit"),
           row("pg_stat_database_xact_rollback", "Transactions rolled back.", "xact_rollback"),
           row("pg_stat_database_blks_read", "Blocks read from disk.", "blks_read"),
           row("pg_stat_database_blks_hit", "Blocks found in the buffer cache.", "blks_hit"),
           row("pg_stat_database_tup_returned", "Rows read by scans.", "tup_returned"),
           row("pg_stat_database_tup_fetched", "Rows fetched by index scans.", "tup_fetched"),
           row("pg_stat_database_tup_inserted", "Rows inserted.", "tup_inserted"),
           row("pg_stat_database_tup_updated", "Rows updated.", "tup_updated"),
           row("pg_stat_database_tup_deleted", "Rows deleted.", "tup_deleted"),
           row("pg_stat_database_conflicts", "Queries cancelled by conflicts with recovery.", "conflicts"),
           row("pg_stat_database_temp_files", "Temporary files made by queries.", "temp_files"),
           row("pg_stat_database_temp_bytes", "Data written to temporary files.", "temp_bytes"),
           row("pg_stat_database_deadlocks", "Deadlocks found.", "deadlocks"),
           row("pg_stat_database_blk_read_time", "Time spent reading blocks, in milliseconds.", "blk_read_time"),
           row("pg_stat_database_blk_write_time", "Time spent writing blocks, in milliseconds.", "blk_write_time"),
           row("pg_stat_database_stats_reset", "When these statistics were last reset, in seconds since 1970.",
               "stats_reset"),
           {"pg_stat_database_active_time_seconds_total", counter, "Time spent executing statements.", kDatabaseId,
            "active_time"}}};
}

PostgresPart Locks() {
  static const std::vector<std::string_view> labels = {"datname", "mode"};
  return {"locks",
          {{R"(
SELECT d.datname, m.mode, coalesce(l.n, 0) AS n
FROM pg_database d CROSS JOIN (VALUES ('accesssharelock'), ('rowsharelock'), ('rowexclusivelock'),
     ('shareupdateexclusivelock'), ('sharelock'), ('sharerowexclusivelock'), ('exclusivelock'),
     ('accessexclusivelock'), ('sireadlock')) AS m (mode)
LEFT JOIN (SELECT database, lower(mode) AS mode, count(*) AS n FROM pg_locks
           WHERE database IS NOT NULL AND pid IS DISTINCT FROM pg_backend_pid() GROUP BY 1, 2) AS l
  ON l.database = d.oid AND l.mode = m.mode
WHERE d.datallowconn AND NOT d.datistemplate)"}},
          {{"pg_locks_count", untyped, "Locks held or waited for.", labels, "n"}}};
}

PostgresPart Replication() {
  return {"replication",
          {{R"(
SELECT CASE WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
            ELSE greatest(0, extract(epoch FROM now() - pg_last_xact_replay_timestamp())) END AS lag,
       pg_is_in_recovery()::int AS is_replica,
       CASE WHEN pg_is_in_recovery() THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END AS replay)"}},
          {{"pg_replication_lag_seconds", gauge, "How far a replica is behind; 0 on a primary.", kNone, "lag"},
           {"pg_replication_is_replica", gauge, "Whether the server is a replica.", kNone, "is_replica"},
           {"pg_replication_last_replay_seconds", gauge, "Age of the last transaction replayed.", kNone, "replay"}}};
}

PostgresPart StatReplication() {
  return {"stat_replication",
          {{R"(
SELECT r.application_name, coalesce(host(r.client_addr), '') AS client_addr, coalesce(r.state, '') AS state,
       coalesce(s.slot_name, '') AS slot_name, w.lsn - '0/0'::pg_lsn AS current_lsn, w.lsn - r.replay_lsn AS diff,
       extract(epoch FROM r.replay_lag) AS replay_lag
FROM pg_stat_replication r LEFT JOIN pg_replication_slots s ON s.active_pid = r.pid
CROSS JOIN (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END) AS w (lsn)
)"}},
          {{"pg_stat_replication_pg_current_wal_lsn_bytes", gauge, "The server's position in the write-ahead log.",
            kReplica, "current_lsn"},
           {"pg_stat_replication_pg_wal_lsn_diff", gauge, "Bytes a replica has still to replay.", kReplica, "diff"},
           {"tocsin_pg_replica_replay_lag_seconds", gauge, "Time a replica takes to replay what is written.", kReplica,
            "replay_lag"}}};
}

PostgresPart ReplicationSlots() {
  return {
      "replication_slots",
      {{R"(
SELECT slot_name, slot_type, active::int AS active, w.lsn - '0/0'::pg_lsn AS current_lsn,
       confirmed_flush_lsn - '0/0'::pg_lsn AS confirmed, w.lsn - restart_lsn AS diff, safe_wal_size
FROM pg_replication_slots CROSS JOIN
     (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END) AS w (lsn))",
        130000}},
      {{"pg_replication_slots_active", gauge, "Whether the slot is in use.", kSlot, "active"},
       {"pg_replication_slots_pg_wal_lsn_diff", gauge, "Bytes of write-ahead log kept for the slot.", kSlot, "diff"},
       {"pg_replication_slots_slot_current_wal_lsn", gauge, "The server's position in the write-ahead log.", kSlot,
        "current_lsn"},
       {"pg_replication_slots_slot_confirmed_flush_lsn", gauge, "The position the slot's reader has confirmed.", kSlot,
        "confirmed"},
       {"pg_replication_slots_slot_is_active", gauge, "Whether the slot is in use.", kSlot, "active"},
       {"pg_replication_slots_safe_wal_size_bytes", gauge, "Bytes that may be written before the slot is lost.", kSlot,
        "safe_wal_size"}}};
}

PostgresPart BackgroundWriter() {
  constexpr std::string_view kSql = R"(
SELECT checkpoints_timed, checkpoints_req, checkpoint_write_time, checkpoint_sync_time, buffers_checkpoint,
       buffers_clean, maxwritten_clean, buffers_backend, buffers_backend_fsync, buffers_alloc,
       extract(epoch FROM stats_reset) AS stats_reset FROM pg_stat_bgwriter)";
  constexpr std::string_view kNewSql = R"(
SELECT c.num_timed AS checkpoints_timed, c.num_requested AS checkpoints_req, c.write_time AS checkpoint_write_time,
       c.sync_time AS checkpoint_sync_time, c.buffers_written AS buffers_checkpoint, b.buffers_clean,
       b.maxwritten_clean, NULL AS buffers_backend, NULL AS buffers_backend_fsync, b.buffers_alloc,
       extract(epoch FROM b.stats_reset) AS stats_reset FROM pg_stat_bgwriter b CROSS JOIN pg_stat_checkpointer c)";
  const auto row = [](std::string_view name, std::string_view help, std::string_view column) {
    return PostgresMetric{name, counter, help, kNone, column};
  };
  return {"stat_bgwriter",
          {{kNewSql, 170000}, {kSql, 0, 169999}},
          {row("pg_stat_bgwriter_checkpoints_timed_total", "Checkpoints that were due.", "checkpoints_timed"),
           row("pg_stat_bgwriter_checkpoints_req_total", "Checkpoints that were asked for.", "checkpoints_req"),
           row("pg_stat_bgwriter_checkpoint_write_time_total", "Milliseconds checkpoints spent writing.",
               "checkpoint_write_time"),
           row("pg_stat_bgwriter_checkpoint_sync_time_total", "Milliseconds checkpoints spent syncing.",
               "checkpoint_sync_time"),
           row("pg_stat_bgwriter_buffers_checkpoint_total", "Buffers written by checkpoints.", "buffers_checkpoint"),
           row("pg_stat_bgwriter_buffers_clean_total", "Buffers written by the background writer.", "buffers_clean"),
           row("pg_stat_bgwriter_maxwritten_clean_total", "Cleaning scans ended for having written too much.",
               "maxwritten_clean"),
           row("pg_stat_bgwriter_buffers_backend_total", "Buffers written by sessions themselves.", "buffers_backend"),
           row("pg_stat_bgwriter_buffers_backend_fsync_total", "Syncs sessions had to do themselves.",
               "buffers_backend_fsync"),
           row("pg_stat_bgwriter_buffers_alloc_total", "Buffers allocated.", "buffers_alloc"),
           row("pg_stat_bgwriter_stats_reset_total", "When these statistics were last reset, in seconds since 1970.",
               "stats_reset")}};
}

PostgresPart Archiver() {
  return {"stat_archiver",
          {{R"(
SELECT archived_count, failed_count, extract(epoch FROM now() - last_archived_time) AS age FROM pg_stat_archiver)"}},
          {{"pg_stat_archiver_archived_count", untyped, "Files archived.", kNone, "archived_count"},
           {"pg_stat_archiver_failed_count", untyped, "Failed attempts to archive.", kNone, "failed_count"},
           {"pg_stat_archiver_last_archive_age", gauge, "Seconds since a file was last archived.", kNone, "age"}}};
}

PostgresPart Wal() {
  return {"wal",
          {{"SELECT count(*) AS segments, coalesce(sum(size), 0) AS size FROM pg_ls_waldir() "
            "WHERE name ~ '^[0-9A-F]{24}$'"}},
          {{"pg_wal_segments", gauge, "Files of the write-ahead log.", kNone, "segments"},
           {"pg_wal_size_bytes", gauge, "Size of the write-ahead log.", kNone, "size"}}};
}

// The settings that dashboards and rules ask for, in base units.
PostgresPart Settings() {
  const auto row = [](std::string_view name, std::string_view column) {
    return PostgresMetric{name, gauge, "The server's setting of this name.", kNone, column};
  };
  return {"settings",
          {{R"(
SELECT current_setting('max_connections') AS max_connections,
       current_setting('superuser_reserved_connections') AS superuser_reserved_connections,
       current_setting('max_worker_processes') AS max_worker_processes,
       current_setting('max_parallel_workers') AS max_parallel_workers,
       current_setting('max_wal_senders') AS max_wal_senders,
       current_setting('max_replication_slots') AS max_replication_slots,
       current_setting('max_locks_per_transaction') AS max_locks_per_transaction,
       current_setting('max_prepared_transactions') AS max_prepared_transactions,
       current_setting('autovacuum_max_workers') AS autovacuum_max_workers,
       current_setting('autovacuum_freeze_max_age') AS autovacuum_freeze_max_age,
       (current_setting('autovacuum') = 'on')::int AS autovacuum,
       (current_setting('fsync') = 'on')::int AS fsync,
       current_setting('random_page_cost') AS random_page_cost,
       current_setting('seq_page_cost') AS seq_page_cost,
       pg_size_bytes(current_setting('shared_buffers')) AS shared_buffers,
       pg_size_bytes(current_setting('effective_cache_size')) AS effective_cache_size,
       pg_size_bytes(current_setting('maintenance_work_mem')) AS maintenance_work_mem,
       pg_size_bytes(current_setting('work_mem')) AS work_mem,
       pg_size_bytes(current_setting('max_wal_size')) AS max_wal_size,
       pg_size_bytes(current_setting('wal_segment_size')) AS wal_segment_size,
       extract(epoch FROM current_setting('checkpoint_timeout')::interval) AS checkpoint_timeout)"}},
          {row("pg_settings_max_connections", "max_connections"),
           row("pg_settings_superuser_reserved_connections", "superuser_reserved_connections"),
           row("pg_settings_max_worker_processes", "max_worker_processes"),
           row("pg_settings_max_parallel_workers", "max_parallel_workers"),
           row("pg_settings_max_wal_senders", "max_wal_senders"),
           row("pg_settings_max_replication_slots", "max_replication_slots"),
           row("pg_settings_max_locks_per_transaction", "max_locks_per_transaction"),
           row("pg_settings_max_prepared_transactions", "max_prepared_transactions"),
           row("pg_settings_autovacuum_max_workers", "autovacuum_max_workers"),
           row("pg_settings_autovacuum_freeze_max_age", "autovacuum_freeze_max_age"),
           row("pg_settings_autovacuum", "autovacuum"),
           row("pg_settings_fsync", "fsync"),
           row("pg_settings_random_page_cost", "random_page_cost"),
           row("pg_settings_seq_page_cost", "seq_page_cost"),
           row("pg_settings_shared_buffers_bytes", "shared_buffers"),
           row("pg_settings_effective_cache_size_bytes", "effective_cache_size"),
           row("pg_settings_maintenance_work_mem_bytes", "maintenance_work_mem"),
           row("pg_settings_work_mem_bytes", "work_mem"),
           row("pg_settings_max_wal_size_bytes", "max_wal_size"),
           row("pg_settings_wal_segment_size_bytes", "wal_segment_size"),
           row("pg_settings_checkpoint_timeout_seconds", "checkpoint_timeout")}};
}

PostgresPart Server() {
  static const std::vector<std::string_view> version = {"version", "short_version"};
  return {"server",
          {{R"(
SELECT version() AS version, split_part(current_setting('server_version'), ' ', 1) AS short_version, 1 AS one,
       extract(epoch FROM pg_postmaster_start_time()) AS started,
       (SELECT count(*) FROM pg_stat_activity WHERE xact_start < now() - interval '1 minute') AS long_running,
       (SELECT extract(epoch FROM min(xact_start)) FROM pg_stat_activity
        WHERE xact_start < now() - interval '1 minute') AS oldest)"}},
          {{"pg_static", gauge, "The server's version.", version, "one"},
           {"pg_postmaster_start_time_seconds", gauge, "When the server started.", kNone, "started"},
           {"pg_long_running_transactions", gauge, "Transactions open longer than a minute.", kNone, "long_running"},
           {"pg_long_running_transactions_oldest_timestamp_seconds", gauge, "When the oldest of them began.", kNone,
            "oldest"}}};
}

}  // namespace

std::vector<PostgresPart> PostgresServerParts() {
  return {Activity(),        Connections(),      Databases(),        StatDatabase(), Locks(), Replication(),
          StatReplication(), ReplicationSlots(), BackgroundWriter(), Archiver(),     Wal(),   Settings(),
          Server()};
}

std::span<const PostgresPart> PostgresPartTable() {
  static const std::vector<PostgresPart> table = [] {
    std::vector<PostgresPart> parts = PostgresServerParts();
    for (PostgresPart& part : PostgresTableParts()) parts.push_back(std::move(part));
    return parts;
  }();
  return table;
}

}  // namespace exporter
