#pragma once

#include "alertmanager/config.h"

namespace alertmanager {

// What one key alone cannot tell: names that must exist or be unique, the root route's limits, and the receivers'
// settings taken from `global`, which are filled in. `in` is the node `config` was read from.
bool CheckConfig(const base::YamlReader& in, Config& config);

// The same tree with every secret replaced by <secret>, fit to be shown.
base::YamlNode HideSecrets(base::YamlNode node);

}  // namespace alertmanager
