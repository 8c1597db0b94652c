#include "app/signals.h"

#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace app {

Signals::Signals() {
  sigset_t events;
  sigemptyset(&events);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&events, signal);
  pthread_sigmask(SIG_BLOCK, &events, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  descriptor_ = signalfd(-1, &events, SFD_CLOEXEC);
}

Signals::~Signals() { close(descriptor_); }

SignalEvent Signals::Wait() const {
  signalfd_siginfo info{};
  while (read(descriptor_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
  }
  return info.ssi_signo == SIGHUP ? SignalEvent::reload : SignalEvent::stop;
}

void NotifySystemd(const char* state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path == nullptr || std::strlen(path) >= sizeof address.sun_path) return;
  std::ranges::copy(std::string_view(path), address.sun_path);
  // a leading @ names the abstract namespace
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  (void)sendto(socket_fd, state, std::strlen(state), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
  close(socket_fd);
}

}  // namespace app
