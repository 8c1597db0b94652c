#pragma once

#include "base/json_writer.h"
#include "promql/ast.h"

namespace rules {

// A tree of PromQL as Prometheus' /api/v1/parse_query writes it. Pure.
void WriteAst(base::JsonWriter& json, const promql::Expr& expr);

}  // namespace rules
