#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "exporter/session.h"

// What the two kinds of PostgreSQL sessions share: connection strings, and the classes of what goes wrong.

namespace exporter {

// A connection string of libpq, completed. Kept apart from messages: it holds secrets.
struct ConnectionText {
  std::string text;
  std::string password;
};

// Adds what tocsin sets where `url` does not (timeouts, keepalives, application_name, client_encoding).
// invalid_argument if libpq can't read it; the message never repeats it.
base::Result<ConnectionText> BuildConnectionText(const std::string& url, const std::string& password,
                                                 base::Duration timeout);

// One line, without the password should the server or libpq have repeated it.
std::string CleanMessage(std::string message, const std::string& password);

// Failures to connect come without an SQLSTATE; only libpq's and the server's words tell them apart.
FailureClass ClassOfConnectError(std::string_view message);

// `out_of_time`: the statement's own limit had passed, so that a cancelled statement is a timeout.
FailureClass ClassOfSqlState(std::string_view state, bool out_of_time);

// The first word of a statement in lower case, comments skipped; "" if there is none.
std::string FirstKeyword(std::string_view sql);

// What a session says when its deadline has shut the socket down. The same words each time, so that a database that
// hangs for hours is logged once.
QueryError NoAnswer();

// How much later than its limit a query is cut off: time for the server's own statement_timeout to be told, which keeps
// the session.
constexpr base::Duration kCutOffGrace = std::chrono::seconds(1);
constexpr base::Duration kLongestClosing = std::chrono::seconds(2);

// A session with pgbouncer's administration console ("SHOW POOLS"), which is no PostgreSQL: it has no transactions, no
// cursors and no settings, and only the simple query protocol. Fails if the server is something else.
QueryResult<std::unique_ptr<Session>> ConnectPgbouncerConsole(const ConnectionText& text);

}  // namespace exporter
