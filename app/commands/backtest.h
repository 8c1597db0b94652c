#pragma once

#include "app/command_line.h"

namespace app {

// `tocsin backtest`: replays a rule over stored or remote history and prints when it would have fired, for several
// limits side by side. kOk where it could be replayed, whatever came out; kUsage for flags, rules or limits that make
// no sense; kFailed where there is no history to be had.
int BacktestCommand(const Invocation& invocation);
std::vector<Flag> BacktestFlags();

}  // namespace app
