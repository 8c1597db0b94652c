#pragma once

#include <string>

#include "promql/ast.h"

// Pieces of canonical text that one line and several are made of.

namespace promql {

std::string HeadText(const Aggregate& aggregate);  // "sum by (job) "
std::string OperatorText(const Binary& binary);    // "== bool on (job)"
std::string LeftText(const Binary& binary);        // its left side on one line
std::string SuffixText(const Subquery& subquery);  // "[5m:1m] offset 1h"

}  // namespace promql
