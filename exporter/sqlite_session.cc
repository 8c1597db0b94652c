#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cmath>
#include <thread>
#include <vector>

#include "base/text.h"
#include "exporter/target.h"

// SQLite ends here: no other file of the room includes it.

namespace exporter {
namespace {

constexpr auto kBusyPause = std::chrono::milliseconds(5);

FailureClass ClassOfCode(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return FailureClass::lock_timeout;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return FailureClass::permission;
    case SQLITE_READONLY:
      return FailureClass::read_only;
    case SQLITE_CANTOPEN:
      return FailureClass::connection_refused;
    case SQLITE_NOTADB:
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
      return FailureClass::connection_lost;
    default:
      return FailureClass::other;
  }
}

// SQLite has one code for everything wrong with a statement's text.
FailureClass ClassOfPrepareError(int code, std::string_view message) {
  if ((code & 0xff) != SQLITE_ERROR) return ClassOfCode(code);
  return message.starts_with("no such") ? FailureClass::missing_object : FailureClass::syntax;
}

struct StatementCloser {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, StatementCloser>;

class SqliteSession : public Session {
 public:
  // Takes the handle over.
  SqliteSession(sqlite3* database, std::string path)
      : database_(database), path_(std::move(path)), identity_(IdentityOf(path_)) {
    sqlite3_extended_result_codes(database_, 1);
    sqlite3_progress_handler(database_, 10'000, &SqliteSession::OnProgress, this);
    sqlite3_busy_handler(database_, &SqliteSession::OnBusy, this);
    sqlite3_set_authorizer(database_, &SqliteSession::OnAuthorize, nullptr);
  }
  ~SqliteSession() override { sqlite3_close(database_); }
  SqliteSession(const SqliteSession&) = delete;
  SqliteSession& operator=(const SqliteSession&) = delete;

  Dialect dialect() const override { return Dialect::sqlite; }
  int server_version() const override { return 0; }
  bool broken() const override { return lost_; }
  void Cancel() override { cancelled_ = true; }

  // A file that was replaced is another database.
  QueryResult<void> Ping(SteadyTime) override {
    if (IdentityOf(path_) == identity_) return {};
    return std::unexpected(QueryError{FailureClass::connection_lost, path_ + ": the file was replaced"});
  }

  QueryResult<void> Query(const std::string& sql, const QueryLimits& limits, RowSink& sink) override {
    end_ = std::chrono::steady_clock::now() + Allowance(limits.timeout, limits.deadline);
    lock_end_ = std::chrono::steady_clock::now() + Allowance(limits.lock_timeout, end_);
    QueryResult<Statement> statement = Prepare(sql);
    QueryResult<void> result =
        statement ? Step(statement->get(), limits.max_rows, sink) : std::unexpected(statement.error());
    lost_ = !result && result.error().failure == FailureClass::connection_lost;
    return result;
  }

 private:
  using Identity = std::pair<dev_t, ino_t>;
  static Identity IdentityOf(const std::string& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 ? Identity(status.st_dev, status.st_ino) : Identity();
  }

  QueryResult<Statement> Prepare(const std::string& sql) {
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v2(database_, sql.c_str(), static_cast<int>(sql.size()), &raw, &tail);
    Statement statement(raw);
    if (code != SQLITE_OK) {
      const std::string message = sqlite3_errmsg(database_);
      return std::unexpected(QueryError{ClassOfPrepareError(code, message), message});
    }
    if (statement == nullptr) return std::unexpected(QueryError{FailureClass::syntax, "the query is empty"});
    sqlite3_stmt* second = nullptr;
    const int second_code = sqlite3_prepare_v2(database_, tail, -1, &second, nullptr);
    const Statement more(second);
    if (more != nullptr || second_code != SQLITE_OK)
      return std::unexpected(QueryError{FailureClass::syntax, "more than one statement"});
    if (sqlite3_stmt_readonly(raw) == 0) {
      return std::unexpected(QueryError{FailureClass::read_only, "the statement writes; only reading is allowed"});
    }
    return statement;
  }

  QueryResult<void> Step(sqlite3_stmt* statement, size_t max_rows, RowSink& sink) {
    const int columns = sqlite3_column_count(statement);
    std::vector<std::string> names;
    for (int i = 0; i < columns; ++i) names.emplace_back(sqlite3_column_name(statement, i));
    sink.Columns(names);
    std::vector<Cell> cells(names.size());
    std::vector<Number> numbers(names.size());
    for (size_t rows = 0;; ++rows) {
      const int code = sqlite3_step(statement);
      if (code == SQLITE_DONE) return {};
      if (code != SQLITE_ROW) return std::unexpected(StepError(code));
      if (rows == max_rows) {
        return std::unexpected(
            QueryError{FailureClass::row_limit, fmt::format("more than {} rows (max_rows)", max_rows)});
      }
      for (int i = 0; i < columns; ++i) cells[i] = ReadCell(statement, i, numbers[i]);
      sink.Row(cells);
    }
  }

  QueryError StepError(int code) const {
    if (cancelled_) return {FailureClass::cancelled, "cancelled"};
    if ((code & 0xff) == SQLITE_INTERRUPT) {
      return {FailureClass::timeout, "out of time"};
    }
    return {ClassOfCode(code), sqlite3_errmsg(database_)};
  }

  using Number = std::array<char, 32>;

  // SQLite's own text of a real has 15 digits; a double needs up to 17.
  static Cell ReadCell(sqlite3_stmt* statement, int column, Number& number) {
    const int type = sqlite3_column_type(statement, column);
    if (type == SQLITE_NULL) return std::nullopt;
    if (type == SQLITE_FLOAT) {
      const double value = sqlite3_column_double(statement, column);
      if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
      const auto end = std::to_chars(number.data(), number.data() + number.size(), value);
      return std::string_view(number.data(), static_cast<size_t>(end.ptr - number.data()));
    }
    const void* const bytes = type == SQLITE_BLOB ? sqlite3_column_blob(statement, column)
                                                  : static_cast<const void*>(sqlite3_column_text(statement, column));
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, column));
    return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(bytes), size);
  }

  static int OnProgress(void* self) {
    const auto* const session = static_cast<const SqliteSession*>(self);
    return session->cancelled_ || std::chrono::steady_clock::now() >= session->end_ ? 1 : 0;
  }

  // SQLite's own sqlite3_busy_timeout waits to its end, whoever wants to stop.
  static int OnBusy(void* self, int) {
    const auto* const session = static_cast<const SqliteSession*>(self);
    if (session->cancelled_ || std::chrono::steady_clock::now() >= session->lock_end_) return 0;
    std::this_thread::sleep_for(kBusyPause);
    return 1;
  }

  static int OnAuthorize(void*, int action, const char*, const char*, const char*, const char*) {
    return action == SQLITE_ATTACH || action == SQLITE_DETACH || action == SQLITE_PRAGMA ? SQLITE_DENY : SQLITE_OK;
  }

  sqlite3* const database_;
  const std::string path_;
  const Identity identity_;
  SteadyTime end_{};
  SteadyTime lock_end_{};
  bool lost_ = false;  // the file is damaged or no longer the one that was opened
  std::atomic<bool> cancelled_ = false;
};

}  // namespace

QueryResult<std::unique_ptr<Session>> OpenSqlite(const std::string& path) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) {
    QueryError error{ClassOfCode(code), fmt::format("{}: {}", path, sqlite3_errstr(code))};
    sqlite3_close(database);
    return std::unexpected(std::move(error));
  }
  return std::make_unique<SqliteSession>(database, path);
}

}  // namespace exporter
