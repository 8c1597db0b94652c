#include "exporter/config_reading.h"

#include <fmt/format.h>

#include "base/labels.h"

namespace exporter {

using base::YamlNode;
using base::YamlReader;

bool FailAt(const YamlReader& in, std::string_view key, std::string_view message) {
  const YamlNode* const node = in.node().Find(key);
  if (node == nullptr) {
    in.Fail(fmt::format("{}: {}", key, message));
  } else {
    in.Entry(*node, key).Fail(message);
  }
  return false;
}

bool CheckLabelName(const YamlReader& in, const std::string& name) {
  if (base::IsLegacyLabelName(name) && !name.starts_with("__")) return true;
  in.Fail(
      fmt::format("\"{}\" is not a label name: letters, digits and \"_\", not starting with a digit or \"__\"", name));
  return false;
}

bool CheckMetricName(const YamlReader& in, std::string_view key, const std::string& name) {
  if (base::IsLegacyMetricName(name) && !name.contains(':')) return true;
  return FailAt(in, key,
                fmt::format("\"{}\" is not a metric name: letters, digits and \"_\", not starting with a digit", name));
}

}  // namespace exporter
