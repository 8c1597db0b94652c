#include "tests/support/tcp_proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <vector>

namespace test {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

}  // namespace

TcpProxy::TcpProxy(int to_port)
    : to_port_(to_port), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), wake_(eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 100) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the proxy cannot listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

TcpProxy::~TcpProxy() {
  thread_.request_stop();
  Wake();
  thread_.join();
  for (const auto& [socket, peer] : peers_) close(socket);
  close(listener_);
  close(wake_);
}

void TcpProxy::Wake() {
  const uint64_t one = 1;
  if (write(wake_, &one, sizeof one) != sizeof one) throw std::runtime_error("the proxy cannot be woken");
}

void TcpProxy::Freeze() {
  frozen_ = true;
  Wake();
  resting_.wait(false);
}

void TcpProxy::Thaw() {
  frozen_ = false;
  Wake();
  resting_.wait(true);
}

void TcpProxy::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    resting_ = frozen_.load();
    resting_.notify_all();
    std::vector<pollfd> sockets = {{wake_, POLLIN, 0}};
    if (!resting_) {
      sockets.push_back({listener_, POLLIN, 0});
      for (const auto& [socket, peer] : peers_) sockets.push_back({socket, POLLIN, 0});
    }
    poll(sockets.data(), sockets.size(), -1);
    for (const pollfd& ready : sockets) {
      if (ready.revents == 0) continue;
      uint64_t count = 0;
      if (ready.fd == wake_) {
        if (read(wake_, &count, sizeof count) < 0) return;
      } else if (ready.fd == listener_) {
        Accept();
      } else {
        Forward(ready.fd);
      }
    }
  }
}

void TcpProxy::Accept() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  ++accepted_;
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(to_port_);
  if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(client);
    close(server);
    return;
  }
  peers_[client] = server;
  peers_[server] = client;
}

void TcpProxy::Forward(int from) {
  const auto found = peers_.find(from);
  if (found == peers_.end()) return;  // closed a moment ago, with its peer
  std::vector<char> data(64 << 10);
  const ssize_t size = read(from, data.data(), data.size());
  if (size <= 0 || send(found->second, data.data(), static_cast<size_t>(size), MSG_NOSIGNAL) != size) Close(from);
}

void TcpProxy::Close(int socket) {
  const int peer = peers_.at(socket);
  for (const int end : {socket, peer}) {
    peers_.erase(end);
    close(end);
  }
}

}  // namespace test
