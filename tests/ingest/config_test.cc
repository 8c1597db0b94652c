#include "ingest/config.h"

#include <gtest/gtest.h>

#include "ingest/target.h"

namespace ingest {
namespace {

struct ReadFile {
  GlobalConfig global;
  std::vector<ScrapeConfig> scrapes;
  std::string errors;
};

// The two sections out of a whole file.
ReadFile Read(std::string_view yaml) {
  base::YamlErrors errors;
  const base::YamlNode node = base::ParseYaml(yaml, "t.yml", errors);
  const base::YamlReader top(node, "", errors);
  ReadFile file;
  if (const base::YamlNode* global = node.Find("global")) ReadYaml(top.Entry(*global, "global"), file.global);
  if (const base::YamlNode* scrapes = node.Find("scrape_configs")) {
    ReadScrapeConfigs(top.Entry(*scrapes, "scrape_configs"), file.global, file.scrapes);
  }
  file.errors = errors.ToString();
  return file;
}

TEST(ScrapeConfig, DefaultsAreThoseOfPrometheus) {
  const ReadFile file = Read("scrape_configs: [{job_name: a}]");
  ASSERT_EQ(file.errors, "");
  ASSERT_EQ(file.scrapes.size(), 1);
  const ScrapeConfig& config = file.scrapes[0];
  EXPECT_EQ(config.scrape_interval, std::chrono::minutes(1));
  EXPECT_EQ(config.scrape_timeout, std::chrono::seconds(10));
  EXPECT_EQ(config.metrics_path, "/metrics");
  EXPECT_EQ(config.scheme, "http");
  EXPECT_FALSE(config.honor_labels);
  EXPECT_TRUE(config.honor_timestamps);
  EXPECT_TRUE(config.http.follow_redirects);
  EXPECT_TRUE(config.enable_compression);
}

TEST(ScrapeConfig, IntervalsComeFromGlobalOrFromThemselves) {
  struct Case {
    std::string_view yaml;
    int interval;
    int timeout;
  };
  static constexpr Case kCases[] = {
      {"{global: {scrape_interval: 15s}, scrape_configs: [{job_name: a}]}", 15, 10},
      {"{global: {scrape_interval: 5s}, scrape_configs: [{job_name: a}]}", 5, 5},
      {"{global: {scrape_interval: 15s, scrape_timeout: 7s}, scrape_configs: [{job_name: a}]}", 15, 7},
      {"{global: {scrape_interval: 15s}, scrape_configs: [{job_name: a, scrape_interval: 3s}]}", 3, 3},
      {"{scrape_configs: [{job_name: a, scrape_interval: 30s, scrape_timeout: 20s}]}", 30, 20},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.yaml);
    const ReadFile file = Read(c.yaml);
    EXPECT_EQ(file.errors, "");
    EXPECT_EQ(file.scrapes[0].scrape_interval, std::chrono::seconds(c.interval));
    EXPECT_EQ(file.scrapes[0].scrape_timeout, std::chrono::seconds(c.timeout));
  }
}

TEST(ScrapeConfig, ReadsEverything) {
  const ReadFile file = Read(R"(
global: {external_labels: {site: x}, sample_limit: 5, metric_name_validation_scheme: legacy}
scrape_configs:
  - job_name: a
    metrics_path: /m
    scheme: https
    params: {module: [x, y]}
    honor_labels: true
    honor_timestamps: false
    body_size_limit: 10MB
    label_limit: 30
    basic_auth: {username: u, password_file: /p}
    tls_config: {ca_file: ca.pem, insecure_skip_verify: true}
    static_configs: [{targets: ["h:1", "h:2"], labels: {env: prod}}]
    file_sd_configs: [{files: ["t/*.json"], refresh_interval: 1m}]
    scrape_protocols: [PrometheusProto, PrometheusText0.0.4]
    relabel_configs: [{source_labels: [a], target_label: b}]
    metric_relabel_configs: [{regex: x, action: labeldrop}]
  - job_name: b
    bearer_token: t
)");
  ASSERT_EQ(file.errors, "");
  const ScrapeConfig& a = file.scrapes[0];
  EXPECT_EQ(a.limits.body_size.bytes, 10U << 20);
  EXPECT_EQ(a.limits.samples, 5);
  EXPECT_EQ(a.limits.labels, 30);
  EXPECT_EQ(a.name_validation, NameValidation::legacy);
  EXPECT_EQ(a.http.basic_auth->password.file, "/p");
  EXPECT_EQ(a.scrape_protocols, (std::vector<std::string>{"PrometheusProto", "PrometheusText0.0.4"}));
  EXPECT_EQ(a.static_configs[0].targets.size(), 2);
  EXPECT_EQ(a.relabel_configs[0].target_label, "b");
  EXPECT_EQ(file.scrapes[1].http.authorization->credentials.value, "t");
  EXPECT_EQ(AcceptHeader(a.scrape_protocols, a.name_escaping.value()),
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
            "text/plain;version=0.0.4;q=0.5,*/*;q=0.4");
  std::vector<ScrapeConfig> resolved = file.scrapes;
  ResolvePaths("/etc/t", resolved);
  EXPECT_EQ(resolved[0].http.tls.ca_file, "/etc/t/ca.pem");
  EXPECT_EQ(resolved[0].file_sd_configs[0].files[0], "/etc/t/t/*.json");
  EXPECT_EQ(resolved[0].http.basic_auth->password.file, "/p");
}

TEST(ScrapeConfig, Complaints) {
  struct Case {
    std::string_view yaml;
    std::string_view want;
  };
  static constexpr Case kCases[] = {
      {"scrape_configs: [{job_name: a}, {job_name: a}]",
       "t.yml:1:33: scrape_configs[1]: found multiple scrape configs with job name \"a\"\n"},
      {"scrape_configs: [{job_name: ''}]", "t.yml:1:18: scrape_configs[0]: job_name is empty\n"},
      {"scrape_configs: [{job_name: a, scrape_interval: 5s, scrape_timeout: 6s}]",
       "t.yml:1:18: scrape_configs[0]: scrape timeout greater than scrape interval for scrape config with job name "
       "\"a\"\n"},
      {"global: {scrape_interval: 5s, scrape_timeout: 6s}",
       "t.yml:1:9: global: global scrape timeout greater than scrape interval\n"},
      {"scrape_configs: [{job_name: a, metric_name_validation_scheme: legacy, metric_name_escaping_scheme: "
       "allow-utf-8}]",
       "t.yml:1:18: scrape_configs[0]: metric_name_escaping_scheme allow-utf-8 asks for names that "
       "metric_name_validation_scheme legacy refuses\n"},
      {"scrape_configs: [{job_name: a, metric_name_escaping_scheme: hex}]",
       "t.yml:1:61: scrape_configs[0].metric_name_escaping_scheme: unknown name escaping scheme \"hex\", expected "
       "allow-utf-8, underscores, dots or values\n"},
      {"scrape_configs: [{job_name: a, basic_auth: {username: u}, bearer_token: t}]",
       "t.yml:1:18: scrape_configs[0]: at most one of basic_auth, authorization, oauth2, bearer_token & "
       "bearer_token_file must "
       "be configured\n"},
      {"scrape_configs: [{job_name: a, authorization: {type: Basic}}]",
       "t.yml:1:47: scrape_configs[0].authorization: authorization type cannot be set to \"basic\", use \"basic_auth\" "
       "instead\n"},
      {"scrape_configs: [{job_name: a, scheme: ftp}]",
       "t.yml:1:18: scrape_configs[0]: unknown scheme \"ftp\", expected http or https\n"},
      {"scrape_configs: [{job_name: a, static_configs: [{targets: ['http://h/']}]}]",
       "t.yml:1:49: scrape_configs[0].static_configs[0]: \"http://h/\" is not a valid hostname: write host:port, or "
       "rewrite __address__ with relabel_configs\n"},
      {"scrape_configs: [{job_name: a, body_size_limit: 1XB}]",
       "t.yml:1:49: scrape_configs[0].body_size_limit: not a size: \"1XB\" (expected a number with B, KB, MB, GB, TB, "
       "PB or "
       "EB)\n"},
      {"scrape_configs: [{job_name: a, body_size_limit: 100}]",
       "t.yml:1:49: scrape_configs[0].body_size_limit: not a size: \"100\" (expected a number with B, KB, MB, GB, TB, "
       "PB or "
       "EB)\n"},
      {"scrape_configs: [{job_name: a, fallback_scrape_protocol: Protobuf}]",
       "t.yml:1:58: scrape_configs[0].fallback_scrape_protocol: unknown scrape protocol \"Protobuf\", "
       "supported: "
       "OpenMetricsText0.0.1, OpenMetricsText1.0.0, PrometheusProto, PrometheusText0.0.4, PrometheusText1.0.0\n"},
      {"scrape_configs: [{job_name: a, file_sd_configs: [{files: [x.txt]}]}]",
       "t.yml:1:50: scrape_configs[0].file_sd_configs[0]: path name \"x.txt\" is not valid for file discovery\n"},
      {"scrape_configs: [{job_name: a, scrape_protocols: [PrometheusText0.0.5]}]",
       "t.yml:1:51: scrape_configs[0].scrape_protocols[0]: unknown scrape protocol \"PrometheusText0.0.5\", supported: "
       "OpenMetricsText0.0.1, OpenMetricsText1.0.0, PrometheusProto, PrometheusText0.0.4, PrometheusText1.0.0\n"},
      {"scrape_configs: [{job_name: a, scrape_protocols: []}]",
       "t.yml:1:50: scrape_configs[0].scrape_protocols: scrape_protocols cannot be empty\n"},
      {"global: {scrape_protocols: [PrometheusProto, PrometheusProto]}",
       "t.yml:1:29: global.scrape_protocols[0]: duplicated protocol in scrape_protocols\n"},
      {"scrape_configs: [{job_name: a, scrape_native_histograms: 7}]",
       "t.yml:1:58: scrape_configs[0].scrape_native_histograms: expected true or false, found \"7\"\n"},
      {"scrape_configs: [{job_name: a, tls_config: {cert_file: x}}]",
       "t.yml:1:44: scrape_configs[0].tls_config: a client certificate needs its key: key or key_file is "
       "missing\n"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.yaml);
    EXPECT_EQ(Read(c.yaml).errors, c.want);
  }
}

TEST(ScrapeConfig, NativeHistograms) {
  struct Case {
    std::string_view yaml;
    bool native;
    bool classic;
    std::string_view accept;
  };
  static constexpr std::string_view kTexts =
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
      "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
      "text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
  static constexpr std::string_view kProtobufFirst =
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
      "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
      "text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
  static constexpr std::string_view kOneText = "text/plain;version=0.0.4;q=0.6,*/*;q=0.5";
  static constexpr Case kCases[] = {
      {"{scrape_configs: [{job_name: a}]}", false, false, kTexts},
      {"{scrape_configs: [{job_name: a, scrape_native_histograms: true}]}", true, false, kProtobufFirst},
      {"{global: {scrape_native_histograms: true}, scrape_configs: [{job_name: a}]}", true, false, kProtobufFirst},
      {"{global: {scrape_native_histograms: true}, scrape_configs: [{job_name: a, scrape_native_histograms: false}]}",
       false, false, kTexts},
      {"{global: {always_scrape_classic_histograms: true}, scrape_configs: [{job_name: a}]}", false, true, kTexts},
      {"{scrape_configs: [{job_name: a, scrape_native_histograms: true, always_scrape_classic_histograms: true}]}",
       true, true, kProtobufFirst},
      {"{scrape_configs: [{job_name: a, scrape_native_histograms: true, scrape_protocols: [PrometheusText0.0.4]}]}",
       true, false, kOneText},
      {"{global: {scrape_native_histograms: true, scrape_protocols: [PrometheusText0.0.4]}, scrape_configs: "
       "[{job_name: a}]}",
       true, false, kOneText},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.yaml);
    const ReadFile file = Read(c.yaml);
    EXPECT_EQ(file.errors, "");
    EXPECT_EQ(file.scrapes[0].scrape_native_histograms, c.native);
    EXPECT_EQ(file.scrapes[0].always_scrape_classic_histograms, c.classic);
    EXPECT_EQ(AcceptHeader(file.scrapes[0].scrape_protocols, file.scrapes[0].name_escaping.value()), c.accept);
  }
}

ScrapeConfig Job() {
  ScrapeConfig config;
  config.job_name = "j";
  config.scrape_interval = std::chrono::seconds(15);
  config.scrape_timeout = std::chrono::seconds(10);
  return config;
}

TEST(MakeTarget, SetsItsLabelsAndUrl) {
  ScrapeConfig config = Job();
  config.params = {{"m", {"a b", "c"}}};
  const Target target = MakeTarget(config, "h:1", {{"env", "prod"}, {"__meta_x", "y"}}).value().value();
  EXPECT_EQ(target.labels.ToString(),
            R"({__address__="h:1", __metrics_path__="/metrics", __param_m="a b", __scheme__="http", )"
            R"(__scrape_interval__="15s", __scrape_timeout__="10s", env="prod", instance="h:1", job="j"})");
  EXPECT_EQ(target.PublicLabels().ToString(), R"({env="prod", instance="h:1", job="j"})");
  EXPECT_EQ(target.discovered.Get("__meta_x"), "y");
  EXPECT_EQ(target.url, "http://h:1/metrics?m=a+b&m=c");
  EXPECT_EQ(target.interval, std::chrono::seconds(15));
}

TEST(MakeTarget, RelabellingMayChangeEverything) {
  ScrapeConfig config = Job();
  const auto set = [](std::string label, std::string value) {
    RelabelConfig step;
    step.target_label = std::move(label);
    step.replacement = std::move(value);
    return step;
  };
  config.relabel_configs = {set("__address__", "x:9"),         set("__scheme__", "https"),
                            set("__metrics_path__", "probe"),  set("__param_target", "$1"),
                            set("__scrape_interval__", "30s"), set("instance", "nice")};
  config.relabel_configs[3].source_labels = {"__address__"};
  const Target target = MakeTarget(config, "h:1", {}).value().value();
  EXPECT_EQ(target.url, "https://x:9/probe?target=x%3A9");
  EXPECT_EQ(target.interval, std::chrono::seconds(30));
  EXPECT_EQ(target.PublicLabels().ToString(), R"({instance="nice", job="j"})");
}

// The documented use of the blackbox exporter: what is given as a target is a parameter, the exporter is the address.
TEST(MakeTarget, JudgesTheAddressBehindRelabelling) {
  const ReadFile file = Read(R"(
scrape_configs:
  - job_name: probes
    metrics_path: /probe
    static_configs: [{targets: ['https://shop.example.com/health']}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: '127.0.0.1:9115'}
)");
  EXPECT_EQ(file.errors, "");
  ASSERT_EQ(file.scrapes.size(), 1);
  const TargetSet set = MakeTargets(file.scrapes[0], file.scrapes[0].static_configs);
  ASSERT_EQ(set.targets.size(), 1);
  EXPECT_EQ(set.targets[0].url, "http://127.0.0.1:9115/probe?target=https%3A%2F%2Fshop.example.com%2Fhealth");
  EXPECT_EQ(set.targets[0].PublicLabels().Get("instance"), "https://shop.example.com/health");
}

TEST(MakeTarget, Refuses) {
  struct Case {
    std::string_view label;
    std::string_view value;
    std::string_view want;
  };
  static constexpr Case kCases[] = {
      {"__address__", "", "no address"},
      {"__address__", "h/x", "\"h/x\" is not a valid hostname"},
      {"__scheme__", "ftp", "unknown scheme \"ftp\""},
      {"__scrape_interval__", "0s", "scrape interval cannot be 0"},
      {"__scrape_timeout__", "16s", "scrape timeout cannot be greater than scrape interval (\"16s\" > \"15s\")"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.want);
    ScrapeConfig config = Job();
    config.relabel_configs.resize(1);
    config.relabel_configs[0].target_label = c.label;
    config.relabel_configs[0].replacement = c.value;
    const auto target = MakeTarget(config, "h:1", {});
    ASSERT_FALSE(target);
    EXPECT_EQ(target.error().message, c.want);
  }
}

TEST(MakeTargets, KeepsAsManyDroppedTargetsAsAreWanted) {
  ScrapeConfig config;
  config.relabel_configs.resize(1);
  config.relabel_configs[0].action = RelabelAction::drop;
  const std::vector<TargetGroup> groups = {{.targets = {"a:1", "b:1", "c:1"}, .labels = {}}};
  EXPECT_EQ(MakeTargets(config, groups).dropped.size(), 3);
  config.keep_dropped_targets = 2;
  EXPECT_EQ(MakeTargets(config, groups).dropped.size(), 2);
}

TEST(MakeTargets, SortsDropsAndKeepsEachOnce) {
  ScrapeConfig config = Job();
  config.relabel_configs.resize(1);
  config.relabel_configs[0].source_labels = {"__address__"};
  config.relabel_configs[0].regex = RelabelRegex::Make("h:3").value();
  config.relabel_configs[0].action = RelabelAction::drop;
  const TargetSet set =
      MakeTargets(config, {{.targets = {"h:2", "h:1", "h:3"}, .labels = {}}, {.targets = {"h:1", ""}, .labels = {}}});
  ASSERT_EQ(set.targets.size(), 2);
  EXPECT_EQ(set.targets[0].labels.Get("instance"), "h:1");
  ASSERT_EQ(set.dropped.size(), 1);
  EXPECT_EQ(set.dropped[0].Get("__address__"), "h:3");
  ASSERT_EQ(set.errors.size(), 1);
  EXPECT_EQ(set.errors[0].message, "target \"\" of job \"j\": no address");
}

TEST(NextScrape, IsTheFirstInstantAtItsOffset) {
  const auto at = [](int64_t milliseconds) { return base::Timestamp(base::Duration(milliseconds)); };
  const base::Duration interval(1000);
  EXPECT_EQ(NextScrape(at(5000), interval, base::Duration(0)), at(5000));
  EXPECT_EQ(NextScrape(at(5001), interval, base::Duration(0)), at(6000));
  EXPECT_EQ(NextScrape(at(5000), interval, base::Duration(300)), at(5300));
  EXPECT_EQ(NextScrape(at(5400), interval, base::Duration(300)), at(6300));
  Target target = MakeTarget(Job(), "h:1", {}).value().value();
  const base::Duration offset = ScrapeOffset(target, 0);
  EXPECT_GE(offset, base::Duration(0));
  EXPECT_LT(offset, target.interval);
  EXPECT_EQ(ScrapeOffset(target, 0), offset);
  EXPECT_NE(ScrapeOffset(target, 12345), offset);
}

}  // namespace
}  // namespace ingest
