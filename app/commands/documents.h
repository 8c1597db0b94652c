#pragma once

#include <span>
#include <string>

#include "app/command_line.h"

namespace app {

// `tocsin docs …`: pages printed from the program's own tables. `commands` is the table of commands.
int PrintConfigurationPage(const Invocation& invocation);
int PrintCommandsPage(std::span<const Command> commands, const Invocation& invocation);
int PrintBuiltinAlertsPage(const Invocation& invocation);
int PrintDifferencesPage(const Invocation& invocation);
int PrintManPage(std::span<const Command> commands, const Invocation& invocation);
int PrintSchema(const Invocation& invocation);                                         // [configuration|rules]
int PrintCompletion(std::span<const Command> commands, const Invocation& invocation);  // bash|zsh|fish

}  // namespace app
