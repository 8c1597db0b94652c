#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <mutex>
#include <pqxx/pqxx>

#include "base/log.h"
#include "base/text.h"
#include "exporter/target.h"

// libpqxx, 6.4 and 7.x, ends here: no other file includes it, and none of its exceptions leaves this one. libpq itself
// is asked one thing only, to take a connection string apart.

namespace exporter {
namespace {

constexpr int kBatch = 5000;

// The connection string with what tocsin adds; what it says itself wins. Kept apart from messages: it holds secrets.
struct ConnectionText {
  std::string text;
  std::string password;
};

std::string KeywordValue(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

base::Result<ConnectionText> BuildConnectionText(const std::string& url, const std::string& password,
                                                 base::Duration timeout) {
  PQconninfoOption* const options = PQconninfoParse(url.c_str(), nullptr);
  if (options == nullptr) return base::Invalid("malformed connection string");
  ConnectionText out;
  out.password = password;
  const auto add = [&](std::string_view key, std::string_view value) {
    out.text += fmt::format("{}={} ", key, KeywordValue(value));
  };
  std::vector<std::string_view> given;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr || *option->val == '\0') continue;
    const std::string_view key = option->keyword;
    if (key == "password" && !password.empty()) continue;
    if (key == "password") out.password = option->val;
    given.push_back(key);
    add(key, option->val);
  }
  if (!password.empty()) add("password", password);
  const auto seconds = std::max<int64_t>(2, std::chrono::ceil<std::chrono::seconds>(timeout).count());
  const std::pair<std::string_view, std::string> ours[] = {{"connect_timeout", std::to_string(seconds)},
                                                           {"application_name", "tocsin"},
                                                           {"client_encoding", "UTF8"},
                                                           {"tcp_user_timeout", "10000"},
                                                           {"keepalives_idle", "10"},
                                                           {"keepalives_interval", "5"},
                                                           {"keepalives_count", "2"}};
  for (const auto& [key, value] : ours) {
    if (std::find(given.begin(), given.end(), key) == given.end()) add(key, value);
  }
  PQconninfoFree(options);
  return out;
}

// One line, without the password should the server or libpq have repeated it.
std::string Clean(std::string message, const std::string& password) {
  if (!password.empty()) message = base::ReplaceAll(std::move(message), password, "xxxxx");
  message = std::string(base::Trim(message));
  return base::ReplaceAll(std::move(message), "\n", " ");
}

// Failures to connect come without an SQLSTATE; only libpq's and the server's words tell them apart.
FailureClass ClassOfConnectError(std::string_view message) {
  static constexpr std::pair<std::string_view, FailureClass> kWords[] = {
      {"too many clients", FailureClass::too_many_connections},
      {"too many connections", FailureClass::too_many_connections},
      {"remaining connection slots", FailureClass::too_many_connections},
      {"authentication failed", FailureClass::authentication},
      {"no password supplied", FailureClass::authentication},
      {"pg_hba.conf", FailureClass::authentication},
      {"role \"", FailureClass::authentication},
      {"database \"", FailureClass::missing_object},
      {"permission denied", FailureClass::permission},
      {"timeout expired", FailureClass::timeout},
      {"starting up", FailureClass::connection_lost},
      {"shutting down", FailureClass::connection_lost},
      {"closed the connection", FailureClass::connection_lost},
  };
  for (const auto& [words, failure] : kWords) {
    if (message.find(words) != std::string_view::npos) return failure;
  }
  return FailureClass::connection_refused;
}

FailureClass ClassOfSqlState(std::string_view state, bool out_of_time) {
  if (state == "57014") return out_of_time ? FailureClass::timeout : FailureClass::cancelled;
  if (state == "55P03") return FailureClass::lock_timeout;
  if (state == "42501") return FailureClass::permission;
  if (state == "25006") return FailureClass::read_only;
  if (state == "42P01" || state == "42703" || state == "42883" || state == "3F000") return FailureClass::missing_object;
  if (state.starts_with("42")) return FailureClass::syntax;
  if (state.starts_with("22")) return FailureClass::data;
  if (state.starts_with("53")) return FailureClass::too_many_connections;
  if (state.starts_with("57P") || state.starts_with("08")) return FailureClass::connection_lost;
  if (state.starts_with("28")) return FailureClass::authentication;
  return FailureClass::other;
}

// A cursor is declared for one statement without its closing semicolon.
std::string_view WithoutSemicolon(std::string_view sql) {
  sql = base::Trim(sql);
  while (!sql.empty() && sql.back() == ';') sql = base::Trim(sql.substr(0, sql.size() - 1));
  return sql;
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
void ExecuteAlone(pqxx::nontransaction& work, const std::string& sql) {
#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 9)
  work.exec(sql, pqxx::params{});
#else
  work.exec_params(sql);
#endif
}

class PostgresSession : public Session {
 public:
  PostgresSession(const ConnectionText& text) : password_(text.password), connection_(text.text), quiet_(connection_) {}

  Dialect dialect() const override { return Dialect::postgres; }
  int server_version() const override { return connection_.server_version(); }

  QueryResult<void> Query(const std::string& sql, const QueryLimits& limits, RowSink& sink) override {
    const SteadyTime end = std::chrono::steady_clock::now() + Allowance(limits.timeout, limits.deadline);
    try {
      pqxx::nontransaction work(connection_);
      try {
        return Run(work, sql, limits, end, sink);
      } catch (const pqxx::broken_connection&) {
        throw;
      } catch (const pqxx::sql_error& e) {
        const bool out_of_time = std::chrono::steady_clock::now() + std::chrono::milliseconds(5) >= end;
        QueryError error{ClassOfSqlState(e.sqlstate(), out_of_time), Clean(e.what(), password_)};
        if (error.failure != FailureClass::connection_lost) work.exec("ROLLBACK");
        return std::unexpected(std::move(error));
      }
    } catch (const pqxx::broken_connection& e) {
      return std::unexpected(QueryError{FailureClass::connection_lost, Clean(e.what(), password_)});
    } catch (const std::exception& e) {
      const FailureClass failure = connection_.is_open() ? FailureClass::other : FailureClass::connection_lost;
      return std::unexpected(QueryError{failure, Clean(e.what(), password_)});
    }
  }

  QueryResult<void> Ping() override {
    try {
      pqxx::nontransaction work(connection_);
      work.exec("SELECT 1");
      return {};
    } catch (const std::exception& e) {
      return std::unexpected(QueryError{FailureClass::connection_lost, Clean(e.what(), password_)});
    }
  }

  void Cancel() override {
    try {
      connection_.cancel_query();
    } catch (const std::exception& e) {
      base::LogDebug("a query could not be cancelled", {{"error", e.what()}});
    }
  }

 private:
  std::string TimeoutText(base::Duration limit, SteadyTime end) const {
    return fmt::format("SET LOCAL statement_timeout = {};", Allowance(limit, end).count());
  }

  // Everything is set for the transaction only, so that a pooler in between does no harm.
  QueryResult<void> Run(pqxx::nontransaction& work, const std::string& sql, const QueryLimits& limits, SteadyTime end,
                        RowSink& sink) {
    std::string begin = "BEGIN READ ONLY;" + TimeoutText(limits.timeout, end);
    begin += fmt::format("SET LOCAL lock_timeout = {};", Allowance(limits.lock_timeout, end).count());
    begin += "SET LOCAL cursor_tuple_fraction = 1;";
    if (server_version() >= 110000) begin += "SET LOCAL jit = off;";
    work.exec(begin);
    ExecuteAlone(work, fmt::format("DECLARE tocsin_rows NO SCROLL CURSOR FOR {}", WithoutSemicolon(sql)));
    QueryResult<void> result = Fetch(work, limits, end, sink);
    work.exec(result ? "COMMIT" : "ROLLBACK");
    return result;
  }

  QueryResult<void> Fetch(pqxx::nontransaction& work, const QueryLimits& limits, SteadyTime end, RowSink& sink) {
    std::vector<Cell> cells;
    for (size_t left = limits.max_rows;;) {
      const size_t wanted = std::min<size_t>(kBatch, left + 1);
      const pqxx::result rows =
          work.exec(fmt::format("{}FETCH {} FROM tocsin_rows", TimeoutText(limits.timeout, end), wanted));
      const auto count = static_cast<size_t>(rows.size());
      if (left == limits.max_rows) HandColumns(rows, sink, cells);
      HandRows(rows, std::min(count, left), cells, sink);
      if (count > left) {
        return std::unexpected(
            QueryError{FailureClass::row_limit, fmt::format("more than {} rows (max_rows)", limits.max_rows)});
      }
      left -= count;
      if (count < wanted) return {};
    }
  }

  static void HandColumns(const pqxx::result& rows, RowSink& sink, std::vector<Cell>& cells) {
    std::vector<std::string> names;
    for (int i = 0; i < static_cast<int>(rows.columns()); ++i) names.emplace_back(rows.column_name(i));
    cells.resize(names.size());
    sink.Columns(names);
  }

  // Iterators are moved, never made, per field: making one copies two reference counts.
  static void HandRows(const pqxx::result& rows, size_t count, std::vector<Cell>& cells, RowSink& sink) {
    auto row = rows.begin();
    for (size_t i = 0; i < count; ++i, ++row) {
      auto field = row.begin();
      for (Cell& cell : cells) {
        cell = field->is_null() ? Cell() : Cell(std::string_view(field->c_str(), field->size()));
        ++field;
      }
      sink.Row(cells);
    }
  }

  const std::string password_;
  pqxx::connection connection_;
  const Quiet quiet_;
};

}  // namespace

base::Result<void> CheckPostgresUrl(const std::string& url) {
  TRY(const ConnectionText ignored, BuildConnectionText(url, "", base::Duration(0)));
  return {};
}

QueryResult<std::unique_ptr<Session>> ConnectPostgres(const std::string& url, const std::string& password,
                                                      base::Duration timeout) {
  const base::Result<ConnectionText> text = BuildConnectionText(url, password, timeout);
  if (!text) return std::unexpected(QueryError{FailureClass::other, text.error().message});
  try {
    return std::make_unique<PostgresSession>(*text);
  } catch (const std::exception& e) {
    std::string message = Clean(e.what(), text->password);
    const FailureClass failure = ClassOfConnectError(message);
    return std::unexpected(QueryError{failure, std::move(message)});
  }
}

}  // namespace exporter
