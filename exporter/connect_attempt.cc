#include "exporter/connect_attempt.h"

#include <system_error>
#include <thread>

namespace exporter {

std::shared_ptr<ConnectAttempt> ConnectAttempt::Start(std::function<Opened()> open) {
  auto attempt = std::make_shared<ConnectAttempt>();
  try {
    std::thread([attempt, open = std::move(open)] { attempt->End(open()); }).detach();
  } catch (const std::system_error& e) {
    attempt->End(std::unexpected(QueryError{FailureClass::other, std::string("cannot start a thread: ") + e.what()}));
  }
  return attempt;
}

void ConnectAttempt::End(Opened opened) {
  const std::scoped_lock lock(mutex_);
  opened_ = std::move(opened);
  ended_at_ = std::chrono::steady_clock::now();
  changed_.notify_all();
}

bool ConnectAttempt::Wait(SteadyTime deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return opened_.has_value() || interrupted_; });
  return opened_.has_value() && !interrupted_;
}

void ConnectAttempt::Interrupt() {
  const std::scoped_lock lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}

bool ConnectAttempt::ended() const {
  const std::scoped_lock lock(mutex_);
  return opened_.has_value();
}

bool ConnectAttempt::failed() const {
  const std::scoped_lock lock(mutex_);
  return opened_.has_value() && !opened_->has_value();
}

std::chrono::duration<double> ConnectAttempt::duration() const {
  const std::scoped_lock lock(mutex_);
  return ended_at_ - started_;
}

ConnectAttempt::Opened ConnectAttempt::Take() {
  const std::scoped_lock lock(mutex_);
  return std::move(*opened_);
}

}  // namespace exporter
