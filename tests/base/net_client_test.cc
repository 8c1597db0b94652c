#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <set>

#include "base/net/http_client.h"
#include "base/net/http_server.h"
#include "tests/base/net_socket.h"
#include "tests/support/process.h"

namespace base {
namespace {

HttpResponse Text(std::string body) { return {.body = std::move(body), .headers = {}}; }

std::string Url(int port, std::string_view path = "/") {
  return "http://127.0.0.1:" + std::to_string(port) + std::string(path);
}

TEST(Client, SendsMethodsHeadersAndBodies) {
  auto server = HttpServer::Start({.listen_addresses = {"127.0.0.1:0"}},
                                  {{"GET,POST,PUT,DELETE,PATCH", "/", "", [](const HttpRequest& request) {
                                      std::string text = request.method;
                                      for (const char* name : {"Content-Type", "Content-Length", "User-Agent",
                                                               "X-Empty", "X-A", "Expect", "Authorization"}) {
                                        text += std::string("|") + std::string(request.headers.Get(name));
                                      }
                                      return Text(text + "|" + request.body);
                                    }}});
  ASSERT_TRUE(server);
  const auto client = HttpClient::Start("tocsin/9");
  const std::string address = (*server)->addresses()[0];
  struct Case {
    HttpClientRequest request;
    std::string want;
  };
  for (const Case& test : {Case{{}, "GET|||tocsin/9|||||"},
                           {{.method = "POST"}, "POST||0|tocsin/9|||||"},
                           {{.method = "POST", .headers = {{"Content-Type", "a/b"}, {"X-A", "1"}}, .body = "hi"},
                            "POST|a/b|2|tocsin/9||1|||hi"},
                           {{.method = "PUT", .body = "hi"}, "PUT||2|tocsin/9|||||hi"},
                           {{.method = "GET", .body = "hi"}, "GET||2|tocsin/9|||||hi"},
                           {{.method = "DELETE"}, "DELETE|||tocsin/9|||||"},
                           {{.method = "PATCH", .headers = {{"User-Agent", "other"}, {"X-Empty", ""}}, .body = "x"},
                            "PATCH||1|other|||||x"}}) {
    SCOPED_TRACE(test.want);
    HttpClientRequest request = test.request;
    request.url = "http://" + address;
    const auto answer = client->Send(request);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, test.want);
  }
  const auto with_password = client->Send({.url = "http://me:pw@" + address});
  EXPECT_EQ(with_password->body, "GET|||tocsin/9||||Basic bWU6cHc=|");
  const auto large = client->Send({.method = "POST", .url = "http://" + address, .body = std::string(5'000'000, 'z')});
  ASSERT_TRUE(large);
  EXPECT_GT(large->body.size(), 5'000'000U) << "no Expect: 100-continue pause";
}

TEST(Client, AnswersInTheRoomItIsGiven) {
  auto server = HttpServer::Start({.listen_addresses = {"127.0.0.1:0"}},
                                  {{"GET", "/", "", [](const HttpRequest&) { return Text(std::string(1000, 'x')); }}});
  ASSERT_TRUE(server);
  const auto client = HttpClient::Start("test/1");
  for (const size_t size : {size_t{0}, size_t{500}, size_t{5000}}) {
    SCOPED_TRACE(size);
    std::string room(size, 'y');
    const char* const place = room.data();
    const auto answer = client->Send({.url = "http://" + (*server)->addresses()[0], .room = std::move(room)});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, std::string(1000, 'x'));
    EXPECT_EQ(answer->body.data() == place, size > 1000);
  }
}

TEST(Client, BadRequests) {
  const auto client = HttpClient::Start("test/1");
  struct Case {
    HttpClientRequest request;
    std::string want;
  };
  for (const Case& test : {
           Case{{.url = "http://"}, "GET http://: malformed URL: No host part in the URL"},
           {{.url = "ftp://u:p@h/x"}, "GET ftp://xxxxx:xxxxx@h/x: unsupported scheme \"ftp\""},
           {{.url = "file:///etc/passwd"}, "GET file:///etc/passwd: unsupported scheme \"file\""},
           {{.url = "http://h:99999/?key=s"},
            "GET http://h:99999/?key=xxxxx: malformed URL: Port number was not a decimal number between 0 and 65535"},
           {{.url = "http://h/", .headers = {{"A", "b\r\nC: d"}}}, "GET http://h/: malformed header \"A\""},
           {{.url = "http://h/", .headers = {{"A:", "b"}}}, "GET http://h/: malformed header \"A:\""},
           {{.method = "GE T", .url = "http://h/"}, "GE T http://h/: malformed method"},
       }) {
    SCOPED_TRACE(test.want);
    const auto answer = client->Send(test.request);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(answer.error().message, test.want);
  }
}

TEST(Client, MisbehavingServers) {
  const auto client = HttpClient::Start("test/1");
  struct Case {
    std::string name;
    std::string answer;
    bool hang;
    ErrorCode code;
    std::string want;  // after "GET URL: "
  };
  for (const Case& test : {
           Case{"closes at once", "", false, ErrorCode::unavailable, "Empty reply from server"},
           {"never answers", "", true, ErrorCode::timeout, "timed out after 200ms"},
           {"stops in the head", "HTTP/1.1 200 OK\r\nContent-Le", true, ErrorCode::timeout, "timed out after 200ms"},
           {"stops in the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true, ErrorCode::timeout,
            "timed out after 200ms"},
           {"truncates", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", false, ErrorCode::unavailable,
            "transfer closed with 6 bytes remaining to read"},
           {"truncates chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", false,
            ErrorCode::unavailable, "transfer closed with outstanding read data remaining"},
           {"sends too much", "HTTP/1.1 200 OK\r\n\r\n" + std::string(2000, 'x'), false, ErrorCode::limit_exceeded,
            "the answer is larger than 1000 bytes"},
           {"announces too much", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'), true,
            ErrorCode::limit_exceeded, "the answer is larger than 1000 bytes"},
           {"unpacks to too much",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + Gzip(std::string(100'000, 'x')), false,
            ErrorCode::limit_exceeded, "the answer is larger than 1000 bytes"},
           {"is not gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nplain", false, ErrorCode::unavailable,
            "the answer is not the gzip it is said to be"},
           {"breaks off within the gzip",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + Gzip("some text").substr(0, 20), false,
            ErrorCode::unavailable, "the answer is not the gzip it is said to be"},
           {"has another encoding", "HTTP/1.1 200 OK\r\nContent-Encoding: BR\r\n\r\nx", false, ErrorCode::unavailable,
            "the answer has the unknown encoding \"br\""},
           {"garbage", "\x01\x02garbage\r\n\r\n", false, ErrorCode::unavailable, "Received HTTP/0.9 when not allowed"},
       }) {
    SCOPED_TRACE(test.name);
    std::promise<void> release;
    const auto released = release.get_future().share();
    const test::RawServer server([&](const test::RawConnection& connection) {
      connection.ReadUntil("\r\n\r\n");
      connection.Write(test.answer);
      if (test.hang) released.wait();
    });
    const bool times_out = test.code == ErrorCode::timeout;
    const auto answer = client->Send({.url = Url(server.port(), "/p?token=s3cret"),
                                      .timeout = std::chrono::milliseconds(times_out ? 200 : 60'000),
                                      .max_response_bytes = 1000,
                                      .accept_gzip = true});
    release.set_value();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, test.code);
    EXPECT_EQ(answer.error().message, "GET " + Url(server.port(), "/p?token=xxxxx: ") + test.want);
  }
}

// The body of an answer whose status is all that counts may be large, break off, or never end.
TEST(Client, TheStatusDecides) {
  const auto client = HttpClient::Start("test/1");
  const struct {
    const char* name;
    std::string answer;
    bool hang;
    int status;  // 0: an error
    size_t body;
  } cases[] = {
      {"large", "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + std::string(5'000'000, 'x'), false, 200, 1000},
      {"exactly", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'), false, 200, 1000},
      {"without a length", "HTTP/1.1 500 No\r\n\r\n" + std::string(2000, 'x'), false, 500, 1000},
      {"breaks off", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", false, 200, 3},
      {"broken chunks", "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz", false, 404, 3},
      {"never ends", "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 10\r\n\r\nabc", true, 429, 3},
      {"a redirection that breaks off", "HTTP/1.1 302 Found\r\nContent-Length: 10\r\n\r\nabc", false, 0, 0},
      {"no whole head", "HTTP/1.1 200 OK\r\nContent-Le", false, 0, 0},
      {"not even a status", "", true, 0, 0},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    std::promise<void> release;
    const auto released = release.get_future().share();
    const test::RawServer server([&](const test::RawConnection& connection) {
      connection.ReadUntil("\r\n\r\n");
      connection.Write(test.answer);
      if (test.hang) released.wait();
    });
    const auto answer = client->Send({.method = "POST",
                                      .url = Url(server.port(), "/"),
                                      .body = "x",
                                      .timeout = std::chrono::milliseconds(test.hang ? 300 : 20'000),
                                      .max_response_bytes = 1000,
                                      .status_decides = true});
    release.set_value();
    EXPECT_EQ(answer.has_value(), test.status != 0);
    if (!answer || test.status == 0) continue;
    EXPECT_EQ(answer->status, test.status);
    EXPECT_EQ(answer->body.size(), test.body);
    EXPECT_EQ(answer->headers.Get("Retry-After"), test.status == 429 ? "7" : "");
  }
}

TEST(Client, ConnectionRefused) {
  const auto client = HttpClient::Start("test/1");
  const int port = test::FreePort();
  const auto answer = client->Send({.method = "POST", .url = Url(port, "/services/secret"), .secret_url = true});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_EQ(answer.error().message, "POST " + Url(port, "/xxxxx") + ": Connection refused");
}

TEST(Client, RedirectsOnlyOnRequestAndOnlyToHttp) {
  auto server = HttpServer::Start(
      {.listen_addresses = {"127.0.0.1:0"}},
      {{"GET", "/from", "",
        [](const HttpRequest&) {
          return HttpResponse{.status = 302, .body = "moved", .headers = {{"Location", "/to"}, {"X-First", "1"}}};
        }},
       {"GET", "/file", "",
        [](const HttpRequest&) {
          return HttpResponse{.status = 302, .body = "", .headers = {{"Location", "file:///etc/passwd"}}};
        }},
       {"GET", "/to", "", [](const HttpRequest&) { return Text("arrived"); }}});
  ASSERT_TRUE(server);
  const auto client = HttpClient::Start("test/1");
  const std::string base_url = "http://" + (*server)->addresses()[0];
  const auto first = client->Send({.url = base_url + "/from"});
  EXPECT_EQ(first->status, 302);
  EXPECT_EQ(first->body, "moved");
  const auto second = client->Send({.url = base_url + "/from", .follow_redirects = true});
  EXPECT_EQ(second->body, "arrived");
  EXPECT_EQ(second->headers.Get("X-First"), "");
  const auto file = client->Send({.url = base_url + "/file", .follow_redirects = true});
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message, "GET " + base_url + "/file: the redirect leads away from HTTP");
}

TEST(Client, FiftySendsAtOnceOverKeptConnections) {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::latch all_in(8);
  std::mutex mutex;
  std::set<std::string> peers;
  auto server = HttpServer::Start({.listen_addresses = {"127.0.0.1:0"}, .threads = 60},
                                  {{"GET", "/", "", [&](const HttpRequest& request) {
                                      most = std::max(most.load(), ++running);
                                      {
                                        const std::scoped_lock lock(mutex);
                                        peers.insert(request.remote_address);
                                      }
                                      if (!all_in.try_wait()) all_in.count_down();
                                      all_in.wait();
                                      --running;
                                      return Text("ok");
                                    }}});
  ASSERT_TRUE(server);
  const auto client = HttpClient::Start("test/1");
  const auto round = [&] {
    std::latch done(50);
    std::atomic<int> good = 0;
    for (int i = 0; i < 50; ++i) {
      client->StartSend({.url = "http://" + (*server)->addresses()[0]}, [&](Result<HttpClientResponse> answer) {
        good += answer && answer->body == "ok" ? 1 : 0;
        done.count_down();
      });
    }
    done.wait();
    EXPECT_EQ(good, 50);
  };
  round();
  EXPECT_GE(most, 8);
  for (int i = 0; i < 5; ++i) round();
  EXPECT_LE(peers.size(), 100U) << "of 300 requests";
}

TEST(Client, StopTokenCancelsAtOnce) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  std::promise<void> arrived;
  std::atomic<bool> first = true;
  const test::RawServer server([&](const test::RawConnection& connection) {
    connection.ReadUntil("\r\n\r\n");
    if (first.exchange(false)) arrived.set_value();
    released.wait();
  });
  const auto client = HttpClient::Start("test/1");
  std::stop_source stop;
  std::jthread stopper([&] {
    arrived.get_future().wait();
    stop.request_stop();
  });
  const auto answer = client->Send({.url = Url(server.port())}, stop.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::cancelled);
  EXPECT_EQ(answer.error().message, "GET " + Url(server.port()) + ": cancelled");
  const auto late = client->Send({.url = Url(server.port())}, stop.get_token());
  EXPECT_EQ(late.error().code, ErrorCode::cancelled);
  release.set_value();
}

TEST(Client, EndCancelsWhatIsUnderWay) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  const test::RawServer server([&](const test::RawConnection&) { released.wait(); });
  std::vector<ErrorCode> codes;
  {
    const auto client = HttpClient::Start("test/1");
    for (int i = 0; i < 3; ++i) {
      client->StartSend({.url = Url(server.port())},
                        [&](Result<HttpClientResponse> answer) { codes.push_back(answer.error().code); });
    }
  }
  EXPECT_EQ(codes, std::vector<ErrorCode>(3, ErrorCode::cancelled));
  release.set_value();
}

TEST(Client, ScriptedSink) {
  const test::ScriptedSink sink("http_sink.py", {"--script", "drop,429:2:retry-after=2,500:body=oops,200"});
  const auto client = HttpClient::Start("test/1");
  const auto send = [&] {
    return client->Send({.method = "POST", .url = "http://" + sink.address() + "/hook", .body = "é"});
  };
  EXPECT_EQ(send().error().message, "POST http://" + sink.address() + "/hook: Empty reply from server");
  for (int i = 0; i < 2; ++i) {
    const auto limited = send();
    EXPECT_EQ(limited->status, 429);
    EXPECT_EQ(limited->RetryAfter(Timestamp()), std::chrono::seconds(2));
  }
  const auto broken = send();
  EXPECT_EQ(broken->status, 500);
  EXPECT_EQ(broken->body, "oops");
  EXPECT_EQ(send()->status, 200);
  const auto records = sink.Records();
  ASSERT_GE(records.size(), 5U);
  EXPECT_NE(records[0].find(R"("method": "POST", "path": "/hook")"), std::string::npos) << records[0];
  EXPECT_NE(records[1].find(R"("body": "\u00e9", "answer": "429")"), std::string::npos) << records[1];
}

}  // namespace
}  // namespace base
