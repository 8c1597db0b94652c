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
// has no default is an error at the value's place. Left alone is `$` where Prometheus gives it a meaning: everything
// below a key that ends with "relabel_configs", what stands inside a template's {{ … }}, PromQL that calls
// label_replace, and names no variable has, such as ${1}. What a variable holds is not expanded again. Values of
// external_labels follow Prometheus: $NAME counts as well, a variable that is not set is empty, and $$ is a dollar
// sign.
void ExpandEnvironment(base::YamlNode& node, const Environment& environment, base::YamlErrors& errors);

}  // namespace app
