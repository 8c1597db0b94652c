#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "exporter/config.h"
#include "exporter/connect_attempt.h"
#include "exporter/session.h"

namespace exporter {

// `postgres` unless the URL starts with "sqlite:". invalid_argument, without repeating the URL, if it makes no sense.
base::Result<Dialect> DialectOfUrl(const std::string& url);

// The kinds of session. Both block, for longer than `timeout` where the resolver does: run by ConnectAttempt.
// PostgreSQL's own limit on connecting is `timeout` rounded up to whole seconds, at least two, for each address.
QueryResult<std::unique_ptr<Session>> ConnectPostgres(const std::string& url, const std::string& password,
                                                      base::Duration timeout);
QueryResult<std::unique_ptr<Session>> OpenSqlite(const std::string& path);
// invalid_argument if libpq can't read the connection string; the message never repeats it.
base::Result<void> CheckPostgresUrl(const std::string& url);

// Whether a new client gets in, and how long that took.
struct ConnectCheck {
  bool success = false;
  std::chrono::duration<double> duration{0};
  QueryError error{};  // where it is not a success
};

// A database, and the one connection tocsin holds to it: made when first asked for, kept, and made again after it
// broke, with pauses that double from 0.25 to 15 seconds while that fails or what was made does not answer. Used by one
// thread, but for Cancel.
class Target {
 public:
  static base::Result<std::unique_ptr<Target>> Create(TargetConfig config);

  const std::string& name() const { return config_.name; }
  const TargetConfig& config() const { return config_; }
  Dialect dialect() const { return dialect_; }

  // The session, connected, within connect_timeout and `deadline`. While a pause lasts: the error of the last attempt,
  // at once. An attempt that takes longer goes on, and the next call waits for it instead of beginning another.
  QueryResult<Session*> Connect(SteadyTime deadline);
  bool connected() const { return session_ != nullptr; }
  void Disconnect();
  // What became of a new session: it answered, or it was given up for `error`.
  void Answered() { pause_ = base::Duration(0); }
  void GivenUp(QueryError error);

  // Begins a connection that is closed again at once, where the last one was made `connect_check` ago or earlier: a
  // kept connection works on when the server lets nobody in. Never waits.
  void StartConnectCheck();
  // The newest outcome, of a check or of connecting itself; nullopt before the first, and where connect_check is 0.
  std::optional<ConnectCheck> connect_check();

  // From any thread: ends the running query or attempt, and lets no new connection be made.
  void Cancel();

 private:
  Target(TargetConfig config, Dialect dialect) : config_(std::move(config)), dialect_(dialect) {}
  std::shared_ptr<ConnectAttempt> StartAttempt() const;
  QueryResult<std::unique_ptr<Session>> Open(SteadyTime deadline);
  void NoteConnect(bool success, std::chrono::duration<double> duration, QueryError error);

  const TargetConfig config_;
  const Dialect dialect_;
  QueryError last_error_;
  base::Duration pause_{0};
  SteadyTime next_attempt_{};
  SteadyTime checked_at_{};                // when the last connection was tried
  std::shared_ptr<ConnectAttempt> check_;  // under way, or null
  std::optional<ConnectCheck> checked_;
  std::mutex mutex_;
  std::shared_ptr<ConnectAttempt> attempt_;  // under way, or null; replaced under mutex_
  std::shared_ptr<Session> session_;         // replaced under mutex_
  bool cancelled_ = false;                   // guarded by mutex_
};

}  // namespace exporter
