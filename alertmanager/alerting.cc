#include "alertmanager/alerting.h"

#include <fmt/format.h>

#include "alertmanager/config_fields.h"
#include "base/text.h"

namespace alertmanager {
namespace {

struct StaticConfig {
  std::vector<std::string> targets;
};

struct PeerGroup {
  std::vector<StaticConfig> static_configs;
  std::string scheme = "http";
  std::string path_prefix;
  std::string api_version = "v2";
  base::Duration timeout = std::chrono::seconds(10);
  HttpOptions http;
};

const base::YamlSchema<StaticConfig>& StaticSchema() {
  using T = StaticConfig;
  static const base::YamlSchema<T> schema(Joined<T>({
      {base::Optional("targets", "list of host:port", "", &T::targets, "Where the Alertmanagers listen.")},
      NotSupported<T>({"labels"}),
  }));
  return schema;
}

const base::YamlSchema<PeerGroup>& PeerSchema() {
  using T = PeerGroup;
  static const base::YamlSchema<T> schema([] {
    return Joined<T>({
        {base::Optional("static_configs", "list", "", &T::static_configs, "The Alertmanagers.", &StaticSchema().help()),
         base::Optional("scheme", "http or https", "http", &T::scheme, "How they are spoken to."),
         base::Optional("path_prefix", "path", "/", &T::path_prefix, "What stands before /api/v2/alerts."),
         base::Optional("api_version", "v2", "v2", &T::api_version, "The API's version."),
         base::Optional("timeout", "duration", "10s", &T::timeout, "How long one request may take.")},
        base::HttpOptionsFields(&T::http),
        NotSupported<T>({"relabel_configs",      "alert_relabel_configs", "sigv4",
                         "azure_sd_configs",     "consul_sd_configs",     "digitalocean_sd_configs",
                         "dns_sd_configs",       "docker_sd_configs",     "dockerswarm_sd_configs",
                         "ec2_sd_configs",       "eureka_sd_configs",     "file_sd_configs",
                         "gce_sd_configs",       "hetzner_sd_configs",    "http_sd_configs",
                         "ionos_sd_configs",     "kubernetes_sd_configs", "kuma_sd_configs",
                         "lightsail_sd_configs", "linode_sd_configs",     "marathon_sd_configs",
                         "nerve_sd_configs",     "nomad_sd_configs",      "openstack_sd_configs",
                         "ovhcloud_sd_configs",  "puppetdb_sd_configs",   "scaleway_sd_configs",
                         "serverset_sd_configs", "triton_sd_configs",     "uyuni_sd_configs",
                         "vultr_sd_configs"}),
    });
  }());
  return schema;
}

struct Alerting {
  std::vector<PeerGroup> groups;
};

bool ReadYaml(const base::YamlReader& in, StaticConfig& out) { return StaticSchema().Read(in, out); }

bool ReadYaml(const base::YamlReader& in, PeerGroup& out) {
  if (!PeerSchema().Read(in, out) || !base::CheckHttpOptions(in, out.http)) return false;
  bool good = true;
  const auto fail = [&](const std::string& message) {
    in.Fail(message);
    good = false;
  };
  if (out.scheme != "http" && out.scheme != "https")
    fail("scheme must be http or https, found " + base::Quote(out.scheme));
  if (out.api_version != "v2") fail("api_version must be v2, found " + base::Quote(out.api_version));
  for (const StaticConfig& config : out.static_configs) {
    for (const std::string& target : config.targets) {
      const bool plain = !target.empty() && target.find_first_of("/ \t@") == std::string::npos;
      if (!plain) fail("expected host:port, found " + base::Quote(target));
    }
  }
  return good;
}

const base::YamlSchema<Alerting>& AlertingSchema() {
  static const base::YamlSchema<Alerting> schema(Joined<Alerting>({
      {ReadBy("alertmanagers", "list", "", &Alerting::groups, &ReadList<PeerGroup>,
              "The Alertmanagers that get every alert.", &PeerSchema().help())},
  }));
  return schema;
}

}  // namespace

const std::vector<base::FieldHelp>& AlertingHelp() { return AlertingSchema().help(); }

bool ReadYaml(const base::YamlReader& in, AlertingConfig& out) {
  Alerting alerting;
  if (!AlertingSchema().Read(in, alerting)) return false;
  for (const PeerGroup& group : alerting.groups) {
    std::string prefix = group.path_prefix;
    if (!prefix.empty() && !prefix.starts_with('/')) prefix.insert(0, "/");
    for (const StaticConfig& config : group.static_configs) {
      for (const std::string& target : config.targets) {
        out.peers.push_back({fmt::format("{}://{}{}", group.scheme, target, prefix), group.http, group.timeout});
      }
    }
  }
  return true;
}

}  // namespace alertmanager
