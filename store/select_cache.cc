#include "store/select_cache.h"

#include <functional>
#include <utility>

namespace store {

size_t SelectCache::SlotOf(std::string_view metric) { return std::hash<std::string_view>{}(metric) % kSlots; }

SelectCache::Ticket SelectCache::TicketFor(std::span<const base::Matcher> matchers) const {
  Ticket ticket{.key = {}, .version = of_any_.load()};
  for (const base::Matcher& matcher : matchers) {
    ticket.key += static_cast<char>(matcher.type());
    ticket.key += matcher.name();
    ticket.key += '\0';
    ticket.key += matcher.value();
    ticket.key += '\0';
    if (matcher.type() == base::MatchType::equal && matcher.name() == base::kMetricName && !matcher.value().empty()) {
      ticket.version = of_name_[SlotOf(matcher.value())].load();
    }
  }
  return ticket;
}

SelectCache::List SelectCache::Find(const Ticket& ticket) {
  const std::scoped_lock lock(mutex_);
  auto found = young_.find(ticket.key);
  if (found == young_.end()) {
    auto earlier = old_.extract(ticket.key);
    if (earlier.empty()) return nullptr;
    young_series_ += earlier.mapped().list->series.size() + 1;
    found = young_.insert(std::move(earlier)).position;
  }
  return found->second.version == ticket.version ? found->second.list : nullptr;
}

void SelectCache::Put(const Ticket& ticket, List list) {
  if (list->series.size() > kMostSeries / 2) return;
  Generation forgotten;  // after the lock
  const std::scoped_lock lock(mutex_);
  Known& known = young_[ticket.key];
  young_series_ += list->series.size() + 1;
  if (known.list) young_series_ -= known.list->series.size() + 1;
  known = {ticket.version, std::move(list)};
  if (young_series_ < kMostSeries) return;
  forgotten = std::exchange(old_, std::exchange(young_, {}));
  young_series_ = 0;
}

void SelectCache::Added(const base::Labels& labels) {
  ++of_name_[SlotOf(labels.MetricName())];
  ++of_any_;
}

void SelectCache::Clear() {
  // all that is being worked out now is out of date too
  for (std::atomic<uint32_t>& version : of_name_) ++version;
  ++of_any_;
  Generation young, old;  // after the lock
  const std::scoped_lock lock(mutex_);
  young = std::exchange(young_, {});
  old = std::exchange(old_, {});
  young_series_ = 0;
}

}  // namespace store
