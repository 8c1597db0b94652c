#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/yaml/yaml.h"

namespace base {
namespace {

std::string MarkdownCell(std::string_view text) { return ReplaceAll(std::string(text), "|", "\\|"); }

void DescribeTable(const std::string& title, const std::vector<FieldHelp>& fields,
                   std::set<const std::vector<FieldHelp>*>& shown, std::string& out) {
  out += fmt::format("### `{}`\n\n| key | type | default | what it is |\n|---|---|---|---|\n", title);
  for (const FieldHelp& field : fields) {
    const std::string fallback = field.required                ? "required"
                                 : field.default_value.empty() ? ""
                                                               : "`" + MarkdownCell(field.default_value) + "`";
    out += fmt::format("| `{}` | {} | {} | {} |\n", field.key, MarkdownCell(field.type), fallback,
                       MarkdownCell(field.help));
  }
  out += "\n";
  for (const FieldHelp& field : fields) {
    // a table that nests itself (routes) is printed once
    if (field.nested == nullptr || !shown.insert(field.nested).second) continue;
    const bool list = field.type.starts_with("list");
    DescribeTable(title + "." + field.key + (list ? "[]" : ""), *field.nested, shown, out);
  }
}

}  // namespace

bool CheckYamlKeys(const YamlReader& in, const std::vector<FieldHelp>& known) {
  std::vector<std::string_view> names;
  for (const FieldHelp& field : known) names.push_back(field.key);
  bool good = true;
  for (const auto& [key, value] : in.node().entries) {
    if (std::ranges::find(names, key.text) != names.end()) continue;
    good = false;
    const auto proposal = DidYouMean(key.text, names);
    in.errors().Add(key, in.path(),
                    fmt::format("unknown key \"{}\"{}", key.text,
                                proposal ? fmt::format(" (did you mean \"{}\"?)", *proposal) : ""));
  }
  for (const FieldHelp& field : known) {
    if (!field.required || in.node().Find(field.key) != nullptr) continue;
    good = false;
    in.Fail(fmt::format("\"{}\" is missing", field.key));
  }
  return good;
}

std::string DescribeSchema(std::string_view title, const std::vector<FieldHelp>& fields) {
  std::string out;
  std::set<const std::vector<FieldHelp>*> shown = {&fields};
  DescribeTable(std::string(title), fields, shown, out);
  return out;
}

}  // namespace base
