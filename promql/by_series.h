#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "promql/aggregate_groups.h"
#include "promql/ast.h"
#include "promql/columns.h"
#include "store/querier.h"

// A shorter way for what rules ask for over and over again: the vector of a selector, of a range function of one, or of
// an operator between such a vector and a scalar, at a single instant. It is kept by the numbers of the series in their
// selection. What follows from the labels of the series (which groups an aggregation forms) is kept with the selection,
// which the store answers with again until series come or go; and labels are built only for what is left in the end.
//
// The result is that of the general way, bit for bit, in the same order and with the same remarks; what the general way
// alone can do (histograms, several steps, names that collide) is left to it.

namespace promql {

class SeriesValues {
 public:
  struct Element {
    uint32_t series;
    double value;
  };
  SeriesValues(std::shared_ptr<const store::Selection> selection, bool nameless)
      : selection_(std::move(selection)), nameless_(nameless) {}

  std::vector<Element>& elements() { return elements_; }
  const std::vector<Element>& elements() const { return elements_; }
  const store::Selection& selection() const { return *selection_; }
  // Whether the series are without what describes their metric.
  bool nameless() const { return nameless_; }
  void DropNames() { nameless_ = true; }

  // With labels.
  Columns ToColumns() const;
  // The groups that an aggregation makes of all series of the selection.
  std::shared_ptr<const Grouping> GroupsOf(const Aggregate& aggregate) const;

 private:
  std::shared_ptr<const store::Selection> selection_;
  std::vector<Element> elements_;  // by rising number of the series
  bool nameless_;
};

// What is kept with a selection. Thread-safe.
class SelectionMemo {
 public:
  // Whether no series has labels that go with the name, so that series of one metric stay distinct without it.
  bool OnlyNames(const store::Selection& selection);
  // The groups of all its series.
  std::shared_ptr<const Grouping> GroupsOf(const store::Selection& selection, const Aggregate& aggregate,
                                           bool nameless);

 private:
  struct Known {
    std::vector<std::string> grouping;
    bool without = false;
    bool nameless = false;
    std::shared_ptr<const Grouping> groups;
  };
  static constexpr size_t kMostGroupings = 16;

  std::mutex mutex_;
  // guarded by mutex_
  std::vector<Known> groupings_;
  enum class Names : uint8_t { unknown, only, more };
  Names names_ = Names::unknown;
};

// Whether an expression is of the form above.
bool IsBySeries(const Expr& expr);

}  // namespace promql
