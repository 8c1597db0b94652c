#include "remote/config.h"

#include <gtest/gtest.h>

namespace remote {
namespace {

struct ReadFile {
  std::vector<WriteConfig> configs;
  std::string errors;
};

ReadFile Read(std::string_view yaml) {
  base::YamlErrors errors;
  const base::YamlNode node = base::ParseYaml(yaml, "t.yml", errors);
  ReadFile file;
  ReadWriteConfigs(base::YamlReader(node, "remote_write", errors), file.configs);
  file.errors = errors.ToString();
  return file;
}

TEST(RemoteWriteConfig, Defaults) {
  const ReadFile file = Read("[{url: 'http://x/api/v1/write'}]");
  ASSERT_EQ(file.errors, "");
  ASSERT_EQ(file.configs.size(), 1U);
  WriteConfig config = file.configs[0];
  EXPECT_EQ(config.name.size(), 6U);
  EXPECT_EQ(Read("[{url: 'http://x/api/v1/write'}]").configs[0].name, config.name);
  EXPECT_EQ(config.queue.MostWaiting(), 500'000U);
  WriteConfig defaults;
  defaults.url = "http://x/api/v1/write";
  defaults.name = config.name;
  EXPECT_EQ(config, defaults);
}

TEST(RemoteWriteConfig, EveryKey) {
  const ReadFile file = Read(R"(
- url: https://x/w
  name: far
  protobuf_message: io.prometheus.write.v2.Request
  remote_timeout: 3s
  headers: {X-Scope-OrgID: a}
  bearer_token: secret
  tls_config: {ca_file: ca.pem, insecure_skip_verify: true}
  proxy_url: http://p
  follow_redirects: false
  enable_http2: false
  send_native_histograms: true
  send_exemplars: false
  write_relabel_configs: [{regex: a, action: labeldrop}]
  queue_config: {capacity: 7, max_shards: 3, min_shards: 2, max_samples_per_send: 5, batch_send_deadline: 1s,
    min_backoff: 1ms, max_backoff: 2ms, retry_on_http_429: false, sample_age_limit: 1h, catch_up: 3h}
  metadata_config: {send: false, send_interval: 2m, max_samples_per_send: 9}
)");
  ASSERT_EQ(file.errors, "");
  WriteConfig want;
  want.url = "https://x/w";
  want.name = "far";
  want.protocol = Protocol::v2;
  want.remote_timeout = std::chrono::seconds(3);
  want.http.headers = {{"X-Scope-OrgID", {"a", ""}}};
  want.http.authorization = base::HttpAuthorization{"Bearer", {"secret", ""}};
  want.http.tls.ca_file = "ca.pem";
  want.http.tls.insecure_skip_verify = true;
  want.http.proxy.url = "http://p";
  want.http.follow_redirects = false;
  want.http.http2 = false;
  want.send_native_histograms = true;
  want.write_relabel_configs = file.configs[0].write_relabel_configs;
  want.queue = {7,
                3,
                2,
                5,
                std::chrono::seconds(1),
                base::Duration(1),
                base::Duration(2),
                false,
                std::chrono::hours(1),
                std::chrono::hours(3)};
  want.metadata = {false, std::chrono::minutes(2), 9};
  ASSERT_EQ(want.write_relabel_configs.size(), 1U);
  EXPECT_EQ(file.configs[0], want);
}

TEST(RemoteWriteConfig, Mistakes) {
  struct Case {
    std::string_view yaml;
    std::string_view want;
  };
  constexpr Case kCases[] = {
      {"{url: 'http://x'}", "t.yml:1:1: remote_write: expected a list"},
      {"[{name: a}]", "t.yml:1:2: remote_write[0]: \"url\" is missing"},
      {"[{url: ''}]", "t.yml:1:8: remote_write[0].url: url for remote_write is empty"},
      {"[{url: 'x:9090'}]", "t.yml:1:8: remote_write[0].url: expected a URL that starts with http:// or https://"},
      {"[{url: 'http://x', protobuf_message: v2}]",
       "t.yml:1:38: remote_write[0].protobuf_message: unknown protobuf message \"v2\", expected "
       "prometheus.WriteRequest or io.prometheus.write.v2.Request"},
      {"[{url: 'http://x', name: a}, {url: 'http://y', name: a}]",
       "t.yml:1:30: remote_write[1]: found multiple remote write configs with job name \"a\""},
      {"[{url: 'http://u:p@x'}, {url: 'http://u:p@x'}]",
       "t.yml:1:25: remote_write[1]: duplicate remote write configs are not allowed, found duplicate for URL: "
       "http://xxxxx:xxxxx@x"},
      {"[{url: 'http://x', headers: {Authorization: a}}]",
       "t.yml:1:29: remote_write[0].headers: setting header \"Authorization\" is not allowed"},
      {"[{url: 'http://x', headers: {User-Agent: a}}]",
       "t.yml:1:29: remote_write[0].headers: setting header \"User-Agent\" is not allowed"},
      {"[{url: 'http://x', headers: {\"a b\": c}}]",
       "t.yml:1:29: remote_write[0].headers: \"a b\" is not the name of a header"},
      {"[{url: 'http://x', http_headers: {host: {values: [a]}}}]",
       "t.yml:1:41: remote_write[0].http_headers.host: setting header \"host\" is not allowed"},
      {"[{url: 'http://x', queue_config: {capacity: 0}}]",
       "t.yml:1:45: remote_write[0].queue_config.capacity: must be between 1 and 10000000"},
      {"[{url: 'http://x', queue_config: {max_shards: 2, min_shards: 3}}]",
       "t.yml:1:34: remote_write[0].queue_config: min_shards is above max_shards"},
      {"[{url: 'http://x', queue_config: {min_backoff: 10s}}]",
       "t.yml:1:34: remote_write[0].queue_config: min_backoff must be above 0 and max_backoff not below it"},
      {"[{url: 'http://x', queue_config: {capacty: 1}}]",
       "t.yml:1:35: remote_write[0].queue_config: unknown key \"capacty\" (did you mean \"capacity\"?)"},
      {"[{url: 'http://x', metadata_config: {send_interval: 0s}}]",
       "t.yml:1:37: remote_write[0].metadata_config: send_interval must be above 0"},
      {"[{url: 'http://x', remote_timeout: 0s}]", "t.yml:1:2: remote_write[0]: remote_timeout must be above 0"},
      {"[{url: 'http://x', bearer_token: a, basic_auth: {username: u}}]",
       "t.yml:1:2: remote_write[0]: at most one of basic_auth, authorization, oauth2, bearer_token & "
       "bearer_token_file must be configured"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.yaml);
    EXPECT_EQ(Read(c.yaml).errors, std::string(c.want) + "\n");
  }
}

TEST(RemoteWriteConfig, Paths) {
  ReadFile file = Read("[{url: 'http://x', authorization: {credentials_file: t}, tls_config: {ca_file: /c}}]");
  ASSERT_EQ(file.errors, "");
  ResolvePaths("/etc", file.configs);
  EXPECT_EQ(file.configs[0].http.authorization->credentials.file, "/etc/t");
  EXPECT_EQ(file.configs[0].http.tls.ca_file, "/c");
}

}  // namespace
}  // namespace remote
