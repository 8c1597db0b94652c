#pragma once

#include <string>
#include <vector>

#include "rules/backtest/backtest.h"
#include "rules/rule.h"

// What `tocsin backtest` prints. Pure functions.

namespace app {

// One rule, or one candidate for its limit.
struct BacktestCandidate {
  std::string title;  // "> 3", "PAR_90 critical"
  rules::Rule rule;
  rules::ReplaySpan span;
  std::vector<rules::ReplayedAlert> alerts;
};

struct BacktestReport {
  base::Duration flap{0};  // a firing shorter than this is a flap
  std::vector<BacktestCandidate> candidates;
};

// A row of figures for each candidate, then each candidate's firings by time.
std::string FormatBacktest(const BacktestReport& report);
// The same as one JSON object; durations in seconds.
std::string BacktestJson(const BacktestReport& report);

}  // namespace app
