#pragma once

#include <string_view>

#include "base/labels.h"
#include "promql/ast.h"
#include "store/querier.h"

// What expressions and series tell by their names. Pure functions.

namespace promql {

// Whether all series of a selector are of one metric.
bool HaveOneName(const VectorSelector& selector);
// Labels that go with the name.
bool HasTypeOrUnit(const store::Series& series);
// Whether the name of a range function's input stays its result's name.
bool KeepsName(std::string_view function);
bool LooksLikeCounter(std::string_view metric);

}  // namespace promql
