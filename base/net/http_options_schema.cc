#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/net/http_options.h"
#include "base/text.h"

// The tables of the keys, with the rules of validity of prometheus/common.

namespace base {
namespace {

constexpr std::string_view kAtMostOne =
    "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured";

// Headers that are made elsewhere: by other options, by the protocol, or by the client itself.
constexpr std::string_view kReserved[] = {"accept-encoding",
                                          "authorization",
                                          "connection",
                                          "content-encoding",
                                          "content-length",
                                          "content-type",
                                          "host",
                                          "keep-alive",
                                          "proxy-authenticate",
                                          "proxy-authorization",
                                          "transfer-encoding",
                                          "user-agent",
                                          "www-authenticate",
                                          "x-amz-content-sha256",
                                          "x-amz-date",
                                          "x-amz-security-token",
                                          "x-prometheus-remote-read-version",
                                          "x-prometheus-remote-write-version",
                                          "x-prometheus-scrape-timeout-seconds"};

template <class T>
std::vector<Field<T>> Joined(std::initializer_list<std::vector<Field<T>>> parts) {
  std::vector<Field<T>> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// A key left empty means its default, as in Prometheus.
bool IsNull(const YamlReader& in) { return in.node().kind == YamlNode::Kind::null; }

bool Complain(const YamlReader& in, bool holds, std::string_view otherwise) {
  if (!holds) in.Fail(otherwise);
  return holds;
}

const YamlSchema<HttpBasicAuth>& BasicAuthSchema() {
  using C = HttpBasicAuth;
  static const YamlSchema<C> schema(Joined<C>({
      {Optional("username", "string", "", &C::username, "The user's name."),
       Optional("username_file", "path", "", &C::username_file, "A file that holds the user's name.")},
      SecretFields("password", &C::password, "The password."),
  }));
  return schema;
}

bool ReadYaml(const YamlReader& in, HttpBasicAuth& out) {
  return BasicAuthSchema().Read(in, out) && Complain(in, out.username.empty() || out.username_file.empty(),
                                                     "at most one of username and username_file must be configured");
}

const YamlSchema<HttpAuthorization>& AuthorizationSchema() {
  using C = HttpAuthorization;
  static const YamlSchema<C> schema(Joined<C>({
      {Optional("type", "string", "Bearer", &C::type, "The scheme in the Authorization header.")},
      SecretFields("credentials", &C::credentials, "What follows the scheme."),
  }));
  return schema;
}

bool ReadYaml(const YamlReader& in, HttpAuthorization& out) {
  return AuthorizationSchema().Read(in, out) &&
         Complain(in, ToLower(out.type) != "basic",
                  "authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
}

bool ReadVersion(const YamlReader& in, TlsVersion& out) {
  constexpr std::array<std::pair<std::string_view, TlsVersion>, 5> kVersions = {{{"", TlsVersion::any},
                                                                                 {"TLS10", TlsVersion::tls10},
                                                                                 {"TLS11", TlsVersion::tls11},
                                                                                 {"TLS12", TlsVersion::tls12},
                                                                                 {"TLS13", TlsVersion::tls13}}};
  std::string name;
  if (!base::ReadYaml(in, name)) return false;
  for (const auto& [known, version] : kVersions) {
    if (known != name) continue;
    out = version;
    return true;
  }
  in.Fail("unknown TLS version " + Quote(name) + ": expected TLS10, TLS11, TLS12 or TLS13");
  return false;
}

const YamlSchema<TlsOptions>& TlsSchema() {
  using C = TlsOptions;
  static const YamlSchema<C> schema({
      Optional("ca", "PEM", "", &C::ca, "Authorities that the server's certificate is checked with."),
      Optional("ca_file", "path", "", &C::ca_file, "The same in a file, read at each use."),
      Optional("cert", "PEM", "", &C::cert, "The client's certificate."),
      Optional("cert_file", "path", "", &C::cert_file, "The same in a file, read at each use."),
      Optional("key", "secret", "", &C::key, "The key of the client's certificate, in PEM."),
      Optional("key_file", "path", "", &C::key_file, "The same in a file, read at each use."),
      Optional("server_name", "string", "", &C::server_name, "The name the server's certificate must carry."),
      Optional("insecure_skip_verify", "bool", "false", &C::insecure_skip_verify,
               "Takes any certificate. For tests only."),
      {{"min_version", "TLS10 … TLS13", "TLS12", "The lowest version of TLS that is spoken.", false, nullptr},
       [](const YamlReader& in, C& out) { return ReadVersion(in, out.min_version); }},
      {{"max_version", "TLS10 … TLS13", "", "The highest version of TLS that is spoken.", false, nullptr},
       [](const YamlReader& in, C& out) { return ReadVersion(in, out.max_version); }},
  });
  return schema;
}

bool CheckTls(const YamlReader& in, const TlsOptions& tls) {
  const bool cert = !tls.cert.empty() || !tls.cert_file.empty();
  const bool key = !tls.key.empty() || !tls.key_file.empty();
  const bool any_end = tls.min_version == TlsVersion::any || tls.max_version == TlsVersion::any;
  return Complain(in, tls.ca.empty() || tls.ca_file.empty(), "at most one of ca and ca_file must be configured") &&
         Complain(in, tls.cert.empty() || tls.cert_file.empty(),
                  "at most one of cert and cert_file must be configured") &&
         Complain(in, tls.key.empty() || tls.key_file.empty(), "at most one of key and key_file must be configured") &&
         Complain(in, key || !cert, "a client certificate needs its key: key or key_file is missing") &&
         Complain(in, cert || !key, "a key needs its certificate: cert or cert_file is missing") &&
         Complain(in, any_end || tls.min_version <= tls.max_version, "min_version is above max_version");
}

bool CheckHeaderName(const YamlReader& in, const std::string& name) {
  const bool reserved = std::ranges::find(kReserved, ToLower(name)) != std::end(kReserved);
  const bool sendable = !name.empty() && name.find_first_of(": \t\r\n") == std::string::npos;
  return Complain(in, !reserved, "setting header " + Quote(name) + " is not allowed") &&
         Complain(in, sendable, Quote(name) + " is not the name of a header");
}

bool CheckHeaderValue(const YamlReader& in, std::string_view value) {
  return Complain(in, value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
                  "the value of a header is one line");
}

bool ReadPlainHeaders(const YamlReader& in, HttpOptions& out) {
  std::map<std::string, std::string> headers;
  if (!base::ReadYaml(in, headers)) return false;
  bool good = true;
  for (const auto& [name, value] : headers) {
    good = CheckHeaderName(in, name) && CheckHeaderValue(in, value) && good;
    out.headers.emplace_back(name, Secret{value, ""});
  }
  return good;
}

// Prometheus' form: a header may have several values, each written out, secret, or in a file.
struct HeaderValues {
  std::vector<std::string> values;
  std::vector<std::string> secrets;
  std::vector<std::string> files;
};

const YamlSchema<HeaderValues>& HeaderSchema() {
  using C = HeaderValues;
  static const YamlSchema<C> schema({
      Optional("values", "list of strings", "[]", &C::values, "Its values."),
      Optional("secrets", "list of secrets", "[]", &C::secrets, "Values that are never shown."),
      Optional("files", "list of paths", "[]", &C::files, "Values read from files each time they are used."),
  });
  return schema;
}

bool ReadYaml(const YamlReader& in, HeaderValues& out) { return HeaderSchema().Read(in, out); }

bool ReadHttpHeaders(const YamlReader& in, HttpOptions& out) {
  if (IsNull(in)) return true;
  if (!Complain(in, in.node().kind == YamlNode::Kind::map, "expected a map")) return false;
  bool good = true;
  for (const auto& [key, node] : in.node().entries) {
    const YamlReader entry = in.Entry(node, key.text);
    HeaderValues header;
    good = CheckHeaderName(entry, key.text) && ReadYaml(entry, header) && good;
    const auto add = [&](std::string value) {
      good = CheckHeaderValue(entry, value) && good;
      out.headers.emplace_back(key.text, Secret{std::move(value), ""});
    };
    for (std::string& value : header.values) add(std::move(value));
    for (std::string& value : header.secrets) add(std::move(value));
    for (std::string& file : header.files) out.headers.emplace_back(key.text, Secret{"", std::move(file)});
  }
  return good;
}

bool ReadConnectHeaders(const YamlReader& in, SecretHeaders& out) {
  std::map<std::string, std::vector<std::string>> headers;
  if (!base::ReadYaml(in, headers)) return false;
  bool good = true;
  for (const auto& [name, values] : headers) {
    for (const std::string& value : values) {
      good = CheckHeaderValue(in, value) && good;
      out.emplace_back(name, Secret{value, ""});
    }
  }
  return good;
}

// Of HttpOptions and of HttpOAuth2, which both have a member `proxy`.
template <class C>
std::vector<Field<C>> ProxyFields() {
  return {
      {{"proxy_url", "URL", "", "The proxy to go through.", false, nullptr},
       [](const YamlReader& in, C& out) { return base::ReadYaml(in, out.proxy.url); }},
      {{"no_proxy", "list of hosts, comma-separated", "",
        "What is reached without proxy_url: IP addresses, networks, domains, each perhaps with a port; localhost "
        "always.",
        false, nullptr},
       [](const YamlReader& in, C& out) { return base::ReadYaml(in, out.proxy.no_proxy); }},
      {{"proxy_from_environment", "bool", "false", "Takes the proxy from HTTP_PROXY, HTTPS_PROXY and NO_PROXY.", false,
        nullptr},
       [](const YamlReader& in, C& out) { return base::ReadYaml(in, out.proxy.from_environment); }},
      {{"proxy_connect_header", "map of secrets", "{}", "Headers sent to the proxy with CONNECT, by name a list each.",
        false, nullptr},
       [](const YamlReader& in, C& out) { return ReadConnectHeaders(in, out.proxy.connect_headers); }},
  };
}

bool CheckProxy(const YamlReader& in, const HttpProxyOptions& proxy) {
  const bool environment = proxy.from_environment;
  return Complain(in, !environment || proxy.url.empty(),
                  "if proxy_from_environment is configured, proxy_url must not be configured") &&
         Complain(in, !environment || proxy.no_proxy.empty(),
                  "if proxy_from_environment is configured, no_proxy must not be configured") &&
         Complain(in, environment || !proxy.url.empty() || proxy.no_proxy.empty(),
                  "if no_proxy is configured, proxy_url must also be configured") &&
         Complain(in, environment || !proxy.url.empty() || proxy.connect_headers.empty(),
                  "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured");
}

const YamlSchema<HttpOAuth2>& OAuth2Schema() {
  using C = HttpOAuth2;
  static const YamlSchema<C> schema(Joined<C>({
      {Optional("client_id", "string", "", &C::client_id, "The client's name.")},
      SecretFields("client_secret", &C::client_secret, "The client's secret."),
      {Optional("token_url", "URL", "", &C::token_url, "Where the token is obtained."),
       Optional("scopes", "list of strings", "[]", &C::scopes, "What the token is asked to be good for."),
       Optional("endpoint_params", "map", "{}", &C::endpoint_params, "Further parameters of the token's request."),
       {{"tls_config", "map", "", "How https is spoken with the token's server.", false, &TlsSchema().help()},
        [](const YamlReader& in, C& out) { return ReadYaml(in, out.tls); }}},
      ProxyFields<C>(),
  }));
  return schema;
}

bool ReadYaml(const YamlReader& in, HttpOAuth2& out) {
  if (!OAuth2Schema().Read(in, out)) return false;
  const bool http = out.token_url.starts_with("http://") || out.token_url.starts_with("https://");
  return Complain(in, !out.client_id.empty(), "oauth2 client_id must be configured") &&
         Complain(in, !out.token_url.empty(), "oauth2 token_url must be configured") &&
         Complain(in, http, "oauth2 token_url must start with http:// or https://") && CheckProxy(in, out.proxy);
}

// Two keys of one meaning would otherwise overwrite each other.
bool AuthorizeOnce(const YamlReader& in, HttpOptions& out, HttpAuthorization authorization) {
  if (!Complain(in, !out.authorization, kAtMostOne)) {
    return false;
  }
  out.authorization = std::move(authorization);
  return true;
}

std::vector<Field<HttpOptions>> AuthenticationFields() {
  using C = HttpOptions;
  return {
      {{"basic_auth", "map", "", "User and password.", false, &BasicAuthSchema().help()},
       [](const YamlReader& in, C& out) { return IsNull(in) || ReadYaml(in, out.basic_auth.emplace()); }},
      {{"authorization", "map", "", "The Authorization header.", false, &AuthorizationSchema().help()},
       [](const YamlReader& in, C& out) {
         HttpAuthorization authorization;
         return IsNull(in) || (ReadYaml(in, authorization) && AuthorizeOnce(in, out, std::move(authorization)));
       }},
      {{"oauth2", "map", "", "An access token of OAuth 2.0 (client credentials), kept and renewed in time.", false,
        &OAuth2Schema().help()},
       [](const YamlReader& in, C& out) { return IsNull(in) || ReadYaml(in, out.oauth2.emplace()); }},
      {{"bearer_token", "secret", "", "The same as authorization.credentials.", false, nullptr},
       [](const YamlReader& in, C& out) {
         Secret token;
         return base::ReadYaml(in, token.value) && AuthorizeOnce(in, out, {"Bearer", std::move(token)});
       }},
      {{"bearer_token_file", "path", "", "The same as authorization.credentials_file.", false, nullptr},
       [](const YamlReader& in, C& out) {
         Secret token;
         return base::ReadYaml(in, token.file) && AuthorizeOnce(in, out, {"Bearer", std::move(token)});
       }},
  };
}

std::vector<Field<HttpOptions>> ConnectionFields() {
  using C = HttpOptions;
  return {
      {{"http_headers", "map of maps", "{}",
        "Headers of each request: values, secrets or files by name. They follow no redirect to another server.", false,
        &HeaderSchema().help()},
       ReadHttpHeaders},
      {{"tls_config", "map", "", "How https is spoken.", false, &TlsSchema().help()},
       [](const YamlReader& in, C& out) { return ReadYaml(in, out.tls); }},
      Optional("follow_redirects", "bool", "true", &C::follow_redirects, "Whether redirects are followed."),
      Optional("enable_http2", "bool", "true", &C::http2, "Whether HTTP/2 may be spoken, over TLS."),
  };
}

}  // namespace

Field<HttpOptions> PlainHeadersField() {
  return {{"headers", "map of secrets", "{}", "Headers of each request: {X-Scope-OrgID: team}.", false, nullptr},
          ReadPlainHeaders};
}

std::vector<Field<HttpOptions>> HttpOptionsFields() {
  return Joined<HttpOptions>({AuthenticationFields(), ConnectionFields(), ProxyFields<HttpOptions>()});
}

bool CheckHttpOptions(const YamlReader& in, const HttpOptions& options) {
  const int ways = (options.basic_auth ? 1 : 0) + (options.authorization ? 1 : 0) + (options.oauth2 ? 1 : 0);
  return Complain(
             in, ways <= 1,
             "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured") &&
         CheckProxy(in, options.proxy);
}

bool ReadYaml(const YamlReader& in, HttpOptions& out) {
  static const YamlSchema<HttpOptions> schema(HttpOptionsFields());
  return schema.Read(in, out) && CheckHttpOptions(in, out);
}

const std::vector<FieldHelp>& HttpOptionsHelp() {
  static const YamlSchema<HttpOptions> schema(HttpOptionsFields());
  return schema.help();
}

bool ReadYaml(const YamlReader& in, TlsOptions& out) { return TlsSchema().Read(in, out) && CheckTls(in, out); }
const std::vector<FieldHelp>& TlsOptionsHelp() { return TlsSchema().help(); }

}  // namespace base
