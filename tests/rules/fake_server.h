#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/net/http_client.h"

namespace rules::testing {

inline base::Result<base::HttpClientResponse> Answer(int status, std::string body) {
  return base::HttpClientResponse{.status = status, .headers = {}, .body = std::move(body)};
}

// A server at the other end of an HTTP client, that answers at once what the test says.
class FakeServer final : public base::HttpClient {
 public:
  void StartSend(base::HttpClientRequest request, Done done) override { done(Send(std::move(request), {})); }
  base::Result<base::HttpClientResponse> Send(base::HttpClientRequest request, std::stop_token) override {
    asked.push_back(request);
    return answer(request);
  }
  base::Result<void> SendMail(base::MailAttempt, std::stop_token) override { return base::Invalid("not used"); }

  std::function<base::Result<base::HttpClientResponse>(const base::HttpClientRequest&)> answer;
  std::vector<base::HttpClientRequest> asked;
};

}  // namespace rules::testing
