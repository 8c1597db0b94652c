#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml/yaml.h"

// What becomes of every option of Prometheus' prometheus.yml (of 3.5, and of later versions where they are known): one
// table, from which the reader takes its refusals, docs/differences.md its list, and a test its cases.

namespace app {

enum class OptionVerdict : uint8_t {
  works,
  ignored,  // accepted with a warning: what it sets does not exist here, and nothing that is monitored depends on it
  refused,  // an error: without it, something else would be scraped, stored, judged or sent than the file says
};
std::string_view ToString(OptionVerdict verdict);

struct PrometheusOption {
  std::string_view scope;  // one of OptionScopes(), by name
  std::string_view key;
  OptionVerdict verdict = OptionVerdict::works;
  std::string_view example;   // a minimal way to give it, as entries of the scope's map in YAML's flow form
  std::string_view sentence;  // what is different, or what to do instead; always given unless it works as in Prometheus
};

// A map of the file that has options, which may stand in several places.
struct OptionScope {
  struct Place {
    std::string_view path;      // "scrape_configs[]"; "" for the whole file
    std::string_view document;  // a minimal file with "@" where the map's entries go
  };
  std::string_view name;
  std::vector<Place> places;
};

std::span<const PrometheusOption> PrometheusOptions();
const std::vector<OptionScope>& OptionScopes();

// Takes what is refused or ignored out of a file's tree, so that the sections' readers need not know of it. A refused
// option is an error at its key, an ignored one a warning. One that is given as null, [], false, 0 or "" is as good as
// not given.
void ApplyPrometheusOptions(base::YamlNode& root, base::YamlErrors& errors, std::vector<base::Error>& warnings);

// The section of docs/differences.md, in Markdown.
std::string PrometheusOptionsPage();

}  // namespace app
