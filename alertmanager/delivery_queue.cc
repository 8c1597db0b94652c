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
  if (lane.Waiting() >= options_.queued) {
    delivery.last = Outcome::Failed("too many notifications are waiting for this receiver");
    return GiveUp(std::move(delivery), now);
  }
  if (lane.paused_until > delivery.job.deadline) {
    delivery.last = Outcome::Retry(
        "the receiver asked not to be tried before " + base::FormatRfc3339(lane.paused_until), "rateLimited");
    return GiveUp(std::move(delivery), now);
  }
  lane.Of(delivery).waiting.emplace(now, std::move(delivery));
  return std::nullopt;
}

bool DeliveryQueue::HasRoom(const Lane& lane, const Class& of) const {
  if (lane.InFlight() >= options_.in_flight) return false;
  return &of == &lane.pages || of.in_flight < std::max<size_t>(1, options_.in_flight / 2);
}

std::optional<Delivery> DeliveryQueue::Take(base::Timestamp now, std::vector<DeliveryEnd>& ended) {
  const auto try_class = [&](const Lane& lane, Class& of) -> std::optional<Delivery> {
    while (HasRoom(lane, of) && lane.paused_until <= now && !of.waiting.empty() && of.waiting.begin()->first <= now) {
      Delivery delivery = std::move(of.waiting.extract(of.waiting.begin()).mapped());
      if (delivery.job.deadline <= now) {
        if (delivery.attempts == 0) {
          delivery.last = Outcome::Retry("its turn did not come before the next tick", "contextDeadlineExceeded");
        }
        ended.push_back(GiveUp(std::move(delivery), now));
        continue;
      }
      ++of.in_flight;
      ++delivery.attempts;
      return delivery;
    }
    return std::nullopt;
  };
  const auto try_lane = [&](Lane& lane) {
    auto delivery = try_class(lane, lane.pages);
    return delivery ? std::move(delivery) : try_class(lane, lane.others);
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
  --lane.Of(delivery).in_flight;
  delivery.last = std::move(outcome);
  const Outcome& last = delivery.last;
  if (last.kind == Outcome::Kind::delivered) return DeliveryEnd{std::move(delivery), true, now};
  if (last.kind == Outcome::Kind::failed) return GiveUp(std::move(delivery), now);
  if (last.after) lane.paused_until = std::max(lane.paused_until, now + std::min(*last.after, kLongestRetryAfter));
  const base::Timestamp next = std::max(now + Pause(delivery.attempts), lane.paused_until);
  if (next >= delivery.job.deadline) return GiveUp(std::move(delivery), now);
  lane.Of(delivery).waiting.emplace(next, std::move(delivery));
  return std::nullopt;
}

base::Timestamp DeliveryQueue::NextTake() const {
  base::Timestamp next = base::Timestamp::max();
  for (const auto& [key, lane] : lanes_) {
    for (const Class* of : {&lane.pages, &lane.others}) {
      if (of->waiting.empty() || !HasRoom(lane, *of)) continue;
      next = std::min(next, std::max(of->waiting.begin()->first, lane.paused_until));
    }
  }
  return next;
}

bool DeliveryQueue::Idle() const {
  return std::ranges::all_of(
      lanes_, [](const auto& lane) { return lane.second.InFlight() == 0 && lane.second.Waiting() == 0; });
}

}  // namespace alertmanager
