#include "ingest/http_config.h"

#include "base/net/http.h"
#include "base/text.h"
#include "ingest/config_fields.h"

namespace ingest {
namespace {

const base::YamlSchema<BasicAuth>& BasicAuthSchema() {
  using C = BasicAuth;
  static const base::YamlSchema<C> schema = [] {
    std::vector<base::Field<C>> fields = {
        base::Optional("username", "string", "", &C::username, "The user's name."),
        base::Optional("username_file", "path", "", &C::username_file, "A file that holds the user's name.")};
    AddFields(fields, base::SecretFields("password", &C::password, "The password."));
    return base::YamlSchema<C>(std::move(fields));
  }();
  return schema;
}

const base::YamlSchema<Authorization>& AuthorizationSchema() {
  using C = Authorization;
  static const base::YamlSchema<C> schema = [] {
    std::vector<base::Field<C>> fields = {
        base::Optional("type", "string", "Bearer", &C::type, "The scheme in the Authorization header.")};
    AddFields(fields, base::SecretFields("credentials", &C::credentials, "What follows the scheme."));
    return base::YamlSchema<C>(std::move(fields));
  }();
  return schema;
}

const base::YamlSchema<TlsConfig>& TlsSchema() {
  using C = TlsConfig;
  static const base::YamlSchema<C> schema({
      base::Optional("ca_file", "path", "", &C::ca_file, "Authorities that the target's certificate is checked with."),
      base::Optional("cert_file", "path", "", &C::cert_file, "The certificate shown to the target."),
      base::Optional("key_file", "path", "", &C::key_file, "Its key."),
      base::Optional("server_name", "string", "", &C::server_name, "The name expected in the certificate."),
      base::Optional("insecure_skip_verify", "bool", "false", &C::insecure_skip_verify,
                     "Whether any certificate is taken."),
      NotSupported<C>("ca", "ca_file"),
      NotSupported<C>("ca_ref", "ca_file"),
      NotSupported<C>("cert", "cert_file"),
      NotSupported<C>("cert_ref", "cert_file"),
      NotSupported<C>("key", "key_file"),
      NotSupported<C>("key_ref", "key_file"),
      NotSupported<C>("min_version"),
      NotSupported<C>("max_version"),
  });
  return schema;
}

}  // namespace

bool ReadYaml(const base::YamlReader& in, BasicAuth& out) {
  if (!BasicAuthSchema().Read(in, out)) return false;
  const bool both = !out.username.empty() && !out.username_file.empty();
  if (both) in.Fail("at most one of username and username_file must be configured");
  return !both;
}

bool ReadYaml(const base::YamlReader& in, Authorization& out) {
  if (!AuthorizationSchema().Read(in, out)) return false;
  const bool basic = base::ToLower(out.type) == "basic";
  if (basic) in.Fail("authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
  return !basic;
}

bool ReadYaml(const base::YamlReader& in, TlsConfig& out) {
  if (!TlsSchema().Read(in, out)) return false;
  const bool half = out.cert_file.empty() != out.key_file.empty();
  if (half) in.Fail("exactly one of cert_file and key_file is given; both or none are needed");
  return !half;
}

const std::vector<base::FieldHelp>& BasicAuthHelp() { return BasicAuthSchema().help(); }
const std::vector<base::FieldHelp>& AuthorizationHelp() { return AuthorizationSchema().help(); }
const std::vector<base::FieldHelp>& TlsConfigHelp() { return TlsSchema().help(); }

bool CheckAuthorization(const base::YamlReader& in, const std::optional<BasicAuth>& basic_auth,
                        std::optional<Authorization>& authorization, base::Secret& bearer_token) {
  const int ways = (basic_auth ? 1 : 0) + (authorization ? 1 : 0) + (bearer_token.empty() ? 0 : 1);
  if (ways > 1) {
    in.Fail("at most one of basic_auth, authorization, bearer_token & bearer_token_file must be configured");
    return false;
  }
  if (!bearer_token.empty()) authorization = Authorization{"Bearer", bearer_token};
  bearer_token = {};
  return true;
}

void ResolvePath(const std::string& folder, std::string& path) {
  if (!path.empty() && path.front() != '/' && !folder.empty()) path = folder + "/" + path;
}

void ResolvePaths(const std::string& folder, std::optional<BasicAuth>& basic_auth,
                  std::optional<Authorization>& authorization, TlsConfig& tls) {
  if (basic_auth) {
    ResolvePath(folder, basic_auth->username_file);
    ResolvePath(folder, basic_auth->password.file);
  }
  if (authorization) ResolvePath(folder, authorization->credentials.file);
  ResolvePath(folder, tls.ca_file);
  ResolvePath(folder, tls.cert_file);
  ResolvePath(folder, tls.key_file);
}

base::Result<std::string> AuthorizationHeader(const std::optional<BasicAuth>& basic_auth,
                                              const std::optional<Authorization>& authorization) {
  if (basic_auth) {
    TRY(const std::string password, basic_auth->password.Read());
    std::string user = basic_auth->username;
    if (!basic_auth->username_file.empty()) {
      TRY(user, (base::Secret{"", basic_auth->username_file}.Read()));
    }
    return "Basic " + base::Base64(user + ":" + password);
  }
  if (authorization) {
    TRY(const std::string credentials, authorization->credentials.Read());
    return authorization->type + " " + credentials;
  }
  return std::string();
}

base::TlsOptions ToTlsOptions(const TlsConfig& tls) {
  return {.ca_file = tls.ca_file,
          .cert_file = tls.cert_file,
          .key_file = tls.key_file,
          .server_name = tls.server_name,
          .insecure_skip_verify = tls.insecure_skip_verify};
}

}  // namespace ingest
