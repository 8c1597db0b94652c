#include "promql/histogram_cells.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "promql/histogram_math.h"

namespace promql {
namespace {

using Spans = std::vector<base::HistogramSpan>;

// The buckets with their indexes. Spans and counts that do not fit together end where the shorter one does.
CellList Decode(const Spans& spans, const std::vector<double>& counts) {
  CellList cells;
  cells.reserve(counts.size());
  int64_t index = 0;
  for (const base::HistogramSpan& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length && cells.size() < counts.size(); ++i, ++index) {
      cells.push_back({static_cast<int32_t>(index), {counts[cells.size()], 0}});
    }
  }
  return cells;
}

void Encode(const CellList& cells, Spans& spans, std::vector<double>& counts, double CompensatedSum::* part) {
  spans.clear();
  counts.clear();
  int32_t next = 0;  // the index a span without a gap would go on with
  for (const Cell& cell : cells) {
    if (spans.empty() || cell.index != next) {
      spans.push_back({cell.index - (spans.empty() ? 0 : next), 0});
    }
    ++spans.back().length;
    counts.push_back(cell.sum.*part);
    next = cell.index + 1;
  }
}

// Puts `more` into `cells`; both sorted. Each cell of `more` is added by `add`.
template <class Adder>
void MergeInto(CellList& cells, const CellList& more, Adder add) {
  CellList merged;
  merged.reserve(cells.size() + more.size());
  auto mine = cells.begin();
  for (const Cell& cell : more) {
    while (mine != cells.end() && mine->index < cell.index) merged.push_back(*mine++);
    if (mine != cells.end() && mine->index == cell.index) {
      merged.push_back(*mine++);
    } else {
      merged.push_back({cell.index, {}});
    }
    add(merged.back().sum, cell.sum);
  }
  merged.insert(merged.end(), mine, cells.end());
  cells = std::move(merged);
}

void AddLost(CellList& cells, const CellList& lost) {
  MergeInto(cells, lost, [](CompensatedSum& sum, const CompensatedSum& part) { sum.lost += part.sum; });
}

void AddSum(CompensatedSum& into, const CompensatedSum& more, double sign) {
  into.Add(sign * more.sum);
  if (more.lost != 0) into.Add(sign * more.lost);
}

// Cells that `index_of` gives the same index become one.
template <class IndexOf>
CellList Regroup(const CellList& cells, IndexOf index_of) {
  CellList grouped;
  for (const Cell& cell : cells) {
    const int32_t index = index_of(cell.index);
    if (grouped.empty() || grouped.back().index != index) {
      grouped.push_back({index, cell.sum});
    } else {
      AddSum(grouped.back().sum, cell.sum, 1);
    }
  }
  return grouped;
}

void DropEmptyCells(CellList& cells) {
  std::erase_if(cells, [](const Cell& cell) { return cell.sum.sum == 0 && cell.sum.lost == 0; });
}

void WidenZeroBucket(Cells& cells, double threshold) {
  std::tie(cells.zero, cells.zero_threshold) = ZeroBucketAt(cells, threshold);
  const auto within = [&](const Cell& cell) {
    return BucketBound(cell.index - 1, cells.schema) < cells.zero_threshold;
  };
  std::erase_if(cells.positive, within);
  std::erase_if(cells.negative, within);
  DropEmpty(cells);
}

// Makes both zero buckets equally wide.
void ReconcileZeroBuckets(Cells& a, Cells& b) {
  while (a.zero_threshold != b.zero_threshold) {
    Cells& narrow = a.zero_threshold < b.zero_threshold ? a : b;
    WidenZeroBucket(narrow, std::max(a.zero_threshold, b.zero_threshold));
  }
}

}  // namespace

Cells LoadCells(const base::FloatHistogram& h, const base::FloatHistogram* lost) {
  Cells cells;
  cells.schema = h.schema;
  cells.zero_threshold = h.zero_threshold;
  cells.zero.sum = h.zero_count;
  cells.count.sum = h.count;
  cells.sum.sum = h.sum;
  cells.positive = Decode(h.positive_spans, h.positive_buckets);
  cells.negative = Decode(h.negative_spans, h.negative_buckets);
  cells.custom_values = h.custom_values;
  if (lost == nullptr) return cells;
  cells.zero.lost = lost->zero_count;
  cells.count.lost = lost->count;
  cells.sum.lost = lost->sum;
  AddLost(cells.positive, Decode(lost->positive_spans, lost->positive_buckets));
  AddLost(cells.negative, Decode(lost->negative_spans, lost->negative_buckets));
  return cells;
}

void StoreCells(const Cells& cells, base::FloatHistogram& h, base::FloatHistogram* lost) {
  h.schema = cells.schema;
  h.zero_threshold = cells.zero_threshold;
  h.zero_count = cells.zero.sum;
  h.count = cells.count.sum;
  h.sum = cells.sum.sum;
  h.custom_values = cells.custom_values;
  Encode(cells.positive, h.positive_spans, h.positive_buckets, &CompensatedSum::sum);
  Encode(cells.negative, h.negative_spans, h.negative_buckets, &CompensatedSum::sum);
  if (lost == nullptr) return;
  lost->schema = cells.schema;
  lost->zero_threshold = cells.zero_threshold;
  lost->zero_count = cells.zero.lost;
  lost->count = cells.count.lost;
  lost->sum = cells.sum.lost;
  lost->custom_values = cells.custom_values;
  Encode(cells.positive, lost->positive_spans, lost->positive_buckets, &CompensatedSum::lost);
  Encode(cells.negative, lost->negative_spans, lost->negative_buckets, &CompensatedSum::lost);
}

void DropEmpty(Cells& cells) {
  DropEmptyCells(cells.positive);
  DropEmptyCells(cells.negative);
}

void ReduceCells(Cells& cells, int32_t schema) {
  if (cells.custom() || schema >= cells.schema) return;
  const int shift = std::min(cells.schema - schema, 31);
  const auto index_of = [shift](int32_t index) { return ((index - 1) >> shift) + 1; };
  cells.positive = Regroup(cells.positive, index_of);
  cells.negative = Regroup(cells.negative, index_of);
  cells.schema = schema;
}

bool AddCells(Cells& cells, Cells other, double sign) {
  bool reconciled = false;
  if (cells.custom()) {
    if (cells.custom_values != other.custom_values) {
      const std::vector<double> common = CommonBounds(cells.custom_values, other.custom_values);
      MapToBounds(cells, common);
      MapToBounds(other, common);
      reconciled = true;
    }
  } else {
    ReconcileZeroBuckets(cells, other);
    AddSum(cells.zero, other.zero, sign);
    const int32_t schema = std::min(cells.schema, other.schema);
    ReduceCells(cells, schema);
    ReduceCells(other, schema);
    // Prometheus does not add buckets that lie entirely within the zero bucket
    const auto within = [&cells](const Cell& cell) {
      return BucketBound(cell.index, cells.schema) <= cells.zero_threshold;
    };
    std::erase_if(other.positive, within);
    std::erase_if(other.negative, within);
  }
  AddSum(cells.count, other.count, sign);
  AddSum(cells.sum, other.sum, sign);
  const auto add = [sign](CompensatedSum& into, const CompensatedSum& more) { AddSum(into, more, sign); };
  MergeInto(cells.positive, other.positive, add);
  MergeInto(cells.negative, other.negative, add);
  return reconciled;
}

std::pair<CompensatedSum, double> ZeroBucketAt(const Cells& cells, double threshold) {
  if (threshold == cells.zero_threshold) return {cells.zero, threshold};
  while (true) {
    CompensatedSum zero = cells.zero;
    bool widened = false;
    for (const CellList* side : {&cells.positive, &cells.negative}) {
      for (const Cell& cell : *side) {
        if (BucketBound(cell.index - 1, cells.schema) >= threshold) break;
        AddSum(zero, cell.sum, 1);
        const double outer = BucketBound(cell.index, cells.schema);
        if (outer <= threshold) continue;
        if (cell.sum.sum != 0) {
          threshold = outer;
          widened = side == &cells.negative;
        }
        break;
      }
      if (widened) break;
    }
    // a threshold moved by the negative side takes in more of the positive one
    if (!widened) return {zero, threshold};
  }
}

std::vector<double> CommonBounds(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> common;
  std::ranges::set_intersection(a, b, std::back_inserter(common));
  return common;
}

void MapToBounds(Cells& cells, const std::vector<double>& bounds) {
  const auto index_of = [&](int32_t index) {
    if (index < 0 || static_cast<size_t>(index) >= cells.custom_values.size())
      return static_cast<int32_t>(bounds.size());
    return static_cast<int32_t>(std::ranges::lower_bound(bounds, cells.custom_values[static_cast<size_t>(index)]) -
                                bounds.begin());
  };
  cells.positive = Regroup(cells.positive, index_of);
  cells.custom_values = bounds;
}

}  // namespace promql
