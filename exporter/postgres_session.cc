#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <pqxx/pqxx>
#include <vector>

#include "base/text.h"
#include "exporter/postgres_connection.h"
#include "exporter/socket_deadline.h"
#include "exporter/target.h"

// libpqxx, 6.4 and 7.x, ends here: no other file includes it, and none of its exceptions leaves this one.

namespace exporter {
namespace {

constexpr int kBatch = 5000;

FailureClass ClassOf(const pqxx::sql_error& error, bool out_of_time) {
  // libpqxx drops this one's SQLSTATE
  if (dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr) return FailureClass::permission;
  return ClassOfSqlState(error.sqlstate(), out_of_time);
}

// A cursor is declared for one statement without its closing semicolon.
std::string_view WithoutSemicolon(std::string_view sql) {
  sql = base::Trim(sql);
  while (!sql.empty() && sql.back() == ';') sql = base::Trim(sql.substr(0, sql.size() - 1));
  return sql;
}

// Statements that give rows but for which no cursor can be declared. Their results are small.
bool NeedsNoCursor(std::string_view sql) {
  const std::string word = FirstKeyword(sql);
  return word == "show" || word == "explain";
}

// Keeps libpqxx from printing the server's notices.
#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 10)
struct Quiet {
  explicit Quiet(pqxx::connection& connection) {
    connection.set_notice_handler([](pqxx::zview) noexcept {});
  }
};
#else
using Quiet = pqxx::quiet_errorhandler;
#endif

// Through the extended protocol, where a second statement behind a semicolon is an error.
pqxx::result ExecuteAlone(pqxx::nontransaction& work, const std::string& sql) {
#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 9)
  return work.exec(sql, pqxx::params{});
#else
  return work.exec_params(sql);
#endif
}

class PostgresSession : public Session {
 public:
  explicit PostgresSession(const ConnectionText& text)
      : password_(text.password), connection_(text.text), quiet_(connection_) {
    socket_ = std::make_unique<SocketDeadline>(connection_.sock());
  }
  // Nothing is asked of the server: it notices the closed connection (client_connection_check_interval, see Begin) or
  // ends the statement at its statement_timeout. A cancel request would need a second connection, which hangs as well.
  ~PostgresSession() override { socket_->Arm(std::chrono::steady_clock::now() + kLongestClosing); }
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  Dialect dialect() const override { return Dialect::postgres; }
  int server_version() const override { return connection_.server_version(); }
  bool broken() const override { return lost_ || socket_->expired(); }

  QueryResult<void> Query(const std::string& sql, const QueryLimits& limits, RowSink& sink) override {
    const SteadyTime end = std::chrono::steady_clock::now() + Allowance(limits.timeout, limits.deadline);
    return Bounded(end + kCutOffGrace, [&](pqxx::nontransaction& work) -> QueryResult<void> {
      try {
        return Run(work, sql, limits, end, sink);
      } catch (const pqxx::broken_connection&) {
        throw;
      } catch (const pqxx::sql_error& e) {
        const bool out_of_time = std::chrono::steady_clock::now() + std::chrono::milliseconds(5) >= end;
        QueryError error{ClassOf(e, out_of_time), CleanMessage(e.what(), password_)};
        lost_ = error.failure == FailureClass::connection_lost;
        if (!lost_) work.exec("ROLLBACK");
        return std::unexpected(std::move(error));
      }
    });
  }

  QueryResult<void> Ping(SteadyTime deadline) override {
    return Bounded(deadline, [](pqxx::nontransaction& work) -> QueryResult<void> {
      work.exec("SELECT 1");
      return {};
    });
  }

  void Cancel() override {
    cancelled_ = true;
    socket_->Expire();
  }

 private:
  // Runs `body` until `cut_off`, and turns what it throws into an error. Once the connection is lost libpqxx is not
  // called again: it would connect anew by itself, without a limit.
  template <class Body>
  QueryResult<void> Bounded(SteadyTime cut_off, const Body& body) {
    if (broken()) return std::unexpected(Lost("the connection is closed"));
    socket_->Arm(cut_off);
    QueryResult<void> result;
    try {
      pqxx::nontransaction work(connection_);
      result = body(work);
    } catch (const pqxx::broken_connection& e) {
      lost_ = true;
      result = std::unexpected(Lost(e.what()));
    } catch (const std::exception& e) {
      lost_ = !connection_.is_open();
      result =
          std::unexpected(lost_ ? Lost(e.what()) : QueryError{FailureClass::other, CleanMessage(e.what(), password_)});
    }
    socket_->Disarm();
    return result;
  }

  QueryError Lost(const char* what) const {
    if (cancelled_) return {FailureClass::cancelled, "shutting down"};
    if (socket_->expired()) return NoAnswer();
    return {FailureClass::connection_lost, CleanMessage(what, password_)};
  }

  std::string TimeoutText(base::Duration limit, SteadyTime end) const {
    return fmt::format("SET LOCAL statement_timeout = {};", Allowance(limit, end).count());
  }

  // Everything is set for the transaction only, so that a pooler in between does no harm.
  std::string Begin(const QueryLimits& limits, SteadyTime end) const {
    std::string begin = "BEGIN READ ONLY;" + TimeoutText(limits.timeout, end);
    begin += fmt::format("SET LOCAL lock_timeout = {};", Allowance(limits.lock_timeout, end).count());
    if (!limits.time_zone.empty()) begin += "SET LOCAL TIME ZONE " + Literal(limits.time_zone) + ";";
    begin += "SET LOCAL datestyle = ISO; SET LOCAL cursor_tuple_fraction = 1;";
    if (server_version() >= 110000) begin += "SET LOCAL jit = off;";
    // a server on another system may refuse it
    if (server_version() >= 140000) {
      begin += "SELECT set_config('client_connection_check_interval', '1000', true) WHERE version() LIKE '%linux%';";
    }
    return begin;
  }

  static std::string Literal(const std::string& text) { return '\'' + base::ReplaceAll(text, "'", "''") + '\''; }

  QueryResult<void> Run(pqxx::nontransaction& work, const std::string& sql, const QueryLimits& limits, SteadyTime end,
                        RowSink& sink) {
    work.exec(Begin(limits, end));
    QueryResult<void> result;
    if (NeedsNoCursor(sql)) {
      const pqxx::result rows = ExecuteAlone(work, std::string(WithoutSemicolon(sql)));
      size_t left = limits.max_rows;
      result = Hand(rows, limits, left, sink);
    } else {
      ExecuteAlone(work, fmt::format("DECLARE tocsin_rows NO SCROLL CURSOR FOR {}", WithoutSemicolon(sql)));
      result = Fetch(work, limits, end, sink);
    }
    work.exec(result ? "COMMIT" : "ROLLBACK");
    return result;
  }

  QueryResult<void> Fetch(pqxx::nontransaction& work, const QueryLimits& limits, SteadyTime end, RowSink& sink) {
    for (size_t left = limits.max_rows;;) {
      const size_t wanted = std::min<size_t>(kBatch, left + 1);
      const pqxx::result rows =
          work.exec(fmt::format("{}FETCH {} FROM tocsin_rows", TimeoutText(limits.timeout, end), wanted));
      if (auto handed = Hand(rows, limits, left, sink); !handed) return handed;
      if (static_cast<size_t>(rows.size()) < wanted) return {};
    }
  }

  // Hands over at most `left` rows, and counts them off it.
  QueryResult<void> Hand(const pqxx::result& rows, const QueryLimits& limits, size_t& left, RowSink& sink) {
    const auto count = static_cast<size_t>(rows.size());
    if (left == limits.max_rows) HandColumns(rows, sink);
    HandRows(rows, std::min(count, left), sink);
    if (count > left) {
      return std::unexpected(
          QueryError{FailureClass::row_limit, fmt::format("more than {} rows (max_rows)", limits.max_rows)});
    }
    left -= count;
    return {};
  }

  void HandColumns(const pqxx::result& rows, RowSink& sink) {
    std::vector<std::string> names;
    for (int i = 0; i < static_cast<int>(rows.columns()); ++i) names.emplace_back(rows.column_name(i));
    cells_.resize(names.size());
    sink.Columns(names);
  }

  // Iterators are moved, never made, per field: making one copies two reference counts.
  void HandRows(const pqxx::result& rows, size_t count, RowSink& sink) {
    auto row = rows.begin();
    for (size_t i = 0; i < count; ++i, ++row) {
      auto field = row.begin();
      for (Cell& cell : cells_) {
        cell = field->is_null() ? Cell() : Cell(std::string_view(field->c_str(), field->size()));
        ++field;
      }
      sink.Row(cells_);
    }
  }

  const std::string password_;
  std::unique_ptr<SocketDeadline> socket_;  // before connection_: it bounds the closing of it
  pqxx::connection connection_;
  const Quiet quiet_;
  bool lost_ = false;
  std::atomic<bool> cancelled_ = false;
  std::vector<Cell> cells_;
};

}  // namespace

QueryResult<std::unique_ptr<Session>> ConnectPostgres(const std::string& url, const std::string& password,
                                                      base::Duration timeout) {
  const base::Result<ConnectionText> text = BuildConnectionText(url, password, timeout);
  if (!text) return std::unexpected(QueryError{FailureClass::other, text.error().message});
  try {
    return std::make_unique<PostgresSession>(*text);
  } catch (const pqxx::feature_not_supported&) {
    // libpqxx refuses servers older than 9.0, which is what pgbouncer's console looks like
    return ConnectPgbouncerConsole(*text);
  } catch (const std::exception& e) {
    std::string message = CleanMessage(e.what(), text->password);
    const FailureClass failure = ClassOfConnectError(message);
    return std::unexpected(QueryError{failure, std::move(message)});
  }
}

}  // namespace exporter
