#include "rules/alert_state.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace rules {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const base::Timestamp kStart{seconds(1'700'000'000)};
base::Timestamp At(int64_t second) { return kStart + seconds(second); }

// "firing active=0 fired=60 keep=90 resolved=120 sent=60", seconds since the start
std::string Show(const std::optional<AlertStatus>& status) {
  if (!status) return "none";
  std::string text(ToString(status->state));
  const auto add = [&](std::string_view name, const std::optional<base::Timestamp>& time) {
    if (time) text += fmt::format(" {}={}", name, base::ToSeconds(*time - kStart));
  };
  add("active", status->active_at);
  add("fired", status->fired_at);
  add("keep", status->keep_firing_since);
  add("resolved", status->resolved_at);
  add("sent", status->last_sent_at);
  return text;
}

AlertStatus Pending(int64_t active) {
  AlertStatus status;
  status.active_at = At(active);
  return status;
}
AlertStatus Firing(int64_t active, int64_t fired, std::optional<int64_t> keep = std::nullopt) {
  AlertStatus status = Pending(active);
  status.state = AlertState::firing;
  status.fired_at = At(fired);
  status.last_sent_at = At(fired);
  if (keep) status.keep_firing_since = At(*keep);
  return status;
}
AlertStatus Resolved(int64_t active, int64_t fired, int64_t resolved) {
  AlertStatus status = Firing(active, fired);
  status.state = AlertState::resolved;
  status.resolved_at = At(resolved);
  return status;
}

constexpr AlertPolicy kAtOnce{};
constexpr AlertPolicy kHold{.hold = minutes(1)};
constexpr AlertPolicy kKeep{.keep_firing_for = minutes(2)};
constexpr AlertPolicy kHoldAndKeep{.hold = minutes(1), .keep_firing_for = minutes(2)};

TEST(AlertStateTest, EveryStepOfTheTable) {
  struct Case {
    std::string_view name;
    std::optional<AlertStatus> before;
    bool present;
    AlertPolicy policy;
    int64_t now;
    std::string_view want;
  };
  const Case cases[] = {
      {"nothing, absent", std::nullopt, false, kHold, 0, "none"},
      {"nothing, present", std::nullopt, true, kHold, 0, "pending active=0"},
      {"nothing, present, without for", std::nullopt, true, kAtOnce, 0, "firing active=0 fired=0"},

      {"pending, present, too early", Pending(0), true, kHold, 59, "pending active=0"},
      {"pending, present, held to the second", Pending(0), true, kHold, 60, "firing active=0 fired=60"},
      {"pending, present, held longer", Pending(0), true, kHold, 75, "firing active=0 fired=75"},
      {"pending, absent", Pending(0), false, kHold, 59, "none"},
      {"pending, absent, though held", Pending(0), false, kHold, 61, "none"},
      {"pending is never kept", Pending(0), false, kHoldAndKeep, 30, "none"},
      {"pending, for lowered", Pending(0), true, kAtOnce, 30, "firing active=0 fired=30"},

      {"firing, present", Firing(0, 60), true, kHold, 90, "firing active=0 fired=60 sent=60"},
      {"firing, absent", Firing(0, 60), false, kHold, 90, "inactive active=0 fired=60 resolved=90 sent=60"},
      {"firing, for raised", Firing(0, 0), true, kHold, 59, "pending active=0"},
      {"firing, for raised, long enough", Firing(0, 0), true, kHold, 60, "firing active=0 fired=0 sent=0"},

      {"kept, first miss", Firing(0, 0), false, kKeep, 30, "firing active=0 fired=0 keep=30 sent=0"},
      {"kept, still", Firing(0, 0, 30), false, kKeep, 149, "firing active=0 fired=0 keep=30 sent=0"},
      {"kept to the second, then over", Firing(0, 0, 30), false, kKeep, 150,
       "inactive active=0 fired=0 keep=30 resolved=150 sent=0"},
      {"kept, present again", Firing(0, 0, 30), true, kKeep, 60, "firing active=0 fired=0 sent=0"},
      {"kept, for raised", Firing(0, 0, 30), false, kHoldAndKeep, 45, "pending active=0"},
      {"kept, the keeping taken away", Firing(0, 0, 30), false, kAtOnce, 45,
       "inactive active=0 fired=0 keep=30 resolved=45 sent=0"},

      {"resolved, absent", Resolved(0, 60, 90), false, kHold, 120, "inactive active=0 fired=60 resolved=90 sent=60"},
      {"resolved, absent, 15 minutes", Resolved(0, 60, 90), false, kHold, 990,
       "inactive active=0 fired=60 resolved=90 sent=60"},
      {"resolved, absent, longer", Resolved(0, 60, 90), false, kHold, 991, "none"},
      {"resolved, present", Resolved(0, 60, 90), true, kHold, 120, "pending active=120"},
      {"resolved, present, without for", Resolved(0, 60, 90), true, kAtOnce, 120, "firing active=120 fired=120"},
      {"resolved does not keep firing", Resolved(0, 60, 90), false, kKeep, 120,
       "inactive active=0 fired=60 resolved=90 sent=60"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Show(Next(c.before, c.present, c.policy, At(c.now))), c.want);
  }
}

TEST(AlertStateTest, WhatIsSentWhen) {
  const auto sent_at = [](AlertStatus status, int64_t second) {
    status.last_sent_at = At(second);
    return status;
  };
  const auto unsent = [](AlertStatus status) {
    status.last_sent_at.reset();
    return status;
  };
  struct Case {
    std::string_view name;
    AlertStatus status;
    int64_t now;
    bool want;
  };
  const Case cases[] = {
      {"pending", Pending(0), 1000, false},
      {"firing, never sent", unsent(Firing(0, 60)), 60, true},
      {"firing, just sent", sent_at(Firing(0, 60), 60), 90, false},
      {"firing, sent a minute ago", sent_at(Firing(0, 60), 60), 120, false},
      {"firing, sent longer ago", sent_at(Firing(0, 60), 60), 121, true},
      {"resolved after the last message", sent_at(Resolved(0, 60, 90), 80), 90, true},
      {"resolved, told", sent_at(Resolved(0, 60, 90), 90), 120, false},
      {"resolved, told long ago", sent_at(Resolved(0, 60, 90), 90), 151, true},
      {"resolved, never told", unsent(Resolved(0, 60, 90)), 90, true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(NeedsSending(c.status, At(c.now)), c.want);
  }
}

TEST(AlertStateTest, EndsAtIsFourResendsAwayOrTheEnd) {
  EXPECT_EQ(EndsAt(Firing(0, 60), At(100), seconds(15)), At(100 + 240));
  EXPECT_EQ(EndsAt(Firing(0, 60), At(100), minutes(5)), At(100 + 1200));
  EXPECT_EQ(EndsAt(Resolved(0, 60, 90), At(100), minutes(5)), At(90));
}

}  // namespace
}  // namespace rules
