#include "alertmanager/delivery_pool.h"

#include <algorithm>
#include <exception>

#include "base/log.h"

namespace alertmanager {
namespace {

// Waits are counted by the machine's own clock; this bounds the harm where the injected one moves differently.
constexpr base::Duration kLongestWait = std::chrono::seconds(1);

}  // namespace

DeliveryPool::DeliveryPool(const base::Clock& clock, base::HttpClient& client, Metrics& metrics, Options options,
                           Ended ended)
    : clock_(clock), client_(client), metrics_(metrics), ended_(std::move(ended)), queue_(options.queue, options.seed) {
  for (size_t i = 0; i < options.threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Work(stop); });
  }
}

DeliveryPool::~DeliveryPool() { Drain(base::Duration(0)); }

void DeliveryPool::Submit(std::vector<Delivery> deliveries) {
  std::vector<DeliveryEnd> ended;
  {
    const std::scoped_lock lock(mutex_);
    for (Delivery& delivery : deliveries) {
      if (auto end = queue_.Push(std::move(delivery), clock_.Now())) ended.push_back(std::move(*end));
    }
  }
  changed_.notify_all();
  for (DeliveryEnd& end : ended) ended_(std::move(end));
}

void DeliveryPool::Work(std::stop_token stop) {
  while (!stop.stop_requested()) {
    std::vector<DeliveryEnd> ended;
    std::optional<Delivery> delivery;
    {
      std::unique_lock lock(mutex_);
      const base::Timestamp now = clock_.Now();
      delivery = queue_.Take(now, ended);
      if (!delivery && ended.empty()) {
        const base::Timestamp next = queue_.NextTake();
        const base::Duration wait =
            next == base::Timestamp::max() ? kLongestWait : std::clamp(next - now, base::Duration(1), kLongestWait);
        changed_.wait_for(lock, stop, wait, [&] { return queue_.NextTake() != next; });
      }
    }
    for (DeliveryEnd& end : ended) ended_(std::move(end));
    if (delivery) Try(std::move(*delivery), stop);
  }
}

void DeliveryPool::Try(Delivery delivery, std::stop_token stop) {
  const base::Timestamp start = clock_.Now();
  Outcome outcome;
  try {
    outcome = delivery.integration->Send(*delivery.job.notification,
                                         {client_, start, delivery.job.deadline - start, std::move(stop)});
  } catch (const std::exception& e) {
    outcome = Outcome::Failed(std::string("internal error: ") + e.what());
    base::LogError("building or sending a notification threw",
                   {{"integration", delivery.id.Key()}, {"error", e.what()}});
  }
  const base::Timestamp now = clock_.Now();
  const bool delivered = outcome.kind == Outcome::Kind::delivered;
  metrics_.Tried(delivery.id.kind, now - start, delivered);
  metrics_.TriedReceiver(delivery.id, delivered);
  if (!delivered && delivery.last.reason != outcome.reason) {
    base::LogWarn("a notification was not delivered", {{"integration", delivery.id.Key()},
                                                       {"group", delivery.job.notification->group_key},
                                                       {"attempt", delivery.attempts},
                                                       {"again", outcome.kind == Outcome::Kind::retry},
                                                       {"error", outcome.reason}});
  }
  std::optional<DeliveryEnd> end;
  {
    const std::scoped_lock lock(mutex_);
    end = queue_.Finish(std::move(delivery), std::move(outcome), now);
  }
  changed_.notify_all();
  if (end) ended_(std::move(*end));
}

bool DeliveryPool::Drain(base::Duration limit) {
  bool idle = false;
  {
    std::unique_lock lock(mutex_);
    idle = changed_.wait_for(lock, limit, [this] { return queue_.Idle(); });
  }
  for (std::jthread& thread : threads_) thread.request_stop();
  changed_.notify_all();
  threads_.clear();
  return idle;
}

}  // namespace alertmanager
