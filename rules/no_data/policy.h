#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/labels.h"
#include "base/time.h"

// What happens to the alerts of a rule when the series they rest on vanish because their source failed: the target is
// down, or the collector behind a page failed. A series that its source no longer shows, although the source answered,
// is not meant: such an alert resolves.

namespace rules {

enum class NoDataPolicy : uint8_t {
  resolve,   // Alerts resolve, as in Prometheus.
  keep,      // Alerts keep their state, marked as not current, until the source answers again.
  alert,     // As keep. The rule also raises an alert with the label condition="no_data" for each failed source.
  critical,  // As alert, with severity="critical".
};
std::string_view ToString(NoDataPolicy policy);
std::optional<NoDataPolicy> ParseNoDataPolicy(std::string_view text);

// Marks an alert that is kept although the source of its series failed.
struct NoData {
  base::Timestamp since;    // the first evaluation without data
  base::Timestamp seen_at;  // the last evaluation that found the alert
  base::Labels source;      // the failed source: job, instance, and target and collector where the page names them
  bool operator==(const NoData&) const = default;
};

}  // namespace rules
