#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/matcher.h"
#include "base/yaml/yaml.h"
#include "rules/expression.h"
#include "rules/rule.h"
#include "rules/threshold/active_times.h"
#include "rules/threshold/limit.h"

// The runbook's own form of a rule: a measured value and the limits it must keep.
//
//   thresholds:
//     - name: PAR_90
//       value: kpi_par_90_percent
//       unit: percent
//       target: "< 3"
//       warning: "> 3"
//       critical: "> 5"
//       for: 5m
//
// A threshold is defined by the Prometheus rules it compiles to (compile_threshold.h).

namespace rules {

// The limits of those series whose labels match, in place of the threshold's own.
struct Override {
  std::vector<base::Matcher> match;  // all of them; at least one does not match a label that is not there
  Limits limits;                     // what was left out is taken from the threshold
};

// How much a value differs from what it was.
struct Change {
  base::Duration over{0};
  bool relative = true;     // as a share of what it was
  bool either_way = false;  // the size of the difference, whichever its direction
  promql::ExprPtr earlier;  // the value as it was
};

// A share of events that shall be good, over a window of time.
struct Slo {
  double objective = 0;  // 0.999
  double budget = 0;     // what may go wrong: 0.001
  std::string objective_text;
  base::Duration window{0};
  promql::ExprPtr counted;  // what went wrong, or well
  bool counts_good = false;
  promql::ExprPtr total;  // null: `counted` is a gauge of 1 and 0
};

// What it means that a series is not there.
struct Missing {
  Severity severity = Severity::critical;
  base::Duration lookback{0};  // how long one that vanished is remembered
};

struct Threshold {
  enum class Kind : uint8_t {
    value,   // any expression
    ratio,   // bad / total, of rates where `over` is given
    age,     // time() - a timestamp
    change,  // value - value some time ago
    slo,     // the share of events that went wrong
  };
  std::string name;
  Kind kind = Kind::value;
  promql::ExprPtr value;  // of value, age and change
  promql::ExprPtr bad;    // of ratio
  promql::ExprPtr total;
  std::optional<base::Duration> over;
  Change change;
  Slo slo;
  std::vector<std::string> by;  // one alert for each value of these labels
  Unit unit = Unit::none;
  Limits limits;
  std::vector<Override> overrides;  // the first that matches holds
  std::optional<Missing> missing;
  NoDataPolicy no_data = NoDataPolicy::keep;
  std::optional<ActiveTimes> active;  // nullopt: always
  base::Duration hold{0};
  base::Duration keep_firing_for{0};
  std::optional<base::Duration> interval;
  TextMap labels;
  std::string runbook;
  std::string summary;  // Prometheus templates, as annotations are
  std::string description;
  base::SourcePosition where;
};

struct ThresholdOptions {
  promql::ParseOptions parse;
  std::string_view source;  // the file's text, for exact places of PromQL mistakes; may be empty
};

// Reads a `thresholds:` list. Every mistake is added to the reader's errors (also two thresholds of one name, limits
// that contradict each other or are never reached, limits in a unit the value does not have); the thresholds without
// one are returned.
std::vector<Threshold> ReadThresholds(const base::YamlReader& in, const ThresholdOptions& options);

// The keys of one threshold, for the configuration reference.
const std::vector<base::FieldHelp>& ThresholdHelp();

}  // namespace rules
