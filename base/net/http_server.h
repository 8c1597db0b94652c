#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/net/http.h"
#include "base/result.h"
#include "base/time.h"

namespace base {

struct HttpRequest {
  std::string method{};  // a HEAD request arrives as GET; the server leaves the body out of the answer
  std::string path{};    // decoded, without the route prefix
  HttpHeaders headers{};
  HttpParameters parameters{};  // of a form body on POST, then of the query string
  std::string body{};
  std::string remote_address{};               // "127.0.0.1:51234"
  std::vector<std::string> path_arguments{};  // what the ":name" parts of the endpoint's path stood for, in order
  std::stop_token gone{};                     // asked to stop when the client hangs up; for `slow` endpoints
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
  HttpHeaders headers{};
  // A body that is already compressed says so in headers (Content-Encoding) and is sent as it is; any other larger
  // than a kilobyte is gzipped for clients that accept it.
};

// One row of a role's endpoint table. `path` is exact, may hold ":name" for one segment, and may end in "/*" for
// everything below. `methods` is "GET", "POST", "GET,POST" …; HEAD is answered wherever GET is.
struct Endpoint {
  std::string methods{};
  std::string path{};
  std::string help{};  // one line, shown on the landing page
  std::function<HttpResponse(const HttpRequest&)> handle{};
  // May take long. Such requests have threads of their own, so that the others are answered while they run.
  bool slow = false;
  // A page at "/": clients that do not ask for HTML, such as curl, get the plain list of endpoints instead.
  bool for_browsers = false;
};

// A link from every page.
struct PageLink {
  std::string path{};  // "/alerts"
  std::string label{};
};

// What the HTML pages of a process share (base/net/html_page.h).
struct PageFrame {
  std::string title = "tocsin";
  std::string link_path{};  // "" or "/prefix": where people find the server's root, which a proxy may have changed
  std::vector<PageLink> navigation{};
};

struct HttpServerOptions {
  std::vector<std::string> listen_addresses{};  // "127.0.0.1:9187", ":9090"; port 0 picks a free one
  std::string route_prefix{};                   // "" or "/prefix"
  int threads = 8;                              // requests that are handled at once; as many again of slow endpoints
  int connections = 64;                         // that are read from and written to at once; a small thread each
  size_t max_body_bytes = 32UL << 20;
  // Idle keep-alive connections hold one of `connections` each (civetweb's model), so they are dropped after this
  // long, and answers say "Connection: close" once nearly all are taken.
  Duration keep_alive_timeout = std::chrono::seconds(30);
  Duration request_timeout = std::chrono::seconds(30);  // to read a request's head, its body, or write the answer
  PageFrame frame{};                                    // of the list of endpoints at "/"
  // Whether scripts of pages from `origin` ("https://site.example") may read answers below /api/. Empty: none may.
  std::function<bool(std::string_view origin)> allows_origin{};
};

// Plain HTTP/1.1 with keep-alive on civetweb (no TLS: Debian's 1.15 crashes on it; put a proxy in front). Answers from
// the endpoint table (of several rows that fit a path the most literal one counts); "/" lists it where no endpoint
// claims it, as HTML for clients that ask for HTML, else as text; with a route prefix the root redirects to it; unknown
// paths get 404, wrong methods 405 with Allow, OPTIONS below /api/ 204, too large bodies 413, slow ones 408, a handler
// that throws 500 and a log line. IPv4 only. Once all `connections` are taken, clients that send no request, do not end
// its head or do not read their answer are cut off after two seconds. Slow endpoints begin no further request while
// `threads` of their answers have not been read. All bodies together take `threads` times max_body_bytes at most.
// Handlers run on the server's threads, several at once, with the system's ordinary stack. Destruction stops accepting,
// lets running handlers finish and joins.
class HttpServer {
 public:
  // Fails, naming the address, when a port is taken.
  static Result<std::unique_ptr<HttpServer>> Start(HttpServerOptions options, std::vector<Endpoint> endpoints);
  virtual ~HttpServer() = default;
  virtual std::vector<std::string> addresses() const = 0;  // "127.0.0.1:34567", in the order asked for
};

}  // namespace base
