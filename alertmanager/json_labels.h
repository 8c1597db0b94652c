#pragma once

#include <string_view>

#include "base/json_writer.h"
#include "base/labels.h"

namespace alertmanager {

// {"name":"value",…} in the labels' order.
void WriteLabels(const base::Labels& labels, base::JsonWriter& out);
void WriteMember(std::string_view key, std::string_view value, base::JsonWriter& out);

}  // namespace alertmanager
