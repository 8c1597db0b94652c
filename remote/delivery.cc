#include "remote/delivery.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/net/http.h"
#include "base/text.h"

namespace remote {
namespace {

constexpr std::string_view kWritten = "X-Prometheus-Remote-Write-";

std::optional<size_t> WrittenOf(const base::HttpHeaders& headers) {
  std::optional<size_t> all;
  for (const std::string_view what : {"Samples", "Histograms"}) {
    const auto number = base::ParseInteger(headers.Get(fmt::format("{}{}-Written", kWritten, what)));
    if (number && *number >= 0) all = all.value_or(0) + static_cast<size_t>(*number);
  }
  return all;
}

std::string Reason(const base::HttpClientResponse& answer) {
  std::string reason = fmt::format("server returned HTTP status {} {}", answer.status, base::HttpReason(answer.status));
  const std::string_view body = base::Trim(answer.body);
  const std::string_view line = base::Utf8Prefix(body.substr(0, body.find('\n')), 256);
  if (!line.empty()) reason.append(": ").append(line);
  return reason;
}

// In the words of Prometheus, and of those built upon it.
bool SaysRepeated(const base::HttpClientResponse& answer) {
  if (answer.status != 400 && answer.status != 409) return false;
  const std::string text = base::ToLower(answer.body);
  constexpr std::string_view kWords[] = {"out of order", "out-of-order", "duplicate sample"};
  return std::ranges::any_of(kWords, [&](std::string_view words) { return text.contains(words); });
}

}  // namespace

base::Result<base::HttpClientRequest> MakeRequest(const WriteConfig& config, std::string body, int attempt) {
  base::HttpClientRequest request;
  request.method = "POST";
  request.url = config.url;
  request.body = std::move(body);
  request.timeout = config.remote_timeout;
  request.max_response_bytes = 1UL << 20;
  request.status_decides = true;
  const bool v2 = config.protocol == Protocol::v2;
  request.headers.Add("Content-Encoding", "snappy");
  request.headers.Add("Content-Type", v2 ? fmt::format("application/x-protobuf;proto={}", ToString(config.protocol))
                                         : "application/x-protobuf");
  request.headers.Add("X-Prometheus-Remote-Write-Version", v2 ? "2.0.0" : "0.1.0");
  if (attempt > 0) request.headers.Add("Retry-Attempt", std::to_string(attempt));
  TRY_VOID(base::Prepare(config.http, request));
  return request;
}

Verdict Judge(const base::Result<base::HttpClientResponse>& answer, const WriteConfig& config, base::Timestamp now) {
  using enum Verdict::Kind;
  if (!answer) {
    const bool final = answer.error().code == base::ErrorCode::invalid_argument;
    return {.kind = final ? refused : retry, .reason = answer.error().message};
  }
  const int status = answer->status;
  const bool v2 = config.protocol == Protocol::v2;
  const std::optional<size_t> written = v2 ? WrittenOf(answer->headers) : std::nullopt;
  if (status / 100 == 2) {
    if (!v2 || written) return {.kind = sent, .written = written};
    return {.kind = refused, .reason = "the receiver does not say what it wrote; it may know remote write 1 only"};
  }
  if (status / 100 == 5 || (status == 429 && config.queue.retry_on_http_429)) {
    return {.kind = retry, .reason = Reason(*answer), .after = answer->RetryAfter(now)};
  }
  return {.kind = refused, .reason = Reason(*answer), .written = written, .repeated = SaysRepeated(*answer)};
}

base::Duration Pause(const QueueConfig& config, int failures, std::optional<base::Duration> asked) {
  if (asked && *asked > base::Duration(0)) return *asked;
  base::Duration pause = config.min_backoff;
  for (int i = 1; i < failures && pause < config.max_backoff; ++i) pause *= 2;
  return std::min(pause, config.max_backoff);
}

}  // namespace remote
