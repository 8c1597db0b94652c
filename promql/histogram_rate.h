#pragma once

#include <optional>
#include <span>
#include <utility>

#include "base/histogram.h"
#include "promql/range_window.h"

namespace promql {

// The difference of a window's last and first histogram, resets of a counter put right; with `from_start` the first
// counts whole, as if the counter had been zero before it. Nothing (and a remark) where the histograms do not fit.
std::optional<base::FloatHistogram> HistogramDifference(const Window& window, RangeContext& context, bool counter,
                                                        bool from_start);
Point ScaledPoint(base::FloatHistogram histogram, double factor);

// rate() and its kin over an anchored or smoothed window of histograms.
Point ExtendedHistogramRate(const Window& window, RangeContext& context, bool counter, bool per_second);

// The samples whose values stand for the window's edges, or nothing where it has none.
std::optional<std::pair<size_t, size_t>> FindEdges(std::span<const base::Timestamp> times, const Window& window,
                                                   bool smoothed);

}  // namespace promql
