#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "promql/ast.h"
#include "rules/no_data/policy.h"

// What a rule file says, as plain values. Semantics are those of Prometheus' rule files.

namespace rules {

// Names with values as a person wrote them: templates unexpanded, empty values kept (an empty label removes one).
using TextMap = std::map<std::string, std::string>;

enum class RuleKind : uint8_t { alerting, recording };
enum class Severity : uint8_t { warning, critical };
std::string_view ToString(Severity severity);

// Where an expression's text begins in its file; `exact` where it stands there as it is, on one line, so that a column
// of the expression is one of the file. Else it is where the value begins.
struct ExpressionPlace {
  base::SourcePosition where{};
  bool exact = false;
};

struct Rule {
  RuleKind kind = RuleKind::alerting;
  std::string name;        // of the alert or the recorded series
  std::string expression;  // PromQL as written
  promql::ExprPtr parsed;  // the same, never null in a rule that was loaded
  base::Duration hold{0};  // `for`
  base::Duration keep_firing_for{0};
  std::optional<NoDataPolicy> no_data{};  // of an alert; nullopt: the default of `rules:`
  TextMap labels;                         // the group's merged in, the rule's own win
  TextMap annotations;
  // Of built-in rules: SourceLost, and an alert that goes to the root route whatever its labels are (Alert::route_as).
  bool source_lost = false;
  bool to_root_route = false;
  base::SourcePosition where;
  ExpressionPlace expression_place{};  // line 0 where the expression was compiled from a threshold
};

// Whether both say the same, wherever they are written.
bool SameRule(const Rule& a, const Rule& b);

struct RuleGroup {
  std::string file;
  std::string name;                            // unique in its file
  std::optional<base::Duration> interval;      // nullopt: the global evaluation_interval
  std::optional<base::Duration> query_offset;  // nullopt: the global rule_query_offset
  int limit = 0;                               // of alerts or series per rule; 0: none
  std::vector<Rule> rules;
  bool threshold = false;  // compiled from the threshold of the group's name
  bool builtin = false;    // tocsin's own: evaluated on the samples stored here, also where there is a datasource
  base::SourcePosition where;

  // What the metrics' label rule_group and the reload compare groups by: "file;name".
  std::string Key() const { return file + ";" + name; }
};

// An active critical alert of this name makes the warning of the same name, with otherwise equal labels, unnecessary.
struct Inhibition {
  std::string alertname;
  Severity source = Severity::critical;
  Severity target = Severity::warning;
  // The labels that tell the alerts of this name apart, where the expression fixes them (`by`); nullopt: all others.
  std::optional<std::vector<std::string>> equal;
  bool operator==(const Inhibition&) const = default;
};

struct RuleSet {
  std::vector<RuleGroup> groups;
  std::vector<Inhibition> inhibitions;
};

}  // namespace rules
