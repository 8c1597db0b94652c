#include "app/command_line.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "app/completion.h"

namespace app {
namespace {

const std::vector<Flag>& Flags() {
  static const std::vector<Flag> flags = {
      {"config.file", "FILE", "tocsin.yml", "The configuration.", false},
      {"web.listen-address", "ADDRESS", ":9090", "Where to listen.", true},
      {"web.enable-lifecycle", "", "false", "Allow it.", false},
  };
  return flags;
}

TEST(CommandLineTest, ReadsEveryForm) {
  const std::vector<std::string> words = {"--config.file=a.yml",
                                          "--web.listen-address",
                                          "x:1",
                                          "--web.listen-address=y:2",
                                          "--web.enable-lifecycle",
                                          "one",
                                          "--",
                                          "--two"};
  const auto invocation = ParseFlags(Flags(), words);
  ASSERT_TRUE(invocation) << invocation.error().message;
  EXPECT_EQ(invocation->Get("config.file"), "a.yml");
  EXPECT_EQ(invocation->GetAll("web.listen-address"), (std::vector<std::string>{"x:1", "y:2"}));
  EXPECT_TRUE(invocation->IsOn("web.enable-lifecycle"));
  EXPECT_EQ(invocation->arguments(), (std::vector<std::string>{"one", "--two"}));
}

TEST(CommandLineTest, FillsInDefaults) {
  const std::vector<std::string> words = {"--no-web.enable-lifecycle"};
  const auto invocation = ParseFlags(Flags(), words);
  ASSERT_TRUE(invocation);
  EXPECT_EQ(invocation->Get("config.file"), "tocsin.yml");
  EXPECT_EQ(invocation->GetAll("web.listen-address"), (std::vector<std::string>{":9090"}));
  EXPECT_FALSE(invocation->IsOn("web.enable-lifecycle"));
}

TEST(CommandLineTest, SaysWhatIsWrong) {
  const struct {
    std::vector<std::string> words;
    std::string_view want;
  } kCases[] = {
      {{"--config.fiel=x"}, "unknown flag --config.fiel (did you mean --config.file?)"},
      {{"-v"}, "unknown flag --v"},
      {{"--storage.tsdb.path=x"}, "unknown flag --storage.tsdb.path: of Prometheus; here use --storage.path"},
      {{"--config.file"}, "flag --config.file needs a value"},
      {{"--config.file=a", "--config.file=b"}, "flag --config.file is given twice"},
      {{"--web.enable-lifecycle=perhaps"}, "flag --web.enable-lifecycle is a switch: true or false, not \"perhaps\""},
      {{"--no-config.file"}, "unknown flag --no-config.file (did you mean --config.file?)"},
  };
  for (const auto& test : kCases) {
    const auto invocation = ParseFlags(Flags(), test.words);
    ASSERT_FALSE(invocation);
    EXPECT_EQ(invocation.error().message, test.want);
  }
}

TEST(CommandLineTest, TakesTheLongestCommandThatFits) {
  std::string ran;
  const auto note = [&ran](std::string name) {
    return [&ran, name](const Invocation& invocation) {
      ran = name + ":" + (invocation.arguments().empty() ? "" : invocation.arguments()[0]);
      return int{kOk};
    };
  };
  const std::vector<Command> commands = {{"rules", "", "Runs it", Flags(), note("rules")},
                                         {"rules expand", "FILE", "Prints it", {}, note("rules expand")}};
  const struct {
    std::vector<std::string> words;
    int code;
    std::string_view ran;
  } kCases[] = {
      {{"rules"}, kOk, "rules:"},
      {{"rules", "expand", "f.yml"}, kOk, "rules expand:f.yml"},
      {{"rules", "expand"}, kUsage, ""},
      {{"rules", "extra"}, kUsage, ""},
      {{"rlues"}, kUsage, ""},
      {{"rules", "--help"}, kOk, ""},
      {{}, kUsage, ""},
  };
  for (const auto& test : kCases) {
    ran.clear();
    EXPECT_EQ(RunCommandLine(commands, test.words), test.code);
    EXPECT_EQ(ran, test.ran);
  }
}

TEST(CommandLineTest, DocumentsItself) {
  const std::vector<Command> commands = {{"check config", "FILE…", "Checks files", Flags(), {}}};
  EXPECT_EQ(CommandHelp(commands[0]),
            "Checks files.\n\nUsage: tocsin check config [FLAGS] FILE…\n\nFlags:\n"
            "  --config.file=FILE\n      The configuration. (default: tocsin.yml)\n"
            "  --web.listen-address=ADDRESS\n      Where to listen. (default: :9090) May be repeated.\n"
            "  --[no-]web.enable-lifecycle\n      Allow it. (default: false)\n");
  EXPECT_NE(ManPage(commands).find(".B \\-\\-config.file=FILE"), std::string::npos);
  for (const std::string_view shell : {"bash", "zsh", "fish"}) {
    const auto completion = Completion(commands, shell);
    ASSERT_TRUE(completion);
    EXPECT_NE(completion->find("config"), std::string::npos);
  }
  EXPECT_FALSE(Completion(commands, "tcsh"));
}

TEST(CommandLineTest, ListsTheCommandsThatAWordBegins) {
  const std::vector<Command> commands = {{"run", "", "Runs it", Flags(), {}},
                                         {"rules", "", "Judges", {}, {}},
                                         {"rules expand", "FILE", "Prints it", {}, {}},
                                         {"check config", "FILE…", "Checks files", {}, {}},
                                         {"check rules", "[FILE…]", "Checks rules", {}, {}},
                                         {"docs completion", "SHELL", "Prints a script", {}, {}, {"bash", "zsh"}}};
  const std::string list =
      "Usage: tocsin check COMMAND [FLAGS] [ARGUMENTS]\n\nCommands:\n"
      "  check config FILE…               Checks files\n  check rules [FILE…]              Checks rules\n\n"
      "'tocsin check COMMAND --help' lists a command's flags.\n";
  const struct {
    std::vector<std::string> words;
    int code;
    std::string out;
    std::string err;
  } kCases[] = {
      {{"check"}, kUsage, "", list},
      {{"check", "--help"}, kOk, list, ""},
      {{"help", "check"}, kOk, list, ""},
      {{"check", "--lint"}, kUsage, "", "tocsin check: a command is expected before the flags\n\n" + list},
      {{"check", "confg"},
       kUsage,
       "",
       "tocsin: unknown command \"check confg\" (did you mean \"check config\"?)\n\n" + list},
      {{"rules", "expnd"},
       kUsage,
       "",
       "tocsin rules: unexpected argument \"expnd\" (did you mean \"rules expand\"?)\n"},
      {{"docs", "completion"}, kUsage, "", "tocsin docs completion: needs SHELL (one of bash, zsh)\n"},
      {{"chekc"}, kUsage, "", "tocsin: unknown command \"chekc\"\nRun 'tocsin --help' for the commands.\n"},
  };
  for (const auto& test : kCases) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    EXPECT_EQ(RunCommandLine(commands, test.words), test.code);
    std::fflush(stdout);
    EXPECT_EQ(testing::internal::GetCapturedStdout(), test.out);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), test.err);
  }
}

}  // namespace
}  // namespace app
