#include "store/decoded_tail.h"

#include <algorithm>
#include <limits>

namespace store {
namespace {

constexpr int64_t kMostOffset = std::numeric_limits<uint32_t>::max();

}  // namespace

DecodedTail::DecodedTail(const Samples& samples, base::Timestamp from, base::Duration span)
    : from_(from), base_(samples.times.front()), span_(span) {
  samples_.reserve(samples.size() + samples.size() / 8 + 8);
  for (size_t i = 0; i < samples.size(); ++i) Push(samples.times[i], samples.values[i]);
}

void DecodedTail::Push(base::Timestamp time, double value) {
  last_offset_ = static_cast<uint32_t>((time - base_).count());
  if (samples_.empty()) first_offset_ = last_offset_;
  samples_.emplace_back(last_offset_, value);
  if (IsStale(value)) after_stale_ = static_cast<uint16_t>(samples_.size());
}

// Samples mostly come at even distances, so a sample is looked for where it would be then.
size_t DecodedTail::PlaceOf(base::Timestamp time) const {
  constexpr size_t kNear = 4;
  const size_t count = samples_.size();
  if (time > base_ + base::Duration(last_offset_)) return count;
  if (time <= base_ + base::Duration(first_offset_)) return 0;
  const int64_t offset = (time - base_).count();  // beyond the first, so there are two
  const int64_t to_last = int64_t{last_offset_} - offset;
  const int64_t length = int64_t{last_offset_} - int64_t{first_offset_};
  size_t place = count - 1 - static_cast<size_t>(to_last * static_cast<int64_t>(count - 1) / length);
  for (size_t i = 0; i < kNear; ++i) {
    if (samples_[place].offset < offset) {
      ++place;
    } else if (samples_[place - 1].offset >= offset) {
      --place;
    } else {
      return place;
    }
  }
  const auto at = std::ranges::lower_bound(samples_, offset, {}, [](const Kept& one) { return int64_t{one.offset}; });
  return static_cast<size_t>(at - samples_.begin());
}

size_t DecodedTail::PlaceAfter(base::Timestamp time) const {
  return time >= base_ + base::Duration(last_offset_) ? samples_.size() : PlaceOf(time + base::Duration(1));
}

void DecodedTail::Read(TimeRange range, Samples& out) const {
  const size_t first = PlaceOf(range.min);
  const size_t count = std::max(first, PlaceAfter(range.max)) - first;
  const size_t before = out.size();
  out.times.resize(before + count);
  out.values.resize(before + count);
  for (size_t i = 0; i < count; ++i) {
    out.times[before + i] = TimeOf(first + i);
    out.values[before + i] = samples_[first + i].value();
  }
}

bool DecodedTail::ReadEdges(TimeRange range, bool falls, Edges& edges) {
  const size_t end = PlaceAfter(range.max);
  const size_t first = PlaceOf(range.min);
  edges = {};
  if (end <= first) return true;
  if (after_stale_ > first) return false;
  const size_t last = end - 1;
  edges.count = end - first;
  edges.first_time = TimeOf(first), edges.first = samples_[first].value();
  edges.last_time = TimeOf(last), edges.last = samples_[last].value();
  if (last == first) return true;
  edges.before_last_time = TimeOf(last - 1), edges.before_last = samples_[last - 1].value();
  if (falls) SumUpFalls(first, last, edges);
  return true;
}

void DecodedTail::SumUpFalls(size_t first, size_t last, Edges& edges) {
  if (!knows_falls_) FindFalls();
  for (auto at = std::ranges::upper_bound(falls_, first); at != falls_.end() && *at <= last; ++at) {
    ++edges.falls;
    edges.before_falls += samples_[*at - size_t{1}].value();
  }
}

void DecodedTail::FindFalls() {
  knows_falls_ = true;
  for (size_t i = 1; i < samples_.size(); ++i) {
    if (samples_[i].value() < samples_[i - 1].value()) falls_.push_back(static_cast<uint16_t>(i));
  }
}

bool DecodedTail::Append(base::Timestamp time, double value) {
  if (time - base_ >= base::Duration(kMostOffset)) return false;
  if (samples_.size() == samples_.capacity()) MakeRoom();
  if (samples_.size() >= kMostSamples) return false;
  if (knows_falls_ && value < samples_.back().value()) falls_.push_back(static_cast<uint16_t>(samples_.size()));
  Push(time, value);
  return true;
}

// Forgets what lies further back than it is to reach; one sample that old stays, so that windows which begin a little
// earlier are covered.
void DecodedTail::MakeRoom() {
  const int64_t least = int64_t{last_offset_} - span_.count();
  const auto kept = std::ranges::lower_bound(samples_, least, {}, [](const Kept& one) { return int64_t{one.offset}; });
  const auto gone = static_cast<size_t>(kept - samples_.begin());
  if (gone < 8) {
    samples_.reserve(samples_.size() + samples_.size() / 4 + 8);
    return;
  }
  from_ = TimeOf(gone - 1) + base::Duration(1);
  samples_.erase(samples_.begin(), kept);
  first_offset_ = samples_.front().offset;
  after_stale_ = static_cast<uint16_t>(after_stale_ - std::min<size_t>(after_stale_, gone));
  falls_.erase(falls_.begin(), std::ranges::upper_bound(falls_, gone));  // the new first one fell from what is gone
  for (uint16_t& fall : falls_) fall = static_cast<uint16_t>(fall - gone);
}

size_t DecodedTail::Bytes() const {
  return sizeof(*this) + 32 + samples_.capacity() * sizeof(Kept) + falls_.capacity() * sizeof(uint16_t);
}

}  // namespace store
