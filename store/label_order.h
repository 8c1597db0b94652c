#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "store/postings.h"
#include "store/series.h"

namespace store {

// The order of the series by their labels, remembered, because comparing the labels of a wide selection takes longer
// than all the rest of it. Thread-safe. Series it does not know yet are sorted in when asked for.
class LabelOrder {
 public:
  // A selection had many series it does not know: an Update pays.
  bool Wanted() const { return wanted_; }
  // Learns the new ones of `all` and forgets what is not in it. Rising ids. Compares labels without holding a lock; for
  // one thread at a time.
  void Update(const std::vector<MemSeries*>& all);
  // `found` comes with rising ids, all of them MemSeries, and leaves sorted by labels.
  void Sort(std::vector<std::shared_ptr<const Series>>& found) const;

 private:
  std::shared_ptr<const SeriesIds> Known() const;
  mutable std::atomic<bool> wanted_ = false;
  mutable std::mutex mutex_;
  std::shared_ptr<const SeriesIds> known_ = std::make_shared<SeriesIds>();  // guarded by mutex_; in label order
};

}  // namespace store
