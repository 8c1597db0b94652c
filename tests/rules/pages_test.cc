#include "rules/pages/pages.h"

#include <gtest/gtest.h>

#include "promql/parser.h"
#include "rules/pages/alerts_page.h"
#include "rules/pages/expression_page.h"
#include "rules/pages/page_parts.h"
#include "rules/pages/value_table.h"
#include "rules/state_database.h"
#include "tests/rules/world.h"

namespace rules {
namespace {

using testing::At;
using testing::World;

const base::PageFrame kFrame = {.link_path = "/p"};

// What stands between the page's heading and its footer.
std::string BodyOf(const std::string& page) {
  const size_t begin = page.find("</h1>\n") + 6;
  return page.substr(begin, page.find("<p class=\"quiet\">As of ") - begin);
}

class PagesTest : public ::testing::Test {
 protected:
  PagesTest() : manager_(world_.manager_options()), path_(folder_.path().string() + "/t.db") {}

  void Apply(std::string_view yaml) {
    manager_.Apply({.rules = World::Load(yaml), .defaults = {}, .external_labels = {}, .external_url = {}});
    endpoints_ = PageEndpoints({.manager = manager_,
                                .query = {.engine = engine_,
                                          .querier = world_.head(),
                                          .clock = world_.clock(),
                                          .external_labels = [] { return base::Labels(); }},
                                .frame = kFrame,
                                .open_history = history_});
  }
  void Evaluate() { ASSERT_TRUE(manager_.EvaluateNow(std::nullopt)); }

  // A change of the alert's state in the history.
  void Remember(const base::Labels& labels, std::string_view group, double seconds) {
    auto database = base::Database::Open(path_).value();
    ASSERT_TRUE(StateDatabase::Prepare(*database));
    const auto writer = base::WriteBehind::Start(std::move(database), world_.clock(), {});
    StateDatabase keeper(*writer, {});
    ActiveAlert alert{.labels = labels, .annotations = {}, .value = 9.5, .status = {}};
    alert.status.state = AlertState::firing;
    keeper.Keep({.group = std::string(group),
                 .time = At(seconds),
                 .event = GroupEvent::evaluated,
                 .rules = {{"r", "r", {{.alert = alert, .before = AlertState::pending, .cause = ChangeCause::held}}}}});
    ASSERT_TRUE(writer->Flush(std::chrono::seconds(10)));
    history_ = [this] { return base::Database::OpenReadOnly(path_); };
  }

  base::HttpResponse Get(std::string_view path, std::vector<std::pair<std::string, std::string>> parameters = {}) {
    base::HttpRequest request{.method = "GET", .path = std::string(path)};
    for (auto& [name, value] : parameters) request.parameters.Add(name, value);
    for (const base::Endpoint& endpoint : endpoints_) {
      if (endpoint.path == path) return endpoint.handle(request);
    }
    return {.status = 404, .body = "no such endpoint", .headers = {}};
  }
  std::string Graph(std::string expression) { return Get("/graph", {{"g0.expr", std::move(expression)}}).body; }

  World world_;
  Manager manager_;
  promql::Engine engine_{promql::EngineOptions{}};
  test::TemporaryDirectory folder_;
  const std::string path_;
  OpenHistory history_;
  std::vector<base::Endpoint> endpoints_;
};

constexpr std::string_view kRules = R"(
groups:
  - name: g
    rules:
      - alert: High
        expr: v > 5
        labels: {severity: critical}
        annotations: {summary: 'v of {{ $labels.i }} is <high>', runbook_url: 'https://r.example/?a&b', more: x}
      - {alert: Later, expr: v > 8, for: 1m, annotations: {runbook_url: 'javascript:alert(1)'}}
      - {record: bad, expr: 'label_replace(v, "i", "same", "", "")'}
)";

TEST_F(PagesTest, AlertsWithTheirLinks) {
  Apply(kRules);
  EXPECT_EQ(BodyOf(Get("/alerts").body), "<p>No alert is active.</p>\n");
  world_.Put("v{i=\"<1>\"}", 0, 9.5);
  world_.Put("v{i=\"2\"}", 0, 1);
  Evaluate();
  EXPECT_EQ(BodyOf(Get("/alerts").body),
            "<p>1 firing, 1 pending.</p>\n"
            "<section>\n"
            "<h2>Rules that fail</h2>\n"
            "<p>Their alerts stay as they were at the last good evaluation.</p>\n"
            "<article class=\"card failed\">\n"
            "<h3><strong class=\"state failed\">failed</strong> bad</h3>\n"
            "<p>vector cannot contain metrics with the same labelset</p>\n"
            "<dl>\n"
            "<dt>Group</dt><dd>g in f.yml</dd>\n"
            "<dt>Expression</dt><dd><a href=\"/p/graph?g0.expr=label_replace%28v%2C+%22i%22%2C+%22same%22%2C+%22%22%2C+"
            "%22%22%29&amp;g0.tab=1\">label_replace(v, &#34;i&#34;, &#34;same&#34;, &#34;&#34;, &#34;&#34;)</a></dd>\n"
            "</dl>\n"
            "</article>\n"
            "</section>\n"
            "<article class=\"card firing\">\n"
            "<h3><strong class=\"state firing\">firing</strong> High</h3>\n"
            "<p>v of &lt;1&gt; is &lt;high&gt;</p>\n"
            "<dl>\n"
            "<dt>Value</dt><dd>9.5</dd>\n"
            "<dt>Active since</dt><dd><span class=\"time\">2023-11-14 22:13:20 UTC</span> (0s ago)</dd>\n"
            "<dt>Labels</dt><dd><code>{i=&#34;&lt;1&gt;&#34;, severity=&#34;critical&#34;}</code></dd>\n"
            "<dt>more</dt><dd>x</dd>\n"
            "<dt>runbook_url</dt><dd><a href=\"https://r.example/?a&amp;b\" rel=\"noreferrer\">"
            "https://r.example/?a&amp;b</a></dd>\n"
            "<dt>Expression</dt><dd><a href=\"/p/graph?g0.expr=v+%3E+5&amp;g0.tab=1\">v &gt; 5</a></dd>\n"
            "</dl>\n"
            "</article>\n"
            "<article class=\"card pending\">\n"
            "<h3><strong class=\"state pending\">pending</strong> Later</h3>\n"
            "<dl>\n"
            "<dt>Value</dt><dd>9.5</dd>\n"
            "<dt>Active since</dt><dd><span class=\"time\">2023-11-14 22:13:20 UTC</span> (0s ago)</dd>\n"
            "<dt>Labels</dt><dd><code>{i=&#34;&lt;1&gt;&#34;}</code></dd>\n"
            "<dt>runbook_url</dt><dd>javascript:alert(1)</dd>\n"
            "<dt>Expression</dt><dd><a href=\"/p/graph?g0.expr=v+%3E+8&amp;g0.tab=1\">v &gt; 8</a></dd>\n"
            "</dl>\n"
            "</article>\n");
}

TEST_F(PagesTest, AnExpressionWithItsRuleAndHistory) {
  Remember(base::Labels({{"alertname", "High"}, {"i", "1"}, {"severity", "critical"}}), "f.yml;g", -60);
  Remember(base::Labels({{"alertname", "High"}, {"i", "1"}, {"severity", "warning"}}), "f.yml;g", -50);
  Remember(base::Labels({{"alertname", "High"}, {"i", "1"}, {"severity", "critical"}}), "f.yml;other", -40);
  Apply(kRules);
  world_.Put("v{i=\"1\"}", 0, 9.5);
  world_.Put("v{i=\"2\"}", 0, 1);
  Evaluate();
  EXPECT_EQ(
      BodyOf(Graph("v>5")),
      "<form method=\"get\" action=\"/p/graph\">\n"
      "<p><label for=\"expression\">PromQL expression</label><br>\n"
      "<textarea id=\"expression\" name=\"g0.expr\" rows=\"3\" cols=\"70\" required spellcheck=\"false\">\n"
      "v&gt;5</textarea></p>\n"
      "<p><label for=\"time\">Time of evaluation (UTC); empty for now</label><br>\n"
      "<input id=\"time\" name=\"g0.moment_input\" placeholder=\"2023-11-14 22:13:20\" value=\"\"></p>\n"
      "<button>Evaluate</button>\n"
      "</form>\n"
      "<section>\n"
      "<h2>Value at 2023-11-14 22:13:20 UTC</h2>\n"
      "<p class=\"quiet\">1 series.</p>\n"
      "<div class=\"table\"><table>\n"
      "<thead><tr><th>Series</th><th class=\"number\">Value</th></tr></thead>\n"
      "<tbody>\n"
      "<tr><td><code>v{i=&#34;1&#34;}</code></td><td class=\"number\">9.5</td></tr>\n"
      "</tbody></table></div>\n"
      "</section>\n"
      "<section>\n"
      "<h2>Rules with this expression</h2>\n"
      "<article class=\"card firing\">\n"
      "<h3><strong class=\"state firing\">firing</strong> High</h3>\n"
      "<dl>\n"
      "<dt>Kind</dt><dd>alerting rule</dd>\n"
      "<dt>Group</dt><dd>g in f.yml</dd>\n"
      "<dt>For</dt><dd>0s</dd>\n"
      "<dt>Labels</dt><dd><code>severity</code>: critical</dd>\n"
      "<dt>Runbook</dt><dd><a href=\"https://r.example/?a&amp;b\" rel=\"noreferrer\">"
      "https://r.example/?a&amp;b</a></dd>\n"
      "<dt>Last evaluated</dt><dd><span class=\"time\">2023-11-14 22:13:20 UTC</span> (0s ago)</dd>\n"
      "</dl>\n"
      "<h3>Active alerts</h3>\n"
      "<div class=\"table\"><table class=\"stack\">\n"
      "<thead><tr><th>State</th><th>Labels</th><th class=\"number\">Value</th><th>Active since</th></tr></thead>\n"
      "<tbody>\n"
      "<tr><td><strong class=\"state firing\">firing</strong></td>"
      "<td><code>{alertname=&#34;High&#34;, i=&#34;1&#34;, severity=&#34;critical&#34;}</code></td>"
      "<td class=\"number\" data-label=\"Value\">9.5</td>"
      "<td data-label=\"Since\"><span class=\"time\">2023-11-14 22:13:20 UTC</span> (0s ago)</td></tr>\n"
      "</tbody></table></div>\n"
      "</article>\n"
      "</section>\n"
      "<section>\n"
      "<h2>History</h2>\n"
      "<p class=\"quiet\">Changes of state within the last 7 days, newest first, at most 20.</p>\n"
      "<div class=\"table\"><table class=\"stack\">\n"
      "<thead><tr><th>Time</th><th>Change</th><th class=\"number\">Value</th><th>Alert</th></tr></thead>\n"
      "<tbody>\n"
      "<tr><td class=\"time\">2023-11-14 22:12:20 UTC</td>"
      "<td>pending → <strong class=\"state firing\">firing</strong></td>"
      "<td class=\"number\" data-label=\"Value\">9.5</td>"
      "<td><code>{alertname=&#34;High&#34;, i=&#34;1&#34;, severity=&#34;critical&#34;}</code></td></tr>\n"
      "</tbody></table></div>\n"
      "</section>\n");
}

TEST_F(PagesTest, AThresholdShowsItsLimitsAndWhatItMeasuredThoughNothingBreaches) {
  Apply(R"(
thresholds:
  - name: Par
    value: v
    unit: percent
    warning: "> 3"
    critical: "> 5"
    overrides: [{match: {i: "2"}, critical: "> 50"}]
)");
  world_.Put("v{i=\"1\"}", 0, 2);
  world_.Put("v{i=\"2\"}", 0, 40);
  Evaluate();
  const std::string page = BodyOf(Graph("v > 3"));
  for (const char* part : {
           "<dt>Threshold</dt><dd>Par</dd>",
           "<dt>Limit</dt><dd>&gt; 3%</dd>",
           "<tr><td>critical</td><td>&gt; 5 percent</td><td>all other series</td></tr>",
           "<tr><td>critical</td><td>&gt; 50 percent</td><td><code>{i=&#34;2&#34;}</code></td></tr>",
           "<tr><td>warning</td><td>&gt; 3 percent</td><td>all other series</td></tr>",
           "<code>tocsin_threshold_value{i=&#34;1&#34;, threshold=&#34;Par&#34;}</code></td><td class=\"number\">2<",
           "<p>No history is kept: the server runs without --storage.path.</p>",
       }) {
    EXPECT_NE(page.find(part), std::string::npos) << part << "\n" << page;
  }
}

TEST_F(PagesTest, AComparisonThatHoldsNowhereShowsItsLeftSide) {
  Apply(kRules);
  world_.Put("v", 0, 4);
  for (const char* expression : {"v > 5", "((v > 5))", "(v > 5) and on () (hour() >= 0)"}) {
    EXPECT_NE(Graph(expression)
                  .find("<p>The comparison holds for no series. Its left side, "
                        "<a href=\"/p/graph?g0.expr=v&amp;g0.tab=1\">v</a>, is:</p>\n"
                        "<p class=\"quiet\">1 series.</p>\n"),
              std::string::npos)
        << expression << Graph(expression);
  }
  EXPECT_NE(Graph("v > bool 5").find("<td class=\"number\">0</td>"), std::string::npos);
  EXPECT_NE(Graph("nothing").find("<p>The result is empty: no series.</p>"), std::string::npos);
  EXPECT_NE(Graph("nothing").find("<p>No rule has this expression.</p>"), std::string::npos);
  EXPECT_EQ(Graph("nothing").find("<h2>History</h2>"), std::string::npos);
}

TEST_F(PagesTest, MistakesAreSentences) {
  Apply(kRules);
  const auto shown = [&](std::vector<std::pair<std::string, std::string>> parameters) {
    const base::HttpResponse answer = Get("/query", std::move(parameters));
    const size_t begin = answer.body.find("<p class=\"problem\">");
    return fmt::format("{} {}", answer.status,
                       answer.body.substr(begin + 19, answer.body.find("</p>", begin) - begin - 19));
  };
  EXPECT_EQ(shown({{"g0.expr", "sum(<b>"}}),
            "400 The expression does not parse: 1:5: parse error: unexpected &lt;op:&lt;&gt; in aggregation");
  EXPECT_EQ(Graph("sum(<b>").find("Rules with this expression"), std::string::npos);
  world_.Put("v{i=\"1\"}", 0, 1);
  world_.Put("v{i=\"2\"}", 0, 1);
  EXPECT_EQ(shown({{"g0.expr", R"(label_replace(v, "i", "x", "", ""))"}}),
            "422 The expression cannot be evaluated: vector cannot contain metrics with the same labelset");
  EXPECT_EQ(shown({{"g0.expr", "v"}, {"g0.moment_input", "<now>"}}),
            "400 The time &#34;&lt;now&gt;&#34; cannot be read. Write it as 2026-12-01 14:40:00, in UTC.");
}

TEST_F(PagesTest, TheTimeOfEvaluationIsStatedAndMayBeChosen) {
  Apply(kRules);
  world_.Put("v", -60, 1);
  world_.Put("v", 0, 2);
  for (const char* moment :
       {"2023-11-14 22:12:30", "2023-11-14 22:12", "2023-11-14 22:12:30 UTC", "1699999950", "2023-11-14T22:12:30Z"}) {
    for (const char* name : {"g0.moment_input", "g0.end_input"}) {
      const std::string page = Get("/graph", {{"g0.expr", "timestamp(v) - time() + v"}, {name, moment}}).body;
      EXPECT_NE(page.find("<h2>Value at 2023-11-14 22:12:"), std::string::npos) << moment << page;
      EXPECT_NE(page.find(fmt::format("value=\"{}\"", moment)), std::string::npos) << page;
    }
  }
  EXPECT_NE(Get("/graph", {{"g0.expr", "v"}, {"g0.moment_input", "2023-11-14 22:12:30"}})
                .body.find("<td class=\"number\">1</td>"),
            std::string::npos);
  const base::HttpResponse empty = Get("/graph");
  EXPECT_EQ(empty.status, 200);
  EXPECT_EQ(empty.body.find("<section>"), std::string::npos) << "without an expression there is the form alone";
}

TEST_F(PagesTest, EveryKindOfValue) {
  Apply(kRules);
  world_.Put("v", -60, 1);
  world_.Put("v", 0, 2);
  EXPECT_NE(Graph("1 + 1").find("<p>The value is <strong>2</strong>, a scalar.</p>"), std::string::npos);
  EXPECT_NE(Graph("\"<a>\"").find("<p>The value is the text <code>&lt;a&gt;</code>.</p>"), std::string::npos);
  EXPECT_NE(Graph("v[5m]").find("<td class=\"\">1 <span class=\"quiet\">at 2023-11-14 22:12:20 UTC</span><br>\n"
                                "2 <span class=\"quiet\">at 2023-11-14 22:13:20 UTC</span><br>\n</td>"),
            std::string::npos)
      << Graph("v[5m]");
}

// Answers with the expression and the instant it was asked for.
class EchoDatasource final : public Datasource {
 public:
  base::Result<promql::QueryResult> Instant(const promql::Expr& expr, base::Timestamp time,
                                            const Patience& patience) const override {
    EXPECT_LE(patience.most, promql::EngineOptions{}.timeout);
    if (promql::ToString(expr) == "gone") return base::Unavailable("http://server: connection refused");
    return promql::QueryResult{.value = promql::String{time, "asked for " + promql::ToString(expr)}, .annotations = {}};
  }
  base::Result<promql::QueryResult> Range(const promql::Expr&, base::Timestamp, base::Timestamp,
                                          base::Duration) const override {
    return base::Invalid("no range is asked for");
  }
};

TEST_F(PagesTest, AnExpressionIsEvaluatedWhereTheRulesAre) {
  Apply(kRules);
  manager_.Apply({.rules = World::Load(kRules),
                  .defaults = {},
                  .external_labels = {},
                  .external_url = {},
                  .datasource = std::make_shared<EchoDatasource>()});
  EXPECT_NE(Graph("sum(v)").find("<p>The value is the text <code>asked for sum(v)</code>.</p>"), std::string::npos);
  EXPECT_NE(Graph("gone").find("The expression cannot be evaluated: http://server: connection refused"),
            std::string::npos);
}

TEST(ValueHtml, ALargeResultIsCutWithASentence) {
  promql::Vector vector(12'345);
  for (size_t i = 0; i < vector.size(); ++i) {
    vector[i].labels = base::Labels({{"i", std::to_string(i)}});
  }
  const std::string html = ValueHtml(vector);
  EXPECT_NE(
      html.find("<p class=\"note\">The result has 12345 series; the first 1000 are shown. Narrow the expression to "
                "see the others, for example with topk(20, …).</p>"),
      std::string::npos);
  size_t rows = 0;
  for (size_t at = html.find("<tr><td>"); at != std::string::npos; at = html.find("<tr><td>", at + 1)) ++rows;
  EXPECT_EQ(rows, 1000U);

  promql::Matrix matrix(1);
  for (int i = 0; i < 100; ++i) {
    matrix[0].samples.times.push_back(At(i));
    matrix[0].samples.values.push_back(i);
  }
  const std::string samples = ValueHtml(matrix);
  EXPECT_NE(samples.find("the last 20 of 100 samples:<br>\n80 <span"), std::string::npos) << samples;
}

TEST(AlertsPage, AnAlertWhoseSourceFailedIsMarkedAsNotCurrent) {
  RuleSnapshot rule;
  rule.rule = World::LoadGroup("groups: [{name: g, rules: [{alert: A, expr: v}]}]").rules[0];
  ActiveAlert alert{.labels = base::Labels({{"alertname", "A"}}), .annotations = {}, .value = 5.8, .status = {}};
  alert.no_data =
      NoData{.since = At(60), .seen_at = At(45), .source = base::Labels({{"instance", "<db>"}, {"job", "j"}})};
  rule.alerts.push_back(alert);
  GroupSnapshot group;
  group.rules.push_back(std::move(rule));
  const std::string note =
      "<p class=\"note\">Not current: last known 5.8 at 2023-11-14 22:14:05 UTC; source lost: target at &lt;db&gt; "
      "(job j)</p>\n";
  const std::string page = RenderAlertsPage({.frame = kFrame, .now = At(60), .groups = {group}});
  EXPECT_NE(page.find(note), std::string::npos) << page;
  ExpressionPage expression{.frame = kFrame, .now = At(60), .time = At(60), .expression = "v"};
  expression.rules.push_back({.group = "g", .file = "f.yml", .snapshot = group.rules[0]});
  EXPECT_NE(RenderExpressionPage(expression).find("</code>" + note), std::string::npos);
}

TEST(AlertsPage, ALargeNumberOfAlertsIsCutWithASentence) {
  GroupSnapshot group;
  RuleSnapshot rule;
  rule.rule = World::LoadGroup("groups: [{name: g, rules: [{alert: A, expr: v}]}]").rules[0];
  rule.alerts.resize(10'000);
  group.rules.push_back(std::move(rule));
  const std::string page = RenderAlertsPage({.frame = kFrame, .now = At(0), .groups = {group}});
  EXPECT_NE(page.find("<p class=\"note\">10000 alerts are active; the first 500 are shown. "
                      "GET /p/api/v1/alerts returns all of them as JSON.</p>"),
            std::string::npos);
  EXPECT_LT(page.size(), 500'000U);
}

}  // namespace
}  // namespace rules
