#include "base/net/open_connections.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <optional>

#include "base/text.h"

namespace base {
namespace {

std::optional<sockaddr_in> NameOf(int fd, int (*name_of)(int, sockaddr*, socklen_t*)) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  if (name_of(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0 || name.sin_family != AF_INET) return std::nullopt;
  return name;
}

void ForEachSocket(const std::vector<int>& ports, const std::function<void(int, std::optional<sockaddr_in>)>& take) {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", failed)) {
    const auto number = ParseInteger(entry.path().filename().string());
    if (!number) continue;
    const int fd = static_cast<int>(*number);
    const auto own = NameOf(fd, getsockname);
    if (own && std::ranges::find(ports, ntohs(own->sin_port)) != ports.end()) take(fd, NameOf(fd, getpeername));
  }
}

std::string ToText(const sockaddr_in& name) {
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &name.sin_addr, text.data(), text.size());
  return fmt::format("{}:{}", text.data(), ntohs(name.sin_port));
}

// A request that still lies in the kernel waits for us, not we for it.
bool HasUnread(int fd) {
  int bytes = 0;
  return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

}  // namespace

std::vector<OpenConnection> OpenConnections(const std::vector<int>& ports) {
  std::vector<OpenConnection> found;
  ForEachSocket(ports, [&](int fd, const std::optional<sockaddr_in>& peer) {
    if (peer) found.push_back({fd, ToText(*peer)});
  });
  return found;
}

void EndWaiting(const std::vector<int>& ports) {
  ForEachSocket(ports, [](int fd, const auto& peer) { shutdown(fd, peer ? SHUT_RD : SHUT_RDWR); });
}

bool HasHungUp(int fd) {
  pollfd one{.fd = fd, .events = POLLRDHUP, .revents = 0};
  return poll(&one, 1, 0) > 0 && (one.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void SlowClients::Working(std::string_view peer) {
  const std::scoped_lock lock(mutex_);
  answers_.insert_or_assign(std::string(peer), Answer{false, Clock::now()});
}

void SlowClients::Writing(std::string_view peer) {
  const std::scoped_lock lock(mutex_);
  answers_.insert_or_assign(std::string(peer), Answer{true, Clock::now()});
}

void SlowClients::Done(std::string_view peer) {
  const std::scoped_lock lock(mutex_);
  if (const auto at = answers_.find(peer); at != answers_.end()) answers_.erase(at);
}

std::vector<OpenConnection> SlowClients::Find(const std::vector<OpenConnection>& open, Which which,
                                              Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  std::map<std::string, Clock::time_point, std::less<>> waiting;
  std::vector<OpenConnection> slow;
  for (const OpenConnection& one : open) {
    const auto answer = answers_.find(one.peer);
    Clock::time_point since = now;
    if (answer != answers_.end()) {
      if (!answer->second.writing) continue;
      since = answer->second.since;
    } else {
      if (which == Which::readers || HasUnread(one.fd)) continue;
      const auto before = waiting_.find(one.peer);
      if (before != waiting_.end()) since = before->second;
      waiting.emplace(one.peer, since);
    }
    if (now - since >= kPatience) slow.push_back(one);
  }
  waiting_ = std::move(waiting);
  return slow;
}

void SlowClients::Forget() {
  const std::scoped_lock lock(mutex_);
  waiting_.clear();
}

}  // namespace base
