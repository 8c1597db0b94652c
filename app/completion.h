#pragma once

#include <span>
#include <string>
#include <string_view>

#include "app/command_line.h"
#include "base/result.h"

namespace app {

// A completion script for bash, zsh or fish, generated from the table of commands. It offers the words of commands, the
// flags of the command typed so far, the choices of a flag or an argument, and files where one is expected. Text from
// the table is quoted for the shell, so that no word of it is ever executed. invalid_argument for another shell.
base::Result<std::string> Completion(std::span<const Command> commands, std::string_view shell);

}  // namespace app
