#pragma once

#include <string>
#include <vector>

#include "promql/engine.h"
#include "rules/rule.h"
#include "rules/unit_test/comparison.h"
#include "rules/unit_test/test_file.h"
#include "rules/unit_test/test_input.h"

namespace rules {

struct UnitTestOptions {
  base::Duration evaluation_interval = std::chrono::minutes(1);  // > 0; also the step of subqueries without one
  std::vector<YamlText> group_order;                             // groups not named go first, in the order given
  Nearness nearness;
  bool diff = false;  // mismatches as marked lines, not as promtool words them
  promql::EngineOptions engine;
};

// Runs one test on a store of its own and returns its failures, each a text of several lines as promtool prints it,
// with the place in the test file added.
//
// From the test's start to its last eval_time, once every evaluation interval: the input's samples up to that instant
// are stored, then every group is evaluated, one after the other. Alerts are compared after the evaluation at or
// before their eval_time, those that fire only. Expressions are asked at the end, of all that was stored. An
// evaluation that fails ends the test. Pure: no file, no clock but the engine's timeout.
std::vector<std::string> RunUnitTest(const UnitTest& test, const RuleSet& rules, const UnitTestOptions& options,
                                     const MakeTestStore& make_store);

}  // namespace rules
