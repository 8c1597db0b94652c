#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/net/http_options.h"
#include "base/time.h"
#include "base/yaml/yaml.h"
#include "rules/no_data/policy.h"

// `rules:` of tocsin.yml: against what rules are evaluated, and how.

namespace rules {

// What to do with an answer that does not cover all the data there is.
enum class PartialResponse : uint8_t {
  error,   // the evaluation fails, alerts stay as they are
  warn,    // it counts, and the log says so
  ignore,  // it counts
};

struct DatasourceConfig {
  std::string url{};  // what /api/v1/query is appended to; may hold a user and a password
  bool get = false;   // ask by GET instead of POST
  base::Duration timeout = std::chrono::seconds(30);
  int retries = 2;
  PartialResponse partial_response = PartialResponse::error;
  std::optional<base::Duration> eval_delay{};
  std::map<std::string, std::vector<std::string>> params{};
  base::HttpOptions http{};
  bool operator==(const DatasourceConfig&) const = default;
};

struct EvaluationConfig {
  std::optional<DatasourceConfig> datasource{};  // nullopt: what is stored here
  int concurrency = 0;                           // 0: what suits the datasource
  NoDataPolicy no_data = NoDataPolicy::resolve;  // of rules in groups that do not say
  base::Duration catch_up{0};                    // missed evaluations no further back than this are made up for

  int Threads() const;
  bool operator==(const EvaluationConfig&) const = default;
};

bool ReadYaml(const base::YamlReader& in, EvaluationConfig& out);
const std::vector<base::FieldHelp>& EvaluationHelp();

// Why this is not the URL of a datasource; "" if it is.
std::string UrlProblem(std::string_view url);

// Relative paths are meant from this folder.
void ResolvePaths(const std::string& folder, EvaluationConfig& config);

}  // namespace rules
