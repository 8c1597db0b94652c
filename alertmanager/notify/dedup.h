#pragma once

#include <cstdint>
#include <set>

#include "alertmanager/notify/notification.h"
#include "base/time.h"

namespace alertmanager {

using Fingerprints = std::set<uint64_t>;

// What a receiver was last told about a group; the notification log keeps one for every group and integration.
struct LogEntry {
  base::Timestamp time;
  Fingerprints firing;
  Fingerprints resolved;
  // Firing ones it is being told of: after a crash nobody knows whether it has heard of them.
  Fingerprints attempted = {};
  bool operator==(const LogEntry&) const = default;
};

struct GroupState {
  Fingerprints firing;
  Fingerprints resolved;
};

// Whether a group in state `now_in` has to be told of, `last` being null where it never was (or the entry expired).
// Alertmanager's rules: something fires that was not told of; everything told of has resolved (also without
// send_resolved, so that the log is cleared and a later firing is told of again); with send_resolved something resolved
// that was not told of; or the repeat interval has passed. What a crash left as attempted fires as not told of and
// resolves as told of, so that nobody waits for an end in vain. Another difference: the interval counts from tick to
// tick and includes its end, so that a repeat_interval that is a multiple of group_interval repeats after exactly that
// long.
NotifyReason NeedsUpdate(const LogEntry* last, const GroupState& now_in, bool send_resolved,
                         base::Duration repeat_interval, base::Timestamp now);

}  // namespace alertmanager
