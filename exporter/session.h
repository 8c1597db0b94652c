#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/time.h"

// One connection to a database, and the way rows come out of it: a row at a time, in bounded memory.

namespace exporter {

using SteadyTime = std::chrono::steady_clock::time_point;

// Why a query or a connection failed; the `class` label of the error counters.
enum class FailureClass : uint8_t {
  connection_refused,  // nobody answers, no such host, no such file
  connection_lost,     // it was there and went away
  authentication,      // wrong user, password or pg_hba.conf entry
  too_many_connections,
  timeout,       // the query's own limit, or the scrape's deadline
  lock_timeout,  // somebody else holds a lock
  permission,
  syntax,          // the database can't read the query, or it is more than one statement
  missing_object,  // no such table, column or function
  read_only,       // the query wanted to write
  missing_column,  // a metric names a column that the result lacks
  row_limit,       // more rows than max_rows; the first of them were kept
  cancelled,
  data,  // division by zero, a bad cast …
  other,
};
std::string_view ToString(FailureClass failure);

struct QueryError {
  FailureClass failure = FailureClass::other;
  std::string message;  // never holds a password
};
template <class T>
using QueryResult = std::expected<T, QueryError>;

// One value of a row as text, in the database's own output form; nullopt is NULL. Dies with the row.
using Cell = std::optional<std::string_view>;

// Takes a result.
class RowSink {
 public:
  virtual ~RowSink() = default;
  virtual void Columns(std::span<const std::string> names) = 0;  // first, and once
  virtual void Row(std::span<const Cell> cells) = 0;
};

struct QueryLimits {
  base::Duration timeout = std::chrono::seconds(5);
  base::Duration lock_timeout = std::chrono::milliseconds(500);
  size_t max_rows = 10'000;
  SteadyTime deadline = SteadyTime::max();  // of the whole run
};

enum class Dialect : uint8_t { postgres, sqlite };

// Not thread-safe but for Cancel. After connection_lost it is useless and must be replaced.
class Session {
 public:
  virtual ~Session() = default;
  virtual Dialect dialect() const = 0;
  virtual int server_version() const = 0;  // 150018 for PostgreSQL 15.18; 0 for SQLite

  // Runs one statement that only reads, in a transaction of its own that cannot write. More rows than max_rows give
  // `row_limit`, after the sink got the first max_rows of them.
  virtual QueryResult<void> Query(const std::string& sql, const QueryLimits& limits, RowSink& sink) = 0;

  // Whether it is still good for queries; `connection_lost` if not.
  virtual QueryResult<void> Ping() = 0;

  // From any thread: makes a running Query end soon with `cancelled`.
  virtual void Cancel() = 0;
};

// The time a query may still take: its own limit or what is left of the run, whichever is less; at least 1 ms.
base::Duration Allowance(base::Duration limit, SteadyTime deadline);

}  // namespace exporter
