#include <array>

#include "base/text.h"
#include "ingest/relabel.h"

namespace ingest {
namespace {

constexpr std::array kAllActions = {RelabelAction::replace,    RelabelAction::keep,       RelabelAction::drop,
                                    RelabelAction::keep_equal, RelabelAction::drop_equal, RelabelAction::hash_mod,
                                    RelabelAction::label_map,  RelabelAction::label_drop, RelabelAction::label_keep,
                                    RelabelAction::lowercase,  RelabelAction::uppercase};

bool ReadYaml(const base::YamlReader& in, RelabelRegex& out) {
  std::string pattern;
  if (!base::ReadYaml(in, pattern)) return false;
  auto regex = RelabelRegex::Make(std::move(pattern));
  if (!regex) {
    in.Fail(regex.error().message);
    return false;
  }
  out = std::move(*regex);
  return true;
}

bool ReadYaml(const base::YamlReader& in, RelabelAction& out) {
  std::string word;
  if (!base::ReadYaml(in, word)) return false;
  const std::string lower = base::ToLower(word);
  std::vector<std::string_view> known;
  for (const RelabelAction action : kAllActions) {
    if (ToString(action) == lower) {
      out = action;
      return true;
    }
    known.push_back(ToString(action));
  }
  const auto meant = base::DidYouMean(lower, known);
  in.Fail("unknown relabel action " + base::Quote(word) + (meant ? " (did you mean " + *meant + "?)" : ""));
  return false;
}

const base::YamlSchema<RelabelConfig>& Schema() {
  using C = RelabelConfig;
  static const base::YamlSchema<C> schema({
      base::Optional("source_labels", "list of label names", "[]", &C::source_labels,
                     "The labels whose values are joined to what `regex` is matched against."),
      base::Optional("separator", "string", ";", &C::separator, "What stands between the joined values."),
      {{"regex", "regular expression", "(.*)", "RE2, anchored at both ends.", false, nullptr},
       [](const base::YamlReader& in, C& out) { return ReadYaml(in, out.regex); }},
      base::Optional("modulus", "integer", "", &C::modulus, "For hashmod: what the hash is divided by."),
      base::Optional("target_label", "label name", "", &C::target_label, "The label that is written."),
      // an empty replacement is meaningful: it removes the label
      {{"replacement", "template", "$1", "What is written, with the expression's groups.", false, nullptr},
       [](const base::YamlReader& in, C& out) { return base::ReadYaml(in, out.replacement); }},
      {{"action",
        "replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase or "
        "uppercase",
        "replace", "What is done.", false, nullptr},
       [](const base::YamlReader& in, C& out) { return ReadYaml(in, out.action); }},
  });
  return schema;
}

bool IsLabelName(std::string_view name) { return !name.empty() && base::IsValidUtf8(name); }

bool NeedsTarget(RelabelAction action) {
  switch (action) {
    case RelabelAction::replace:
    case RelabelAction::keep_equal:
    case RelabelAction::drop_equal:
    case RelabelAction::hash_mod:
    case RelabelAction::lowercase:
    case RelabelAction::uppercase:
      return true;
    case RelabelAction::keep:
    case RelabelAction::drop:
    case RelabelAction::label_map:
    case RelabelAction::label_drop:
    case RelabelAction::label_keep:
      return false;
  }
  return false;
}

// Prometheus' rules about what may stand together; empty where all is well.
std::string Complaint(const RelabelConfig& step) {
  const RelabelConfig defaults;
  const std::string action(ToString(step.action));
  const bool equality = step.action == RelabelAction::keep_equal || step.action == RelabelAction::drop_equal;
  const bool letter_case = step.action == RelabelAction::lowercase || step.action == RelabelAction::uppercase;
  const bool names_only = step.action == RelabelAction::label_drop || step.action == RelabelAction::label_keep;
  const bool plain_extras =
      step.modulus == 0 && step.separator == defaults.separator && step.replacement == defaults.replacement;
  if (step.action == RelabelAction::hash_mod && step.modulus <= 0) {
    return "relabel configuration for hashmod requires non-zero modulus";
  }
  if (NeedsTarget(step.action) && step.target_label.empty()) {
    return "relabel configuration for " + action + " action requires 'target_label' value";
  }
  if (NeedsTarget(step.action) && !IsLabelName(step.target_label)) {
    return base::Quote(step.target_label) + " is invalid 'target_label' for " + action + " action";
  }
  if (letter_case && step.replacement != defaults.replacement) {
    return "'replacement' can not be set for " + action + " action";
  }
  if (step.action == RelabelAction::label_map && !IsLabelName(step.replacement)) {
    return base::Quote(step.replacement) + " is invalid 'replacement' for " + action + " action";
  }
  if (equality && !(plain_extras && step.regex == defaults.regex)) {
    return action + " action requires only 'source_labels' and 'target_label', and no other fields";
  }
  if (names_only && !(plain_extras && step.source_labels.empty() && step.target_label.empty())) {
    return action + " action requires only 'regex', and no other fields";
  }
  return "";
}

}  // namespace

bool ReadYaml(const base::YamlReader& in, RelabelConfig& out) {
  if (in.node().kind == base::YamlNode::Kind::null) {
    in.Fail("empty or null relabeling rule");
    return false;
  }
  if (!Schema().Read(in, out)) return false;
  const std::string complaint = Complaint(out);
  if (!complaint.empty()) in.Fail(complaint);
  return complaint.empty();
}

const std::vector<base::FieldHelp>& RelabelConfigHelp() { return Schema().help(); }

}  // namespace ingest
