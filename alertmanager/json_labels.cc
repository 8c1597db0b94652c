#include "alertmanager/json_labels.h"

namespace alertmanager {

void WriteLabels(const base::Labels& labels, base::JsonWriter& out) {
  out.BeginObject();
  for (const base::Label& label : labels) WriteMember(label.name, label.value, out);
  out.EndObject();
}

void WriteMember(std::string_view key, std::string_view value, base::JsonWriter& out) { out.Key(key).String(value); }

}  // namespace alertmanager
