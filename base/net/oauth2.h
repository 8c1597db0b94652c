#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/net/http_client.h"
#include "base/result.h"

// Access tokens of OAuth 2.0 for clients that act for themselves (RFC 6749, 4.4).

namespace base {

struct OAuth2Token {
  std::string authorization;           // the Authorization header: "Bearer …"
  std::optional<Duration> lifetime{};  // nullopt: it does not expire
  bool operator==(const OAuth2Token&) const = default;
};

// How the client names itself to the token endpoint: servers know one way or the other.
enum class OAuth2Style : uint8_t { header, body };

// The request for a token, and what its answer holds. The error names the server's reason. Pure.
HttpClientRequest MakeTokenRequest(const OAuth2Client& client, OAuth2Style style);
Result<OAuth2Token> ReadTokenAnswer(const HttpClientResponse& answer);

// Keeps one token for each client, and obtains it when it is first asked for. A token is renewed ahead of its end while
// it is still handed out, so that only the first request of a client waits. Thread-safe. Never blocks. `fetch` must
// outlive it and call back exactly once.
class OAuth2Tokens {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  using Got = std::function<void(Result<std::string> authorization)>;
  using Fetch = std::function<void(HttpClientRequest request, HttpClient::Done done)>;

  explicit OAuth2Tokens(Fetch fetch) : fetch_(std::move(fetch)) {}

  // Calls `got` exactly once: at once where a token is at hand, otherwise when the endpoint has answered, which takes
  // `timeout` at most. Errors are those of HttpClient and the server's refusal; each begins with the token's URL.
  void Get(const std::shared_ptr<const OAuth2Client>& client, Instant now, Duration timeout, const Got& got);
  // The server did not take this token: the next Get obtains a new one.
  void Discard(const OAuth2Client& client, const std::string& authorization);

 private:
  struct Entry;
  std::shared_ptr<Entry> Find(const std::shared_ptr<const OAuth2Client>& client, Instant now);
  void Ask(const std::shared_ptr<Entry>& entry, OAuth2Style style, Instant begin, Duration timeout);
  void Answered(const std::shared_ptr<Entry>& entry, OAuth2Style style, Instant begin, Duration timeout,
                Result<HttpClientResponse> answer);

  const Fetch fetch_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Entry>> entries_;  // guarded by mutex_, as what they hold
};

}  // namespace base
