#include "base/net/http.h"
#include "base/yaml/yaml.h"

namespace base {
namespace {

const FieldHelp* FindField(const std::vector<FieldHelp>* fields, std::string_view key) {
  if (fields == nullptr) return nullptr;
  for (const FieldHelp& field : *fields) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

// A secret, or a list or map of them.
void HideAll(YamlNode& node) {
  if (node.kind == YamlNode::Kind::scalar && !node.text.empty()) node.text = "<secret>";
  for (YamlNode& item : node.items) HideAll(item);
  for (auto& [key, value] : node.entries) HideAll(value);
}

void Hide(YamlNode& node, const std::vector<FieldHelp>* fields) {
  if (node.kind == YamlNode::Kind::scalar && node.text.find("://") != std::string::npos) {
    node.text = RedactUrl(node.text);
  }
  for (YamlNode& item : node.items) Hide(item, fields);
  for (auto& [key, value] : node.entries) {
    const FieldHelp* field = FindField(fields, key.text);
    if (field != nullptr && (field->type == "secret" || field->type.ends_with(" of secrets"))) {
      HideAll(value);
    } else if (field != nullptr && field->type == "map of maps") {
      for (auto& [name, nested] : value.entries) Hide(nested, field->nested);
    } else {
      Hide(value, field == nullptr ? nullptr : field->nested);
    }
  }
}

}  // namespace

YamlNode HideSecrets(YamlNode node, const std::vector<FieldHelp>& fields) {
  Hide(node, &fields);
  return node;
}

}  // namespace base
