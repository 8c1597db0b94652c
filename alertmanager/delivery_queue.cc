#include "alertmanager/delivery_queue.h"

#include <algorithm>
#include <cmath>

namespace alertmanager {
namespace {

// A peer may not silence itself for longer with one answer.
constexpr base::Duration kLongestRetryAfter = std::chrono::hours(1);

DeliveryEnd GiveUp(Delivery delivery, base::Timestamp now) { return {std::move(delivery), false, now}; }

}  // namespace

base::Duration DeliveryQueue::Pause(int attempts) {
  const double base_pause = static_cast<double>(options_.first_pause.count()) * std::pow(options_.growth, attempts - 1);
  const double longest = static_cast<double>(options_.longest_pause.count());
  std::uniform_real_distribution<double> spread(1 - options_.jitter, 1 + options_.jitter);
  return base::Duration(std::llround(std::min(base_pause, longest) * spread(random_)));
}

std::optional<DeliveryEnd> DeliveryQueue::Push(Delivery delivery, base::Timestamp now) {
  Lane& lane = lanes_[delivery.id.Key()];
  if (lane.waiting.size() >= options_.queued) {
    delivery.last = Outcome::Failed("too many notifications are waiting for this receiver");
    return GiveUp(std::move(delivery), now);
  }
  if (lane.paused_until > delivery.job.deadline) {
    delivery.last = Outcome::Retry(
        "the receiver asked not to be tried before " + base::FormatRfc3339(lane.paused_until), "rateLimited");
    return GiveUp(std::move(delivery), now);
  }
  lane.waiting.emplace(now, std::move(delivery));
  return std::nullopt;
}

std::optional<Delivery> DeliveryQueue::Take(base::Timestamp now, std::vector<DeliveryEnd>& ended) {
  const auto try_lane = [&](Lane& lane) -> std::optional<Delivery> {
    while (lane.in_flight < options_.in_flight && lane.paused_until <= now && !lane.waiting.empty() &&
           lane.waiting.begin()->first <= now) {
      Delivery delivery = std::move(lane.waiting.extract(lane.waiting.begin()).mapped());
      if (delivery.job.deadline <= now) {
        if (delivery.attempts == 0) {
          delivery.last = Outcome::Retry("its turn did not come before the next tick", "contextDeadlineExceeded");
        }
        ended.push_back(GiveUp(std::move(delivery), now));
        continue;
      }
      ++lane.in_flight;
      ++delivery.attempts;
      return delivery;
    }
    return std::nullopt;
  };
  auto at = lanes_.upper_bound(last_lane_);
  for (size_t i = 0; i < lanes_.size(); ++i, ++at) {
    if (at == lanes_.end()) at = lanes_.begin();
    if (auto delivery = try_lane(at->second)) {
      last_lane_ = at->first;
      return delivery;
    }
  }
  return std::nullopt;
}

std::optional<DeliveryEnd> DeliveryQueue::Finish(Delivery delivery, Outcome outcome, base::Timestamp now) {
  Lane& lane = lanes_[delivery.id.Key()];
  --lane.in_flight;
  delivery.last = std::move(outcome);
  const Outcome& last = delivery.last;
  if (last.kind == Outcome::Kind::delivered) return DeliveryEnd{std::move(delivery), true, now};
  if (last.kind == Outcome::Kind::failed) return GiveUp(std::move(delivery), now);
  if (last.after) lane.paused_until = std::max(lane.paused_until, now + std::min(*last.after, kLongestRetryAfter));
  const base::Timestamp next = std::max(now + Pause(delivery.attempts), lane.paused_until);
  if (next >= delivery.job.deadline) return GiveUp(std::move(delivery), now);
  lane.waiting.emplace(next, std::move(delivery));
  return std::nullopt;
}

base::Timestamp DeliveryQueue::NextTake() const {
  base::Timestamp next = base::Timestamp::max();
  for (const auto& [key, lane] : lanes_) {
    if (lane.waiting.empty() || lane.in_flight >= options_.in_flight) continue;
    next = std::min(next, std::max(lane.waiting.begin()->first, lane.paused_until));
  }
  return next;
}

bool DeliveryQueue::Idle() const {
  return std::ranges::all_of(
      lanes_, [](const auto& lane) { return lane.second.in_flight == 0 && lane.second.waiting.empty(); });
}

}  // namespace alertmanager
