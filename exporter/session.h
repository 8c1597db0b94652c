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
  connection_refused,  // nobody listens there, or no such file
  dns,                 // the host's name has no address, or no name server told it
  connection_lost,     // it was there and went away
  authentication,      // wrong user, password or pg_hba.conf entry
  too_many_connections,
  timeout,       // the query's own limit, the scrape's deadline, or a server that stopped answering
  lock_timeout,  // somebody else holds a lock
  permission,
  syntax,          // the database can't read the query, or it is more than one statement
  missing_object,  // no such table, column or function
  read_only,       // the query wanted to write
  missing_column,  // a metric names a column that the result lacks
  row_limit,       // more rows than max_rows; the first of them were kept
  cancelled,
  data,       // division by zero, a bad cast …
  conflict,   // deadlock, serialization failure, conflict with recovery on a replica
  resources,  // the server is out of memory, disk or another limit of its own
  server,     // input/output and internal errors of the server
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
  // Of the transaction: how columns without a zone are read, and what current_date means. Empty: the server's own.
  std::string time_zone{};
};

enum class Dialect : uint8_t { postgres, sqlite };

// Not thread-safe but for Cancel. No call waits for the database longer than about a second past its limit: a
// connection on which no answer came by then is closed, and its session broken. Destruction takes at most two seconds.
class Session {
 public:
  virtual ~Session() = default;
  virtual Dialect dialect() const = 0;
  virtual int server_version() const = 0;  // 150018 for PostgreSQL 15.18; 0 for SQLite

  // Runs one statement that only reads, in a transaction of its own that cannot write. More rows than max_rows give
  // `row_limit`, after the sink got the first max_rows of them.
  virtual QueryResult<void> Query(const std::string& sql, const QueryLimits& limits, RowSink& sink) = 0;

  // Whether the database answers; `timeout` (and broken) if it does not by `deadline`.
  virtual QueryResult<void> Ping(SteadyTime deadline) = 0;

  // The connection is gone: every further call fails, and the session must be replaced.
  virtual bool broken() const = 0;

  // From any thread, and for good: a running Query ends at once with `cancelled`, and so does every later one.
  virtual void Cancel() = 0;
};

// The time a query may still take: its own limit or what is left of the run, whichever is less; at least 1 ms.
base::Duration Allowance(base::Duration limit, SteadyTime deadline);

}  // namespace exporter
