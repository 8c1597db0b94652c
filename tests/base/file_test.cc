#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/support.h"

namespace base {
namespace {

std::string ErrorOf(const Result<std::string>& result) { return result ? "(no error)" : result.error().message; }

TEST(ReadFile, GivesTheWholeContent) {
  const test::TemporaryDirectory folder;
  const std::string content = std::string("a\0b\r\n", 5) + std::string(200'000, 'x');
  const std::string path = folder.Write("f", content);
  std::filesystem::create_symlink(path, folder.path() / "link");
  EXPECT_EQ(ReadFile(path).value(), content);
  EXPECT_EQ(ReadFile(folder.path() / "link").value(), content);
  EXPECT_EQ(ReadFileOrStream(path).value(), content);
  EXPECT_EQ(ReadFile(folder.Write("empty", "")).value(), "");
}

TEST(ReadFile, NamesWhatCannotBeRead) {
  const test::TemporaryDirectory folder;
  const std::string at = folder.path().string();
  EXPECT_EQ(ErrorOf(ReadFile(at + "/no")), "cannot read \"" + at + "/no\": No such file or directory");
  EXPECT_EQ(ErrorOf(ReadFile(at + "/no", "the secret file")),
            "cannot read the secret file \"" + at + "/no\": No such file or directory");
  EXPECT_EQ(ErrorOf(ReadFile(at)), "cannot read \"" + at + "\": Is a directory");
  EXPECT_EQ(ErrorOf(ReadFileOrStream(at)), "cannot read \"" + at + "\": Is a directory");
}

// A FIFO without a writer would block a reload for ever.
TEST(ReadFile, RefusesWhatItWouldWaitFor) {
  const test::TemporaryDirectory folder;
  const std::string fifo = (folder.path() / "fifo").string();
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(ErrorOf(ReadFile(fifo)), "cannot read \"" + fifo + "\": it is a FIFO, not a regular file");
  EXPECT_EQ(ErrorOf(ReadFile("/dev/null")), "cannot read \"/dev/null\": it is a device, not a regular file");
  EXPECT_EQ(ReadFileOrStream("/dev/null").value(), "");
}

TEST(Glob, SortsAndTakesPlainPaths) {
  const test::TemporaryDirectory folder;
  const std::string b = folder.Write("b.yml", ""), a = folder.Write("a.yml", "");
  EXPECT_EQ(Glob(folder.path() / "*.yml"), (std::vector<std::string>{a, b}));
  EXPECT_EQ(Glob(a), (std::vector<std::string>{a}));
  EXPECT_EQ(Glob(folder.path() / "c.yml"), (std::vector<std::string>{}));
}

TEST(IsFilePattern, TakesAsterisksInTheLastPartOnly) {
  for (const char* good : {"a", "a/b.yml", "/a/*.yml", "a/*b*.yml", "a**", "a?/[bc].yml", ""}) {
    EXPECT_TRUE(IsFilePattern(good)) << good;
  }
  for (const char* bad : {"a/**/b.yml", "*/a.yml", "a*/b"}) EXPECT_FALSE(IsFilePattern(bad)) << bad;
}

}  // namespace
}  // namespace base
