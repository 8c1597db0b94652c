#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml/yaml.h"
#include "rules/expression.h"
#include "rules/limit.h"
#include "rules/rule.h"

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

struct Threshold {
  enum class Kind : uint8_t {
    value,  // any expression
    ratio,  // bad / total, of rates where `over` is given
    age,    // time() - a timestamp
  };
  std::string name;
  Kind kind = Kind::value;
  promql::ExprPtr value;  // of value and age
  promql::ExprPtr bad;    // of ratio
  promql::ExprPtr total;
  std::optional<base::Duration> over;
  std::vector<std::string> by;  // one alert for each value of these labels
  Unit unit = Unit::none;
  std::optional<Limit> target;
  std::optional<Limit> warning;
  std::optional<Limit> critical;
  std::optional<Severity> missing;  // what it means that there is no series
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
// that contradict each other, limits in a unit the value does not have); the thresholds without one are returned.
std::vector<Threshold> ReadThresholds(const base::YamlReader& in, const ThresholdOptions& options);

// The keys of one threshold, for the configuration reference.
const std::vector<base::FieldHelp>& ThresholdHelp();

}  // namespace rules
