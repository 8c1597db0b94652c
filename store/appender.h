#pragma once

#include <cstdint>
#include <memory>

#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"
#include "store/sample.h"

namespace store {

// A shortcut to a series the store knows; 0 is none. Valid until the series is dropped by retention; a stale one is
// noticed and looked up again by its labels.
enum class SeriesRef : uint64_t { none = 0 };

enum class AppendStatus : uint8_t {
  ok,
  out_of_order,    // older than the series' newest sample and outside the out-of-order window
  too_old,         // before what retention or the window keeps
  duplicate,       // another value at the same instant (the same value at the same instant is ok and changes nothing)
  series_limit,    // a new series, and the store is full
  invalid_labels,  // no labels, or a name that is not valid UTF-8
};

struct Appended {
  SeriesRef ref = SeriesRef::none;
  AppendStatus status = AppendStatus::ok;
};

// What a counter or a bucket shows as an example of what it counted, such as the id of a trace.
struct Exemplar {
  base::Labels labels;
  double value = 0;
  base::Timestamp time;
  bool own_time = false;  // given with it; else `time` is that of the scrape
  bool operator==(const Exemplar&) const = default;
};

enum class ExemplarStatus : uint8_t {
  ok,
  duplicate,        // equals the series' last one; that is usual, and changes nothing
  out_of_order,     // before the series' last one
  labels_too_long,  // more than 128 characters
  unknown_series,   // there are no samples of the series
  off,              // none are kept
};

// One batch of samples: all become visible to queries at Commit, none before. Not thread-safe; any number of appenders
// may exist at once. Destroying an uncommitted one rolls it back. Lives no longer than its store.
class Appender {
 public:
  virtual ~Appender() = default;
  // About so many samples will come. A hint.
  virtual void Expect(size_t) {}
  // `ref` may be none or what an earlier Append returned for the same labels.
  // While it is live the labels are not looked at and may be left empty; a dead one with empty labels is
  // invalid_labels.
  virtual Appended Append(SeriesRef ref, const base::Labels& labels, base::Timestamp time, double value) = 0;
  virtual Appended AppendHistogram(SeriesRef ref, const base::Labels& labels, base::Timestamp time,
                                   HistogramPtr histogram) = 0;
  // Whether AppendExemplar is worth a call.
  virtual bool TakesExemplars() const { return false; }
  // Of a series that has samples, in this batch or earlier; `ref` and `labels` as for Append.
  virtual ExemplarStatus AppendExemplar(SeriesRef, const base::Labels&, Exemplar) { return ExemplarStatus::off; }
  virtual base::Result<void> Commit() = 0;
  virtual void Rollback() = 0;
};

// Thread-safe.
class Appendable {
 public:
  virtual ~Appendable() = default;
  virtual std::unique_ptr<Appender> NewAppender() = 0;
};

}  // namespace store
