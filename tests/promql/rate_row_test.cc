#include "promql/rate_row.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <random>

#include "promql/range_functions.h"

namespace promql {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Plain {
  std::vector<base::Timestamp> times;
  std::vector<double> values;
};

// Counters that begin near zero, are reset, stand still, jump and miss samples; now and then no number at all.
Plain RandomSeries(std::mt19937& random, bool jitter) {
  const auto chance = [&random](int of) { return random() % of == 0; };
  Plain series;
  double value = chance(2) ? 0 : static_cast<double>(random() % 1'000'000);
  const bool whole = chance(2);
  for (int i = 0; i < 80; ++i) {
    value =
        chance(25) ? 0 : value + (whole ? static_cast<double>(random() % 50) : 0.1 * static_cast<double>(random() % 9));
    if (chance(12)) continue;
    const milliseconds late(jitter ? random() % 20 : 0);
    series.times.push_back(base::Timestamp(seconds(15) * i + late));
    series.values.push_back(value);
    if (chance(200)) series.values.back() = std::numeric_limits<double>::quiet_NaN();
    if (chance(200)) series.values.back() = std::numeric_limits<double>::infinity();
    if (chance(200)) series.values.back() = -0.0;
    if (chance(100)) series.values.back() = -value;
  }
  return series;
}

// The same by the functions for single windows.
Point OfWindow(RangeFunction function, const Plain& series, const RangeInput& input, size_t step) {
  const base::Timestamp end = input.first_end + input.end_interval * static_cast<int64_t>(step);
  Window window;
  window.start = end - input.range;
  window.end = window.now = end;
  const auto first = std::ranges::upper_bound(series.times, window.start) - series.times.begin();
  const auto last = std::ranges::upper_bound(series.times, end) - series.times.begin();
  if (first == last) return {};
  window.times = std::span(series.times).subspan(first, last - first);
  window.values = std::span(series.values).subspan(first, last - first);
  const base::Labels labels;
  const SourceRange where;
  AnnotationSet annotations;
  RangeContext context{labels, where, annotations, input.range, Extension::none, {}, {}};
  return function(window, context);
}

TEST(RateRowTest, GivesWhatTheSingleWindowsGive) {
  struct Case {
    const char* name;
    RangeFunction function;
    RateKind kind;
  };
  const Case kCases[] = {
      {"rate", Rate, {true, true}}, {"increase", Increase, {true, false}}, {"delta", Delta, {false, false}}};
  std::mt19937 random(7);
  for (const Case& one : kCases) {
    for (const int range : {20, 31, 60, 300, 3000}) {
      RangeInput input;
      input.first_end = base::Timestamp(seconds(-40));
      input.end_interval = milliseconds(range == 31 ? 0 : 7'300);
      if (range == 31) input.first_end = base::Timestamp(seconds(600));
      input.range = seconds(range);
      constexpr size_t kSteps = 200;
      RateRow row(input, kSteps, one.kind);
      for (int i = 0; i < 40; ++i) {
        SCOPED_TRACE(std::string(one.name) + " over " + std::to_string(range) + " s, series " + std::to_string(i));
        const Plain series = RandomSeries(random, i % 3 == 0);
        std::vector<double> values(kSteps);
        std::vector<Presence> presence(kSteps);
        row.Run(series.times, series.values, values, presence);
        for (size_t step = 0; step < kSteps; ++step) {
          const Point wanted = OfWindow(one.function, series, input, step);
          ASSERT_EQ(presence[step], wanted.presence) << step;
          ASSERT_EQ(std::bit_cast<uint64_t>(values[step]), std::bit_cast<uint64_t>(wanted.value)) << step;
        }
      }
    }
  }
}

}  // namespace
}  // namespace promql
