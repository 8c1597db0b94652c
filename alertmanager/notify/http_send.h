#pragma once

#include <string>

#include "alertmanager/notify/integration.h"

namespace alertmanager {

struct JsonPost {
  std::string url;
  bool url_is_secret = false;  // also its path, as Slack's
  std::string body;
  const HttpOptions* http = nullptr;
  base::Duration timeout{0};  // 0: kDefaultSendTimeout
};

// POSTs JSON with the options' authorization, proxy and TLS. `answer` gets the body of a 2xx.
Outcome PostJson(JsonPost post, const SendContext& context, std::string* answer = nullptr);

// 2xx delivered; 429 and 5xx (and 408) are worth another try, Retry-After honoured; other answers are final. Of errors,
// a malformed URL is final, the rest is worth another try.
Outcome Judge(const base::Result<base::HttpClientResponse>& result, base::Timestamp now);

// The start of a peer's answer, fit for a log line.
std::string Excerpt(std::string_view body);

}  // namespace alertmanager
