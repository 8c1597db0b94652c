#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "exporter/config.h"
#include "exporter/session.h"

namespace exporter {

// `postgres` unless the URL starts with "sqlite:". invalid_argument, without repeating the URL, if it makes no sense.
base::Result<Dialect> DialectOfUrl(const std::string& url);

// The two kinds of session. Connecting takes at most `timeout`, rounded up to whole seconds and at least two for
// PostgreSQL (libpq's own granularity).
QueryResult<std::unique_ptr<Session>> ConnectPostgres(const std::string& url, const std::string& password,
                                                      base::Duration timeout);
QueryResult<std::unique_ptr<Session>> OpenSqlite(const std::string& path);
// invalid_argument if libpq can't read the connection string; the message never repeats it.
base::Result<void> CheckPostgresUrl(const std::string& url);

// A database, and the one connection tocsin holds to it: made when first asked for, kept, and made again after it
// broke, with pauses that double from 0.25 to 15 seconds while that fails. Used by one thread, but for Cancel.
class Target {
 public:
  static base::Result<std::unique_ptr<Target>> Create(TargetConfig config);

  const std::string& name() const { return config_.name; }
  const TargetConfig& config() const { return config_; }
  Dialect dialect() const { return dialect_; }

  // The session, connected. While a pause lasts: the error of the last attempt, at once.
  QueryResult<Session*> Connect(SteadyTime deadline);
  void Disconnect();

  // From any thread: ends the running query, and lets no new connection be made.
  void Cancel();

 private:
  Target(TargetConfig config, Dialect dialect) : config_(std::move(config)), dialect_(dialect) {}
  QueryResult<std::unique_ptr<Session>> Open(SteadyTime deadline) const;

  const TargetConfig config_;
  const Dialect dialect_;
  QueryError last_error_;
  base::Duration pause_{0};
  SteadyTime next_attempt_{};
  std::mutex mutex_;
  std::shared_ptr<Session> session_;  // replaced under mutex_
  bool cancelled_ = false;            // guarded by mutex_
};

}  // namespace exporter
