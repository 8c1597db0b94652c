#include "base/labels.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/text.h"
#include "rules/lint/expr_facts.h"
#include "rules/lint/lint.h"

// Templates that show labels which are not there.

namespace rules {
namespace {

// The actions of a template, without the texts in quotes within them.
std::string ActionsOf(std::string_view text) {
  std::string actions;
  while (true) {
    const size_t begin = text.find("{{");
    if (begin == std::string_view::npos) return actions;
    text.remove_prefix(begin + 2);
    const size_t end = std::min(text.find("}}"), text.size());
    char quote = 0;
    for (size_t i = 0; i < end; ++i) {
      const char c = text[i];
      if (quote == 0 && (c == '"' || c == '`')) {
        quote = c;
      } else if (quote == c) {
        quote = 0;
      } else if (quote == '"' && c == '\\') {
        ++i;
      } else if (quote == 0) {
        actions += c;
      }
    }
    actions += '\n';
    text.remove_prefix(end);
  }
}

void Collect(const std::string& actions, const re2::RE2& reference, std::vector<std::string>& names) {
  re2::StringPiece rest(actions);
  std::string name;
  while (re2::RE2::FindAndConsume(&rest, reference, &name)) names.push_back(name);
}

std::vector<std::string> LabelsShown(std::string_view text) {
  static const re2::RE2 kVariable(R"(\$labels\.([A-Za-z_]\w*))");
  static const re2::RE2 kOfDot(R"((?:^|[\s(|])\.Labels\.([A-Za-z_]\w*))");
  static const re2::RE2 kMoves(R"(\b(?:range|with|define|block)\b)");  // .Labels are those of something else within
  static const re2::RE2 kSets(R"(\$labels\s*:?=)");
  const std::string actions = ActionsOf(text);
  std::vector<std::string> names;
  if (actions.empty() || re2::RE2::PartialMatch(actions, kSets)) return names;
  Collect(actions, kVariable, names);
  if (!re2::RE2::PartialMatch(actions, kMoves)) Collect(actions, kOfDot, names);
  return names;
}

}  // namespace

void LintUnknownLabel(LintRun& run) {
  run.ForEachRule([&](const RuleGroup& group, const Rule& rule) {
    if (rule.kind != RuleKind::alerting) return;
    const LabelFacts labels = Examine(*rule.parsed).facts.labels;
    std::set<std::string> told;
    for (const TextMap* texts : {&rule.labels, &rule.annotations}) {
      for (const auto& [key, text] : *texts) {
        for (const std::string& name : LabelsShown(text)) {
          if (name == base::kMetricName || labels.CanHave(name) || !told.insert(name).second) continue;
          run.Find(group, rule,
                   fmt::format("{} shows $labels.{}, which the expression's result never has{}", key, name,
                               rule.labels.contains(name) ? ": the labels of the rule itself are not among them" : ""));
        }
      }
    }
  });
}

}  // namespace rules
