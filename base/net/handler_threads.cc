#include "base/net/handler_threads.h"

namespace base {

HandlerThreads::HandlerThreads(int count) {
  threads_.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Serve(stop); });
  }
}

void HandlerThreads::Run(const std::function<void()>& task) {
  Waiting one{.task = &task};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&one);
  arrived_.notify_one();
  done_.wait(lock, [&one] { return one.done; });
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
