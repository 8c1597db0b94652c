#include "base/yaml/yaml.h"

#include <fmt/format.h>

#include <limits>

#include "base/file.h"

namespace base {
namespace {

std::string_view KindName(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return "a value";
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
  }
  return "nothing";
}

// The text of a scalar, or a complaint that `wanted` was expected.
const std::string* ScalarText(const YamlReader& in, std::string_view wanted) {
  if (in.node().kind == YamlNode::Kind::scalar) return &in.node().text;
  in.Fail(fmt::format("expected {}, found {}", wanted, KindName(in.node().kind)));
  return nullptr;
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const auto& [entry_key, value] : entries) {
    if (entry_key.text == key) return &value;
  }
  return nullptr;
}

void YamlErrors::Add(const YamlNode& node, std::string_view path, std::string_view message) {
  errors_.push_back({ErrorCode::invalid_argument,
                     path.empty() ? std::string(message) : fmt::format("{}: {}", path, message), node.where});
}

std::string YamlErrors::ToString() const {
  std::string text;
  for (const Error& error : errors_) text += error.ToString() + "\n";
  return text;
}

Result<std::string> Secret::Read() const {
  if (file.empty()) return value;
  const auto text = ReadFile(file, "the secret file");
  if (!text) return Unavailable(text.error().message);
  return std::string(Trim(*text));
}

YamlReader YamlReader::Entry(const YamlNode& value, std::string_view key) const {
  return {value, path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key), errors_};
}
YamlReader YamlReader::Item(size_t index) const {
  return {node_.items[index], fmt::format("{}[{}]", path_, index), errors_};
}

bool ReadYaml(const YamlReader& in, std::string& out) {
  if (in.node().kind == YamlNode::Kind::null) return true;
  const std::string* text = ScalarText(in, "text");
  if (text == nullptr) return false;
  out = *text;
  return true;
}

bool ReadYaml(const YamlReader& in, bool& out) {
  const std::string* text = ScalarText(in, "true or false");
  if (text == nullptr) return false;
  const std::string lower = ToLower(*text);
  const bool yes = lower == "true" || lower == "yes" || lower == "on";
  const bool no = lower == "false" || lower == "no" || lower == "off";
  if (in.node().quoted || (!yes && !no)) {
    in.Fail(fmt::format("expected true or false, found {}", Quote(*text)));
    return false;
  }
  out = yes;
  return true;
}

bool ReadYaml(const YamlReader& in, int64_t& out) {
  const std::string* text = ScalarText(in, "a whole number");
  if (text == nullptr) return false;
  const auto value = ParseInteger(*text);
  if (!value) {
    in.Fail(fmt::format("expected a whole number, found {}", Quote(*text)));
    return false;
  }
  out = *value;
  return true;
}

bool ReadYaml(const YamlReader& in, int& out) {
  int64_t wide = 0;
  if (!ReadYaml(in, wide)) return false;
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
    in.Fail(fmt::format("{} is out of range", wide));
    return false;
  }
  out = static_cast<int>(wide);
  return true;
}

bool ReadYaml(const YamlReader& in, double& out) {
  const std::string* text = ScalarText(in, "a number");
  if (text == nullptr) return false;
  // YAML writes infinity and not-a-number with a dot: .inf, -.inf, .nan
  const std::string plain = ReplaceAll(ReplaceAll(ToLower(*text), ".inf", "inf"), ".nan", "nan");
  const auto value = ParseFloat(plain);
  if (!value) {
    in.Fail(fmt::format("expected a number, found {}", Quote(*text)));
    return false;
  }
  out = *value;
  return true;
}

bool ReadYaml(const YamlReader& in, Duration& out) {
  const std::string* text = ScalarText(in, "a duration such as 30s or 5m");
  if (text == nullptr) return false;
  const auto duration = ParseDuration(*text);
  if (!duration) {
    in.Fail(duration.error().message);
    return false;
  }
  out = *duration;
  return true;
}

bool ReadYaml(const YamlReader& in, Secret& out) { return ReadYaml(in, out.value); }

bool ReadYaml(const YamlReader& in, std::map<std::string, std::string>& out) { return ReadYaml<std::string>(in, out); }

}  // namespace base
