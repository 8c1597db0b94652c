#pragma once

#include <string>

#include "rules/rule.h"

namespace rules {

// The set as a plain Prometheus rule file that promtool and any Prometheus load: what `tocsin rules expand` prints. The
// inhibitions, which rule files have no words for, stand before it as comments to paste into alertmanager.yml. A rule's
// `no_data`, which Prometheus does not know, is a comment in the rule.
std::string ExpandRules(const RuleSet& set);

}  // namespace rules
