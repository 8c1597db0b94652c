#pragma once

#include <string>
#include <string_view>

#include "base/yaml/yaml.h"

// Checks that several parts of the configuration share. Each complains and returns false where something is wrong.

namespace exporter {

// Complains at the value of `key`, or at the map where the key is not given.
bool FailAt(const base::YamlReader& in, std::string_view key, std::string_view message);
bool CheckLabelName(const base::YamlReader& in, const std::string& name);
bool CheckMetricName(const base::YamlReader& in, std::string_view key, const std::string& name);

}  // namespace exporter
