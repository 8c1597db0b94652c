#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "promql/ast.h"
#include "promql/value.h"
#include "rules/no_data/policy.h"
#include "rules/rule.h"

namespace rules {

// Tells for one evaluation of one rule whether an alert that the expression no longer finds has lost the source of its
// series. Asks nothing before the first question. Not thread-safe.
//
// A source has failed when, at the evaluated instant,
//   up == 0: the target could not be scraped;
//   tocsin_collector_metric_lost == 1: a collector of the exporter failed, and with it the named metric;
//   <name>_up == 0 or node_scrape_collector_success == 0 on the page of another exporter: a part of it failed.
// An alert has lost it when a series that the rule selects came from that source within kLookback, is not there now,
// and contradicts no label of the alert.
class SourceCheck {
 public:
  using Ask = std::function<base::Result<promql::Vector>(const std::string& expression)>;

  // `selectors` are those the rule rests on (RecordedSeries::Sources); both must outlive the check.
  SourceCheck(const Rule& rule, const std::vector<promql::VectorSelector>& selectors, Ask ask)
      : rule_(rule), selectors_(selectors), ask_(std::move(ask)) {}

  // The labels of the failed source; nullopt if none failed. `before` is the alert's mark of the last evaluation: while
  // that source fails the alert stays without data. An error is one of `ask`.
  base::Result<std::optional<base::Labels>> Lost(const base::Labels& alert, const std::optional<NoData>& before);

  static constexpr base::Duration kLookback = std::chrono::hours(1);

 private:
  struct Failed {
    base::Labels source;
    std::string metric;  // "": everything of the source
  };
  base::Result<void> FindFailed();
  base::Result<void> FindGone();
  bool Selects(const std::string& metric) const;
  base::Labels FoundLabels(const base::Labels& alert) const;

  const Rule& rule_;
  const std::vector<promql::VectorSelector>& selectors_;
  const Ask ask_;
  std::optional<std::vector<Failed>> failed_;
  std::optional<std::vector<base::Labels>> gone_;  // series seen within kLookback that are not there now
  bool any_seen_ = false;                          // some selector had a series within kLookback
};

}  // namespace rules
