#include "promql/workers.h"

namespace promql {

Workers::Workers(size_t threads) {
  for (size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Help(stop); });
  }
}

Workers::~Workers() { threads_.clear(); }

void Workers::Help(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (wanted_.wait(lock, stop, [this] { return !jobs_.empty(); })) {
    Job& job = *jobs_.front();
    ++job.helpers;
    lock.unlock();
    Work(job);
    lock.lock();
    std::erase(jobs_, &job);
    if (--job.helpers == 0) left_.notify_all();
  }
}

void Workers::Work(Job& job) {
  try {
    for (size_t i = job.next++; i < job.count; i = job.next++) job.work(i);
  } catch (...) {
    job.next = job.count;
    const std::scoped_lock lock(mutex_);
    job.failure = std::current_exception();
  }
}

void Workers::Run(size_t count, const std::function<void(size_t)>& work) {
  Job job{work, count, 0, 0, nullptr};
  {
    const std::scoped_lock lock(mutex_);
    jobs_.push_back(&job);
  }
  wanted_.notify_all();
  Work(job);
  std::unique_lock lock(mutex_);
  std::erase(jobs_, &job);
  left_.wait(lock, [&job] { return job.helpers == 0; });
  if (job.failure) std::rethrow_exception(job.failure);
}

}  // namespace promql
