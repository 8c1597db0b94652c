#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "alertmanager/delivery_queue.h"
#include "alertmanager/metrics.h"
#include "base/clock.h"

namespace alertmanager {

// A bounded number of threads that carry out what a DeliveryQueue says. Thread-safe.
class DeliveryPool {
 public:
  struct Options {
    size_t threads = 16;
    DeliveryQueue::Options queue;
    uint64_t seed = 1;  // of the jitter
  };
  // Called on a pool thread (or within Submit) once for every delivery that ends; must not block.
  using Ended = std::function<void(DeliveryEnd)>;

  DeliveryPool(const base::Clock& clock, base::HttpClient& client, Metrics& metrics, Options options, Ended ended);
  ~DeliveryPool();  // Drain(0)

  void Submit(std::vector<Delivery> deliveries);
  // Waits up to `limit` for what is queued, then cancels tries under way and joins the threads. What is left is
  // dropped. True if nothing was left. Submit must not be called any more.
  bool Drain(base::Duration limit);

 private:
  void Work(std::stop_token stop);
  void Try(Delivery delivery, std::stop_token stop);

  const base::Clock& clock_;
  base::HttpClient& client_;
  Metrics& metrics_;
  Ended ended_;
  std::mutex mutex_;
  DeliveryQueue queue_;  // guarded by mutex_
  std::condition_variable_any changed_;
  std::vector<std::jthread> threads_;  // last: they use all the above
};

}  // namespace alertmanager
