#include "base/net/http_transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/net/gzip.h"
#include "base/net/proxy.h"
#include "base/text.h"

namespace base {
namespace {

constexpr size_t kMaxResponseHead = 1UL << 20;
constexpr long kReadAtOnce = 64 << 10;
constexpr size_t kMostReserved = 16UL << 20;
constexpr size_t kMostDropped = 64UL << 20;  // of a body that nobody reads; a longer one is cut off

bool IsToken(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

}  // namespace

Result<void> HttpTransfer::SetUrl() {
  const CurlUrl url(curl_url());
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, request_.url.c_str(), 0);
  if (code != CURLUE_OK) return Invalid(fmt::format("malformed URL: {}", curl_url_strerror(code)));
  const std::string scheme = Part(url, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return Invalid(fmt::format("unsupported scheme \"{}\"", scheme));
  if (!request_.tls.server_name.empty()) {
    char* port = nullptr;
    const bool explicit_port = curl_url_get(url.get(), CURLUPART_PORT, &port, 0) == CURLUE_OK;
    host_header_ = Part(url, CURLUPART_HOST);
    if (explicit_port) host_header_.append(":").append(port);
    curl_free(port);
    ConnectElsewhere(url, request_.tls.server_name);
  }
  Set(CURLOPT_URL, Part(url, CURLUPART_URL).c_str());
  return {};
}

Result<void> HttpTransfer::SetHeaders() {
  std::vector<std::string> lines = {"Expect:"};
  for (const auto& [name, value] : request_.headers) {
    if (!IsToken(name) || HasLineEnd(value)) return Invalid(fmt::format("malformed header {}", Quote(name)));
    // libcurl's way of writing a header without a value
    lines.push_back(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  if (!host_header_.empty() && request_.headers.Get("Host").empty()) lines.push_back("Host: " + host_header_);
  if (request_.headers.Get("Content-Type").empty()) lines.emplace_back("Content-Type:");
  if (request_.accept_gzip) lines.emplace_back("Accept-Encoding: gzip");
  SetList(CURLOPT_HTTPHEADER, lines);
  return {};
}

Result<void> HttpTransfer::SetProxy() {
  const std::string proxy = ProxyFor(request_.proxy, request_.url, ProxyEnvironment());
  Set(CURLOPT_PROXY, proxy.c_str());
  Set(CURLOPT_NOPROXY, "");  // else libcurl looks at the environment
  // an encrypted proxy is trusted as the server is
  SetText(CURLOPT_PROXY_CAINFO_BLOB, request_.tls.ca);
  Set(CURLOPT_PROXY_SSL_VERIFYPEER, request_.tls.insecure_skip_verify ? 0L : 1L);
  Set(CURLOPT_PROXY_SSL_VERIFYHOST, request_.tls.insecure_skip_verify ? 0L : 2L);
  if (proxy.empty() || !request_.url.starts_with("https:")) return {};
  std::vector<std::string> lines;
  for (const auto& [name, value] : request_.proxy.connect_headers) {
    if (!IsToken(name) || HasLineEnd(value)) return Invalid(fmt::format("malformed header {}", Quote(name)));
    lines.push_back(fmt::format("{}: {}", name, value));
  }
  if (!lines.empty()) SetList(CURLOPT_PROXYHEADER, lines);
  return {};
}

void HttpTransfer::SetBody() {
  const bool body = !request_.body.empty();
  if (request_.method == "HEAD") {
    Set(CURLOPT_NOBODY, 1L);
    return;
  }
  if (request_.method == "POST" || body) {
    Set(CURLOPT_POST, 1L);
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    Set(CURLOPT_POSTFIELDS, request_.body.data());
  }
  if (request_.method != "POST" && (request_.method != "GET" || body)) {
    Set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

Result<void> HttpTransfer::Prepare() {
  if (!IsToken(request_.method)) return Invalid("malformed method");
  TRY_VOID(SetUrl());
  TRY_VOID(SetHeaders());
  SetBody();
  SetTimeout(limit_);
  SetTls(request_.tls);
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_FOLLOWLOCATION, 0L);  // HttpExchange follows
  Set(CURLOPT_HTTP_VERSION, static_cast<long>(request_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  TRY_VOID(SetProxy());
  Set(CURLOPT_USERAGENT, user_agent_.c_str());
  Set(CURLOPT_HEADERFUNCTION, &HttpTransfer::OnHeader);
  Set(CURLOPT_HEADERDATA, this);
  Set(CURLOPT_WRITEFUNCTION, &HttpTransfer::OnBody);
  Set(CURLOPT_WRITEDATA, this);
  Set(CURLOPT_BUFFERSIZE, kReadAtOnce);
  return {};
}

size_t HttpTransfer::OnHeader(const char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::string_view line = Trim(std::string_view(data, size * count));
  transfer.head_bytes_ += size * count;
  if (transfer.head_bytes_ > kMaxResponseHead) {
    transfer.too_large_ = true;
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    // the head of a further answer, after a redirect or "100 Continue"
    transfer.response_.headers = {};
    transfer.head_complete_ = false;
    return size * count;
  }
  transfer.head_complete_ = transfer.head_complete_ || line.empty();
  if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    transfer.response_.headers.Add(std::string(line.substr(0, colon)), std::string(Trim(line.substr(colon + 1))));
  }
  return size * count;
}

// As much as the answer says it has, within reason.
void HttpTransfer::Reserve() {
  curl_off_t length = 0;
  curl_easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (length <= 0) return;
  response_.body.reserve(std::min({static_cast<size_t>(length), request_.max_response_bytes, kMostReserved}));
}

size_t HttpTransfer::OnBody(const char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const size_t left = transfer.request_.max_response_bytes - transfer.response_.body.size();
  const size_t kept = std::min(size * count, left);
  transfer.dropped_bytes_ += size * count - kept;
  if (transfer.dropped_bytes_ > (transfer.request_.status_decides ? kMostDropped : 0)) {
    transfer.too_large_ = true;
    return 0;
  }
  if (transfer.response_.body.empty()) transfer.Reserve();
  transfer.response_.body.append(data, kept);
  return size * count;
}

Error HttpTransfer::TooLarge() const {
  const std::string what = fmt::format("the answer is larger than {} bytes", request_.max_response_bytes);
  return {ErrorCode::limit_exceeded, Message(what), std::nullopt};
}

Result<void> HttpTransfer::Unpack() {
  const std::string encoding = ToLower(response_.headers.Get("Content-Encoding"));
  if (!request_.accept_gzip || response_.body.empty() || encoding.empty() || encoding == "identity") return {};
  if (encoding != "gzip" && encoding != "x-gzip") {
    return Unavailable(Message(fmt::format("the answer has the unknown encoding {}", Quote(encoding))));
  }
  std::string text;
  switch (Gunzip(response_.body, request_.max_response_bytes, text)) {
    case Unpacked::too_large:
      return std::unexpected(TooLarge());
    case Unpacked::malformed:
      return Unavailable(Message("the answer is not the gzip it is said to be"));
    case Unpacked::ok:
      break;
  }
  response_.body = std::move(text);
  return {};
}

bool HttpTransfer::StatusDecides() const {
  constexpr int kRedirection = 3;
  return request_.status_decides && head_complete_ && response_.status >= 200 && response_.status / 100 != kRedirection;
}

void HttpTransfer::Finish(CURLcode code) {
  long status = 0;
  curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  if (code != CURLE_OK && StatusDecides()) return done_(std::move(response_));
  if (too_large_) return done_(std::unexpected(TooLarge()));
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return done_(Fail(ErrorCode::timeout, Message("timed out after " + FormatDuration(request_.timeout))));
  }
  if (code != CURLE_OK) return done_(Unavailable(Message(Describe(code))));
  // libcurl takes the end of the connection for the end of the head
  if (!head_complete_) return done_(Unavailable(Message("the answer breaks off within its head")));
  if (const auto unpacked = Unpack(); !unpacked) return done_(std::unexpected(unpacked.error()));
  done_(std::move(response_));
}

}  // namespace base
