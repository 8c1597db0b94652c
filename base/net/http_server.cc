#include "base/net/http_server.h"

#include <civetweb.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <semaphore>
#include <thread>

#include "base/log.h"
#include "base/net/handler_threads.h"
#include "base/net/html_page.h"
#include "base/net/http_routes.h"
#include "base/net/listen_address.h"
#include "base/net/open_connections.h"
#include "base/text.h"

namespace base {
namespace {

constexpr std::string_view kApi = "/api/";
constexpr size_t kCompressFrom = 1024;
constexpr size_t kWritePiece = 256 * 1024;
constexpr const char* kMaxRequestHead = "65536";
// Threads that idle connections may not take, so that there is always one left for a newcomer.
constexpr int kSpareThreads = 2;

HttpResponse TextResponse(int status, std::string_view detail = {}) {
  return {.status = status,
          .body = detail.empty() ? fmt::format("{}\n", HttpReason(status)) : fmt::format("{}\n", detail),
          .headers = {}};
}

HttpResponse CallHandler(const Endpoint& endpoint, const HttpRequest& request) {
  try {
    return endpoint.handle(request);
  } catch (const std::exception& failure) {
    LogError("a handler failed", {{"path", request.path}, {"error", failure.what()}});
  } catch (...) {
    LogError("a handler failed", {{"path", request.path}});
  }
  return TextResponse(500);
}

bool HasOption(std::string_view header, std::string_view option) {
  for (const std::string_view part : Split(header, ',')) {
    if (ToLower(Trim(part)) == option) return true;
  }
  return false;
}

// The client's wish by RFC 9112; what civetweb decides by too, so that the header we send is true.
bool WantsKeepAlive(const mg_request_info& info, const HttpHeaders& headers) {
  const std::string_view wish = headers.Get("Connection");
  if (!wish.empty()) return HasOption(wish, "keep-alive");
  return info.http_version != nullptr && std::string_view(info.http_version) == "1.1";
}

// Those of a form, then those of the query string.
Result<void> ReadParameters(const mg_request_info& info, HttpRequest& request) {
  auto query = HttpParameters::Parse(info.query_string != nullptr ? info.query_string : "");
  if (!query) return Invalid("the query string holds a malformed escape");
  if (request.method == "POST" &&
      ToLower(request.headers.Get("Content-Type")).starts_with("application/x-www-form-urlencoded")) {
    auto form = HttpParameters::Parse(request.body);
    if (!form) return Invalid("the form holds a malformed escape");
    request.parameters = std::move(*form);
  }
  request.parameters.Append(*query);
  return {};
}

std::string PeerOf(const mg_request_info& info) { return fmt::format("{}:{}", info.remote_addr, info.remote_port); }

// A large answer is held until its client has read it, so there are only as many as threads that make them.
class SlowAnswer {
 public:
  explicit SlowAnswer(std::counting_semaphore<>& left) : left_(left) {}
  ~SlowAnswer() {
    if (taken_) left_.release();
  }
  SlowAnswer(const SlowAnswer&) = delete;
  SlowAnswer& operator=(const SlowAnswer&) = delete;
  bool TryTake() { return taken_ = left_.try_acquire(); }
  void Take() {
    left_.acquire();
    taken_ = true;
  }

 private:
  std::counting_semaphore<>& left_;
  bool taken_ = false;
};

// What one request's body adds to all that are held.
class BodyShare {
 public:
  explicit BodyShare(std::atomic<size_t>& total) : total_(total) {}
  ~BodyShare() { total_ -= mine_; }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  bool Grow(size_t bytes, size_t most) {
    mine_ += bytes;
    return (total_ += bytes) <= most;
  }

 private:
  std::atomic<size_t>& total_;
  size_t mine_ = 0;
};

// The answer to a browser that asks whether a script may send a request, as Prometheus' API gives it.
void AddCrossOriginHeaders(const HttpServerOptions& options, std::string_view origin, HttpHeaders& headers) {
  if (origin.empty() || !options.allows_origin) return;
  headers.Add("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Origin");
  headers.Add("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  headers.Add("Access-Control-Expose-Headers", "Date");
  headers.Add("Vary", "Origin");
  if (options.allows_origin(origin)) headers.Add("Access-Control-Allow-Origin", std::string(origin));
}

class CivetServer : public HttpServer {
 public:
  CivetServer(HttpServerOptions options, std::vector<Endpoint> endpoints)
      : options_(std::move(options)),
        routes_(std::move(endpoints)),
        handlers_(options_.threads),
        slow_handlers_(options_.threads),
        slow_left_(options_.threads) {}
  ~CivetServer() override {
    if (context_ == nullptr) return;
    stopping_ = true;
    // civetweb cuts off answers that are still being written when it is told to stop
    for (int running = answering_; running > 0; running = answering_) answering_.wait(running);
    guard_ = {};
    // civetweb waits up to two seconds at a time for a new connection or for a kept one's next request before it looks
    // whether it should stop, and shows nobody its sockets
    EndWaiting(ports_);
    mg_stop(context_);
  }
  CivetServer(const CivetServer&) = delete;
  CivetServer& operator=(const CivetServer&) = delete;

  Result<void> Listen();
  std::vector<std::string> addresses() const override { return addresses_; }

 private:
  static int OnRequest(mg_connection* connection);
  static int OnLog(const mg_connection* connection, const char* message);
  static int OnConnection(const mg_connection* connection, void** data);
  static void OnClosed(const mg_connection* connection);

  mg_context* StartCivetweb(const std::string& ports);
  void Answer(mg_connection* connection);
  HttpResponse Route(std::string_view raw_path, HttpRequest& request, SlowAnswer& slow);
  HttpResponse Call(const Endpoint& endpoint, HttpRequest& request, SlowAnswer& slow);
  // Cuts off clients that keep the server waiting while there is nobody left to take newcomers.
  void Guard(const std::stop_token& stop);
  void WakeGuard();  // a shortage may have begun
  void CutOffSlowClients();
  bool IsShort() const { return Full() || slow_waiting_ > 0; }
  bool Full() const { return connections_ > std::max(1, options_.connections - kSpareThreads); }
  HttpResponse Handle(mg_connection* connection, const mg_request_info& info, HttpRequest request, bool& keep,
                      SlowAnswer& slow);
  // nullopt when all of it has been read into `body`; otherwise the answer, after which the connection is no use.
  std::optional<HttpResponse> ReadBody(mg_connection* connection, const mg_request_info& info,
                                       const HttpHeaders& headers, std::string& body, BodyShare& share) const;
  void Write(mg_connection* connection, const HttpRequest& request, HttpResponse response, bool keep, bool head);

  const HttpServerOptions options_;
  const HttpRoutes routes_;
  HandlerThreads handlers_;
  HandlerThreads slow_handlers_;
  std::counting_semaphore<> slow_left_;
  std::atomic<int> slow_waiting_ = 0;
  std::atomic<size_t> body_bytes_ = 0;
  mg_context* context_ = nullptr;
  std::vector<std::string> addresses_;
  std::vector<int> ports_;
  std::atomic<int> connections_ = 0;
  std::atomic<int> answering_ = 0;
  std::atomic<bool> stopping_ = false;
  SlowClients slow_clients_;
  std::mutex guarding_;
  std::condition_variable_any shortage_;
  std::jthread guard_;
};

CivetServer* ServerOf(const mg_connection* connection) {
  return static_cast<CivetServer*>(mg_get_user_data(mg_get_context(connection)));
}

int CivetServer::OnLog(const mg_connection*, const char* message) {
  LogDebug("civetweb", {{"message", message}});
  return 1;
}

int CivetServer::OnConnection(const mg_connection* connection, void**) {
  CivetServer& server = *ServerOf(connection);
  ++server.connections_;
  if (server.Full()) server.WakeGuard();
  return 0;
}

void CivetServer::OnClosed(const mg_connection* connection) { --ServerOf(connection)->connections_; }

int CivetServer::OnRequest(mg_connection* connection) {
  CivetServer& server = *ServerOf(connection);
  ++server.answering_;
  try {
    server.Answer(connection);
  } catch (const std::exception& failure) {
    LogError("cannot answer a request", {{"error", failure.what()}});
    mg_disable_connection_keep_alive(connection);
  }
  server.slow_clients_.Done(PeerOf(*mg_get_request_info(connection)));
  --server.answering_;
  server.answering_.notify_all();
  return 1;
}

mg_context* CivetServer::StartCivetweb(const std::string& ports) {
  // without features: never its TLS
  static const unsigned features = mg_init_library(MG_FEATURES_DEFAULT);
  static_cast<void>(features);
  const std::string threads = std::to_string(options_.connections);
  const std::string keep_alive = std::to_string(options_.keep_alive_timeout.count());
  const std::string timeout = std::to_string(options_.request_timeout.count());
  std::array<const char*, 19> settings = {"listening_ports",
                                          ports.c_str(),
                                          "num_threads",
                                          threads.c_str(),
                                          "enable_keep_alive",
                                          "yes",
                                          "keep_alive_timeout_ms",
                                          keep_alive.c_str(),
                                          "request_timeout_ms",
                                          timeout.c_str(),
                                          "max_request_size",
                                          kMaxRequestHead,
                                          "tcp_nodelay",
                                          "1",
                                          "decode_url",
                                          "no",
                                          "connection_queue",
                                          "128",
                                          nullptr};
  mg_callbacks callbacks{};
  callbacks.begin_request = OnRequest;
  callbacks.log_message = OnLog;
  callbacks.init_connection = OnConnection;
  callbacks.connection_closed = OnClosed;
  return mg_start(&callbacks, this, settings.data());
}

Result<void> CivetServer::Listen() {
  std::vector<ListenAddress> wanted;
  std::vector<std::string> ports;
  for (const std::string& text : options_.listen_addresses) {
    TRY(ListenAddress address, ParseListenAddress(text));
    ports.push_back(address.ToString());
    wanted.push_back(std::move(address));
  }
  if (wanted.empty()) return Invalid("no listen address given");
  context_ = StartCivetweb(Join(ports, ","));
  if (context_ == nullptr) {
    for (size_t i = 0; i < wanted.size(); ++i) {
      const std::string problem = BindProblem(wanted[i]);
      if (!problem.empty()) {
        return Unavailable(fmt::format("cannot listen on {}: {}", options_.listen_addresses[i], problem));
      }
    }
    return Unavailable(fmt::format("cannot start the HTTP server on {}", Join(options_.listen_addresses, ", ")));
  }
  std::vector<mg_server_port> bound(wanted.size());
  const int count = mg_get_server_ports(context_, static_cast<int>(bound.size()), bound.data());
  for (size_t i = 0; i < wanted.size() && static_cast<int>(i) < count; ++i) {
    const std::string& host = wanted[i].host;
    ports_.push_back(bound[i].port);
    addresses_.push_back(fmt::format("{}:{}", host.empty() ? "0.0.0.0" : host, bound[i].port));
  }
  guard_ = std::jthread([this](const std::stop_token& stop) { Guard(stop); });
  return {};
}

std::optional<HttpResponse> CivetServer::ReadBody(mg_connection* connection, const mg_request_info& info,
                                                  const HttpHeaders& headers, std::string& body,
                                                  BodyShare& share) const {
  const auto too_large = [&] {
    return TextResponse(413, fmt::format("the body is larger than {} bytes", options_.max_body_bytes));
  };
  const bool chunked = !headers.Get("Transfer-Encoding").empty();
  if (!chunked && info.content_length <= 0) return std::nullopt;
  if (info.content_length > static_cast<long long>(options_.max_body_bytes)) return too_large();
  if (ToLower(headers.Get("Expect")) == "100-continue") {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    mg_write(connection, kContinue.data(), kContinue.size());
  }
  const auto deadline = std::chrono::steady_clock::now() + options_.request_timeout;
  const size_t most = options_.max_body_bytes * static_cast<size_t>(options_.threads);
  std::array<char, 16 * 1024> piece;
  while (chunked || static_cast<long long>(body.size()) < info.content_length) {
    const int read = mg_read(connection, piece.data(), piece.size());
    const bool late = std::chrono::steady_clock::now() >= deadline;
    if (late) return TextResponse(408, "the body did not arrive in time");
    if (read < 0 || (read == 0 && !chunked)) return TextResponse(400, "the body is incomplete");
    if (read == 0) break;
    body.append(piece.data(), static_cast<size_t>(read));
    if (body.size() > options_.max_body_bytes) return too_large();
    if (!share.Grow(static_cast<size_t>(read), most)) return TextResponse(503, "too many large bodies at once");
  }
  return std::nullopt;
}

HttpResponse CivetServer::Handle(mg_connection* connection, const mg_request_info& info, HttpRequest request,
                                 bool& keep, SlowAnswer& slow) {
  BodyShare share(body_bytes_);
  if (auto refusal = ReadBody(connection, info, request.headers, request.body, share)) {
    keep = false;
    return std::move(*refusal);
  }
  if (const auto read = ReadParameters(info, request); !read) return TextResponse(400, read.error().message);

  std::string_view raw_path = request.path;
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (raw_path == "/" && !options_.route_prefix.empty() && reads) return RedirectResponse(options_.route_prefix);
  if (!raw_path.starts_with(options_.route_prefix)) return TextResponse(404);
  raw_path.remove_prefix(options_.route_prefix.size());
  if (raw_path.empty()) raw_path = "/";
  if (!raw_path.starts_with('/')) return TextResponse(404);
  const std::string origin(request.headers.Get("Origin"));
  const bool api = raw_path.starts_with(kApi);  // Route replaces the path that this is a part of
  HttpResponse response = Route(raw_path, request, slow);
  if (api) AddCrossOriginHeaders(options_, origin, response.headers);
  return response;
}

HttpResponse CivetServer::Route(std::string_view raw_path, HttpRequest& request, SlowAnswer& slow) {
  if (request.method == "OPTIONS" && raw_path.starts_with(kApi)) return {.status = 204};
  const bool reads = request.method == "GET" || request.method == "HEAD";
  HttpRoutes::Match match = routes_.Find(request.method, raw_path);
  const bool claimed =
      match.endpoint == nullptr ? !match.allow.empty() : !match.endpoint->for_browsers || AsksForHtml(request);
  if (raw_path == "/" && reads && !claimed) return routes_.List(request, options_.frame, "/");
  if (match.endpoint == nullptr && match.allow.empty()) return TextResponse(404);
  if (match.endpoint == nullptr) {
    HttpResponse refusal = TextResponse(405);
    refusal.headers.Add("Allow", match.allow);
    return refusal;
  }
  if (request.method == "HEAD") request.method = "GET";
  request.path_arguments = std::move(match.path_arguments);
  request.path = UnescapeUrl(raw_path, false).value_or("");
  return Call(*match.endpoint, request, slow);
}

HttpResponse CivetServer::Call(const Endpoint& endpoint, HttpRequest& request, SlowAnswer& slow) {
  HttpResponse response;
  const auto task = [&] { response = CallHandler(endpoint, request); };
  slow_clients_.Working(request.remote_address);
  if (!endpoint.slow) {
    handlers_.Run(task);
    return response;
  }
  if (!slow.TryTake()) {
    ++slow_waiting_;
    WakeGuard();
    slow.Take();
    --slow_waiting_;
  }
  if (stopping_) return TextResponse(503);
  std::stop_source gone;
  request.gone = gone.get_token();
  int fd = -1;
  slow_handlers_.Run(task, [&] {
    for (const OpenConnection& one : fd < 0 ? OpenConnections(ports_) : std::vector<OpenConnection>()) {
      if (one.peer == request.remote_address) fd = one.fd;
    }
    if (fd >= 0 && HasHungUp(fd)) gone.request_stop();
  });
  return response;
}

void CivetServer::WakeGuard() {
  {
    const std::scoped_lock lock(guarding_);
  }  // the guard sees what has changed, or is asleep already
  shortage_.notify_all();
}

void CivetServer::Guard(const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kInterval(500);
  std::unique_lock lock(guarding_);
  while (shortage_.wait(lock, stop, [this] { return IsShort(); }) && !stop.stop_requested()) {
    lock.unlock();
    CutOffSlowClients();
    lock.lock();
    if (shortage_.wait_for(lock, stop, kInterval, [this] { return !IsShort(); })) slow_clients_.Forget();
  }
}

void CivetServer::CutOffSlowClients() {
  const auto which = Full() ? SlowClients::Which::all : SlowClients::Which::readers;
  size_t ended = 0;
  for (const OpenConnection& one : slow_clients_.Find(OpenConnections(ports_), which, SlowClients::Clock::now())) {
    ended += shutdown(one.fd, SHUT_RDWR) == 0 ? 1 : 0;
  }
  if (ended > 0) LogWarn("clients that kept others waiting were cut off", {{"connections", ended}});
}

void CivetServer::Answer(mg_connection* connection) {
  const mg_request_info& info = *mg_get_request_info(connection);
  HttpRequest request;
  request.method = info.request_method;
  request.path = info.local_uri_raw != nullptr ? info.local_uri_raw : "";
  request.remote_address = PeerOf(info);
  for (int i = 0; i < info.num_headers; ++i) {
    request.headers.Add(info.http_headers[i].name, info.http_headers[i].value);
  }
  const bool head = request.method == "HEAD";
  bool keep = WantsKeepAlive(info, request.headers);
  SlowAnswer slow(slow_left_);
  HttpResponse response = stopping_ ? TextResponse(503) : Handle(connection, info, request, keep, slow);
  keep = keep && !stopping_ && !Full();
  if (!keep) mg_disable_connection_keep_alive(connection);
  slow_clients_.Writing(request.remote_address);
  Write(connection, request, std::move(response), keep, head);
}

void CivetServer::Write(mg_connection* connection, const HttpRequest& request, HttpResponse response, bool keep,
                        bool head) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", response.status, HttpReason(response.status));
  const auto add = [&text](std::string_view name, std::string_view value) {
    // a line end within a value would let its author write headers of his own
    text.append(name).append(": ");
    for (const char c : value) text += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    text.append("\r\n");
  };
  if (response.body.size() > kCompressFrom && response.headers.Get("Content-Encoding").empty()) {
    add("Vary", "Accept-Encoding");
    if (HeaderAccepts(request.headers.Get("Accept-Encoding"), "gzip")) {
      response.body = Gzip(response.body);
      add("Content-Encoding", "gzip");
    }
  }
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) {
    if (!response.content_type.empty()) add("Content-Type", response.content_type);
    add("Content-Length", std::to_string(response.body.size()));
  }
  add("Connection", keep ? "keep-alive" : "close");
  for (const auto& [name, value] : response.headers) add(name, value);
  text.append("\r\n");
  const bool with_body = !head && !bodiless;
  if (with_body && response.body.size() <= kWritePiece) text.append(response.body);
  if (mg_write(connection, text.data(), text.size()) < 0 || !with_body) return;
  if (response.body.size() <= kWritePiece) return;
  for (std::string_view rest = response.body; !rest.empty();) {
    const int written = mg_write(connection, rest.data(), std::min(rest.size(), kWritePiece));
    if (written <= 0) return;
    rest.remove_prefix(static_cast<size_t>(written));
    slow_clients_.Writing(request.remote_address);
  }
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options, std::vector<Endpoint> endpoints) {
  auto server = std::make_unique<CivetServer>(std::move(options), std::move(endpoints));
  TRY_VOID(server->Listen());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace base
