#include "alertmanager/alert_queue.h"

#include <ranges>

#include "alertmanager/fingerprint.h"

namespace alertmanager {

size_t AlertQueue::Push(std::span<const base::Alert> alerts) {
  size_t dropped = 0;
  for (const base::Alert& alert : alerts) {
    const auto [place, is_new] = places_.try_emplace(Fingerprint(alert.labels), next_);
    if (is_new) ++next_;
    alerts_.insert_or_assign(place->second, alert);
    if (alerts_.size() <= capacity_) continue;
    places_.erase(Fingerprint(alerts_.begin()->second.labels));
    alerts_.erase(alerts_.begin());
    ++dropped;
  }
  return dropped;
}

std::vector<base::Alert> AlertQueue::Take(size_t count) {
  std::vector<base::Alert> taken;
  while (taken.size() < count && !alerts_.empty()) {
    places_.erase(Fingerprint(alerts_.begin()->second.labels));
    taken.push_back(std::move(alerts_.extract(alerts_.begin()).mapped()));
  }
  return taken;
}

size_t AlertQueue::Return(std::vector<base::Alert> alerts) {
  size_t dropped = 0;
  for (base::Alert& alert : std::views::reverse(alerts)) {
    const uint64_t fingerprint = Fingerprint(alert.labels);
    if (places_.contains(fingerprint)) continue;
    if (alerts_.size() >= capacity_) {
      ++dropped;
      continue;
    }
    --front_;
    places_[fingerprint] = front_;
    alerts_.emplace(front_, std::move(alert));
  }
  return dropped;
}

}  // namespace alertmanager
