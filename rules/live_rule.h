#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/alert.h"
#include "rules/alert_change.h"
#include "rules/alert_template.h"
#include "rules/environment.h"
#include "rules/rule.h"

namespace rules {

enum class RuleHealth : uint8_t { unknown, ok, err };
std::string_view ToString(RuleHealth health);

// A rule as the API shows it.
struct RuleSnapshot {
  Rule rule;
  RuleHealth health = RuleHealth::unknown;
  std::string last_error;
  std::optional<base::Timestamp> last_evaluation;
  std::chrono::nanoseconds duration{0};  // of the last evaluation
  std::vector<ActiveAlert> alerts;       // pending and firing ones, sorted by labels
};

// What one evaluation of a rule came to.
struct RuleOutcome {
  std::optional<base::Error> error;  // the query, the templates' labels, the limit, or the samples' storing
  bool evaluated = false;            // the expression had a result, even where storing it failed
  size_t samples = 0;                // stored, staleness markers not counted
  std::chrono::nanoseconds duration{0};
  std::vector<AlertChange> changes;  // of the alerts, those sent again included
  std::vector<base::Alert> to_send;  // the sink is to hear of these once the changes have been handed to the keeper
};

// A rule with its state: active alerts, and the series it wrote last. Evaluate is called by one thread at a time;
// Snapshot from any.
class LiveRule {
 public:
  explicit LiveRule(Rule rule);
  const Rule& rule() const { return rule_; }

  // Queries, moves alerts on, stores samples and staleness markers, in this order. The caller keeps the changes and
  // sends the alerts. After an error of the query alerts and series stay as they were and nothing is to be sent.
  RuleOutcome Evaluate(const EvaluationTimes& times, int limit, const Environment& environment);

  RuleSnapshot Snapshot() const;

  // The alerts and series of the rule this one replaces at a reload. `old` is left empty.
  void TakeStateFrom(LiveRule& old);

  // Before the first evaluation: the alerts of an earlier process, as if this rule had found them. Returns those that
  // fire or have resolved, to be told again: what the earlier process still had to deliver is lost.
  std::vector<base::Alert> Restore(std::vector<ActiveAlert> alerts, const EvaluationTimes& times,
                                   const Environment& environment);
  // Before the first evaluation, of a recording rule: takes on the series that have a sample at `time`, the last
  // evaluation of an earlier process, so that those which are gone now end. For a rule that alone records its name.
  void FindSeries(base::Timestamp time, const Environment& environment);
  // Time in which nobody looked does not count: the clocks of `for` and keep_firing_for are set forward by `gap`.
  void SkipTime(base::Duration gap);

  // Lets go of all alerts; what is returned says so.
  std::vector<AlertChange> Forget(ChangeCause cause);

  // Whether the last evaluation wrote this series. Like Evaluate, for one thread at a time.
  bool Writes(const base::Labels& series) const;
  // The series written last, which the caller must end if the rule is to go.
  std::vector<base::Labels> TakeSeries();

 private:
  struct LiveAlert {
    ActiveAlert alert;
    std::optional<KeptAlertState> kept;  // as the last change said
    bool restored = false;               // by an earlier process, and not found or missed since
    base::Labels state_series;           // ALERTS…, of the state it was built for
    AlertState state_series_of = AlertState::resolved;
    base::Labels for_state_series;
    base::Labels no_data_series;
  };
  struct Found {
    base::Labels annotations;
    double value = 0;
  };
  struct Output {
    promql::Vector samples;
    std::vector<base::Alert> alerts;
  };

  std::vector<AlertChange> ForgetLocked(ChangeCause cause);  // with mutex_ held
  base::Result<Output> EvaluateExpression(const EvaluationTimes& times, int limit, const Environment& environment);
  base::Result<promql::Vector> Record(promql::Vector result, int limit) const;
  using FoundAlerts = std::unordered_map<base::Labels, Found, base::LabelsHash>;
  base::Result<FoundAlerts> FindAlerts(const promql::Vector& result, const EvaluationTimes& times,
                                       const Environment& environment) const;
  // The sources that alerts which are not in `found` have lost, by the alerts' labels.
  using LostSources = std::map<base::Labels, base::Labels>;
  base::Result<LostSources> FindLost(const FoundAlerts& found, const EvaluationTimes& times,
                                     const Environment& environment) const;
  base::Result<Output> MoveAlerts(FoundAlerts found, const LostSources& lost, const EvaluationTimes& times, int limit,
                                  const Environment& environment);
  void ReportKept(const Environment& environment);
  std::optional<AlertStatus> Move(LiveAlert& live, bool present, const EvaluationTimes& times,
                                  const Environment& environment, std::vector<base::Alert>& to_send) const;
  std::string GeneratorUrl(const Environment& environment) const;
  void AppendStateSamples(LiveAlert& live, base::Timestamp time, promql::Vector& samples) const;
  void StoreSamples(const promql::Vector& samples, base::Timestamp time, const Environment& environment,
                    RuleOutcome& outcome);

  using Texts = std::vector<std::pair<std::string, AlertTemplate>>;

  const Rule rule_;
  const bool absence_;       // the expression looks for series that are not there
  const Texts label_texts_;  // of an alerting rule
  const Texts annotation_texts_;
  struct Written {
    store::SeriesRef ref = store::SeriesRef::none;
    uint64_t evaluation = 0;  // the last one that wrote it
  };
  std::unordered_map<base::Labels, Written, base::LabelsHash> series_;  // of the last good evaluation
  KeptAlerts::SlotPointer kept_alerts_;
  uint64_t evaluation_ = 0;           // the number of the one under way
  std::vector<AlertChange> changes_;  // of the evaluation under way

  mutable std::mutex mutex_;
  // guarded by mutex_
  std::map<base::Labels, LiveAlert> alerts_;
  RuleHealth health_ = RuleHealth::unknown;
  std::string last_error_;
  std::optional<base::Timestamp> last_evaluation_;
  std::chrono::nanoseconds duration_{0};
};

}  // namespace rules
