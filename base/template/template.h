#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/template/value.h"

// Go's text/template, as Prometheus rule files and Alertmanager's templates use it: the same language, the same results
// and, but for what a limit says, the same error messages. A missing map key is the zero value (missingkey=zero).
// Left out are complex numbers, channels and function values. What html/template adds is reduced to escaping every
// action's output (TemplateOptions::escape_html).

namespace base {

// What a parameter takes. `texts` is a list of text.
enum class TemplateParameter : uint8_t { any, boolean, integer, real, text, time, list, texts, map };

struct TemplateFunction {
  std::vector<TemplateParameter> parameters{};
  bool variadic = false;  // the last parameter may be given any number of times
  // Arguments are of the kinds asked for. An error ends the execution with "error calling NAME: …".
  std::function<Result<TemplateValue>(std::span<const TemplateValue>)> call{};
};
using TemplateFunctions = std::map<std::string, TemplateFunction, std::less<>>;

// and or not len index slice eq ne lt le gt ge print printf println html js urlquery call; every template has them.
const TemplateFunctions& TemplateBuiltins();

struct TemplateLimits {
  size_t max_output_bytes = 1UL << 20;
  size_t max_steps = 1'000'000;  // nodes visited; large values count for more
  int max_depth = 500;           // of blocks and templates within each other
};

struct TemplateOptions {
  // Variables the text may use without declaring them, without "$"; given a value by Execute.
  std::vector<std::string> variables{};
  bool escape_html = false;
  TemplateLimits limits{};
};

// A parsed text with the templates it defines. Immutable, so thread-safe as long as the functions are; copies share.
class Template {
 public:
  using Variables = std::map<std::string, TemplateValue, std::less<>>;

  // `name` stands in messages: "template: NAME:LINE: …". Errors are `invalid_argument`.
  static Result<Template> Parse(std::string name, std::string text, TemplateFunctions functions,
                                TemplateOptions options = {});
  // The same definitions with those of a further text, which becomes the one to execute. Of two definitions of a name
  // the later one counts, unless it is empty.
  Result<Template> With(std::string name, std::string text) const;
  Result<Template> With(std::string name, std::string text, TemplateOptions options) const;
  // The same with other functions of the same names: to bind a query to an instant, for example.
  Template Bind(TemplateFunctions functions) const;

  // Runs the text with `root` as "." and "$". Errors are `invalid_argument`, or `limit_exceeded`.
  Result<std::string> Execute(const TemplateValue& root, const Variables& variables = {}) const;
  // Runs a defined template.
  Result<std::string> ExecuteNamed(std::string_view name, const TemplateValue& root) const;
  std::set<std::string> defined() const;

  struct Definition;
  using Definitions = std::map<std::string, std::shared_ptr<const Definition>, std::less<>>;

 private:
  Template() = default;
  std::string name_;
  Definitions definitions_;
  std::shared_ptr<const TemplateFunctions> functions_;
  TemplateOptions options_;
};

}  // namespace base
