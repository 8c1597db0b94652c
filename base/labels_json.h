#pragma once

#include <string>
#include <string_view>

#include "base/labels.h"
#include "base/result.h"

namespace base {

// {"name":"value",…} on one line, in the order of the labels.
std::string LabelsToJson(const Labels& labels);

// The labels of a JSON object whose values are texts; `corrupt` for anything else.
Result<Labels> LabelsFromJson(std::string_view text);

}  // namespace base
