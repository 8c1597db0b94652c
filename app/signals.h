#pragma once

#include <optional>

namespace app {

enum class SignalEvent : unsigned char { reload, stop };

// SIGHUP, SIGINT and SIGTERM as events read by one thread. Made before any other thread, because it blocks the signals
// for the threads that follow; SIGPIPE is ignored. One per process.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  SignalEvent Wait() const;

 private:
  int descriptor_ = -1;
};

// Tells systemd ("READY=1", "RELOADING=1" …) over $NOTIFY_SOCKET; does nothing without one.
void NotifySystemd(const char* state);

}  // namespace app
