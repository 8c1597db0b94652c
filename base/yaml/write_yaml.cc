#include <fmt/format.h>

#include <algorithm>

#include "base/yaml/yaml.h"

namespace base {
namespace {

// Whether a scalar that had no quotes reads as itself without any. Where it stood tells nothing: folded lines, a flow
// and a tag allow what a block does not.
bool IsPlain(std::string_view text) {
  if (text.empty() || text != Trim(text) || !IsValidUtf8(text)) return false;
  for (const std::string_view null : {"~", "null", "Null", "NULL"}) {
    if (text == null) return false;
  }
  if (text.starts_with("---") || text.starts_with("...")) return false;
  if (std::string_view(",[]{}#&*!|>'\"%@`").contains(text.front())) return false;
  if (std::string_view("-?:").contains(text.front()) && (text.size() == 1 || text[1] == ' ')) return false;
  if (text.contains(": ") || text.contains(" #") || text.ends_with(':')) return false;
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string WriteScalar(const YamlNode& node) {
  return node.quoted || !IsPlain(node.text) ? Quote(node.text) : node.text;
}

// What YAML takes for a key of one line.
constexpr size_t kMaxPlainKey = 1000;

void WriteNode(const YamlNode& node, size_t indent, bool inline_first, std::string& out) {
  const std::string pad(indent, ' ');
  switch (node.kind) {
    case YamlNode::Kind::null:
      out += "null\n";
      return;
    case YamlNode::Kind::scalar:
      out += WriteScalar(node) + "\n";
      return;
    case YamlNode::Kind::sequence:
      if (node.items.empty()) {
        out += "[]\n";
        return;
      }
      if (!inline_first) out += "\n";
      for (size_t i = 0; i < node.items.size(); ++i) {
        if (i > 0 || !inline_first) out += pad;
        out += "- ";
        WriteNode(node.items[i], indent + 2, true, out);
      }
      return;
    case YamlNode::Kind::map:
      if (node.entries.empty()) {
        out += "{}\n";
        return;
      }
      if (!inline_first) out += "\n";
      for (size_t i = 0; i < node.entries.size(); ++i) {
        const auto& [key, value] = node.entries[i];
        if (i > 0 || !inline_first) out += pad;
        const std::string name = WriteScalar(key);
        out += name.size() > kMaxPlainKey ? fmt::format("? {}\n{}: ", name, pad) : name + ": ";
        WriteNode(value, indent + 2, false, out);
      }
      return;
  }
}

}  // namespace

std::string WriteYaml(const YamlNode& node) {
  std::string text;
  WriteNode(node, 0, true, text);
  return text;
}

}  // namespace base
