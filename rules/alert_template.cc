#include "rules/alert_template.h"

#include <fmt/format.h>

#include "base/template/functions_prometheus.h"

namespace rules {
namespace {

const base::TemplateType& DataType() {
  static const base::TemplateType type{.name = "struct"};
  return type;
}

}  // namespace

TemplateInput MakeTemplateInput(const base::Labels& labels, double value, const base::Labels& external_labels,
                                const std::string& external_url) {
  using base::TemplateValue;
  const TemplateValue all = TemplateValue::TextMap(labels);
  const TemplateValue external = TemplateValue::TextMap(external_labels);
  return {
      .root = TemplateValue::Object(
          &DataType(),
          {{"Labels", all}, {"ExternalLabels", external}, {"ExternalURL", external_url}, {"Value", value}}),
      .variables = {{"labels", all}, {"externalLabels", external}, {"externalURL", external_url}, {"value", value}}};
}

base::Result<AlertTemplate> AlertTemplate::Parse(std::string_view alert, std::string text) {
  AlertTemplate parsed;
  if (text.contains("{{")) {
    parsed.name_ = fmt::format("__alert_{}", alert);
    base::TemplateOptions options;
    options.variables = {"labels", "externalLabels", "externalURL", "value"};
    auto made = base::Template::Parse(parsed.name_, text, base::PrometheusTemplateFunctions({}), std::move(options));
    if (!made) return base::Invalid(fmt::format("error parsing template {}: {}", parsed.name_, made.error().message));
    parsed.template_ = *std::move(made);
  }
  parsed.text_ = std::move(text);
  return parsed;
}

AlertTemplate AlertTemplate::Bind(const base::TemplateFunctions& functions) const {
  AlertTemplate bound = *this;
  if (template_) bound.template_ = template_->Bind(functions);
  return bound;
}

std::string AlertTemplate::Expand(const TemplateInput& input) const {
  if (!template_) return text_;
  auto expanded = template_->Execute(input.root, input.variables);
  if (expanded) return *std::move(expanded);
  return fmt::format("<error expanding template: error executing template {}: {}>", name_, expanded.error().message);
}

}  // namespace rules
