#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace base {

// Threads with the system's ordinary stack (usually 8 MB) to run handlers on: the ones civetweb makes have 100 kB,
// which a deeply nested expression or template would overrun. Thread-safe. Nothing may run any longer when it is
// destroyed.
class HandlerThreads {
 public:
  explicit HandlerThreads(int count);

  // Runs the task on one of the threads and returns when it has ended. Meanwhile `look`, if there is one, is called
  // about twice a second on the caller's thread. Neither may throw.
  void Run(const std::function<void()>& task, const std::function<void()>& look = {});

 private:
  struct Waiting {
    const std::function<void()>* task;
    bool done = false;
  };

  void Serve(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::condition_variable done_;
  std::deque<Waiting*> waiting_;  // guarded by mutex_, as each one's `done`
  std::vector<std::jthread> threads_;
};

}  // namespace base
