#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/template/functions_alertmanager.h"
#include "base/template/functions_prometheus.h"
#include "base/template/template.h"

// Any text as a template, with the functions of rule files and with those of notifications: an error, or output within
// the limits that is the same each time.

namespace {

constexpr base::TemplateLimits kLimits{.max_output_bytes = 1UL << 14, .max_steps = 20'000, .max_depth = 100};

base::TemplateValue Root() {
  const base::TemplateMap labels = {{"job", "api"}, {"instance", "10.0.0.1:9100"}, {"tenant", "häuser <&> \"co\""}};
  const base::TemplateMap alert = {{"Labels", base::TemplateValue::TextMap(labels)},
                                   {"Value", 12.5},
                                   {"StartsAt", base::TemplateTime{.nanoseconds = 1'763'683'200'123'456'789}},
                                   {"Count", int64_t{3}},
                                   {"Firing", true}};
  return base::TemplateValue::Map({{"Alerts", base::TemplateValue::List({base::TemplateValue::Map(alert)})},
                                   {"Names", base::TemplateValue::Texts({"b", "a", "b"})},
                                   {"Status", "firing"},
                                   {"Value", 1e9 / 7}});
}

base::Result<std::vector<base::TemplateSample>> Query(std::string_view expression) {
  std::vector<base::TemplateSample> samples;
  for (size_t i = 0; i < expression.size() % 4; ++i) {
    samples.push_back({.labels = base::Labels(), .value = static_cast<double>(i) / 3});
  }
  return samples;
}

void Execute(std::string_view text, const base::TemplateFunctions& functions, bool escape) {
  const auto parsed = base::Template::Parse(
      "t", std::string(text), functions, {.variables = {"labels", "value"}, .escape_html = escape, .limits = kLimits});
  if (!parsed) return;
  const base::TemplateValue root = Root();
  const base::TemplateMap labels = {{"job", "api"}};
  const base::Template::Variables variables = {{"labels", base::TemplateValue::TextMap(labels)}, {"value", 0.25}};
  const auto first = parsed->Execute(root, variables);
  const auto again = parsed->Execute(root, variables);
  if (first.has_value() != again.has_value()) std::abort();
  if (!first) {
    if (first.error().message != again.error().message) std::abort();
    return;
  }
  if (*first != *again || first->size() > kLimits.max_output_bytes) std::abort();
  for (const std::string& name : parsed->defined()) static_cast<void>(parsed->ExecuteNamed(name, root));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const base::Timestamp now(base::Duration(1'763'683'200'000));
  const base::TemplateFunctions rules =
      base::PrometheusTemplateFunctions({.query = Query, .now = now, .external_url = "http://tocsin.example/x"});
  const base::TemplateFunctions notifications = base::AlertmanagerTemplateFunctions({.now = now});
  Execute(text, rules, false);
  Execute(text, notifications, true);
  return 0;
}
