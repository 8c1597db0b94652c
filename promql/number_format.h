#pragma once

#include <string>

namespace promql {

// The shortest digits as Go's %g and %v write them: with an exponent below 1e-4 and from 1e6 on where the digits before
// the point would be more than six ("1e+06", "123456").
std::string FormatG(double value);
// Never with an exponent: what count_values makes a label's value and number literals are printed as.
std::string FormatPlain(double value);

}  // namespace promql
