#include "rules/backtest/backtest.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/template/functions_prometheus.h"
#include "rules/alert_template.h"

namespace rules {
namespace {

constexpr std::string_view kAlertName = "alertname";

// The labels a rule adds, ready to be expanded.
class AddedLabels {
 public:
  static base::Result<AddedLabels> Of(const Rule& rule) {
    const base::TemplateFunctions functions = base::PrometheusTemplateFunctions(
        {.query = [](std::string_view) -> base::Result<std::vector<base::TemplateSample>> {
           return base::Invalid("a backtest does not run queries of templates");
         },
         .now = {},
         .external_url = {}});
    AddedLabels added;
    added.name_ = rule.name;
    for (const auto& [name, text] : rule.labels) {
      TRY(const AlertTemplate parsed, AlertTemplate::Parse(rule.name, text));
      added.plain_ = added.plain_ && parsed.plain();
      added.texts_.emplace_back(name, parsed.Bind(functions));
    }
    return added;
  }

  bool plain() const { return plain_; }

  base::Labels Apply(const base::Labels& labels, double value) const {
    const TemplateInput input = plain_ ? TemplateInput{} : MakeTemplateInput(labels, value, {}, {});
    base::LabelsBuilder builder(labels);
    builder.Remove(base::kMetricName);
    for (const auto& [name, text] : texts_) builder.Set(name, text.Expand(input));
    if (!name_.empty()) builder.Set(kAlertName, name_);
    return builder.Build();
  }

 private:
  std::string name_;
  bool plain_ = true;
  std::vector<std::pair<std::string, AlertTemplate>> texts_;
};

// Follows one alert from evaluation to evaluation and notes what is to be reported.
class Follower {
 public:
  Follower(const ReplaySpan& span, const AlertPolicy& policy, bool low, ReplayedAlert& out)
      : span_(span), policy_(policy), low_(low), out_(out) {}

  void Evaluate(base::Timestamp now, const HeldPoint* point) {
    const std::optional<AlertStatus> before = std::exchange(status_, Next(status_, point != nullptr, policy_, now));
    const bool was_active = before && before->state != AlertState::resolved;
    if (point != nullptr) {
      const bool worse = low_ ? point->value < worst_ : point->value > worst_;
      if (!was_active || worse || std::isnan(worst_)) worst_ = point->value;
    }
    if (before && before->state == AlertState::pending && !status_ && now >= span_.report_from) ++out_.only_pending;
    if (before && before->state == AlertState::firing && !IsFiring()) Close(*before, now, false);
  }

  bool Quiet() const { return !status_ || status_->state == AlertState::resolved; }

  void End() {
    if (IsFiring()) Close(*status_, span_.last, true);
    out_.pending_last = status_ && status_->state == AlertState::pending;
  }

 private:
  bool IsFiring() const { return status_ && status_->state == AlertState::firing; }

  void Close(const AlertStatus& status, base::Timestamp end, bool ongoing) {
    if (end < span_.report_from || (end == span_.report_from && !ongoing)) return;
    const base::Timestamp fired_at = status.fired_at.value_or(status.active_at);
    out_.firings.push_back({.active_at = status.active_at,
                            .start = std::max(fired_at, span_.report_from),
                            .end = end,
                            .worst = worst_,
                            .began_before = fired_at < span_.report_from,
                            .ongoing = ongoing});
  }

  const ReplaySpan& span_;
  const AlertPolicy& policy_;
  const bool low_;
  ReplayedAlert& out_;
  std::optional<AlertStatus> status_;
  double worst_ = 0;
};

base::Duration Union(std::vector<std::pair<base::Timestamp, base::Timestamp>> spans) {
  std::ranges::sort(spans);
  base::Duration sum{0};
  base::Timestamp covered = base::Timestamp::min();
  for (const auto& [start, end] : spans) {
    const base::Timestamp from = std::max(start, covered);
    if (end > from) sum += end - from;
    covered = std::max(covered, end);
  }
  return sum;
}

}  // namespace

ReplaySpan ReplaySpan::Make(base::Timestamp from, base::Timestamp to, base::Duration step, const AlertPolicy& policy) {
  const base::Duration lead = policy.hold + policy.keep_firing_for;
  return {
      .first = from - (lead + step - base::Duration(1)) / step * step, .report_from = from, .last = to, .step = step};
}

base::Result<std::vector<HeldSeries>> AsAlerts(const Rule& rule, std::vector<HeldSeries> held) {
  TRY(const AddedLabels added, AddedLabels::Of(rule));
  std::map<base::Labels, std::vector<HeldPoint>> alerts;
  for (HeldSeries& series : held) {
    if (added.plain()) {
      std::vector<HeldPoint>& points = alerts[added.Apply(series.labels, 0)];
      points.insert(points.end(), series.points.begin(), series.points.end());
      continue;
    }
    for (const HeldPoint& point : series.points) alerts[added.Apply(series.labels, point.value)].push_back(point);
  }
  std::vector<HeldSeries> result;
  for (auto& [labels, points] : alerts) {
    std::ranges::sort(points, {}, &HeldPoint::index);
    if (std::ranges::adjacent_find(points, {}, &HeldPoint::index) != points.end()) {
      return base::Invalid("vector contains metrics with the same labelset after applying alert labels");
    }
    result.push_back({labels, std::move(points)});
  }
  return result;
}

ReplayedAlert ReplayAlert(const HeldSeries& held, const ReplaySpan& span, const AlertPolicy& policy, bool low) {
  ReplayedAlert alert{.labels = held.labels, .firings = {}};
  Follower follower(span, policy, low, alert);
  const size_t count = span.Count();
  auto next = held.points.begin();
  for (size_t index = 0; index < count; ++index) {
    if (follower.Quiet()) {  // nothing happens until it is seen
      if (next == held.points.end()) break;
      index = next->index;
      if (index >= count) break;
    }
    const bool present = next != held.points.end() && next->index == index;
    follower.Evaluate(span.At(index), present ? &*next : nullptr);
    if (present) ++next;
  }
  follower.End();
  return alert;
}

ReplaySummary Summarise(std::span<const ReplayedAlert> alerts, const ReplaySpan& span, base::Duration flap) {
  ReplaySummary summary;
  std::vector<std::pair<base::Timestamp, base::Timestamp>> spans;
  for (const ReplayedAlert& alert : alerts) {
    summary.only_pending += alert.only_pending;
    summary.fired += alert.firings.size();
    summary.alerts += alert.firings.empty() ? 0 : 1;
    for (const Firing& firing : alert.firings) {
      const base::Duration length = firing.Length();
      const bool cut = firing.began_before || firing.ongoing;
      summary.total += length;
      spans.emplace_back(firing.start, firing.end);
      if (length > summary.longest || (length == summary.longest && cut)) {
        summary.longest = length;
        summary.longest_is_cut = cut;
      }
      if (cut) continue;
      summary.shortest = std::min(summary.shortest.value_or(length), length);
      summary.flaps += length < flap ? 1 : 0;
    }
  }
  summary.any = Union(std::move(spans));
  if (span.Reported().count() > 0) summary.share = base::ToSeconds(summary.any) / base::ToSeconds(span.Reported());
  return summary;
}

}  // namespace rules
