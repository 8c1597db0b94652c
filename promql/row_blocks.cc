#include "promql/row_blocks.h"

#include <mutex>
#include <vector>

namespace promql {
namespace {

constexpr size_t kWorthHelp = 4;  // blocks; waking a thread costs about as much as making half of one

// Whoever has made a block hands it on, and those ready after it, unless somebody is at that already.
class OrderedHandover {
 public:
  OrderedHandover(size_t count, const TakeBlock& take) : made_(count), take_(take) {}

  void Put(size_t number, base::Result<RowBlock> block) {
    std::unique_lock lock(mutex_);
    made_[number] = std::move(block);
    if (taking_) return;
    taking_ = true;
    while (outcome_ && next_ < made_.size() && made_[next_]) {
      base::Result<RowBlock> one = *std::exchange(made_[next_++], std::nullopt);
      lock.unlock();
      base::Result<void> taken = one ? take_(*std::move(one)) : std::unexpected(std::move(one).error());
      lock.lock();
      if (!taken) outcome_ = std::move(taken);
    }
    taking_ = false;
  }
  bool failed() {
    const std::scoped_lock lock(mutex_);
    return !outcome_;
  }
  base::Result<void> outcome() { return std::move(outcome_); }

 private:
  std::mutex mutex_;
  // guarded by mutex_
  std::vector<std::optional<base::Result<RowBlock>>> made_;
  size_t next_ = 0;
  bool taking_ = false;
  base::Result<void> outcome_;
  const TakeBlock& take_;
};

}  // namespace

base::Result<void> MakeInOrder(Workers* workers, size_t count, const MakeBlock& make, const TakeBlock& take) {
  if (workers == nullptr || count < kWorthHelp) {
    for (size_t i = 0; i < count; ++i) {
      TRY(RowBlock block, make(i));
      TRY_VOID(take(std::move(block)));
    }
    return {};
  }
  OrderedHandover handover(count, take);
  workers->Run(count, [&](size_t i) {
    if (!handover.failed()) handover.Put(i, make(i));
  });
  return handover.outcome();
}

}  // namespace promql
