#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/yaml/yaml.h"

namespace app {

// The value of an environment variable, nullopt where it is not set. Passed in, so that tests bring their own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment ProcessEnvironment();

// Replaces ${NAME} and ${NAME:-otherwise} in every value (never in keys) below `node`. A variable that is not set and
// has no default is an error at the value's place. ${1} and $labels are left alone: they belong to relabelling and
// templates. What a variable holds is not expanded again.
void ExpandEnvironment(base::YamlNode& node, const Environment& environment, base::YamlErrors& errors);

}  // namespace app
