#include "rules/live_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "base/template/functions_prometheus.h"
#include "base/text.h"
#include "promql/parser.h"
#include "rules/no_data/keep.h"
#include "rules/no_data/source_alert.h"
#include "rules/no_data/source_check.h"

namespace rules {
namespace {

constexpr std::string_view kAlertName = "alertname";
constexpr std::string_view kAlertState = "alertstate";

base::Result<promql::Vector> AsVector(promql::Value value) {
  if (auto* vector = std::get_if<promql::Vector>(&value)) return std::move(*vector);
  if (const auto* scalar = std::get_if<promql::Scalar>(&value)) {
    promql::Vector vector(1);
    vector.front().time = scalar->time;
    vector.front().value = scalar->value;
    return vector;
  }
  return base::Invalid("rule result is not a vector or scalar");
}

base::Result<promql::QueryResult> Ask(const promql::Expr& expr, base::Timestamp time, const EvaluationTimes& times,
                                      const Environment& environment) {
  if (environment.datasource) return environment.datasource->Instant(expr, time, times.GetPatience());
  return environment.engine.Instant(expr, time, environment.querier);
}

using Texts = std::vector<std::pair<std::string, AlertTemplate>>;

Texts ParseTexts(const Rule& rule, const TextMap& map) {
  Texts texts;
  if (rule.kind == RuleKind::recording) return texts;
  for (const auto& [name, text] : map) {
    // loading the file has refused texts that do not parse, so the name stands for nothing here
    auto parsed = AlertTemplate::Parse(rule.name, text);
    // without the functions it was parsed with, which take more room than the rule: each evaluation binds its own
    if (parsed) texts.emplace_back(name, parsed->Bind({}));
  }
  return texts;
}

Texts BindTexts(const Texts& texts, const base::TemplateFunctions& functions) {
  Texts bound;
  for (const auto& [name, text] : texts) bound.emplace_back(name, text.Bind(functions));
  return bound;
}

bool AllPlain(const Texts& texts) {
  return std::ranges::all_of(texts, [](const auto& text) { return text.second.plain(); });
}

base::Labels WithExternal(const base::Labels& labels, const base::Labels& external) {
  if (external.empty()) return labels;
  base::LabelsBuilder builder(labels);
  for (const base::Label& label : external) {
    if (!labels.Has(label.name)) builder.Set(label.name, label.value);
  }
  return builder.Build();
}

base::Alert ToSend(const Rule& rule, const ActiveAlert& alert, const std::string& generator_url,
                   const EvaluationTimes& times, const Environment& environment) {
  base::Alert sent{.labels = WithExternal(alert.labels, environment.external_labels),
                   .annotations = alert.no_data ? WithNoData(alert) : alert.annotations,
                   .starts_at = alert.status.fired_at.value_or(alert.status.active_at),
                   .ends_at = EndsAt(alert.status, times.now, times.interval, environment.resend_delay),
                   .generator_url = generator_url};
  ChooseReceivers(rule, environment, times.now, sent);
  return sent;
}

std::string_view Reason(store::AppendStatus status) {
  switch (status) {
    case store::AppendStatus::ok:
      return "";
    case store::AppendStatus::out_of_order:
      return "out of order sample";
    case store::AppendStatus::too_old:
      return "too old sample";
    case store::AppendStatus::duplicate:
      return "duplicate sample for timestamp";
    case store::AppendStatus::series_limit:
      return "the store is full, no new series is taken";
    case store::AppendStatus::invalid_labels:
      return "invalid labels";
  }
  return "";
}

}  // namespace

std::string_view ToString(RuleHealth health) {
  switch (health) {
    case RuleHealth::unknown:
      return "unknown";
    case RuleHealth::ok:
      return "ok";
    case RuleHealth::err:
      return "err";
  }
  return "";
}

LiveRule::LiveRule(Rule rule)
    : rule_(std::move(rule)),
      absence_(rule_.parsed && LooksForAbsence(*rule_.parsed)),
      label_texts_(ParseTexts(rule_, rule_.labels)),
      annotation_texts_(ParseTexts(rule_, rule_.annotations)) {}

RuleOutcome LiveRule::Evaluate(const EvaluationTimes& times, int limit, const Environment& environment) {
  const auto begin = std::chrono::steady_clock::now();
  RuleOutcome outcome;
  auto output = EvaluateExpression(times, limit, environment);
  if (output) {
    outcome.evaluated = true;
    DropUnaddressed(rule_, output->alerts);
    outcome.to_send = std::move(output->alerts);
    StoreSamples(output->samples, times.SampleTime(), environment, outcome);
  } else {
    outcome.error = std::move(output).error();
  }
  outcome.changes = std::exchange(changes_, {});
  outcome.duration = std::chrono::steady_clock::now() - begin;

  const std::scoped_lock lock(mutex_);
  health_ = outcome.error ? RuleHealth::err : RuleHealth::ok;
  last_error_ = outcome.error ? outcome.error->ToString() : "";
  last_evaluation_ = times.now;
  duration_ = outcome.duration;
  return outcome;
}

base::Result<LiveRule::Output> LiveRule::EvaluateExpression(const EvaluationTimes& times, int limit,
                                                            const Environment& environment) {
  TRY(promql::QueryResult answer, Ask(*rule_.parsed, times.SampleTime(), times, environment));
  TRY(promql::Vector result, AsVector(std::move(answer.value)));
  if (rule_.kind == RuleKind::recording) {
    TRY(promql::Vector samples, Record(std::move(result), limit));
    return Output{.samples = std::move(samples), .alerts = {}};
  }
  TRY(auto found, FindAlerts(result, times, environment));
  TRY(const LostSources lost, FindLost(found, times, environment));
  return MoveAlerts(std::move(found), lost, times, limit, environment);
}

base::Result<promql::Vector> LiveRule::Record(promql::Vector result, int limit) const {
  std::unordered_map<base::Labels, bool, base::LabelsHash> seen;
  seen.reserve(result.size());
  for (promql::VectorSample& sample : result) {
    base::LabelsBuilder builder(sample.labels);
    builder.Set(base::kMetricName, rule_.name);
    for (const auto& [name, value] : rule_.labels) builder.Set(name, value);
    sample.labels = builder.Build();
    if (!seen.emplace(sample.labels, true).second) {
      return base::Invalid("vector contains metrics with the same labelset after applying rule labels");
    }
  }
  if (limit > 0 && result.size() > static_cast<size_t>(limit)) {
    return base::Fail(base::ErrorCode::limit_exceeded,
                      fmt::format("exceeded limit of {} with {} series", limit, result.size()));
  }
  return result;
}

base::Result<LiveRule::FoundAlerts> LiveRule::FindAlerts(const promql::Vector& result, const EvaluationTimes& times,
                                                         const Environment& environment) const {
  if (result.empty()) return FoundAlerts();
  const auto query = [&](std::string_view text) -> base::Result<std::vector<base::TemplateSample>> {
    TRY(const promql::ExprPtr expr, promql::Parse(text, environment.engine.options().parse));
    TRY(promql::QueryResult answer, Ask(*expr, times.now, times, environment));
    TRY(const promql::Vector vector, AsVector(std::move(answer.value)));
    std::vector<base::TemplateSample> samples;
    for (const promql::VectorSample& sample : vector) samples.push_back({sample.labels, sample.value});
    return samples;
  };
  const bool plain = AllPlain(label_texts_) && AllPlain(annotation_texts_);
  const base::TemplateFunctions functions =
      plain ? base::TemplateFunctions{}
            : base::PrometheusTemplateFunctions(
                  {.query = query, .now = times.now, .external_url = environment.external_url});
  const Texts label_texts = BindTexts(label_texts_, functions);
  const Texts annotation_texts = BindTexts(annotation_texts_, functions);

  FoundAlerts found;
  found.reserve(result.size());
  for (const promql::VectorSample& sample : result) {
    const TemplateInput input =
        plain ? TemplateInput{}
              : MakeTemplateInput(sample.labels, sample.value, environment.external_labels, environment.external_url);
    base::LabelsBuilder labels(sample.labels);
    labels.Remove(base::kMetricName);
    for (const auto& [name, text] : label_texts) labels.Set(name, text.Expand(input));
    labels.Set(kAlertName, rule_.name);
    base::LabelsBuilder annotations;
    for (const auto& [name, text] : annotation_texts) annotations.Set(name, text.Expand(input));
    if (!found.emplace(labels.Build(), Found{annotations.Build(), sample.value}).second) {
      return base::Invalid("vector contains metrics with the same labelset after applying alert labels");
    }
  }
  return found;
}

// Reads alerts_ without the lock: only evaluations change it.
base::Result<LiveRule::LostSources> LiveRule::FindLost(const FoundAlerts& found, const EvaluationTimes& times,
                                                       const Environment& environment) const {
  LostSources lost;
  if (rule_.no_data.value_or(environment.no_data) == NoDataPolicy::resolve) return lost;
  std::vector<promql::VectorSelector> selectors;
  SourceCheck check(rule_, selectors, [&](const std::string& text) -> base::Result<promql::Vector> {
    TRY(const promql::ExprPtr expr, promql::Parse(text, environment.engine.options().parse));
    TRY(promql::QueryResult answer, Ask(*expr, times.SampleTime(), times, environment));
    return AsVector(std::move(answer.value));
  });
  for (const auto& [labels, live] : alerts_) {
    const bool active = live.alert.status.state != AlertState::resolved && !live.alert.status.keep_firing_since;
    if (!active || found.contains(labels)) continue;
    if (selectors.empty()) {
      selectors = (environment.recorded ? *environment.recorded : RecordedSeries()).Sources(*rule_.parsed);
    }
    TRY(auto source, check.Lost(labels, live.alert.no_data));
    if (source) lost.emplace(labels, *std::move(source));
  }
  return lost;
}

base::Result<LiveRule::Output> LiveRule::MoveAlerts(FoundAlerts found, const LostSources& lost,
                                                    const EvaluationTimes& times, int limit,
                                                    const Environment& environment) {
  const AlertPolicy policy{.hold = rule_.hold, .keep_firing_for = rule_.keep_firing_for};
  const std::scoped_lock lock(mutex_);
  Output output;
  if (found.empty() && alerts_.empty()) return output;
  for (auto it = alerts_.begin(); it != alerts_.end();) {
    const auto seen = found.find(it->first);
    const auto source = lost.find(it->first);
    if (source != lost.end()) {
      it->second.alert = KeepWithoutData(std::move(it->second.alert), source->second, times);
      ++it;
      continue;
    }
    if (seen == found.end() && it->second.restored && environment.sources_read && !environment.sources_read()) {
      ++it;
      continue;
    }
    it->second.restored = false;
    it->second.alert.no_data.reset();
    const auto next = Move(it->second, seen != found.end(), times, environment, output.alerts);
    if (!next) {
      const AlertState was = it->second.alert.status.state;
      changes_.push_back({.alert = std::move(it->second.alert),
                          .before = was,
                          .forgotten = true,
                          .cause = was == AlertState::resolved ? ChangeCause::none : ChangeCause::not_found});
      it = alerts_.erase(it);
      continue;
    }
    it->second.alert.status = *next;
    if (seen != found.end()) {
      it->second.alert.annotations = std::move(seen->second.annotations);
      it->second.alert.value = seen->second.value;
      found.erase(seen);
    }
    ++it;
  }
  // before the first scrapes everything is absent
  if (absence_ && environment.sources_read && !environment.sources_read()) found.clear();
  for (auto& [labels, news] : found) {
    const AlertStatus status = *Next(std::nullopt, true, policy, times.now);
    alerts_[labels] = {.alert = {labels, std::move(news.annotations), news.value, status, std::nullopt},
                       .kept = std::nullopt,
                       .state_series = {},
                       .for_state_series = {},
                       .no_data_series = {}};
  }

  std::string generator_url;  // of those to be sent
  size_t active = 0;
  for (auto& [labels, live] : alerts_) {
    if (live.alert.status.state != AlertState::resolved) {
      ++active;
      AppendStateSamples(live, times.SampleTime(), output.samples);
    }
    const bool unheard = live.alert.status.state == AlertState::resolved && !live.alert.status.last_sent_at;
    if (times.past || unheard || !NeedsSending(live.alert.status, times.now, environment.resend_delay)) continue;
    live.alert.status.last_sent_at = times.now;
    if (generator_url.empty()) generator_url = GeneratorUrl(environment);
    output.alerts.push_back(ToSend(rule_, live.alert, generator_url, times, environment));
  }
  if (limit > 0 && active > static_cast<size_t>(limit)) {
    std::ranges::move(ForgetLocked(ChangeCause::limit), std::back_inserter(changes_));
    return base::Fail(base::ErrorCode::limit_exceeded,
                      fmt::format("exceeded limit of {} with {} alerts", limit, active));
  }
  for (auto& [labels, live] : alerts_) {
    if (auto change = ChangeBetween(live.kept, live.alert)) changes_.push_back(*std::move(change));
    live.kept = {live.alert.status, live.alert.no_data};
  }
  ReportKept(environment);
  return output;
}

// The alert's next status. Tells the end of one that was caught up and that receivers still take for firing.
std::optional<AlertStatus> LiveRule::Move(LiveAlert& live, bool present, const EvaluationTimes& times,
                                          const Environment& environment, std::vector<base::Alert>& to_send) const {
  const AlertPolicy policy{.hold = rule_.hold, .keep_firing_for = rule_.keep_firing_for};
  if (times.past) return NextInPast(live.alert.status, present, policy, times.now);
  auto next = Next(live.alert.status, present, policy, times.now);
  if (!OwesEnd(live.alert.status) || (next && next->state != AlertState::pending)) return next;
  ActiveAlert ended = live.alert;
  if (!ended.status.resolved_at) ended.status.resolved_at = times.now;
  to_send.push_back(ToSend(rule_, ended, GeneratorUrl(environment), times, environment));
  if (next) next->last_sent_at.reset();
  return next;
}

std::string LiveRule::GeneratorUrl(const Environment& environment) const {
  return fmt::format("{}/graph?g0.expr={}&g0.tab=1", environment.external_url,
                     base::EscapeUrlQuery(promql::ToString(*rule_.parsed)));
}

// With mutex_ held.
void LiveRule::ReportKept(const Environment& environment) {
  if (environment.kept_alerts == nullptr) return;
  std::vector<KeptAlert> kept;
  for (const auto& [labels, live] : alerts_) {
    if (!live.alert.no_data || live.alert.status.state != AlertState::firing) continue;
    kept.push_back({.labels = WithExternal(labels, environment.external_labels),
                    .source = live.alert.no_data->source,
                    .text = KeptText(live.alert)});
  }
  environment.kept_alerts->Set(kept_alerts_, std::move(kept));
}

std::vector<AlertChange> LiveRule::ForgetLocked(ChangeCause cause) {
  std::vector<AlertChange> changes;
  for (auto& [labels, live] : alerts_) {
    if (!live.kept) continue;  // it came with this evaluation: nobody has heard of it
    const AlertState was = live.alert.status.state;
    changes.push_back({.alert = std::move(live.alert),
                       .before = was,
                       .forgotten = true,
                       .cause = was == AlertState::resolved ? ChangeCause::none : cause});
  }
  alerts_.clear();
  kept_alerts_.reset();
  return changes;
}

std::vector<AlertChange> LiveRule::Forget(ChangeCause cause) {
  const std::scoped_lock lock(mutex_);
  return ForgetLocked(cause);
}

std::vector<base::Alert> LiveRule::Restore(std::vector<ActiveAlert> alerts, const EvaluationTimes& times,
                                           const Environment& environment) {
  const std::string generator_url = GeneratorUrl(environment);
  promql::Vector samples;
  std::vector<base::Alert> to_send;
  {
    const std::scoped_lock lock(mutex_);
    for (ActiveAlert& alert : alerts) {
      LiveAlert live{.alert = std::move(alert),
                     .kept = std::nullopt,
                     .restored = true,
                     .state_series = {},
                     .for_state_series = {},
                     .no_data_series = {}};
      live.kept = {live.alert.status, live.alert.no_data};
      AlertStatus& status = live.alert.status;
      if (status.state != AlertState::resolved) AppendStateSamples(live, times.SampleTime(), samples);
      if (status.state != AlertState::pending) {
        status.last_sent_at = times.now;
        to_send.push_back(ToSend(rule_, live.alert, generator_url, times, environment));
      }
      const base::Labels labels = live.alert.labels;
      alerts_.insert_or_assign(labels, std::move(live));
    }
    ReportKept(environment);
  }
  for (const promql::VectorSample& sample : samples) series_.emplace(sample.labels, Written());
  DropUnaddressed(rule_, to_send);
  return to_send;
}

void LiveRule::FindSeries(base::Timestamp time, const Environment& environment) {
  std::vector<base::Matcher> matchers = {base::Matcher::Equal(std::string(base::kMetricName), rule_.name)};
  for (const auto& [name, value] : rule_.labels) matchers.push_back(base::Matcher::Equal(name, value));
  const store::TimeRange then{time, time};
  const auto found = environment.querier.Select(matchers, then);
  if (!found) return;  // they only end a little later, when they are too old
  for (const auto& series : *found) {
    store::Samples samples;
    series->Read(then, samples);
    const bool there = !samples.empty() && !(samples.histograms.empty() && store::IsStale(samples.values.back()));
    if (there) series_.emplace(series->labels(), store::SeriesRef::none);
  }
}

void LiveRule::SkipTime(base::Duration gap) {
  const std::scoped_lock lock(mutex_);
  for (auto& [labels, live] : alerts_) {
    AlertStatus& status = live.alert.status;
    if (status.state == AlertState::pending) status.active_at += gap;
    if (status.keep_firing_since) *status.keep_firing_since += gap;
  }
}

void LiveRule::AppendStateSamples(LiveAlert& live, base::Timestamp time, promql::Vector& samples) const {
  const auto builder = [&] {
    // Prometheus starts from the rule's own labels, so one whose template came out empty shows as it is written
    base::LabelsBuilder labels;
    for (const auto& [name, text] : rule_.labels) labels.Set(name, text);
    for (const base::Label& label : live.alert.labels) labels.Set(label.name, label.value);
    return labels;
  };
  if (live.state_series_of != live.alert.status.state) {
    live.state_series =
        builder().Set(base::kMetricName, "ALERTS").Set(kAlertState, ToString(live.alert.status.state)).Build();
    live.state_series_of = live.alert.status.state;
  }
  if (live.for_state_series.empty()) {
    live.for_state_series = builder().Set(base::kMetricName, "ALERTS_FOR_STATE").Build();
  }
  samples.push_back({.labels = live.state_series, .time = time, .value = 1, .histogram = nullptr});
  // whole seconds, as Prometheus writes them
  const auto active_at = std::chrono::floor<std::chrono::seconds>(live.alert.status.active_at);
  samples.push_back({.labels = live.for_state_series,
                     .time = time,
                     .value = static_cast<double>(active_at.time_since_epoch().count()),
                     .histogram = nullptr});
  if (!live.alert.no_data) return;
  if (live.no_data_series.empty()) live.no_data_series = builder().Set(base::kMetricName, kLastDataMetric).Build();
  samples.push_back({.labels = live.no_data_series,
                     .time = time,
                     .value = base::ToSeconds(live.alert.no_data->seen_at),
                     .histogram = nullptr});
}

void LiveRule::StoreSamples(const promql::Vector& samples, base::Timestamp time, const Environment& environment,
                            RuleOutcome& outcome) {
  if (samples.empty() && series_.empty()) return;
  auto appender = environment.appendable.NewAppender();
  ++evaluation_;
  std::vector<std::unordered_map<base::Labels, Written, base::LabelsHash>::value_type> news;
  std::map<store::AppendStatus, size_t> refused;
  for (const promql::VectorSample& sample : samples) {
    const auto known = series_.find(sample.labels);
    const store::SeriesRef ref = known == series_.end() ? store::SeriesRef::none : known->second.ref;
    const store::Appended appended = sample.histogram
                                         ? appender->AppendHistogram(ref, sample.labels, time, sample.histogram)
                                         : appender->Append(ref, sample.labels, time, sample.value);
    if (appended.status != store::AppendStatus::ok) {
      ++refused[appended.status];
      continue;
    }
    ++outcome.samples;
    if (known == series_.end()) {
      news.emplace_back(sample.labels, Written{appended.ref, evaluation_});
    } else {
      known->second = {appended.ref, evaluation_};
    }
  }
  for (const auto& [labels, written] : series_) {
    // an older or equal instant may hold a sample already; then there is nothing left to end
    if (written.evaluation == evaluation_) continue;
    static_cast<void>(appender->Append(written.ref, labels, time, store::StaleMarker()));
  }
  if (auto committed = appender->Commit(); !committed) {
    outcome.samples = 0;
    outcome.error = std::move(committed).error();
    return;
  }
  std::erase_if(series_, [this](const auto& one) { return one.second.evaluation != evaluation_; });
  series_.insert(std::move_iterator(news.begin()), std::move_iterator(news.end()));
  for (const auto& [status, count] : refused) {
    base::LogWarn("samples of a rule were not stored",
                  {{"rule", rule_.name}, {"reason", Reason(status)}, {"samples", count}});
    outcome.error = base::Error{base::ErrorCode::invalid_argument, std::string(Reason(status)), std::nullopt};
  }
}

RuleSnapshot LiveRule::Snapshot() const {
  RuleSnapshot snapshot;
  snapshot.rule = rule_;
  const std::scoped_lock lock(mutex_);
  snapshot.health = health_;
  snapshot.last_error = last_error_;
  snapshot.last_evaluation = last_evaluation_;
  snapshot.duration = duration_;
  for (const auto& [labels, live] : alerts_) {
    if (live.alert.status.state != AlertState::resolved) snapshot.alerts.push_back(live.alert);
  }
  return snapshot;
}

void LiveRule::TakeStateFrom(LiveRule& old) {
  series_ = std::exchange(old.series_, {});
  evaluation_ = old.evaluation_;
  const std::scoped_lock lock(mutex_, old.mutex_);
  alerts_ = std::exchange(old.alerts_, {});
  // texts and labels may have changed with the rule; the series' labels are built anew
  for (auto& [labels, live] : alerts_) {
    live.state_series_of = AlertState::resolved;
    live.for_state_series = {};
    live.no_data_series = {};
  }
  kept_alerts_ = std::exchange(old.kept_alerts_, {});
}

bool LiveRule::Writes(const base::Labels& series) const { return series_.contains(series); }

std::vector<base::Labels> LiveRule::TakeSeries() {
  std::vector<base::Labels> labels;
  for (const auto& [series, ref] : std::exchange(series_, {})) labels.push_back(series);
  return labels;
}

}  // namespace rules
