#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <stop_token>
#include <thread>
#include <vector>

namespace ingest {

// Tasks in order, carried out by a few threads. The scrape loop hands over at most one task per target at a time, which
// bounds it. Thread-safe.
class WorkQueue {
 public:
  using Task = std::function<void()>;

  // Dropped once the queue is closed.
  void Push(Task task);
  // Drops what waits and refuses more.
  void Close();
  // Carries tasks out until the queue is closed. What a task throws is logged and ends with that task.
  void Work();

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::queue<Task> tasks_;  // guarded by mutex_
  bool closed_ = false;     // guarded by mutex_
};

// A queue with its threads. Destruction lets running tasks finish and drops the waiting ones.
class WorkerPool {
 public:
  explicit WorkerPool(size_t threads);
  ~WorkerPool();
  // May outlive the pool; it is closed then.
  const std::shared_ptr<WorkQueue>& queue() const { return queue_; }

 private:
  std::shared_ptr<WorkQueue> queue_;
  std::vector<std::jthread> threads_;
};

}  // namespace ingest
