#include "exporter/socket_deadline.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace exporter {
namespace {

int Duplicate(int socket) {
  const int copy = fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw std::system_error(errno, std::generic_category(), "cannot duplicate the connection's socket");
  return copy;
}

}  // namespace

SocketDeadline::SocketDeadline(int socket) : socket_(Duplicate(socket)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { Watch(stop); });
}

SocketDeadline::~SocketDeadline() {
  thread_.request_stop();
  thread_.join();
  close(socket_);
}

void SocketDeadline::Arm(SteadyTime deadline) {
  const std::scoped_lock lock(mutex_);
  deadline_ = deadline;
  // most deadlines lie behind the one before: the thread finds out when it wakes, and a query costs no wake-up
  if (deadline < watched_) changed_.notify_all();
}

void SocketDeadline::Disarm() {
  const std::scoped_lock lock(mutex_);
  deadline_ = SteadyTime::max();
}

void SocketDeadline::Expire() {
  const std::scoped_lock lock(mutex_);
  ShutDown();
}

bool SocketDeadline::expired() const {
  const std::scoped_lock lock(mutex_);
  return expired_;
}

void SocketDeadline::ShutDown() {
  if (!expired_) shutdown(socket_, SHUT_RDWR);
  expired_ = true;
}

void SocketDeadline::Watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    watched_ = deadline_;
    if (watched_ == SteadyTime::max()) {
      changed_.wait(lock, stop, [&] { return deadline_ != SteadyTime::max(); });
    } else {
      changed_.wait_until(lock, stop, watched_, [&] { return deadline_ < watched_; });
      if (deadline_ <= std::chrono::steady_clock::now()) {
        ShutDown();
        deadline_ = SteadyTime::max();
      }
    }
  }
}

}  // namespace exporter
