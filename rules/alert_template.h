#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/labels.h"
#include "base/result.h"
#include "base/template/template.h"

namespace rules {

// What the templates of one alert see: "." and $labels, $value, $externalLabels, $externalURL.
struct TemplateInput {
  base::TemplateValue root;
  base::Template::Variables variables;
};
// `labels` are those of the sample that raised the alert, its __name__ included.
TemplateInput MakeTemplateInput(const base::Labels& labels, double value, const base::Labels& external_labels,
                                const std::string& external_url);

// A label's or annotation's text. Immutable and thread-safe.
class AlertTemplate {
 public:
  // `alert` names the rule in messages. Text without any action is kept as it is and costs nothing.
  static base::Result<AlertTemplate> Parse(std::string_view alert, std::string text);

  bool plain() const { return !template_; }

  // The same with the functions of one evaluation (base::PrometheusTemplateFunctions).
  AlertTemplate Bind(const base::TemplateFunctions& functions) const;

  // As Prometheus, never an error: what goes wrong becomes the text "<error expanding template: …>".
  std::string Expand(const TemplateInput& input) const;

 private:
  AlertTemplate() = default;
  std::string name_;
  std::string text_;
  std::optional<base::Template> template_;  // of texts that hold actions
};

}  // namespace rules
