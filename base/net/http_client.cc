#include "base/net/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "base/net/curl_loop.h"
#include "base/net/gzip.h"
#include "base/text.h"

namespace base {
namespace {

constexpr size_t kMaxResponseHead = 1UL << 20;
constexpr long kReadAtOnce = 64 << 10;
constexpr size_t kMostReserved = 16UL << 20;
constexpr long kMaxRedirects = 10;

struct CurlUrlCloser {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlUrl = std::unique_ptr<CURLU, CurlUrlCloser>;

std::string Part(const CurlUrl& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

bool HasLineEnd(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

// What both kinds of transfer have in common.
class TransferBase : public CurlTransfer {
 protected:
  void SetTimeout(Duration timeout) {
    // libcurl reads 0 as "for ever"
    const long milliseconds = std::max<long>(1, static_cast<long>(timeout.count()));
    Set(CURLOPT_TIMEOUT_MS, milliseconds);
    Set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
  }

  void SetTls(const TlsOptions& tls) {
    if (!tls.ca_file.empty()) Set(CURLOPT_CAINFO, tls.ca_file.c_str());
    if (!tls.cert_file.empty()) Set(CURLOPT_SSLCERT, tls.cert_file.c_str());
    if (!tls.key_file.empty()) Set(CURLOPT_SSLKEY, tls.key_file.c_str());
    Set(CURLOPT_SSL_VERIFYPEER, tls.insecure_skip_verify ? 0L : 1L);
    Set(CURLOPT_SSL_VERIFYHOST, tls.insecure_skip_verify ? 0L : 2L);
  }

  // libcurl checks the certificate against the URL's host: so the URL names `server_name`, and the connection is made
  // to where it pointed before.
  void ConnectElsewhere(const CurlUrl& url, const std::string& server_name) {
    const std::string host = Part(url, CURLUPART_HOST);
    const std::string port = Part(url, CURLUPART_PORT);
    SetList(CURLOPT_CONNECT_TO, {fmt::format("{}:{}:{}:{}", server_name, port, host, port)});
    curl_url_set(url.get(), CURLUPART_HOST, server_name.c_str(), 0);
  }
};

class HttpTransfer : public TransferBase {
 public:
  HttpTransfer(HttpClientRequest request, std::string user_agent, HttpClient::Done done)
      : request_(std::move(request)), user_agent_(std::move(user_agent)), done_(std::move(done)) {}

  Result<void> Prepare() override;
  void Finish(CURLcode code) override;
  void Abandon(Error why) override {
    why.message = Message(why.message);
    done_(std::unexpected(std::move(why)));
  }

 private:
  static size_t OnHeader(const char* data, size_t size, size_t count, void* self);
  static size_t OnBody(const char* data, size_t size, size_t count, void* self);

  Result<void> SetUrl();
  Result<void> SetHeaders();
  void SetBody();
  void Reserve();
  Result<void> Unpack();
  Error TooLarge() const;
  std::string Message(std::string_view what) const {
    return fmt::format("{} {}: {}", request_.method, RedactUrl(request_.url, request_.secret_url), what);
  }

  const HttpClientRequest request_;
  const std::string user_agent_;
  const HttpClient::Done done_;
  HttpClientResponse response_;
  size_t head_bytes_ = 0;
  bool too_large_ = false;
  std::string host_header_;
};

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
  SetTimeout(request_.timeout);
  SetTls(request_.tls);
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_FOLLOWLOCATION, request_.follow_redirects ? 1L : 0L);
  Set(CURLOPT_MAXREDIRS, kMaxRedirects);
  Set(CURLOPT_PROXY, request_.proxy_url.c_str());
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
    return size * count;
  }
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
  if (size * count > transfer.request_.max_response_bytes - transfer.response_.body.size()) {
    transfer.too_large_ = true;
    return 0;
  }
  if (transfer.response_.body.empty()) transfer.Reserve();
  transfer.response_.body.append(data, size * count);
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

void HttpTransfer::Finish(CURLcode code) {
  if (too_large_) return done_(std::unexpected(TooLarge()));
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return done_(Fail(ErrorCode::timeout, Message("timed out after " + FormatDuration(request_.timeout))));
  }
  if (code != CURLE_OK) return done_(Unavailable(Message(Describe(code))));
  long status = 0;
  curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  if (const auto unpacked = Unpack(); !unpacked) return done_(std::unexpected(unpacked.error()));
  done_(std::move(response_));
}

class MailTransfer : public TransferBase {
 public:
  MailTransfer(MailAttempt mail, std::function<void(Result<void>)> done)
      : mail_(std::move(mail)), done_(std::move(done)) {}

  Result<void> Prepare() override;
  void Finish(CURLcode code) override;
  void Abandon(Error why) override {
    why.message = Message(why.message);
    done_(std::unexpected(std::move(why)));
  }

 private:
  static size_t OnRead(char* buffer, size_t size, size_t count, void* self);
  static int OnTalk(CURL* handle, curl_infotype kind, char* data, size_t size, void* self);

  std::string Message(std::string_view what) const {
    return fmt::format("mail to {}:{}: {}", mail_.host, mail_.port, what);
  }

  const MailAttempt mail_;
  const std::function<void(Result<void>)> done_;
  size_t sent_ = 0;
  std::string refusal_;  // the server's first reply of 4xx or 5xx
};

Result<void> MailTransfer::Prepare() {
  for (const std::string& address : mail_.recipients) {
    if (HasLineEnd(address)) return Invalid("malformed recipient");
  }
  if (mail_.recipients.empty()) return Invalid("no recipient");
  if (HasLineEnd(mail_.from)) return Invalid("malformed sender");
  const CurlUrl url(curl_url());
  const std::string text = fmt::format("{}://{}:{}/", mail_.implicit_tls ? "smtps" : "smtp", mail_.host, mail_.port);
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0);
  if (code != CURLUE_OK) return Invalid(fmt::format("malformed address: {}", curl_url_strerror(code)));
  curl_url_set(url.get(), CURLUPART_PATH, ("/" + mail_.hello).c_str(), CURLU_URLENCODE);
  if (!mail_.tls.server_name.empty()) ConnectElsewhere(url, mail_.tls.server_name);
  Set(CURLOPT_URL, Part(url, CURLUPART_URL).c_str());
  Set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  Set(CURLOPT_PROXY, "");
  Set(CURLOPT_USE_SSL, static_cast<long>(mail_.require_starttls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
  SetTimeout(mail_.timeout);
  Set(CURLOPT_SERVER_RESPONSE_TIMEOUT, std::max<long>(1, static_cast<long>(mail_.timeout.count() / 1000)));
  SetTls(mail_.tls);
  if (!mail_.username.empty()) {
    Set(CURLOPT_USERNAME, mail_.username.c_str());
    Set(CURLOPT_PASSWORD, mail_.password.c_str());
    if (!mail_.login_options.empty()) Set(CURLOPT_LOGIN_OPTIONS, mail_.login_options.c_str());
  }
  Set(CURLOPT_MAIL_FROM, fmt::format("<{}>", mail_.from).c_str());
  std::vector<std::string> recipients;
  for (const std::string& address : mail_.recipients) recipients.push_back(fmt::format("<{}>", address));
  SetList(CURLOPT_MAIL_RCPT, recipients);
  Set(CURLOPT_UPLOAD, 1L);
  Set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mail_.message.size()));
  Set(CURLOPT_READFUNCTION, &MailTransfer::OnRead);
  Set(CURLOPT_READDATA, this);
  Set(CURLOPT_FORBID_REUSE, 1L);
  Set(CURLOPT_FRESH_CONNECT, 1L);
  // libcurl hands on the reply's code alone, and later codes hide the one that mattered
  Set(CURLOPT_VERBOSE, 1L);
  Set(CURLOPT_DEBUGFUNCTION, &MailTransfer::OnTalk);
  Set(CURLOPT_DEBUGDATA, this);
  return {};
}

size_t MailTransfer::OnRead(char* buffer, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<MailTransfer*>(self);
  const size_t length = std::min(size * count, transfer.mail_.message.size() - transfer.sent_);
  std::copy_n(transfer.mail_.message.data() + transfer.sent_, length, buffer);
  transfer.sent_ += length;
  return length;
}

int MailTransfer::OnTalk(CURL*, curl_infotype kind, char* data, size_t size, void* self) {
  auto& transfer = *static_cast<MailTransfer*>(self);
  if (kind != CURLINFO_HEADER_IN || !transfer.refusal_.empty()) return 0;
  const std::string_view line = Trim(std::string_view(data, size));
  const bool reply =
      line.size() >= 3 && std::ranges::all_of(line.substr(0, 3), [](char c) { return c >= '0' && c <= '9'; });
  if (reply && (line[0] == '4' || line[0] == '5')) transfer.refusal_ = line;
  return 0;
}

void MailTransfer::Finish(CURLcode code) {
  if (code == CURLE_OK) return done_({});
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return done_(Fail(ErrorCode::timeout, Message("timed out after " + FormatDuration(mail_.timeout))));
  }
  if (refusal_.empty()) return done_(Unavailable(Message(Describe(code))));
  const ErrorCode kind = refusal_[0] == '5' ? ErrorCode::invalid_argument : ErrorCode::unavailable;
  done_(Fail(kind, Message("the server refused: " + refusal_)));
}

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

  void StartSend(HttpClientRequest request, Done done) override {
    http_.Add(std::make_unique<HttpTransfer>(std::move(request), user_agent_, std::move(done)));
  }

  Result<HttpClientResponse> Send(HttpClientRequest request, std::stop_token stop) override {
    auto handover = std::make_shared<Handover<HttpClientResponse>>();
    const uint64_t id = http_.Add(std::make_unique<HttpTransfer>(
        std::move(request), user_agent_,
        [handover](Result<HttpClientResponse> result) { handover->Put(std::move(result)); }));
    const std::stop_callback cancel(stop, [this, id] { http_.Cancel(id); });
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
  // Of its own, because libcurl waits for the server's good-bye to a mail, and meanwhile carries nothing else.
  CurlLoop& MailLoop() {
    const std::scoped_lock lock(mutex_);
    if (mail_ == nullptr) mail_ = std::make_unique<CurlLoop>();
    return *mail_;
  }

  const std::string user_agent_;
  CurlLoop http_;
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
