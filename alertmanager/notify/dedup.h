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
  // Firing ones it is being told of. After a crash nobody knows whether it has heard of them.
  Fingerprints attempted = {};
  bool operator==(const LogEntry&) const = default;
};

struct GroupState {
  Fingerprints firing;
  Fingerprints resolved;
};

// A group as one receiver is to see it.
struct ReceiverView {
  GroupState state;   // resolved: only those whose start it was told of
  Fingerprints late;  // those of state.firing that have resolved, see below
};

// The state of a group for a receiver with the log entry `last`, null where there is none or it has expired. An alert
// that resolved is left out if the receiver was never told that it fires. One that a crash left as attempted is
// presented as firing, even after it resolved: nobody knows whether the receiver has heard of it, so its start is told
// (once more, maybe), and its end by the flush after that.
ReceiverView SeenBy(const LogEntry* last, const GroupState& group);

// Whether a receiver has to be told of a group in the state that SeenBy gives. Alertmanager's rules: something fires
// that was not told of; everything told of has resolved (also without send_resolved, so that the log is cleared and a
// later firing is told of again); with send_resolved something resolved that was not told of; or the repeat interval
// has passed. A difference: the interval counts from tick to tick and includes its end, so that a repeat_interval that
// is a multiple of group_interval repeats after exactly that long.
NotifyReason NeedsUpdate(const LogEntry* last, const GroupState& now_in, bool send_resolved,
                         base::Duration repeat_interval, base::Timestamp now);

}  // namespace alertmanager
