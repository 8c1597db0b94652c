#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/net/http_client.h"

// Which proxy a URL is fetched through. Semantics: Go's golang.org/x/net/http/httpproxy, which Prometheus uses. Pure.

namespace base {

// The value of an environment variable; nullopt where it is not set.
using ProxyVariables = std::function<std::optional<std::string>(const char* name)>;
ProxyVariables ProxyEnvironment();

// The proxy's URL, "" for none. From the environment: HTTPS_PROXY for https, HTTP_PROXY for http (or the names in lower
// case), with NO_PROXY.
std::string ProxyFor(const HttpProxy& proxy, std::string_view url, const ProxyVariables& variables);

// Whether `host` (lower case, without brackets) on `port` is reached through a proxy despite `no_proxy`: a list,
// separated by commas, of "*", IP addresses, networks (10.0.0.0/8), domains with their subdomains (example.com,
// *.example.com) or subdomains alone (.example.com); addresses and domains may end in ":port". Never for localhost and
// loopback addresses.
bool UsesProxy(std::string_view host, std::string_view port, std::string_view no_proxy);

}  // namespace base
