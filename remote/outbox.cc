#include "remote/outbox.h"

#include <algorithm>
#include <ranges>
#include <span>
#include <utility>

namespace remote {

SampleCount CountSamples(const Slice& slice) {
  SampleCount count;
  for (const auto& entry : std::span(slice.batch->entries).subspan(slice.begin, slice.end - slice.begin)) {
    if (entry.series == nullptr) continue;
    ++(entry.histogram == 0 ? count.samples : count.histograms);
  }
  return count;
}

BatchSummary Summarize(const store::CommittedBatch& batch) {
  BatchSummary summary;
  for (const auto& entry : batch.entries) {
    if (entry.series == nullptr) continue;
    ++(entry.histogram == 0 ? summary.count.samples : summary.count.histograms);
    summary.oldest = std::min(summary.oldest, entry.time);
    summary.newest = std::max(summary.newest, entry.time);
  }
  return summary;
}

SampleCount Outbox::MakeRoom() {
  SampleCount dropped;
  while (size_ > capacity_) {
    Slice& oldest = items_.front().slice;
    const size_t some = std::min(size_ - capacity_, oldest.end - oldest.begin);
    dropped += CountSamples({oldest.batch, oldest.begin, oldest.begin + some, {}});
    oldest.begin += some;
    size_ -= some;
    if (oldest.begin == oldest.end) items_.pop_front();
  }
  return dropped;
}

SampleCount Outbox::Push(BatchPtr batch, base::Timestamp now) {
  const size_t size = batch->entries.size();
  if (size == 0) return {};
  size_ += size;
  items_.push_back({{std::move(batch), 0, size, now}, now});
  return MakeRoom();
}

SampleCount Outbox::PushFront(std::vector<Slice> slices, base::Timestamp now) {
  PutBack(std::move(slices), now);
  return MakeRoom();
}

void Outbox::PutBack(std::vector<Slice> slices, base::Timestamp now) {
  for (Slice& slice : std::views::reverse(slices)) {
    size_ += slice.end - slice.begin;
    items_.push_front({std::move(slice), now});
  }
}

std::vector<Slice> Outbox::Take(size_t most) {
  std::vector<Slice> taken;
  while (most > 0 && !items_.empty()) {
    Slice& oldest = items_.front().slice;
    const size_t some = std::min(most, oldest.end - oldest.begin);
    taken.push_back({oldest.batch, oldest.begin, oldest.begin + some, oldest.came, oldest.again});
    oldest.begin += some;
    size_ -= some;
    most -= some;
    if (oldest.begin == oldest.end) items_.pop_front();
  }
  return taken;
}

base::Timestamp Outbox::oldest_time() const {
  base::Timestamp oldest = base::Timestamp::max();
  for (const Item& item : items_) {
    if (!item.oldest) {
      item.oldest = base::Timestamp::max();
      for (size_t i = item.slice.begin; i < item.slice.end; ++i) {
        const auto& entry = item.slice.batch->entries[i];
        if (entry.series != nullptr) item.oldest = std::min(*item.oldest, entry.time);
      }
    }
    oldest = std::min(oldest, *item.oldest);
  }
  return oldest;
}

std::optional<base::Timestamp> Outbox::waiting_since() const {
  if (items_.empty()) return std::nullopt;
  return items_.front().came;
}

}  // namespace remote
