#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"
#include "promql/series_notation.h"
#include "rules/unit_test/test_file.h"
#include "store/appender.h"
#include "store/querier.h"

namespace rules {

// A store for one test, empty at first. Both ends are of the same samples.
struct TestStore {
  std::shared_ptr<store::Appendable> appendable;
  std::shared_ptr<const store::Querier> querier;
};
using MakeTestStore = std::function<TestStore()>;

// A store whose histograms read back with the counter reset hints Prometheus' storage gives them. One batch at a time.
class HintedAppendable : public store::Appendable {
 public:
  explicit HintedAppendable(store::Appendable& into) : into_(into) {}
  std::unique_ptr<store::Appender> NewAppender() override;

 private:
  store::Appendable& into_;
  std::map<base::Labels, store::HistogramPtr> previous_;  // of series whose last sample was one
};

// The input series of a test, stored as time goes on. Not thread-safe.
class TestInput {
 public:
  // Of a series that is given twice the last counts. The error says where in the test file it is.
  static base::Result<TestInput> Parse(std::span<const InputSeries> series, base::Timestamp start,
                                       base::Duration interval);

  // Stores what is not later than `time` and not stored yet.
  base::Result<void> StoreUntil(base::Timestamp time, store::Appendable& appendable);

 private:
  TestInput(base::Timestamp start, base::Duration interval) : next_(start), interval_(interval) {}

  struct Series {
    base::Labels labels;
    promql::NotedRuns values;
    bool ended = false;
  };

  std::vector<Series> series_;
  base::Timestamp next_;  // instant of the samples that come next
  base::Duration interval_;
};

}  // namespace rules
