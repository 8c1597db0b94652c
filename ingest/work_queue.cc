#include "ingest/work_queue.h"

#include <exception>

#include "base/log.h"

namespace ingest {
namespace {

void CarryOut(const WorkQueue::Task& task) {
  try {
    task();
  } catch (const std::exception& error) {
    base::LogError("a scrape task failed", {{"error", error.what()}});
  }
}

}  // namespace

void WorkQueue::Push(Task task) {
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) return;
    tasks_.push(std::move(task));
  }
  ready_.notify_one();
}

void WorkQueue::Close() {
  std::queue<Task> dropped;
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    dropped.swap(tasks_);
  }
  ready_.notify_all();
}

void WorkQueue::Work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [&] { return closed_ || !tasks_.empty(); });
    if (closed_) return;
    const Task task = std::move(tasks_.front());
    tasks_.pop();
    lock.unlock();
    CarryOut(task);
  }
}

WorkerPool::WorkerPool(size_t threads) : queue_(std::make_shared<WorkQueue>()) {
  for (size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([queue = queue_] { queue->Work(); });
  }
}

WorkerPool::~WorkerPool() { queue_->Close(); }

}  // namespace ingest
