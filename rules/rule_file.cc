#include "rules/rule_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/file.h"
#include "base/labels.h"
#include "base/text.h"
#include "rules/alert_template.h"
#include "rules/expression.h"
#include "rules/no_data/no_data_rule.h"
#include "rules/threshold/compile_threshold.h"
#include "rules/threshold/threshold.h"
#include "rules/threshold/threshold_parts.h"

namespace rules {
namespace {

using TextsByName = std::map<std::string, YamlText>;

struct WrittenRule {
  YamlText record;
  YamlText alert;
  YamlText expr;
  YamlText hold;
  YamlText keep_firing_for;
  YamlText no_data;
  Partial<TextsByName> labels;
  Partial<TextsByName> annotations;
  base::SourcePosition where;
  std::string path;
};
struct WrittenGroup {
  YamlText name;
  std::optional<base::Duration> interval;
  std::optional<base::Duration> query_offset;
  int limit = 0;
  Partial<TextsByName> labels;
  Partial<std::vector<WrittenRule>> rules;
};
// `thresholds:` is only found here; it is read by ReadThresholds.
struct WrittenThresholds {};
struct WrittenFile {
  Partial<std::vector<WrittenGroup>> groups;
  WrittenThresholds thresholds;
};

const base::YamlSchema<WrittenRule>& RuleSchema() {
  using R = WrittenRule;
  static const base::YamlSchema<WrittenRule> schema({
      base::Optional("record", "metric name", "", &R::record, "The series to record. One of record and alert."),
      base::Optional("alert", "string", "", &R::alert, "The name of the alert to raise."),
      base::Optional("expr", "PromQL", "", &R::expr, "What to record, or what raises the alert. Required."),
      base::Optional("for", "duration", "0s", &R::hold, "How long it must hold before the alert fires."),
      base::Optional("keep_firing_for", "duration", "0s", &R::keep_firing_for,
                     "How long the alert keeps firing after the expression has no result any more."),
      base::Optional("no_data", "resolve, keep, alert or critical", "rules.no_data", &R::no_data, NoDataHelp()),
      base::Optional("labels", "map", "{}", &R::labels,
                     "Labels to add; an empty value removes one. Templates for alerts."),
      base::Optional("annotations", "map", "{}", &R::annotations, "Texts for people; templates. Alerts only."),
  });
  return schema;
}
bool ReadYaml(const base::YamlReader& in, WrittenRule& out) {
  out.where = in.node().where;
  out.path = in.path();
  return RuleSchema().Read(in, out);
}

const base::YamlSchema<WrittenGroup>& GroupSchema() {
  using G = WrittenGroup;
  static const base::YamlSchema<WrittenGroup> schema({
      base::Required("name", "string", &G::name, "Unique in the file."),
      base::Optional("interval", "duration", "", &G::interval, "Default global.evaluation_interval."),
      base::Optional("query_offset", "duration", "", &G::query_offset,
                     "Evaluate this far in the past; default global.rule_query_offset."),
      base::Optional("limit", "number", "0", &G::limit, "Most alerts or series of one rule; 0 for no limit."),
      base::Optional("labels", "map", "{}", &G::labels, "Labels of every rule of the group; a rule's own win."),
      base::Optional("rules", "list of rules", "[]", &G::rules, "Evaluated one after the other.", &RuleSchema().help()),
  });
  return schema;
}
bool ReadYaml(const base::YamlReader& in, WrittenGroup& out) { return GroupSchema().Read(in, out); }
bool ReadYaml(const base::YamlReader&, WrittenThresholds&) { return true; }

const base::YamlSchema<WrittenFile>& FileSchema() {
  static const base::YamlSchema<WrittenFile> schema({
      base::Optional("groups", "list of groups", "[]", &WrittenFile::groups, "Prometheus' rule groups.",
                     &GroupSchema().help()),
      base::Optional("thresholds", "list of thresholds", "[]", &WrittenFile::thresholds, "Measured values with limits.",
                     &ThresholdHelp()),
  });
  return schema;
}
bool ReadYaml(const base::YamlReader& in, WrittenFile& out) { return FileSchema().Read(in, out); }

// Names with places, as Prometheus 3 allows them: any UTF-8.
bool IsLabelName(std::string_view name) {
  return !name.empty() && name != base::kMetricName && base::IsValidUtf8(name);
}

class RuleChecker {
 public:
  RuleChecker(std::string_view source, const RuleFileOptions& options, base::YamlErrors& errors)
      : source_(source), options_(options), errors_(errors) {}

  Rule Check(const WrittenRule& written, const TextsByName& group_labels) {
    Rule rule;
    rule.where = written.where;
    const bool record = !written.record.text.empty();
    rule.kind = record ? RuleKind::recording : RuleKind::alerting;
    rule.name = record ? written.record.text : written.alert.text;
    rule.expression = written.expr.text;
    whole_ = {.text = {}, .where = written.where, .path = written.path};
    CheckName(written);
    if (written.expr.text.empty()) {
      Complain(errors_, whole_, "expr is missing");
    } else {
      rule.parsed = ParseExpression(written.expr, source_, options_.parse, errors_);
      rule.expression_place = PlaceOfExpression(written.expr, source_);
    }
    rule.hold = ReadDuration(written.hold);
    rule.keep_firing_for = ReadDuration(written.keep_firing_for);
    rule.no_data = ReadNoData(written.no_data, errors_);
    if (record) CheckRecording(written, rule);
    for (const auto& [name, label] : group_labels) rule.labels[name] = label.text;
    CheckLabels(written.labels.value, rule);
    CheckAnnotations(written, rule);
    return rule;
  }

  void CheckGroupLabels(const std::string& group, const TextsByName& labels) {
    Rule ignored;
    ignored.name = group;
    CheckLabels(labels, ignored);
  }

 private:
  void CheckName(const WrittenRule& written) {
    const bool record = !written.record.text.empty();
    const bool alert = !written.alert.text.empty();
    if (record && alert) {
      Complain(errors_, written.alert, "a rule is either a record or an alert, not both");
    } else if (!record && !alert) {
      Complain(errors_, whole_, "record or alert is missing");
    }
    if (record &&
        (written.record.text.find_first_of("{}") != std::string::npos || !base::IsValidUtf8(written.record.text))) {
      Complain(errors_, written.record,
               fmt::format("invalid name {} for a recorded series", base::Quote(written.record.text)));
    }
  }

  void CheckRecording(const WrittenRule& written, const Rule& rule) {
    if (rule.hold.count() != 0) Complain(errors_, written.hold, "a recording rule has no `for`");
    if (rule.keep_firing_for.count() != 0) {
      Complain(errors_, written.keep_firing_for, "a recording rule has no `keep_firing_for`");
    }
    if (written.no_data.given) Complain(errors_, written.no_data, "a recording rule has no `no_data`");
    if (!written.annotations.value.empty()) {
      Complain(errors_, written.annotations.value.begin()->second, "a recording rule has no annotations");
    }
  }

  base::Duration ReadDuration(const YamlText& text) {
    if (!text.given) return base::Duration(0);
    const auto duration = base::ParseDuration(text.text);
    if (duration) return *duration;
    Complain(errors_, text, duration.error().message);
    return base::Duration(0);
  }

  void CheckLabels(const TextsByName& labels, Rule& rule) {
    for (const auto& [name, value] : labels) {
      if (!IsLabelName(name)) Complain(errors_, value, fmt::format("invalid label name {}", base::Quote(name)));
      if (!base::IsValidUtf8(value.text)) Complain(errors_, value, "a label's value must be valid UTF-8");
      if (rule.kind == RuleKind::alerting) CheckTemplate(rule.name, value);
      rule.labels[name] = value.text;
    }
  }

  void CheckAnnotations(const WrittenRule& written, Rule& rule) {
    for (const auto& [name, value] : written.annotations.value) {
      if (!IsLabelName(name)) Complain(errors_, value, fmt::format("invalid annotation name {}", base::Quote(name)));
      if (rule.kind == RuleKind::alerting) CheckTemplate(rule.name, value);
      rule.annotations[name] = value.text;
    }
  }

  void CheckTemplate(const std::string& alert, const YamlText& text) {
    const auto parsed = AlertTemplate::Parse(alert, text.text);
    if (!parsed) Complain(errors_, text, parsed.error().message);
  }

  std::string_view source_;
  const RuleFileOptions& options_;
  base::YamlErrors& errors_;
  YamlText whole_;  // the rule as a place to complain about
};

// Parses what thresholds compiled to. A mistake there is one that could not be seen in the threshold's parts.
void ParseCompiled(RuleGroup& group, const RuleFileOptions& options, base::YamlErrors& errors) {
  for (Rule& rule : group.rules) {
    const YamlText place{.text = rule.expression, .where = rule.where, .path = fmt::format("threshold {}", group.name)};
    if (auto parsed = promql::Parse(rule.expression, options.parse)) {
      rule.parsed = *std::move(parsed);
    } else {
      Complain(errors, place, fmt::format("compiles to {}: {}", rule.expression, parsed.error().message));
    }
    if (rule.kind == RuleKind::recording) continue;
    for (const TextMap* texts : {&rule.labels, &rule.annotations}) {
      for (const auto& [name, text] : *texts) {
        const auto checked = AlertTemplate::Parse(rule.name, text);
        if (!checked) Complain(errors, place, fmt::format("{}: {}", name, checked.error().message));
      }
    }
  }
}

void AddThresholds(const base::YamlReader& in, std::string_view source, const std::string& file,
                   const RuleFileOptions& options, RuleSet& set) {
  for (const Threshold& threshold : ReadThresholds(in, {.parse = options.parse, .source = source})) {
    RuleGroup group = CompileThreshold(threshold, file);
    ParseCompiled(group, options, in.errors());
    RuleGroup lost = group;
    lost.rules = NoDataRules(group.rules);
    for (Rule& rule : lost.rules) {
      const bool critical = rule.labels.at("severity") == ToString(Severity::critical);
      rule.expression =
          WhileActive(threshold, critical ? Severity::critical : Severity::warning, std::move(rule.expression));
    }
    ParseCompiled(lost, options, in.errors());
    std::ranges::move(lost.rules, std::back_inserter(group.rules));
    set.groups.push_back(std::move(group));
    if (auto inhibition = ThresholdInhibition(threshold)) set.inhibitions.push_back(*std::move(inhibition));
  }
}

void CheckGroupNames(const std::vector<RuleGroup>& groups, base::YamlErrors& errors) {
  std::map<std::string, const RuleGroup*> seen;
  for (const RuleGroup& group : groups) {
    if (group.name.empty()) continue;  // told already
    const auto [first, unique] = seen.emplace(group.name, &group);
    if (unique) continue;
    errors.Add(
        {base::ErrorCode::invalid_argument,
         fmt::format("group {} is given twice, first on line {}{}", base::Quote(group.name), first->second->where.line,
                     group.threshold ? "; a threshold is a group of its own name" : ""),
         group.where});
  }
}

void DropUnknownKeys(base::YamlNode& node, const std::vector<base::FieldHelp>& known) {
  for (base::YamlNode& item : node.items) DropUnknownKeys(item, known);
  std::erase_if(node.entries, [&](const base::YamlEntry& entry) {
    return std::ranges::find(known, entry.key.text, &base::FieldHelp::key) == known.end();
  });
  for (base::YamlEntry& entry : node.entries) {
    const auto field = std::ranges::find(known, entry.key.text, &base::FieldHelp::key);
    if (field->nested != nullptr) DropUnknownKeys(entry.value, *field->nested);
  }
}

// Mistakes are found key by key; people read them from top to bottom.
void AddInOrder(std::vector<base::Error> found, base::YamlErrors& errors) {
  std::ranges::stable_sort(found, {}, [](const base::Error& error) {
    return error.where ? std::pair(error.where->line, error.where->column) : std::pair(0, 0);
  });
  for (base::Error& error : found) errors.Add(std::move(error));
}

}  // namespace

const std::vector<base::FieldHelp>& RuleFileHelp() { return FileSchema().help(); }

RuleSet ParseRuleFile(std::string_view text, const std::string& file, const RuleFileOptions& options,
                      base::YamlErrors& all_errors) {
  base::YamlErrors errors;
  base::YamlNode root = base::ParseYaml(text, file, errors);
  if (options.ignore_unknown_keys) DropUnknownKeys(root, RuleFileHelp());
  const base::YamlReader in(root, "", errors);
  WrittenFile written;
  ReadYaml(in, written);
  RuleSet set;
  RuleChecker checker(text, options, errors);
  for (const WrittenGroup& from : written.groups.value) {
    RuleGroup group{.file = file,
                    .name = from.name.text,
                    .interval = from.interval && from.interval->count() > 0 ? from.interval : std::nullopt,
                    .query_offset = from.query_offset,
                    .limit = from.limit,
                    .rules = {},
                    .threshold = false,
                    .where = from.name.where};
    if (from.name.given && from.name.text.empty()) Complain(errors, from.name, "a group's name must not be empty");
    checker.CheckGroupLabels(group.name, from.labels.value);
    for (const WrittenRule& rule : from.rules.value) group.rules.push_back(checker.Check(rule, from.labels.value));
    AppendNoDataRules(group.rules, options.parse);
    set.groups.push_back(std::move(group));
  }
  if (const base::YamlNode* thresholds = root.Find("thresholds")) {
    AddThresholds(in.Entry(*thresholds, "thresholds"), text, file, options, set);
  }
  CheckGroupNames(set.groups, errors);
  AddInOrder(errors.errors(), all_errors);
  for (const base::Error& warning : errors.warnings()) all_errors.AddWarning(warning);
  return set;
}

RuleSet ReadThresholdRules(const base::YamlReader& in, const std::string& file, const RuleFileOptions& options) {
  RuleSet set;
  AddThresholds(in, {}, file, options, set);
  return set;
}

RuleSet LoadRuleFiles(std::span<const std::string> files, const RuleFileOptions& options, base::YamlErrors& errors) {
  std::vector<RuleSet> sets;
  for (const std::string& file : files) {
    auto text = base::ReadFile(file);
    if (!text) {
      errors.Add(std::move(text).error());
      continue;
    }
    sets.push_back(ParseRuleFile(*text, file, options, errors));
  }
  return MergeRuleSets(std::move(sets), errors);
}

RuleSet MergeRuleSets(std::vector<RuleSet> sets, base::YamlErrors& errors) {
  RuleSet merged;
  std::map<std::string, base::SourcePosition> thresholds;
  for (RuleSet& set : sets) {
    for (RuleGroup& group : set.groups) {
      if (group.threshold) {
        const auto [first, unique] = thresholds.emplace(group.name, group.where);
        if (!unique && first->second.file != group.file) {
          errors.Add({base::ErrorCode::invalid_argument,
                      fmt::format("threshold {} is given twice, first in {} on line {}", base::Quote(group.name),
                                  first->second.file, first->second.line),
                      group.where});
        }
      }
      merged.groups.push_back(std::move(group));
    }
    merged.inhibitions.insert(merged.inhibitions.end(), set.inhibitions.begin(), set.inhibitions.end());
  }
  return merged;
}

}  // namespace rules
