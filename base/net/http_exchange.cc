#include "base/net/http_exchange.h"

#include <fmt/format.h>

#include <utility>

#include "base/net/http_transfer.h"
#include "base/net/redirect.h"

namespace base {
namespace {

constexpr int kMaxRedirects = 10;

}  // namespace

HttpExchange::HttpExchange(HttpClientRequest request, std::string user_agent, CurlLoop& loop, OAuth2Tokens* tokens,
                           HttpClient::Done done)
    : name_(fmt::format("{} {}", request.method, RedactUrl(request.url, request.secret_url))),
      user_agent_(std::move(user_agent)),
      loop_(loop),
      tokens_(tokens),
      deadline_(Clock::now() + request.timeout),
      room_(std::move(request.room)),
      done_(std::move(done)) {
  request.room.clear();
  request_ = std::make_shared<const HttpClientRequest>(std::move(request));
}

void HttpExchange::Start() {
  if (request_->oauth2 != nullptr && tokens_ != nullptr) {
    Authorize();
  } else {
    Transfer();
  }
}

void HttpExchange::Authorize() {
  tokens_->Get(request_->oauth2, Clock::now(), request_->timeout,
               [self = shared_from_this()](Result<std::string> authorization) {
                 if (!authorization) return self->End(std::unexpected(std::move(authorization).error()));
                 self->token_ = *std::move(authorization);
                 auto request = std::make_shared<HttpClientRequest>(*self->request_);
                 request->headers.Add("Authorization", self->token_);
                 self->request_ = std::move(request);
                 self->Transfer();
               });
}

void HttpExchange::Transfer() {
  const auto left = std::chrono::ceil<Duration>(deadline_ - Clock::now());
  auto transfer = std::make_unique<HttpTransfer>(
      request_, std::exchange(room_, {}), left, user_agent_,
      [self = shared_from_this()](Result<HttpClientResponse> answer) { self->Answered(std::move(answer)); });
  {
    const std::scoped_lock lock(mutex_);
    if (!cancelled_) {
      transfer_ = loop_.Add(std::move(transfer));
      return;
    }
  }
  End(Cancelled());
}

void HttpExchange::Answered(Result<HttpClientResponse> answer) {
  constexpr int kUnauthorized = 401;
  if (answer && answer->status == kUnauthorized && !token_.empty()) tokens_->Discard(*request_->oauth2, token_);
  if (!answer || !request_->follow_redirects || !IsRedirect(answer->status)) return End(std::move(answer));
  const Result<bool> elsewhere = Redirect(*answer);
  if (!elsewhere) return End(std::unexpected(elsewhere.error()));
  if (!*elsewhere) return End(std::move(answer));
  Transfer();
}

Result<bool> HttpExchange::Redirect(HttpClientResponse& answer) {
  const std::string location(answer.headers.Get("Location"));
  if (location.empty()) return false;
  const auto fail = [&](std::string_view what) { return Unavailable(fmt::format("{}: {}", name_, what)); };
  if (++redirects_ > kMaxRedirects) return fail(fmt::format("gave up after {} redirects", kMaxRedirects));
  auto url = ResolveUrl(request_->url, location);
  if (!url) return fail("the redirect names a malformed URL");
  if (!url->starts_with("http://") && !url->starts_with("https://")) return fail("the redirect leads away from HTTP");
  if (!IsSameServer(request_->url, *url)) token_.clear();
  request_ = std::make_shared<const HttpClientRequest>(RedirectedTo(*std::move(url), answer.status, *request_));
  room_ = std::move(answer.body);
  return true;
}

void HttpExchange::End(Result<HttpClientResponse> result) {
  HttpClient::Done done;
  {
    const std::scoped_lock lock(mutex_);
    done = std::exchange(done_, nullptr);
  }
  if (done) done(std::move(result));
}

void HttpExchange::Cancel() {
  {
    const std::scoped_lock lock(mutex_);
    cancelled_ = true;
    // between two transfers, the second one is not begun
    if (transfer_) return loop_.Cancel(*transfer_);
  }
  End(Cancelled());
}

Result<HttpClientResponse> HttpExchange::Cancelled() const {
  return Fail(ErrorCode::cancelled, fmt::format("{}: cancelled", name_));
}

}  // namespace base
