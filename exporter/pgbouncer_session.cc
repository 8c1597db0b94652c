#include <fmt/format.h>
#include <libpq-fe.h>

#include <atomic>
#include <vector>

#include "exporter/postgres_connection.h"
#include "exporter/socket_deadline.h"

// pgbouncer's administration console through libpq: libpqxx refuses to connect to it.

namespace exporter {
namespace {

struct ConnectionCloser {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, ConnectionCloser>;

struct ResultCloser {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultCloser>;

class ConsoleSession : public Session {
 public:
  ConsoleSession(Connection connection, std::string password)
      : password_(std::move(password)), socket_(PQsocket(connection.get())), connection_(std::move(connection)) {}
  ~ConsoleSession() override { socket_.Arm(std::chrono::steady_clock::now() + kLongestClosing); }
  ConsoleSession(const ConsoleSession&) = delete;
  ConsoleSession& operator=(const ConsoleSession&) = delete;

  Dialect dialect() const override { return Dialect::postgres; }
  int server_version() const override { return 0; }
  bool broken() const override { return lost_ || socket_.expired(); }

  // The other statements of the console (PAUSE, KILL, SHUTDOWN …) act, and no transaction keeps them from it.
  QueryResult<void> Query(const std::string& sql, const QueryLimits& limits, RowSink& sink) override {
    if (FirstKeyword(sql) != "show") {
      return std::unexpected(
          QueryError{FailureClass::read_only, "pgbouncer's console is only asked statements that begin with SHOW"});
    }
    const SteadyTime end = std::chrono::steady_clock::now() + Allowance(limits.timeout, limits.deadline);
    const QueryResult<Result> rows = Execute(sql, end);
    if (!rows) return std::unexpected(rows.error());
    return Hand(rows->get(), limits.max_rows, sink);
  }

  QueryResult<void> Ping(SteadyTime deadline) override {
    const QueryResult<Result> answer = Execute("SHOW VERSION", deadline);
    if (!answer) return std::unexpected(answer.error());
    return {};
  }

  void Cancel() override {
    cancelled_ = true;
    socket_.Expire();
  }

 private:
  QueryResult<Result> Execute(const std::string& sql, SteadyTime cut_off) {
    if (broken()) return std::unexpected(Failure("the connection is closed"));
    socket_.Arm(cut_off);
    Result result(PQexec(connection_.get(), sql.c_str()));
    socket_.Disarm();
    lost_ = PQstatus(connection_.get()) != CONNECTION_OK;
    if (PQresultStatus(result.get()) == PGRES_TUPLES_OK) return result;
    if (lost_) return std::unexpected(Failure(PQerrorMessage(connection_.get())));
    const char* const state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    return std::unexpected(QueryError{ClassOfSqlState(state == nullptr ? "" : state, false),
                                      CleanMessage(PQerrorMessage(connection_.get()), password_)});
  }

  QueryError Failure(const char* what) const {
    if (cancelled_) return {FailureClass::cancelled, "shutting down"};
    if (socket_.expired()) return NoAnswer();
    return {FailureClass::connection_lost, CleanMessage(what, password_)};
  }

  static QueryResult<void> Hand(const PGresult* rows, size_t max_rows, RowSink& sink) {
    const int columns = PQnfields(rows);
    std::vector<std::string> names;
    for (int i = 0; i < columns; ++i) names.emplace_back(PQfname(rows, i));
    sink.Columns(names);
    std::vector<Cell> cells(names.size());
    for (int row = 0; row < PQntuples(rows); ++row) {
      if (static_cast<size_t>(row) == max_rows) {
        return std::unexpected(
            QueryError{FailureClass::row_limit, fmt::format("more than {} rows (max_rows)", max_rows)});
      }
      for (int i = 0; i < columns; ++i) {
        cells[i] = PQgetisnull(rows, row, i) != 0
                       ? Cell()
                       : Cell(std::string_view(PQgetvalue(rows, row, i), PQgetlength(rows, row, i)));
      }
      sink.Row(cells);
    }
    return {};
  }

  const std::string password_;
  SocketDeadline socket_;  // before connection_: it bounds the closing of it
  Connection connection_;
  bool lost_ = false;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace

QueryResult<std::unique_ptr<Session>> ConnectPgbouncerConsole(const ConnectionText& text) {
  Connection connection(PQconnectdb(text.text.c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    std::string message = CleanMessage(PQerrorMessage(connection.get()), text.password);
    const FailureClass failure = ClassOfConnectError(message);
    return std::unexpected(QueryError{failure, std::move(message)});
  }
  const char* const version = PQparameterStatus(connection.get(), "server_version");
  if (version == nullptr || !std::string_view(version).ends_with("/bouncer")) {
    return std::unexpected(
        QueryError{FailureClass::other, fmt::format("unsupported server version {}; PostgreSQL 9.0 is "
                                                    "the oldest that can be asked",
                                                    version == nullptr ? "" : version)});
  }
  PQsetNoticeProcessor(connection.get(), [](void*, const char*) {}, nullptr);
  try {
    return std::make_unique<ConsoleSession>(std::move(connection), text.password);
  } catch (const std::exception& e) {
    return std::unexpected(QueryError{FailureClass::other, e.what()});
  }
}

}  // namespace exporter
