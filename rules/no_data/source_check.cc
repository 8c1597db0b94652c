#include "rules/no_data/source_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "promql/functions_table.h"
#include "promql/parser.h"

namespace rules {
namespace {

// Keeps metric names, which tell the kinds of failure apart. A page of tocsin names its lost metrics one by one, so its
// pg_up is not looked at.
constexpr std::string_view kFailedSources =
    R"(up == 0 or tocsin_collector_metric_lost == 1 or )"
    R"(({__name__=~".+_up|node_scrape_collector_success"} == 0 unless on (job, instance) tocsin_target_up))";
constexpr std::string_view kLostMetric = "tocsin_collector_metric_lost";

// Whether no label that both have differs.
bool Agree(const base::Labels& a, const base::Labels& b) {
  return std::ranges::all_of(a, [&](const base::Label& label) {
    return label.name == base::kMetricName || !b.Has(label.name) || b.Get(label.name) == label.value;
  });
}

base::Labels Without(const base::Labels& labels, std::initializer_list<std::string_view> names) {
  base::LabelsBuilder builder(labels);
  for (const std::string_view name : names) builder.Remove(name);
  return builder.Build();
}

// The selector without `offset` and `@`: what its series are now.
std::string Now(promql::VectorSelector selector) {
  selector.modifiers = {};
  selector.anchored = selector.smoothed = false;
  return promql::ToString(promql::Expr{.node = std::move(selector), .range = {}});
}

// Labels that functions of the expression write, so that a series need not have them.
std::set<std::string> WrittenLabels(const promql::Expr& expr) {
  std::set<std::string> written;
  promql::Walk(expr, [&](const promql::Expr& node) {
    const auto* call = promql::As<promql::Call>(node);
    const promql::ExprPtr* name = nullptr;
    if (call != nullptr && call->arguments.size() > 1 &&
        (call->function->name == "label_replace" || call->function->name == "label_join")) {
      name = &call->arguments[1];
    }
    const auto* aggregate = promql::As<promql::Aggregate>(node);
    if (aggregate != nullptr && aggregate->op == promql::AggregateOp::count_values) name = &aggregate->parameter;
    if (name == nullptr || !*name) return true;
    if (const auto* text = promql::As<promql::StringLiteral>(promql::Unwrap(**name))) written.insert(text->value);
    return true;
  });
  return written;
}

}  // namespace

base::Result<void> SourceCheck::FindFailed() {
  if (failed_) return {};
  TRY(const promql::Vector found, ask_(std::string(kFailedSources)));
  std::vector<Failed> failed;
  for (const promql::VectorSample& sample : found) {
    const bool metric = sample.labels.MetricName() == kLostMetric;
    failed.push_back({.source = Without(sample.labels, {base::kMetricName, "metric"}),
                      .metric = metric ? std::string(sample.labels.Get("metric")) : ""});
  }
  // whole targets first: they say the most
  std::ranges::stable_sort(failed, {}, [](const Failed& one) { return one.source.size(); });
  failed_ = std::move(failed);
  return {};
}

base::Result<void> SourceCheck::FindGone() {
  if (gone_) return {};
  std::vector<base::Labels> gone;
  for (const promql::VectorSelector& selector : selectors_) {
    const std::string now = Now(selector);
    TRY(const promql::Vector seen, ask_(fmt::format("last_over_time({}[{}])", now, base::FormatDuration(kLookback))));
    TRY(const promql::Vector present, ask_(now));
    any_seen_ = any_seen_ || !seen.empty();
    std::set<base::Labels> there;
    for (const promql::VectorSample& sample : present) there.insert(sample.labels);
    for (const promql::VectorSample& sample : seen) {
      if (!there.contains(sample.labels)) gone.push_back(sample.labels);
    }
  }
  gone_ = std::move(gone);
  return {};
}

bool SourceCheck::Selects(const std::string& metric) const {
  return std::ranges::any_of(selectors_, [&](const promql::VectorSelector& selector) {
    return std::ranges::all_of(selector.matchers, [&](const base::Matcher& matcher) {
      return matcher.name() != base::kMetricName || matcher.Matches(metric);
    });
  });
}

// The alert's labels as far as the expression found them.
base::Labels SourceCheck::FoundLabels(const base::Labels& alert) const {
  base::LabelsBuilder found(alert);
  found.Remove("alertname");
  for (const auto& [name, value] : rule_.labels) found.Remove(name);
  for (const std::string& name : WrittenLabels(*rule_.parsed)) found.Remove(name);
  return found.Build();
}

base::Result<std::optional<base::Labels>> SourceCheck::Lost(const base::Labels& alert,
                                                            const std::optional<NoData>& before) {
  if (selectors_.empty()) return std::optional<base::Labels>();
  TRY_VOID(FindFailed());
  const base::Labels found = FoundLabels(alert);
  for (const Failed& failed : *failed_) {
    if (!Agree(failed.source, found) || (!failed.metric.empty() && !Selects(failed.metric))) continue;
    if (before && Agree(failed.source, before->source)) return failed.source;
    TRY_VOID(FindGone());
    // after a stop of more than kLookback nothing tells where the series came from
    if (!any_seen_) return failed.source;
    const bool lost = std::ranges::any_of(*gone_, [&](const base::Labels& series) {
      return Agree(failed.source, series) && Agree(found, series) &&
             (failed.metric.empty() || series.MetricName() == failed.metric) &&
             series.Get("job") == failed.source.Get("job") && series.Get("instance") == failed.source.Get("instance");
    });
    if (lost) return failed.source;
  }
  return std::optional<base::Labels>();
}

}  // namespace rules
