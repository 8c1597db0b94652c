#pragma once

#include <cstddef>
#include <span>

#include "base/time.h"
#include "store/sample.h"

namespace store {

// What functions like rate() ask of a window: its ends, and what lies between only where a counter began anew. Of
// floats, staleness markers left out.
struct Edges {
  size_t count = 0;  // from here on nothing means anything where this is 0
  base::Timestamp first_time;
  base::Timestamp last_time;
  double first = 0;
  double last = 0;
  base::Timestamp before_last_time;  // where there are two
  double before_last = 0;
  size_t falls = 0;         // samples smaller than the one before; only where asked for
  double before_falls = 0;  // the values before those, added up in the order of time; likewise
};

// Of samples in time order without staleness markers.
Edges EdgesOf(std::span<const base::Timestamp> times, std::span<const double> values, bool falls);

// Takes the staleness markers out, where all samples are floats.
void DropStale(Samples& samples);

}  // namespace store
