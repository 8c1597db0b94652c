#include "base/net/oauth2.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"

namespace base {
namespace {

constexpr size_t kLargestAnswer = 1UL << 20;
constexpr size_t kMostClients = 256;
constexpr size_t kMostReason = 200;
// A token is not handed out so close to its end, as a request takes time.
constexpr Duration kSpare = std::chrono::seconds(10);
constexpr Duration kEarliestRenewal = std::chrono::minutes(1);
// Between attempts to renew a token that is still good.
constexpr Duration kPauseAfterFailure = std::chrono::seconds(10);

std::string TextOf(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Seconds as a number, or as text, which some servers send.
std::optional<Duration> LifetimeOf(const nlohmann::json& object) {
  const auto found = object.find("expires_in");
  if (found == object.end()) return std::nullopt;
  std::optional<double> seconds;
  if (found->is_number()) seconds = found->get<double>();
  if (found->is_string()) seconds = ParseFloat(found->get<std::string>());
  if (!seconds || !(*seconds > 0)) return std::nullopt;
  constexpr double kMost = 10.0 * 365 * 86400;
  return DurationFromSeconds(std::min(*seconds, kMost));
}

std::string TypeOf(const nlohmann::json& object) {
  std::string type = TextOf(object, "token_type");
  const std::string lower = ToLower(type);
  if (lower.empty() || lower == "bearer") return "Bearer";
  if (lower == "mac") return "MAC";
  if (lower == "basic") return "Basic";
  return type;
}

// What a refusal says: RFC 6749, 5.2.
std::string ReasonOf(const nlohmann::json& object) {
  std::string reason = TextOf(object, "error");
  if (const std::string text = TextOf(object, "error_description"); !text.empty()) {
    reason += (reason.empty() ? "" : ": ") + text;
  }
  return std::string(Utf8Prefix(IsValidUtf8(reason) ? reason : "", kMostReason));
}

Error About(const OAuth2Client& client, Error error) {
  error.message =
      fmt::format("cannot obtain an OAuth 2.0 token from {}: {}", RedactUrl(client.token_url), error.message);
  return error;
}

bool Refuses(const Result<HttpClientResponse>& answer) {
  return answer && answer->status >= 400 && answer->status < 500 && answer->status != 429;
}

}  // namespace

HttpClientRequest MakeTokenRequest(const OAuth2Client& client, OAuth2Style style) {
  HttpClientRequest request;
  request.method = "POST";
  request.url = client.token_url;
  request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
  request.headers.Add("Accept", "application/json");
  request.body = "grant_type=client_credentials";
  const auto add = [&](std::string_view name, std::string_view value) {
    request.body += fmt::format("&{}={}", EscapeUrlQuery(name), EscapeUrlQuery(value));
  };
  if (!client.scopes.empty()) add("scope", Join(client.scopes, " "));
  for (const auto& [name, value] : client.endpoint_params) add(name, value);
  if (style == OAuth2Style::header) {
    const std::string user = EscapeUrlQuery(client.client_id) + ":" + EscapeUrlQuery(client.client_secret);
    request.headers.Add("Authorization", "Basic " + Base64(user));
  } else {
    add("client_id", client.client_id);
    if (!client.client_secret.empty()) add("client_secret", client.client_secret);
  }
  request.max_response_bytes = kLargestAnswer;
  request.tls = client.tls;
  request.proxy = client.proxy;
  return request;
}

Result<OAuth2Token> ReadTokenAnswer(const HttpClientResponse& answer) {
  const nlohmann::json object = nlohmann::json::parse(answer.body, nullptr, false);
  const bool readable = !object.is_discarded() && object.is_object();
  if (answer.status / 100 != 2) {
    const std::string reason = readable ? ReasonOf(object) : "";
    const std::string text = fmt::format("HTTP status {} {}{}{}", answer.status, HttpReason(answer.status),
                                         reason.empty() ? "" : ": ", reason);
    return Unavailable(text);
  }
  if (!readable) return Unavailable("the answer is not a JSON object");
  const std::string token = TextOf(object, "access_token");
  if (token.empty()) {
    const std::string reason = ReasonOf(object);
    return Unavailable("the answer has no access_token" + (reason.empty() ? "" : ": " + reason));
  }
  return OAuth2Token{.authorization = TypeOf(object) + " " + token, .lifetime = LifetimeOf(object)};
}

struct OAuth2Tokens::Entry {
  std::shared_ptr<const OAuth2Client> client;
  OAuth2Style style = OAuth2Style::header;  // the one that worked last
  std::string authorization;                // "" for none yet
  Instant renew = Instant::max();
  Instant end = Instant::max();
  bool asking = false;
  std::vector<Got> waiting;

  void SetTimes(Instant begin, std::optional<Duration> lifetime) {
    renew = end = Instant::max();
    if (!lifetime) return;
    end = begin + std::max(*lifetime - kSpare, *lifetime / 2);
    renew = std::min(end, begin + *lifetime - std::min(*lifetime / 4 + kSpare, kEarliestRenewal));
  }
};

std::shared_ptr<OAuth2Tokens::Entry> OAuth2Tokens::Find(const std::shared_ptr<const OAuth2Client>& client,
                                                        Instant now) {
  const auto known = std::ranges::find_if(entries_, [&](const auto& entry) { return *entry->client == *client; });
  if (known != entries_.end()) return *known;
  // left behind by reloads and changed secrets
  if (entries_.size() >= kMostClients) {
    std::erase_if(entries_, [&](const auto& entry) { return !entry->asking && entry->renew <= now; });
  }
  if (entries_.size() >= kMostClients) entries_.erase(entries_.begin());
  auto entry = std::make_shared<Entry>();
  entry->client = client;
  entries_.push_back(entry);
  return entry;
}

void OAuth2Tokens::Get(const std::shared_ptr<const OAuth2Client>& client, Instant now, Duration timeout,
                       const Got& got) {
  std::shared_ptr<Entry> entry;
  OAuth2Style style = OAuth2Style::header;
  std::string authorization;
  bool ask = false;
  {
    const std::scoped_lock lock(mutex_);
    entry = Find(client, now);
    style = entry->style;
    if (!entry->authorization.empty() && now < entry->end) {
      authorization = entry->authorization;
    } else {
      entry->waiting.push_back(got);
    }
    ask = !entry->asking && (authorization.empty() || now >= entry->renew);
    entry->asking = entry->asking || ask;
  }
  if (ask) Ask(entry, style, now, timeout);
  if (!authorization.empty()) got(std::move(authorization));
}

void OAuth2Tokens::Ask(const std::shared_ptr<Entry>& entry, OAuth2Style style, Instant begin, Duration timeout) {
  HttpClientRequest request = MakeTokenRequest(*entry->client, style);
  request.timeout = timeout;
  fetch_(std::move(request), [this, entry, style, begin, timeout](Result<HttpClientResponse> answer) {
    Answered(entry, style, begin, timeout, std::move(answer));
  });
}

void OAuth2Tokens::Answered(const std::shared_ptr<Entry>& entry, OAuth2Style style, Instant begin, Duration timeout,
                            Result<HttpClientResponse> answer) {
  // a server that knows the other way only refuses this one
  if (Refuses(answer) && style == OAuth2Style::header) return Ask(entry, OAuth2Style::body, begin, timeout);
  Result<OAuth2Token> token = answer ? ReadTokenAnswer(*answer) : std::unexpected(std::move(answer).error());
  std::vector<Got> waiting;
  {
    const std::scoped_lock lock(mutex_);
    entry->asking = false;
    waiting.swap(entry->waiting);
    if (token) {
      entry->style = style;
      entry->authorization = token->authorization;
      entry->SetTimes(begin, token->lifetime);
    } else if (entry->renew != Instant::max()) {
      entry->renew = begin + kPauseAfterFailure;
    }
  }
  for (const Got& got : waiting) {
    if (token) {
      got(token->authorization);
    } else {
      got(std::unexpected(About(*entry->client, token.error())));
    }
  }
}

void OAuth2Tokens::Discard(const OAuth2Client& client, const std::string& authorization) {
  const std::scoped_lock lock(mutex_);
  for (const auto& entry : entries_) {
    if (*entry->client == client && entry->authorization == authorization) entry->authorization.clear();
  }
}

}  // namespace base
