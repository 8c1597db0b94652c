#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml/yaml.h"
#include "promql/parser.h"
#include "rules/expression.h"
#include "rules/rule.h"

// `no_data:` of rules and thresholds, as it is written and as it compiles.

namespace rules {

// The help text of the key.
std::string NoDataHelp();
// The policy `text` names; nullopt where it was not given. A wrong word is added to `errors`.
std::optional<NoDataPolicy> ReadNoData(const YamlText& text, base::YamlErrors& errors);

// The rules that raise an alert for each failed source under the policies `alert` and `critical`: one for each alert
// name, with the labels of the last rule of that name and condition="no_data". They are ordinary PromQL over up and
// tocsin_collector_metric_lost. REQUIRES: rules with such a policy are parsed. The rules returned are not.
std::vector<Rule> NoDataRules(std::span<const Rule> rules);

// Adds them behind `rules`, parsed.
void AppendNoDataRules(std::vector<Rule>& rules, const promql::ParseOptions& options);

}  // namespace rules
