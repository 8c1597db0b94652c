#pragma once

#include <vector>

#include "app/command_line.h"

namespace app {

// `tocsin check rules`: every mistake of rule files, and what their lints find. promtool's flags and exit codes, but
// for a file that does not load: kUsage, as for every file. Without a FILE: those of --config.file, else standard
// input.
int CheckRuleFiles(const Invocation& invocation);
std::vector<Flag> CheckRulesFlags();

}  // namespace app
