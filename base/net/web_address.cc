#include "base/net/web_address.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace base {
namespace {

constexpr size_t kLongestUrl = 3000;

bool IsPlain(char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '"' && c != '<' && c != '>'; }

bool StartsWithScheme(std::string_view url) { return url.starts_with("http://") || url.starts_with("https://"); }

std::string_view WithoutSlashes(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

Result<void> CheckPath(std::string_view flag, std::string_view given, std::string_view path) {
  const bool plain = std::ranges::all_of(path, [](char c) { return IsPlain(c) && c != '\'' && c != '\\'; });
  if (plain && path.find_first_of("?#") == std::string_view::npos && !path.contains("//")) return {};
  return Invalid(fmt::format(
      "{}: {} holds a query, a fragment, an empty path segment, or a character that has no place in a path; "
      "write it like /tocsin",
      flag, Quote(given)));
}

std::string DefaultHost(const WebAddressInput& input) {
  const size_t colon = input.listen_address.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? "" : input.listen_address.substr(colon);
  return fmt::format("http://{}{}", input.hostname.empty() ? "localhost" : input.hostname, port);
}

// The scheme and host of an external URL, for which "" stands for the default, and its path.
struct Parts {
  std::string host;
  std::string path;
};

Result<Parts> SplitExternalUrl(const WebAddressInput& input) {
  const std::string_view url = WithoutSlashes(Trim(input.external_url));
  if (url.empty()) return Parts{};
  if (url.starts_with('/')) return Parts{"", std::string(url)};
  const size_t host = url.find("://") + 3;
  const size_t path = StartsWithScheme(url) ? std::min(url.find_first_of("/?#", host), url.size()) : 0;
  if (path <= host || !IsWebUrl(url)) {
    return Invalid(fmt::format(
        "--web.external-url: {} is not a web address; write one like http://tocsin.example.com:9090, or a path "
        "like /tocsin",
        Quote(input.external_url)));
  }
  return Parts{std::string(url.substr(0, path)), std::string(url.substr(path))};
}

}  // namespace

Result<WebAddress> ResolveWebAddress(const WebAddressInput& input) {
  TRY(const Parts parts, SplitExternalUrl(input));
  TRY_VOID(CheckPath("--web.external-url", input.external_url, parts.path));
  WebAddress address;
  std::string_view prefix = WithoutSlashes(Trim(input.route_prefix));
  while (prefix.starts_with('/')) prefix.remove_prefix(1);
  if (!prefix.empty()) address.route_prefix = fmt::format("/{}", prefix);
  TRY_VOID(CheckPath("--web.route-prefix", input.route_prefix, address.route_prefix));
  const bool given = !Trim(input.external_url).empty();
  address.link_path = given ? parts.path : address.route_prefix;
  if (Trim(input.route_prefix).empty()) address.route_prefix = parts.path;
  address.external_url = (parts.host.empty() ? DefaultHost(input) : parts.host) + address.link_path;
  return address;
}

bool IsWebUrl(std::string_view url) {
  return StartsWithScheme(url) && url.size() <= kLongestUrl && std::ranges::all_of(url, IsPlain);
}

}  // namespace base
