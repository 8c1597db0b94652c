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

  // The table for people, ordered by path: "GET  /metrics  The metrics", one endpoint a line; or a page of it. Links
  // start with the frame's link_path.
  std::string ListText(const PageFrame& frame) const;
  std::string ListPage(const PageFrame& frame, std::string_view path) const;
  // One of both, as the request asks.
  HttpResponse List(const HttpRequest& request, const PageFrame& frame, std::string_view path) const;

 private:
  struct Route;
  std::vector<const Route*> ByPath() const;

  struct Route {
    Endpoint endpoint;
    std::vector<std::string> methods;
    std::vector<std::string> segments;
    std::string rank;  // compares greater where the pattern is more literal
  };
  std::vector<Route> routes_;  // most literal first
};

}  // namespace base
