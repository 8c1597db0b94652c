#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "base/net/http_options.h"
#include "base/net/http_server.h"
#include "base/net/oauth2.h"
#include "base/net/proxy.h"
#include "base/net/redirect.h"
#include "tests/support/support.h"

// How requests are authorized, redirected and sent through proxies.

namespace base {
namespace {

using std::chrono::seconds;

TEST(Proxy, NoProxyNamesWhatIsReachedDirectly) {
  struct Case {
    std::string_view host;
    std::string_view port;
    std::string_view no_proxy;
    bool proxied;
  };
  const Case kCases[] = {
      {"localhost", "80", "", false},
      {"127.0.0.2", "80", "", false},
      {"::1", "80", "", false},
      {"db.example.com", "80", "", true},
      {"db.example.com", "80", "*", false},
      {"db.example.com", "80", "other, Example.com", false},
      {"example.com", "80", "example.com", false},
      {"notexample.com", "80", "example.com", true},
      {"example.com", "80", ".example.com", true},
      {"db.example.com", "80", ".example.com", false},
      {"db.example.com", "80", "*.example.com", false},
      {"db.example.com", "80", "example.com:81", true},
      {"db.example.com", "81", "example.com:81", false},
      {"10.1.2.3", "80", "10.1.2.3", false},
      {"10.1.2.3", "80", "10.1.2.4", true},
      {"10.1.2.3", "80", "10.0.0.0/8", false},
      {"11.1.2.3", "80", "10.0.0.0/8", true},
      {"10.1.2.3", "80", "10.1.2.3:81", true},
      {"fd00::1", "443", "fd00::/8", false},
      {"fd00::1", "443", "[fd00::1]:443", false},
      {"fd00::1", "443", "FD00::1", false},
      {"db", "80", "10.0.0.0/8,,x/y", true},
  };
  for (const Case& one : kCases) {
    EXPECT_EQ(UsesProxy(one.host, one.port, one.no_proxy), one.proxied) << one.host << " " << one.no_proxy;
  }
}

TEST(Proxy, OfTheSettingsOrOfTheEnvironment) {
  const std::map<std::string, std::string> variables = {
      {"HTTP_PROXY", "http://plain:1"}, {"https_proxy", "http://tls:2"}, {"NO_PROXY", "inner.example.com"}};
  const ProxyVariables environment = [&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  const HttpProxy from_environment{.from_environment = true};
  EXPECT_EQ(ProxyFor({}, "http://h/", environment), "");
  EXPECT_EQ(ProxyFor(from_environment, "http://h/", environment), "http://plain:1");
  EXPECT_EQ(ProxyFor(from_environment, "https://h/", environment), "http://tls:2");
  EXPECT_EQ(ProxyFor(from_environment, "http://a.inner.example.com/", environment), "");
  EXPECT_EQ(ProxyFor(from_environment, "http://127.0.0.1/", environment), "");
  EXPECT_EQ(ProxyFor({.url = "http://p:1"}, "http://127.0.0.1/", environment), "http://p:1");
  EXPECT_EQ(ProxyFor({.url = "http://p:1", .no_proxy = "x"}, "http://127.0.0.1/", environment), "");
  EXPECT_EQ(ProxyFor({.url = "http://p:1", .no_proxy = "h:8080"}, "http://H:8080/", environment), "");
}

TEST(Redirects, KnowTheSameServer) {
  EXPECT_TRUE(IsSameServer("http://a/x", "http://A:80/y"));
  EXPECT_TRUE(IsSameServer("http://a/x", "https://a/x"));
  EXPECT_FALSE(IsSameServer("https://a/x", "http://a/x"));
  EXPECT_FALSE(IsSameServer("http://a/x", "http://a:81/x"));
  EXPECT_FALSE(IsSameServer("http://a/x", "http://b.a/x"));
  EXPECT_FALSE(IsSameServer("http://a/x", "not a url"));
  EXPECT_EQ(ResolveUrl("http://a/b/c?d", "../e?f"), "http://a/e?f");
  EXPECT_EQ(ResolveUrl("http://a/b", "//c/d"), "http://c/d");
  EXPECT_EQ(ResolveUrl("http://a/b", "https://c/d e"), "https://c/d%20e");
}

std::string Shown(const HttpRequest& request) {
  std::string text = request.method + " " + request.path;
  for (const char* name : {"Authorization", "X-Team", "Accept", "Content-Type"}) {
    if (const auto value = request.headers.Get(name); !value.empty()) text += "|" + std::string(value);
  }
  return text + (request.body.empty() ? "" : "|" + request.body);
}

HttpResponse Text(std::string body) { return {.body = std::move(body), .headers = {}}; }
HttpResponse Moved(int status, std::string to) { return {.status = status, .headers = {{"Location", std::move(to)}}}; }

TEST(Redirects, CarryHeadersToTheSameServerOnly) {
  const auto show = [](const HttpRequest& request) { return Text(Shown(request)); };
  auto other = HttpServer::Start({.listen_addresses = {"127.0.0.1:0"}}, {{"GET,POST", "/end", "", show}});
  ASSERT_TRUE(other);
  const std::string away = "http://" + (*other)->addresses()[0] + "/end";
  auto server = HttpServer::Start({.listen_addresses = {"127.0.0.1:0"}},
                                  {{"GET,POST", "/end", "", show},
                                   {"GET,POST", "/near", "", [](const HttpRequest&) { return Moved(307, "/end"); }},
                                   {"GET,POST", "/away", "", [&](const HttpRequest&) { return Moved(308, away); }},
                                   {"GET,POST", "/seen", "", [](const HttpRequest&) { return Moved(302, "end"); }},
                                   {"GET", "/round", "", [](const HttpRequest&) { return Moved(302, "/round"); }}});
  ASSERT_TRUE(server);
  const auto client = HttpClient::Start("test/1");
  const std::string url = "http://" + (*server)->addresses()[0];
  const auto ask = [&](const std::string& method, const std::string& path) {
    const auto answer = client->Send(
        {.method = method,
         .url = url + path,
         .headers = {{"Authorization", "Bearer t"}, {"X-Team", "risk"}, {"Accept", "a/b"}, {"Content-Type", "c/d"}},
         .body = method == "POST" ? "text" : "",
         .follow_redirects = true});
    return answer ? answer->body : answer.error().message;
  };
  EXPECT_EQ(ask("GET", "/near"), "GET /end|Bearer t|risk|a/b|c/d");
  EXPECT_EQ(ask("GET", "/away"), "GET /end|a/b|c/d");
  EXPECT_EQ(ask("POST", "/near"), "POST /end|Bearer t|risk|a/b|c/d|text");
  EXPECT_EQ(ask("POST", "/away"), "POST /end|a/b|c/d|text");
  EXPECT_EQ(ask("POST", "/seen"), "GET /end|Bearer t|risk|a/b");
  EXPECT_EQ(ask("GET", "/round"), "GET " + url + "/round: gave up after 10 redirects");
}

TEST(OAuth2, RequestsInBothStyles) {
  const OAuth2Client client{.client_id = "me&co",
                            .client_secret = "s c",
                            .token_url = "http://idp/token",
                            .scopes = {"a", "b"},
                            .endpoint_params = {{"audience", "x y"}}};
  const HttpClientRequest header = MakeTokenRequest(client, OAuth2Style::header);
  EXPECT_EQ(header.body, "grant_type=client_credentials&scope=a+b&audience=x+y");
  EXPECT_EQ(header.headers.Get("Authorization"), "Basic " + Base64("me%26co:s+c"));
  const HttpClientRequest body = MakeTokenRequest(client, OAuth2Style::body);
  EXPECT_EQ(body.body, "grant_type=client_credentials&scope=a+b&audience=x+y&client_id=me%26co&client_secret=s+c");
  EXPECT_EQ(body.headers.Get("Authorization"), "");
}

TEST(OAuth2, ReadsAnswers) {
  struct Case {
    int status;
    std::string body;
    std::string want;
  };
  const Case kCases[] = {
      {200, R"({"access_token":"t","token_type":"bearer","expires_in":60})", "Bearer t 1m"},
      {200, R"({"access_token":"t","expires_in":"90"})", "Bearer t 1m30s"},
      {201, R"({"access_token":"t","token_type":"DPoP"})", "DPoP t for ever"},
      {200, R"({"error":"nope"})", "the answer has no access_token: nope"},
      {200, "<html>", "the answer is not a JSON object"},
      {401, R"({"error":"invalid_client","error_description":"unknown"})",
       "HTTP status 401 Unauthorized: invalid_client: unknown"},
      {503, "", "HTTP status 503 Service Unavailable"},
  };
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.body);
    const auto token = ReadTokenAnswer({.status = one.status, .body = one.body});
    const auto shown = [&] {
      if (!token) return token.error().message;
      return token->authorization + " " + (token->lifetime ? FormatDuration(*token->lifetime) : "for ever");
    };
    EXPECT_EQ(shown(), one.want);
  }
}

// Answers token requests by hand.
class TokenTest : public testing::Test {
 protected:
  std::string Get() {
    std::string got = "(waits)";
    // what is asked for later writes to its own string
    auto late = std::make_shared<std::string>(got);
    late_.push_back(late);
    tokens_.Get(client_, now_, seconds(5), [late](Result<std::string> authorization) {
      *late = authorization ? *authorization : authorization.error().message;
    });
    return *late;
  }
  void Answer(int status, const std::string& body) {
    auto asked = std::exchange(asked_, {});
    ASSERT_EQ(asked.size(), 1);
    asked[0].second(HttpClientResponse{.status = status, .headers = {}, .body = body});
  }

  std::vector<std::pair<HttpClientRequest, HttpClient::Done>> asked_;
  std::vector<std::shared_ptr<std::string>> late_;
  OAuth2Tokens tokens_{[this](HttpClientRequest request, HttpClient::Done done) {
    asked_.emplace_back(std::move(request), std::move(done));
  }};
  std::shared_ptr<const OAuth2Client> client_ = std::make_shared<OAuth2Client>(
      OAuth2Client{.client_id = "c", .client_secret = "s", .token_url = "http://idp/token?key=x"});
  OAuth2Tokens::Instant now_{};
};

TEST_F(TokenTest, IsFetchedOnceAndRenewedAheadOfItsEnd) {
  EXPECT_EQ(Get(), "(waits)");
  EXPECT_EQ(Get(), "(waits)");
  Answer(200, R"({"access_token":"one","expires_in":3600})");
  EXPECT_EQ(*late_[0], "Bearer one");
  EXPECT_EQ(*late_[1], "Bearer one");
  now_ += seconds(3500);
  EXPECT_EQ(Get(), "Bearer one");
  EXPECT_EQ(asked_.size(), 0);
  now_ += seconds(50);
  EXPECT_EQ(Get(), "Bearer one");  // the renewal is under way
  EXPECT_EQ(Get(), "Bearer one");
  Answer(503, "");
  EXPECT_EQ(Get(), "Bearer one");  // a failed renewal is not tried again at once
  EXPECT_EQ(asked_.size(), 0);
  now_ += seconds(11);
  EXPECT_EQ(Get(), "Bearer one");
  Answer(200, R"({"access_token":"two","expires_in":3600})");
  EXPECT_EQ(Get(), "Bearer two");
  now_ += seconds(3600);
  EXPECT_EQ(Get(), "(waits)");
  EXPECT_EQ(asked_.size(), 1);
}

TEST_F(TokenTest, TriesTheOtherStyleAndTellsWhatWasRefused) {
  Get();
  Answer(401, R"({"error":"invalid_client"})");
  ASSERT_EQ(asked_.size(), 1);
  EXPECT_TRUE(asked_[0].first.body.ends_with("&client_id=c&client_secret=s"));
  Answer(400, R"({"error":"invalid_client"})");
  EXPECT_EQ(*late_[0],
            "cannot obtain an OAuth 2.0 token from http://idp/token?key=xxxxx: HTTP status 400 Bad Request: "
            "invalid_client");
  Get();
  EXPECT_EQ(asked_.size(), 1);
  Answer(401, "");
  Answer(200, R"({"access_token":"one"})");
  EXPECT_EQ(*late_[1], "Bearer one");
  EXPECT_EQ(Get(), "Bearer one");
  tokens_.Discard(*client_, "Bearer one");
  EXPECT_EQ(Get(), "(waits)");
  EXPECT_TRUE(asked_[0].first.body.contains("client_id"));  // the style that worked
}

TEST(OAuth2, OverHttp) {
  std::mutex mutex;
  std::vector<std::string> seen;
  int issued = 0;
  auto server =
      HttpServer::Start({.listen_addresses = {"127.0.0.1:0"}},
                        {{"POST", "/token", "",
                          [&](const HttpRequest& request) {
                            const std::scoped_lock lock(mutex);
                            if (request.headers.Get("Authorization") != "Basic " + Base64("c:s3cret")) {
                              return HttpResponse{.status = 401, .body = R"({"error":"invalid_client"})"};
                            }
                            return Text(R"({"access_token":"t)" + std::to_string(++issued) + R"(","expires_in":3600})");
                          }},
                         {"GET", "/data", "", [&](const HttpRequest& request) {
                            const std::scoped_lock lock(mutex);
                            seen.emplace_back(request.headers.Get("Authorization"));
                            return seen.size() == 3 ? HttpResponse{.status = 401} : Text("data");
                          }}});
  ASSERT_TRUE(server);
  const std::string url = "http://" + (*server)->addresses()[0];
  const test::TemporaryDirectory folder;
  HttpOptions options;
  options.oauth2 = HttpOAuth2{.client_id = "c",
                              .client_secret = {"", folder.Write("secret", "s3cret\n")},
                              .scopes = {},
                              .token_url = url + "/token",
                              .endpoint_params = {},
                              .tls = {},
                              .proxy = {}};
  const auto client = HttpClient::Start("test/1");
  const auto ask = [&]() -> std::string {
    HttpClientRequest request{.url = url + "/data"};
    if (const auto prepared = Prepare(options, request); !prepared) return prepared.error().message;
    const auto answer = client->Send(std::move(request));
    return answer ? std::to_string(answer->status) : answer.error().message;
  };
  std::vector<std::string> answers(4);
  for (std::string& answer : answers) answer = ask();
  EXPECT_EQ(answers, (std::vector<std::string>{"200", "200", "401", "200"}));
  // one token for all, and another one after the server refused it
  EXPECT_EQ(seen, (std::vector<std::string>{"Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2"}));
  folder.Write("secret", "wrong");
  EXPECT_EQ(ask(),
            "cannot obtain an OAuth 2.0 token from " + url + "/token: HTTP status 401 Unauthorized: invalid_client");
}

}  // namespace
}  // namespace base
