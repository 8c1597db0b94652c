#include "alertmanager/alerting.h"

#include <fmt/format.h>

#include <map>

#include "alertmanager/config_fields.h"
#include "base/text.h"

namespace alertmanager {
namespace {

struct StaticConfig {
  std::vector<std::string> targets;
  std::map<std::string, std::string> labels;
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
      {base::Optional("labels", "map", "{}", &T::labels, "Taken and without effect, as nothing relabels them.")},
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
