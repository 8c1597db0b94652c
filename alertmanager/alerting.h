#pragma once

#include <string>
#include <vector>

#include "alertmanager/config.h"

namespace alertmanager {

// One Alertmanager to send alerts to.
struct AlertmanagerPeer {
  std::string url;  // scheme://host:port/prefix
  HttpOptions http;
  base::Duration timeout = std::chrono::seconds(10);
};

// The `alerting:` section of prometheus.yml: alertmanagers with static targets. Discovery and relabelling are not
// read here.
struct AlertingConfig {
  std::vector<AlertmanagerPeer> peers;
};

bool ReadYaml(const base::YamlReader& in, AlertingConfig& out);
const std::vector<base::FieldHelp>& AlertingHelp();

}  // namespace alertmanager
