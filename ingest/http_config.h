#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/net/http_client.h"
#include "base/result.h"
#include "base/yaml/yaml.h"

// The words of prometheus.yml that say how an HTTP peer is spoken to, with Prometheus' validity rules: what scraping
// and remote write have in common.

namespace ingest {

struct BasicAuth {
  std::string username;
  std::string username_file;
  base::Secret password;
  bool operator==(const BasicAuth&) const = default;
};

struct Authorization {
  std::string type = "Bearer";
  base::Secret credentials;
  bool operator==(const Authorization&) const = default;
};

struct TlsConfig {
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string server_name;
  bool insecure_skip_verify = false;
  bool operator==(const TlsConfig&) const = default;
};

bool ReadYaml(const base::YamlReader& in, BasicAuth& out);
bool ReadYaml(const base::YamlReader& in, Authorization& out);
bool ReadYaml(const base::YamlReader& in, TlsConfig& out);
const std::vector<base::FieldHelp>& BasicAuthHelp();
const std::vector<base::FieldHelp>& AuthorizationHelp();
const std::vector<base::FieldHelp>& TlsConfigHelp();

// At most one of the three ways; the older `bearer_token` is moved into `authorization`.
bool CheckAuthorization(const base::YamlReader& in, const std::optional<BasicAuth>& basic_auth,
                        std::optional<Authorization>& authorization, base::Secret& bearer_token);

// Relative paths are meant from `folder`.
void ResolvePath(const std::string& folder, std::string& path);
void ResolvePaths(const std::string& folder, std::optional<BasicAuth>& basic_auth,
                  std::optional<Authorization>& authorization, TlsConfig& tls);

// The value of the Authorization header, "" for none. Reads the secrets' files; fails where one cannot be read.
base::Result<std::string> AuthorizationHeader(const std::optional<BasicAuth>& basic_auth,
                                              const std::optional<Authorization>& authorization);
base::TlsOptions ToTlsOptions(const TlsConfig& tls);

}  // namespace ingest
