#include "base/net/transfer.h"

#include <fmt/format.h>

#include <algorithm>

namespace base {

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

void Transfer::SetTimeout(Duration timeout) {
  // libcurl reads 0 as "for ever"
  const long milliseconds = std::max<long>(1, static_cast<long>(timeout.count()));
  Set(CURLOPT_TIMEOUT_MS, milliseconds);
  Set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
}

void Transfer::SetTls(const TlsOptions& tls) {
  if (!tls.ca_file.empty()) Set(CURLOPT_CAINFO, tls.ca_file.c_str());
  if (!tls.cert_file.empty()) Set(CURLOPT_SSLCERT, tls.cert_file.c_str());
  if (!tls.key_file.empty()) Set(CURLOPT_SSLKEY, tls.key_file.c_str());
  Set(CURLOPT_SSL_VERIFYPEER, tls.insecure_skip_verify ? 0L : 1L);
  Set(CURLOPT_SSL_VERIFYHOST, tls.insecure_skip_verify ? 0L : 2L);
}

void Transfer::ConnectElsewhere(const CurlUrl& url, const std::string& server_name) {
  // libcurl checks the certificate against the URL's host
  const std::string host = Part(url, CURLUPART_HOST);
  const std::string port = Part(url, CURLUPART_PORT);
  SetList(CURLOPT_CONNECT_TO, {fmt::format("{}:{}:{}:{}", server_name, port, host, port)});
  curl_url_set(url.get(), CURLUPART_HOST, server_name.c_str(), 0);
}

}  // namespace base
