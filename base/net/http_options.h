#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/net/http_client.h"
#include "base/result.h"
#include "base/yaml/yaml.h"

// How a server is spoken to, with the keys of Prometheus' HTTP clients (HTTPClientConfig of prometheus/common): the one
// model and the one table for scrapes, discovery, remote write, datasources, Alertmanagers and receivers. Values.

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

using SecretHeaders = std::vector<std::pair<std::string, Secret>>;

struct HttpProxyOptions {
  std::string url;
  std::string no_proxy;
  bool from_environment = false;
  SecretHeaders connect_headers;
  bool operator==(const HttpProxyOptions&) const = default;
};

struct HttpOAuth2 {
  std::string client_id;
  Secret client_secret;
  std::vector<std::string> scopes;
  std::string token_url;
  std::map<std::string, std::string> endpoint_params;
  TlsOptions tls;
  HttpProxyOptions proxy;
  bool operator==(const HttpOAuth2&) const = default;
};

struct HttpOptions {
  std::optional<HttpBasicAuth> basic_auth{};
  std::optional<HttpAuthorization> authorization{};  // `bearer_token` becomes one when it is read
  std::optional<HttpOAuth2> oauth2{};
  SecretHeaders headers{};
  bool follow_redirects = true;
  bool http2 = true;
  HttpProxyOptions proxy{};
  TlsOptions tls{};
  bool operator==(const HttpOptions&) const = default;
};

// The table of the keys, for maps that hold them among others.
std::vector<Field<HttpOptions>> HttpOptionsFields();
// `headers: {name: value}`, which Prometheus knows in remote_write alone.
Field<HttpOptions> PlainHeadersField();

// Fields of HttpOptions as fields of a struct that has them as a member.
template <class T>
std::vector<Field<T>> FieldsOfMember(HttpOptions T::* member, std::vector<Field<HttpOptions>> of) {
  std::vector<Field<T>> fields;
  for (Field<HttpOptions>& field : of) {
    fields.push_back({std::move(field.help), [member, read = std::move(field.read)](const YamlReader& in, T& out) {
                        return read(in, out.*member);
                      }});
  }
  return fields;
}
template <class T>
std::vector<Field<T>> HttpOptionsFields(HttpOptions T::* member) {
  return FieldsOfMember(member, HttpOptionsFields());
}

// To be called once all keys are read: complains of what may not stand together.
bool CheckHttpOptions(const YamlReader& in, const HttpOptions& options);

// A map that holds nothing else, such as http_config, checked; and its table's help.
bool ReadYaml(const YamlReader& in, HttpOptions& out);
const std::vector<FieldHelp>& HttpOptionsHelp();

// tls_config alone, checked.
bool ReadYaml(const YamlReader& in, TlsOptions& out);
const std::vector<FieldHelp>& TlsOptionsHelp();

// Relative paths of secrets and certificates are meant from this folder.
void ResolvePath(const std::string& folder, std::string& path);
void ResolvePaths(const std::string& folder, TlsOptions& tls);
void ResolvePaths(const std::string& folder, HttpOptions& options);

// Gives a request its headers, proxy, TLS and access token's client. Reads the files of secrets and certificates as
// they are now, so that one that changed counts from the next request on; fails where one cannot be read.
Result<void> Prepare(const HttpOptions& options, HttpClientRequest& request);

// The same options with the texts of ca_file, cert_file and key_file in the files' place.
Result<TlsOptions> ReadTlsFiles(TlsOptions tls);

}  // namespace base
