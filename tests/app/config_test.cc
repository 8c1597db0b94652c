#include "app/config.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/text.h"
#include "tests/support/support.h"

namespace app {
namespace {

// tocsin.yml in a folder of its own.
class ConfigTest : public testing::Test {
 protected:
  Config Read(std::string_view yaml) {
    const std::string path = folder_.Write("tocsin.yml", yaml);
    base::YamlErrors errors;
    Config config = ReadConfig(path, [](const std::string&) { return std::nullopt; }, errors);
    mistakes_ = base::ReplaceAll(errors.ToString(), folder_.path().string() + "/", "");
    return config;
  }

  test::TemporaryDirectory folder_;
  std::string mistakes_;
};

TEST_F(ConfigTest, RuleFilesArePathsAndPatternsOfTheLastPart) {
  folder_.Write("a/1.yml", "groups: []\n");
  folder_.Write("a/2.yml", "groups: []\n");
  folder_.Write("dir.yml/3.yml", "groups: []\n");
  ASSERT_EQ(mkfifo((folder_.path() / "fifo").c_str(), 0600), 0);
  struct Case {
    std::string_view files;
    size_t found;
    std::string_view mistakes;
  };
  const Case kCases[] = {
      {"['a/*.yml', a/1.yml]", 2, ""},
      {"['?/[12].yml']", 2, ""},
      {"['nothing/*.yml']", 0, ""},
      {"[a/3.yml]", 0, "tocsin.yml:1:14: rule_files[0]: there is no file \"a/3.yml\"\n"},
      {"['**/1.yml']", 0,
       "tocsin.yml:1:14: rule_files[0]: invalid rule file path \"**/1.yml\": \"*\" may stand behind the last \"/\" "
       "only; "
       "list each folder\n"},
      {"['*/1.yml']", 0,
       "tocsin.yml:1:14: rule_files[0]: invalid rule file path \"*/1.yml\": \"*\" may stand behind the last \"/\" "
       "only; "
       "list each folder\n"},
      {"['d*.yml']", 1, "cannot read \"dir.yml\": Is a directory\n"},
      {"[a]", 1, "cannot read \"a\": Is a directory\n"},
      {"[fifo]", 1, "cannot read \"fifo\": it is a FIFO, not a regular file\n"},
  };
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.files);
    EXPECT_EQ(Read("rule_files: " + std::string(one.files) + "\n").rule_files.size(), one.found);
    EXPECT_EQ(mistakes_, one.mistakes);
  }
}

}  // namespace
}  // namespace app
