#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml/yaml.h"
#include "promql/parser.h"
#include "rules/rule.h"

// Reads rule files: Prometheus' `groups:` with the rules of validity of Prometheus 3 (UTF-8 names), and tocsin's
// `thresholds:`, in one file or the other or both. Only a file's first YAML document counts, as in Prometheus.

namespace rules {

struct RuleFileOptions {
  promql::ParseOptions parse;
  bool ignore_unknown_keys = false;  // keys nobody knows are passed over
};

// The groups of one file's text, thresholds compiled, in the order of the file (groups first). Every mistake is added
// to `errors` with its place, in the order of the file; a set that had one must not be used.
RuleSet ParseRuleFile(std::string_view text, const std::string& file, const RuleFileOptions& options,
                      base::YamlErrors& errors);

// Thresholds that stand in another file (tocsin.yml); `in` is the value of its key `thresholds`, mistakes go to its
// errors.
RuleSet ReadThresholdRules(const base::YamlReader& in, const std::string& file, const RuleFileOptions& options);

// Several files as one set; a threshold's name must be unique among them all, a group's in its file. A file that
// cannot be read is an error as well. Paths are taken as they are: globs are the caller's.
RuleSet LoadRuleFiles(std::span<const std::string> files, const RuleFileOptions& options, base::YamlErrors& errors);

// Joins what several sources gave, with the same check of thresholds' names.
RuleSet MergeRuleSets(std::vector<RuleSet> sets, base::YamlErrors& errors);

// The keys of a rule file, for the configuration reference.
const std::vector<base::FieldHelp>& RuleFileHelp();

}  // namespace rules
