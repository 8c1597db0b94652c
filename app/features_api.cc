#include "app/features_api.h"

#include <map>
#include <string>

#include "base/net/api_response.h"
#include "promql/functions_table.h"

namespace app {
namespace {

using Category = std::map<std::string, bool>;  // JSON objects are sorted, as Go writes maps

Category Functions(const promql::EngineOptions& engine) {
  Category functions;
  for (const promql::FunctionSignature& one : promql::Functions()) {
    functions.emplace(one.name, !one.experimental || engine.parse.experimental_functions);
  }
  return functions;
}

Category Operators(const promql::EngineOptions& engine) {
  Category operators;
  for (const char* name : {"+",      "-",     "*",        "/",      "%",       "^",     "==",           "!=",
                           ">",      "<",     ">=",       "<=",     "=~",      "!~",    "and",          "or",
                           "unless", "atan2", "@",        "avg",    "bottomk", "count", "count_values", "group",
                           "max",    "min",   "quantile", "stddev", "stdvar",  "sum",   "topk"}) {
    operators.emplace(name, true);
  }
  for (const char* name : {"limitk", "limit_ratio"}) operators.emplace(name, engine.parse.experimental_functions);
  return operators;
}

std::map<std::string, Category> Categories(const Features& features) {
  const promql::EngineOptions& engine = features.engine;
  return {
      {"api",
       {{"admin", false},
        {"exclude_alerts", true},
        {"lifecycle", features.lifecycle},
        {"query_stats", true},
        {"query_warnings", true},
        {"remote_write_receiver", features.remote_write_receiver}}},
      {"prometheus", {{"agent_mode", false}, {"auto_reload_config", false}}},
      {"promql",
       {{"anchored", engine.parse.extended_range_selectors},
        {"at_modifier", true},
        {"delayed_name_removal", engine.delayed_name_removal},
        {"negative_offset", true},
        {"per_step_stats", false},
        {"smoothed", engine.parse.extended_range_selectors}}},
      {"promql_functions", Functions(engine)},
      {"promql_operators", Operators(engine)},
      {"rules", {{"concurrent_rule_eval", true}, {"keep_firing_for", true}, {"query_offset", true}}},
      {"tsdb", {{"exemplar_storage", features.exemplar_storage}, {"native_histograms", true}}},
  };
}

}  // namespace

base::Endpoint FeaturesEndpoint(const Features& features) {
  return {"GET", "/api/v1/features", "Which features of Prometheus are on",
          [categories = Categories(features)](const base::HttpRequest&) {
            return base::ApiSuccess([&](base::JsonWriter& json) {
              json.BeginObject();
              for (const auto& [category, of_category] : categories) {
                json.Key(category).BeginObject();
                for (const auto& [name, on] : of_category) json.Key(name).Bool(on);
                json.EndObject();
              }
              json.EndObject();
            });
          }};
}

}  // namespace app
