#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/net/http.h"
#include "base/result.h"
#include "base/time.h"

namespace base {

enum class TlsVersion : uint8_t { any, tls10, tls11, tls12, tls13 };

// Each of the three PEM texts is given as itself or as a file's path.
struct TlsOptions {
  std::string ca{};
  std::string ca_file{};
  std::string cert{};
  std::string cert_file{};
  std::string key{};  // a secret
  std::string key_file{};
  std::string server_name{};  // checked against the certificate and sent as SNI instead of the URL's host
  bool insecure_skip_verify = false;
  TlsVersion min_version = TlsVersion::any;  // any: at least 1.2
  TlsVersion max_version = TlsVersion::any;
  bool operator==(const TlsOptions&) const = default;
};

// Which proxy a request goes through. The environment's variables are looked at only if that is asked for.
struct HttpProxy {
  std::string url{};       // "" for none; http, https, socks4, socks5 …
  std::string no_proxy{};  // hosts that are reached directly: base/net/proxy.h
  bool from_environment = false;
  std::vector<std::pair<std::string, std::string>> connect_headers{};  // sent to the proxy with CONNECT
  auto operator<=>(const HttpProxy&) const = default;
};

// How an access token is obtained: OAuth 2.0, grant type client_credentials (RFC 6749, 4.4).
struct OAuth2Client {
  std::string client_id{};
  std::string client_secret{};
  std::string token_url{};
  std::vector<std::string> scopes{};
  std::map<std::string, std::string> endpoint_params{};
  TlsOptions tls{};
  HttpProxy proxy{};
  bool operator==(const OAuth2Client&) const = default;
};

struct HttpClientRequest {
  std::string method = "GET";
  std::string url{};
  HttpHeaders headers{};
  std::string body{};
  Duration timeout = std::chrono::seconds(10);  // for the whole exchange
  size_t max_response_bytes = 64UL << 20;
  // For requests whose outcome is the answer's status: of a body that is larger than max_response_bytes, breaks off or
  // does not end in time, what came is kept, and the answer counts. Not for answers with a 3xx status.
  bool status_decides = false;
  bool accept_gzip = false;  // ask for gzip and hand on the decoded body
  // Headers of the request go on to the same server only (scheme, host and port), apart from those that say what is
  // asked for and sent (Accept, Content-Type …).
  bool follow_redirects = false;
  bool http2 = true;  // whether HTTP/2 may be spoken, over TLS; else HTTP/1.1
  HttpProxy proxy{};
  std::shared_ptr<const OAuth2Client> oauth2{};  // adds an Authorization header with a token of this client
  bool secret_url = false;                       // the path is a secret too (Slack's webhooks): hidden in messages
  TlsOptions tls{};
  std::string room{};  // what it says is forgotten; the answer's body is put into its memory, if that is large enough
};

struct HttpClientResponse {
  int status = 0;
  HttpHeaders headers{};
  std::string body{};
  // Retry-After as a span from `now`, where the server sent one (seconds or an HTTP date).
  std::optional<Duration> RetryAfter(Timestamp now) const;
};

struct MailAttempt {
  std::string host{};
  int port = 25;
  bool implicit_tls = false;     // smtps
  bool require_starttls = true;  // false: used where the server offers it
  TlsOptions tls{};
  std::string hello = "localhost";
  std::string username{};
  std::string password{};
  std::string login_options{};  // "" lets the server's EHLO decide; "AUTH=PLAIN" …
  std::string from{};           // envelope addresses, bare
  std::vector<std::string> recipients{};
  std::string message{};  // headers and body, CRLF line ends
  Duration timeout = std::chrono::seconds(30);
};

// Sends HTTP requests and mails over libcurl's multi interface: one thread carries all HTTP transfers, a second one,
// begun with the first mail, the mails. HTTP connections are kept and reused per host (where a kept one turns out to be
// closed, the request is sent once more on a new one); a mail has one of its own. Only http, https, smtp and smtps are
// spoken. Thread-safe. An HTTP answer of any status is a value; errors are `unavailable` (resolve, connect, TLS, broken
// transfer), `timeout`, `limit_exceeded` (body too large), `cancelled`, `invalid_argument` (malformed URL). Messages
// carry the redacted URL, never credentials. Access tokens (OAuth2Client) are kept and renewed before they expire while
// requests go on with the old one; a request waits for the first one only, within its timeout. For mails the error is
// `invalid_argument` when the server refused for good (5xx), `unavailable` otherwise; the message holds the server's
// own reply.
class HttpClient {
 public:
  static std::unique_ptr<HttpClient> Start(std::string user_agent);
  virtual ~HttpClient() = default;  // ends what is under way with `cancelled`

  using Done = std::function<void(Result<HttpClientResponse>)>;
  // Calls `done` exactly once, on the client's thread: it must not block.
  virtual void StartSend(HttpClientRequest request, Done done) = 0;
  // Waits for the answer, or for `stop`. Never to be called from a `done`.
  virtual Result<HttpClientResponse> Send(HttpClientRequest request, std::stop_token stop = {}) = 0;
  virtual Result<void> SendMail(MailAttempt mail, std::stop_token stop = {}) = 0;
};

}  // namespace base
