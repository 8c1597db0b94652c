#include "promql/columns.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "promql/histogram_math.h"

namespace promql {

void Columns::Reserve(size_t rows) {
  rows_.reserve(rows);
  values_.reserve(rows * steps_);
  presence_.reserve(rows * steps_);
}

size_t Columns::Add(base::Labels labels, bool drop_name) {
  rows_.push_back({std::move(labels), drop_name});
  values_.resize(rows_.size() * steps_);
  presence_.resize(rows_.size() * steps_, Presence::none);
  if (has_histograms()) histograms_.resize(rows_.size() * steps_);
  return rows_.size() - 1;
}

void Columns::RemoveLast() {
  rows_.pop_back();
  values_.resize(rows_.size() * steps_);
  presence_.resize(rows_.size() * steps_);
  if (has_histograms()) histograms_.resize(rows_.size() * steps_);
}

void Columns::Append(Columns more) {
  if (empty() && rows_.capacity() <= more.size()) {
    *this = std::move(more);
    return;
  }
  if (more.has_histograms() && !has_histograms()) histograms_.resize(presence_.size());
  std::ranges::move(more.rows_, std::back_inserter(rows_));
  values_.insert(values_.end(), more.values_.begin(), more.values_.end());
  presence_.insert(presence_.end(), more.presence_.begin(), more.presence_.end());
  std::ranges::move(more.histograms_, std::back_inserter(histograms_));
  if (has_histograms()) histograms_.resize(presence_.size());
}

Point Columns::at(size_t row, size_t step) const {
  const size_t cell = row * steps_ + step;
  if (presence_[cell] == Presence::histogram) return Point::Of(histograms_[cell]);
  return {presence_[cell], values_[cell], nullptr};
}

void Columns::Set(size_t row, size_t step, Point point) {
  const size_t cell = row * steps_ + step;
  presence_[cell] = point.presence;
  values_[cell] = point.value;
  if (point.presence != Presence::histogram) return;
  if (histograms_.empty()) histograms_.resize(presence_.size());
  histograms_[cell] = std::move(point.histogram);
}

void Columns::CopyCells(size_t row, const Columns& from, size_t from_row) {
  std::ranges::copy(from.values(from_row), values(row).begin());
  std::ranges::copy(from.presence(from_row), presence(row).begin());
  if (!from.has_histograms()) return;
  for (size_t step = 0; step < steps_; ++step) {
    if (from.presence(from_row)[step] == Presence::histogram) Set(row, step, from.at(from_row, step));
  }
}

int64_t Columns::SampleCost() const {
  auto cost = static_cast<int64_t>(cells());
  for (size_t cell = 0; cell < histograms_.size(); ++cell) {
    if (presence_[cell] == Presence::histogram) cost += promql::SampleCost(*histograms_[cell]) - 1;
  }
  return cost;
}

void Columns::DropEmptyRows() {
  std::vector<size_t> kept;
  for (size_t i = 0; i < size(); ++i) {
    const auto cells = presence(i);
    if (std::ranges::any_of(cells, [](Presence p) { return p != Presence::none; })) kept.push_back(i);
  }
  if (kept.size() != size()) Reorder(kept);
}

void Columns::Reorder(std::span<const size_t> order) {
  Columns ordered(steps_);
  ordered.Reserve(order.size());
  for (const size_t from : order) {
    const size_t to = ordered.Add(std::move(rows_[from].labels), rows_[from].drop_name);
    ordered.CopyCells(to, *this, from);
  }
  *this = std::move(ordered);
}

base::Labels DropMetricLabels(const base::Labels& labels) {
  static const std::vector<std::string> describing = {"__name__", "__type__", "__unit__"};
  return labels.Drop(describing);
}

}  // namespace promql
