#include "exporter/target.h"

#include <algorithm>

namespace exporter {
namespace {

constexpr base::Duration kFirstPause = std::chrono::milliseconds(250);
constexpr base::Duration kLongestPause = std::chrono::seconds(15);
constexpr std::string_view kSqlite = "sqlite:";

// sqlite:///var/x.db and sqlite:/var/x.db are absolute, sqlite:x.db and sqlite://x.db relative.
std::string SqlitePath(std::string_view url) {
  url.remove_prefix(kSqlite.size());
  if (url.starts_with("//")) url.remove_prefix(2);
  return std::string(url);
}

}  // namespace

base::Result<Dialect> DialectOfUrl(const std::string& url) {
  if (url.starts_with(kSqlite)) {
    if (SqlitePath(url).empty()) return base::Invalid("the sqlite URL has no path; write sqlite:///path/to/file.db");
    return Dialect::sqlite;
  }
  const size_t scheme = url.find("://");
  const bool known = url.starts_with("postgresql://") || url.starts_with("postgres://");
  if (url.empty() || (scheme != std::string::npos && scheme < url.find_first_of("@?=/ ") && !known)) {
    return base::Invalid("expected a URL such as postgresql://user@host:5432/database or sqlite:///path/to/file.db");
  }
  TRY_VOID(CheckPostgresUrl(url));
  return Dialect::postgres;
}

base::Result<std::unique_ptr<Target>> Target::Create(TargetConfig config) {
  TRY(const Dialect dialect, DialectOfUrl(config.url));
  return std::unique_ptr<Target>(new Target(std::move(config), dialect));
}

QueryResult<std::unique_ptr<Session>> Target::Open(SteadyTime deadline) const {
  if (dialect_ == Dialect::sqlite) return OpenSqlite(SqlitePath(config_.url));
  std::string password;
  if (!config_.password.empty()) {
    base::Result<std::string> read = config_.password.Read();
    if (!read) return std::unexpected(QueryError{FailureClass::authentication, read.error().message});
    password = std::move(*read);
  }
  return ConnectPostgres(config_.url, password, Allowance(config_.connect_timeout, deadline));
}

QueryResult<Session*> Target::Connect(SteadyTime deadline) {
  if (session_ != nullptr) return session_.get();
  if (std::chrono::steady_clock::now() < next_attempt_) return std::unexpected(last_error_);
  QueryResult<std::unique_ptr<Session>> opened = Open(deadline);
  if (!opened) {
    last_error_ = opened.error();
    pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
    next_attempt_ = std::chrono::steady_clock::now() + pause_;
    return std::unexpected(last_error_);
  }
  pause_ = base::Duration(0);
  const std::scoped_lock lock(mutex_);
  if (cancelled_) return std::unexpected(QueryError{FailureClass::cancelled, "shutting down"});
  session_ = std::move(*opened);
  return session_.get();
}

void Target::Disconnect() {
  std::shared_ptr<Session> gone;
  const std::scoped_lock lock(mutex_);
  gone.swap(session_);
}

void Target::Cancel() {
  std::shared_ptr<Session> session;
  {
    const std::scoped_lock lock(mutex_);
    cancelled_ = true;
    session = session_;
  }
  if (session != nullptr) session->Cancel();
}

}  // namespace exporter
