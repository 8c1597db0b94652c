#include "store/decoded_tail.h"

#include <algorithm>
#include <limits>

namespace store {
namespace {

constexpr int64_t kMostOffset = std::numeric_limits<uint32_t>::max();

}  // namespace

DecodedTail::DecodedTail(const Samples& samples, base::Timestamp from, base::Duration span)
    : from_(from), base_(samples.times.front()), span_(span) {
  const size_t room = samples.size() + samples.size() / 8 + 8;
  offsets_.reserve(room);
  values_.reserve(room);
  for (size_t i = 0; i < samples.size(); ++i) {
    offsets_.push_back(static_cast<uint32_t>((samples.times[i] - base_).count()));
    values_.push_back(samples.values[i]);
  }
}

void DecodedTail::Read(TimeRange range, Samples& out) const {
  const auto time_of = [this](uint32_t offset) { return base_ + base::Duration(offset); };
  const auto begin = std::ranges::lower_bound(offsets_, range.min, {}, time_of);
  const auto end = std::ranges::upper_bound(begin, offsets_.end(), range.max, {}, time_of);
  const auto first = begin - offsets_.begin();
  const auto count = end - begin;
  const size_t before = out.size();
  out.times.resize(before + static_cast<size_t>(count));
  out.values.resize(before + static_cast<size_t>(count));
  std::transform(begin, end, out.times.begin() + static_cast<std::ptrdiff_t>(before), time_of);
  std::copy_n(values_.begin() + first, count, out.values.begin() + static_cast<std::ptrdiff_t>(before));
}

bool DecodedTail::Append(base::Timestamp time, double value) {
  if (time - base_ >= base::Duration(kMostOffset)) return false;
  if (offsets_.size() == offsets_.capacity()) MakeRoom();
  if (offsets_.size() >= kMostSamples) return false;
  offsets_.push_back(static_cast<uint32_t>((time - base_).count()));
  values_.push_back(value);
  return true;
}

// Forgets what lies further back than it is to reach; one sample that old stays, so that windows which begin a little
// earlier are covered.
void DecodedTail::MakeRoom() {
  const int64_t least = int64_t{offsets_.back()} - span_.count();
  const auto kept = std::lower_bound(offsets_.begin(), offsets_.end(), least,
                                     [](uint32_t offset, int64_t bound) { return int64_t{offset} < bound; });
  const auto gone = kept - offsets_.begin();
  if (gone < 8) {
    offsets_.reserve(offsets_.size() + offsets_.size() / 4 + 8);
    values_.reserve(offsets_.capacity());
    return;
  }
  from_ = base_ + base::Duration(offsets_[static_cast<size_t>(gone) - 1] + 1);
  offsets_.erase(offsets_.begin(), kept);
  values_.erase(values_.begin(), values_.begin() + gone);
}

size_t DecodedTail::Bytes() const {
  return sizeof(*this) + 48 + offsets_.capacity() * sizeof(uint32_t) + values_.capacity() * sizeof(double);
}

}  // namespace store
