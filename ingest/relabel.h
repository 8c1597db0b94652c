#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "base/yaml/yaml.h"

namespace re2 {
class RE2;
}

namespace ingest {

enum class RelabelAction : uint8_t {
  replace,
  keep,
  drop,
  keep_equal,
  drop_equal,
  hash_mod,
  label_map,
  label_drop,
  label_keep,
  lowercase,
  uppercase
};
std::string_view ToString(RelabelAction action);  // as written in YAML: "labelmap"

// RE2, anchored at both ends, "." matching newlines, with Go's replacement templates ($1, ${1}, ${name}, $$). A value;
// copies share the compiled expression; equal when the texts are. Thread-safe.
class RelabelRegex {
 public:
  RelabelRegex();  // (.*)
  static base::Result<RelabelRegex> Make(std::string pattern);
  static constexpr size_t kMaxBytes = 64 * 1024;

  const std::string& pattern() const { return pattern_; }
  bool Matches(std::string_view text) const;
  // What `subject` must match, then each template filled with its groups; nullopt where it does not match.
  std::optional<std::vector<std::string>> Expand(std::string_view subject,
                                                 std::initializer_list<std::string_view> templates) const;
  bool operator==(const RelabelRegex& other) const { return pattern_ == other.pattern_; }

 private:
  std::string pattern_;
  std::shared_ptr<const re2::RE2> regex_;
};

// One step of relabel_configs, metric_relabel_configs or alert_relabel_configs, with Prometheus' defaults.
struct RelabelConfig {
  std::vector<std::string> source_labels;
  std::string separator = ";";
  RelabelRegex regex;
  int64_t modulus = 0;
  std::string target_label;
  std::string replacement = "$1";
  RelabelAction action = RelabelAction::replace;

  bool operator==(const RelabelConfig&) const = default;
};
bool ReadYaml(const base::YamlReader& in, RelabelConfig& out);
const std::vector<base::FieldHelp>& RelabelConfigHelp();

// Prometheus' relabelling (model/relabel): the steps in order on the labels of a target or a sample. False: dropped
// (the labels are then in the state in which it was decided). Pure.
bool Relabel(std::span<const RelabelConfig> steps, base::LabelsBuilder& labels);
// nullopt: dropped.
std::optional<base::Labels> Relabel(std::span<const RelabelConfig> steps, const base::Labels& labels);

}  // namespace ingest
