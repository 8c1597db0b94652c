#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/net/http_server.h"

namespace base {

// An endpoint table made ready for lookup. Pure; immutable after construction, so thread-safe.
class HttpRoutes {
 public:
  explicit HttpRoutes(std::vector<Endpoint> endpoints);

  struct Match {
    const Endpoint* endpoint = nullptr;       // null: nothing answers this path with this method
    std::vector<std::string> path_arguments;  // decoded
    std::string allow;                        // "GET, HEAD, POST" where only the method is wrong, else ""
  };
  // `raw_path` is still percent-encoded, so that an escaped '/' stays within its segment. HEAD finds GET's row.
  Match Find(std::string_view method, std::string_view raw_path) const;

  // A small page that lists the table.
  std::string LandingPage(std::string_view title, std::string_view route_prefix) const;

 private:
  struct Route {
    Endpoint endpoint;
    std::vector<std::string> methods;
    std::vector<std::string> segments;
    std::string rank;  // compares greater where the pattern is more literal
  };
  std::vector<Route> routes_;  // most literal first
};

}  // namespace base
