#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "promql/value.h"

// Reads what Prometheus' HTTP API answers to a query, and what its kin (Thanos, Mimir, VictoriaMetrics) add to it. Pure
// functions; the text may be hostile.

namespace rules {

struct QueryAnswer {
  promql::Value value;
  std::vector<std::string> warnings;  // what the server says besides; without remarks of PromQL on the expression
  bool partial = false;               // VictoriaMetrics' isPartial
};

// Errors: invalid_argument, why it is not such an answer.
base::Result<QueryAnswer> ReadQueryAnswer(std::string_view body);

// Of an answer with "status":"error".
struct ApiFailure {
  std::string type;  // "bad_data", "execution", "timeout" …
  std::string message;
};
std::optional<ApiFailure> ReadApiFailure(std::string_view body);

}  // namespace rules
