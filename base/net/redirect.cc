#include "base/net/redirect.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/net/transfer.h"
#include "base/text.h"

namespace base {
namespace {

// What says nothing about who asks, and is needed by whoever answers.
bool MayGoElsewhere(std::string_view name) {
  constexpr std::string_view kPlain[] = {"accept",           "accept-encoding", "content-encoding",
                                         "content-language", "content-type",    "user-agent"};
  const std::string lower = ToLower(name);
  return lower.starts_with("x-prometheus-") || std::ranges::find(kPlain, lower) != std::end(kPlain);
}

void KeepHeaders(HttpHeaders& headers, bool (*keep)(std::string_view)) {
  HttpHeaders kept;
  for (const auto& [name, value] : headers) {
    if (keep(name)) kept.Add(name, value);
  }
  headers = std::move(kept);
}

void DropBody(HttpClientRequest& request) {
  request.method = request.method == "HEAD" ? "HEAD" : "GET";
  if (request.body.empty()) return;
  request.body.clear();
  KeepHeaders(request.headers, [](std::string_view name) { return !ToLower(name).starts_with("content-"); });
}

struct Server {
  std::string scheme, host, port;
  bool operator==(const Server&) const = default;
};

Server ServerOf(const std::string& text) {
  const CurlUrl url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return {};
  return {Part(url, CURLUPART_SCHEME), ToLower(Part(url, CURLUPART_HOST)), Part(url, CURLUPART_PORT)};
}

}  // namespace

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::optional<std::string> ResolveUrl(const std::string& url, const std::string& location) {
  const CurlUrl parsed(curl_url());
  constexpr unsigned kAnyScheme = CURLU_NON_SUPPORT_SCHEME;
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), kAnyScheme) != CURLUE_OK) return std::nullopt;
  if (curl_url_set(parsed.get(), CURLUPART_URL, location.c_str(), kAnyScheme | CURLU_URLENCODE) != CURLUE_OK) {
    return std::nullopt;
  }
  char* text = nullptr;
  if (curl_url_get(parsed.get(), CURLUPART_URL, &text, 0) != CURLUE_OK) return std::nullopt;
  std::string resolved = text;
  curl_free(text);
  return resolved;
}

bool IsSameServer(const std::string& from, const std::string& to) {
  const Server a = ServerOf(from), b = ServerOf(to);
  if (a.host.empty() || a.host != b.host) return false;
  if (a == b) return true;
  return a.scheme == "http" && b.scheme == "https" && a.port == "80" && b.port == "443";
}

HttpClientRequest RedirectedTo(std::string url, int status, HttpClientRequest request) {
  if (status != 307 && status != 308) DropBody(request);
  if (!IsSameServer(request.url, url)) {
    KeepHeaders(request.headers, &MayGoElsewhere);
    request.oauth2 = nullptr;
  }
  request.url = std::move(url);
  return request;
}

}  // namespace base
