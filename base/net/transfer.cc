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

namespace {

long LowestVersion(const TlsOptions& tls) {
  constexpr TlsVersion kDefault = TlsVersion::tls12;
  const bool lowered = tls.max_version != TlsVersion::any && tls.max_version < kDefault;
  const TlsVersion otherwise = lowered ? tls.max_version : kDefault;
  switch (tls.min_version == TlsVersion::any ? otherwise : tls.min_version) {
    case TlsVersion::tls10:
      return CURL_SSLVERSION_TLSv1_0;
    case TlsVersion::tls11:
      return CURL_SSLVERSION_TLSv1_1;
    case TlsVersion::any:
    case TlsVersion::tls12:
      return CURL_SSLVERSION_TLSv1_2;
    case TlsVersion::tls13:
      return CURL_SSLVERSION_TLSv1_3;
  }
  return CURL_SSLVERSION_TLSv1_2;
}

long HighestVersion(TlsVersion version) {
  switch (version) {
    case TlsVersion::any:
      return CURL_SSLVERSION_MAX_DEFAULT;
    case TlsVersion::tls10:
      return CURL_SSLVERSION_MAX_TLSv1_0;
    case TlsVersion::tls11:
      return CURL_SSLVERSION_MAX_TLSv1_1;
    case TlsVersion::tls12:
      return CURL_SSLVERSION_MAX_TLSv1_2;
    case TlsVersion::tls13:
      return CURL_SSLVERSION_MAX_TLSv1_3;
  }
  return CURL_SSLVERSION_MAX_DEFAULT;
}

}  // namespace

void Transfer::SetText(CURLoption option, const std::string& text) {
  if (text.empty()) return;
  curl_blob blob{.data = const_cast<char*>(text.data()), .len = text.size(), .flags = CURL_BLOB_COPY};  // NOLINT
  Set(option, &blob);
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
  // connections are reused only among requests with the same texts
  SetText(CURLOPT_CAINFO_BLOB, tls.ca);
  SetText(CURLOPT_SSLCERT_BLOB, tls.cert);
  SetText(CURLOPT_SSLKEY_BLOB, tls.key);
  Set(CURLOPT_SSLVERSION, LowestVersion(tls) | HighestVersion(tls.max_version));
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
