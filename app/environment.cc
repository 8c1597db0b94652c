#include "app/environment.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/labels.h"

namespace app {
namespace {

void ExpandText(base::YamlNode& node, const Environment& environment, base::YamlErrors& errors) {
  std::string expanded;
  std::string_view rest = node.text;
  while (!rest.empty()) {
    const size_t open = rest.find("${");
    const size_t close = open == std::string_view::npos ? open : rest.find('}', open);
    if (close == std::string_view::npos) break;
    const std::string_view inside = rest.substr(open + 2, close - open - 2);
    const size_t otherwise = inside.find(":-");
    const std::string name(inside.substr(0, otherwise));
    expanded += rest.substr(0, open);
    if (!base::IsLegacyLabelName(name)) {
      expanded += rest.substr(open, close + 1 - open);
    } else if (const auto value = environment(name);
               value && !(value->empty() && otherwise != std::string_view::npos)) {
      expanded += *value;
    } else if (otherwise != std::string_view::npos) {
      expanded += inside.substr(otherwise + 2);
    } else {
      errors.Add(node, "",
                 fmt::format("environment variable {} is not set (and ${{{}:-…}} gives no default)", name, name));
    }
    rest.remove_prefix(close + 1);
  }
  expanded += rest;
  node.text = std::move(expanded);
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

void ExpandEnvironment(base::YamlNode& node, const Environment& environment, base::YamlErrors& errors) {
  if (node.kind == base::YamlNode::Kind::scalar) ExpandText(node, environment, errors);
  for (base::YamlNode& item : node.items) ExpandEnvironment(item, environment, errors);
  for (auto& [key, value] : node.entries) ExpandEnvironment(value, environment, errors);
}

}  // namespace app
