#pragma once

#include <functional>
#include <string_view>

#include "base/template/template.h"
#include "base/time.h"
#include "base/time_zone.h"

namespace base {

struct AlertmanagerTemplateContext {
  Timestamp now{};
  // For `tz`; the system's zones by default.
  std::function<Result<TimeZone>(std::string_view name)> zone = [](std::string_view name) {
    return TimeZone::Load(name);
  };
};

// The functions of Alertmanager's template/template.go: toUpper toLower title trimSpace join match safeHtml safeUrl
// urlUnescape reReplaceAll stringSlice date tz since now toDate mustToDate humanizeDuration toJson base64encode
// base64decode list append dict. What toDate cannot read is 1970 (in Go the year 1). Keeps a copy of the context.
TemplateFunctions AlertmanagerTemplateFunctions(AlertmanagerTemplateContext context);

// Go's json.Marshal of a value: keys sorted, <, > and & escaped.
Result<std::string> TemplateToJson(const TemplateValue& value);

}  // namespace base
