#pragma once

#include "app/command_line.h"
#include "app/program.h"

namespace app {

// Runs the roles until SIGTERM or SIGINT; SIGHUP reloads. kOk after a clean stop, kUsage for a bad configuration,
// kFailed where something could not start.
int Serve(Roles roles, bool alertmanager_file, const Invocation& invocation);

// The flags of the serving commands.
std::vector<Flag> ServeFlags(Roles roles, std::string config_file, std::string listen_address);
// … and those of Alertmanager that its users' scripts pass.
std::vector<Flag> AlertmanagerFlags();

}  // namespace app
