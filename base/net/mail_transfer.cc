#include "base/net/mail_transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace base {

Result<void> MailTransfer::Prepare() {
  if (std::ranges::any_of(mail_.recipients, HasLineEnd)) return Invalid("malformed recipient");
  if (mail_.recipients.empty()) return Invalid("no recipient");
  if (HasLineEnd(mail_.from)) return Invalid("malformed sender");
  TRY_VOID(SetServer());
  SetLogin();
  SetEnvelope();
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

Result<void> MailTransfer::SetServer() {
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
  return {};
}

void MailTransfer::SetLogin() {
  if (mail_.username.empty()) return;
  Set(CURLOPT_USERNAME, mail_.username.c_str());
  Set(CURLOPT_PASSWORD, mail_.password.c_str());
  if (!mail_.login_options.empty()) Set(CURLOPT_LOGIN_OPTIONS, mail_.login_options.c_str());
}

void MailTransfer::SetEnvelope() {
  Set(CURLOPT_MAIL_FROM, fmt::format("<{}>", mail_.from).c_str());
  std::vector<std::string> recipients;
  for (const std::string& address : mail_.recipients) recipients.push_back(fmt::format("<{}>", address));
  SetList(CURLOPT_MAIL_RCPT, recipients);
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

}  // namespace base
