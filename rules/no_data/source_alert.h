#pragma once

#include <vector>

#include "base/alert.h"
#include "rules/environment.h"
#include "rules/rule.h"

namespace rules {

// Chooses the receivers of an alert of a built-in rule, at `now`: those of the alerts that are kept because the source
// failed, if the rule tells of failed sources, and the root route's where the rule says so. Lists the kept alerts in
// the annotation `affected`, one a line. The end of a failure goes to the root route as well; the alertmanager tells it
// only to who was told of the failure. Other rules' alerts stay as they are.
void ChooseReceivers(const Rule& rule, const Environment& environment, base::Timestamp now, base::Alert& alert);

// Removes the alerts of failed sources that concern nobody: built-in alerts are off, and no alert is kept.
void DropUnaddressed(const Rule& rule, std::vector<base::Alert>& alerts);

}  // namespace rules
