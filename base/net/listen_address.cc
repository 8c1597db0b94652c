#include "base/net/listen_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace base {

std::string ListenAddress::ToString() const {
  in_addr address{};
  address.s_addr = ip;
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &address, text.data(), text.size());
  return fmt::format("{}:{}", text.data(), port);
}

Result<ListenAddress> ParseListenAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return Invalid(fmt::format("listen address \"{}\" has no port", text));
  ListenAddress address;
  address.host = text.substr(0, colon);
  const auto port = ParseInteger(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) return Invalid(fmt::format("listen address \"{}\" has no valid port", text));
  address.port = static_cast<uint16_t>(*port);
  if (address.host.empty()) return address;
  if (address.host.contains(':')) {
    return Invalid(
        fmt::format("listen address \"{}\": IPv6 is not supported; listen on IPv4 and put a proxy in front", text));
  }
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int status = getaddrinfo(address.host.c_str(), nullptr, &hints, &found); status != 0) {
    return Invalid(fmt::format("listen address \"{}\": {}", text, gai_strerror(status)));
  }
  sockaddr_in resolved{};
  std::memcpy(&resolved, found->ai_addr, sizeof resolved);
  freeaddrinfo(found);
  address.ip = resolved.sin_addr.s_addr;
  return address;
}

std::string BindProblem(const ListenAddress& address) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::strerror(errno);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = address.ip;
  name.sin_port = htons(address.port);
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 && listen(fd, 1) == 0;
  std::string problem = bound ? "" : std::strerror(errno);
  close(fd);
  return problem;
}

}  // namespace base
