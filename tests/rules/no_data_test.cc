#include <gtest/gtest.h>

#include "base/text.h"
#include "rules/api/rules_json.h"
#include "rules/group.h"
#include "rules/no_data/keep.h"
#include "rules/no_data/source_alert.h"
#include "rules/no_data/source_check.h"
#include "rules/threshold/expand.h"
#include "tests/rules/world.h"

// Alerts whose series vanish because their source failed.

namespace rules {
namespace {

using std::chrono::seconds;
using testing::At;
using testing::World;

constexpr double kStale = -1e300;  // a staleness marker in place of a value

struct Put {
  std::string series;
  double value;
};

// What is scraped before an evaluation, and what its alerts are after it.
struct Step {
  std::vector<Put> scraped;
  std::string alerts;  // "firing", "pending", "firing (no data)", "" for none; several sorted and joined by ", "
};

struct Case {
  std::string name;
  std::string rule;  // the keys of one threshold or rule
  std::vector<Step> steps;
};

std::string ShowAlerts(const GroupSnapshot& group) {
  std::vector<std::string> lines;
  for (const RuleSnapshot& rule : group.rules) {
    for (const ActiveAlert& alert : rule.alerts) {
      lines.push_back(fmt::format("{}{}", ToString(alert.status.state), alert.no_data ? " (no data)" : ""));
    }
  }
  std::ranges::sort(lines);
  return base::Join(lines, ", ");
}

void PutAll(World& world, const std::vector<Put>& scraped, double time) {
  for (const Put& put : scraped) {
    world.Put(put.series, time, put.value == kStale ? store::StaleMarker() : put.value);
  }
}

std::shared_ptr<const RecordedSeries> Recorded(const RuleSet& set) {
  return std::make_shared<const RecordedSeries>(set.groups);
}

const std::string kUp = R"(up{job="app",instance="a:1"})";
const std::string kOtherUp = R"(up{job="app",instance="b:1"})";
const std::string kKpi = R"(kpi{job="app",instance="a:1",segment="all"})";
const std::string kOtherKpi = R"(kpi{job="app",instance="b:1",segment="all"})";
const std::string kSmallKpi = R"(kpi{job="app",instance="a:1",segment="small"})";
const std::string kLost = R"(tocsin_collector_metric_lost{job="app",instance="a:1",collector="sql.kpi",metric="kpi"})";
const std::string kOtherLost =
    R"(tocsin_collector_metric_lost{job="app",instance="a:1",collector="sql.jobs",metric="jobs"})";
const std::string kDatabaseUp = R"(mysql_up{job="app",instance="a:1"})";

class NoDataTest : public ::testing::TestWithParam<Case> {};

TEST_P(NoDataTest, AlertsAfterEachEvaluation) {
  const Case& test = GetParam();
  World world;
  const RuleSet set = World::Load(test.rule);
  world.environment().recorded = Recorded(set);
  std::vector<std::unique_ptr<Group>> groups;
  for (const RuleGroup& group : set.groups) {
    groups.push_back(std::make_unique<Group>(group, GroupDefaults{.interval = seconds(30)}));
  }
  for (size_t i = 0; i < test.steps.size(); ++i) {
    const double time = 30.0 * static_cast<double>(i);
    PutAll(world, test.steps[i].scraped, time);
    for (const auto& group : groups) group->Evaluate(At(time), world.environment());
    EXPECT_EQ(ShowAlerts(groups.back()->Snapshot()), test.steps[i].alerts) << "step " << i;
  }
}

std::string Threshold(const std::string& keys) { return "thresholds: [{name: Kpi, critical: '> 5', " + keys + "}]"; }
std::string RuleOf(const std::string& keys) { return "groups: [{name: g, rules: [{alert: Kpi, " + keys + "}]}]"; }

const std::vector<Case> kCases = {
    {"ATargetThatIsDownKeepsTheAlert",
     Threshold("value: kpi"),
     {{{{kUp, 1}, {kKpi, 6}}, "firing"},
      {{{kUp, 0}, {kKpi, kStale}}, "firing (no data)"},
      {{{kUp, 0}}, "firing (no data)"},
      {{{kUp, 1}, {kKpi, 7}}, "firing"},
      {{{kUp, 1}, {kKpi, 1}}, ""}}},
    {"AFailedCollectorKeepsTheAlert",
     Threshold("value: kpi"),
     {{{{kUp, 1}, {kKpi, 6}}, "firing"},
      {{{kUp, 1}, {kKpi, kStale}, {kLost, 1}}, "firing (no data)"},
      {{{kUp, 1}, {kKpi, 1}, {kLost, kStale}}, ""}}},
    {"AnotherCollectorThatFailedDoesNot",
     Threshold("value: kpi"),
     {{{{kUp, 1}, {kKpi, 6}}, "firing"}, {{{kUp, 1}, {kKpi, kStale}, {kOtherLost, 1}}, ""}}},
    {"ASourceThatAnswersWithoutTheSeriesResolvesIt",
     Threshold("value: kpi"),
     {{{{kUp, 1}, {kKpi, 6}}, "firing"}, {{{kUp, 1}, {kKpi, kStale}}, ""}}},
    {"ASourceThatComesBackWithoutTheSeriesResolvesIt",
     Threshold("value: kpi"),
     {{{{kUp, 1}, {kKpi, 6}}, "firing"}, {{{kUp, 0}, {kKpi, kStale}}, "firing (no data)"}, {{{kUp, 1}}, ""}}},
    {"ATargetThatIsRemovedResolvesIt",
     Threshold("value: kpi"),
     {{{{kUp, 1}, {kKpi, 6}}, "firing"}, {{{kUp, 0}, {kKpi, kStale}}, "firing (no data)"}, {{{kUp, kStale}}, ""}}},
    {"AValueThatIsWellBeforeTheSourceFailsStaysResolved",
     Threshold("value: kpi"),
     {{{{kUp, 1}, {kKpi, 6}}, "firing"}, {{{kUp, 1}, {kKpi, 1}}, ""}, {{{kUp, 0}, {kKpi, kStale}}, ""}}},
    {"APartOfAnotherExporterThatIsDownKeepsTheAlert",
     Threshold("value: kpi"),
     {{{{kUp, 1}, {kDatabaseUp, 1}, {kKpi, 6}}, "firing"},
      {{{kUp, 1}, {kDatabaseUp, 0}, {kKpi, kStale}}, "firing (no data)"}}},
    {"OnlyTheFailedTargetsSeriesAreKept",
     Threshold("value: kpi"),
     {{{{kUp, 1}, {kOtherUp, 1}, {kKpi, 6}, {kOtherKpi, 6}}, "firing, firing"},
      {{{kUp, 0}, {kOtherUp, 1}, {kKpi, kStale}, {kOtherKpi, 1}}, "firing (no data)"}}},
    {"AnAggregateIsKeptWhileOneOfItsSeriesIsLost",
     Threshold("value: kpi, by: [segment]"),
     {{{{kUp, 1}, {kKpi, 6}, {kSmallKpi, 1}}, "firing"},
      {{{kUp, 0}, {kKpi, kStale}, {kSmallKpi, kStale}}, "firing (no data)"}}},
    {"AnAggregateOfSeriesThatAreThereIsNot",
     Threshold("value: kpi, by: [segment]"),
     {{{{kUp, 1}, {kOtherUp, 1}, {kSmallKpi, 6}, {kOtherKpi, 1}}, "firing"},
      {{{kUp, 1}, {kOtherUp, 0}, {kSmallKpi, 1}, {kOtherKpi, kStale}}, ""}}},
    {"ARateIsKept",
     "thresholds: [{name: Kpi, critical: '> 0', ratio: {bad: kpi, total: kpi, over: 1m}}]",
     {{{{kUp, 1}, {kKpi, 6}}, ""},
      {{{kUp, 1}, {kKpi, 8}}, "firing"},
      {{{kUp, 0}, {kKpi, kStale}}, "firing (no data)"},
      {{{kUp, 0}}, "firing (no data)"}}},
    {"APendingAlertWaits",
     Threshold("value: kpi, for: 1m"),
     {{{{kUp, 1}, {kKpi, 6}}, "pending"},
      {{{kUp, 0}, {kKpi, kStale}}, "pending (no data)"},
      {{{kUp, 0}}, "pending (no data)"},
      {{{kUp, 1}, {kKpi, 6}}, "pending"},
      {{{kUp, 1}, {kKpi, 6}}, "firing"}}},
    {"ARecordedSeriesLeadsToItsSource",
     R"(groups: [{name: g, rules: [{record: kpi:sum, expr: sum(kpi)}, {alert: Kpi, expr: "kpi:sum > 5", no_data: keep}]}])",
     {{{{kUp, 1}, {kKpi, 6}}, "firing"}, {{{kUp, 0}, {kKpi, kStale}}, "firing (no data)"}}},
    {"ARuleOfAGroupResolvesByDefault",
     RuleOf("expr: 'kpi > 5'"),
     {{{{kUp, 1}, {kKpi, 6}}, "firing"}, {{{kUp, 0}, {kKpi, kStale}}, ""}}},
    {"ARuleOfAGroupKeepsWhereItSaysSo",
     RuleOf("expr: 'kpi > 5', no_data: keep"),
     {{{{kUp, 1}, {kKpi, 6}}, "firing"}, {{{kUp, 0}, {kKpi, kStale}}, "firing (no data)"}}},
    {"AThresholdResolvesWhereItSaysSo",
     Threshold("value: kpi, no_data: resolve"),
     {{{{kUp, 1}, {kKpi, 6}}, "firing"}, {{{kUp, 0}, {kKpi, kStale}}, ""}}},
    {"AnAlertIsRaisedWhereNoneWas",
     Threshold("value: kpi, no_data: alert"),
     {{{{kUp, 1}, {kKpi, 1}}, ""}, {{{kUp, 0}, {kKpi, kStale}}, "firing"}, {{{kUp, 1}, {kKpi, 1}}, ""}}},
    {"AnAlertIsRaisedForAFailedCollector",
     Threshold("value: kpi, no_data: critical"),
     {{{{kUp, 1}, {kKpi, 1}}, ""},
      {{{kUp, 1}, {kKpi, kStale}, {kLost, 1}}, "firing"},
      {{{kUp, 1}, {kKpi, 1}, {kLost, kStale}}, ""}}},
    {"AnAbsentSeriesThatComesBackResolvesThoughAnotherSourceFails",
     RuleOf("expr: 'absent(kpi)', no_data: keep"),
     {{{{kUp, 1}, {kOtherUp, 1}, {kKpi, 6}, {kOtherKpi, 6}}, ""},
      {{{kUp, 0}, {kOtherUp, 0}, {kKpi, kStale}, {kOtherKpi, kStale}}, "firing"},
      {{{kUp, 1}, {kOtherUp, 0}, {kKpi, 6}}, ""}}},
    {"ARuleLabelDoesNotHideTheSource",
     RuleOf("expr: 'kpi > 5', no_data: keep, labels: {instance: elsewhere}"),
     {{{{kUp, 1}, {kKpi, 6}}, "firing"}, {{{kUp, 0}, {kKpi, kStale}}, "firing (no data)"}}},
    {"ALabelThatTheExpressionWritesDoesNotHideTheSource",
     RuleOf(R"(expr: 'label_replace(kpi, "segment", "x", "", "") > 5', no_data: keep)"),
     {{{{kUp, 1}, {kKpi, 6}}, "firing"}, {{{kUp, 0}, {kKpi, kStale}}, "firing (no data)"}}},
};

INSTANTIATE_TEST_SUITE_P(Sources, NoDataTest, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

struct Kept {
  World world;
  RuleSet set = World::Load("thresholds: [{name: Kpi, value: kpi, unit: percent, critical: '> 5'}]");
  Group group{set.groups[0], GroupDefaults{.interval = seconds(30)}};
  KeptAlerts kept_alerts;

  Kept() {
    world.environment().recorded = Recorded(set);
    world.environment().kept_alerts = &kept_alerts;
    PutAll(world, {{kUp, 1}, {kKpi, 5.8}}, 0);
    group.Evaluate(At(0), world.environment());
    world.sink().Take();
    PutAll(world, {{kUp, 0}, {kKpi, kStale}}, 30);
    group.Evaluate(At(30), world.environment());
  }
};

TEST(NoDataMarkTest, SaysWhatWasKnownLastAndWhichSourceIsLost) {
  Kept kept;
  const ActiveAlert alert = kept.group.Snapshot().rules[2].alerts.at(0);
  EXPECT_EQ(WithNoData(alert).Get("no_data"),
            "last known 5.8% at 2023-11-14 22:13:20 UTC; source lost: target at a:1 (job app)");
  base::JsonWriter json;
  WriteAlert(json, alert);
  EXPECT_NE(std::move(json).Take().find(R"("noData":{"since":"2023-11-14T22:13:50Z","lastSeen":"2023-11-14T22:13:20Z",)"
                                        R"("source":{"instance":"a:1","job":"app"}})"),
            std::string::npos);
  EXPECT_EQ(kept.world.Query("tocsin_alert_last_data_timestamp_seconds", 30),
            R"(tocsin_alert_last_data_timestamp_seconds{alertname="Kpi", instance="a:1", job="app", )"
            R"(segment="all", severity="critical"} 1700000000)"
            "\n");
}

TEST(NoDataMarkTest, IsSentAgainWithTheMarkAndNeverAsResolved) {
  Kept kept;
  EXPECT_EQ(kept.world.Sent(30), "") << "not due yet";
  kept.group.Evaluate(At(90), kept.world.environment());
  const auto sent = kept.world.sink().Take();
  ASSERT_EQ(sent.size(), 1);
  EXPECT_FALSE(sent[0].ResolvedAt(At(90)));
  EXPECT_NE(sent[0].annotations.Get("no_data"), "");
}

TEST(NoDataMarkTest, TheManagerKnowsWhichAlertsASourceHolds) {
  Kept kept;
  const base::Labels source{{"instance", "a:1"}, {"job", "app"}};
  const auto alerts = kept.kept_alerts.Of(source);
  ASSERT_EQ(alerts.size(), 1);
  EXPECT_EQ(alerts[0].labels.Get("alertname"), "Kpi");
  EXPECT_EQ(alerts[0].text, "Kpi {segment=all, severity=critical}: last known 5.8% at 2023-11-14 22:13:20 UTC");
  EXPECT_TRUE(kept.kept_alerts.Of(base::Labels{{"instance", "b:1"}, {"job", "app"}}).empty());
  PutAll(kept.world, {{kUp, 1}, {kKpi, 5.8}}, 60);
  kept.group.Evaluate(At(60), kept.world.environment());
  EXPECT_TRUE(kept.kept_alerts.Of(source).empty());
}

// Whom an alert of the built-in group goes to: the receivers of the kept alerts, and the root route where it may.
TEST(NoDataMarkTest, TheAlertOfTheSourceGoesToTheReceiversOfTheAlertsItHolds) {
  struct Row {
    bool root;
    std::string source;
    bool resolved;
    size_t routes;
    std::string affected;
  };
  const std::string kept_line = "Kpi {segment=all, severity=critical}: last known 5.8% at 2023-11-14 22:13:20 UTC";
  const std::vector<Row> rows = {{true, "a:1", false, 2, kept_line},
                                 {false, "a:1", false, 1, kept_line},
                                 {true, "b:1", false, 1, ""},
                                 {false, "b:1", false, 0, ""},
                                 {false, "b:1", true, 1, ""}};
  Kept kept;
  for (const Row& row : rows) {
    Rule rule;
    rule.source_lost = true;
    rule.to_root_route = row.root;
    std::vector<base::Alert> alerts(1);
    alerts[0].labels = {{"alertname", "SourceLost"}, {"instance", row.source}, {"job", "app"}, {"kind", "target"}};
    alerts[0].ends_at = row.resolved ? At(0) : At(3600);
    ChooseReceivers(rule, kept.world.environment(), At(60), alerts[0]);
    EXPECT_EQ(alerts[0].route_as.size(), row.routes);
    EXPECT_EQ(alerts[0].annotations.Get("affected"), row.affected);
    DropUnaddressed(rule, alerts);
    EXPECT_EQ(alerts.empty(), row.routes == 0);
  }
}

TEST(NoDataMarkTest, AGroupThatEndsHoldsNothing) {
  Kept kept;
  kept.group.Retire(At(60), nullptr);
  EXPECT_TRUE(kept.kept_alerts.Of(base::Labels{{"job", "app"}}).empty());
}

// Keeps what a group reports, as a database would.
class Keeper : public StateKeeper {
 public:
  void Keep(GroupChanges changes) override {
    for (RuleChanges& rule : changes.rules) {
      for (AlertChange& change : rule.alerts) {
        causes.emplace_back(ToString(change.cause));
        kept.alerts[rule.rule] = {change.alert};
      }
    }
    kept.evaluated = changes.time;
  }
  KeptGroup kept;
  std::vector<std::string> causes;
};

TEST(NoDataRestartTest, AnAlertStaysWithoutDataOverARestart) {
  World world;
  const RuleSet set = World::Load(Threshold("value: kpi"));
  world.environment().recorded = Recorded(set);
  Keeper keeper;
  world.environment().keeper = &keeper;
  Group before(set.groups[0], GroupDefaults{.interval = seconds(30)});
  PutAll(world, {{kUp, 1}, {kKpi, 6}}, 0);
  before.Evaluate(At(0), world.environment());
  PutAll(world, {{kUp, 0}, {kKpi, kStale}}, 30);
  before.Evaluate(At(30), world.environment());
  EXPECT_EQ(keeper.causes, (std::vector<std::string>{"found", "source_lost"}));

  // an hour and a half later nothing is known of the series any more
  Group after(set.groups[0], GroupDefaults{.interval = seconds(30)});
  after.Restore(keeper.kept, At(5400), world.environment());
  PutAll(world, {{kUp, 0}}, 5400);
  after.Evaluate(At(5400), world.environment());
  EXPECT_EQ(ShowAlerts(after.Snapshot()), "firing (no data)");
  PutAll(world, {{kUp, 1}, {kKpi, 6}}, 5430);
  after.Evaluate(At(5430), world.environment());
  EXPECT_EQ(ShowAlerts(after.Snapshot()), "firing");
  EXPECT_EQ(keeper.causes.back(), "source_back");
}

TEST(NoDataRestartTest, AnAlertWaitsUntilItsSourcesWereRead) {
  World world;
  const RuleSet set = World::Load(RuleOf("expr: 'kpi > 5'"));
  Keeper keeper;
  world.environment().keeper = &keeper;
  Group before(set.groups[0], GroupDefaults{.interval = seconds(30)});
  PutAll(world, {{kKpi, 6}}, 0);
  before.Evaluate(At(0), world.environment());

  bool read = false;
  world.environment().sources_read = [&] { return read; };
  Group after(set.groups[0], GroupDefaults{.interval = seconds(30)});
  after.Restore(keeper.kept, At(3600), world.environment());
  after.Evaluate(At(3600), world.environment());
  EXPECT_EQ(ShowAlerts(after.Snapshot()), "firing");
  read = true;
  after.Evaluate(At(3630), world.environment());
  EXPECT_EQ(ShowAlerts(after.Snapshot()), "");
}

TEST(NoDataRestartTest, AbsenceRaisesNothingUntilTheSourcesWereRead) {
  World world;
  const RuleSet set = World::Load(RuleOf("expr: 'absent(kpi)'"));
  bool read = false;
  world.environment().sources_read = [&] { return read; };
  Group group(set.groups[0], GroupDefaults{.interval = seconds(30)});
  group.Evaluate(At(0), world.environment());
  EXPECT_EQ(ShowAlerts(group.Snapshot()), "");
  read = true;
  group.Evaluate(At(30), world.environment());
  EXPECT_EQ(ShowAlerts(group.Snapshot()), "firing");
}

TEST(NoDataCompileTest, ThePolicyStandsInTheExpandedRules) {
  const RuleSet set = World::Load(Threshold("value: 'kpi{segment=\"all\"}', no_data: critical, labels: {team: risk}"));
  const std::string text = ExpandRules(set);
  EXPECT_NE(text.find(R"(      - alert: Kpi
        # no_data: critical
        expr: kpi{segment="all"} > 5
)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(      - alert: Kpi
        expr: max by (job, instance, target, collector) (tocsin_collector_metric_lost{metric="kpi"}) == 1 or (group by (job, instance) (present_over_time(kpi{segment="all"}[1h]) or ALERTS{alertname="Kpi",condition="no_data"})) and on (job, instance) (up == 0)
        labels:
          condition: no_data
          severity: critical
          team: risk
)"),
            std::string::npos)
      << text;
}

TEST(NoDataCompileTest, WrongWordsAreRefused) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {Threshold("value: kpi, no_data: ignore"),
       "f.yml:1:64: thresholds[0].no_data: expected resolve, keep, alert or critical, found \"ignore\""},
      {"groups: [{name: g, rules: [{record: a, expr: b, no_data: keep}]}]",
       "f.yml:1:58: groups[0].rules[0].no_data: a recording rule has no `no_data`"},
  };
  for (const auto& [yaml, error] : cases) {
    base::YamlErrors errors;
    ParseRuleFile(yaml, "f.yml", {}, errors);
    EXPECT_EQ(errors.ToString(), error + "\n");
  }
}

}  // namespace
}  // namespace rules
