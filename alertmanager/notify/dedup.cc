#include "alertmanager/notify/dedup.h"

#include <algorithm>

namespace alertmanager {

ReceiverView SeenBy(const LogEntry* last, const GroupState& group) {
  ReceiverView view{.state = {.firing = group.firing, .resolved = {}}, .late = {}};
  if (last == nullptr) return view;
  for (const uint64_t fingerprint : group.resolved) {
    if (last->attempted.contains(fingerprint)) {
      view.late.insert(fingerprint);
      view.state.firing.insert(fingerprint);
    } else if (last->firing.contains(fingerprint)) {
      view.state.resolved.insert(fingerprint);
    }
  }
  return view;
}

NotifyReason NeedsUpdate(const LogEntry* last, const GroupState& now_in, bool send_resolved,
                         base::Duration repeat_interval, base::Timestamp now) {
  if (last == nullptr) return now_in.firing.empty() ? NotifyReason::none : NotifyReason::first;
  if (!std::ranges::includes(last->firing, now_in.firing)) {
    return last->firing.empty() ? NotifyReason::first : NotifyReason::new_alerts;
  }
  if (now_in.firing.empty()) {
    return last->firing.empty() ? NotifyReason::none : NotifyReason::all_resolved;
  }
  if (send_resolved && !std::ranges::includes(last->resolved, now_in.resolved)) return NotifyReason::some_resolved;
  return last->time <= now - repeat_interval ? NotifyReason::repeat : NotifyReason::none;
}

}  // namespace alertmanager
