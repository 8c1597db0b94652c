#include "app/environment.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/labels.h"

namespace app {
namespace {

constexpr std::string_view kActionBegin = "{{";
constexpr std::string_view kActionEnd = "}}";

// Where the next "${" outside of a template's action begins; npos if there is none. Inside of {{ … }}, reReplaceAll
// gives "${name}" the meaning of a group.
size_t FindVariable(std::string_view text) {
  size_t from = 0;
  for (;;) {
    const size_t open = text.find("${", from);
    const size_t action = text.find(kActionBegin, from);
    if (action >= open) return open;
    const size_t end = text.find(kActionEnd, action);
    if (end == std::string_view::npos) return open;
    from = end + kActionEnd.size();
  }
}

// PromQL's label_replace gives "${name}" the meaning of a group, too.
bool HasGroupsOfItsOwn(std::string_view text) { return text.contains("label_replace"); }

// Everything in relabelling steps is Prometheus': `$` begins a group in replacement and target_label, and is an anchor
// in regex.
bool IsRelabelling(std::string_view key) { return key.ends_with("relabel_configs"); }

void ExpandText(base::YamlNode& node, const Environment& environment, base::YamlErrors& errors) {
  if (HasGroupsOfItsOwn(node.text)) return;
  std::string expanded;
  std::string_view rest = node.text;
  while (!rest.empty()) {
    const size_t open = FindVariable(rest);
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

bool IsNamePart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// What "$" at `at` and what belongs to it stand for, as Go's os.Expand reads it; moves behind them.
std::string TakeReference(std::string_view text, size_t& at, const Environment& environment) {
  const auto value = [&](std::string_view name) { return environment(std::string(name)).value_or(""); };
  const size_t begin = at++;
  if (at < text.size() && text[at] == '$') {
    ++at;
    return "$";
  }
  if (at < text.size() && text[at] == '{') {
    const size_t close = text.find('}', at);
    const std::string_view inside = text.substr(at + 1, close == std::string_view::npos ? close : close - at - 1);
    at = close == std::string_view::npos ? text.size() : close + 1;
    const size_t otherwise = inside.find(":-");
    std::string found = value(inside.substr(0, otherwise));
    if (found.empty() && otherwise != std::string_view::npos) found = inside.substr(otherwise + 2);
    return found;
  }
  while (at < text.size() && IsNamePart(text[at])) ++at;
  if (at == begin + 1) return "$";
  return value(text.substr(begin + 1, at - begin - 1));
}

// external_labels have Prometheus' own rules.
void ExpandLabels(base::YamlNode& labels, const Environment& environment) {
  for (auto& [name, node] : labels.entries) {
    const std::string text = std::move(node.text);
    node.text.clear();
    for (size_t at = 0; at < text.size();) {
      if (text[at] == '$') {
        node.text += TakeReference(text, at, environment);
      } else {
        node.text += text[at++];
      }
    }
  }
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
  for (auto& [key, value] : node.entries) {
    if (key.text == "external_labels") {
      ExpandLabels(value, environment);
    } else if (!IsRelabelling(key.text)) {
      ExpandEnvironment(value, environment, errors);
    }
  }
}

}  // namespace app
