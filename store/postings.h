#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "store/series_table.h"

namespace store {

using SeriesIds = std::vector<SeriesId>;  // rising, each once

// The series that carry one label pair, rising. Two are kept in place: most pairs of a wide label name have one.
class Postings {
 public:
  Postings() = default;
  ~Postings();
  Postings(const Postings&) = delete;
  Postings& operator=(const Postings&) = delete;

  void Add(SeriesId id);                          // not there yet
  void Remove(std::span<const SeriesId> sorted);  // those of them that are there
  std::span<const SeriesId> ids() const { return {data(), size_}; }
  bool empty() const { return size_ == 0; }
  size_t Bytes() const { return InPlace() ? 0 : capacity_ * sizeof(SeriesId); }

 private:
  static constexpr uint32_t kInPlace = 2;
  bool InPlace() const { return capacity_ == kInPlace; }
  const SeriesId* data() const { return InPlace() ? in_place_ : heap_; }
  SeriesId* data() { return InPlace() ? in_place_ : heap_; }
  void Resize(uint32_t capacity);

  uint32_t size_ = 0;
  uint32_t capacity_ = kInPlace;
  union {
    SeriesId in_place_[kInPlace] = {};
    SeriesId* heap_;
  };
};

// Sets that are subsets of one label name's postings do not overlap, because a series has one value of a name.
SeriesIds UnionOfDisjoint(std::span<const std::span<const SeriesId>> sets);
SeriesIds Intersect(std::span<const SeriesId> a, std::span<const SeriesId> b);
SeriesIds Subtract(std::span<const SeriesId> from, std::span<const SeriesId> what);

}  // namespace store
