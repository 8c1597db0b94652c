#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>

#include "base/result.h"

// Where a server listens. IPv4 alone. Included by this folder's .cc files alone.

namespace base {

struct ListenAddress {
  std::string host;  // "" for all interfaces
  in_addr_t ip = INADDR_ANY;
  uint16_t port = 0;

  std::string ToString() const;  // 127.0.0.1:9090
};

// HOST:PORT or :PORT. A host's name is looked up; port 0 is any free one. Errors are `invalid_argument`.
Result<ListenAddress> ParseListenAddress(const std::string& text);

// Why the address cannot be bound; "" if it can.
std::string BindProblem(const ListenAddress& address);

}  // namespace base
