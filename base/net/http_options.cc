#include "base/net/http_options.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "base/text.h"

namespace base {
namespace {

constexpr std::string_view kAtMostOne =
    "at most one of basic_auth, authorization, bearer_token & bearer_token_file must be configured";

// Headers that are made elsewhere: by the options above, or by the client itself.
constexpr std::string_view kReserved[] = {
    "accept-encoding", "authorization", "connection", "content-encoding",    "content-length",
    "content-type",    "host",          "keep-alive", "proxy-authorization", "transfer-encoding",
    "www-authenticate"};

template <class T>
std::vector<Field<T>> Joined(std::initializer_list<std::vector<Field<T>>> parts) {
  std::vector<Field<T>> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
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
  if (!BasicAuthSchema().Read(in, out)) return false;
  const bool both = !out.username.empty() && !out.username_file.empty();
  if (both) in.Fail("at most one of username and username_file must be configured");
  return !both;
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
  if (!AuthorizationSchema().Read(in, out)) return false;
  const bool basic = ToLower(out.type) == "basic";
  if (basic) in.Fail("authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
  return !basic;
}

const YamlSchema<TlsOptions>& TlsSchema() {
  using C = TlsOptions;
  static const YamlSchema<C> schema({
      Optional("ca_file", "path", "", &C::ca_file, "Authorities that the server's certificate is checked with."),
      Optional("cert_file", "path", "", &C::cert_file, "The client's certificate, in PEM."),
      Optional("key_file", "path", "", &C::key_file, "The key of the client's certificate."),
      Optional("server_name", "string", "", &C::server_name, "The name the server's certificate must carry."),
      Optional("insecure_skip_verify", "bool", "false", &C::insecure_skip_verify,
               "Takes any certificate. For tests only."),
  });
  return schema;
}

bool ReadTls(const YamlReader& in, TlsOptions& out) {
  if (!TlsSchema().Read(in, out)) return false;
  const bool half = out.cert_file.empty() != out.key_file.empty();
  if (half) in.Fail("exactly one of cert_file and key_file is given; both or none are needed");
  return !half;
}

bool CheckHeaderName(const YamlReader& in, const std::string& name) {
  const bool reserved = std::ranges::find(kReserved, ToLower(name)) != std::end(kReserved);
  if (reserved) in.Fail("setting header " + Quote(name) + " is not allowed");
  if (name.empty()) in.Fail("a header needs a name");
  return !reserved && !name.empty();
}

bool ReadHeaders(const YamlReader& in, HttpOptions& out) {
  std::map<std::string, std::string> headers;
  if (!base::ReadYaml(in, headers)) return false;
  bool good = true;
  for (const auto& [name, value] : headers) {
    good = CheckHeaderName(in, name) && good;
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
  if (in.node().kind != YamlNode::Kind::map) {
    in.Fail("expected a map");
    return false;
  }
  bool good = true;
  for (const auto& [key, node] : in.node().entries) {
    HeaderValues header;
    good = CheckHeaderName(in, key.text) && ReadYaml(in.Entry(node, key.text), header) && good;
    for (std::string& value : header.values) out.headers.emplace_back(key.text, Secret{std::move(value), ""});
    for (std::string& value : header.secrets) out.headers.emplace_back(key.text, Secret{std::move(value), ""});
    for (std::string& file : header.files) out.headers.emplace_back(key.text, Secret{"", std::move(file)});
  }
  return good;
}

// Two keys of one meaning would otherwise overwrite each other.
bool AuthorizeOnce(const YamlReader& in, HttpOptions& out, HttpAuthorization authorization) {
  if (out.authorization) {
    in.Fail(kAtMostOne);
    return false;
  }
  out.authorization = std::move(authorization);
  return true;
}

Field<HttpOptions> Refused(std::string key) {
  return {{std::move(key), "", "", "Not supported.", false, nullptr}, [](const YamlReader& in, HttpOptions&) {
            in.Fail("Prometheus knows this setting, tocsin does not support it");
            return false;
          }};
}

std::vector<Field<HttpOptions>> AuthenticationFields() {
  using C = HttpOptions;
  return {
      {{"basic_auth", "map", "", "User and password.", false, &BasicAuthSchema().help()},
       [](const YamlReader& in, C& out) { return ReadYaml(in, out.basic_auth.emplace()); }},
      {{"authorization", "map", "", "The Authorization header.", false, &AuthorizationSchema().help()},
       [](const YamlReader& in, C& out) {
         HttpAuthorization authorization;
         return ReadYaml(in, authorization) && AuthorizeOnce(in, out, std::move(authorization));
       }},
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
      Refused("oauth2"),
      Refused("sigv4"),
      Refused("azuread"),
      Refused("google_iam"),
  };
}

std::vector<Field<HttpOptions>> ConnectionFields() {
  using C = HttpOptions;
  return {
      {{"headers", "map of secrets", "{}", "Headers of each request: {X-Scope-OrgID: team}.", false, nullptr},
       ReadHeaders},
      {{"http_headers", "map of maps", "{}", "The same in Prometheus' form: values, secrets or files by name.", false,
        &HeaderSchema().help()},
       ReadHttpHeaders},
      {{"tls_config", "map", "", "How https is spoken.", false, &TlsSchema().help()},
       [](const YamlReader& in, C& out) { return ReadTls(in, out.tls); }},
      Optional("follow_redirects", "bool", "true", &C::follow_redirects, "Whether redirects are followed."),
      Optional("proxy_url", "URL", "", &C::proxy_url, "The proxy to go through."),
      {{"enable_http2", "bool", "true", "Taken and without effect: HTTP/1.1 is spoken.", false, nullptr},
       [](const YamlReader& in, C&) {
         bool ignored = true;
         return base::ReadYaml(in, ignored);
       }},
      Refused("no_proxy"),
      Refused("proxy_from_environment"),
      Refused("proxy_connect_header"),
  };
}

Result<std::string> AuthorizationOf(const HttpOptions& options) {
  if (options.basic_auth) {
    TRY(const std::string password, options.basic_auth->password.Read());
    std::string user = options.basic_auth->username;
    if (!options.basic_auth->username_file.empty()) {
      TRY(user, (Secret{"", options.basic_auth->username_file}.Read()));
    }
    return "Basic " + Base64(user + ":" + password);
  }
  if (!options.authorization) return std::string();
  TRY(const std::string credentials, options.authorization->credentials.Read());
  return options.authorization->type + " " + credentials;
}

}  // namespace

std::vector<Field<HttpOptions>> HttpOptionsFields() {
  return Joined<HttpOptions>({AuthenticationFields(), ConnectionFields()});
}

bool CheckHttpOptions(const YamlReader& in, const HttpOptions& options) {
  if (!options.basic_auth || !options.authorization) return true;
  in.Fail(kAtMostOne);
  return false;
}

void ResolvePaths(const std::string& folder, HttpOptions& options) {
  const auto resolve = [&](std::string& path) {
    if (!path.empty() && path.front() != '/' && !folder.empty()) path = folder + "/" + path;
  };
  if (options.basic_auth) {
    resolve(options.basic_auth->username_file);
    resolve(options.basic_auth->password.file);
  }
  if (options.authorization) resolve(options.authorization->credentials.file);
  for (auto& [name, value] : options.headers) resolve(value.file);
  resolve(options.tls.ca_file);
  resolve(options.tls.cert_file);
  resolve(options.tls.key_file);
}

Result<void> Prepare(const HttpOptions& options, HttpClientRequest& request) {
  request.follow_redirects = options.follow_redirects;
  request.proxy_url = options.proxy_url;
  request.tls = options.tls;
  TRY(std::string authorization, AuthorizationOf(options));
  if (!authorization.empty()) request.headers.Add("Authorization", std::move(authorization));
  for (const auto& [name, secret] : options.headers) {
    TRY(std::string value, secret.Read());
    request.headers.Add(name, std::move(value));
  }
  return {};
}

}  // namespace base
