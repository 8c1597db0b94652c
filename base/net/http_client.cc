#include "base/net/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <mutex>

#include "base/net/curl_loop.h"
#include "base/net/http_exchange.h"
#include "base/net/mail_transfer.h"
#include "base/net/oauth2.h"
#include "base/text.h"

namespace base {
namespace {

// Hands one result from the loop's thread to the one that waits for it. Shared by both.
template <class T>
class Handover {
 public:
  void Put(Result<T> result) {
    {
      const std::scoped_lock lock(mutex_);
      result_ = std::move(result);
    }
    arrived_.notify_all();
  }
  Result<T> Take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return result_.has_value(); });
    return std::move(*result_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::optional<Result<T>> result_;  // guarded by mutex_
};

class CurlClient : public HttpClient {
 public:
  explicit CurlClient(std::string user_agent) : user_agent_(std::move(user_agent)) {}

  void StartSend(HttpClientRequest request, Done done) override { Begin(std::move(request), std::move(done)); }

  Result<HttpClientResponse> Send(HttpClientRequest request, std::stop_token stop) override {
    auto handover = std::make_shared<Handover<HttpClientResponse>>();
    const auto exchange =
        Begin(std::move(request), [handover](Result<HttpClientResponse> result) { handover->Put(std::move(result)); });
    const std::stop_callback cancel(stop, [&exchange] { exchange->Cancel(); });
    return handover->Take();
  }

  Result<void> SendMail(MailAttempt mail, std::stop_token stop) override {
    CurlLoop& loop = MailLoop();
    auto handover = std::make_shared<Handover<void>>();
    const uint64_t id = loop.Add(std::make_unique<MailTransfer>(
        std::move(mail), [handover](Result<void> result) { handover->Put(std::move(result)); }));
    const std::stop_callback cancel(stop, [&loop, id] { loop.Cancel(id); });
    return handover->Take();
  }

 private:
  std::shared_ptr<HttpExchange> Begin(HttpClientRequest request, Done done) {
    auto exchange = std::make_shared<HttpExchange>(std::move(request), user_agent_, http_, &tokens_, std::move(done));
    exchange->Start();
    return exchange;
  }

  // Of its own, because libcurl waits for the server's good-bye to a mail, and meanwhile carries nothing else.
  CurlLoop& MailLoop() {
    const std::scoped_lock lock(mutex_);
    if (mail_ == nullptr) mail_ = std::make_unique<CurlLoop>();
    return *mail_;
  }

  const std::string user_agent_;
  OAuth2Tokens tokens_{[this](HttpClientRequest request, Done done) { Begin(std::move(request), std::move(done)); }};
  CurlLoop http_;  // ends before the tokens, whose requests it carries
  std::mutex mutex_;
  std::unique_ptr<CurlLoop> mail_;  // guarded by mutex_ until made
};

}  // namespace

std::optional<Duration> HttpClientResponse::RetryAfter(Timestamp now) const {
  const std::string value(Trim(headers.Get("Retry-After")));
  if (value.empty()) return std::nullopt;
  if (const auto seconds = ParseFloat(value)) {
    if (!(*seconds >= 0)) return std::nullopt;
    return DurationFromSeconds(*seconds);
  }
  const time_t date = curl_getdate(value.c_str(), nullptr);
  if (date < 0) return std::nullopt;
  const Duration left = Timestamp(std::chrono::seconds(date)) - now;
  return std::max(left, Duration::zero());
}

std::unique_ptr<HttpClient> HttpClient::Start(std::string user_agent) {
  return std::make_unique<CurlClient>(std::move(user_agent));
}

}  // namespace base
