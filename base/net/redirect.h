#pragma once

#include <optional>
#include <string>

#include "base/net/http_client.h"

// What a redirect means. Pure.

namespace base {

bool IsRedirect(int status);

// The URL that `location` means from `url`; nullopt if it is malformed.
std::optional<std::string> ResolveUrl(const std::string& url, const std::string& location);

// Whether a request may carry its headers from one URL to the other: the same scheme, host and port, or from http to
// https of the same host on their default ports.
bool IsSameServer(const std::string& from, const std::string& to);

// The request that follows an answer with `status` to `url`. Only 307 and 308 repeat method and body; anything else
// asks by GET. To another server go only headers that do not say who asks.
HttpClientRequest RedirectedTo(std::string url, int status, HttpClientRequest request);

}  // namespace base
