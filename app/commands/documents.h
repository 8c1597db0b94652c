#pragma once

#include <span>
#include <string>

#include "app/command_line.h"

namespace app {

// `tocsin docs WHAT`: pages that come from the program's own tables. WHAT is configuration, commands, man,
// schema [configuration|rules], or completion bash|zsh|fish.
int PrintDocument(std::span<const Command> commands, const Invocation& invocation);

}  // namespace app
