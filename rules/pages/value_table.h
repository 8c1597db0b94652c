#pragma once

#include <cstddef>
#include <string>

#include "promql/value.h"

namespace rules {

// How many series a page shows, and how many samples of each.
inline constexpr size_t kShownSeries = 1000;
inline constexpr size_t kShownSamples = 20;

// The result of an expression as HTML: a sentence that says how much there is, and a table. Past kShownSeries series or
// kShownSamples samples of a series the rest is left out, and a sentence says so. Pure.
std::string ValueHtml(const promql::Value& value);

}  // namespace rules
