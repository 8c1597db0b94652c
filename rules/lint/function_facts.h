#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "rules/lint/value_range.h"

namespace rules {

// What values PromQL's functions give. `arguments` are what is known of the arguments' values.
ValueRange RangeOfFunction(std::string_view function, std::span<const ValueRange> arguments);

// Whether an instant vector's function has a sample for each one it is given.
bool KeepsEverySample(std::string_view function);
// Whether a range vector's function needs two samples of a series to have a value.
bool NeedsTwoSamples(std::string_view function);

}  // namespace rules
