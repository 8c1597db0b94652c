#include "rules/threshold/expand.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace rules {
namespace {

// Words YAML readers take for something other than text.
constexpr std::array<std::string_view, 12> kSpecialWords = {"null", "~",   "true", "false", "yes", "no",
                                                            "on",   "off", "y",    "n",     "nan", "inf"};

// Whether the text stands for itself without quotes.
bool IsPlain(std::string_view text) {
  if (text.empty() || text != base::Trim(text) || !base::IsValidUtf8(text)) return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`=").contains(text.front())) return false;
  if (text.contains(": ") || text.contains(" #") || text.ends_with(':')) return false;
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) return false;
  if (std::ranges::find(kSpecialWords, base::ToLower(text)) != kSpecialWords.end()) return false;
  return !base::ParseFloat(text) && !text.starts_with('.');
}

std::string YamlScalar(std::string_view text) {
  if (IsPlain(text)) return std::string(text);
  const bool printable = base::IsValidUtf8(text) && std::ranges::none_of(text, [](char c) {
                           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                         });
  if (printable) return fmt::format("'{}'", base::ReplaceAll(std::string(text), "'", "''"));
  return base::Quote(text);
}

// An expression of several lines stays on several.
std::string YamlBlock(std::string_view text, std::string_view indent) {
  const std::string_view body = text.substr(0, text.find_last_not_of('\n') + 1);
  const bool block = body.contains('\n') && !body.starts_with(' ') && !body.contains('\t') && !body.contains('\r') &&
                     base::IsValidUtf8(body);
  if (!block) return YamlScalar(text);
  std::string out = text.ends_with('\n') ? "|" : "|-";
  for (const std::string_view line : base::Split(body, '\n')) {
    out += line.empty() ? "\n" : fmt::format("\n{}{}", indent, line);
  }
  return out;
}

void AppendMap(std::string_view key, const TextMap& map, std::string& out) {
  if (map.empty()) return;
  out += fmt::format("        {}:\n", key);
  for (const auto& [name, text] : map) {
    out += fmt::format("          {}: {}\n", YamlScalar(name), YamlBlock(text, "            "));
  }
}

void AppendRule(const Rule& rule, std::string& out) {
  out += fmt::format("      - {}: {}\n", rule.kind == RuleKind::recording ? "record" : "alert", YamlScalar(rule.name));
  if (rule.no_data.value_or(NoDataPolicy::resolve) != NoDataPolicy::resolve) {
    out += fmt::format("        # no_data: {}\n", ToString(*rule.no_data));
  }
  out += fmt::format("        expr: {}\n", YamlBlock(rule.expression, "          "));
  if (rule.hold.count() > 0) out += fmt::format("        for: {}\n", base::FormatDuration(rule.hold));
  if (rule.keep_firing_for.count() > 0) {
    out += fmt::format("        keep_firing_for: {}\n", base::FormatDuration(rule.keep_firing_for));
  }
  AppendMap("labels", rule.labels, out);
  AppendMap("annotations", rule.annotations, out);
}

void AppendGroup(const RuleGroup& group, std::string& out) {
  out += fmt::format("  - name: {}\n", YamlScalar(group.name));
  if (group.interval) out += fmt::format("    interval: {}\n", base::FormatDuration(*group.interval));
  if (group.query_offset) out += fmt::format("    query_offset: {}\n", base::FormatDuration(*group.query_offset));
  if (group.limit != 0) out += fmt::format("    limit: {}\n", group.limit);
  out += group.rules.empty() ? "    rules: []\n" : "    rules:\n";
  for (const Rule& rule : group.rules) AppendRule(rule, out);
}

void AppendInhibition(const Inhibition& inhibition, std::string& out) {
  std::vector<std::string> equal = {"alertname"};
  for (const std::string& label : inhibition.equal.value_or(std::vector<std::string>{})) {
    equal.push_back(YamlScalar(label));
  }
  const auto matchers = [&](Severity severity) {
    return fmt::format("['alertname={}', severity={}]", base::ReplaceAll(base::Quote(inhibition.alertname), "'", "''"),
                       ToString(severity));
  };
  out += fmt::format("#   - source_matchers: {}\n", matchers(inhibition.source));
  out += fmt::format("#     target_matchers: {}\n", matchers(inhibition.target));
  out += fmt::format("#     equal: [{}]{}\n", base::Join(equal, ", "),
                     inhibition.equal ? "" : "  # and the labels that tell this value's series apart");
}

}  // namespace

std::string ExpandRules(const RuleSet& set) {
  std::string out;
  if (!set.inhibitions.empty()) {
    out += "# Critical silences warning. For alertmanager.yml, which rule files cannot say:\n# inhibit_rules:\n";
    for (const Inhibition& inhibition : set.inhibitions) AppendInhibition(inhibition, out);
  }
  out += set.groups.empty() ? "groups: []\n" : "groups:\n";
  for (const RuleGroup& group : set.groups) AppendGroup(group, out);
  return out;
}

}  // namespace rules
