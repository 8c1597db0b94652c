#include "app/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/text.h"

// All three scripts work alike: they walk over the words typed so far as long as these are words of a command, and then
// look up what may follow in a table, which is all that depends on the commands.

namespace app {
namespace {

enum class Value : uint8_t { none, file, folder, choice, other };

Value ValueOf(const Flag& flag) {
  if (flag.value_name.empty()) return Value::none;
  if (!flag.choices.empty()) return Value::choice;
  if (flag.value_name == "FILE") return Value::file;
  return flag.value_name == "FOLDER" ? Value::folder : Value::other;
}

// What may follow the words of a command typed so far.
struct Node {
  std::vector<std::pair<std::string, std::string>> words;  // next words and their help
  const Command* command = nullptr;                        // null: the words are only the beginning of commands
  bool TakesFiles() const { return command != nullptr && command->arguments.contains("FILE"); }
};
using Tree = std::map<std::string, Node>;

// Words that only begin commands are explained by what may follow.
std::string HelpOf(const Node& node) {
  if (node.command != nullptr) return node.command->help;
  std::vector<std::string> following;
  for (const auto& [word, help] : node.words) following.push_back(word);
  return base::Join(following, ", ");
}

Tree MakeTree(std::span<const Command> commands) {
  Tree tree;
  for (const Command& command : commands) {
    std::string prefix;
    for (const std::string_view word : base::Split(command.name, ' ')) {
      auto& words = tree[prefix].words;
      const std::string next = fmt::format("{}{}{}", prefix, prefix.empty() ? "" : " ", word);
      const auto known = std::ranges::find(words, word, [](const auto& one) { return std::string_view(one.first); });
      if (known == words.end()) words.emplace_back(word, "");
      prefix = next;
    }
    tree[prefix].command = &command;
  }
  for (auto& [prefix, node] : tree) {
    for (auto& [word, help] : node.words) {
      help = HelpOf(tree.at(fmt::format("{}{}{}", prefix, prefix.empty() ? "" : " ", word)));
    }
  }
  return tree;
}

// Each flag by its name: flags of one name take the same kind of value in every command.
std::map<std::string, const Flag*> FlagsByName(std::span<const Command> commands) {
  std::map<std::string, const Flag*> flags;
  for (const Command& command : commands) {
    for (const Flag& flag : command.flags) flags.emplace(flag.name, &flag);
  }
  return flags;
}

// For bash and zsh.
std::string Quote(std::string_view text) { return "'" + base::ReplaceAll(std::string(text), "'", "'\\''") + "'"; }

std::string FishQuote(std::string_view text) {
  return "'" + base::ReplaceAll(base::ReplaceAll(std::string(text), "\\", "\\\\"), "'", "\\'") + "'";
}

// Patterns of "what is typed, the next word" for every word of every command; `separator` stands between them.
std::string StepPatterns(const Tree& tree, std::string_view separator) {
  std::string patterns;
  for (const auto& [prefix, node] : tree) {
    for (const auto& [word, help] : node.words) {
      patterns += fmt::format("{}'{} {}'", patterns.empty() ? "" : separator, prefix, word);
    }
  }
  return patterns;
}

std::string BashScript(std::span<const Command> commands) {
  const Tree tree = MakeTree(commands);
  std::string nodes;
  for (const auto& [prefix, node] : tree) {
    std::vector<std::string> words;
    std::vector<std::string> flags;
    for (const auto& [word, help] : node.words) words.push_back(word);
    if (node.command != nullptr) {
      words.insert(words.end(), node.command->choices.begin(), node.command->choices.end());
      for (const Flag& flag : node.command->flags) flags.push_back("--" + flag.name);
      flags.emplace_back("--help");
    }
    nodes += fmt::format("    '{}') words='{}' flags='{}' files={} ;;\n", prefix, base::Join(words, " "),
                         base::Join(flags, " "), node.TakesFiles() ? "f" : "");
  }
  std::string values;
  for (const auto& [name, flag] : FlagsByName(commands)) {
    switch (ValueOf(*flag)) {
      case Value::none:
        break;
      case Value::file:
        values += fmt::format("    '--{}') files=f ;;\n", name);
        break;
      case Value::folder:
        values += fmt::format("    '--{}') files=d ;;\n", name);
        break;
      case Value::choice:
        values += fmt::format("    '--{}') words='{}' ;;\n", name, base::Join(flag->choices, " "));
        break;
      case Value::other:
        values += fmt::format("    '--{}') ;;\n", name);
        break;
    }
  }
  return fmt::format(R"bash(# bash completion for tocsin, printed by `tocsin docs completion bash`
_tocsin() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} command= flag= words= flags= files= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command ${{COMP_WORDS[i]}}" in
      {})
        command="${{command:+$command }}${{COMP_WORDS[i]}}" ;;
      *) break ;;
    esac
  done
  # bash splits --flag=value at the equals sign
  if [[ $current == = ]]; then
    current= flag=${{COMP_WORDS[COMP_CWORD - 1]}}
  elif [[ ${{COMP_WORDS[COMP_CWORD - 1]}} == = ]]; then
    flag=${{COMP_WORDS[COMP_CWORD - 2]}}
  else
    flag=${{COMP_WORDS[COMP_CWORD - 1]}}
  fi
  case "$flag" in
{}    *) flag= ;;
  esac
  if [[ -z $flag ]]; then
    case "$command" in
{}    esac
    # an argument ends the words of the command
    if ((i < COMP_CWORD)) && [[ -n $files ]]; then words=; fi
    if [[ $current == -* ]]; then words=$flags files=; fi
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen "-$files" -- "$current"))
  fi
}}
complete -F _tocsin tocsin
)bash",
                     StepPatterns(tree, "|"), values, nodes);
}

// A description within an _arguments specification.
std::string ZshDescription(std::string_view text) {
  std::string out(text);
  for (const char* special : {"\\", "[", "]", ":"}) out = base::ReplaceAll(out, special, std::string("\\") + special);
  return out;
}

std::string ZshFlag(const Flag& flag) {
  const std::string repeat = flag.repeatable ? "*" : "";
  const std::string help = ZshDescription(flag.help);
  switch (ValueOf(flag)) {
    case Value::none:
      return Quote(fmt::format("--{}[{}]", flag.name, help));
    case Value::file:
      return Quote(fmt::format("{}--{}=[{}]:{}:_files", repeat, flag.name, help, flag.value_name));
    case Value::folder:
      return Quote(fmt::format("{}--{}=[{}]:{}:_files -/", repeat, flag.name, help, flag.value_name));
    case Value::choice:
      return Quote(
          fmt::format("{}--{}=[{}]:{}:({})", repeat, flag.name, help, flag.value_name, base::Join(flag.choices, " ")));
    case Value::other:
      return Quote(fmt::format("{}--{}=[{}]:{}: ", repeat, flag.name, help, flag.value_name));
  }
  return "";
}

std::string ZshScript(std::span<const Command> commands) {
  const Tree tree = MakeTree(commands);
  std::string nodes;
  for (const auto& [prefix, node] : tree) {
    nodes += fmt::format("    '{}')\n", prefix);
    if (!node.words.empty()) {
      nodes += "      subcommands=(\n";
      for (const auto& [word, help] : node.words) {
        nodes += fmt::format("        {}\n", Quote(fmt::format("{}:{}", word, help)));
      }
      nodes += "      )\n";
    }
    if (node.command != nullptr) {
      nodes += "      specs=(\n";
      for (const Flag& flag : node.command->flags) nodes += fmt::format("        {}\n", ZshFlag(flag));
      nodes += "        '--help[Prints help.]'\n";
      if (!node.command->choices.empty()) {
        nodes += fmt::format("        '*:argument:({})'\n", base::Join(node.command->choices, " "));
      } else if (node.TakesFiles()) {
        nodes += "        '*:file:_files'\n";
      }
      nodes += "      )\n";
    }
    nodes += "      ;;\n";
  }
  return fmt::format(R"zsh(#compdef tocsin
# zsh completion for tocsin, printed by `tocsin docs completion zsh`
_tocsin() {{
  local command= n=1
  local -a subcommands specs
  while (( n + 1 < CURRENT )); do
    case "$command ${{words[n + 1]}}" in
      {})
        command="${{command:+$command }}${{words[n + 1]}}"
        (( n++ ))
        ;;
      *) break ;;
    esac
  done
  case "$command" in
{}  esac
  if (( n + 1 == CURRENT && $#subcommands )) && [[ ${{words[CURRENT]}} != -* ]]; then
    _describe -t commands command subcommands
    return
  fi
  (( $#specs )) || return 1
  shift $(( n - 1 )) words
  (( CURRENT -= n - 1 ))
  _arguments -S : $specs
}}
if [[ $funcstack[1] == _tocsin ]]; then
  _tocsin "$@"
else
  compdef _tocsin tocsin
fi
)zsh",
                     StepPatterns(tree, "|"), nodes);
}

std::string FishValue(const Flag& flag) {
  switch (ValueOf(flag)) {
    case Value::none:
      return "";
    case Value::file:
      return " -rF";
    case Value::folder:
      return " -xa '(__fish_complete_directories)'";
    case Value::choice:
      return fmt::format(" -xa {}", FishQuote(base::Join(flag.choices, " ")));
    case Value::other:
      return " -x";
  }
  return "";
}

std::string FishScript(std::span<const Command> commands) {
  const Tree tree = MakeTree(commands);
  std::string text = fmt::format(R"fish(# fish completion for tocsin, printed by `tocsin docs completion fish`
# The words of the command typed so far.
function __tocsin_typed
    set -l command ''
    for word in (commandline -opc)[2..-1]
        switch "$command $word"
            case {}
                set command (string trim -- "$command $word")
            case '*'
                echo -- "$command"
                return
        end
    end
    echo -- "$command"
end
function __tocsin_in
    test (__tocsin_typed) = "$argv[1]"
end
complete -c tocsin -f
)fish",
                                 StepPatterns(tree, " "));
  for (const auto& [prefix, node] : tree) {
    const std::string here = fmt::format("complete -c tocsin -n '__tocsin_in \"{}\"'", prefix);
    for (const auto& [word, help] : node.words) {
      text += fmt::format("{} -a {} -d {}\n", here, FishQuote(word), FishQuote(help));
    }
    if (node.command == nullptr) continue;
    for (const std::string& choice : node.command->choices) text += fmt::format("{} -a {}\n", here, FishQuote(choice));
    if (node.TakesFiles()) text += fmt::format("{} -F\n", here);
    for (const Flag& flag : node.command->flags) {
      text += fmt::format("{} -l {} -d {}{}\n", here, FishQuote(flag.name), FishQuote(flag.help), FishValue(flag));
    }
    text += fmt::format("{} -l help -d 'Prints help.'\n", here);
  }
  return text;
}

}  // namespace

base::Result<std::string> Completion(std::span<const Command> commands, std::string_view shell) {
  if (shell == "bash") return BashScript(commands);
  if (shell == "zsh") return ZshScript(commands);
  if (shell == "fish") return FishScript(commands);
  return base::Invalid(fmt::format("unknown shell \"{}\" (one of bash, zsh, fish)", shell));
}

}  // namespace app
