#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/labels.h"
#include "base/matcher.h"
#include "store/appender.h"
#include "store/querier.h"

namespace store {

// The exemplars of one series, oldest first.
struct SeriesExemplars {
  base::Labels series;
  std::vector<Exemplar> exemplars;
};

struct ExemplarStats {
  size_t capacity = 0;
  size_t exemplars = 0;
  size_t series = 0;                       // that have some
  std::optional<base::Timestamp> reaches;  // the time of the one that goes next
  // Since the start:
  uint64_t appended = 0;
  uint64_t out_of_order = 0;
};

// The newest exemplars of all series together: a ring in memory, in which each new one takes the place of the oldest
// that came. Semantics are those of Prometheus' exemplar storage (tsdb/exemplar.go as of 3.5): within a series by time,
// then value; one that equals the series' last is a duplicate; at most 128 characters of labels. Nothing survives the
// process. Thread-safe.
class Exemplars {
 public:
  static constexpr size_t kMostRunes = 128;  // of all names and values of an exemplar's labels together

  // Grows up to the capacity (above 0) as exemplars come.
  explicit Exemplars(size_t capacity) : capacity_(capacity) {}

  // Whether Add would take it: ok, duplicate, out_of_order or labels_too_long.
  ExemplarStatus Check(const base::Labels& series, const Exemplar& exemplar) const;
  ExemplarStatus Add(const base::Labels& series, Exemplar exemplar);

  // Of series for which all matchers of one of the lists hold, with exemplars in `range`; sorted by labels.
  std::vector<SeriesExemplars> Select(std::span<const std::vector<base::Matcher>> any_of, TimeRange range) const;

  ExemplarStats GetStats() const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Line {  // places of one series' exemplars
    uint32_t oldest = kNone;
    uint32_t newest = kNone;
  };
  using Lines = std::unordered_map<base::Labels, Line, base::LabelsHash>;
  struct Slot {
    Exemplar exemplar;
    Lines::value_type* line = nullptr;  // stays where it is in the map
    uint32_t next = kNone;              // of the same series
  };

  // with mutex_ held
  ExemplarStatus Judge(const Line* line, const Exemplar& exemplar) const;
  void Vacate(uint32_t place);
  std::vector<Exemplar> Within(const Line& line, TimeRange range) const;

  const size_t capacity_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::vector<Slot> slots_;
  size_t next_ = 0;  // the place of the next one; the oldest where all are taken
  Lines lines_;
  uint64_t appended_ = 0;
  uint64_t out_of_order_ = 0;
};

}  // namespace store
