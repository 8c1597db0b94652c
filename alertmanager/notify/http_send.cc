#include "alertmanager/notify/http_send.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace alertmanager {
namespace {

std::string_view Category(int status) {
  if (status == 429) return "rateLimited";
  if (status == 401 || status == 403) return "authError";
  return status >= 500 ? "serverError" : "clientError";
}

Outcome JudgeError(const base::Error& error) {
  switch (error.code) {
    case base::ErrorCode::timeout:
      return Outcome::Retry(error.message, "contextDeadlineExceeded");
    case base::ErrorCode::cancelled:
      return Outcome::Retry(error.message, "contextCanceled");
    case base::ErrorCode::invalid_argument:
      return Outcome::Failed(error.message);
    default:
      return Outcome::Retry(error.message, "other");
  }
}

}  // namespace

std::string Excerpt(std::string_view body) {
  const std::string_view line = base::Trim(body).substr(0, base::Trim(body).find('\n'));
  return std::string(base::Utf8Prefix(line, 200));
}

Outcome Judge(const base::Result<base::HttpClientResponse>& result, base::Timestamp now) {
  if (!result) return JudgeError(result.error());
  const int status = result->status;
  if (status / 100 == 2) return Outcome::Delivered();
  std::string reason = fmt::format("HTTP status {} {}", status, base::HttpReason(status));
  if (const std::string excerpt = Excerpt(result->body); !excerpt.empty()) reason += ": " + excerpt;
  if (status == 429 || status == 408 || status >= 500) {
    return Outcome::Retry(std::move(reason), Category(status), result->RetryAfter(now));
  }
  return Outcome::Failed(std::move(reason), Category(status));
}

Outcome PostJson(JsonPost post, const SendContext& context, std::string* answer) {
  base::HttpClientRequest request;
  request.method = "POST";
  request.headers.Add("Content-Type", "application/json");
  request.headers.Add("User-Agent", "Alertmanager/" TOCSIN_VERSION);
  if (const auto prepared = base::Prepare(*post.http, request); !prepared) {
    return Outcome::Failed(prepared.error().message);
  }
  request.body = std::move(post.body);
  request.max_response_bytes = 1UL << 20;
  request.status_decides = true;  // a message that was accepted must not be sent again for the sake of its answer
  const base::Duration timeout = post.timeout > base::Duration(0) ? post.timeout : kDefaultSendTimeout;
  request.timeout = std::max(std::min(timeout, context.time_left), base::Duration(1));
  request.url = std::move(post.url);
  request.secret_url = post.url_is_secret;
  const auto result = context.client.Send(std::move(request), context.stop);
  Outcome outcome = Judge(result, context.now);
  if (outcome.kind == Outcome::Kind::delivered && answer != nullptr) *answer = result->body;
  return outcome;
}

}  // namespace alertmanager
