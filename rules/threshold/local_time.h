#pragma once

#include <optional>
#include <string>

#include "base/time_zone.h"

namespace rules {

// The wall clock of a place as PromQL: a vector of one sample without labels, the seconds since 1970 that a clock would
// show which does not know that it is not in UTC. month(), day_of_week(), hour() of it are those of the place. Exact in
// all years to which the turns apply; nullopt where both lie within three months. Pure.
std::optional<std::string> LocalTimeExpression(const base::TimeZone::YearlyTurns& turns);

}  // namespace rules
