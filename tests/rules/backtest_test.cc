#include "rules/backtest/backtest.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/net/http.h"
#include "base/text.h"
#include "promql/parser.h"
#include "rules/backtest/backtest_limit.h"
#include "rules/backtest/backtest_source.h"
#include "rules/remote/datasource.h"
#include "tests/rules/fake_server.h"
#include "tests/rules/world.h"

namespace rules {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::At;

constexpr base::Duration kStep = minutes(1);

// Evaluations a minute apart: '.' the expression had nothing, a digit its value.
HeldSeries Held(std::string_view picture) {
  HeldSeries held{.labels = {{"segment", "a"}}, .points = {}};
  for (size_t i = 0; i < picture.size(); ++i) {
    if (picture[i] != '.') held.points.push_back({i, static_cast<double>(picture[i] - '0')});
  }
  return held;
}

// Minutes since the start: "2-5 worst 7", with "<" for one that began before and "+" for one that goes on.
std::string Show(const ReplayedAlert& alert) {
  std::string text;
  const auto minute = [](base::Timestamp time) { return (time - testing::kStart) / kStep; };
  for (const Firing& firing : alert.firings) {
    text += fmt::format("{}{}{}-{}{} worst {}", text.empty() ? "" : ", ", firing.began_before ? "<" : "",
                        minute(firing.start), minute(firing.end), firing.ongoing ? "+" : "", firing.worst);
  }
  if (alert.only_pending > 0) text += fmt::format("{}pending {}", text.empty() ? "" : ", ", alert.only_pending);
  if (alert.pending_last) text += text.empty() ? "pending last" : ", pending last";
  return text;
}

ReplaySpan SpanOver(std::string_view picture, size_t lead = 0) {
  const base::Timestamp last = testing::kStart + kStep * static_cast<int64_t>(picture.size() - 1);
  return {.first = testing::kStart,
          .report_from = testing::kStart + kStep * static_cast<int64_t>(lead),
          .last = last,
          .step = kStep};
}

TEST(BacktestTest, FiresWhenALiveRuleWould) {
  struct Case {
    std::string_view name;
    std::string_view picture;
    AlertPolicy policy;
    std::string_view want;
    size_t lead = 0;
    bool low = false;
  };
  const Case cases[] = {
      {"never", ".....", {}, ""},
      {"at once, until the evaluation that does not find it", "..56..", {}, "2-4 worst 6"},
      {"twice", ".5.5..", {}, "1-2 worst 5, 3-4 worst 5"},
      {"still firing at the end", "...567", {}, "3-5+ worst 7"},
      {"low values are worse", ".534..", {}, "1-4 worst 3", 0, true},
      {"after `for`", ".55555..", {.hold = minutes(3)}, "4-6 worst 5"},
      {"`for` is not reached", ".555....", {.hold = minutes(3)}, "pending 1"},
      {"a gap begins `for` anew", "555.5555.", {.hold = minutes(3)}, "7-8 worst 5, pending 1"},
      {"pending at the end", "....55", {.hold = minutes(3)}, "pending last"},
      {"the worst value is from while it was pending too", "59555.", {.hold = minutes(3)}, "3-5 worst 9"},
      {"kept firing", ".5.....", {.keep_firing_for = minutes(3)}, "1-5 worst 5"},
      {"kept firing over a gap", ".5..7.....", {.keep_firing_for = minutes(3)}, "1-8 worst 7"},
      {"kept firing at the end", "....5.", {.keep_firing_for = minutes(3)}, "4-5+ worst 5"},
      {"for and keep_firing_for", "555.....", {.hold = minutes(2), .keep_firing_for = minutes(2)}, "2-5 worst 5"},
      {"a longer break is a new alert", "5......................5.", {}, "0-1 worst 5, 23-24 worst 5"},
      {"what began before is cut", "55555.", {.hold = minutes(1)}, "<3-5 worst 5", 3},
      {"what ended before is left out", "5....5.", {}, "5-6 worst 5", 3},
      {"what ended at the first instant is left out", "55.....", {}, "", 2},
      {"the lead brings `for` about in time", "5555.", {.hold = minutes(2)}, "2-4 worst 5", 2},
      {"pending that went away before is left out", "5.....", {.hold = minutes(3)}, "", 3},
      {"one instant", "5", {}, "0-0+ worst 5"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    const ReplaySpan span = SpanOver(each.picture, each.lead);
    EXPECT_EQ(Show(ReplayAlert(Held(each.picture), span, each.policy, each.low)), each.want);
  }
}

TEST(BacktestTest, SpansBeginEarlyEnough) {
  const auto first = [](base::Duration hold, base::Duration keep) {
    const ReplaySpan span = ReplaySpan::Make(At(600), At(660), kStep, {.hold = hold, .keep_firing_for = keep});
    EXPECT_EQ(span.report_from, At(600));
    EXPECT_EQ(span.At(span.Count() - 1), At(660));
    return base::ToSeconds(span.first - testing::kStart);
  };
  EXPECT_EQ(first(seconds(0), seconds(0)), 600);
  EXPECT_EQ(first(minutes(5), seconds(0)), 300);
  EXPECT_EQ(first(seconds(61), seconds(0)), 480);
  EXPECT_EQ(first(minutes(1), minutes(1)), 480);
}

std::string Show(const ReplaySummary& summary) {
  return fmt::format(
      "fired {} alerts {} total {} any {} share {:.3f} longest {}{} shortest {} flaps {} pending {}", summary.fired,
      summary.alerts, base::FormatDuration(summary.total), base::FormatDuration(summary.any), summary.share,
      base::FormatDuration(summary.longest), summary.longest_is_cut ? "+" : "",
      summary.shortest ? base::FormatDuration(*summary.shortest) : "-", summary.flaps, summary.only_pending);
}

TEST(BacktestTest, SummariesAddUpWhatAlertsDid) {
  struct Case {
    std::string_view name;
    std::vector<std::string_view> pictures;  // of one length
    std::string_view want;
  };
  const Case cases[] = {
      {"nothing",
       {"..........."},
       "fired 0 alerts 0 total 0s any 0s share 0.000 longest 0s shortest - flaps 0 pending 0"},
      {"a flap and a long one",
       {".5..555...."},
       "fired 2 alerts 1 total 4m any 4m share 0.400 longest 3m shortest 1m flaps 1 pending 0"},
      {"two at once count once for the share",
       {".555.......", "..555......"},
       "fired 2 alerts 2 total 6m any 4m share 0.400 longest 3m shortest 3m flaps 0 pending 0"},
      {"one within the other",
       {".55555.....", "..5........"},
       "fired 2 alerts 2 total 6m any 5m share 0.500 longest 5m shortest 1m flaps 1 pending 0"},
      {"one that goes on is no flap",
       {"..........5", "..........."},
       "fired 1 alerts 1 total 0s any 0s share 0.000 longest 0s+ shortest - flaps 0 pending 0"},
      {"cut lengths are marked",
       {".......5555"},
       "fired 1 alerts 1 total 3m any 3m share 0.300 longest 3m+ shortest - flaps 0 pending 0"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    const ReplaySpan span = SpanOver(each.pictures.front());
    std::vector<ReplayedAlert> alerts;
    for (const std::string_view picture : each.pictures) alerts.push_back(ReplayAlert(Held(picture), span, {}, false));
    EXPECT_EQ(Show(Summarise(alerts, span, minutes(2))), each.want);
  }
}

Rule MakeRule(std::string_view name, std::string_view expression, TextMap labels = {}) {
  Rule rule;
  rule.name = name;
  rule.expression = expression;
  rule.parsed = promql::Parse(expression).value();
  rule.labels = std::move(labels);
  return rule;
}

TEST(BacktestTest, AlertsHaveTheLabelsOfTheRule) {
  const auto series = [](std::vector<HeldPoint> points) {
    return HeldSeries{.labels = {{"__name__", "m"}, {"a", "1"}}, .points = std::move(points)};
  };
  const auto show = [](const base::Result<std::vector<HeldSeries>>& alerts) {
    if (!alerts) return alerts.error().message;
    std::string text;
    for (const HeldSeries& alert : *alerts) {
      text += (text.empty() ? "" : " ") + alert.labels.ToString();
      for (const HeldPoint& point : alert.points) text += fmt::format(" {}", point.index);
    }
    return text;
  };
  EXPECT_EQ(show(AsAlerts(MakeRule("", "m"), {series({{0, 1}, {2, 1}})})), "{a=\"1\"} 0 2");
  EXPECT_EQ(show(AsAlerts(MakeRule("A", "m", {{"a", ""}, {"team", "risk"}}), {series({{0, 1}})})),
            "{alertname=\"A\", team=\"risk\"} 0");
  EXPECT_EQ(show(AsAlerts(MakeRule("A", "m", {{"a", "v{{ $value }}"}}), {series({{0, 1}, {1, 2}, {2, 1}})})),
            "{a=\"v1\", alertname=\"A\"} 0 2 {a=\"v2\", alertname=\"A\"} 1");
  HeldSeries other = series({{1, 1}, {2, 1}});
  other.labels = {{"__name__", "n"}, {"a", "1"}};
  EXPECT_EQ(show(AsAlerts(MakeRule("", "m"), {series({{0, 1}}), other})), "{a=\"1\"} 0 1 2");
  EXPECT_EQ(show(AsAlerts(MakeRule("", "m"), {series({{2, 1}}), other})),
            "vector contains metrics with the same labelset after applying alert labels");
}

TEST(BacktestTest, AnotherLimitTakesTheRightPlace) {
  struct Case {
    std::string_view expression;
    std::string_view limit;
    std::string_view want;
    Unit unit = Unit::none;
  };
  const Case cases[] = {
      {"par > 5", "> 3", "par > 3 [> 3]"},
      {"par > 5", "3", "par > 3 [> 3]"},
      {"par > 5", "<= -2.5", "par <= -2.5 [<= -2.5]"},
      {"5 < par", "7", "par > 7 [> 7]"},
      {"(par > 5)", "7", "(par > 7) [> 7]"},
      {"par > on (a) group_left () other", "> 7", "par > 7 [> 7]"},
      {"(par > 5) and on () (hour() > 8)", "> 7", "(par > 7) and on () (hour() > 8) [> 7]"},
      {"par > 5 unless on () up == 0", "> 7", "par > 7 unless on () up == 0 [> 7]"},
      {"sum(a > 1) > 2", "> 7", "sum(a > 1) > 7 [> 7]"},
      {"time() - age > 60", "> 2h", "time() - age > 7200 [> 2h]"},
      {"age_minutes > 60", "> 2h", "age_minutes > 120 [> 2h]", Unit::minutes},
      {"par > 5", "> 3%", "par > 3 [> 3%]"},
      {"share > 0.05", "> 3%", "share > 0.03 [> 3%]", Unit::ratio},
      {"par > 5", "> 3h", "\"3h\" cannot be compared with a value whose unit is percent", Unit::percent},
      {"par", "> 3",
       "par does not end in one comparison, so there is no limit to replace by \"> 3\"; put the whole expression into "
       "--expr"},
      {"a > 1 or b > 1", "> 3",
       "a > 1 or b > 1 does not end in one comparison, so there is no limit to replace by \"> 3\"; put the whole "
       "expression into --expr"},
      {"a > bool 1", "> 3",
       "a > bool 1 does not end in one comparison, so there is no limit to replace by \"> 3\"; put the whole "
       "expression "
       "into --expr"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(fmt::format("{} with {}", each.expression, each.limit));
    const auto limited = WithLimit(*promql::Parse(each.expression).value(), each.limit, each.unit);
    EXPECT_EQ(
        limited ? fmt::format("{} [{}]", promql::ToString(*limited->expr), limited->limit) : limited.error().message,
        each.want);
  }
  EXPECT_TRUE(LowIsWorse(*promql::Parse("(rdr <= 50) and on () (hour() > 8)").value()));
  EXPECT_TRUE(LowIsWorse(*promql::Parse("50 > rdr").value()));
  EXPECT_FALSE(LowIsWorse(*promql::Parse("rdr > 50").value()));
  EXPECT_FALSE(LowIsWorse(*promql::Parse("absent(rdr)").value()));
}

std::string Show(const base::Result<std::vector<HeldSeries>>& held) {
  if (!held) return held.error().message;
  std::string text;
  for (const HeldSeries& series : *held) {
    text += fmt::format("{}{} {} points {}-{}", text.empty() ? "" : "; ", series.labels.ToString(),
                        series.points.size(), series.points.front().index, series.points.back().index);
  }
  return text;
}

TEST(BacktestTest, SamplesAtHandAreAskedInPieces) {
  testing::World world;
  const promql::Engine engine{promql::EngineOptions{}};
  for (int i = 0; i < 25'000; ++i) world.Put("m{a=\"1\"}", i, i < 5'000 || i >= 24'000 ? 9 : 1);
  const LocalDatasource source(engine, world.head());
  const auto held =
      Held(source, *promql::Parse("m > 5").value(), {.first = At(0), .step = seconds(1), .count = 25'000});
  EXPECT_EQ(Show(held), "m{a=\"1\"} 6000 points 0-24999");
  EXPECT_EQ(held->front().points[5'000], (HeldPoint{24'000, 9}));
}

TEST(BacktestTest, AServerIsAskedInPiecesItAllows) {
  testing::FakeServer server;
  std::vector<std::string> asked;
  // a series that is always there
  server.answer = [&](const base::HttpClientRequest& request) {
    const auto form = base::HttpParameters::Parse(request.body).value();
    const auto number = [&](std::string_view name) { return base::ParseFloat(form.Get(name)).value(); };
    asked.push_back(
        fmt::format("{} {} {} {}", form.Get("query"), number("start") - 1.7e9, number("end") - 1.7e9, number("step")));
    std::string body = R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[)";
    for (double at = number("start"); at <= number("end"); at += number("step")) {
      body += fmt::format("{}[{},\"6.5\"]", body.ends_with('[') ? "" : ",", at);
    }
    return testing::Answer(200, body + "]}]}}");
  };
  const test::FakeClock clock;
  const RemoteDatasource source({.url = "http://u:p@prometheus:9090/"}, {.client = server, .clock = clock});
  const auto expression = promql::Parse("m>5").value();
  EXPECT_EQ(Show(Held(source, *expression, {.first = At(0), .step = seconds(15), .count = 20'001})),
            "{a=\"1\"} 20001 points 0-20000");
  EXPECT_EQ(asked, (std::vector<std::string>{"m > 5 0 149985 15", "m > 5 150000 299985 15", "m > 5 300000 300000 15"}));
  server.answer = [](const base::HttpClientRequest&) {
    return testing::Answer(
        200,
        R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1700000007,"1"]]}]}})");
  };
  EXPECT_EQ(Show(Held(source, *expression, {.first = At(0), .step = seconds(15), .count = 10})),
            "the answer to a query from 2023-11-14T22:13:20Z to 2023-11-14T22:15:35Z has a point at "
            "2023-11-14T22:13:27Z, which was not asked for");
  server.answer = [](const base::HttpClientRequest&) {
    return testing::Answer(200, R"({"status":"success","data":{"resultType":"vector","result":[]}})");
  };
  EXPECT_EQ(Show(Held(source, *expression, {.first = At(0), .step = seconds(15), .count = 10})),
            "rule result is not a vector or scalar");
}

TEST(BacktestTest, RecordedSeriesAreWorkedOutFirst) {
  const RuleSet set = testing::World::Load(R"(
groups:
  - name: first
    rules:
      - {record: unused, expr: m}
      - {record: doubled, expr: m * 2, labels: {by: first}}
  - name: second
    rules:
      - {record: twice_doubled, expr: doubled * 2}
      - {alert: A, expr: twice_doubled > 10}
)");
  const RuleGroup& group = set.groups.at(1);
  const std::vector<const Rule*> recorded = RecordedFor(group.rules.at(1), group, set);
  std::vector<std::string> names;
  for (const Rule* rule : recorded) names.push_back(rule->name);
  EXPECT_EQ(names, (std::vector<std::string>{"doubled", "twice_doubled"}));

  testing::World world;
  const promql::Engine engine{promql::EngineOptions{}};
  for (const int minute : {0, 1, 2, 3}) world.Put("m", minute * 60, minute == 0 ? 1 : 3);
  store::Head records({.retention = base::Duration(0)});
  const RecordedQuerier both(world.head(), records, names);
  const LocalDatasource source(engine, both);
  const Evaluations evaluations{.first = At(0), .step = kStep, .count = 20};
  ASSERT_TRUE(RecordHistory(recorded, source, evaluations, records));
  // the last sample counts for five minutes, then the recorded series end at once
  EXPECT_EQ(Show(Held(source, *group.rules.at(1).parsed, evaluations)), "twice_doubled{by=\"first\"} 7 points 1-7");
}

}  // namespace
}  // namespace rules
