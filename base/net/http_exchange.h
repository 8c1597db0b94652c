#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/net/curl_loop.h"
#include "base/net/http_client.h"
#include "base/net/oauth2.h"

// Included by this folder's .cc files alone: it shows libcurl.

namespace base {

// What HttpClient promises of one request, over as many transfers as it takes: the access token first, then a transfer
// for each redirect. Redirects are not left to libcurl, which would hand custom headers to whatever server is named.
// Thread-safe. Held by the transfer under way.
class HttpExchange : public std::enable_shared_from_this<HttpExchange> {
 public:
  // `tokens` and `loop` must outlive it; `tokens` may be null where the request has no oauth2.
  HttpExchange(HttpClientRequest request, std::string user_agent, CurlLoop& loop, OAuth2Tokens* tokens,
               HttpClient::Done done);
  void Start();
  void Cancel();  // ends with `cancelled`, soon; nothing if it has ended

 private:
  using Clock = std::chrono::steady_clock;

  void Authorize();
  void Transfer();
  void Answered(Result<HttpClientResponse> answer);
  // Whether the answer leads to another place; then the request is changed to ask there.
  Result<bool> Redirect(HttpClientResponse& answer);
  void End(Result<HttpClientResponse> result);
  Result<HttpClientResponse> Cancelled() const;

  const std::string name_;  // "GET URL", for messages
  const std::string user_agent_;
  CurlLoop& loop_;
  OAuth2Tokens* const tokens_;
  const Clock::time_point deadline_;
  // What follows is used by one thread at a time: the starting one, then the loop's.
  std::shared_ptr<const HttpClientRequest> request_;
  std::string token_;
  std::string room_;
  int redirects_ = 0;

  std::mutex mutex_;
  HttpClient::Done done_;  // guarded by mutex_, as the next two; empty once called
  std::optional<uint64_t> transfer_;
  bool cancelled_ = false;
};

}  // namespace base
