#include "rules/alert_state.h"

#include <algorithm>

namespace rules {
namespace {

AlertStatus Begin(base::Timestamp now) {
  AlertStatus status;
  status.active_at = now;
  return status;
}

// Pending to firing, and back where `for` was raised meanwhile.
AlertStatus Judge(AlertStatus status, const AlertPolicy& policy, base::Timestamp now) {
  const bool held = now - status.active_at >= policy.hold;
  if (status.state == AlertState::pending && held) {
    status.state = AlertState::firing;
    status.fired_at = now;
  } else if (status.state == AlertState::firing && !held) {
    status = Begin(status.active_at);
  }
  return status;
}

std::optional<AlertStatus> NextWhenAbsent(AlertStatus status, const AlertPolicy& policy, base::Timestamp now) {
  switch (status.state) {
    case AlertState::pending:
      return std::nullopt;
    case AlertState::resolved:
      if (now - *status.resolved_at > kResolvedRetention) return std::nullopt;
      return status;
    case AlertState::firing:
      break;
  }
  if (policy.keep_firing_for.count() > 0) {
    if (!status.keep_firing_since) status.keep_firing_since = now;
    if (now - *status.keep_firing_since < policy.keep_firing_for) return Judge(status, policy, now);
  }
  status.state = AlertState::resolved;
  status.resolved_at = now;
  return status;
}

}  // namespace

std::string_view ToString(AlertState state) {
  switch (state) {
    case AlertState::resolved:
      return "inactive";
    case AlertState::pending:
      return "pending";
    case AlertState::firing:
      return "firing";
  }
  return "";
}

std::optional<AlertStatus> Next(const std::optional<AlertStatus>& before, bool present, const AlertPolicy& policy,
                                base::Timestamp now) {
  if (!present) return before ? NextWhenAbsent(*before, policy, now) : std::nullopt;
  if (!before || before->state == AlertState::resolved) return Judge(Begin(now), policy, now);
  AlertStatus status = *before;
  status.keep_firing_since.reset();
  return Judge(status, policy, now);
}

bool OwesEnd(const AlertStatus& status) {
  if (!status.last_sent_at) return false;
  return status.state == AlertState::pending || (status.resolved_at && *status.resolved_at > *status.last_sent_at);
}

std::optional<AlertStatus> NextInPast(const std::optional<AlertStatus>& before, bool present, const AlertPolicy& policy,
                                      base::Timestamp now) {
  if (!before || !before->last_sent_at) return Next(before, present, policy, now);
  AlertStatus known = *before;
  // a restart tells alerts again at its own time, which is later than what it catches up
  known.last_sent_at = std::min(*known.last_sent_at, now - base::Duration(1));
  const bool heard_of = known.state == AlertState::firing || OwesEnd(known);
  auto next = Next(known, present, policy, now);
  if (!heard_of) return next;
  if (next) {
    next->last_sent_at = known.last_sent_at;
  } else {
    next = known;
    if (known.state == AlertState::pending) {
      next->state = AlertState::resolved;
      next->resolved_at = now;
    }
  }
  return next;
}

bool NeedsSending(const AlertStatus& status, base::Timestamp now, base::Duration resend_delay) {
  if (status.state == AlertState::pending) return false;
  if (!status.last_sent_at) return true;
  if (status.resolved_at && *status.resolved_at > *status.last_sent_at) return true;
  return *status.last_sent_at + resend_delay < now;
}

base::Timestamp EndsAt(const AlertStatus& status, base::Timestamp now, base::Duration interval,
                       base::Duration resend_delay) {
  if (status.resolved_at) return *status.resolved_at;
  return now + 4 * std::max(interval, resend_delay);
}

}  // namespace rules
