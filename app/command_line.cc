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
    {"web.enable-lifecycle", "/-/reload is always there, /-/quit is not"},
    {"web.enable-admin-api", "there is no admin API"},
    {"web.config.file", "put a proxy in front for TLS and passwords"},
    {"web.cors.origin", "other sites' pages are never let in"},
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

int UnknownCommand(std::span<const Command> commands, std::span<const std::string> words) {
  std::vector<std::string_view> names;
  for (const Command& command : commands) names.push_back(command.name);
  const std::string two = words.size() > 1 && !words[1].starts_with("-") ? words[0] + " " + words[1] : words[0];
  auto proposal = base::DidYouMean(two, names);
  if (!proposal) proposal = base::DidYouMean(words[0], names);
  fmt::print(stderr, "tocsin: unknown command \"{}\"{}\nRun 'tocsin --help' for the commands.\n", words[0],
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
  std::string text =
      "tocsin watches a business system, judges it, and tells the right people.\n\n"
      "Usage: tocsin COMMAND [FLAGS] [ARGUMENTS]\n\nCommands:\n";
  for (const Command& command : commands) {
    text +=
        fmt::format("  {:<32} {}\n", command.arguments.empty() ? command.name : command.name + " " + command.arguments,
                    command.help);
  }
  return text +
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
  if (command->arguments.empty() && some) {
    fmt::print(stderr, "tocsin {}: unexpected argument \"{}\"\n", command->name, invocation->arguments().front());
    return kUsage;
  }
  if (!command->arguments.empty() && !command->arguments.starts_with('[') && !some) {
    fmt::print(stderr, "tocsin {}: needs {}\n", command->name, command->arguments);
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

base::Result<std::string> Completion(std::span<const Command> commands, std::string_view shell) {
  std::string names;
  for (const Command& command : commands) names += (names.empty() ? "" : "\n") + command.name;
  if (shell == "bash") {
    // What may follow the words typed so far: the next word of a command, or the flags of a whole one.
    std::map<std::string, std::string> next;
    for (const Command& command : commands) {
      std::string prefix;
      for (const std::string& word : CommandWords(command)) {
        if (!next[prefix].contains(word + " ")) next[prefix] += word + " ";
        prefix += (prefix.empty() ? "" : " ") + word;
      }
      for (const Flag& flag : command.flags) next[prefix] += fmt::format("--{} ", flag.name);
    }
    std::string cases;
    for (const auto& [prefix, words] : next) cases += fmt::format("    '{}') words='{}' ;;\n", prefix, words);
    return fmt::format(
        "_tocsin() {{\n  local current=${{COMP_WORDS[COMP_CWORD]}} words= typed=${{COMP_WORDS[*]:1:COMP_CWORD-1}}\n"
        "  typed=${{typed%% -*}}\n  case \"$typed\" in\n{}  esac\n"
        "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}}\ncomplete -o default -F _tocsin tocsin\n",
        cases);
  }
  if (shell == "fish") {
    std::string text;
    for (const Command& command : commands) {
      text += fmt::format("complete -c tocsin -n __fish_use_subcommand -a '{}' -d '{}'\n", command.name, command.help);
      for (const Flag& flag : command.flags) {
        text += fmt::format("complete -c tocsin -n '__fish_seen_subcommand_from {}' -l '{}' -d '{}'{}\n", command.name,
                            flag.name, base::ReplaceAll(flag.help, "'", "\\'"), flag.value_name.empty() ? "" : " -r");
      }
    }
    return text;
  }
  if (shell == "zsh") {
    std::string lines;
    for (const Command& command : commands) {
      lines += fmt::format("    '{}:{}'\n", command.name, base::ReplaceAll(command.help, "'", "'\\''"));
    }
    return fmt::format(
        "#compdef tocsin\n_tocsin() {{\n  local -a commands=(\n{}  )\n"
        "  if (( CURRENT == 2 )); then _describe command commands; else _files; fi\n}}\n_tocsin \"$@\"\n",
        lines);
  }
  return base::Invalid(fmt::format("unknown shell \"{}\" (one of bash, zsh, fish)", shell));
}

}  // namespace app
