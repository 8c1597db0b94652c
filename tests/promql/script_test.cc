#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "app/commands/test_promql.h"
#include "tests/support/support.h"

namespace {

std::vector<std::filesystem::path> ScriptsIn(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> scripts;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".test") scripts.push_back(entry.path());
  }
  std::ranges::sort(scripts);
  return scripts;
}

void ExpectAllPass(const std::filesystem::path& folder) {
  const auto scripts = ScriptsIn(folder);
  EXPECT_FALSE(scripts.empty());
  for (const auto& script : scripts) {
    const app::ScriptReport report = app::RunPromqlScript(test::ReadFile(script));
    EXPECT_EQ(report.failed, 0) << app::FormatScriptReport(script.filename().string(), report);
    EXPECT_GT(report.passed, 0) << script;
  }
}

TEST(Scripts, Pass) { ExpectAllPass(test::ProjectFile("tests/promql/testdata")); }

TEST(Scripts, ReportWhatFails) {
  struct Case {
    const char* script;
    const char* report;
  };
  const Case kCases[] = {
      {"load 1m\n a 1 2\n\neval instant at 1m a\n a 2\n", "x: 1 passed, 0 failed\n"},
      {"load 1m\n a 1 2\n\neval instant at 1m a\n a 3\n",
       "x:4: a: expected 3 for a but got 2\nx: 0 passed, 1 failed\n"},
      {"eval instant at 0 1\n  2\n", "x:1: 1: expected scalar 2 but got 1\nx: 0 passed, 1 failed\n"},
      {"load 1m\n a 1\n\neval instant at 0 a\n",
       "x:4: a: unexpected metric a in result, has value 1\n"
       "x: 0 passed, 1 failed\n"},
      {"eval instant at 0 a\n a 1\n", "x:1: a: expected metric a not found\nx: 0 passed, 1 failed\n"},
      {"eval instant at 0 label_replace(a, '', '', '', '')\n expect fail\n", "x: 1 passed, 0 failed\n"},
      {"eval instant at 0 a\n expect fail\n", "x:1: a: expected an error but got none\nx: 0 passed, 1 failed\n"},
      {"eval instant at 0 quantile(2, vector(1))\n expect no_warn\n {} +Inf\n",
       "x:1: quantile(2, vector(1)): unexpected warning: PromQL warning: quantile value should be between 0 and 1, got "
       "2 (1:10)\nx: 0 passed, 1 failed\n"},
      {"eval range from 0 to 2m step 1m vector(1)\n {} 1 1\n",
       "x:1: vector(1): expected 1 1 for {} but got 1@0 1@60000 1@120000\nx: 0 passed, 1 failed\n"},
      {"eval instant at 0 1 +\n 1\n", "x:1: 1:4: parse error: unexpected end of input\nx: 0 passed, 1 failed\n"},
      {"nonsense\n", "x:1: invalid command \"nonsense\"\nx: 0 passed, 1 failed\n"},
      {"load 1m\n a 1x\n", "x:2: invalid repetition in series values\nx: 0 passed, 1 failed\n"},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.script);
    EXPECT_EQ(app::FormatScriptReport("x", app::RunPromqlScript(test.script)), test.report);
  }
}

}  // namespace
