#include "rules/group.h"

#include <gtest/gtest.h>

#include "tests/rules/world.h"

namespace rules {
namespace {

using testing::At;
using testing::World;

constexpr GroupDefaults kDefaults{.interval = std::chrono::seconds(30)};

// A world with one group in it.
class GroupTest : public ::testing::Test {
 protected:
  void Use(std::string_view yaml) { group_ = std::make_unique<Group>(World::LoadGroup(yaml), kDefaults); }
  GroupOutcome Evaluate(double seconds) { return group_->Evaluate(At(seconds), world_.environment()); }
  std::string Alerts() const { return testing::Show(group_->Snapshot()); }
  // The alerts' own series
  std::string Series(double seconds) { return world_.Query("{__name__=~\"ALERTS.*\"}", seconds); }

  World world_;
  std::unique_ptr<Group> group_;
};

constexpr std::string_view kHigh = R"(
groups:
  - name: g
    rules:
      - alert: High
        expr: v > 5
        for: 1m
        labels: {severity: critical}
        annotations: {summary: too high}
)";

TEST_F(GroupTest, PendingThenFiringThenResolved) {
  Use(kHigh);
  world_.Put("v{a=\"x\"}", 0, 9);
  Evaluate(0);
  EXPECT_EQ(Alerts(), "pending {a=\"x\", alertname=\"High\", severity=\"critical\"} 9\n");
  EXPECT_EQ(world_.Sent(0), "");
  EXPECT_EQ(Series(0),
            "ALERTS_FOR_STATE{a=\"x\", alertname=\"High\", severity=\"critical\"} 1700000000\n"
            "ALERTS{a=\"x\", alertname=\"High\", alertstate=\"pending\", severity=\"critical\"} 1\n");

  world_.Put("v{a=\"x\"}", 30, 8);
  Evaluate(30);
  EXPECT_EQ(Alerts(), "pending {a=\"x\", alertname=\"High\", severity=\"critical\"} 8\n");

  Evaluate(60);
  EXPECT_EQ(Alerts(), "firing {a=\"x\", alertname=\"High\", severity=\"critical\"} 8\n");
  EXPECT_EQ(world_.Sent(60), "firing {a=\"x\", alertname=\"High\", severity=\"critical\"} since 60 until 300\n");
  EXPECT_EQ(Series(60),
            "ALERTS_FOR_STATE{a=\"x\", alertname=\"High\", severity=\"critical\"} 1700000000\n"
            "ALERTS{a=\"x\", alertname=\"High\", alertstate=\"firing\", severity=\"critical\"} 1\n");

  world_.Put("v{a=\"x\"}", 90, 3);
  Evaluate(90);
  EXPECT_EQ(Alerts(), "");
  EXPECT_EQ(world_.Sent(90), "resolved {a=\"x\", alertname=\"High\", severity=\"critical\"} since 60 until 90\n");
  EXPECT_EQ(Series(90), "");
}

TEST_F(GroupTest, SendsAgainWhileItFiresAndAfterTheEnd) {
  Use(R"(groups: [{name: g, rules: [{alert: High, expr: v > 5}]}])");
  const auto sent = [&](double seconds, double value) {
    world_.Put("v", seconds, value);
    Evaluate(seconds);
    return world_.Sent(seconds);
  };
  EXPECT_EQ(sent(0, 9), "firing {alertname=\"High\"} since 0 until 240\n");
  EXPECT_EQ(sent(30, 9), "");
  EXPECT_EQ(sent(60, 9), "");
  EXPECT_EQ(sent(90, 9), "firing {alertname=\"High\"} since 0 until 330\n");
  EXPECT_EQ(sent(120, 1), "resolved {alertname=\"High\"} since 0 until 120\n");
  EXPECT_EQ(sent(150, 1), "");
  EXPECT_EQ(sent(210, 1), "resolved {alertname=\"High\"} since 0 until 120\n");
  EXPECT_EQ(sent(1020, 1), "resolved {alertname=\"High\"} since 0 until 120\n");
  EXPECT_EQ(sent(1110, 1), "") << "longer than 15 minutes after the end";
  EXPECT_EQ(sent(1140, 9), "firing {alertname=\"High\"} since 1140 until 1380\n");
}

TEST_F(GroupTest, AnAlertThatComesBackStartsAnew) {
  Use(kHigh);
  for (const auto& [seconds, value] : std::vector<std::pair<double, double>>{{0, 9}, {60, 9}, {90, 1}, {120, 9}}) {
    world_.Put("v", seconds, value);
    Evaluate(seconds);
  }
  EXPECT_EQ(Alerts(), "pending {alertname=\"High\", severity=\"critical\"} 9\n");
}

TEST_F(GroupTest, KeepsFiringAsLongAsAsked) {
  Use(R"(groups: [{name: g, rules: [{alert: High, expr: v > 5, keep_firing_for: 1m}]}])");
  const auto after = [&](double seconds, double value) {
    world_.Put("v", seconds, value);
    Evaluate(seconds);
    return Alerts();
  };
  EXPECT_EQ(after(0, 9), "firing {alertname=\"High\"} 9\n");
  EXPECT_EQ(after(30, 1), "firing {alertname=\"High\"} 9\n");
  EXPECT_EQ(after(60, 1), "firing {alertname=\"High\"} 9\n");
  EXPECT_EQ(world_.Query("ALERTS", 60), "ALERTS{alertname=\"High\", alertstate=\"firing\"} 1\n");
  EXPECT_EQ(after(90, 1), "");
}

TEST_F(GroupTest, RecordsSeriesThatLaterRulesOfTheSameEvaluationSee) {
  Use(R"(
groups:
  - name: g
    rules:
      - record: job:v:sum
        expr: sum by (job) (v)
        labels: {team: a, drop: ""}
      - alert: High
        expr: job:v:sum > 5
)");
  world_.Put("v{job=\"j\", i=\"1\", drop=\"x\"}", 0, 3);
  world_.Put("v{job=\"j\", i=\"2\"}", 0, 4);
  const GroupOutcome outcome = Evaluate(0);
  EXPECT_EQ(world_.Query("job:v:sum", 0), "job:v:sum{job=\"j\", team=\"a\"} 7\n");
  EXPECT_EQ(Alerts(), "firing {alertname=\"High\", job=\"j\", team=\"a\"} 7\n");
  ASSERT_EQ(outcome.rules.size(), 2U);
  EXPECT_EQ(outcome.rules[0].samples, 1U);
  EXPECT_EQ(outcome.rules[1].samples, 2U);
}

TEST_F(GroupTest, EndsRecordedSeriesThatAreNoMore) {
  Use(R"(groups: [{name: g, rules: [{record: r, expr: v > 5}]}])");
  world_.Put("v{a=\"x\"}", 0, 9);
  world_.Put("v{a=\"y\"}", 0, 9);
  Evaluate(0);
  EXPECT_EQ(world_.Query("r", 0), "r{a=\"x\"} 9\nr{a=\"y\"} 9\n");
  world_.Put("v{a=\"y\"}", 30, 1);
  Evaluate(30);
  EXPECT_EQ(world_.Query("r", 30), "r{a=\"x\"} 9\n");
  EXPECT_EQ(world_.Query("r", 31), "r{a=\"x\"} 9\n");
}

TEST_F(GroupTest, AScalarIsOneSampleWithoutLabels) {
  Use(R"(groups: [{name: g, rules: [{record: r, expr: "1 + 1"}, {alert: Always, expr: "1"}]}])");
  Evaluate(0);
  EXPECT_EQ(world_.Query("r", 0), "r 2\n");
  EXPECT_EQ(Alerts(), "firing {alertname=\"Always\"} 1\n");
}

TEST_F(GroupTest, AFailingRuleChangesNothingAndStopsNobody) {
  Use(R"(
groups:
  - name: g
    rules:
      - alert: Twice
        expr: v > 5
        labels: {i: same}
      - record: r
        expr: label_replace(w, "k", "same", "", "")
      - record: fine
        expr: vector(1)
)");
  world_.Put("v{i=\"1\"}", 0, 9);
  Evaluate(0);
  EXPECT_EQ(Alerts(), "firing {alertname=\"Twice\", i=\"same\"} 9\n");
  world_.Sent(0);
  world_.Put("v{i=\"1\"}", 90, 9);
  world_.Put("v{i=\"2\"}", 90, 9);
  world_.Put("w{k=\"1\"}", 90, 1);
  world_.Put("w{k=\"2\"}", 90, 1);
  const GroupOutcome outcome = Evaluate(90);
  EXPECT_EQ(Alerts(),
            "Twice: vector contains metrics with the same labelset after applying alert labels\n"
            "firing {alertname=\"Twice\", i=\"same\"} 9\n"
            "r: vector cannot contain metrics with the same labelset\n");
  EXPECT_EQ(world_.Sent(90), "") << "a rule that fails tells nothing, though a minute has passed";
  EXPECT_EQ(world_.Query("ALERTS", 90), "ALERTS{alertname=\"Twice\", alertstate=\"firing\", i=\"same\"} 1\n")
      << "no staleness marker after an error";
  EXPECT_EQ(world_.Query("fine", 90), "fine 1\n");
  EXPECT_EQ(outcome.rules[0].evaluated, false);
  EXPECT_EQ(outcome.rules[2].error, std::nullopt);
}

TEST_F(GroupTest, DuplicateRecordedSeriesAreAnError) {
  Use(R"(groups: [{name: g, rules: [{record: r, expr: v, labels: {i: same}}]}])");
  world_.Put("v{i=\"1\"}", 0, 1);
  world_.Put("v{i=\"2\"}", 0, 2);
  Evaluate(0);
  EXPECT_EQ(Alerts(), "r: vector contains metrics with the same labelset after applying rule labels\n");
  EXPECT_EQ(world_.Query("r", 0), "");
}

TEST_F(GroupTest, TooManyAlertsAreAnErrorAndForgotten) {
  Use(R"(groups: [{name: g, limit: 1, rules: [{alert: High, expr: v > 5}, {record: r, expr: v}]}])");
  world_.Put("v{i=\"1\"}", 0, 9);
  Evaluate(0);
  world_.Sent(0);
  world_.Put("v{i=\"1\"}", 30, 9);
  world_.Put("v{i=\"2\"}", 30, 9);
  Evaluate(30);
  EXPECT_EQ(Alerts(), "High: exceeded limit of 1 with 2 alerts\nr: exceeded limit of 1 with 2 series\n");
  EXPECT_EQ(world_.Sent(30), "");
  world_.Put("v{i=\"1\"}", 60, 1);
  Evaluate(60);
  EXPECT_EQ(Alerts(), "firing {alertname=\"High\", i=\"2\"} 9\nr: exceeded limit of 1 with 2 series\n");
}

TEST_F(GroupTest, QueryOffsetLooksBackAndStampsThere) {
  Use(R"(groups: [{name: g, query_offset: 30s, rules: [{record: r, expr: v}, {alert: High, expr: v > 5}]}])");
  world_.Put("v", 0, 9);
  world_.Put("v", 30, 1);
  Evaluate(30);
  EXPECT_EQ(world_.Query("r", 0), "r 9\n");
  EXPECT_EQ(world_.Sent(30), "firing {alertname=\"High\"} since 30 until 270\n");
}

TEST_F(GroupTest, TimeDoesNotRunBackwards) {
  Use(R"(groups: [{name: g, rules: [{record: r, expr: vector(1)}]}])");
  EXPECT_EQ(Evaluate(30).rules.size(), 1U);
  EXPECT_EQ(Evaluate(30).rules.size(), 0U);
  EXPECT_EQ(Evaluate(29).rules.size(), 0U);
  EXPECT_EQ(Evaluate(31).rules.size(), 1U);
}

TEST_F(GroupTest, TemplatesSeeTheSampleAndErrorsBecomeText) {
  Use(R"(
groups:
  - name: g
    rules:
      - alert: High
        expr: v > 5
        labels: {who: "{{ $labels.__name__ }} of {{ .Labels.a }}", gone: "{{ $labels.nobody }}"}
        annotations:
          summary: "{{ $value | humanize }} of {{ query \"count(v)\" | first | value }} in {{ $externalLabels.site }}"
          bad: "{{ query \"count(\" | first | value }}"
          plain: no template
)");
  world_.environment().external_labels = base::Labels{{"site", "demo"}, {"a", "not this one"}};
  world_.Put("v{a=\"x\"}", 0, 9500);
  Evaluate(0);
  const auto sent = world_.sink().Take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].labels.ToString(), R"({a="x", alertname="High", site="demo", who="v of x"})");
  EXPECT_EQ(sent[0].annotations.Get("summary"), "9.5k of 1 in demo");
  EXPECT_EQ(sent[0].annotations.Get("plain"), "no template");
  EXPECT_EQ(sent[0].annotations.Get("bad"),
            "<error expanding template: error executing template __alert_High: template: __alert_High:1:3: executing "
            "\"__alert_High\" at <query \"count(\">: error calling query: parse error: unclosed left parenthesis>");
  EXPECT_EQ(sent[0].generator_url, "http://tocsin/graph?g0.expr=v+%3E+5&g0.tab=1");
  EXPECT_EQ(world_.Query("ALERTS", 0),
            "ALERTS{a=\"x\", alertname=\"High\", alertstate=\"firing\", gone=\"{{ $labels.nobody }}\", "
            "who=\"v of x\"} 1\n");
}

TEST_F(GroupTest, AReloadKeepsTheAlertsOfRulesOfTheSameNameAndLabels) {
  Use(R"(
groups:
  - name: g
    rules:
      - {alert: A, expr: v > 5, for: 1m}
      - {alert: B, expr: v > 5}
      - {record: gone, expr: v}
)");
  world_.Put("v", 0, 9);
  Evaluate(0);
  world_.Sent(0);
  Group changed(World::LoadGroup(R"(
groups:
  - name: g
    rules:
      - {alert: A, expr: v > 6, for: 30s}
      - {alert: B, expr: v > 5, labels: {severity: page}}
)"),
                kDefaults);
  changed.TakeStateFrom(*group_, world_.clock().Now(), nullptr);
  EXPECT_TRUE(Evaluate(30).rules.empty()) << "the old group is retired";
  world_.Put("v", 30, 9);
  changed.Evaluate(At(30), world_.environment());
  EXPECT_EQ(testing::Show(changed.Snapshot()),
            "firing {alertname=\"A\"} 9\nfiring {alertname=\"B\", severity=\"page\"} 9\n");
  EXPECT_EQ(world_.Sent(30),
            "firing {alertname=\"A\"} since 30 until 270\n"
            "firing {alertname=\"B\", severity=\"page\"} since 30 until 270\n");
  EXPECT_EQ(world_.Query("ALERTS", 30),
            "ALERTS{alertname=\"A\", alertstate=\"firing\"} 1\n"
            "ALERTS{alertname=\"B\", alertstate=\"firing\", severity=\"page\"} 1\n");
  EXPECT_EQ(world_.Query("gone", 30), "");
}

// Offsets at which Prometheus 3.5 was seen to evaluate these groups.
TEST(GroupSlot, IsPrometheusOwn) {
  struct Case {
    std::string name;
    int interval;  // seconds
    int offset;    // milliseconds
  };
  const Case cases[] = {{"g", 30, 22894},
                        {"database", 60, 42690},
                        {"größe", 7, 948},
                        {"long " + std::string(250, 'x'), 45, 21746}};  // of 255 bytes: a length of another form
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    RuleGroup definition;
    definition.file = "/srv/rules/slots.yml";
    definition.name = one.name;
    definition.interval = std::chrono::seconds(one.interval);
    const base::Timestamp slot = Group(definition, kDefaults).SlotAt(At(1000));
    EXPECT_EQ((slot.time_since_epoch() % *definition.interval).count(), one.offset);
  }
}

TEST_F(GroupTest, SlotsAreFixedInstantsOfTheGroup) {
  Use(kHigh);
  const base::Timestamp slot = group_->SlotAt(At(1000));
  EXPECT_LE(slot, At(1000));
  EXPECT_GT(slot, At(970));
  EXPECT_EQ(group_->SlotAt(slot), slot);
  EXPECT_EQ(group_->SlotAt(slot - base::Duration(1)), slot - std::chrono::seconds(30));
  EXPECT_EQ(group_->SlotAt(slot + std::chrono::milliseconds(29999)), slot);
  Group again(World::LoadGroup(kHigh), kDefaults);
  EXPECT_EQ(again.SlotAt(At(1000)), slot);
}

}  // namespace
}  // namespace rules
