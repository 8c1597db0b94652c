#include "app/prometheus_options.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "base/text.h"

namespace app {
namespace {

using OptionsByPath = std::map<std::string, const PrometheusOption*, std::less<>>;

// "scrape_configs[].job_name" and so on.
OptionsByPath ByPath() {
  OptionsByPath by_path;
  for (const PrometheusOption& option : PrometheusOptions()) {
    for (const OptionScope& scope : OptionScopes()) {
      if (scope.name != option.scope) continue;
      for (const OptionScope::Place& place : scope.places) {
        const std::string parent = place.path.empty() ? "" : std::string(place.path) + ".";
        by_path.emplace(parent + std::string(option.key), &option);
      }
    }
  }
  return by_path;
}

bool IsAsGoodAsAbsent(const base::YamlNode& node) {
  switch (node.kind) {
    case base::YamlNode::Kind::null:
      return true;
    case base::YamlNode::Kind::scalar:
      return node.text.empty() || node.text == "false" || node.text == "0";
    case base::YamlNode::Kind::sequence:
      return node.items.empty();
    case base::YamlNode::Kind::map:
      return false;  // `sigv4: {}` asks for it with its defaults
  }
  return false;
}

// Walks over a file's tree; a path is kept as a person writes it and as the table does.
class Walk {
 public:
  Walk(base::YamlErrors& errors, std::vector<base::Error>& warnings) : errors_(errors), warnings_(warnings) {}

  void Visit(base::YamlNode& node, const std::string& shown, const std::string& path) {
    for (size_t i = 0; i < node.items.size(); ++i) Visit(node.items[i], fmt::format("{}[{}]", shown, i), path + "[]");
    std::erase_if(node.entries, [&](base::YamlEntry& entry) {
      const std::string dot = path.empty() ? "" : ".";
      return TakeOut(entry, shown + dot + entry.key.text, path + dot + entry.key.text);
    });
  }

 private:
  bool TakeOut(base::YamlEntry& entry, const std::string& shown, const std::string& path) {
    const auto found = by_path_.find(path);
    const OptionVerdict verdict = found == by_path_.end() ? OptionVerdict::works : found->second->verdict;
    if (verdict == OptionVerdict::works) {
      Visit(entry.value, shown, path);
      return false;
    }
    if (IsAsGoodAsAbsent(entry.value)) return true;
    const std::string_view sentence = found->second->sentence;
    if (verdict == OptionVerdict::refused) {
      errors_.Add(entry.key, shown, fmt::format("not supported: {}", sentence));
    } else {
      warnings_.push_back(
          {base::ErrorCode::invalid_argument, fmt::format("{}: has no effect: {}", shown, sentence), entry.key.where});
    }
    return true;
  }

  const OptionsByPath by_path_ = ByPath();
  base::YamlErrors& errors_;
  std::vector<base::Error>& warnings_;
};

std::string Cell(std::string_view text) { return base::ReplaceAll(std::string(text), "|", "\\|"); }

}  // namespace

std::string_view ToString(OptionVerdict verdict) {
  switch (verdict) {
    case OptionVerdict::works:
      return "works";
    case OptionVerdict::ignored:
      return "no effect, with a warning";
    case OptionVerdict::refused:
      return "refused";
  }
  return "";
}

void ApplyPrometheusOptions(base::YamlNode& root, base::YamlErrors& errors, std::vector<base::Error>& warnings) {
  Walk(errors, warnings).Visit(root, "", "");
}

std::string PrometheusOptionsPage() {
  std::string page =
      "## Options of prometheus.yml\n\n"
      "Printed by `tocsin docs differences` from the table the program reads its files with; do not edit. *works*: as "
      "in\n"
      "Prometheus, apart from what the note says. *no effect, with a warning*: nothing that is monitored depends on "
      "it.\n"
      "*refused*: an error, because something else than the file says would be monitored. Options given as null, "
      "`[]`,\n"
      "`false`, `0` or `\"\"` are as good as not given.\n";
  for (const OptionScope& scope : OptionScopes()) {
    std::vector<std::string> paths;
    for (const OptionScope::Place& place : scope.places) {
      paths.push_back(place.path.empty() ? "the file itself" : fmt::format("`{}`", place.path));
    }
    page += fmt::format("\n### {}\n\nIn {}.\n\n| option | verdict | note |\n|---|---|---|\n", scope.name,
                        base::Join(paths, ", "));
    for (const PrometheusOption& option : PrometheusOptions()) {
      if (option.scope != scope.name) continue;
      page += fmt::format("| `{}` | {} | {} |\n", option.key, ToString(option.verdict), Cell(option.sentence));
    }
  }
  return page;
}

}  // namespace app
