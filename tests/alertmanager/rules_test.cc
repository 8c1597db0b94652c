#include <gtest/gtest.h>

#include "alertmanager/alert_store.h"
#include "alertmanager/fingerprint.h"
#include "alertmanager/inhibit/inhibit.h"
#include "alertmanager/notify/dedup.h"
#include "tests/alertmanager/world.h"

// The pure decisions: identity, merging, who inhibits whom, and whether something has to be said.

namespace alertmanager {
namespace {

using namespace std::chrono_literals;

TEST(Fingerprint, IsTheOriginals) {
  // values printed by Alertmanager 0.25 for these label sets
  EXPECT_EQ(FingerprintText(Fingerprint({})), "cbf29ce484222325");
  EXPECT_EQ(FingerprintText(Fingerprint({{"alertname", "PAR_90"}, {"severity", "critical"}})), "f28b33361b4d4ca9");
}

struct DedupCase {
  const char* name;
  std::optional<LogEntry> last;
  Fingerprints firing;
  Fingerprints resolved;
  bool send_resolved;
  NotifyReason want;
};

TEST(Dedup, Table) {
  const base::Timestamp long_ago = At(-7200);
  const base::Timestamp just_now = At(-10);
  const DedupCase cases[] = {
      {"never told, fires", {}, {1}, {}, true, NotifyReason::first},
      {"never told, resolved already", {}, {}, {1}, true, NotifyReason::none},
      {"same again", LogEntry{just_now, {1}, {}}, {1}, {}, true, NotifyReason::none},
      {"one more", LogEntry{just_now, {1}, {}}, {1, 2}, {}, true, NotifyReason::new_alerts},
      {"fires after all had resolved", LogEntry{just_now, {}, {1}}, {1}, {}, true, NotifyReason::first},
      {"one less, not resolved: muted", LogEntry{just_now, {1, 2}, {}}, {1}, {}, true, NotifyReason::none},
      {"one resolved", LogEntry{just_now, {1, 2}, {}}, {1}, {2}, true, NotifyReason::some_resolved},
      {"one resolved, not to be told", LogEntry{just_now, {1, 2}, {}}, {1}, {2}, false, NotifyReason::none},
      {"all resolved", LogEntry{just_now, {1}, {}}, {}, {1}, true, NotifyReason::all_resolved},
      {"all resolved, logged even if not told",
       LogEntry{just_now, {1}, {}},
       {},
       {1},
       false,
       NotifyReason::all_resolved},
      {"resolved and told", LogEntry{just_now, {}, {1}}, {}, {1}, true, NotifyReason::none},
      {"resolved long ago", LogEntry{long_ago, {}, {1}}, {}, {1}, true, NotifyReason::none},
      {"repeat", LogEntry{long_ago, {1}, {}}, {1}, {}, true, NotifyReason::repeat},
      {"a crash while told first: fires again", LogEntry{just_now, {}, {}, {1}}, {1}, {}, true, NotifyReason::first},
      {"a crash while one more was told", LogEntry{just_now, {1}, {}, {2}}, {1, 2}, {}, true, NotifyReason::new_alerts},
      {"repeat exactly at the interval", LogEntry{At(-3600), {1}, {}}, {1}, {}, true, NotifyReason::repeat},
      {"not yet", LogEntry{At(-3599.999), {1}, {}}, {1}, {}, true, NotifyReason::none},
  };
  for (const DedupCase& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(NeedsUpdate(c.last ? &*c.last : nullptr, {c.firing, c.resolved}, c.send_resolved, 1h, At(0)), c.want);
  }
}

struct SeenByCase {
  const char* name;
  std::optional<LogEntry> last;
  Fingerprints resolved;  // beside 9, which fires
  Fingerprints want_firing;
  Fingerprints want_resolved;
  Fingerprints want_late;
};

TEST(Dedup, WhatAReceiverSeesOfAGroup) {
  const SeenByCase cases[] = {
      {"never told of anything", {}, {1}, {9}, {}, {}},
      {"told that it fires", LogEntry{At(0), {1}, {}}, {1}, {9}, {1}, {}},
      {"told of others", LogEntry{At(0), {2}, {}}, {1}, {9}, {}, {}},
      {"told that it resolved", LogEntry{At(0), {}, {1}}, {1}, {9}, {}, {}},
      {"a crash while told that it fires", LogEntry{At(0), {2}, {}, {1}}, {1, 2}, {1, 9}, {2}, {1}},
  };
  for (const SeenByCase& c : cases) {
    SCOPED_TRACE(c.name);
    const ReceiverView view = SeenBy(c.last ? &*c.last : nullptr, {{9}, c.resolved});
    EXPECT_EQ(view.state.firing, c.want_firing);
    EXPECT_EQ(view.state.resolved, c.want_resolved);
    EXPECT_EQ(view.late, c.want_late);
  }
}

StoredAlert Stored(double start, double end, double updated, bool timeout = false) {
  StoredAlert stored;
  stored.alert = {
      {{"alertname", "T"}}, {{"version", std::to_string(static_cast<int>(updated))}}, At(start), At(end), ""};
  stored.fingerprint = 1;
  stored.updated_at = At(updated);
  stored.timeout = timeout;
  return stored;
}

struct MergeCase {
  const char* name;
  StoredAlert first;
  StoredAlert second;
  StoredAlert want;
};

TEST(AlertStore, MergesOverlappingVersions) {
  const base::Timestamp now = At(100);
  const MergeCase cases[] = {
      {"a resend keeps the earlier start", Stored(0, 200, 90), Stored(50, 300, 100), Stored(0, 300, 100)},
      {"a firing end that was said outlives an earlier one", Stored(0, 400, 90), Stored(0, 300, 100),
       Stored(0, 400, 100)},
      {"a made-up end does not", Stored(0, 400, 90, true), Stored(0, 300, 100), Stored(0, 300, 100)},
      {"a resolve counts", Stored(0, 400, 90), Stored(0, 99, 100), Stored(0, 99, 100)},
      {"a made-up end after a said one keeps the later", Stored(0, 400, 90), Stored(50, 350, 100, true),
       Stored(0, 400, 100)},
      {"of two resolves the later end", Stored(0, 90, 95), Stored(10, 80, 100), Stored(0, 90, 100)},
      {"a re-fire after the end starts anew", Stored(0, 50, 90), Stored(60, 200, 100), Stored(60, 200, 100)},
      {"identical times replace", Stored(0, 200, 90), Stored(0, 200, 100), Stored(0, 200, 100)},
  };
  for (const MergeCase& c : cases) {
    SCOPED_TRACE(c.name);
    AlertStore store;
    store.Put(c.first, now);
    EXPECT_EQ(*store.Put(c.second, now), c.want);
    EXPECT_EQ(store.alerts().size(), 1U);
  }
}

TEST(AlertStore, OnlyWhatMattersToAnotherProcessIsKeptAgain) {
  const base::Timestamp now = At(100);
  const StoredAlert firing = Stored(0, 300, 10);
  StoredAlert resent = Stored(0, 400, 10);
  resent.updated_at = At(90);
  EXPECT_TRUE(SameToKeep(firing, resent, now));
  EXPECT_FALSE(SameToKeep(firing, Stored(1, 300, 10), now)) << "another start";
  EXPECT_FALSE(SameToKeep(firing, Stored(0, 300, 11), now)) << "another annotation";
  EXPECT_FALSE(SameToKeep(firing, Stored(0, 100, 10), now)) << "it has resolved";
  EXPECT_FALSE(SameToKeep(Stored(0, 80, 10), Stored(0, 90, 10), now)) << "another end";
  EXPECT_TRUE(SameToKeep(Stored(0, 80, 10), Stored(0, 80, 10), now));
}

TEST(AlertStore, TimeInWhichNobodyListenedEndsNoAlert) {
  struct Case {
    const char* name;
    StoredAlert kept;
    double want_end;
  };
  const Case cases[] = {
      {"would have been sent again", Stored(0, 250, 10), 1240},
      {"says an end far ahead", Stored(0, 5000, 10), 5000},
      {"gets resolve_timeout at most", Stored(0, 900, 10), 1300},
      {"had resolved", Stored(0, 10, 10), 10},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Resumed(c.kept, 5min, At(1000)).alert.ends_at, At(c.want_end));
  }
}

TEST(AlertStore, TimesThatWereNotSaid) {
  const PostedAlert none{{{"a", "b"}}, {}, {}, {}, ""};
  EXPECT_EQ(Complete(none, 5min, At(10)).alert.starts_at, At(10));
  EXPECT_EQ(Complete(none, 5min, At(10)).alert.ends_at, At(310));
  EXPECT_TRUE(Complete(none, 5min, At(10)).timeout);
  PostedAlert ended = none;
  ended.ends_at = At(5);
  EXPECT_EQ(Complete(ended, 5min, At(10)).alert.starts_at, At(5));
  EXPECT_FALSE(Complete(ended, 5min, At(10)).timeout);
}

struct InhibitCase {
  const char* name;
  const char* rule;
  std::vector<base::Labels> firing;
  base::Labels target;
  std::optional<size_t> by;  // index into firing
};

TEST(Inhibit, Table) {
  const char* severity =
      "{source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [alertname, site]}";
  const char* same_alert =
      "{source_matchers: [severity=critical], target_matchers: [severity=warning], equal: ['...']}";
  const char* both_sides = "{source_matchers: [a=~\"x|y\"], target_matchers: [a=~\"x|y\"], equal: []}";
  const InhibitCase cases[] = {
      {"same values of the equal labels",
       severity,
       {{{"alertname", "T"}, {"severity", "critical"}, {"site", "1"}}},
       {{"alertname", "T"}, {"severity", "warning"}, {"site", "1"}},
       0},
      {"another value",
       severity,
       {{{"alertname", "T"}, {"severity", "critical"}, {"site", "1"}}},
       {{"alertname", "T"}, {"severity", "warning"}, {"site", "2"}},
       {}},
      {"missing on both sides is equal",
       severity,
       {{{"alertname", "T"}, {"severity", "critical"}}},
       {{"alertname", "T"}, {"severity", "warning"}},
       0},
      {"not a target",
       severity,
       {{{"alertname", "T"}, {"severity", "critical"}}},
       {{"alertname", "T"}, {"severity", "info"}},
       {}},
      {"every label but the severity",
       same_alert,
       {{{"alertname", "T"}, {"severity", "critical"}, {"tenant", "a"}}},
       {{"alertname", "T"}, {"severity", "warning"}, {"tenant", "a"}},
       0},
      {"every label, one more",
       same_alert,
       {{{"alertname", "T"}, {"severity", "critical"}, {"tenant", "a"}}},
       {{"alertname", "T"}, {"severity", "warning"}, {"tenant", "a"}, {"job", "j"}},
       {}},
      {"nothing silences itself", both_sides, {{{"a", "x"}}}, {{"a", "x"}}, {}},
      {"nor what could silence it back", both_sides, {{{"a", "y"}}}, {{"a", "x"}}, {}},
      {"the second source counts too",
       severity,
       {{{"alertname", "T"}, {"severity", "info"}}, {{"alertname", "T"}, {"severity", "critical"}}},
       {{"alertname", "T"}, {"severity", "warning"}},
       1},
      {"a rule without source matchers takes any source",
       "{target_matchers: [a=x], equal: [b]}",
       {{{"c", "d"}}},
       {{"a", "x"}},
       0},
  };
  for (const InhibitCase& c : cases) {
    SCOPED_TRACE(c.name);
    const Config config =
        Parse(std::string("route: {receiver: r}\nreceivers: [{name: r}]\ninhibit_rules: [") + c.rule + "]");
    std::vector<FiringAlert> firing;
    for (const base::Labels& labels : c.firing) firing.push_back({Fingerprint(labels), &labels});
    const auto by = Inhibitions(config.inhibit_rules, firing).InhibitedBy(c.target);
    EXPECT_EQ(by, c.by ? std::optional(Fingerprint(c.firing[*c.by])) : std::nullopt);
  }
}

TEST(Inhibit, TheRuleOfThresholds) {
  const InhibitRule rule = SilenceLowerSeverity();
  const base::Labels critical = {{"alertname", "T"}, {"severity", "critical"}, {"tenant", "a"}};
  const FiringAlert source{1, &critical};
  const Inhibitions inhibitions({&rule, 1}, {&source, 1});
  EXPECT_EQ(inhibitions.InhibitedBy({{"alertname", "T"}, {"severity", "warning"}, {"tenant", "a"}}), 1U);
  EXPECT_EQ(inhibitions.InhibitedBy({{"alertname", "T"}, {"severity", "warning"}, {"tenant", "b"}}), std::nullopt);
}

}  // namespace
}  // namespace alertmanager
