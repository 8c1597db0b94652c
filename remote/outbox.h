#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"
#include "store/sample_log.h"

namespace remote {

using BatchPtr = std::shared_ptr<const store::CommittedBatch>;

struct SampleCount {
  size_t samples = 0;  // floats
  size_t histograms = 0;
  size_t all() const { return samples + histograms; }
  SampleCount& operator+=(const SampleCount& other) {
    samples += other.samples;
    histograms += other.histograms;
    return *this;
  }
  bool operator==(const SampleCount&) const = default;
};

// What is to be known of a batch wherever it goes.
struct BatchSummary {
  SampleCount count;
  base::Timestamp oldest = base::Timestamp::max();  // of the samples' times
  base::Timestamp newest = base::Timestamp::min();
};
BatchSummary Summarize(const store::CommittedBatch& batch);

// Some of the entries of a batch.
struct Slice {
  BatchPtr batch;
  size_t begin = 0;
  size_t end = 0;
  base::Timestamp came = {};  // set by Outbox::Push
  bool again = false;         // an earlier process may have sent them
};
SampleCount CountSamples(const Slice& slice);

// Samples that wait for one receiver, oldest first and bounded: where there is no room, the oldest go, because what
// happens now is worth more to whoever watches. Batches are shared, not copied, so putting one in costs the same
// however large it is. Not thread-safe.
class Outbox {
 public:
  explicit Outbox(size_t capacity) : capacity_(capacity) {}

  // What had to go.
  SampleCount Push(BatchPtr batch, base::Timestamp now);
  // In front of all others, as far as there is room; what had to go.
  SampleCount PushFront(std::vector<Slice> slices, base::Timestamp now);
  // The same, whether there is room or not.
  void PutBack(std::vector<Slice> slices, base::Timestamp now);
  // The oldest, `most` entries at most.
  std::vector<Slice> Take(size_t most);

  size_t size() const { return size_; }                  // entries
  std::optional<base::Timestamp> waiting_since() const;  // when the oldest came
  // The time of the oldest sample, or an earlier one if a part of its batch was taken; max() if there is none.
  base::Timestamp oldest_time() const;

 private:
  struct Item {
    Slice slice;
    base::Timestamp came;
    mutable std::optional<base::Timestamp> oldest = {};  // sample; found when first asked for
  };
  SampleCount MakeRoom();
  size_t capacity_;
  size_t size_ = 0;
  std::deque<Item> items_;
};

}  // namespace remote
