#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <future>
#include <stdexcept>

#include "base/net/http_client.h"
#include "base/net/http_server.h"
#include "base/net/open_connections.h"
#include "tests/base/net_socket.h"
#include "tests/support/support.h"

namespace base {
namespace {

HttpResponse Text(std::string body) { return {.body = std::move(body), .headers = {}}; }

std::string Echo(const HttpRequest& request) {
  std::string text = request.method + " " + request.path;
  for (const std::string& argument : request.path_arguments) text += " <" + argument + ">";
  for (const auto& [name, value] : request.parameters) text += " " + name + "=" + value;
  if (!request.body.empty()) text += " body=" + request.body;
  return text;
}

// Needs about a kilobyte of stack for each level.
int Descend(int levels) {
  std::array<volatile char, 1000> ballast{};
  ballast[static_cast<size_t>(levels) % ballast.size()] = 1;
  return levels == 0 ? 0 : Descend(levels - 1) + ballast[static_cast<size_t>(levels) % ballast.size()];
}

class ServerTest : public testing::Test {
 protected:
  void Start(HttpServerOptions options = {}) {
    if (options.listen_addresses.empty()) options.listen_addresses = {"127.0.0.1:0"};
    auto started = HttpServer::Start(
        options,
        {{"GET,POST", "/echo", "Echo", [](const HttpRequest& request) { return Text(Echo(request)); }},
         {"GET", "/item/:id", "An item", [](const HttpRequest& request) { return Text(Echo(request)); }},
         {"GET", "/files/*", "Files", [](const HttpRequest& request) { return Text(Echo(request)); }},
         {"GET", "/peer", "Peer", [](const HttpRequest& request) { return Text(request.remote_address); }},
         {"GET", "/large", "Large", [](const HttpRequest&) { return Text(std::string(3'000'000, 'x')); }},
         {"GET", "/huge", "Huge", [](const HttpRequest&) { return Text(std::string(30'000'000, 'x')); }, true},
         {"GET", "/packed", "Packed",
          [](const HttpRequest&) {
            return HttpResponse{.body = Gzip(std::string(5000, 'y')), .headers = {{"Content-Encoding", "gzip"}}};
          }},
         {"GET", "/throw", "Throws", [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("oh no"); }},
         {"GET", "/deep", "Deep", [](const HttpRequest&) { return Text(std::to_string(Descend(4000))); }},
         {"GET", "/empty", "Empty",
          [](const HttpRequest&) { return HttpResponse{.status = 204, .body = "no", .headers = {}}; }},
         {"GET", "/split", "Header",
          [](const HttpRequest&) { return HttpResponse{.body = "", .headers = {{"X-A", "1\r\nX-B: 2"}}}; }}});
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
    port_ = std::stoi(server_->addresses()[0].substr(server_->addresses()[0].rfind(':') + 1));
  }
  Result<HttpClientResponse> Send(HttpClientRequest request) {
    request.url = "http://127.0.0.1:" + std::to_string(port_) + request.url;
    return client_->Send(std::move(request));
  }
  HttpClientResponse Get(std::string path, HttpHeaders headers = {}) {
    auto answer = Send({.url = std::move(path), .headers = std::move(headers)});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : HttpClientResponse{};
  }
  std::string Raw(std::string_view request) const {
    const auto connection = test::RawConnection::To(port_);
    EXPECT_TRUE(connection.Write(request));
    return connection.ReadAll();
  }

  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
  std::unique_ptr<HttpClient> client_ = HttpClient::Start("test/1");
};

TEST_F(ServerTest, HandlersMayRecurseDeeply) {
  Start();
  EXPECT_EQ(Get("/deep").body, "4000");
}

TEST_F(ServerTest, RequestsReachTheirHandlers) {
  Start();
  EXPECT_EQ(Get("/echo?b=2&a=x%20y&a=z").body, "GET /echo b=2 a=x y a=z");
  EXPECT_EQ(Get("/item/a%2Fb%20c").body, "GET /item/a/b c <a/b c>");
  EXPECT_EQ(Get("/files/js/app.js").body, "GET /files/js/app.js");
  const auto form = Send({.method = "POST",
                          .url = "/echo?q=1",
                          .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                          .body = "query=a%2Bb+c"});
  EXPECT_EQ(form->body, "POST /echo query=a+b c q=1 body=query=a%2Bb+c");
  const auto json =
      Send({.method = "POST", .url = "/echo", .headers = {{"Content-Type", "application/json"}}, .body = "{}"});
  EXPECT_EQ(json->body, "POST /echo body={}");
}

TEST_F(ServerTest, RefusalsHaveTheirStatus) {
  Start({.listen_addresses = {}, .route_prefix = "", .max_body_bytes = 1000});
  EXPECT_EQ(Get("/nowhere").status, 404);
  EXPECT_EQ(Get("/nowhere").body, "Not Found\n");
  const auto wrong_method = Send({.method = "DELETE", .url = "/echo"});
  EXPECT_EQ(wrong_method->status, 405);
  EXPECT_EQ(wrong_method->headers.Get("Allow"), "GET, HEAD, POST");
  EXPECT_EQ(Send({.method = "POST", .url = "/echo", .body = std::string(1001, 'x')})->status, 413);
  EXPECT_EQ(Send({.method = "POST", .url = "/echo", .body = std::string(1000, 'x')})->status, 200);
  EXPECT_EQ(Get("/echo?a=%zz").status, 400);
  EXPECT_EQ(Get("/throw").status, 500);
  EXPECT_EQ(Get("/throw").body, "Internal Server Error\n");
  EXPECT_EQ(Get("/echo").status, 200) << "and goes on";
  const auto empty = Get("/empty");
  EXPECT_EQ(empty.status, 204);
  EXPECT_EQ(empty.body, "");
  EXPECT_EQ(Get("/split").headers.Get("X-B"), "");
  EXPECT_EQ(Get("/split").headers.Get("X-A"), "1  X-B: 2");
}

// As Prometheus answers browsers: below /api/ whatever the path is, and the origin alone decides.
TEST_F(ServerTest, CrossOriginRequests) {
  Start({.route_prefix = "/p", .allows_origin = [](std::string_view origin) { return origin == "http://a.example"; }});
  const auto ask = [this](std::string method, std::string path, std::string origin) {
    HttpClientRequest request{.method = std::move(method), .url = std::move(path)};
    if (!origin.empty()) request.headers.Add("Origin", std::move(origin));
    const auto answer = Send(std::move(request));
    EXPECT_TRUE(answer);
    return std::to_string(answer->status) + " " + std::string(answer->headers.Get("Access-Control-Allow-Methods")) +
           " " + std::string(answer->headers.Get("Access-Control-Allow-Origin"));
  };
  EXPECT_EQ(ask("OPTIONS", "/p/api/v1/none", "http://a.example"), "204 GET, POST, OPTIONS http://a.example");
  EXPECT_EQ(ask("OPTIONS", "/p/api/v1/none", "http://b.example"), "204 GET, POST, OPTIONS ");
  EXPECT_EQ(ask("OPTIONS", "/p/api/v1/none", ""), "204  ");
  EXPECT_EQ(ask("GET", "/p/api/v1/none", "http://a.example"), "404 GET, POST, OPTIONS http://a.example");
  EXPECT_EQ(ask("OPTIONS", "/p/echo", "http://a.example"), "405  ");
  EXPECT_EQ(ask("GET", "/p/echo", "http://a.example"), "200  ");
}

TEST_F(ServerTest, NoOtherOriginIsAllowedUnasked) {
  Start();
  const auto answer = Send({.method = "OPTIONS", .url = "/api/v1/query", .headers = {{"Origin", "http://a.example"}}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 204);
  EXPECT_EQ(answer->headers.Get("Access-Control-Allow-Origin"), "");
  EXPECT_EQ(answer->headers.Get("Access-Control-Allow-Methods"), "");
}

TEST_F(ServerTest, HeadIsGetWithoutABody) {
  Start();
  const auto head = Send({.method = "HEAD", .url = "/echo?a=1"});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->headers.Get("Content-Length"), "13");
  EXPECT_EQ(head->body, "");
}

TEST_F(ServerTest, RootListsTheEndpointsAsTextOrForBrowsersAsPage) {
  Start();
  const auto text = Get("/");
  EXPECT_EQ(text.headers.Get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_NE(text.body.find("GET,POST  /echo      Echo\n"), std::string::npos) << text.body;
  const auto page = Get("/", {{"Accept", "text/html,*/*;q=0.8"}});
  EXPECT_EQ(page.headers.Get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(page.body.find("<a href=\"/echo\"><code>/echo</code></a></td><td>Echo</td>"), std::string::npos);
}

TEST_F(ServerTest, RoutePrefix) {
  Start({.listen_addresses = {}, .route_prefix = "/pre", .frame = {.link_path = "/outside"}});
  EXPECT_EQ(Get("/pre/echo").body, "GET /echo");
  EXPECT_EQ(Get("/echo").status, 404);
  EXPECT_EQ(Get("/prefix/echo").status, 404);
  EXPECT_NE(Get("/pre").body.find("/outside/echo"), std::string::npos);
  const auto root = Get("/");
  EXPECT_EQ(root.status, 302);
  EXPECT_EQ(root.headers.Get("Location"), "/pre");
  EXPECT_EQ(Send({.method = "POST", .url = "/"})->status, 404);
}

TEST(Server, APageForBrowsersAtTheRootLeavesTheListToOthers) {
  const auto server = HttpServer::Start({.listen_addresses = {"127.0.0.1:0"}},
                                        {{.methods = "GET",
                                          .path = "/",
                                          .help = "Page",
                                          .handle = [](const HttpRequest&) { return Text("page"); },
                                          .for_browsers = true},
                                         {"GET", "/x", "X", [](const HttpRequest&) { return Text("x"); }}});
  ASSERT_TRUE(server);
  const auto client = HttpClient::Start("test/1");
  const auto get = [&](std::string accept) {
    return client->Send({.url = "http://" + (*server)->addresses()[0], .headers = {{"Accept", std::move(accept)}}})
        .value()
        .body;
  };
  EXPECT_EQ(get("text/html"), "page");
  EXPECT_EQ(get("application/xml, text/html;q=0.9"), "page");
  for (const char* accept : {"*/*", "application/json", "text/html;q=0", ""}) {
    EXPECT_EQ(get(accept), "tocsin\n\nGET  /   Page\nGET  /x  X\n") << accept;
  }
}

TEST_F(ServerTest, LargeAnswersAreGzippedOnRequest) {
  Start();
  const auto plain = Get("/large");
  EXPECT_EQ(plain.body.size(), 3'000'000U);
  EXPECT_EQ(plain.headers.Get("Vary"), "Accept-Encoding");
  EXPECT_EQ(plain.headers.Get("Content-Encoding"), "");
  const auto packed = Get("/large", {{"Accept-Encoding", "br, gzip"}});
  EXPECT_EQ(packed.headers.Get("Content-Encoding"), "gzip");
  EXPECT_LT(packed.body.size(), 100'000U);
  EXPECT_EQ(Gunzip(packed.body, 3'000'000), plain.body);
  const auto decoded = Send({.url = "/large", .accept_gzip = true});
  EXPECT_EQ(decoded->body, plain.body);
  EXPECT_EQ(Gunzip(Get("/packed").body, 5000), std::string(5000, 'y')) << "sent as it is";
  EXPECT_EQ(Get("/echo", {{"Accept-Encoding", "gzip"}}).headers.Get("Content-Encoding"), "") << "small";
}

TEST_F(ServerTest, ConnectionsAreKept) {
  Start();
  const std::string first = Get("/peer").body;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Get("/peer").body, first);
  EXPECT_NE(Get("/peer", {{"Connection", "close"}}).headers.Get("Connection"), "keep-alive");
  EXPECT_NE(Get("/peer").body, first);
}

TEST_F(ServerTest, IdleConnectionsNeverTakeAllThreads) {
  Start({.listen_addresses = {}, .route_prefix = "", .connections = 4});
  std::vector<std::unique_ptr<test::RawConnection>> idle;
  int kept = 0;
  for (int i = 0; i < 6; ++i) {
    const int fd_owner_port = port_;
    idle.emplace_back(new test::RawConnection(test::RawConnection::To(fd_owner_port)));
    ASSERT_TRUE(idle.back()->Write("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    const std::string answer = idle.back()->ReadUntil("GET /echo");
    ASSERT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    kept += answer.find("Connection: keep-alive") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(kept, 2);
  EXPECT_EQ(Get("/echo").status, 200);
}

// Their answers would fill the memory; queries go on once the server has seen that nothing is read.
TEST_F(ServerTest, ClientsThatDoNotReadKeepNoSlowEndpointFromOthers) {
  Start({.listen_addresses = {}, .route_prefix = "", .threads = 2});
  std::vector<std::unique_ptr<test::RawConnection>> deaf;
  for (int i = 0; i < 6; ++i) {
    deaf.emplace_back(new test::RawConnection(test::RawConnection::To(port_)));
    ASSERT_TRUE(deaf.back()->Write("GET /huge HTTP/1.1\r\nHost: x\r\n\r\n"));
  }
  EXPECT_EQ(Get("/echo").status, 200);
  EXPECT_EQ(Send({.url = "/huge", .timeout = std::chrono::seconds(120)})->body.size(), 30'000'000U);
}

// Each holds a connection and gives nothing for it; the limit of two seconds is the server's own.
TEST_F(ServerTest, SlowClientsAreCutOffWhenAllConnectionsAreTaken) {
  Start({.listen_addresses = {}, .route_prefix = "", .connections = 4});
  std::vector<std::unique_ptr<test::RawConnection>> slow;
  for (int i = 0; i < 20; ++i) {
    slow.emplace_back(new test::RawConnection(test::RawConnection::To(port_)));
    if (i % 2 == 0) {
      ASSERT_TRUE(slow.back()->Write("GET /echo HTTP/1.1\r\nHost: "));
    }
  }
  EXPECT_EQ(Send({.url = "/echo", .timeout = std::chrono::seconds(120)})->status, 200);
}

TEST_F(ServerTest, ClientsAreLeftInPeaceWhileThereIsRoom) {
  Start();
  const test::RawConnection slow = test::RawConnection::To(port_);
  ASSERT_TRUE(slow.Write("GET /echo HTTP/1.1\r\nHost: "));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Get("/echo", {{"Connection", "close"}}).status, 200);
  ASSERT_TRUE(slow.Write("x\r\n\r\n"));
  EXPECT_TRUE(slow.ReadUntil("GET /echo").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(SlowClients, TellsWhoKeepsTheServerWaiting) {
  using std::chrono::milliseconds;
  SlowClients clients;
  const std::vector<OpenConnection> open = {{-1, "silent"}, {-1, "working"}, {-1, "reading"}};
  const auto now = SlowClients::Clock::now();
  auto which = SlowClients::Which::all;
  const auto peers = [&](milliseconds after) {
    std::string names;
    for (const OpenConnection& one : clients.Find(open, which, now + after)) names += one.peer + " ";
    return names;
  };
  clients.Working("working");
  clients.Writing("reading");
  EXPECT_EQ(peers(milliseconds(0)), "") << "seen for the first time";
  EXPECT_EQ(peers(milliseconds(1900)), "");
  EXPECT_EQ(peers(milliseconds(3000)), "silent reading ");
  which = SlowClients::Which::readers;
  EXPECT_EQ(peers(milliseconds(3000)), "reading ");
  which = SlowClients::Which::all;
  clients.Forget();
  clients.Done("reading");
  EXPECT_EQ(peers(milliseconds(4000)), "") << "waits from now on";
  EXPECT_EQ(peers(milliseconds(6500)), "silent reading ");
}

// One slow request at a time; it lasts until told to end, or until its client is gone.
class SlowEndpointTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto slow = [this](const HttpRequest& request) {
      ++running_;
      test::WaitFor([&] { return end_ || request.gone.stop_requested(); });
      if (request.gone.stop_requested()) ++given_up_;
      --running_;
      return Text("slow");
    };
    auto started = HttpServer::Start(
        {.listen_addresses = {"127.0.0.1:0"}, .route_prefix = "", .threads = 1},
        {{.methods = "GET", .path = "/slow", .handle = slow, .slow = true},
         {.methods = "GET", .path = "/quick", .handle = [](const HttpRequest&) { return Text("quick"); }}});
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
    address_ = server_->addresses()[0];
  }
  void TearDown() override { end_ = true; }

  std::atomic<bool> end_ = false;
  std::atomic<int> running_ = 0;
  std::atomic<int> given_up_ = 0;
  std::unique_ptr<HttpClient> client_ = HttpClient::Start("test");
  std::unique_ptr<HttpServer> server_;
  std::string address_;
};

TEST_F(SlowEndpointTest, OthersAreAnsweredMeanwhile) {
  auto slow = std::async(std::launch::async, [&] { return client_->Send({.url = "http://" + address_ + "/slow"}); });
  ASSERT_TRUE(test::WaitFor([&] { return running_ == 1; }));
  EXPECT_EQ(client_->Send({.url = "http://" + address_ + "/quick"})->body, "quick");
  end_ = true;
  EXPECT_EQ(slow.get()->body, "slow");
}

TEST_F(SlowEndpointTest, ClientsThatHangUpAreNoticed) {
  {
    const auto client = test::RawConnection::To(std::stoi(address_.substr(address_.rfind(':') + 1)));
    ASSERT_TRUE(client.Write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    ASSERT_TRUE(test::WaitFor([&] { return running_ == 1; }));
  }
  EXPECT_TRUE(test::WaitFor([&] { return given_up_ == 1; }));
}

TEST_F(ServerTest, RawRequests) {
  Start({.listen_addresses = {}, .route_prefix = "", .max_body_bytes = 20});
  struct Case {
    std::string name;
    std::string request;
    std::string want_start;
    std::string want_end;
  };
  const std::string post = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
  for (const Case& test : {
           Case{"HTTP/1.0", "GET /echo HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "Connection: close\r\n\r\nGET /echo"},
           {"chunked", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n", "body=abcde"},
           {"chunked and too large",
            post + "Transfer-Encoding: chunked\r\n\r\n30\r\n" + std::string(48, 'x') + "\r\n0\r\n\r\n", "HTTP/1.1 413 ",
            "larger than 20 bytes\n"},
           {"expects to be asked", post + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", "body=hi"},
           {"announces too much", post + "Content-Length: 99999999999\r\n\r\n", "HTTP/1.1 413 ",
            "larger than 20 bytes\n"},
           {"garbage", "\x16\x03\x01 nonsense\r\n\r\n", "HTTP/1.0 400", ""},
           {"two in a row", "GET /echo HTTP/1.1\r\nHost: x\r\n\r\nGET /peer HTTP/1.1\r\nConnection: close\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 9\r\nConnection: "
            "keep-alive\r\n\r\nGET /echoHTTP/1.1 200 OK",
            ""},
           {"unread body", "POST /nowhere HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /echo HTTP/1.0\r\n\r\n",
            "HTTP/1.1 404 ", "GET /echo"},
       }) {
    SCOPED_TRACE(test.name);
    const std::string answer = Raw(test.request);
    EXPECT_TRUE(answer.starts_with(test.want_start)) << answer;
    EXPECT_TRUE(answer.ends_with(test.want_end)) << answer;
  }
  EXPECT_EQ(Get("/echo").status, 200) << "and goes on";
}

TEST_F(ServerTest, ABodyThatNeverArrivesIsRefused) {
  Start({.listen_addresses = {}, .route_prefix = "", .request_timeout = std::chrono::milliseconds(300)});
  const std::string answer = Raw("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 40")) << answer;
}

TEST_F(ServerTest, SeveralAddresses) {
  Start({.listen_addresses = {"127.0.0.1:0", ":0", "localhost:0"}});
  const auto addresses = server_->addresses();
  ASSERT_EQ(addresses.size(), 3U);
  EXPECT_TRUE(addresses[1].starts_with("0.0.0.0:"));
  EXPECT_TRUE(addresses[2].starts_with("localhost:"));
  for (const std::string& address : addresses) {
    EXPECT_EQ(client_->Send({.url = "http://" + address + "/echo"})->body, "GET /echo") << address;
  }
}

TEST_F(ServerTest, BadAddresses) {
  Start();
  const std::string taken = server_->addresses()[0];
  struct Case {
    std::vector<std::string> addresses;
    std::string want;
  };
  for (const Case& test :
       {Case{{"127.0.0.1:0", taken}, "cannot listen on " + taken + ": Address already in use"},
        {{"127.0.0.1"}, "listen address \"127.0.0.1\" has no port"},
        {{"127.0.0.1:http"}, "listen address \"127.0.0.1:http\" has no valid port"},
        {{":70000"}, "listen address \":70000\" has no valid port"},
        {{"[::1]:9090"},
         "listen address \"[::1]:9090\": IPv6 is not supported; listen on IPv4 and put a proxy in front"},
        {{"192.0.2.1:0"}, "cannot listen on 192.0.2.1:0: Cannot assign requested address"},
        {{}, "no listen address given"}}) {
    SCOPED_TRACE(test.want);
    const auto started = HttpServer::Start({.listen_addresses = test.addresses}, {});
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().message, test.want);
  }
}

TEST(Server, StopLetsRunningHandlersFinish) {
  std::promise<void> entered;
  std::promise<void> leave;
  auto server = HttpServer::Start({.listen_addresses = {"127.0.0.1:0"}}, {{"GET", "/slow", "", [&](const HttpRequest&) {
                                                                             entered.set_value();
                                                                             leave.get_future().wait();
                                                                             return Text("done");
                                                                           }}});
  ASSERT_TRUE(server);
  const auto client = HttpClient::Start("test/1");
  std::promise<std::string> answer;
  client->StartSend({.url = "http://" + (*server)->addresses()[0] + "/slow"},
                    [&](Result<HttpClientResponse> got) { answer.set_value(got ? got->body : got.error().message); });
  entered.get_future().wait();
  std::jthread stopper([&] { server->reset(); });
  leave.set_value();
  EXPECT_EQ(answer.get_future().get(), "done");
}

TEST(Server, StopDoesNotWaitForIdleConnections) {
  auto server = HttpServer::Start({.listen_addresses = {"127.0.0.1:0"},
                                   .keep_alive_timeout = std::chrono::hours(1),
                                   .request_timeout = std::chrono::hours(1)},
                                  {{"GET", "/", "", [](const HttpRequest&) { return Text("x"); }}});
  ASSERT_TRUE(server);
  const auto client = HttpClient::Start("test/1");
  ASSERT_TRUE(client->Send({.url = "http://" + (*server)->addresses()[0]}));
  const auto start = std::chrono::steady_clock::now();
  server->reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::minutes(5));
}

}  // namespace
}  // namespace base
