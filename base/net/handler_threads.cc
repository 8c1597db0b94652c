#include "base/net/handler_threads.h"

#include <chrono>

namespace base {
namespace {

constexpr std::chrono::milliseconds kLookEvery(500);

}  // namespace

HandlerThreads::HandlerThreads(int count) {
  threads_.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Serve(stop); });
  }
}

void HandlerThreads::Run(const std::function<void()>& task, const std::function<void()>& look) {
  Waiting one{.task = &task};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&one);
  arrived_.notify_one();
  while (!done_.wait_for(lock, kLookEvery, [&one] { return one.done; })) {
    if (!look) continue;
    lock.unlock();
    look();
    lock.lock();
  }
}

void HandlerThreads::Serve(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (arrived_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    Waiting& one = *waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    (*one.task)();
    lock.lock();
    one.done = true;
    done_.notify_all();
  }
}

}  // namespace base
