#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/net/http_client.h"
#include "base/result.h"
#include "base/yaml/yaml.h"

// How a server is spoken to, with the keys of Prometheus' HTTP clients: basic_auth, authorization, bearer_token,
// headers, http_headers, tls_config, proxy_url, follow_redirects. Values.

namespace base {

struct HttpBasicAuth {
  std::string username;
  std::string username_file;
  Secret password;
  bool operator==(const HttpBasicAuth&) const = default;
};

struct HttpAuthorization {
  std::string type = "Bearer";
  Secret credentials;
  bool operator==(const HttpAuthorization&) const = default;
};

struct HttpOptions {
  std::optional<HttpBasicAuth> basic_auth;
  std::optional<HttpAuthorization> authorization;  // `bearer_token` becomes one when it is read
  std::vector<std::pair<std::string, Secret>> headers;
  bool follow_redirects = true;
  std::string proxy_url;
  TlsOptions tls;
  bool operator==(const HttpOptions&) const = default;
};

// The table of the keys, for maps that hold them among others, and its help alone.
std::vector<Field<HttpOptions>> HttpOptionsFields();
// The same as fields of a struct that has HttpOptions as a member.
template <class T>
std::vector<Field<T>> HttpOptionsFields(HttpOptions T::* member) {
  std::vector<Field<T>> fields;
  for (Field<HttpOptions>& field : HttpOptionsFields()) {
    fields.push_back({std::move(field.help), [member, read = std::move(field.read)](const YamlReader& in, T& out) {
                        return read(in, out.*member);
                      }});
  }
  return fields;
}

// To be called once all keys are read: complains where more than one way to authenticate is given.
bool CheckHttpOptions(const YamlReader& in, const HttpOptions& options);

// Relative paths of secrets and certificates are meant from this folder.
void ResolvePaths(const std::string& folder, HttpOptions& options);

// Gives a request its headers, proxy and TLS. Reads the secrets' files; fails where one cannot be read.
Result<void> Prepare(const HttpOptions& options, HttpClientRequest& request);

}  // namespace base
