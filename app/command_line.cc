#include "app/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace app {
namespace {

const Flag* FindFlag(std::span<const Flag> flags, std::string_view name) {
  const auto at = std::ranges::find(flags, name, &Flag::name);
  return at == flags.end() ? nullptr : &*at;
}

// Flags of Prometheus that people bring along, and what there is in their place.
struct Elsewhere {
  std::string_view flag;
  std::string_view instead;
};
constexpr Elsewhere kElsewhere[] = {
    {"web.enable-admin-api", "there is no admin API"},
    {"web.config.file", "put a proxy in front for TLS and passwords"},
    {"storage.tsdb.path", "use --storage.path"},
    {"storage.tsdb.retention.time", "`storage: {retention: …}` in the configuration"},
    {"storage.tsdb.retention.size", "`storage: {retention_size: …}` in the configuration"},
    {"storage.tsdb.retention", "`storage: {retention: …}` in the configuration"},
    {"rules.alert.for-outage-tolerance", "alerts' clocks always survive a restart"},
    {"rules.alert.for-grace-period", "alerts' clocks always survive a restart"},
    {"rules.alert.resend-delay", "it is one minute"},
    {"query.max-concurrency", "as many queries as there are threads run at once"},
};

std::unexpected<base::Error> UnknownFlag(std::span<const Flag> flags, std::string_view name) {
  const auto* const elsewhere = std::ranges::find(kElsewhere, name, &Elsewhere::flag);
  if (elsewhere != std::end(kElsewhere)) {
    return base::Invalid(fmt::format("unknown flag --{}: of Prometheus; here {}", name, elsewhere->instead));
  }
  std::vector<std::string_view> known;
  for (const Flag& flag : flags) known.push_back(flag.name);
  const auto proposal = base::DidYouMean(name, known);
  return base::Invalid(
      fmt::format("unknown flag --{}{}", name, proposal ? fmt::format(" (did you mean --{}?)", *proposal) : ""));
}

std::vector<std::string> CommandWords(const Command& command) {
  std::vector<std::string> words;
  for (const std::string_view word : base::Split(command.name, ' ')) words.emplace_back(word);
  return words;
}

// How many leading words name the command; 0 if they don't.
size_t MatchLength(const Command& command, std::span<const std::string> words) {
  const std::vector<std::string> name = CommandWords(command);
  if (words.size() < name.size()) return 0;
  return std::equal(name.begin(), name.end(), words.begin()) ? name.size() : 0;
}

const Command* FindCommand(std::span<const Command> commands, std::span<const std::string> words, size_t& used) {
  const Command* best = nullptr;
  used = 0;
  for (const Command& command : commands) {
    if (const size_t length = MatchLength(command, words); length > used) {
      used = length;
      best = &command;
    }
  }
  return best;
}

std::string CommandRows(std::span<const Command> commands) {
  std::string rows;
  for (const Command& command : commands) {
    rows +=
        fmt::format("  {:<32} {}\n", command.arguments.empty() ? command.name : command.name + " " + command.arguments,
                    command.help);
  }
  return rows;
}

// The commands whose first word this is.
std::vector<Command> GroupOf(std::span<const Command> commands, std::string_view word) {
  std::vector<Command> group;
  for (const Command& command : commands) {
    if (command.name.starts_with(fmt::format("{} ", word))) group.push_back(command);
  }
  return group;
}

std::string GroupText(std::span<const Command> group, std::string_view word) {
  return fmt::format(
      "Usage: tocsin {0} COMMAND [FLAGS] [ARGUMENTS]\n\nCommands:\n{1}\n"
      "'tocsin {0} COMMAND --help' lists a command's flags.\n",
      word, CommandRows(group));
}

// Words that name no command, but may begin some.
int UnknownCommand(std::span<const Command> commands, std::span<const std::string> words) {
  const std::vector<Command> group = GroupOf(commands, words[0]);
  if (!group.empty() && words.size() == 1) {
    fmt::print(stderr, "{}", GroupText(group, words[0]));
    return kUsage;
  }
  if (!group.empty() && words[1].starts_with('-')) {
    const bool help = words[1] == "--help" || words[1] == "-h";
    if (!help) fmt::print(stderr, "tocsin {}: a command is expected before the flags\n\n", words[0]);
    fmt::print(help ? stdout : stderr, "{}", GroupText(group, words[0]));
    return help ? kOk : kUsage;
  }
  std::vector<std::string_view> names;
  for (const Command& command : commands) names.push_back(command.name);
  const std::string two = words.size() > 1 && !words[1].starts_with("-") ? words[0] + " " + words[1] : words[0];
  auto proposal = base::DidYouMean(two, names);
  if (!proposal) proposal = base::DidYouMean(words[0], names);
  fmt::print(stderr, "tocsin: unknown command \"{}\"{}\n", group.empty() ? words[0] : two,
             proposal ? fmt::format(" (did you mean \"{}\"?)", *proposal) : "");
  if (group.empty()) {
    fmt::print(stderr, "Run 'tocsin --help' for the commands.\n");
  } else {
    fmt::print(stderr, "\n{}", GroupText(group, words[0]));
  }
  return kUsage;
}

int UnexpectedArgument(std::span<const Command> commands, const Command& command, const std::string& argument) {
  const std::vector<Command> group = GroupOf(commands, command.name);
  std::vector<std::string_view> names;
  for (const Command& one : group) names.push_back(one.name);
  const auto proposal = base::DidYouMean(fmt::format("{} {}", command.name, argument), names);
  fmt::print(stderr, "tocsin {}: unexpected argument \"{}\"{}\n", command.name, argument,
             proposal ? fmt::format(" (did you mean \"{}\"?)", *proposal) : "");
  return kUsage;
}

std::string FlagForm(const Flag& flag) {
  return flag.value_name.empty() ? "--[no-]" + flag.name : fmt::format("--{}={}", flag.name, flag.value_name);
}

std::string Roff(std::string_view text) {
  return base::ReplaceAll(base::ReplaceAll(std::string(text), "\\", "\\e"), "-", "\\-");
}

}  // namespace

const std::string& Invocation::Get(std::string_view flag) const {
  static const std::string none;
  const auto at = values_.find(flag);
  return at == values_.end() || at->second.empty() ? none : at->second.back();
}

std::vector<std::string> Invocation::GetAll(std::string_view flag) const {
  const auto at = values_.find(flag);
  return at == values_.end() ? std::vector<std::string>() : at->second;
}

std::map<std::string, std::string> Invocation::AllFlags() const {
  std::map<std::string, std::string> flags;
  for (const auto& [name, values] : values_) flags[name] = values.back();
  return flags;
}

base::Result<Invocation> ParseFlags(std::span<const Flag> flags, std::span<const std::string> words) {
  Invocation invocation;
  std::map<std::string, std::vector<std::string>, std::less<>> given;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      invocation.arguments_.insert(invocation.arguments_.end(), words.begin() + static_cast<long>(i) + 1, words.end());
      break;
    }
    if (!word.starts_with("--")) {
      if (word.size() > 1 && word.starts_with("-")) return UnknownFlag(flags, word.substr(1));
      invocation.arguments_.push_back(word);
      continue;
    }
    const size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? std::string::npos : equals - 2);
    const Flag* flag = FindFlag(flags, name);
    if (flag == nullptr && name.starts_with("no-") && equals == std::string::npos) {
      flag = FindFlag(flags, std::string_view(name).substr(3));
      if (flag != nullptr && flag->value_name.empty()) {
        given[flag->name] = {"false"};
        continue;
      }
      flag = nullptr;
    }
    if (flag == nullptr) return UnknownFlag(flags, name);
    std::string value = "true";
    if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    } else if (!flag->value_name.empty()) {
      if (i + 1 == words.size()) return base::Invalid(fmt::format("flag --{} needs a value", name));
      value = words[++i];
    }
    if (flag->value_name.empty() && value != "true" && value != "false") {
      return base::Invalid(fmt::format("flag --{} is a switch: true or false, not \"{}\"", name, value));
    }
    if (!flag->repeatable && given.contains(flag->name)) {
      return base::Invalid(fmt::format("flag --{} is given twice", name));
    }
    given[flag->name].push_back(std::move(value));
  }
  for (const Flag& flag : flags) {
    const auto at = given.find(flag.name);
    if (at != given.end()) {
      invocation.values_[flag.name] = at->second;
    } else if (!flag.default_value.empty()) {
      invocation.values_[flag.name] = {flag.default_value};
    }
  }
  return invocation;
}

std::string UsageText(std::span<const Command> commands) {
  return "tocsin watches a business system, judges it, and tells the right people.\n\n"
         "Usage: tocsin COMMAND [FLAGS] [ARGUMENTS]\n\nCommands:\n" +
         CommandRows(commands) +
         "\n'tocsin COMMAND --help' lists a command's flags.\n"
         "Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 lint.\n";
}

std::string CommandHelp(const Command& command) {
  std::string text =
      fmt::format("{}.\n\nUsage: tocsin {}{}{}\n", command.help, command.name, command.flags.empty() ? "" : " [FLAGS]",
                  command.arguments.empty() ? "" : " " + command.arguments);
  if (!command.flags.empty()) text += "\nFlags:\n";
  for (const Flag& flag : command.flags) {
    text += fmt::format("  {}\n      {}{}{}\n", FlagForm(flag), flag.help,
                        flag.default_value.empty() ? "" : fmt::format(" (default: {})", flag.default_value),
                        flag.repeatable ? " May be repeated." : "");
  }
  return text;
}

int RunCommandLine(std::span<const Command> commands, std::span<const std::string> words) {
  if (words.size() > 1 && words[0] == "help") {
    std::vector<std::string> asked(words.begin() + 1, words.end());
    asked.emplace_back("--help");
    return RunCommandLine(commands, asked);
  }
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    fmt::print(words.empty() ? stderr : stdout, "{}", UsageText(commands));
    return words.empty() ? kUsage : kOk;
  }
  if (words[0] == "--version" || words[0] == "version") {
    fmt::print("tocsin, version {}\n", TOCSIN_VERSION);
    return kOk;
  }
  size_t used = 0;
  const Command* command = FindCommand(commands, words, used);
  if (command == nullptr) return UnknownCommand(commands, words);
  const std::span<const std::string> rest = words.subspan(used);
  if (std::ranges::find(rest, "--help") != rest.end() || std::ranges::find(rest, "-h") != rest.end()) {
    fmt::print("{}", CommandHelp(*command));
    return kOk;
  }
  const auto invocation = ParseFlags(command->flags, rest);
  if (!invocation) {
    fmt::print(stderr, "tocsin {}: {}\nRun 'tocsin {} --help' for its flags.\n", command->name,
               invocation.error().message, command->name);
    return kUsage;
  }
  const bool some = !invocation->arguments().empty();
  if (command->arguments.empty() && some)
    return UnexpectedArgument(commands, *command, invocation->arguments().front());
  if (!command->arguments.empty() && !command->arguments.starts_with('[') && !some) {
    fmt::print(stderr, "tocsin {}: needs {}{}\n", command->name, command->arguments,
               command->choices.empty() ? "" : fmt::format(" (one of {})", base::Join(command->choices, ", ")));
    return kUsage;
  }
  return command->run(*invocation);
}

std::string ManPage(std::span<const Command> commands) {
  std::string text = fmt::format(
      ".TH TOCSIN 1 \"\" \"tocsin {}\" \"User Commands\"\n.SH NAME\ntocsin \\- watches a business system, judges it, "
      "and "
      "tells the right people\n.SH SYNOPSIS\n.B tocsin\n.I COMMAND\n[\\fIFLAGS\\fR] [\\fIARGUMENTS\\fR]\n.SH "
      "COMMANDS\n",
      TOCSIN_VERSION);
  for (const Command& command : commands) {
    text += fmt::format(".SS \"{}{}\"\n{}.\n", Roff(command.name),
                        command.arguments.empty() ? "" : " " + Roff(command.arguments), Roff(command.help));
    for (const Flag& flag : command.flags) {
      text += fmt::format(".TP\n.B {}\n{}{}\n", Roff(FlagForm(flag)), Roff(flag.help),
                          flag.default_value.empty() ? "" : fmt::format(" Default: {}.", Roff(flag.default_value)));
    }
  }
  return text +
         ".SH EXIT STATUS\n0 ok, 1 failed, 2 usage or configuration, 3 lint.\n"
         ".SH SIGNALS\nSIGHUP reads the configuration again; SIGTERM and SIGINT stop.\n";
}

}  // namespace app
