#pragma once

#include <memory>
#include <vector>

#include "base/time.h"
#include "store/appender.h"
#include "store/sample.h"

namespace store {

class MemSeries;

// Samples of one batch that a head has taken in, as they are handed to whoever keeps them.
struct CommittedBatch {
  struct Entry {
    MemSeries* series;  // null: nothing new was stored
    base::Timestamp time;
    double value;
    uint32_t histogram;  // place in histograms plus 1; 0 is a float
    uint32_t id;         // the series' SeriesId while ids are used for the first time; 0 where only its ref tells it
  };
  // One that came with a sample of its series, and was stored.
  struct WithExemplar {
    uint32_t entry;
    Exemplar exemplar;
  };
  std::shared_ptr<const void> keeps_series;  // the series live as long as this
  std::vector<Entry> entries;
  std::vector<HistogramPtr> histograms;
  std::vector<WithExemplar> exemplars = {};  // by rising entry
};

// Told of each batch as it is committed, before Commit returns; batches of one series come in the order of their
// commits. It neither waits for a disk nor fails. Thread-safe.
class SampleLog {
 public:
  virtual ~SampleLog() = default;
  virtual void Append(std::shared_ptr<const CommittedBatch> batch) = 0;
};

}  // namespace store
