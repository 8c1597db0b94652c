#include "app/commands/check_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "app/config.h"
#include "app/known_metrics.h"
#include "base/file.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "base/time.h"
#include "rules/lint/lint.h"
#include "rules/rule_file.h"

namespace app {
namespace {

constexpr std::string_view kStandardInput = "<stdin>";

struct Options {
  std::vector<std::string_view> lints;
  bool fatal = false;
  bool json = false;
  rules::RuleFileOptions reading;
};

// A rule file, or the thresholds of tocsin.yml, and what was found in it.
struct CheckedFile {
  std::string name;
  rules::RuleSet rules;
  std::vector<base::Error> mistakes;
  std::vector<rules::LintFinding> findings;

  size_t RuleCount() const {
    size_t count = 0;
    for (const rules::RuleGroup& group : rules.groups) count += group.rules.size();
    return count;
  }
};

base::Result<std::string> ReadWhole(const std::string& path) {
  if (path == kStandardInput) {
    return std::string{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  }
  return base::ReadFileOrStream(path);
}

std::vector<std::string> Words(const std::vector<std::string>& lists) {
  std::vector<std::string> words;
  for (const std::string& list : lists) {
    for (const std::string_view word : base::Split(list, ',')) words.emplace_back(base::Trim(word));
  }
  return words;
}

base::Result<Options> ReadOptions(const Invocation& invocation) {
  Options options;
  TRY(options.lints, rules::ChooseLints(Words(invocation.GetAll("lint"))));
  options.fatal = invocation.IsOn("lint-fatal");
  options.json = invocation.Get("format") == "json";
  if (!options.json && invocation.Get("format") != "text") {
    return base::Invalid(fmt::format("--format is text or json, not \"{}\"", invocation.Get("format")));
  }
  options.reading.ignore_unknown_keys = invocation.IsOn("ignore-unknown-fields");
  for (const std::string& feature : Words(invocation.GetAll("enable-feature"))) {
    if (feature == "promql-experimental-functions") {
      options.reading.parse.experimental_functions = true;
    } else if (feature == "promql-extended-range-selectors") {
      options.reading.parse.extended_range_selectors = true;
    } else if (feature == "promql-binop-fill-modifiers") {
      options.reading.parse.binop_fill_modifiers = true;
    } else if (feature != "promql-delayed-name-removal") {
      return base::Invalid(fmt::format("unknown feature \"{}\"", feature));
    }
  }
  return options;
}

// What --config.file, --url, --metrics and --scrape-interval tell; `config` is read already, or null.
base::Result<rules::LintKnowledge> Learn(const Invocation& invocation, const Config* config) {
  rules::LintKnowledge knowledge;
  if (config != nullptr) knowledge = KnowledgeOf(*config);
  const auto metrics = [&]() -> rules::KnownMetrics& {
    if (!knowledge.metrics) knowledge.metrics.emplace();
    knowledge.metrics->complete = true;
    return *knowledge.metrics;
  };
  for (std::string url : invocation.GetAll("url")) {
    while (url.ends_with('/')) url.pop_back();
    TRY_VOID(AddMetricsOfServer(url, metrics()));
  }
  for (const std::string& file : invocation.GetAll("metrics")) {
    const std::string name(file == "-" ? kStandardInput : std::string_view(file));
    TRY(const std::string page, ReadWhole(name));
    auto added = AddMetricsOfPage(page, metrics());
    if (added) continue;
    if (added.error().where) added.error().where->file = name;
    return std::unexpected(std::move(added).error());
  }
  if (const std::string& text = invocation.Get("scrape-interval"); !text.empty()) {
    const auto interval = base::ParseDuration(text);
    if (!interval) return base::Invalid(fmt::format("--scrape-interval: {}", interval.error().message));
    knowledge.scrape_interval = *interval;
  }
  return knowledge;
}

// What was noticed while limits were read counts as found by the lint that is about limits.
void AddWarnings(const base::YamlErrors& errors, const Options& options, CheckedFile& file) {
  constexpr std::string_view kLimits = "limits";
  if (std::ranges::find(options.lints, kLimits) == options.lints.end()) return;
  for (const base::Error& warning : errors.warnings()) {
    if (warning.where && warning.where->file != file.name) continue;
    const size_t path = warning.message.find(": ");
    file.findings.push_back({.lint = kLimits,
                             .group = "",
                             .rule = warning.message.substr(0, path),
                             .where = warning.where.value_or(base::SourcePosition{}),
                             .text = warning.message.substr(path + 2)});
  }
}

CheckedFile ReadRuleFile(const std::string& name, const Options& options) {
  CheckedFile file{.name = name, .rules = {}, .mistakes = {}, .findings = {}};
  const auto text = ReadWhole(name);
  if (!text) {
    file.mistakes.push_back(text.error());
    return file;
  }
  base::YamlErrors errors;
  file.rules = rules::ParseRuleFile(*text, name, options.reading, errors);
  file.mistakes = errors.errors();
  AddWarnings(errors, options, file);
  return file;
}

// Every file on the command line; else what the configuration names and holds; else standard input.
std::vector<CheckedFile> ReadFiles(const Invocation& invocation, const Options& options, const Config* config,
                                   const base::YamlErrors& errors) {
  std::vector<std::string> names = invocation.arguments();
  if (names.empty() && config != nullptr) names = config->rule_files;
  if (names.empty() && config == nullptr) names.emplace_back(kStandardInput);
  std::vector<CheckedFile> files;
  files.reserve(names.size() + 1);
  for (const std::string& name : names) files.push_back(ReadRuleFile(name, options));
  if (config == nullptr || !invocation.arguments().empty()) return files;
  CheckedFile own{.name = invocation.Get("config.file"), .rules = {}, .mistakes = {}, .findings = {}};
  for (const rules::RuleGroup& group : config->rules.groups) {
    if (group.file == own.name) own.rules.groups.push_back(group);
  }
  AddWarnings(errors, options, own);
  if (!own.rules.groups.empty()) files.push_back(std::move(own));
  return files;
}

void LintFiles(const Options& options, const rules::LintKnowledge& knowledge, std::vector<CheckedFile>& files) {
  std::vector<rules::RuleGroup> all;
  for (const CheckedFile& file : files) {
    if (file.mistakes.empty()) all.insert(all.end(), file.rules.groups.begin(), file.rules.groups.end());
  }
  const std::vector<rules::LintFinding> findings = rules::RunLints(all, knowledge, options.lints);
  for (CheckedFile& file : files) {
    std::ranges::copy_if(findings, std::back_inserter(file.findings),
                         [&](const rules::LintFinding& one) { return one.where.file == file.name; });
  }
}

std::string Count(size_t count, std::string_view one, std::string_view several) {
  return fmt::format("{} {}", count, count == 1 ? one : several);
}

void PrintText(const std::vector<CheckedFile>& files) {
  for (const CheckedFile& file : files) {
    for (const base::Error& mistake : file.mistakes) fmt::print(stderr, "{}\n", mistake.ToString());
    for (const rules::LintFinding& finding : file.findings) fmt::print(stderr, "{}\n", finding.ToString());
    if (!file.mistakes.empty()) {
      fmt::print(stderr, "{}: {}\n", file.name, Count(file.mistakes.size(), "mistake", "mistakes"));
      continue;
    }
    const std::string found = file.findings.empty() ? "ok" : Count(file.findings.size(), "finding", "findings");
    fmt::print("{}: {}, {} groups, {} rules\n", file.name, found, file.rules.groups.size(), file.RuleCount());
  }
}

void WritePlace(const std::optional<base::SourcePosition>& where, base::JsonWriter& json) {
  if (!where) return;
  json.Key("line").Number(where->line).Key("column").Number(where->column);
}

std::string ToJson(const std::vector<CheckedFile>& files) {
  base::JsonWriter json;
  json.BeginObject().Key("files").BeginArray();
  for (const CheckedFile& file : files) {
    json.BeginObject().Key("file").String(file.name).Key("groups").Number(file.rules.groups.size());
    json.Key("rules").Number(file.RuleCount()).Key("mistakes").BeginArray();
    for (const base::Error& mistake : file.mistakes) {
      json.BeginObject();
      WritePlace(mistake.where, json);
      json.Key("message").String(mistake.message).EndObject();
    }
    json.EndArray().Key("findings").BeginArray();
    for (const rules::LintFinding& finding : file.findings) {
      json.BeginObject().Key("lint").String(finding.lint);
      WritePlace(finding.where, json);
      json.Key("group").String(finding.group).Key("rule").String(finding.rule);
      json.Key("message").String(finding.text).EndObject();
    }
    json.EndArray().EndObject();
  }
  json.EndArray().EndObject();
  return std::move(json).Take();
}

int CodeOf(const std::vector<CheckedFile>& files, bool fatal) {
  if (std::ranges::any_of(files, [](const CheckedFile& file) { return !file.mistakes.empty(); })) return kUsage;
  const bool found = std::ranges::any_of(files, [](const CheckedFile& file) { return !file.findings.empty(); });
  return fatal && found ? kLint : kOk;
}

int Complain(std::string_view message) {
  fmt::print(stderr, "tocsin check rules: {}\n", message);
  return kUsage;
}

void ListLints() {
  for (const rules::Lint& lint : rules::Lints()) {
    constexpr std::string_view kLevels[] = {"default", "all", ""};
    fmt::print("{:<16}  {:<8}  {}\n", lint.name, kLevels[static_cast<size_t>(lint.level)], lint.help);
  }
}

}  // namespace

std::vector<Flag> CheckRulesFlags() {
  return {{"lint", "NAMES", "default",
           "What to look for, beside mistakes: default, all, none, or names that --lint=help lists.", true},
          {"lint-fatal", "", "false", "Exit with 3 where a lint finds something.", false},
          {"ignore-unknown-fields", "", "false", "Take rule files that hold keys nobody knows.", false},
          {"config.file", "FILE", "",
           "A tocsin.yml: its collectors say which metrics there are, its intervals and its retention what a rule can "
           "see. Without a FILE its own rules are checked.",
           false},
          {"url", "URL", "", "A running tocsin or Prometheus, which is asked for the metrics there are.", true},
          {"metrics", "FILE", "", "A page of metrics, whose names are those there are; - is standard input.", true},
          {"scrape-interval", "DURATION", "", "How often targets are scraped, where no --config.file says so.", false},
          {"format", "FORMAT", "text", "text or json.", false, {"text", "json"}},
          {"enable-feature", "NAMES", "", "Parts of PromQL that Prometheus calls experimental, as for `tocsin run`.",
           true}};
}

int CheckRuleFiles(const Invocation& invocation) {
  const std::vector<std::string> words = Words(invocation.GetAll("lint"));
  if (std::ranges::find(words, "help") != words.end()) {
    ListLints();
    return kOk;
  }
  const auto options = ReadOptions(invocation);
  if (!options) return Complain(options.error().message);
  const std::vector<std::string> pages = invocation.GetAll("metrics");
  const std::string& path = invocation.Get("config.file");
  if (std::ranges::count(pages, "-") + (invocation.arguments().empty() && path.empty() ? 1 : 0) > 1) {
    return Complain("standard input cannot be both rules and metrics; name a FILE");
  }
  std::optional<Config> config;
  base::YamlErrors errors;
  if (!path.empty()) {
    config = ReadConfig(path, ProcessEnvironment(), errors, {.features = options->reading.parse});
    if (!errors.empty()) {
      fmt::print(stderr, "{}", errors.ToString());
      return kUsage;
    }
  }
  const auto knowledge = Learn(invocation, config ? &*config : nullptr);
  if (!knowledge) {
    Complain(knowledge.error().ToString());
    return knowledge.error().code == base::ErrorCode::unavailable ? kFailed : kUsage;
  }
  std::vector<CheckedFile> files = ReadFiles(invocation, *options, config ? &*config : nullptr, errors);
  LintFiles(*options, *knowledge, files);
  if (options->json) {
    fmt::print("{}\n", ToJson(files));
  } else {
    PrintText(files);
  }
  return CodeOf(files, options->fatal);
}

}  // namespace app
