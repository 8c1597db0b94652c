#include "base/net/http_options.h"

#include <utility>

#include "base/file.h"
#include "base/net/http.h"

namespace base {
namespace {

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

Result<void> ReadText(std::string_view what, std::string& file, std::string& text) {
  if (file.empty()) return {};
  auto content = ReadFile(file, what);
  if (!content) return Unavailable(content.error().message);
  text = *std::move(content);
  file.clear();
  return {};
}

Result<HttpProxy> ReadProxy(const HttpProxyOptions& options) {
  HttpProxy proxy{.url = options.url, .no_proxy = options.no_proxy, .from_environment = options.from_environment};
  for (const auto& [name, secret] : options.connect_headers) {
    TRY(std::string value, secret.Read());
    proxy.connect_headers.emplace_back(name, std::move(value));
  }
  return proxy;
}

Result<std::shared_ptr<const OAuth2Client>> ReadClient(const HttpOAuth2& options) {
  OAuth2Client client{.client_id = options.client_id,
                      .token_url = options.token_url,
                      .scopes = options.scopes,
                      .endpoint_params = options.endpoint_params};
  TRY(client.client_secret, options.client_secret.Read());
  TRY(client.tls, ReadTlsFiles(options.tls));
  TRY(client.proxy, ReadProxy(options.proxy));
  return std::make_shared<const OAuth2Client>(std::move(client));
}

}  // namespace

Result<TlsOptions> ReadTlsFiles(TlsOptions tls) {
  TRY_VOID(ReadText("the certificate authorities in", tls.ca_file, tls.ca));
  TRY_VOID(ReadText("the client's certificate", tls.cert_file, tls.cert));
  TRY_VOID(ReadText("the client's key", tls.key_file, tls.key));
  return tls;
}

void ResolvePath(const std::string& folder, std::string& path) {
  if (!path.empty() && path.front() != '/' && !folder.empty()) path = folder + "/" + path;
}

void ResolvePaths(const std::string& folder, TlsOptions& tls) {
  for (std::string* path : {&tls.ca_file, &tls.cert_file, &tls.key_file}) ResolvePath(folder, *path);
}

void ResolvePaths(const std::string& folder, HttpOptions& options) {
  if (options.basic_auth) {
    ResolvePath(folder, options.basic_auth->username_file);
    ResolvePath(folder, options.basic_auth->password.file);
  }
  if (options.authorization) ResolvePath(folder, options.authorization->credentials.file);
  if (options.oauth2) {
    ResolvePath(folder, options.oauth2->client_secret.file);
    ResolvePaths(folder, options.oauth2->tls);
  }
  for (auto& [name, value] : options.headers) ResolvePath(folder, value.file);
  ResolvePaths(folder, options.tls);
}

Result<void> Prepare(const HttpOptions& options, HttpClientRequest& request) {
  request.follow_redirects = options.follow_redirects;
  request.http2 = options.http2;
  TRY(request.proxy, ReadProxy(options.proxy));
  TRY(request.tls, ReadTlsFiles(options.tls));
  TRY(std::string authorization, AuthorizationOf(options));
  if (!authorization.empty()) request.headers.Add("Authorization", std::move(authorization));
  if (options.oauth2) {
    TRY(request.oauth2, ReadClient(*options.oauth2));
  }
  for (const auto& [name, secret] : options.headers) {
    TRY(std::string value, secret.Read());
    request.headers.Add(name, std::move(value));
  }
  return {};
}

}  // namespace base
