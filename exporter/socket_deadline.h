#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "exporter/session.h"

namespace exporter {

// Bounds blocking calls on a connected socket: at the armed deadline the socket is shut down in both directions, so a
// library that waits for the peer returns at once and reports a broken connection.
//
// libpqxx waits for the server without a limit and has no asynchronous interface to replace that wait. Shutting the
// socket down bounds every such call at once (queries, TLS, closing), whatever the state of the server or the network.
//
// Arm and Disarm are called by the thread that makes the calls; Expire and expired by any thread.
class SocketDeadline {
 public:
  // Duplicates the descriptor: a socket that the library closes and whose number another thread gets is never hit. The
  // connection ends for the peer once both descriptors are closed. Throws std::system_error if none is left.
  explicit SocketDeadline(int socket);
  ~SocketDeadline();
  SocketDeadline(const SocketDeadline&) = delete;
  SocketDeadline& operator=(const SocketDeadline&) = delete;

  void Arm(SteadyTime deadline);
  void Disarm();
  void Expire();         // now, and for good
  bool expired() const;  // the socket was shut down; it cannot be used again

 private:
  void Watch(const std::stop_token& stop);
  void ShutDown();  // under mutex_

  const int socket_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  SteadyTime deadline_ = SteadyTime::max();  // guarded by mutex_, as are the rest; max: disarmed
  SteadyTime watched_ = SteadyTime::max();   // when the thread looks next
  bool expired_ = false;
  std::jthread thread_;
};

}  // namespace exporter
