#pragma once

#include "app/command_line.h"

namespace app {

// `tocsin history [--url=…] [--since=24h] [--changes] [SELECTOR…]`: what fired, how long and how often, from a running
// tocsin. kOk, or kFailed and the reason.
int PrintHistory(const Invocation& invocation);
std::vector<Flag> HistoryFlags();

}  // namespace app
