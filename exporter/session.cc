#include "exporter/session.h"

#include <algorithm>

namespace exporter {

std::string_view ToString(FailureClass failure) {
  switch (failure) {
    case FailureClass::connection_refused:
      return "connection_refused";
    case FailureClass::dns:
      return "dns";
    case FailureClass::connection_lost:
      return "connection_lost";
    case FailureClass::authentication:
      return "authentication";
    case FailureClass::too_many_connections:
      return "too_many_connections";
    case FailureClass::timeout:
      return "timeout";
    case FailureClass::lock_timeout:
      return "lock_timeout";
    case FailureClass::permission:
      return "permission";
    case FailureClass::syntax:
      return "syntax";
    case FailureClass::missing_object:
      return "missing_object";
    case FailureClass::read_only:
      return "read_only";
    case FailureClass::missing_column:
      return "missing_column";
    case FailureClass::row_limit:
      return "row_limit";
    case FailureClass::cancelled:
      return "cancelled";
    case FailureClass::data:
      return "data";
    case FailureClass::conflict:
      return "conflict";
    case FailureClass::resources:
      return "resources";
    case FailureClass::server:
      return "server";
    case FailureClass::other:
      return "other";
  }
  return "other";
}

base::Duration Allowance(base::Duration limit, SteadyTime deadline) {
  if (deadline == SteadyTime::max()) return std::max(limit, base::Duration(1));
  const auto left = std::chrono::duration_cast<base::Duration>(deadline - std::chrono::steady_clock::now());
  return std::max(std::min(limit, left), base::Duration(1));
}

}  // namespace exporter
