#include "rules/pages/pages.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/net/api_response.h"
#include "base/text.h"
#include "promql/ast.h"
#include "promql/parser.h"
#include "rules/pages/alerts_page.h"
#include "rules/pages/expression_page.h"
#include "rules/state_database.h"
#include "rules/threshold/compile_threshold.h"

namespace rules {
namespace {

constexpr base::Duration kHistorySpan = std::chrono::days(7);
constexpr size_t kHistoryLimit = 20;
constexpr size_t kShownRules = 20;

using Answer = base::Result<promql::QueryResult>;

struct Evaluation {
  const PageSource& source;
  base::Timestamp time;
  const std::stop_token& gone;

  Answer Local(const promql::Expr& expr) const {
    return source.query.engine.Instant(expr, time, source.query.querier, gone);
  }
  // Where the rules are evaluated.
  Answer AsRules(const promql::Expr& expr) const {
    const auto datasource = source.manager.datasource();
    if (!datasource) return Local(expr);
    const base::Duration most = source.query.engine.options().timeout;
    return datasource->Instant(expr, time, {.most = most, .retry_until = source.query.clock.Now() + most});
  }
  // What the rules of a threshold have recorded under this name; nothing where that fails.
  promql::Vector Recorded(std::string_view metric, const std::string& threshold) const {
    const auto expr = promql::Parse(fmt::format("{}{{threshold={}}}", metric, base::Quote(threshold)));
    if (!expr) return {};
    auto answer = Local(**expr);
    if (!answer) return {};
    auto* vector = std::get_if<promql::Vector>(&answer->value);
    return vector == nullptr ? promql::Vector() : std::move(*vector);
  }
};

// A time as people and Prometheus' pages write it, "2026-12-01 14:40[:05]", or as the API takes it.
base::Result<base::Timestamp> ParseMoment(std::string_view text) {
  std::string moment(base::Trim(text));
  if (moment.ends_with(" UTC")) moment.resize(moment.size() - 4);
  if (moment.size() >= 16 && moment[10] == ' ') {
    moment[10] = 'T';
    if (moment.size() == 16) moment += ":00";
    moment += 'Z';
  }
  if (auto time = base::ParseApiTime(moment)) return time;
  return base::Invalid(fmt::format("The time {} cannot be read. Write it as 2026-12-01 14:40:00, in UTC.",
                                   base::Quote(base::Utf8Prefix(text, 100))));
}

std::string_view MomentOf(const base::HttpParameters& parameters) {
  const std::string_view moment = parameters.Get("g0.moment_input");
  return base::Trim(moment.empty() ? parameters.Get("g0.end_input") : moment);
}

// The left side of the comparison that decides whether the expression has a result; null where there is none. Behind
// `and`, `or` and `unless` that is in the first operand: hours of activity stand in the second.
const promql::Expr* ComparedSide(const promql::Expr& expr) {
  const auto* binary = promql::As<promql::Binary>(promql::Unwrap(expr));
  if (binary == nullptr) return nullptr;
  if (promql::IsSetOperator(binary->op)) return ComparedSide(*binary->left);
  if (!promql::IsComparison(binary->op) || binary->return_bool) return nullptr;
  return promql::TypeOf(*binary->left) == promql::ValueType::vector ? &promql::Unwrap(*binary->left) : nullptr;
}

std::string ThresholdOf(const GroupSnapshot& group) {
  for (const RuleSnapshot& rule : group.rules) {
    const auto threshold = rule.rule.labels.find("threshold");
    if (rule.rule.name == kThresholdValue && threshold != rule.rule.labels.end()) return threshold->second;
  }
  return "";
}

void AddRules(const Evaluation& evaluation, const std::string& expression, ExpressionPage& page) {
  for (GroupSnapshot& group : evaluation.source.manager.Groups()) {
    for (RuleSnapshot& rule : group.rules) {
      if (promql::ToString(*rule.rule.parsed) != expression) continue;
      if (++page.all_rules > kShownRules) continue;
      ShownRule shown{.group = group.name, .file = group.file, .snapshot = rule};
      shown.threshold = ThresholdOf(group);
      if (!shown.threshold.empty() && rule.rule.kind == RuleKind::alerting) {
        shown.values = evaluation.Recorded(kThresholdValue, shown.threshold);
        shown.limits = evaluation.Recorded(kThresholdLimit, shown.threshold);
      }
      page.rules.push_back(std::move(shown));
    }
  }
}

// An alert of the rule: of its name and with its labels, as far as these are no templates.
bool IsOf(const HistoryEntry& entry, const ShownRule& shown) {
  const Rule& rule = shown.snapshot.rule;
  if (rule.kind != RuleKind::alerting || entry.labels.Get("alertname") != rule.name) return false;
  if (entry.group != shown.file + ";" + shown.group) return false;
  return std::ranges::all_of(rule.labels, [&](const auto& label) {
    return label.second.contains("{{") || entry.labels.Get(label.first) == label.second;
  });
}

base::Result<std::vector<HistoryEntry>> HistoryOf(const PageSource& source, const std::vector<ShownRule>& rules,
                                                  base::Timestamp now) {
  TRY(const auto database, source.open_history());
  std::vector<HistoryEntry> history;
  for (const ShownRule& shown : rules) {
    if (shown.snapshot.rule.kind != RuleKind::alerting) continue;
    HistoryQuery query{.start = now - kHistorySpan, .end = now};
    query.matchers = {base::Matcher::Equal("alertname", shown.snapshot.rule.name)};
    TRY(std::vector<HistoryEntry> entries, ReadHistory(*database, query));
    std::erase_if(entries, [&](const HistoryEntry& entry) { return !IsOf(entry, shown); });
    std::ranges::move(entries, std::back_inserter(history));
  }
  std::ranges::sort(history, std::greater<>(), &HistoryEntry::id);
  const auto repeated = std::ranges::unique(history, {}, &HistoryEntry::id);
  history.erase(repeated.begin(), repeated.end());
  if (history.size() > kHistoryLimit) history.resize(kHistoryLimit);
  return history;
}

void AddHistory(const PageSource& source, ExpressionPage& page) {
  if (!source.open_history) {
    page.history_problem = "No history is kept: the server runs without --storage.path.";
    return;
  }
  auto history = HistoryOf(source, page.rules, page.now);
  page.history_problem = history ? "No alert of these rules changed its state within the last 7 days."
                                 : "The history cannot be read: " + history.error().message;
  if (history) page.history = *std::move(history);
}

// What is shown in place of a result, and the status of the answer.
int Refuse(ExpressionPage& page, int status, std::string sentence) {
  page.problem = std::move(sentence);
  return status;
}

int Evaluate(const Evaluation& evaluation, ExpressionPage& page) {
  const auto expr = promql::Parse(page.expression, evaluation.source.query.engine.options().parse);
  if (!expr) return Refuse(page, 400, "The expression does not parse: " + promql::ErrorText(expr.error()));
  AddRules(evaluation, promql::ToString(**expr), page);
  AddHistory(evaluation.source, page);
  auto answer = evaluation.AsRules(**expr);
  if (!answer) {
    const bool late = answer.error().code == base::ErrorCode::timeout;
    return Refuse(page, late ? 503 : 422, "The expression cannot be evaluated: " + answer.error().message);
  }
  page.result = *std::move(answer);
  const auto* vector = std::get_if<promql::Vector>(&page.result.value);
  const promql::Expr* compared = ComparedSide(**expr);
  if (vector == nullptr || !vector->empty() || compared == nullptr) return 200;
  if (auto side = evaluation.AsRules(*compared)) {
    page.compared = promql::ToString(*compared);
    page.compared_value = std::move(side->value);
  }
  return 200;
}

base::HttpResponse ShowExpression(const PageSource& source, const base::HttpRequest& request) {
  const base::Timestamp now = source.query.clock.Now();
  ExpressionPage page{.frame = source.frame, .now = now, .time = now};
  page.expression = base::Trim(request.parameters.Get("g0.expr"));
  page.time_text = MomentOf(request.parameters);
  int status = 200;
  if (!page.time_text.empty()) {
    const auto time = ParseMoment(page.time_text);
    if (time) page.time = *time;
    if (!time) status = Refuse(page, 400, time.error().message);
  }
  if (status == 200 && !page.expression.empty()) {
    const QueryMetrics::Running running(source.query.metrics);
    status = Evaluate({.source = source, .time = page.time, .gone = request.gone}, page);
  }
  return base::PageResponse(RenderExpressionPage(page), status);
}

base::HttpResponse ShowAlerts(const PageSource& source) {
  return base::PageResponse(
      RenderAlertsPage({.frame = source.frame, .now = source.query.clock.Now(), .groups = source.manager.Groups()}));
}

}  // namespace

std::vector<base::Endpoint> PageEndpoints(const PageSource& source) {
  const auto expression = [source](const base::HttpRequest& request) { return ShowExpression(source, request); };
  return {
      {"GET", "/alerts", "The active alerts, as a page",
       [source](const base::HttpRequest&) { return ShowAlerts(source); }},
      {"GET", "/graph", "An expression's value, rules, limits and history, as a page", expression, true},
      {"GET", "/query", "The same page under its name in Prometheus 3", expression, true},
  };
}

}  // namespace rules
