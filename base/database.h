#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace base {

// A prepared statement of a Database, ready to be bound (places count from 1) and stepped. It belongs to the database
// and must not outlive it; taking the same text again resets it. Not thread-safe.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

  Statement& Bind(int place, int64_t value);
  Statement& Bind(int place, double value);            // NaN is stored as NULL
  Statement& Bind(int place, std::string_view value);  // copied
  Statement& Bind(int place, std::span<const std::byte> value);
  Statement& BindNull(int place);
  Statement& Bind(int place, std::optional<int64_t> value) { return value ? Bind(place, *value) : BindNull(place); }

  // True: there is a row. False: done, and the statement is reset.
  Result<bool> Step();
  // For a statement that returns no rows.
  Result<void> Run();
  void Reset();

  // Columns of the row, from 0. What is of another type is converted as SQLite does; views live until the next Step.
  bool IsNull(int column) const;
  int64_t Integer(int column) const;
  double Real(int column) const;
  std::string_view Text(int column) const;
  std::span<const std::byte> Blob(int column) const;
  std::optional<int64_t> OptionalInteger(int column) const;

 private:
  sqlite3_stmt* handle_;
};

// One connection to an SQLite file: what tocsin keeps across restarts. Commits survive the process' end at any instant
// (write-ahead log, synchronous NORMAL: power loss may cost the last commits, never the file's integrity). Errors say
// what was done to which file: unavailable where another try may help (locked, full, I/O), corrupt where the file is no
// database or is damaged. One thread at a time; several connections to a file are fine.
class Database {
 public:
  // Creates the file, readable by its owner alone, where it is missing; its folder too.
  static Result<std::unique_ptr<Database>> Open(const std::string& path);
  // An existing one, for reading; it sees each commit of others.
  static Result<std::unique_ptr<Database>> OpenReadOnly(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // One or several statements without parameters and rows.
  Result<void> Execute(const std::string& sql);
  // Prepared once for each text and kept.
  Result<Statement> Prepare(std::string_view sql);

  // The tables of one room, made by `sql` where their version is none; invalid_argument if the file holds a newer
  // version. A later version is reached by the room itself, which is told what there is.
  Result<void> PrepareSchema(std::string_view room, int version, const std::string& sql);

  const std::string& path() const { return path_; }
  int64_t Changes() const;  // rows the last statement changed

 private:
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  Error Failure(std::string_view what) const;

  struct Closer {
    void operator()(sqlite3_stmt* statement) const;
  };
  sqlite3* handle_;
  const std::string path_;
  std::map<std::string, std::unique_ptr<sqlite3_stmt, Closer>, std::less<>> statements_;
};

// BEGIN IMMEDIATE … COMMIT; rolls back unless committed. Not thread-safe.
class Transaction {
 public:
  static Result<Transaction> Begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> Commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace base
