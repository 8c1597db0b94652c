#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace base {

// Where people reach a server, and below which path it serves. Semantics: Prometheus' and Alertmanager's
// --web.external-url and --web.route-prefix.
struct WebAddress {
  std::string external_url;  // "https://example.com/tocsin", no slash at the end: links in messages start with it
  std::string link_path;     // the path of external_url, "" or "/tocsin": links within pages start with it
  std::string route_prefix;  // "" or "/tocsin": every path that is served starts with it
};

struct WebAddressInput {
  std::string_view external_url;    // as given; "" for the default, http://HOSTNAME:PORT
  std::string_view route_prefix;    // as given; "" for the path of external_url, "/" for none
  std::string_view listen_address;  // "127.0.0.1:9090"; only its port counts
  std::string_view hostname;        // of this machine, as the kernel has it
};

// Resolves the defaults. Goes beyond Prometheus in two points, so that links never end in a 404: a route prefix without
// an external URL is part of the default URL, and an external URL that is a path alone ("/tocsin") gets the default
// host. Pure. Errors (invalid_argument) name the flag.
Result<WebAddress> ResolveWebAddress(const WebAddressInput& input);

// Whether a link may be shown to people: http or https, no spaces, quotes, angle brackets or control characters, at
// most 3000 bytes.
bool IsWebUrl(std::string_view url);

}  // namespace base
