#include "base/template/template.h"

#include "base/template/tree.h"

namespace base {

Result<Template> Template::Parse(std::string name, std::string text, TemplateFunctions functions,
                                 TemplateOptions options) {
  Template empty;
  empty.functions_ = std::make_shared<const TemplateFunctions>(std::move(functions));
  empty.options_ = std::move(options);
  return empty.With(std::move(name), std::move(text));
}

Result<Template> Template::With(std::string name, std::string text) const {
  return With(std::move(name), std::move(text), options_);
}

Result<Template> Template::With(std::string name, std::string text, TemplateOptions options) const {
  auto source = std::make_shared<const std::string>(std::move(text));
  TRY(const auto parsed, ParseTemplate(name, std::move(source), *functions_, options.variables));
  Template result = *this;
  result.name_ = std::move(name);
  result.options_ = std::move(options);
  for (const auto& definition : parsed) {
    const bool main = definition == parsed.back();
    const auto existing = result.definitions_.find(definition->name);
    if (!main && existing != result.definitions_.end() && definition->IsEmpty()) continue;
    result.definitions_.insert_or_assign(definition->name, definition);
  }
  return result;
}

Template Template::Bind(TemplateFunctions functions) const {
  Template result = *this;
  result.functions_ = std::make_shared<const TemplateFunctions>(std::move(functions));
  return result;
}

Result<std::string> Template::Execute(const TemplateValue& root, const Variables& variables) const {
  const auto main = definitions_.find(name_);
  return ExecuteTemplate({definitions_, *functions_, options_}, *main->second, root, variables);
}

Result<std::string> Template::ExecuteNamed(std::string_view name, const TemplateValue& root) const {
  const auto found = definitions_.find(name);
  if (found == definitions_.end()) {
    return Invalid("template: no template \"" + std::string(name) + "\" associated with template \"" + name_ + "\"");
  }
  return ExecuteTemplate({definitions_, *functions_, options_}, *found->second, root, {});
}

std::set<std::string> Template::defined() const {
  std::set<std::string> names;
  for (const auto& [name, definition] : definitions_) names.insert(name);
  return names;
}

}  // namespace base
