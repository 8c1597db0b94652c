#pragma once

#include "rules/environment.h"

namespace rules {

// Labels' and annotations' templates by base/template: Go's text/template with Prometheus' functions and the variables
// $labels, $value, $externalLabels and $externalURL. Errors are worded as Prometheus words them. Thread-safe.
base::Result<std::string> ExpandTemplate(std::string_view text, const TemplateData& data);

// Whether it parses, functions and variables known: what loading a rule file asks.
base::Result<void> CheckTemplate(std::string_view text);

}  // namespace rules
