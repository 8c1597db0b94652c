#pragma once

#include "promql/evaluator.h"

namespace promql {

// info(v, {selector}): the vector with labels of its info series (target_info by default) added.
base::Result<Columns> EvaluateInfo(Evaluator& evaluator, const Call& call);

}  // namespace promql
