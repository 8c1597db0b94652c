#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/histogram.h"
#include "promql/histogram_math.h"
#include "promql/numerics.h"

// Histograms taken apart for arithmetic: one cell per bucket, by index, spans gone. Each count carries what rounding
// lost, for those who sum many.

namespace promql {

struct Cell {
  int32_t index = 0;
  CompensatedSum sum;
};
using CellList = std::vector<Cell>;  // by rising index

struct Cells {
  int32_t schema = 0;
  double zero_threshold = 0;
  CompensatedSum zero;
  CompensatedSum count;
  CompensatedSum sum;
  CellList positive;
  CellList negative;
  std::vector<double> custom_values;

  bool custom() const { return schema == base::FloatHistogram::kCustomBucketsSchema; }
};

// `lost` is null or holds what rounding took from the histogram's numbers, in a layout of its own.
Cells LoadCells(const base::FloatHistogram& h, const base::FloatHistogram* lost);
void StoreCells(const Cells& cells, base::FloatHistogram& h, base::FloatHistogram* lost);

// A cell with its bounds.
Bucket BucketOf(const base::FloatHistogram& h, const Cell& cell, bool positive);

void DropEmpty(Cells& cells);
// To a coarser schema.
void ReduceCells(Cells& cells, int32_t schema);
// Adds `other` `sign` times. Schemas and zero buckets are brought together first. True if custom bounds differed and
// only the common ones are left.
bool AddCells(Cells& cells, Cells other, double sign);

// What the zero bucket would count if it were at least `threshold` wide, and how wide it then has to be so that no
// bucket that counts something is cut.
std::pair<CompensatedSum, double> ZeroBucketAt(const Cells& cells, double threshold);

std::vector<double> CommonBounds(const std::vector<double>& a, const std::vector<double>& b);
void MapToBounds(Cells& cells, const std::vector<double>& bounds);

}  // namespace promql
