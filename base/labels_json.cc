#include "base/labels_json.h"

#include <nlohmann/json.hpp>

#include "base/json_writer.h"

namespace base {

std::string LabelsToJson(const Labels& labels) {
  JsonWriter json;
  json.BeginObject();
  for (const Label& label : labels) json.Key(label.name).String(label.value);
  json.EndObject();
  return std::move(json).Take();
}

Result<Labels> LabelsFromJson(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return Fail(ErrorCode::corrupt, "labels are not a JSON object");
  LabelsBuilder labels;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) return Fail(ErrorCode::corrupt, "the value of a label is not a text");
    labels.Set(name, value.get_ref<const std::string&>());
  }
  return labels.Build();
}

}  // namespace base
