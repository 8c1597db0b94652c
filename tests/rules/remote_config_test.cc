#include <gtest/gtest.h>

#include "base/text.h"
#include "rules/remote/config.h"

namespace rules {
namespace {

EvaluationConfig Read(std::string_view yaml, std::string& mistakes) {
  base::YamlErrors errors;
  const base::YamlNode root = base::ParseYaml(yaml, "f.yml", errors);
  EvaluationConfig config;
  ReadYaml(base::YamlReader(root, "rules", errors), config);
  mistakes = errors.ToString();
  return config;
}

TEST(RemoteConfigTest, BothFormsAreRead) {
  std::string mistakes;
  EXPECT_EQ(Read("datasource: http://prometheus:9090", mistakes),
            (EvaluationConfig{.datasource = DatasourceConfig{.url = "http://prometheus:9090"}}));
  EXPECT_EQ(Read("{datasource: , concurrency: 5}", mistakes), EvaluationConfig{.concurrency = 5});
  EvaluationConfig long_form = Read(R"(
datasource:
  url: https://mimir/prometheus
  method: GET
  timeout: 5s
  retries: 0
  partial_response: warn
  eval_delay: 30s
  params: {dedup: ["false"], "extra_filters[]": ['{a="1"}', '{b="2"}']}
  headers: {X-Scope-OrgID: risk}
  http_headers: {X-More: {values: [v], secrets: [s], files: [token]}}
  basic_auth: {username: u, password_file: secrets/password}
  tls_config: {ca_file: ca.pem, server_name: mimir.example}
  follow_redirects: false
)",
                                    mistakes);
  EXPECT_EQ(mistakes, "");
  ResolvePaths("/etc/tocsin", long_form);
  DatasourceConfig want{.url = "https://mimir/prometheus",
                        .get = true,
                        .timeout = std::chrono::seconds(5),
                        .retries = 0,
                        .partial_response = PartialResponse::warn,
                        .eval_delay = std::chrono::seconds(30),
                        .params = {{"dedup", {"false"}}, {"extra_filters[]", {"{a=\"1\"}", "{b=\"2\"}"}}},
                        .http = {}};
  want.http.basic_auth = base::HttpBasicAuth{"u", "", {"", "/etc/tocsin/secrets/password"}};
  want.http.headers = {{"X-Scope-OrgID", {"risk", ""}},
                       {"X-More", {"v", ""}},
                       {"X-More", {"s", ""}},
                       {"X-More", {"", "/etc/tocsin/token"}}};
  want.http.tls.ca_file = "/etc/tocsin/ca.pem";
  want.http.tls.server_name = "mimir.example";
  want.http.follow_redirects = false;
  EXPECT_EQ(long_form, EvaluationConfig{.datasource = want});
  EXPECT_EQ(long_form.Threads(), 16);
  EXPECT_EQ(EvaluationConfig{}.Threads(), 2);
}

TEST(RemoteConfigTest, MistakesAreTold) {
  struct Case {
    std::string_view yaml;
    std::string_view want;
  };
  constexpr std::string_view kOne =
      "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured";
  const Case cases[] = {
      {"datasource: prometheus:9090",
       "f.yml:1:13: rules.datasource: expected a URL that starts with http:// or https://"},
      {"datasource: http://p/?dedup=false",
       "f.yml:1:13: rules.datasource: the URL has a query; parameters stand under params"},
      {"datasource: {}", "f.yml:1:13: rules.datasource: \"url\" is missing"},
      {"datasource: {url: }", "f.yml:1:19: rules.datasource.url: expected a URL that starts with http:// or https://"},
      {"datasource: {url: http://p, timeout: 0s}", "f.yml:1:13: rules.datasource: timeout must be more than 0"},
      {"datasource: {url: http://p, retries: 11}", "f.yml:1:13: rules.datasource: retries is a number from 0 to 10"},
      {"datasource: {url: http://p, method: PUT}",
       "f.yml:1:37: rules.datasource.method: expected POST or GET, found \"PUT\""},
      {"datasource: {url: http://p, partial_response: abort}",
       "f.yml:1:47: rules.datasource.partial_response: expected error, warn or ignore, found \"abort\""},
      {"datasource: {url: http://p, params: {time: [\"1\"]}}",
       "f.yml:1:37: rules.datasource.params: the parameter \"time\" is that of the evaluation"},
      {"datasource: {url: http://p, headers: {authorization: x}}",
       "f.yml:1:38: rules.datasource.headers: setting header \"authorization\" is not allowed"},
      {"datasource: {url: http://p, bearer_token: x, authorization: {credentials: y}}", kOne},
      {"datasource: {url: http://p, bearer_token: x, basic_auth: {username: y}}", kOne},
      {"datasource: {url: http://p, authorization: {type: basic}}",
       "authorization type cannot be set to \"basic\", use \"basic_auth\" instead"},
      {"datasource: {url: http://p, tls_config: {cert_file: a}}",
       "a client certificate needs its key: key or key_file is missing"},
      {"datasource: {url: http://p, oauth2: {}}",
       "f.yml:1:37: rules.datasource.oauth2: oauth2 client_id must be configured"},
      {"concurrency: 1000", "f.yml:1:1: rules: concurrency is a number from 1 to 256"},
      {"datasorce: http://p", "f.yml:1:1: rules: unknown key \"datasorce\" (did you mean \"datasource\"?)"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.yaml);
    std::string mistakes;
    const EvaluationConfig config = Read(each.yaml, mistakes);
    EXPECT_NE(mistakes.find(std::string(each.want) + "\n"), std::string::npos) << mistakes;
    EXPECT_FALSE(config.datasource);
  }
}

TEST(RemoteConfigTest, SecretsAreNotShown) {
  base::YamlErrors errors;
  const base::YamlNode root = base::ParseYaml(R"(
datasource:
  url: http://user:word@mimir/
  headers: {X-Token: t}
  http_headers: {X-More: {values: [v], secrets: [s]}}
  basic_auth: {username: u, password: p}
  authorization: {credentials: c}
  bearer_token: b
)",
                                              "f.yml", errors);
  EXPECT_EQ(base::ReplaceAll(base::WriteYaml(base::HideSecrets(root, EvaluationHelp())), ": \n", ":\n"), R"(datasource:
  url: http://xxxxx:xxxxx@mimir/
  headers:
    X-Token: <secret>
  http_headers:
    X-More:
      values:
        - v
      secrets:
        - <secret>
  basic_auth:
    username: u
    password: <secret>
  authorization:
    credentials: <secret>
  bearer_token: <secret>
)");
}

}  // namespace
}  // namespace rules
