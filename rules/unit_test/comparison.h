#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/labels.h"
#include "rules/rule.h"
#include "store/sample.h"

// Expected against found: pure functions. Texts are promtool's, and a plainer form for people who asked for it.

namespace rules {

// How near two values must be to be the same.
struct Nearness {
  bool last_bit = false;            // neighbours among the doubles are the same (promtool's fuzzy_compare)
  std::optional<double> tolerance;  // relative to the larger of both; then NaN is the same as NaN as well
};
bool SameValue(double expected, double found, const Nearness& nearness);

struct TestedSample {
  base::Labels labels;
  double value = 0;
  store::HistogramPtr histogram;  // its hint of a counter reset counts as well
};
bool SameSample(const TestedSample& expected, const TestedSample& found, const Nearness& nearness);

// Names with values as they are, empty ones too: an annotation whose template comes out empty is one that is there.
struct TestedAlert {
  TextMap labels;
  TextMap annotations;
  auto operator<=>(const TestedAlert&) const = default;
};

// What keeps `found` from being what is expected, or nothing. The order of either does not matter. Lines are indented
// to stand below the heading of a test. `diff` asks for the differing lines marked with - (expected) and + (found).
std::optional<std::string> CompareSamples(std::vector<TestedSample> expected, std::vector<TestedSample> found,
                                          const Nearness& nearness, bool diff);
std::optional<std::string> CompareAlerts(std::vector<TestedAlert> expected, std::vector<TestedAlert> found, bool diff);

// A histogram in the notation of test files, as short as it can be: "{{schema:1 count:2 sum:3 buckets:[2]}}".
std::string HistogramNotation(const base::FloatHistogram& histogram);

}  // namespace rules
