#pragma once

#include "app/command_line.h"

namespace app {

// `tocsin check …`: each file's mistakes, all at once, on standard error; 0 or kUsage.
int CheckConfigFiles(const Invocation& invocation);  // kFailed where a database says no, with --connect
std::vector<Flag> CheckConfigFlags();
int CheckAlertmanagerFiles(const Invocation& invocation);

// Pages of metrics, from standard input where no file is named. kFailed for a malformed one.
int CheckMetricsFiles(const Invocation& invocation);
std::vector<Flag> CheckMetricsFlags();

// `tocsin rules expand FILE…`: thresholds and groups as one plain Prometheus rule file on standard output. A FILE is a
// rule file, or a tocsin.yml with all rule files it names.
int ExpandRuleFiles(const Invocation& invocation);

}  // namespace app
