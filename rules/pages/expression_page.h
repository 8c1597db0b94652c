#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/net/html_page.h"
#include "promql/value.h"
#include "rules/group.h"
#include "rules/history.h"

namespace rules {

// A rule as the page of its expression shows it.
struct ShownRule {
  std::string group;
  std::string file;
  RuleSnapshot snapshot;
  std::string threshold{};  // the threshold it was compiled from; "" for a rule from a rule file
  promql::Vector values{};  // of tocsin_threshold_value for that threshold
  promql::Vector limits{};  // of tocsin_threshold_limit
};

// What the page at /graph shows. Links in messages lead here.
struct ExpressionPage {
  base::PageFrame frame;
  base::Timestamp now;
  base::Timestamp time;      // of the evaluation
  std::string expression{};  // as asked; "": nothing is evaluated, the page is its form alone
  std::string time_text{};   // as asked; "": now
  std::string problem{};     // why there is no result, as a sentence; "" where there is one
  promql::QueryResult result{};
  // Where a comparison holds for no series: its left side, and the value of that.
  std::string compared{};
  promql::Value compared_value{};
  std::vector<ShownRule> rules{};       // whose expression it is
  size_t all_rules = 0;                 // how many there are, where not all are shown
  std::vector<HistoryEntry> history{};  // of the alerts of these rules, newest first
  std::string history_problem{};        // why there is none, as a sentence
};

// The whole page. Pure.
std::string RenderExpressionPage(const ExpressionPage& page);

}  // namespace rules
