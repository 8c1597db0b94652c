#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"
#include "rules/alert_state.h"
#include "rules/rule.h"

// Replays an alerting rule over history: when it would have fired. Pure functions; the life of an alert is that of live
// rules (alert_state.h), as if the rule had been evaluated at every instant of the span without a miss.

namespace rules {

// Evaluations from `first` to `last`, `step` apart (step > 0). Those before `report_from` only bring alerts into the
// state they would have had then.
struct ReplaySpan {
  base::Timestamp first;
  base::Timestamp report_from;
  base::Timestamp last;
  base::Duration step{1};

  // `from` to `to`, begun early enough that a condition which held before `from` fires in time.
  static ReplaySpan Make(base::Timestamp from, base::Timestamp to, base::Duration step, const AlertPolicy& policy);
  size_t Count() const { return last < first ? 0 : static_cast<size_t>((last - first) / step) + 1; }
  base::Timestamp At(size_t index) const { return first + step * static_cast<int64_t>(index); }
  base::Duration Reported() const { return last - report_from; }
};

// An evaluation at which an expression had a series, by its index in the span.
struct HeldPoint {
  size_t index = 0;
  double value = 0;
  bool operator==(const HeldPoint&) const = default;
};
struct HeldSeries {
  base::Labels labels;
  std::vector<HeldPoint> points;  // by index, each once
};

// The series as the rule's alerts: without metric name, with the rule's labels (templates expanded; `query` in them
// gives an error's text) and, for a rule that has a name, `alertname`. invalid_argument where two alerts of one instant
// are not told apart, as in a live rule.
base::Result<std::vector<HeldSeries>> AsAlerts(const Rule& rule, std::vector<HeldSeries> held);

// One time an alert fired, within what is reported.
struct Firing {
  base::Timestamp active_at;  // when it became pending
  base::Timestamp start;
  base::Timestamp end;        // the evaluation that resolved it, or the last one
  double worst = 0;           // the value furthest beyond the limit while it was active
  bool began_before = false;  // before what is reported; start is then where that begins
  bool ongoing = false;       // still firing at the last evaluation
  base::Duration Length() const { return end - start; }
  bool operator==(const Firing&) const = default;
};

struct ReplayedAlert {
  base::Labels labels;
  std::vector<Firing> firings;
  size_t only_pending = 0;    // times it was pending and went away without firing
  bool pending_last = false;  // pending at the last evaluation
};

// `low`: smaller values are worse.
ReplayedAlert ReplayAlert(const HeldSeries& held, const ReplaySpan& span, const AlertPolicy& policy, bool low);

struct ReplaySummary {
  size_t fired = 0;           // times
  size_t alerts = 0;          // label sets that fired
  base::Duration total{0};    // of all firings, added up
  base::Duration any{0};      // with at least one alert firing
  double share = 0;           // `any` of what is reported, 0 to 1
  base::Duration longest{0};  // cut where the span cuts it
  bool longest_is_cut = false;
  std::optional<base::Duration> shortest;  // of those that began and ended within the span
  size_t flaps = 0;                        // of these, shorter than `flap`
  size_t only_pending = 0;
};
ReplaySummary Summarise(std::span<const ReplayedAlert> alerts, const ReplaySpan& span, base::Duration flap);

}  // namespace rules
