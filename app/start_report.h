#pragma once

#include <string>
#include <vector>

#include "app/config.h"
#include "app/roles.h"
#include "base/log.h"
#include "base/yaml/yaml.h"

// What a process says of itself when it starts: about ten lines that tell a person what it is going to do, and warnings
// of what probably is not meant.

namespace app {

struct StartFacts {
  Roles roles;
  std::string config_file;
  std::string storage_path;  // "": nothing is kept
  bool pushed = false;       // samples come in by remote write as well
};

struct StartLine {
  base::LogLevel level = base::LogLevel::info;
  std::string message;
  std::vector<base::LogField> fields;
};

// Pure. No line holds a secret: URLs are shown without user, password and query values.
std::vector<StartLine> DescribeStart(const Config& config, const StartFacts& facts);
// What the rules' lints find, and parts that lead nowhere: alerts that are sent to nobody, nothing to measure.
std::vector<StartLine> DescribeWarnings(const Config& config, const StartFacts& facts);

// Both, to the log; the second of them alone after a reload.
void LogStart(const Config& config, const StartFacts& facts);
void LogWarnings(const Config& config, const StartFacts& facts);

// A file that lacks what the one role of this process lives by is a mistake.
void CheckRoles(const Roles& roles, const Config& config, const std::string& file, base::YamlErrors& errors);

}  // namespace app
