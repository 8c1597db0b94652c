#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "exporter/session.h"

namespace exporter {

// A connection in the making, on a thread of its own that nobody has to wait for.
//
// No part of connecting can be interrupted from outside: the resolver, Kerberos and the reading of certificates block
// for as long as they like, and libpq's connect_timeout counts whole seconds for each address of a host. So the wait is
// bounded instead. An attempt that nobody waits for any more ends by itself and closes what it made. Thread-safe.
class ConnectAttempt {
 public:
  using Opened = QueryResult<std::unique_ptr<Session>>;

  // `open` must own all that it uses, because it may outlive the caller. It must not throw.
  static std::shared_ptr<ConnectAttempt> Start(std::function<Opened()> open);

  // Waits until it has ended. False if `deadline` came or Interrupt was called before.
  bool Wait(SteadyTime deadline);
  void Interrupt();  // ends Wait, now and later

  bool ended() const;
  bool failed() const;  // ended without a session
  SteadyTime started() const { return started_; }
  std::chrono::duration<double> duration() const;  // REQUIRES: ended()
  Opened Take();                                   // REQUIRES: ended(), and not taken before

 private:
  void End(Opened opened);

  const SteadyTime started_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Opened> opened_;  // guarded by mutex_, as are the rest
  SteadyTime ended_at_{};
  bool interrupted_ = false;
};

}  // namespace exporter
