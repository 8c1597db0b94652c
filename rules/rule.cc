#include "rules/rule.h"

#include <tuple>

namespace rules {

std::string_view ToString(Severity severity) {
  switch (severity) {
    case Severity::warning:
      return "warning";
    case Severity::critical:
      return "critical";
  }
  return "";
}

bool SameRule(const Rule& a, const Rule& b) {
  const auto said = [](const Rule& rule) {
    return std::tie(rule.kind, rule.name, rule.expression, rule.hold, rule.keep_firing_for, rule.no_data, rule.labels,
                    rule.annotations, rule.source_lost, rule.to_root_route);
  };
  return said(a) == said(b);
}

}  // namespace rules
