#include "rules/remote/config.h"

#include <array>
#include <utility>

#include "base/text.h"

namespace rules {
namespace {

constexpr int kLocalThreads = 2;    // they compute
constexpr int kRemoteThreads = 16;  // they wait
constexpr int kMostThreads = 256;
constexpr int kMostRetries = 10;

// What a query is made of; no extra parameter may change it.
constexpr std::string_view kOwnParameters[] = {"query", "time", "start", "end", "timeout"};

bool ReadMethod(const base::YamlReader& in, bool& get) {
  std::string word;
  if (!base::ReadYaml(in, word)) return false;
  get = word == "GET";
  if (!get && word != "POST") in.Fail("expected POST or GET, found " + base::Quote(word));
  return get || word == "POST";
}

bool ReadPartialResponse(const base::YamlReader& in, PartialResponse& out) {
  constexpr std::array<std::pair<std::string_view, PartialResponse>, 3> kWords = {
      {{"error", PartialResponse::error}, {"warn", PartialResponse::warn}, {"ignore", PartialResponse::ignore}}};
  std::string word;
  if (!base::ReadYaml(in, word)) return false;
  for (const auto& [name, value] : kWords) {
    if (name != word) continue;
    out = value;
    return true;
  }
  in.Fail("expected error, warn or ignore, found " + base::Quote(word));
  return false;
}

// The policies that raise alerts are for single rules.
bool ReadDefaultNoData(const base::YamlReader& in, NoDataPolicy& out) {
  std::string word;
  if (!base::ReadYaml(in, word)) return false;
  const auto policy = ParseNoDataPolicy(word);
  if (!policy || *policy > NoDataPolicy::keep) {
    in.Fail("expected resolve or keep, found " + base::Quote(word));
    return false;
  }
  out = *policy;
  return true;
}

bool ReadUrl(const base::YamlReader& in, std::string& out) {
  if (!base::ReadYaml(in, out)) return false;
  const std::string problem = UrlProblem(out);
  if (!problem.empty()) in.Fail(problem);
  return problem.empty();
}

bool ReadParams(const base::YamlReader& in, std::map<std::string, std::vector<std::string>>& out) {
  if (!base::ReadYaml(in, out)) return false;
  bool good = true;
  for (const std::string_view own : kOwnParameters) {
    if (!out.contains(std::string(own))) continue;
    in.Fail("the parameter " + base::Quote(own) + " is that of the evaluation");
    good = false;
  }
  return good;
}

std::vector<base::Field<DatasourceConfig>> OwnFields() {
  using C = DatasourceConfig;
  return {
      {{"url", "URL", "", "The server: what /api/v1/query is appended to.", true, nullptr},
       [](const base::YamlReader& in, C& out) { return ReadUrl(in, out.url); }},
      {{"method", "POST or GET", "POST", "How it is asked.", false, nullptr},
       [](const base::YamlReader& in, C& out) { return ReadMethod(in, out.get); }},
      base::Optional("timeout", "duration", "30s", &C::timeout,
                     "How long one query may take; never longer than the interval of the rule's group."),
      base::Optional("retries", "integer", "2", &C::retries,
                     "How often a query that met a broken connection, 429 or 5xx is sent again, while the next "
                     "evaluation is not due."),
      {{"partial_response", "error, warn or ignore", "error",
        "What an answer does that does not cover all data: fail the evaluation, be logged, or just count.", false,
        nullptr},
       [](const base::YamlReader& in, C& out) { return ReadPartialResponse(in, out.partial_response); }},
      base::Optional("eval_delay", "duration", "global.rule_query_offset", &C::eval_delay,
                     "How far in the past groups without a query_offset are evaluated, for data that arrives late."),
      {{"params", "map of lists", "{}",
        "Further parameters of each query, such as dedup, extra_label or step of Thanos and VictoriaMetrics.", false,
        nullptr},
       [](const base::YamlReader& in, C& out) { return ReadParams(in, out.params); }},
  };
}

const base::YamlSchema<DatasourceConfig>& DatasourceSchema() {
  static const base::YamlSchema<DatasourceConfig> schema([] {
    std::vector<base::Field<DatasourceConfig>> fields = OwnFields();
    for (auto& field : base::HttpOptionsFields(&DatasourceConfig::http)) fields.push_back(std::move(field));
    for (auto& field : base::FieldsOfMember(&DatasourceConfig::http, {base::PlainHeadersField()})) {
      fields.push_back(std::move(field));
    }
    return fields;
  }());
  return schema;
}

bool CheckDatasource(const base::YamlReader& in, const DatasourceConfig& config) {
  bool good = base::CheckHttpOptions(in, config.http);
  const auto require = [&](bool holds, std::string_view otherwise) {
    if (!holds) in.Fail(otherwise);
    good = good && holds;
  };
  require(config.timeout.count() > 0, "timeout must be more than 0");
  require(config.retries >= 0 && config.retries <= kMostRetries, "retries is a number from 0 to 10");
  return good;
}

// A URL alone, or the map.
bool ReadDatasource(const base::YamlReader& in, EvaluationConfig& out) {
  if (in.node().kind == base::YamlNode::Kind::null) return true;
  DatasourceConfig config;
  const bool good = in.node().kind == base::YamlNode::Kind::scalar
                        ? ReadUrl(in, config.url)
                        : DatasourceSchema().Read(in, config) && CheckDatasource(in, config);
  if (good) out.datasource = std::move(config);
  return good;
}

const base::YamlSchema<EvaluationConfig>& EvaluationSchema() {
  using C = EvaluationConfig;
  static const base::YamlSchema<C> schema({
      {{"datasource", "map or URL", "",
        "The server with Prometheus' HTTP API that rules are evaluated against, instead of the samples stored here.",
        false, &DatasourceSchema().help()},
       ReadDatasource},
      base::Optional("concurrency", "integer", "2, with a datasource 16", &C::concurrency,
                     "How many groups are evaluated at the same time."),
      {{"no_data", "resolve or keep", "resolve",
        "The policy of rules in `groups:` that have no `no_data` of their own. Thresholds have keep.", false, nullptr},
       [](const base::YamlReader& in, C& out) { return ReadDefaultNoData(in, out.no_data); }},
      base::Optional("catch_up", "duration", "0s", &C::catch_up,
                     "How far back evaluations that were missed, while the process was down or stood still, are done "
                     "afterwards from stored samples. 0s: not at all, and time in which nobody looked does not count."),
  });
  return schema;
}

}  // namespace

int EvaluationConfig::Threads() const {
  if (concurrency > 0) return concurrency;
  return datasource ? kRemoteThreads : kLocalThreads;
}

bool ReadYaml(const base::YamlReader& in, EvaluationConfig& out) {
  if (!EvaluationSchema().Read(in, out)) return false;
  const bool good = out.concurrency >= 0 && out.concurrency <= kMostThreads;
  if (!good) in.Fail("concurrency is a number from 1 to 256");
  return good;
}

const std::vector<base::FieldHelp>& EvaluationHelp() { return EvaluationSchema().help(); }

std::string UrlProblem(std::string_view url) {
  const bool http = url.starts_with("http://") || url.starts_with("https://");
  // the text itself is not repeated: it may hold a password
  if (!http || url.size() <= url.find("//") + 2) return "expected a URL that starts with http:// or https://";
  if (url.find_first_of("?#") != std::string_view::npos) return "the URL has a query; parameters stand under params";
  return "";
}

void ResolvePaths(const std::string& folder, EvaluationConfig& config) {
  if (config.datasource) base::ResolvePaths(folder, config.datasource->http);
}

}  // namespace rules
