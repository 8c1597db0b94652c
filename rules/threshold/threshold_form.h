#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml/yaml.h"
#include "rules/expression.h"
#include "rules/threshold/active_times.h"

// A threshold as it is written, by the tables of its keys; checker.cc checks it. Positions are kept throughout.

namespace rules {

// The texts of the limits of one value.
struct WrittenLimits {
  YamlText target;
  YamlText warning;
  YamlText critical;
};

struct WrittenRatio {
  YamlText bad;
  YamlText total;
  std::optional<base::Duration> over;
  std::vector<YamlText> by;
};

struct WrittenChange {
  YamlText metric;
  YamlText over;
  YamlText kind;
  YamlText warning;
  YamlText critical;
};

struct WrittenSlo {
  YamlText objective;
  YamlText window;
  YamlText bad;
  YamlText good;
  YamlText total;
  std::vector<YamlText> by;
};

struct WrittenMissing {
  YamlText severity;
  std::optional<base::Duration> lookback;
};

struct WrittenOverride {
  Partial<std::map<std::string, YamlText>> match;
  YamlText target;
  YamlText warning;
  YamlText critical;
  YamlText whole;  // where it stands
};

struct WrittenThreshold {
  YamlText name;
  YamlText value;
  Partial<std::optional<WrittenRatio>> ratio;
  YamlText age;
  Partial<std::optional<WrittenChange>> change;
  Partial<std::optional<WrittenSlo>> slo;
  std::vector<YamlText> by;
  YamlText unit;
  YamlText target;
  YamlText warning;
  YamlText critical;
  Partial<std::vector<WrittenOverride>> overrides;
  Partial<std::optional<WrittenMissing>> missing;
  YamlText no_data;
  Partial<std::optional<WrittenActive>> active;
  base::Duration hold{0};
  base::Duration keep_firing_for{0};
  std::optional<base::Duration> interval;
  Partial<std::map<std::string, YamlText>> labels;
  std::string runbook;
  std::string summary;
  std::string description;
};

bool ReadYaml(const base::YamlReader& in, WrittenThreshold& out);
const std::vector<base::FieldHelp>& ThresholdFormHelp();

}  // namespace rules
