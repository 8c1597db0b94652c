#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "rules/rule_file.h"

// Thresholds as the texts they compile to, for tests of their forms.

namespace rules {

inline RuleSet Load(std::string_view yaml) {
  base::YamlErrors errors;
  RuleSet set = ParseRuleFile(yaml, "f.yml", {}, errors);
  EXPECT_EQ(errors.ToString(), "");
  return set;
}

inline std::string Mistakes(std::string_view yaml) {
  base::YamlErrors errors;
  ParseRuleFile(yaml, "f.yml", {}, errors);
  return errors.ToString();
}

// What the threshold of these keys compiles to: "name{labels}: expression", a line each.
inline std::string Compiled(std::string_view keys) {
  std::string out;
  const RuleSet set = Load(fmt::format("thresholds: [{{name: T, {}}}]", keys));
  if (set.groups.empty()) return out;
  for (const Rule& rule : set.groups[0].rules) {
    std::vector<std::string> labels;
    for (const auto& [name, value] : rule.labels) labels.push_back(fmt::format("{}={}", name, value));
    out += fmt::format("{} {}: {}\n", rule.name, fmt::join(labels, ","), rule.expression);
  }
  return out;
}

}  // namespace rules
