#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/labels.h"
#include "base/matcher.h"
#include "store/querier.h"

namespace store {

// Remembers which series selections found, in label order, until series of such a metric name come or go: rules ask for
// the same again at every evaluation. Bounded in the number of series it refers to. Thread-safe.
class SelectCache {
 public:
  using List = std::shared_ptr<const Selection>;
  static constexpr size_t kMostSeries = 1'000'000;  // referred to by one of the two generations it keeps

  // What a selection depends on, to be taken before it is worked out.
  struct Ticket {
    std::string key;
    uint64_t version = 0;
  };
  Ticket TicketFor(std::span<const base::Matcher> matchers) const;

  List Find(const Ticket& ticket);  // null if it is not known, or out of date
  void Put(const Ticket& ticket, List list);

  // A series of the labels came.
  void Added(const base::Labels& labels);
  // Series went: nothing of them may be held any longer.
  void Clear();

 private:
  struct Known {
    uint64_t version = 0;
    List list;
  };
  using Generation = std::unordered_map<std::string, Known>;

  static size_t SlotOf(std::string_view metric);

  static constexpr size_t kSlots = 1024;
  std::array<std::atomic<uint32_t>, kSlots> of_name_{};  // counts additions, by hash of the metric's name
  std::atomic<uint64_t> of_any_ = 0;
  std::mutex mutex_;
  // guarded by mutex_
  Generation young_;
  Generation old_;
  size_t young_series_ = 0;
};

}  // namespace store
