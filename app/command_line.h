#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// The command line as tables: what a command is called, its flags and its help stand in one place, and the parser,
// --help, the man page and the shell completions all read them there.

namespace app {

struct Flag {
  std::string name;        // "web.listen-address", written --web.listen-address
  std::string value_name;  // "ADDRESS"; empty for a switch (--x, --no-x)
  std::string default_value;
  std::string help;
  bool repeatable = false;
  std::vector<std::string> choices = {};  // the values there are; empty: any
};

// What a person asked for: flags with their defaults filled in, and the words that are not flags.
class Invocation {
 public:
  const std::string& Get(std::string_view flag) const;  // the last one given, else the default
  std::vector<std::string> GetAll(std::string_view flag) const;
  bool IsOn(std::string_view flag) const { return Get(flag) == "true"; }
  const std::vector<std::string>& arguments() const { return arguments_; }
  std::map<std::string, std::string> AllFlags() const;  // as Get gives them

 private:
  friend base::Result<Invocation> ParseFlags(std::span<const Flag> flags, std::span<const std::string> words);
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> arguments_;
};

struct Command {
  std::string name;       // one or two words: "run", "check config"
  std::string arguments;  // "FILE…", "[FILE…]" where there may be none, "" where there are none
  std::string help;       // one line
  std::vector<Flag> flags;
  std::function<int(const Invocation&)> run;  // returns the exit code
  std::vector<std::string> choices = {};      // the arguments there are; empty: any
};

enum ExitCode : int { kOk = 0, kFailed = 1, kUsage = 2, kLint = 3 };

// --flag=value, --flag value, --switch, --no-switch; "--" ends the flags. Unknown flags get a proposal.
base::Result<Invocation> ParseFlags(std::span<const Flag> flags, std::span<const std::string> words);

// Finds the command (the longest name that fits), parses its flags and runs it. `-h`, `--help`, `help` and `--version`
// are understood everywhere. A word that only begins commands ("check") prints the list of those.
int RunCommandLine(std::span<const Command> commands, std::span<const std::string> words);

std::string UsageText(std::span<const Command> commands);
std::string CommandHelp(const Command& command);
std::string ManPage(std::span<const Command> commands);

}  // namespace app
