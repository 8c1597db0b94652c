#include "ingest/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "ingest/exposition_parser.h"

namespace ingest {
namespace {

struct Family {
  base::SourcePosition where;
  MetricType type = MetricType::unknown;
  bool has_type = false;
  bool has_help = false;
  bool has_samples = false;
  std::string help;
  std::set<std::string> label_names;
  std::vector<std::string> repeated;
};

struct Unit {
  std::string_view name;
  std::string_view base;
};
constexpr Unit kUnits[] = {
    {"amperes", "amperes"}, {"bytes", "bytes"},     {"celsius", "celsius"}, {"grams", "grams"},
    {"joules", "joules"},   {"kelvin", "kelvin"},   {"meters", "meters"},   {"metres", "metres"},
    {"moles", "moles"},     {"seconds", "seconds"}, {"minutes", "seconds"}, {"hours", "seconds"},
    {"days", "seconds"},    {"weeks", "seconds"},   {"kelvins", "kelvin"},  {"fahrenheit", "celsius"},
    {"rankine", "celsius"}, {"inches", "meters"},   {"yards", "meters"},    {"miles", "meters"},
    {"bits", "bytes"},      {"calories", "joules"}, {"pounds", "grams"},    {"ounces", "grams"},
};
constexpr std::string_view kPrefixes[] = {"pico",  "nano", "micro", "milli", "centi", "deci", "deca",
                                          "hecto", "kilo", "kibi",  "mega",  "mebi",  "mibi", "giga",
                                          "gibi",  "tera", "tebi",  "peta",  "pebi"};
constexpr std::string_view kAbbreviations[] = {"s",  "ms", "us", "ns", "sec", "b", "kb",
                                               "mb", "gb", "tb", "pb", "m",   "h", "d"};

// Whether the word stands in the name, not as its first part.
bool HasPart(std::string_view name, std::string_view word) {
  const std::string part = "_" + std::string(word);
  const std::string lower = base::ToLower(name);
  return lower.contains(part + "_") || lower.ends_with(part);
}

bool IsCamelCase(std::string_view name) {
  return std::ranges::adjacent_find(
             name, [](char a, char b) { return a >= 'a' && a <= 'z' && b >= 'A' && b <= 'Z'; }) != name.end();
}

const Unit* FindUnit(std::string_view word) {
  const auto* const found = std::ranges::find(kUnits, word, &Unit::name);
  return found == std::end(kUnits) ? nullptr : found;
}

// "milliseconds" where "seconds" is meant: the unit's base, unless the word is its base already or no unit at all.
std::optional<std::string_view> BaseUnit(std::string_view word) {
  if (const Unit* unit = FindUnit(word)) {
    return unit->base == unit->name ? std::nullopt : std::optional(unit->base);
  }
  for (const std::string_view prefix : kPrefixes) {
    if (!word.starts_with(prefix)) continue;
    if (const Unit* unit = FindUnit(word.substr(prefix.size()))) return unit->base;
  }
  return std::nullopt;
}

class Linter {
 public:
  LintResult Run(std::string_view page);

 private:
  void Metadata(const Entry& entry, const base::SourcePosition& where);
  void Sample(std::span<const base::Label> labels, const base::SourcePosition& where);
  Family& FamilyOfSample(std::string_view name, const base::SourcePosition& where);
  Family& FamilyNamed(std::string_view name, const base::SourcePosition& where);
  void Judge(const std::string& name, const Family& family);
  void JudgeName(const std::string& name);
  void JudgeType(const std::string& name, const Family& family);
  void Remark(std::string text) { result_.remarks.push_back({where_, metric_, std::move(text)}); }

  LintResult result_;
  std::map<std::string, Family, std::less<>> families_;
  std::vector<std::string> order_;
  std::set<std::string> series_;
  base::SourcePosition where_;
  std::string metric_;
};

LintResult Linter::Run(std::string_view page) {
  const auto parser = NewTextParser(page);
  Entry entry;
  for (;;) {
    const auto more = parser->Next(entry);
    if (!more) {
      result_.errors.push_back(more.error());
      return std::move(result_);
    }
    if (!*more) break;
    if (entry.kind == EntryKind::sample) {
      Sample(parser->labels(), parser->position());
    } else {
      Metadata(entry, parser->position());
    }
  }
  for (const std::string& name : order_) Judge(name, families_.find(name)->second);
  return std::move(result_);
}

Family& Linter::FamilyNamed(std::string_view name, const base::SourcePosition& where) {
  const auto known = families_.find(name);
  if (known != families_.end()) return known->second;
  order_.emplace_back(name);
  Family& family = families_[std::string(name)];
  family.where = where;
  return family;
}

Family& Linter::FamilyOfSample(std::string_view name, const base::SourcePosition& where) {
  constexpr std::array<std::string_view, 3> kSuffixes = {"_bucket", "_count", "_sum"};
  for (const std::string_view suffix : kSuffixes) {
    if (!name.ends_with(suffix)) continue;
    const auto known = families_.find(name.substr(0, name.size() - suffix.size()));
    if (known == families_.end()) continue;
    const bool summary = known->second.type == MetricType::summary && suffix != "_bucket";
    if (summary || known->second.type == MetricType::histogram) return known->second;
  }
  return FamilyNamed(name, where);
}

void Linter::Metadata(const Entry& entry, const base::SourcePosition& where) {
  Family& family = FamilyNamed(entry.metric, where);
  const auto complain = [&](const std::string& what) {
    result_.errors.push_back({base::ErrorCode::invalid_argument, what + base::Quote(entry.metric), where});
  };
  if (entry.kind == EntryKind::help) {
    if (family.has_help) complain("second HELP line for metric name ");
    family.has_help = true;
    family.help = entry.text;
    return;
  }
  if (family.has_type) {
    complain("second TYPE line for metric name ");
  } else if (family.has_samples) {
    complain("TYPE reported after samples for metric name ");
  }
  family.has_type = true;
  family.type = entry.type;
}

void Linter::Sample(std::span<const base::Label> labels, const base::SourcePosition& where) {
  Family& family = FamilyOfSample(labels.front().value, where);
  family.has_samples = true;
  for (const base::Label& label : labels.subspan(1)) family.label_names.emplace(label.name);
  std::string series = base::Labels(std::vector<base::Label>(labels.begin(), labels.end())).ToString();
  if (!series_.insert(series).second) family.repeated.push_back(std::move(series));
}

void Linter::Judge(const std::string& name, const Family& family) {
  if (!family.has_samples) return;
  where_ = family.where;
  metric_ = name;
  if (family.help.empty()) Remark("no help text");
  JudgeName(name);
  JudgeType(name, family);
  for (const std::string& series : family.repeated) Remark("metric not unique: " + series);
  for (const std::string& label : family.label_names) {
    if (!IsCamelCase(label)) continue;
    Remark("label names should be written in 'snake_case' not 'camelCase'");
    break;
  }
}

void Linter::JudgeName(const std::string& name) {
  for (const std::string_view word : base::Split(name, '_')) {
    if (const auto unit = BaseUnit(word)) {
      Remark("use base unit " + base::Quote(*unit) + " instead of " + base::Quote(word));
    }
  }
  for (const std::string_view unit : kAbbreviations) {
    if (HasPart(name, unit)) Remark("metric names should not contain abbreviated units");
  }
  if (name.contains(':')) Remark("metric names should not contain ':'");
  if (IsCamelCase(name)) Remark("metric names should be written in 'snake_case' not 'camelCase'");
}

void Linter::JudgeType(const std::string& name, const Family& family) {
  if (family.type == MetricType::unknown) return;
  const bool counter = family.type == MetricType::counter;
  const bool histogram = family.type == MetricType::histogram;
  const bool summary = family.type == MetricType::summary;
  const bool total = name.ends_with("_total");
  const std::string_view type = ToString(family.type);
  if (HasPart(name, type)) Remark(fmt::format("metric name should not include type '{}'", type));
  if (counter && !total) Remark("counter metrics should have \"_total\" suffix");
  if (!counter && total) Remark("non-counter metrics should not have \"_total\" suffix");
  if (!histogram && name.ends_with("_bucket")) Remark("non-histogram metrics should not have \"_bucket\" suffix");
  for (const std::string_view suffix : {"_count", "_sum"}) {
    if (histogram || summary || !name.ends_with(suffix)) continue;
    Remark("non-histogram and non-summary metrics should not have " + base::Quote(suffix) + " suffix");
  }
  if (!histogram && family.label_names.contains("le")) Remark("non-histogram metrics should not have \"le\" label");
  if (!summary && family.label_names.contains("quantile")) {
    Remark("non-summary metrics should not have \"quantile\" label");
  }
}

}  // namespace

LintResult LintText(std::string_view page) { return Linter().Run(page); }

}  // namespace ingest
