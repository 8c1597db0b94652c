#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace base {

// civetweb shows nobody its sockets, so those of a server are looked up among the process's files, by its ports.

// A socket between a client and one of our ports. `peer` names the client: "127.0.0.1:51234".
struct OpenConnection {
  int fd = -1;
  std::string peer;
};
std::vector<OpenConnection> OpenConnections(const std::vector<int>& ports);

// Stops a server's sockets from waiting: listening ones are closed to newcomers, the others told that no more requests
// come. Answers under way still go out.
void EndWaiting(const std::vector<int>& ports);

// Whether the client has closed its end. Unread requests do not hide it.
bool HasHungUp(int fd);

// Which connections are held by clients that keep the server waiting: for a request's head that never ends, for the
// next request, or for room to write an answer that is not read. Thread-safe.
class SlowClients {
 public:
  using Clock = std::chrono::steady_clock;
  // How long a client may keep us waiting once all threads are taken.
  static constexpr std::chrono::seconds kPatience{2};

  // The server works for this client now, or writes another piece to it; until Done, only slow writing is held against
  // it.
  void Working(std::string_view peer);
  void Writing(std::string_view peer);
  void Done(std::string_view peer);

  enum class Which : uint8_t { readers, all };
  // To be called about twice a second while there is a shortage: those of `open` that have kept us waiting for longer
  // than kPatience, since earlier calls saw them; or only those that do not read their answers.
  std::vector<OpenConnection> Find(const std::vector<OpenConnection>& open, Which which, Clock::time_point now);
  void Forget();  // there is enough again

 private:
  struct Answer {
    bool writing = false;
    Clock::time_point since;
  };
  std::mutex mutex_;
  // guarded by mutex_
  std::map<std::string, Answer, std::less<>> answers_;
  std::map<std::string, Clock::time_point, std::less<>> waiting_;  // when first seen
};

}  // namespace base
