#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/yaml/yaml.h"
#include "ingest/config.h"

// Readers of values that both `global:` and `scrape_configs:` have.

namespace ingest {

bool ReadProtocol(const base::YamlReader& in, std::string& out);
bool ReadProtocols(const base::YamlReader& in, std::vector<std::string>& out);
bool ReadNameValidation(const base::YamlReader& in, NameValidation& out);
bool ReadNameEscaping(const base::YamlReader& in, std::optional<NameEscaping>& out);

template <class T, class Value>
base::Field<T> LimitField(std::string key, std::string type, ScrapeLimits T::* limits, Value ScrapeLimits::* member,
                          std::string help) {
  return {{std::move(key), std::move(type), "0", std::move(help) + " 0 is no limit.", false, nullptr},
          [limits, member](const base::YamlReader& in, T& out) {
            // unqualified and with base's in sight: sizes are read here, numbers there
            using base::ReadYaml;
            return ReadYaml(in, (out.*limits).*member);
          }};
}

template <class T>
std::vector<base::Field<T>> LimitFields(ScrapeLimits T::* limits) {
  return {
      LimitField("body_size_limit", "size", limits, &ScrapeLimits::body_size, "Larger pages fail the scrape."),
      LimitField("sample_limit", "integer", limits, &ScrapeLimits::samples,
                 "More samples after metric relabelling fail the scrape."),
      LimitField("label_limit", "integer", limits, &ScrapeLimits::labels, "More labels on a sample fail the scrape."),
      LimitField("label_name_length_limit", "integer", limits, &ScrapeLimits::label_name_length,
                 "Longer label names fail the scrape."),
      LimitField("label_value_length_limit", "integer", limits, &ScrapeLimits::label_value_length,
                 "Longer label values fail the scrape."),
      LimitField("target_limit", "integer", limits, &ScrapeLimits::targets,
                 "More targets of one job fail all of its scrapes."),
  };
}

}  // namespace ingest
