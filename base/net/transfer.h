#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/net/curl_loop.h"
#include "base/net/http_client.h"

// What requests and mails have in common. Included by this folder's .cc files alone: it shows libcurl.

namespace base {

struct CurlUrlCloser {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlUrl = std::unique_ptr<CURLU, CurlUrlCloser>;

std::string Part(const CurlUrl& url, CURLUPart part);  // "" where there is none

// Or a NUL; with one, the author of a value could write lines of his own.
bool HasLineEnd(std::string_view text);

class Transfer : public CurlTransfer {
 protected:
  void SetTimeout(Duration timeout);
  void SetTls(const TlsOptions& tls);
  void SetText(CURLoption option, const std::string& text);  // copied; "" leaves the option alone
  // Goes on connecting to where `url` points, but checks the certificate against `server_name`, which `url` then names.
  void ConnectElsewhere(const CurlUrl& url, const std::string& server_name);
};

}  // namespace base
