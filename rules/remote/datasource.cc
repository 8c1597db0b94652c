#include "rules/remote/datasource.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/net/api_response.h"
#include "base/net/http.h"
#include "base/text.h"
#include "promql/parser.h"
#include "rules/remote/answer.h"
#include "rules/remote/metrics.h"

namespace rules {
namespace {

constexpr base::Duration kFirstPause{250};
constexpr base::Duration kLongestPause = std::chrono::seconds(10);
constexpr size_t kExcerpt = 200;  // code points of an answer that is not JSON

std::string TimeText(base::Timestamp time) {
  std::string text;
  base::AppendApiTime(text, time);
  return text;
}

// "&name=value" of what every query carries. VictoriaMetrics moves instants away from now, and ranges to multiples of
// the step, unless told nocache; Thanos and VictoriaMetrics fail by themselves where a part of the data is out of
// reach, if they are asked to.
std::string ExtraParameters(const DatasourceConfig& config) {
  const bool strict = config.partial_response == PartialResponse::error;
  std::map<std::string, std::vector<std::string>> params = config.params;
  params.try_emplace("nocache", std::vector<std::string>{"1"});
  params.try_emplace("partial_response", std::vector<std::string>{strict ? "false" : "true"});
  if (strict) params.try_emplace("deny_partial_response", std::vector<std::string>{"1"});
  std::string text;
  for (const auto& [name, values] : params) {
    for (const std::string& value : values) {
      text += fmt::format("&{}={}", base::EscapeUrlQuery(name), base::EscapeUrlQuery(value));
    }
  }
  return text;
}

std::string WithoutSlash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// The first line of a text for people; pages for browsers say nothing in it.
std::string Excerpt(std::string_view body) {
  const std::string_view text = base::Trim(body);
  const std::string_view line = base::Trim(text.substr(0, text.find('\n')));
  const bool shown = base::IsValidUtf8(line) && !line.starts_with('<') && !line.starts_with('{') &&
                     std::ranges::none_of(line, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return shown ? std::string(base::Utf8Prefix(line, kExcerpt)) : "";
}

// "HTTP 422: execution: query timed out"
std::string Describe(const base::HttpClientResponse& answer, const std::optional<ApiFailure>& failure) {
  std::string text = fmt::format("HTTP {}", answer.status);
  if (failure) {
    for (const std::string& part : {failure->type, failure->message}) {
      // VictoriaMetrics' type is the status again
      if (!part.empty() && part != std::to_string(answer.status))
        text.append(": ").append(base::Utf8Prefix(part, 10 * kExcerpt));
    }
    return text;
  }
  if (const std::string_view reason = base::HttpReason(answer.status); !reason.empty()) text.append(" ").append(reason);
  if (const std::string excerpt = Excerpt(answer.body); !excerpt.empty()) text.append(": ").append(excerpt);
  return text;
}

AskOutcome OutcomeOf(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::timeout:
      return AskOutcome::timeout;
    case base::ErrorCode::cancelled:
      return AskOutcome::cancelled;
    case base::ErrorCode::limit_exceeded:
      return AskOutcome::unreadable;
    default:
      return AskOutcome::unreachable;
  }
}

}  // namespace

// What came of one request.
struct RemoteDatasource::Attempt {
  base::Result<promql::QueryResult> result;
  AskOutcome outcome = AskOutcome::success;
  bool again = false;                     // whether another try may help
  std::optional<base::Duration> pause{};  // what the server asks for

  static Attempt Failed(base::ErrorCode code, std::string message, AskOutcome outcome, bool again = false) {
    return {.result = base::Fail(code, std::move(message)), .outcome = outcome, .again = again};
  }
};

RemoteDatasource::RemoteDatasource(DatasourceConfig config, const Parts& parts)
    : config_(std::move(config)),
      client_(parts.client),
      clock_(parts.clock),
      most_bytes_(parts.most_bytes),
      base_url_(WithoutSlash(config_.url)),
      extra_(ExtraParameters(config_)),
      metrics_(std::make_unique<DatasourceMetrics>(parts.registry)) {}

RemoteDatasource::~RemoteDatasource() = default;

base::Result<promql::QueryResult> RemoteDatasource::Instant(const promql::Expr& expr, base::Timestamp time,
                                                            const Patience& patience) const {
  return Ask("/api/v1/query",
             fmt::format("query={}&time={}", base::EscapeUrlQuery(promql::ToString(expr)), TimeText(time)), patience);
}

base::Result<promql::QueryResult> RemoteDatasource::Range(const promql::Expr& expr, base::Timestamp start,
                                                          base::Timestamp end, base::Duration step) const {
  return Ask("/api/v1/query_range",
             fmt::format("query={}&start={}&end={}&step={:.3f}", base::EscapeUrlQuery(promql::ToString(expr)),
                         TimeText(start), TimeText(end), base::ToSeconds(step)),
             {});
}

base::Result<promql::QueryResult> RemoteDatasource::Ask(std::string_view path, const std::string& parameters,
                                                        const Patience& patience) const {
  const std::string url = base_url_ + std::string(path);
  const std::string_view method = config_.get ? "GET" : "POST";
  base::Duration timeout = std::min(config_.timeout, patience.most);
  for (int tries = 1;; ++tries) {
    const auto begin = std::chrono::steady_clock::now();
    Attempt attempt = Try(url, parameters, timeout);
    metrics_->Count(attempt.outcome, std::chrono::steady_clock::now() - begin);
    if (attempt.result) return std::move(attempt.result);
    if (attempt.again && tries <= config_.retries && Pause(attempt, tries, patience.retry_until)) {
      metrics_->CountRetry();
      timeout = std::min(timeout, patience.retry_until - clock_.Now());
      continue;
    }
    base::Error error = std::move(attempt.result).error();
    error.message = fmt::format("{} {}: {}{}", method, base::RedactUrl(url), error.message,
                                tries > 1 ? fmt::format(" ({} tries)", tries) : "");
    return std::unexpected(std::move(error));
  }
}

// Whether there is time for another try; then it has come.
bool RemoteDatasource::Pause(const Attempt& failed, int tries, base::Timestamp until) const {
  const base::Duration doubling = std::min(kFirstPause * (int64_t{1} << std::min(tries - 1, 10)), kLongestPause);
  const base::Timestamp next = clock_.Now() + failed.pause.value_or(doubling);
  return next < until && clock_.SleepUntil(next, stop_.get_token());
}

RemoteDatasource::Attempt RemoteDatasource::Try(const std::string& url, const std::string& parameters,
                                                base::Duration timeout) const {
  if (stop_.stop_requested()) {
    return Attempt::Failed(base::ErrorCode::cancelled, "the datasource is no longer asked", AskOutcome::cancelled);
  }
  base::HttpClientRequest request{.timeout = timeout, .max_response_bytes = most_bytes_, .accept_gzip = true};
  const std::string all = fmt::format("{}&timeout={}{}", parameters, base::FormatDuration(timeout), extra_);
  if (config_.get) {
    request.url = url + "?" + all;
  } else {
    request.method = "POST";
    request.url = url;
    request.body = all;
    request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
  }
  if (const auto prepared = base::Prepare(config_.http, request); !prepared) {
    return Attempt::Failed(prepared.error().code, prepared.error().message, AskOutcome::unreachable);
  }
  // how the client begins its messages; so does Ask
  const std::string named = fmt::format("{} {}: ", request.method, base::RedactUrl(request.url));
  auto answer = client_.Send(std::move(request), stop_.get_token());
  if (!answer && answer.error().message.starts_with(named)) answer.error().message.erase(0, named.size());
  return Judge(std::move(answer), parameters);
}

RemoteDatasource::Attempt RemoteDatasource::Judge(base::Result<base::HttpClientResponse> answer,
                                                  const std::string& parameters) const {
  if (!answer) {
    const base::ErrorCode code = answer.error().code;
    return Attempt::Failed(code, answer.error().message, OutcomeOf(code), code == base::ErrorCode::unavailable);
  }
  if (answer->status == 200) return JudgeAnswer(answer->body, parameters);
  const auto failure = ReadApiFailure(answer->body);
  const bool timeout = answer->status == 504 || (failure && failure->type == "timeout");
  const bool overloaded = answer->status == 429;
  const bool server = answer->status >= 500 && !timeout;
  const bool refused = answer->status >= 400 && answer->status < 500 && !overloaded;
  Attempt attempt = Attempt::Failed(
      timeout ? base::ErrorCode::timeout : (refused ? base::ErrorCode::invalid_argument : base::ErrorCode::unavailable),
      Describe(*answer, failure),
      timeout ? AskOutcome::timeout
              : (overloaded ? AskOutcome::overloaded : (refused ? AskOutcome::refused : AskOutcome::failed)),
      overloaded || server);
  attempt.pause = answer->RetryAfter(clock_.Now());
  return attempt;
}

RemoteDatasource::Attempt RemoteDatasource::JudgeAnswer(const std::string& body, const std::string& parameters) const {
  auto answer = ReadQueryAnswer(body);
  if (!answer) {
    return Attempt::Failed(base::ErrorCode::unavailable,
                           "the answer is not that of Prometheus' API: " + answer.error().message,
                           AskOutcome::unreadable);
  }
  promql::QueryResult result{.value = std::move(answer->value), .annotations = {}};
  if (!answer->partial && answer->warnings.empty()) return {.result = std::move(result)};
  std::string why = base::Join(answer->warnings, "; ");
  if (why.empty()) why = "the server says isPartial";
  why = base::Utf8Prefix(why, 10 * kExcerpt);
  if (config_.partial_response == PartialResponse::error) {
    return Attempt::Failed(base::ErrorCode::unavailable, "the answer is partial: " + why, AskOutcome::partial);
  }
  if (config_.partial_response == PartialResponse::warn) {
    base::LogWarn("the datasource's answer is partial",
                  {{"datasource", base::RedactUrl(config_.url)}, {"asked", parameters}, {"why", why}});
  }
  result.annotations.warnings = std::move(answer->warnings);
  return {.result = std::move(result), .outcome = AskOutcome::partial};
}

}  // namespace rules
