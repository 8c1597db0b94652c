#include "alertmanager/config_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace alertmanager {
namespace {

const base::YamlSchema<base::TlsOptions>& TlsSchema() {
  using base::Optional;
  using T = base::TlsOptions;
  static const base::YamlSchema<T> schema(Joined<T>({
      {Optional("ca_file", "path", "", &T::ca_file, "Certificate authorities to trust, in PEM."),
       Optional("cert_file", "path", "", &T::cert_file, "The client's certificate, in PEM."),
       Optional("key_file", "path", "", &T::key_file, "The key of the client's certificate."),
       Optional("server_name", "string", "", &T::server_name, "The name the server's certificate must carry."),
       Optional("insecure_skip_verify", "bool", "false", &T::insecure_skip_verify,
                "Takes any certificate. For tests only.")},
      NotSupported<T>({"ca", "cert", "key", "min_version", "max_version", "ca_ref", "cert_ref", "key_ref"}),
  }));
  return schema;
}

const base::YamlSchema<BasicAuth>& BasicAuthSchema() {
  using T = BasicAuth;
  static const base::YamlSchema<T> schema(Joined<T>({
      {base::Optional("username", "string", "", &T::username, "The user's name.")},
      base::SecretFields("password", &T::password, "The user's password."),
      NotSupported<T>({"username_file", "username_ref", "password_ref"}),
  }));
  return schema;
}

const base::YamlSchema<Authorization>& AuthorizationSchema() {
  using T = Authorization;
  static const base::YamlSchema<T> schema(Joined<T>({
      {base::Optional("type", "string", "Bearer", &T::type, "The scheme of the Authorization header.")},
      base::SecretFields("credentials", &T::credentials, "What follows the scheme."),
      NotSupported<T>({"credentials_ref"}),
  }));
  return schema;
}

bool ReadAuthorization(const base::YamlReader& in, std::optional<Authorization>& out) {
  return AuthorizationSchema().Read(in, out.emplace());
}

bool ReadBasicAuth(const base::YamlReader& in, std::optional<BasicAuth>& out) {
  return BasicAuthSchema().Read(in, out.emplace());
}

const base::YamlSchema<HttpOptions>& HttpSchema() {
  static const base::YamlSchema<HttpOptions> schema(HttpFields());
  return schema;
}

}  // namespace

std::vector<base::Field<HttpOptions>> HttpFields() {
  using T = HttpOptions;
  return Joined<T>({
      {ReadBy("basic_auth", "map", "", &T::basic_auth, &ReadBasicAuth, "HTTP basic authentication.",
              &BasicAuthSchema().help()),
       ReadBy("authorization", "map", "", &T::authorization, &ReadAuthorization, "An Authorization header.",
              &AuthorizationSchema().help()),
       ReadBy("tls_config", "map", "", &T::tls, &ReadTls, "TLS settings.", &TlsHelp()),
       base::Optional("follow_redirects", "bool", "true", &T::follow_redirects, "Whether redirects are followed."),
       base::Optional("proxy_url", "URL", "", &T::proxy_url, "The proxy to go through.")},
      NotSupported<T>({"oauth2", "bearer_token", "bearer_token_file", "enable_http2", "no_proxy",
                       "proxy_from_environment", "proxy_connect_header", "http_headers"}),
  });
}

bool CheckHttpOptions(const base::YamlReader& in, const HttpOptions& http) {
  if (!http.basic_auth || !http.authorization) return true;
  in.Fail("basic_auth and authorization are both given; at most one may be");
  return false;
}

bool ReadTls(const base::YamlReader& in, base::TlsOptions& out) { return TlsSchema().Read(in, out); }
const std::vector<base::FieldHelp>& TlsHelp() { return TlsSchema().help(); }
const std::vector<base::FieldHelp>& HttpOptionsHelp() { return HttpSchema().help(); }

bool IsEmpty(const base::YamlNode& node) { return node.text.empty() && node.items.empty() && node.entries.empty(); }

bool ReadYaml(const base::YamlReader& in, HttpOptions& out) {
  return HttpSchema().Read(in, out) && CheckHttpOptions(in, out);
}

bool ReadYaml(const base::YamlReader& in, MessageText& out) {
  if (!base::ReadYaml(in, out.text)) return false;
  if (!out.text.contains("{{")) return true;
  in.Fail("templates (\"{{\") are not supported yet");
  return false;
}

bool ReadMatchers(const base::YamlReader& in, std::vector<base::Matcher>& out) {
  std::vector<std::string> texts;
  if (!base::ReadYaml(in, texts)) return false;
  bool good = true;
  for (size_t i = 0; i < texts.size(); ++i) {
    auto matchers = ParseMatchers(texts[i]);
    if (!matchers) {
      in.Item(i).Fail(matchers.error().message);
      good = false;
      continue;
    }
    out.insert(out.end(), matchers->begin(), matchers->end());
  }
  return good;
}

bool ReadMatchMap(const base::YamlReader& in, base::MatchType type, std::vector<base::Matcher>& out) {
  if (in.node().kind != base::YamlNode::Kind::map) {
    in.Fail("expected a map of label names to values");
    return false;
  }
  bool good = true;
  for (const auto& [key, value] : in.node().entries) {
    const base::YamlReader entry = in.Entry(value, key.text);
    std::string text;
    if (type == base::MatchType::regex && value.kind == base::YamlNode::Kind::null) {
      entry.Fail("a regular expression is missing");
      good = false;
      continue;
    }
    if (!base::IsLegacyLabelName(key.text)) {
      entry.Fail("invalid label name " + base::Quote(key.text));
      good = false;
      continue;
    }
    if (!base::ReadYaml(entry, text)) {
      good = false;
      continue;
    }
    // the old form's expressions show their anchors in group keys, as in Alertmanager
    if (type == base::MatchType::regex) text = fmt::format("^(?:{})$", text);
    auto matcher = base::Matcher::Make(type, key.text, text);
    if (matcher) {
      out.push_back(std::move(*matcher));
    } else {
      entry.Fail(matcher.error().message);
      good = false;
    }
  }
  return good;
}

bool ReadGoDuration(const base::YamlReader& in, base::Duration& out) {
  struct Unit {
    std::string_view name;
    double milliseconds;
  };
  constexpr std::array<Unit, 6> kUnits = {
      {{"ns", 1e-6}, {"us", 1e-3}, {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}}};
  std::string text;
  if (!base::ReadYaml(in, text)) return false;
  double total = 0;
  std::string_view rest = text;
  if (rest == "0") rest = {};
  while (!rest.empty()) {
    const size_t digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
    const auto number = base::ParseFloat(rest.substr(0, digits));
    rest.remove_prefix(digits);
    const size_t letters = std::min(rest.find_first_of("0123456789."), rest.size());
    const auto unit = std::ranges::find(kUnits, rest.substr(0, letters), &Unit::name);
    if (digits == 0 || !number || unit == kUnits.end()) {
      in.Fail("expected a duration such as 500ms or 1m30s, found " + base::Quote(text));
      return false;
    }
    total += *number * unit->milliseconds;
    rest.remove_prefix(letters);
  }
  out = base::Duration(static_cast<int64_t>(total));
  return true;
}

bool ReadUrl(const base::YamlReader& in, std::string& out) {
  if (!base::ReadYaml(in, out)) return false;
  const bool http = out.starts_with("http://") || out.starts_with("https://");
  if (http && out.size() > out.find("//") + 2) return true;
  in.Fail("expected a URL that starts with http:// or https://");  // the text itself may be a secret
  return false;
}

}  // namespace alertmanager
