#pragma once

#include "app/command_line.h"

namespace app {

// `tocsin healthcheck --url=…`: kOk where a running tocsin says that it is ready, else kFailed and the reason.
int CheckHealth(const Invocation& invocation);

}  // namespace app
