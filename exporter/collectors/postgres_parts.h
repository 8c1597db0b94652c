#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "exporter/metric_family.h"

// The table behind the postgres collector: a part is a query and the metrics its columns become. Adding one is a row
// in postgres_parts.cc (server-wide) or postgres_tables.cc (the connected database's tables).

namespace exporter {

struct PostgresMetric {
  std::string_view name;
  MetricType type;
  std::string_view help;
  std::vector<std::string_view> labels;  // columns, under their own names
  std::string_view column;               // of the value; NULL means there is none
};

// The same columns for different servers.
struct PostgresQuery {
  std::string_view sql;
  int min_version = 0;
  int max_version = 1'000'000;
};

struct PostgresPart {
  std::string_view name;
  std::vector<PostgresQuery> queries;
  std::vector<PostgresMetric> metrics;
  std::string_view left_out{};  // as in QueryPlan
};

std::span<const PostgresPart> PostgresPartTable();
std::vector<PostgresPart> PostgresServerParts();
std::vector<PostgresPart> PostgresTableParts();

}  // namespace exporter
