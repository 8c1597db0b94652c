#pragma once

#include <string>

#include "base/labels.h"

namespace promql {

// The shortest digits as Go's %g and %v write them: with an exponent below 1e-4 and from 1e6 on where the digits before
// the point would be more than six ("1e+06", "123456").
std::string FormatG(double value);
// Never with an exponent: what count_values makes a label's value and number literals are printed as.
std::string FormatPlain(double value);

// All labels in braces, the metric's name among them, as error texts show series: {__name__="up", job="a"}.
std::string LabelsText(const base::Labels& labels);

}  // namespace promql
