#pragma once

#include "app/command_line.h"

namespace app {

// `tocsin check …`: each file's mistakes, all at once, on standard error; 0 or kUsage.
int CheckConfigFiles(const Invocation& invocation);
int CheckRuleFiles(const Invocation& invocation);
int CheckAlertmanagerFiles(const Invocation& invocation);

// `tocsin rules expand FILE…`: thresholds and groups as one plain Prometheus rule file on standard output.
int ExpandRuleFiles(const Invocation& invocation);

}  // namespace app
