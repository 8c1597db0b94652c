#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/alert.h"
#include "base/labels.h"
#include "promql/engine.h"
#include "promql/value.h"
#include "rules/alert_change.h"
#include "rules/alert_state.h"
#include "rules/datasource.h"
#include "rules/no_data/kept_alerts.h"
#include "rules/no_data/policy.h"
#include "rules/no_data/recorded.h"
#include "store/appender.h"
#include "store/querier.h"

// What rules are evaluated with: the seams to the other rooms.

namespace rules {

// Borrowed parts outlive whoever evaluates with them. Safe to use from several threads.
struct Environment {
  const promql::Engine& engine;
  const store::Querier& querier;
  store::Appendable& appendable;
  base::AlertSink& sink;
  StateKeeper* keeper = nullptr;  // told of every evaluation; may be null
  base::Labels external_labels;   // added to alerts that leave, where they do not have them already
  std::string external_url;       // "http://host:9090", for the alerts' links back
  base::Duration resend_delay = kResendDelay;
  std::shared_ptr<const Datasource> datasource{};    // null: engine on querier
  NoDataPolicy no_data = NoDataPolicy::resolve;      // of rules that do not say
  std::shared_ptr<const RecordedSeries> recorded{};  // of all rules; null: none
  KeptAlerts* kept_alerts = nullptr;                 // told of alerts without data; may be null
  // Whether every source has been read once since the start. Until then an alert of an earlier process that is not
  // found stays as it was, and absent() raises no alert. Null: yes;
  // so it is with a datasource, whose sources are another server's.
  std::function<bool()> sources_read{};
};

// One evaluation of a rule.
struct EvaluationTimes {
  base::Timestamp now;                        // alert state and templates
  base::Duration query_offset{0};             // the query and its samples are this much earlier
  base::Duration interval{0};                 // of the group
  std::optional<base::Timestamp> previous{};  // the last evaluation, also that of an earlier process
  bool past = false;  // caught up: what is found is stored and kept, but told by a later evaluation
  base::Timestamp SampleTime() const { return now - query_offset; }
  // A query is given up when the evaluation after this one is due.
  Patience GetPatience() const {
    return interval.count() > 0 ? Patience{.most = interval, .retry_until = now + interval} : Patience{};
  }
};

}  // namespace rules
