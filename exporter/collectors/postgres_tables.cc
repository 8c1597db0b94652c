#include "exporter/collectors/postgres_parts.h"

// What the tables of the connected database tell. Only table_sizes needs locks on them, on their indexes and on their
// TOAST tables; it leaves out, without waiting, the tables that somebody (a prepared transaction too, which has no
// process) holds or wants exclusively, and counts them as "locked".

namespace exporter {
namespace {

using enum MetricType;

const std::vector<std::string_view> kTable = {"datname", "schemaname", "relname"};

PostgresPart UserTables() {
  const auto row = [](std::string_view name, MetricType type, std::string_view help, std::string_view column) {
    return PostgresMetric{name, type, help, kTable, column};
  };
  return {"stat_user_tables",
          {{R"(
SELECT current_database() AS datname, schemaname, relname, seq_scan, seq_tup_read, coalesce(idx_scan, 0) AS idx_scan,
       coalesce(idx_tup_fetch, 0) AS idx_tup_fetch, n_tup_ins, n_tup_upd, n_tup_del, n_tup_hot_upd, n_live_tup,
       n_dead_tup, n_mod_since_analyze,
       coalesce(extract(epoch FROM last_vacuum), 0) AS last_vacuum,
       coalesce(extract(epoch FROM last_autovacuum), 0) AS last_autovacuum,
       coalesce(extract(epoch FROM last_analyze), 0) AS last_analyze,
       coalesce(extract(epoch FROM last_autoanalyze), 0) AS last_autoanalyze,
       vacuum_count, autovacuum_count, analyze_count, autoanalyze_count
FROM pg_stat_user_tables)"}},
          {row("pg_stat_user_tables_seq_scan", untyped, "Sequential scans.", "seq_scan"),
           row("pg_stat_user_tables_seq_tup_read", untyped, "Live rows read by sequential scans.", "seq_tup_read"),
           row("pg_stat_user_tables_idx_scan", untyped, "Index scans.", "idx_scan"),
           row("pg_stat_user_tables_idx_tup_fetch", untyped, "Live rows fetched by index scans.", "idx_tup_fetch"),
           row("pg_stat_user_tables_n_tup_ins", untyped, "Rows inserted.", "n_tup_ins"),
           row("pg_stat_user_tables_n_tup_upd", untyped, "Rows updated.", "n_tup_upd"),
           row("pg_stat_user_tables_n_tup_del", untyped, "Rows deleted.", "n_tup_del"),
           row("pg_stat_user_tables_n_tup_hot_upd", untyped, "Rows updated without index work.", "n_tup_hot_upd"),
           row("pg_stat_user_tables_n_live_tup", gauge, "Live rows, estimated.", "n_live_tup"),
           row("pg_stat_user_tables_n_dead_tup", gauge, "Dead rows, estimated.", "n_dead_tup"),
           row("pg_stat_user_tables_n_mod_since_analyze", gauge, "Rows changed since the last analyze, estimated.",
               "n_mod_since_analyze"),
           row("pg_stat_user_tables_last_vacuum", gauge, "Last manual vacuum, in seconds since 1970; 0 for never.",
               "last_vacuum"),
           row("pg_stat_user_tables_last_autovacuum", gauge, "Last autovacuum, in seconds since 1970; 0 for never.",
               "last_autovacuum"),
           row("pg_stat_user_tables_last_analyze", gauge, "Last manual analyze, in seconds since 1970; 0 for never.",
               "last_analyze"),
           row("pg_stat_user_tables_last_autoanalyze", gauge, "Last autoanalyze, in seconds since 1970; 0 for never.",
               "last_autoanalyze"),
           row("pg_stat_user_tables_vacuum_count", untyped, "Manual vacuums.", "vacuum_count"),
           row("pg_stat_user_tables_autovacuum_count", untyped, "Autovacuums.", "autovacuum_count"),
           row("pg_stat_user_tables_analyze_count", untyped, "Manual analyzes.", "analyze_count"),
           row("pg_stat_user_tables_autoanalyze_count", untyped, "Autoanalyzes.", "autoanalyze_count")}};
}

PostgresPart TableSizes() {
  return {"table_sizes",
          {{R"(
WITH locked AS MATERIALIZED (
  SELECT DISTINCT relation FROM pg_locks
  WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock' AND pid IS DISTINCT FROM pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())),
tables_of_indexes AS MATERIALIZED (
  SELECT coalesce(i.indrelid, l.relation) AS relid
  FROM locked l LEFT JOIN pg_index i ON i.indexrelid = l.relation),
held AS MATERIALIZED (
  SELECT DISTINCT coalesce(t.oid, l.relid) AS relid
  FROM tables_of_indexes l LEFT JOIN pg_class t ON t.reltoastrelid = l.relid AND l.relid <> 0),
tables AS MATERIALIZED (
  SELECT s.relid, s.schemaname, s.relname, h.relid IS NOT NULL AS held
  FROM pg_stat_user_tables s LEFT JOIN held h USING (relid))
SELECT current_database() AS datname, schemaname, relname,
       CASE WHEN NOT held THEN pg_table_size(relid) END AS table_size,
       CASE WHEN NOT held THEN pg_indexes_size(relid) END AS index_size,
       CASE WHEN held THEN 'locked' END AS left_out
FROM tables)",
            120000},
           {R"(
SELECT current_database() AS datname, schemaname, relname, pg_table_size(relid) AS table_size,
       pg_indexes_size(relid) AS index_size, NULL AS left_out FROM pg_stat_user_tables)"}},
          {{"pg_stat_user_tables_table_size_bytes", gauge, "Disk space of the table without its indexes.", kTable,
            "table_size"},
           {"pg_stat_user_tables_index_size_bytes", gauge, "Disk space of the table's indexes.", kTable, "index_size"}},
          "left_out"};
}

PostgresPart TableIo() {
  const auto row = [](std::string_view name, std::string_view help, std::string_view column) {
    return PostgresMetric{name, untyped, help, kTable, column};
  };
  return {
      "statio_user_tables",
      {{R"(
SELECT current_database() AS datname, schemaname, relname, heap_blks_read, heap_blks_hit, idx_blks_read, idx_blks_hit,
       toast_blks_read, toast_blks_hit, tidx_blks_read, tidx_blks_hit FROM pg_statio_user_tables)"}},
      {row("pg_statio_user_tables_heap_blocks_read", "Blocks of the table read from disk.", "heap_blks_read"),
       row("pg_statio_user_tables_heap_blocks_hit", "Blocks of the table found in cache.", "heap_blks_hit"),
       row("pg_statio_user_tables_idx_blocks_read", "Blocks of its indexes read from disk.", "idx_blks_read"),
       row("pg_statio_user_tables_idx_blocks_hit", "Blocks of its indexes found in cache.", "idx_blks_hit"),
       row("pg_statio_user_tables_toast_blocks_read", "Blocks of its TOAST table read from disk.", "toast_blks_read"),
       row("pg_statio_user_tables_toast_blocks_hit", "Blocks of its TOAST table found in cache.", "toast_blks_hit"),
       row("pg_statio_user_tables_tidx_blocks_read", "Blocks of its TOAST indexes read from disk.", "tidx_blks_read"),
       row("pg_statio_user_tables_tidx_blocks_hit", "Blocks of its TOAST indexes found in cache.", "tidx_blks_hit")}};
}

PostgresPart VacuumProgress() {
  static const std::vector<std::string_view> labels = {"datname", "relname"};
  return {
      "stat_progress_vacuum",
      {{R"(
SELECT v.datname, coalesce(c.relname, v.relid::text) AS relname, v.heap_blks_total, v.heap_blks_scanned,
       v.heap_blks_vacuumed, v.index_vacuum_count
FROM pg_stat_progress_vacuum v LEFT JOIN pg_class c ON c.oid = v.relid AND v.datname = current_database())"}},
      {{"pg_stat_progress_vacuum_heap_blks", gauge, "Blocks of the table being vacuumed.", labels, "heap_blks_total"},
       {"pg_stat_progress_vacuum_heap_blks_scanned", gauge, "Blocks scanned so far.", labels, "heap_blks_scanned"},
       {"pg_stat_progress_vacuum_heap_blks_vacuumed", gauge, "Blocks vacuumed so far.", labels, "heap_blks_vacuumed"},
       {"pg_stat_progress_vacuum_index_vacuums", gauge, "Index passes done so far.", labels, "index_vacuum_count"}}};
}

}  // namespace

std::vector<PostgresPart> PostgresTableParts() { return {UserTables(), TableSizes(), TableIo(), VacuumProgress()}; }

}  // namespace exporter
