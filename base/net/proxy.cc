#include "base/net/proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/net/transfer.h"
#include "base/text.h"

namespace base {
namespace {

// An IPv4 address is kept in its IPv6 form, ::ffff:a.b.c.d.
using Address = std::array<uint8_t, 16>;
constexpr size_t kV4Offset = 12;
constexpr int kV4PrefixBits = 96;

struct ParsedAddress {
  Address bytes{};
  bool v4 = false;
};

std::optional<ParsedAddress> ParseAddress(std::string_view text) {
  const std::string copy(text);
  ParsedAddress address;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  address.bytes = {};
  address.bytes[10] = address.bytes[11] = 0xff;
  address.v4 = true;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data() + kV4Offset) == 1) return address;
  return std::nullopt;
}

bool IsLoopback(const ParsedAddress& address) {
  constexpr uint8_t kV4Loopback = 127;
  if (address.v4) return address.bytes[kV4Offset] == kV4Loopback;
  Address loopback{};
  loopback.back() = 1;
  return address.bytes == loopback;
}

bool SharesPrefix(const Address& a, const Address& b, int bits) {
  for (int i = 0; i < bits; ++i) {
    const auto byte = static_cast<size_t>(i / 8);
    const auto mask = static_cast<uint8_t>(0x80 >> (i % 8));
    if ((a[byte] & mask) != (b[byte] & mask)) return false;
  }
  return true;
}

bool IsInNetwork(const ParsedAddress& address, std::string_view network) {
  const size_t slash = network.find('/');
  const auto base_address = ParseAddress(network.substr(0, slash));
  const auto bits = ParseInteger(network.substr(slash + 1));
  if (!base_address || !bits || base_address->v4 != address.v4) return false;
  const int offset = address.v4 ? kV4PrefixBits : 0;
  if (*bits < 0 || *bits + offset > 128) return false;
  return SharesPrefix(address.bytes, base_address->bytes, static_cast<int>(*bits) + offset);
}

struct HostPort {
  std::string_view host;
  std::string_view port;  // "" for any
};

// "host", "host:port", "[v6]:port"; a bare IPv6 address has no port.
HostPort SplitPort(std::string_view entry) {
  const size_t colon = entry.rfind(':');
  const bool bare_v6 = !entry.starts_with('[') && std::ranges::count(entry, ':') > 1;
  HostPort split{entry, {}};
  if (colon != std::string_view::npos && !bare_v6 && !entry.ends_with(']')) {
    split = {entry.substr(0, colon), entry.substr(colon + 1)};
  }
  if (split.host.starts_with('[') && split.host.ends_with(']'))
    split.host = split.host.substr(1, split.host.size() - 2);
  return split;
}

bool MatchesDomain(std::string_view host, std::string_view domain) {
  if (domain.starts_with("*.")) domain.remove_prefix(1);
  const bool subdomains_alone = domain.starts_with('.');
  if (!subdomains_alone && host == domain) return true;
  const std::string suffix = subdomains_alone ? std::string(domain) : "." + std::string(domain);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

bool Matches(std::string_view host, std::string_view port, std::string_view entry) {
  if (entry == "*") return true;
  const auto address = ParseAddress(host);
  if (entry.contains('/')) return address && IsInNetwork(*address, entry);
  const HostPort wanted = SplitPort(entry);
  if (wanted.host.empty() || (!wanted.port.empty() && wanted.port != port)) return false;
  if (const auto other = ParseAddress(wanted.host)) return address && address->bytes == other->bytes;
  return MatchesDomain(host, wanted.host);
}

std::string FirstOf(const ProxyVariables& variables, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto value = variables(name); value && !value->empty()) return *std::move(value);
  }
  return "";
}

HttpProxy FromEnvironment(std::string_view url, const ProxyVariables& variables) {
  HttpProxy proxy;
  proxy.url = url.starts_with("https:") ? FirstOf(variables, {"HTTPS_PROXY", "https_proxy"})
                                        : FirstOf(variables, {"HTTP_PROXY", "http_proxy"});
  proxy.no_proxy = FirstOf(variables, {"NO_PROXY", "no_proxy"});
  return proxy;
}

}  // namespace

ProxyVariables ProxyEnvironment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

bool UsesProxy(std::string_view host, std::string_view port, std::string_view no_proxy) {
  if (host == "localhost") return false;
  if (const auto address = ParseAddress(host); address && IsLoopback(*address)) return false;
  for (const std::string_view part : Split(no_proxy, ',')) {
    const std::string entry = ToLower(Trim(part));
    if (!entry.empty() && Matches(host, port, entry)) return false;
  }
  return true;
}

std::string ProxyFor(const HttpProxy& proxy, std::string_view url, const ProxyVariables& variables) {
  const HttpProxy chosen = proxy.from_environment ? FromEnvironment(url, variables) : proxy;
  // without a list, Prometheus' proxy_url holds for loopback addresses, too
  if (chosen.url.empty() || (chosen.no_proxy.empty() && !proxy.from_environment)) return chosen.url;
  const CurlUrl parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), 0) != CURLUE_OK) return chosen.url;
  std::string host = ToLower(Part(parsed, CURLUPART_HOST));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return UsesProxy(host, Part(parsed, CURLUPART_PORT), chosen.no_proxy) ? chosen.url : "";
}

}  // namespace base
