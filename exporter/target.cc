#include "exporter/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

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

QueryError Cancelled() { return {FailureClass::cancelled, "shutting down"}; }

QueryError TookTooLong(const TargetConfig& config) {
  return {FailureClass::timeout,
          fmt::format("no connection within {} (connect_timeout)", base::FormatDuration(config.connect_timeout))};
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

// All that may block, the reading of the password's file included.
std::shared_ptr<ConnectAttempt> Target::StartAttempt() const {
  return ConnectAttempt::Start([config = config_, dialect = dialect_]() -> ConnectAttempt::Opened {
    if (dialect == Dialect::sqlite) return OpenSqlite(SqlitePath(config.url));
    std::string password;
    if (!config.password.empty()) {
      base::Result<std::string> read = config.password.Read();
      if (!read) return std::unexpected(QueryError{FailureClass::authentication, read.error().message});
      password = std::move(*read);
    }
    return ConnectPostgres(config.url, password, config.connect_timeout);
  });
}

QueryResult<std::unique_ptr<Session>> Target::Open(SteadyTime deadline) {
  std::shared_ptr<ConnectAttempt> attempt;
  {
    const std::scoped_lock lock(mutex_);
    if (cancelled_) return std::unexpected(Cancelled());
    // a failure that came after everybody had gone says nothing of now
    if (attempt_ == nullptr || attempt_->failed()) attempt_ = StartAttempt();
    attempt = attempt_;
  }
  const auto begin = std::chrono::steady_clock::now();
  const bool ended = attempt->Wait(begin + Allowance(config_.connect_timeout, deadline));
  const std::scoped_lock lock(mutex_);
  if (cancelled_) return std::unexpected(Cancelled());
  if (!ended) {
    QueryError error = TookTooLong(config_);
    NoteConnect(false, std::chrono::steady_clock::now() - begin, error);
    return std::unexpected(std::move(error));
  }
  attempt_.reset();
  QueryResult<std::unique_ptr<Session>> opened = attempt->Take();
  NoteConnect(opened.has_value(), attempt->duration(), opened ? QueryError{} : opened.error());
  return opened;
}

QueryResult<Session*> Target::Connect(SteadyTime deadline) {
  if (session_ != nullptr) return session_.get();
  if (std::chrono::steady_clock::now() < next_attempt_) return std::unexpected(last_error_);
  QueryResult<std::unique_ptr<Session>> opened = Open(deadline);
  if (!opened) {
    GivenUp(opened.error());
    return std::unexpected(last_error_);
  }
  const std::scoped_lock lock(mutex_);
  if (cancelled_) return std::unexpected(Cancelled());
  session_ = std::move(*opened);
  return session_.get();
}

void Target::GivenUp(QueryError error) {
  last_error_ = std::move(error);
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  next_attempt_ = std::chrono::steady_clock::now() + pause_;
}

void Target::Disconnect() {
  std::shared_ptr<Session> gone;
  {
    const std::scoped_lock lock(mutex_);
    gone.swap(session_);
  }
}

void Target::NoteConnect(bool success, std::chrono::duration<double> duration, QueryError error) {
  checked_at_ = std::chrono::steady_clock::now();
  check_.reset();  // this one is newer
  if (config_.connect_check.count() > 0) checked_ = ConnectCheck{success, duration, std::move(error)};
}

void Target::StartConnectCheck() {
  const base::Duration interval = config_.connect_check;
  if (dialect_ != Dialect::postgres || interval.count() == 0 || check_ != nullptr) return;
  if (std::chrono::steady_clock::now() < checked_at_ + interval) return;
  checked_at_ = std::chrono::steady_clock::now();
  check_ = StartAttempt();
}

std::optional<ConnectCheck> Target::connect_check() {
  if (dialect_ != Dialect::postgres) return std::nullopt;
  if (check_ != nullptr) {
    const auto waited = std::chrono::steady_clock::now() - check_->started();
    if (check_->ended()) {
      const auto attempt = std::exchange(check_, nullptr);
      const auto opened = attempt->Take();
      checked_ = ConnectCheck{opened.has_value(), attempt->duration(), opened ? QueryError{} : opened.error()};
    } else if (waited >= config_.connect_timeout) {
      checked_ = ConnectCheck{false, waited, TookTooLong(config_)};
    }
  }
  return checked_;
}

void Target::Cancel() {
  std::shared_ptr<Session> session;
  std::shared_ptr<ConnectAttempt> attempt;
  {
    const std::scoped_lock lock(mutex_);
    cancelled_ = true;
    session = session_;
    attempt = attempt_;
  }
  if (session != nullptr) session->Cancel();
  if (attempt != nullptr) attempt->Interrupt();
}

}  // namespace exporter
