#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/time.h"
#include "store/sample.h"

namespace promql {

// The instants a query is evaluated at: `count` of them, `interval` apart.
struct Steps {
  base::Timestamp start;
  base::Duration interval{1};
  size_t count = 1;

  base::Timestamp At(size_t step) const { return start + interval * static_cast<int64_t>(step); }
  base::Timestamp last() const { return At(count - 1); }
  bool instant() const { return count == 1; }
};

// What a series has at one instant.
enum class Presence : uint8_t { none, number, histogram };
struct Point {
  Presence presence = Presence::none;
  double value = 0;
  store::HistogramPtr histogram;

  static Point Number(double value) { return {Presence::number, value, nullptr}; }
  static Point Of(store::HistogramPtr histogram) { return {Presence::histogram, 0, std::move(histogram)}; }
  bool present() const { return presence != Presence::none; }
};

// An instant vector over all steps of a query at once: rows are series, columns are steps, kept series by series in
// one block each for values, presence and (only if there are any) histograms. A scalar is one row without labels.
class Columns {
 public:
  struct Row {
    base::Labels labels;
    bool drop_name = false;  // the name goes when the query ends (delayed name removal)
  };

  explicit Columns(size_t steps) : steps_(steps) {}

  size_t steps() const { return steps_; }
  size_t size() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }
  size_t cells() const { return presence_.size(); }
  // Samples counted against EngineOptions::max_samples: one per cell, more for a histogram (see SampleCost).
  int64_t SampleCost() const;
  void Reserve(size_t rows);

  size_t Add(base::Labels labels, bool drop_name = false);
  void RemoveLast();  // the row added last
  Row& row(size_t row) { return rows_[row]; }
  const Row& row(size_t row) const { return rows_[row]; }

  std::span<double> values(size_t row) { return std::span(values_).subspan(row * steps_, steps_); }
  std::span<const double> values(size_t row) const { return std::span(values_).subspan(row * steps_, steps_); }
  std::span<Presence> presence(size_t row) { return std::span(presence_).subspan(row * steps_, steps_); }
  std::span<const Presence> presence(size_t row) const { return std::span(presence_).subspan(row * steps_, steps_); }
  bool has_histograms() const { return !histograms_.empty(); }
  const store::HistogramPtr& histogram(size_t row, size_t step) const { return histograms_[row * steps_ + step]; }

  Point at(size_t row, size_t step) const;
  void Set(size_t row, size_t step, Point point);
  void SetNumber(size_t row, size_t step, double value) {
    values_[row * steps_ + step] = value;
    presence_[row * steps_ + step] = Presence::number;
  }
  void Clear(size_t row, size_t step) { presence_[row * steps_ + step] = Presence::none; }
  // Adds the rows of another block with as many steps at the end.
  void Append(Columns more);
  // Copies a whole row of another block with as many steps.
  void CopyCells(size_t row, const Columns& from, size_t from_row);

  // Drops rows that are nowhere present.
  void DropEmptyRows();
  // Puts the rows into the order given by their indexes.
  void Reorder(std::span<const size_t> order);

 private:
  size_t steps_;
  std::vector<Row> rows_;
  std::vector<double> values_;
  std::vector<Presence> presence_;
  std::vector<store::HistogramPtr> histograms_;  // empty, or as long as the others
};

// The labels without those that describe the metric itself: __name__, __type__ and __unit__.
base::Labels DropMetricLabels(const base::Labels& labels);

}  // namespace promql
