#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/yaml/yaml.h"
#include "rules/rule_file.h"
#include "rules/threshold/expand.h"

// Any text as YAML: mistakes, or a tree that written out reads as the same tree. As a rule file: mistakes, or rules
// whose plain form is a rule file again.

namespace {

constexpr base::YamlLimits kLimits{.max_bytes = 1UL << 20, .max_depth = 32, .max_nodes = 20'000};

bool SameTree(const base::YamlNode& a, const base::YamlNode& b) {
  if (a.kind != b.kind || a.items.size() != b.items.size() || a.entries.size() != b.entries.size()) return false;
  if (a.kind == base::YamlNode::Kind::scalar && a.text != b.text) return false;
  for (size_t i = 0; i < a.items.size(); ++i) {
    if (!SameTree(a.items[i], b.items[i])) return false;
  }
  for (size_t i = 0; i < a.entries.size(); ++i) {
    if (a.entries[i].key.text != b.entries[i].key.text) return false;
    if (!SameTree(a.entries[i].value, b.entries[i].value)) return false;
  }
  return true;
}

[[noreturn]] void Complain(const char* what, const std::string& text, const base::YamlErrors& errors) {
  std::fprintf(stderr, "%s:\n%s\n%s\n", what, text.c_str(), errors.ToString().c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  base::YamlErrors errors;
  const base::YamlNode tree = base::ParseYaml(text, "f.yml", errors, kLimits);
  if (!errors.empty()) return 0;
  const std::string written = base::WriteYaml(tree);
  base::YamlErrors written_errors;
  const base::YamlNode again = base::ParseYaml(written, "f.yml", written_errors, kLimits);
  if (!written_errors.empty() || !SameTree(tree, again)) Complain("does not survive writing", written, written_errors);

  base::YamlErrors rule_errors;
  const rules::RuleSet set = rules::ParseRuleFile(text, "f.yml", {}, rule_errors);
  if (!rule_errors.empty()) return 0;
  const std::string expanded = rules::ExpandRules(set);
  base::YamlErrors expanded_errors;
  const rules::RuleSet plain = rules::ParseRuleFile(expanded, "f.yml", {}, expanded_errors);
  if (!expanded_errors.empty() || plain.groups.size() != set.groups.size()) {
    Complain("does not survive expanding", expanded, expanded_errors);
  }
  return 0;
}
