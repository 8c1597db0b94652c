#include "alertmanager/notify/dedup.h"

#include <algorithm>

namespace alertmanager {

NotifyReason NeedsUpdate(const LogEntry* last, const GroupState& now_in, bool send_resolved,
                         base::Duration repeat_interval, base::Timestamp now) {
  if (last == nullptr) return now_in.firing.empty() ? NotifyReason::none : NotifyReason::first;
  if (!std::ranges::includes(last->firing, now_in.firing)) {
    return last->firing.empty() ? NotifyReason::first : NotifyReason::new_alerts;
  }
  if (now_in.firing.empty()) {
    return last->firing.empty() && last->attempted.empty() ? NotifyReason::none : NotifyReason::all_resolved;
  }
  if (send_resolved && !std::ranges::includes(last->resolved, now_in.resolved)) return NotifyReason::some_resolved;
  return last->time <= now - repeat_interval ? NotifyReason::repeat : NotifyReason::none;
}

}  // namespace alertmanager
