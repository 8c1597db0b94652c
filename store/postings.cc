#include "store/postings.h"

#include <algorithm>
#include <bit>
#include <iterator>

namespace store {
namespace {

// Where `id` is or would be; looks near the start first, because callers walk forward.
const SeriesId* Gallop(const SeriesId* from, const SeriesId* end, SeriesId id) {
  const std::ptrdiff_t size = end - from;
  std::ptrdiff_t step = 1;
  while (step < size && from[step] < id) step *= 2;
  return std::lower_bound(from + step / 2, from + std::min(step + 1, size), id);
}

constexpr size_t kMuchLonger = 16;
constexpr size_t kFewSets = 8;

// One bit for each id between the ends; sorts by position.
SeriesIds SortByBitmap(const SeriesIds& ids, uint32_t first, uint32_t last) {
  std::vector<uint64_t> bits((last - first) / 64 + 1);
  for (const SeriesId id : ids) {
    const uint32_t at = static_cast<uint32_t>(id) - first;
    bits[at / 64] |= uint64_t{1} << at % 64;
  }
  SeriesIds sorted;
  sorted.reserve(ids.size());
  for (size_t word = 0; word < bits.size(); ++word) {
    for (uint64_t rest = bits[word]; rest != 0; rest &= rest - 1) {
      sorted.push_back(static_cast<SeriesId>(first + word * 64 + static_cast<unsigned>(std::countr_zero(rest))));
    }
  }
  return sorted;
}

}  // namespace

Postings::~Postings() {
  if (!InPlace()) delete[] heap_;
}

void Postings::Resize(uint32_t capacity) {
  SeriesId* old = InPlace() ? nullptr : heap_;
  const SeriesId* from = data();
  if (capacity > kInPlace) {
    auto* fresh = new SeriesId[capacity];
    std::copy_n(from, size_, fresh);
    heap_ = fresh;
    capacity_ = capacity;
  } else if (old != nullptr) {
    capacity_ = kInPlace;
    std::copy_n(old, size_, in_place_);
  }
  delete[] old;
}

void Postings::Add(SeriesId id) {
  if (size_ == capacity_) Resize(capacity_ + capacity_ / 4 + 4);
  SeriesId* const end = data() + size_;
  // ids rise, until they are used up once
  SeriesId* const place = size_ == 0 || end[-1] < id ? end : std::lower_bound(data(), end, id);
  std::copy_backward(place, end, end + 1);
  *place = id;
  ++size_;
}

void Postings::Remove(std::span<const SeriesId> sorted) {
  SeriesId* kept = data();
  for (const SeriesId id : ids()) {
    if (!std::ranges::binary_search(sorted, id)) *kept++ = id;
  }
  size_ = static_cast<uint32_t>(kept - data());
  if (!InPlace() && size_ < capacity_ / 2) Resize(std::max(size_, kInPlace));
}

SeriesIds UnionOfDisjoint(std::span<const std::span<const SeriesId>> sets) {
  size_t total = 0;
  for (const auto& set : sets) total += set.size();
  SeriesIds ids;
  ids.reserve(total);
  for (const auto& set : sets) ids.insert(ids.end(), set.begin(), set.end());
  if (std::ranges::is_sorted(ids)) return ids;
  const auto [least, greatest] = std::ranges::minmax(ids);
  const auto first = static_cast<uint32_t>(least);
  const auto last = static_cast<uint32_t>(greatest);
  if (sets.size() > kFewSets && (last - first) / 64 < total) return SortByBitmap(ids, first, last);
  std::ranges::sort(ids);
  return ids;
}

SeriesIds Intersect(std::span<const SeriesId> a, std::span<const SeriesId> b) {
  if (a.size() > b.size()) std::swap(a, b);
  SeriesIds both;
  if (b.size() / kMuchLonger < a.size()) {
    both.reserve(a.size());
    std::ranges::set_intersection(a, b, std::back_inserter(both));
    return both;
  }
  const SeriesId* at = b.data();
  const SeriesId* const end = at + b.size();
  for (const SeriesId id : a) {
    at = Gallop(at, end, id);
    if (at == end) break;
    if (*at == id) both.push_back(id);
  }
  return both;
}

SeriesIds Subtract(std::span<const SeriesId> from, std::span<const SeriesId> what) {
  SeriesIds rest;
  rest.reserve(from.size());
  if (what.size() / kMuchLonger < from.size()) {
    std::ranges::set_difference(from, what, std::back_inserter(rest));
    return rest;
  }
  const SeriesId* at = what.data();
  const SeriesId* const end = at + what.size();
  for (const SeriesId id : from) {
    at = Gallop(at, end, id);
    if (at == end || *at != id) rest.push_back(id);
  }
  return rest;
}

}  // namespace store
