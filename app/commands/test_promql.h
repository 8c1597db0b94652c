#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace app {

class Invocation;

// `tocsin test promql FILE…`: runs scripts in Prometheus' test language (promqltest), each command as the original
// does: instant queries are asked again with `@` on every selector, at other times, and as range queries.
struct ScriptFailure {
  int line = 0;
  std::string message;
};
struct ScriptReport {
  int passed = 0;  // eval commands
  int failed = 0;
  std::vector<ScriptFailure> failures;
};

// Runs one script on a store of its own. Pure: no files, no clock but the engine's timeout. A script that cannot be
// read counts as one failure.
ScriptReport RunPromqlScript(std::string_view script);

// `FILE:LINE: what` for each failure, then `FILE: N passed, N failed`.
std::string FormatScriptReport(std::string_view file, const ScriptReport& report);

// The command: kOk if every script passed, kFailed if not, kUsage where a file cannot be read.
int TestPromqlCommand(const Invocation& invocation);

}  // namespace app
