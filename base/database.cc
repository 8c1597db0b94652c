#include "base/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/text.h"

namespace base {
namespace {

constexpr int kBusyMilliseconds = 5000;

ErrorCode CodeOf(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::internal;
  }
}

Error FailureOf(sqlite3* handle, std::string_view what, std::string_view path) {
  return {CodeOf(sqlite3_extended_errcode(handle)), fmt::format("{} {}: {}", what, path, sqlite3_errmsg(handle)),
          std::nullopt};
}

// What a file is made with; these cannot be asked for again while another connection writes.
constexpr const char* kMake = "PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;";
constexpr const char* kConfigure =
    "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 4194304; "
    "PRAGMA cache_size = -1024;";

// SQLite makes the journal files with the permissions of the main one.
Result<void> MakePrivateFile(const std::string& path) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return Unavailable(fmt::format("making the folder {}: {}", folder.string(), error.message()));
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return Unavailable(fmt::format("opening {}: {}", path, std::strerror(errno)));
  close(file);
  return {};
}

}  // namespace

Statement& Statement::Bind(int place, int64_t value) {
  sqlite3_bind_int64(handle_, place, value);
  return *this;
}
Statement& Statement::Bind(int place, double value) {
  sqlite3_bind_double(handle_, place, value);
  return *this;
}
Statement& Statement::Bind(int place, std::string_view value) {
  sqlite3_bind_text64(handle_, place, value.data() == nullptr ? "" : value.data(), value.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}
Statement& Statement::Bind(int place, std::span<const std::byte> value) {
  if (value.empty()) {
    sqlite3_bind_zeroblob(handle_, place, 0);
  } else {
    sqlite3_bind_blob64(handle_, place, value.data(), value.size(), SQLITE_TRANSIENT);
  }
  return *this;
}
Statement& Statement::BindNull(int place) {
  sqlite3_bind_null(handle_, place);
  return *this;
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    Reset();
    return false;
  }
  sqlite3* const handle = sqlite3_db_handle(handle_);
  const char* const path = sqlite3_db_filename(handle, "main");
  Error error = FailureOf(handle, "using", path == nullptr ? "" : path);
  Reset();
  return std::unexpected(std::move(error));
}

Result<void> Statement::Run() {
  TRY([[maybe_unused]] const bool row, Step());
  Reset();
  return {};
}

void Statement::Reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
}

bool Statement::IsNull(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }
int64_t Statement::Integer(int column) const { return sqlite3_column_int64(handle_, column); }
double Statement::Real(int column) const { return sqlite3_column_double(handle_, column); }
std::string_view Statement::Text(int column) const {
  const auto* text = sqlite3_column_text(handle_, column);
  if (text == nullptr) return "";
  return {reinterpret_cast<const char*>(text), static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}
std::span<const std::byte> Statement::Blob(int column) const {
  const void* blob = sqlite3_column_blob(handle_, column);
  return {static_cast<const std::byte*>(blob), static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}
std::optional<int64_t> Statement::OptionalInteger(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Integer(column));
}

void Database::Closer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  TRY_VOID(MakePrivateFile(path));
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) return std::unexpected(database->Failure("opening"));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  std::error_code error;
  if (std::filesystem::file_size(path, error) == 0) TRY_VOID(database->Execute(kMake));
  TRY_VOID(database->Execute(kConfigure));
  TRY_VOID(database->Execute("SELECT count(*) FROM sqlite_schema"));  // reads the file: is it one?
  return database;
}

Result<std::unique_ptr<Database>> Database::OpenReadOnly(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) return std::unexpected(database->Failure("opening"));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  return database;
}

Database::~Database() {
  statements_.clear();
  sqlite3_close(handle_);
}

Error Database::Failure(std::string_view what) const { return FailureOf(handle_, what, path_); }

Result<void> Database::Execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return std::unexpected(Failure("using"));
  }
  return {};
}

Result<Statement> Database::Prepare(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) {
    Statement statement(found->second.get());
    statement.Reset();
    return statement;
  }
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr) !=
      SQLITE_OK) {
    return std::unexpected(Failure("using"));
  }
  statements_.emplace(sql, raw);
  return Statement(raw);
}

Result<void> Database::PrepareSchema(std::string_view room, int version, const std::string& sql) {
  TRY_VOID(Execute("CREATE TABLE IF NOT EXISTS schema_versions(room TEXT PRIMARY KEY, version INTEGER NOT NULL)"));
  TRY(Statement select, Prepare("SELECT version FROM schema_versions WHERE room = ?1"));
  TRY(const bool known, select.Bind(1, room).Step());
  const int64_t found = known ? select.Integer(0) : 0;
  select.Reset();
  if (found == version) return {};
  if (found > version) {
    return Invalid(
        fmt::format("{} was written by a newer tocsin: its tables of {} are of version {}, this program knows {}",
                    path_, room, found, version));
  }
  if (found != 0)
    return Invalid(
        fmt::format("{}: tables of {} are of version {}, which this program does not read", path_, room, found));
  TRY(Transaction transaction, Transaction::Begin(*this));
  TRY_VOID(Execute(sql));
  TRY(Statement insert, Prepare("INSERT INTO schema_versions(room, version) VALUES(?1, ?2)"));
  TRY_VOID(insert.Bind(1, room).Bind(2, static_cast<int64_t>(version)).Run());
  return transaction.Commit();
}

int64_t Database::Changes() const { return sqlite3_changes64(handle_); }

Result<Transaction> Transaction::Begin(Database& database) {
  TRY_VOID(database.Execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) static_cast<void>(database_->Execute("ROLLBACK"));
}

Result<void> Transaction::Commit() {
  TRY_VOID(database_->Execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace base
