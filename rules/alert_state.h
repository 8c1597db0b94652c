#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

// The life of one alert as a pure function of what was before and what is seen now. Semantics: Prometheus 3.
//
//            present                present, held for `for`
//   (none) ----------> pending --------------------------> firing <----------.
//      ^                  | absent                           | absent         | present
//      '------------------+                                  v                |
//                                     resolved <-------- keep-firing ---------'
//                                        |      keep_firing_for over (0: at once)
//                                        | present: a new pending;  kept kResolvedRetention, then (none)

namespace rules {

enum class AlertState : uint8_t {
  resolved,  // Prometheus' "inactive" with a past; kept so that its end is told even when a message is lost
  pending,
  firing,  // also while kept firing, then keep_firing_since is set
};
std::string_view ToString(AlertState state);  // "inactive", "pending", "firing"

struct AlertPolicy {
  base::Duration hold{0};  // `for`
  base::Duration keep_firing_for{0};
};

struct AlertStatus {
  AlertState state = AlertState::pending;
  base::Timestamp active_at;
  std::optional<base::Timestamp> fired_at;
  std::optional<base::Timestamp> keep_firing_since;
  std::optional<base::Timestamp> resolved_at;
  std::optional<base::Timestamp> last_sent_at;
  bool operator==(const AlertStatus&) const = default;
};

inline constexpr base::Duration kResolvedRetention = std::chrono::minutes(15);
inline constexpr base::Duration kResendDelay = std::chrono::minutes(1);

// The status after an evaluation at `now` that did (`present`) or did not find the alert; nullopt: nothing to remember.
// A `for` that a reload raised above what has passed makes a firing alert pending again.
std::optional<AlertStatus> Next(const std::optional<AlertStatus>& before, bool present, const AlertPolicy& policy,
                                base::Timestamp now);

// As Next, for an instant in the past that is caught up and that nobody is told of. What receivers heard last is kept
// in last_sent_at, as of before `now`, and an alert they take for firing stays until its end can be told: one that is
// found anew is pending with a last_sent_at, one that is not is resolved.
std::optional<AlertStatus> NextInPast(const std::optional<AlertStatus>& before, bool present, const AlertPolicy& policy,
                                      base::Timestamp now);
// Whether receivers take it for firing though it is not, which only NextInPast leaves behind.
bool OwesEnd(const AlertStatus& status);

// Whether it is to be told now: a change to resolved at once, everything else that is not pending once `resend_delay`
// has passed since the last time.
bool NeedsSending(const AlertStatus& status, base::Timestamp now, base::Duration resend_delay = kResendDelay);

// When a receiver that hears nothing more takes the alert as resolved.
base::Timestamp EndsAt(const AlertStatus& status, base::Timestamp now, base::Duration interval,
                       base::Duration resend_delay = kResendDelay);

}  // namespace rules
