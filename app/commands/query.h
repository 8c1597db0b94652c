#pragma once

#include "app/command_line.h"

namespace app {

// `tocsin query instant EXPRESSION` and `tocsin query range EXPRESSION`: asks a running tocsin, or any Prometheus, and
// prints as promtool does. kOk, or kFailed and the reason.
int QueryInstant(const Invocation& invocation);
int QueryRange(const Invocation& invocation);
std::vector<Flag> QueryInstantFlags();
std::vector<Flag> QueryRangeFlags();

}  // namespace app
