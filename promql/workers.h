#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace promql {

// A few threads that lend a hand to whoever evaluates a large query. They belong to no query: each helps one at a time,
// and a query whose turn does not come does all its work itself. Thread-safe.
class Workers {
 public:
  explicit Workers(size_t threads);  // beside those of the callers
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Calls work(0) … work(count - 1), each once, on the caller's thread and those that help; begun in ascending order.
  // Returns when all have ended. What `work` throws is thrown here; work not begun by then is not done.
  void Run(size_t count, const std::function<void(size_t)>& work);

 private:
  struct Job {
    const std::function<void(size_t)>& work;
    const size_t count;
    std::atomic<size_t> next = 0;
    size_t helpers = 0;          // guarded by mutex_
    std::exception_ptr failure;  // likewise
  };
  void Help(const std::stop_token& stop);
  void Work(Job& job);

  std::mutex mutex_;
  std::condition_variable_any wanted_;
  std::condition_variable left_;  // a job's last helper
  std::vector<Job*> jobs_;        // guarded by mutex_; those that may have work not begun
  std::vector<std::jthread> threads_;
};

}  // namespace promql
