#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"

namespace ingest {

// What a page must be to be OpenMetrics 1.0, beyond what a scrape asks for: families in one piece and not twice,
// metadata before samples, sample names and labels that fit their type, values that a counter, a histogram or a summary
// can have, timestamps that do not go back, exemplars only where they may be. The first mistake, with line and column;
// nullopt where there is none. Needs memory in proportion to the page. Pure.
std::optional<base::Error> CheckOpenMetrics(std::string_view page);

}  // namespace ingest
