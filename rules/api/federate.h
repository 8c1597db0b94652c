#pragma once

#include <string>

#include "base/labels.h"
#include "promql/value.h"

namespace rules {

// Samples as /federate shows them: Prometheus text, every metric untyped, with timestamps and with the external labels
// a series does not have itself. Series without a name, and histograms, are left out. Names beyond [a-zA-Z0-9_] are
// quoted with `utf8`, else each odd character becomes an underscore. Pure.
std::string FederationText(promql::Vector samples, const base::Labels& external_labels, bool utf8);

}  // namespace rules
