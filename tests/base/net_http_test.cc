#include <gtest/gtest.h>

#include "base/net/http.h"
#include "base/net/http_client.h"
#include "base/net/http_routes.h"

namespace base {
namespace {

TEST(HttpHeaders, NamesCompareWithoutCaseAndTheFirstCounts) {
  HttpHeaders headers{{"Content-Type", "text/plain"}, {"content-type", "text/html"}};
  EXPECT_EQ(headers.Get("CONTENT-TYPE"), "text/plain");
  EXPECT_EQ(headers.Get("Accept"), "");
}

TEST(HttpParameters, Parse) {
  const auto parsed = HttpParameters::Parse("query=up%7Ba%3D%22b%22%7D&match[]=a+b&match[]=c&&flag&x=1=2");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->Get("query"), R"(up{a="b"})");
  EXPECT_EQ(parsed->GetAll("match[]"), (std::vector<std::string>{"a b", "c"}));
  EXPECT_TRUE(parsed->Has("flag"));
  EXPECT_EQ(parsed->Get("flag"), "");
  EXPECT_EQ(parsed->Get("x"), "1=2");
  EXPECT_FALSE(parsed->Has("missing"));
  EXPECT_FALSE(HttpParameters::Parse("a=%zz"));
  EXPECT_FALSE(HttpParameters::Parse("%4=1"));
}

TEST(Http, HeaderAccepts) {
  struct Case {
    std::string header;
    bool want;
  };
  for (const Case& test : {Case{"gzip", true},
                           {"br, GZIP;q=0.5", true},
                           {"gzip;q=0, br", false},
                           {"gzip; q=0.000", false},
                           {"*", true},
                           {"*;q=0", false},
                           {"*, gzip;q=0", false},
                           {"identity", false},
                           {"xgzip", false},
                           {"", false}}) {
    SCOPED_TRACE(test.header);
    EXPECT_EQ(HeaderAccepts(test.header, "gzip"), test.want);
  }
}

TEST(Http, RedactUrl) {
  struct Case {
    std::string url;
    std::string want;
    std::string want_hidden;
  };
  const std::string slack = "https://hooks.slack.com/services/T0/B0/secret";
  for (const Case& test :
       {Case{"http://h:9090/a/b", "http://h:9090/a/b", "http://h:9090/xxxxx"},
        {"http://user:pass@h/", "http://xxxxx:xxxxx@h/", "http://xxxxx:xxxxx@h/"},
        {"http://user@h", "http://xxxxx@h", "http://xxxxx@h"},
        {"postgresql://u:p@h:5432/db?sslmode=require&password=p",
         "postgresql://xxxxx:xxxxx@h:5432/db?sslmode=xxxxx&password=xxxxx",
         "postgresql://xxxxx:xxxxx@h:5432/xxxxx?sslmode=xxxxx&password=xxxxx"},
        {"postgresql://u:p/w?x@h/db", "postgresql://xxxxx:xxxxx@h/db", "postgresql://xxxxx:xxxxx@h/xxxxx"},
        {"http://h/p@q", "http://h/p@q", "http://h/xxxxx"},
        {"http://[::1]:80/p", "http://[::1]:80/p", "http://[::1]:80/xxxxx"},
        {"http://h?token", "http://h?xxxxx", "http://h?xxxxx"},
        {"http://h/p#secret", "http://h/p", "http://h/xxxxx"},
        {slack, slack, "https://hooks.slack.com/xxxxx"},
        {"", "", ""}}) {
    SCOPED_TRACE(test.url);
    EXPECT_EQ(RedactUrl(test.url), test.want);
    EXPECT_EQ(RedactUrl(test.url, true), test.want_hidden);
  }
}

TEST(Http, Base64) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foob"), "Zm9vYg==");
  EXPECT_EQ(Base64(std::string("\xff\xfe\x00", 3)), "//4A");
}

TEST(Http, GzipRoundTripAndLimit) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "line " + std::to_string(i) + "\n";
  for (const std::string& content : {std::string(), std::string("x"), text}) {
    const std::string packed = Gzip(content);
    EXPECT_EQ(Gunzip(packed, content.size()), content);
    EXPECT_EQ(Gunzip(packed + packed, 2 * content.size()), content + content) << "two members";
    if (!content.empty()) {
      EXPECT_EQ(Gunzip(packed, content.size() - 1), std::nullopt);
    }
    EXPECT_EQ(Gunzip(packed.substr(0, packed.size() - 1), 1 << 20), std::nullopt) << "truncated";
  }
  EXPECT_LT(Gzip(text).size(), text.size() / 3);
  EXPECT_EQ(Gunzip("not gzip at all", 100), std::nullopt);
  EXPECT_EQ(Gunzip("", 100), std::nullopt);
}

TEST(Http, RetryAfter) {
  const Timestamp now(std::chrono::seconds(1'700'000'000));  // Tue, 14 Nov 2023 22:13:20 GMT
  struct Case {
    std::string header;
    std::optional<Duration> want;
  };
  for (const Case& test : {Case{"2", std::chrono::seconds(2)},
                           {" 0.5 ", std::chrono::milliseconds(500)},
                           {"Tue, 14 Nov 2023 22:14:20 GMT", std::chrono::seconds(60)},
                           {"Tue, 14 Nov 2023 22:12:20 GMT", std::chrono::seconds(0)},
                           {"-1", std::nullopt},
                           {"soon", std::nullopt},
                           {"", std::nullopt}}) {
    SCOPED_TRACE(test.header);
    EXPECT_EQ((HttpClientResponse{429, {{"Retry-After", test.header}}, ""}.RetryAfter(now)), test.want);
  }
  EXPECT_EQ((HttpClientResponse{429, {}, ""}.RetryAfter(now)), std::nullopt);
}

TEST(HttpRoutes, TheMostLiteralRowCounts) {
  const auto row = [](std::string methods, std::string path) { return Endpoint{methods, path, path, nullptr}; };
  const HttpRoutes routes({row("GET", "/*"), row("GET", "/api/v1/label/:name/values"), row("GET,POST", "/api/v1/query"),
                           row("GET", "/silence/:id"), row("DELETE", "/silence/:id"), row("GET", "/silence/all")});
  struct Case {
    std::string method;
    std::string path;
    std::string want;  // the row's path, or "405 allow"
    std::vector<std::string> arguments;
  };
  for (const Case& test : {Case{"GET", "/", "/*", {}},
                           {"GET", "/some/file.js", "/*", {}},
                           {"HEAD", "/some/file.js", "/*", {}},
                           {"POST", "/api/v1/query", "/api/v1/query", {}},
                           {"GET", "/api/v1/label/a%2Fb%20c/values", "/api/v1/label/:name/values", {"a/b c"}},
                           {"GET", "/api/v1/label//values", "/*", {}},
                           {"DELETE", "/silence/1", "/silence/:id", {"1"}},
                           {"GET", "/silence/all", "/silence/all", {}},
                           {"PUT", "/silence/1", "405 GET, HEAD, DELETE", {}},
                           {"DELETE", "/silence/all", "405 GET, HEAD", {}},
                           {"POST", "/", "405 GET, HEAD", {}},
                           {"GET", "/bad%zz", "405 ", {}}}) {
    SCOPED_TRACE(test.method + " " + test.path);
    const auto match = routes.Find(test.method, test.path);
    EXPECT_EQ(match.endpoint != nullptr ? match.endpoint->path : "405 " + match.allow, test.want);
    EXPECT_EQ(match.path_arguments, test.arguments);
  }
}

TEST(HttpRoutes, ListsItselfAsTextAndAsPage) {
  const HttpRoutes routes({{"POST", "/-/reload", "Reload <now>", nullptr},
                           {"GET", "/metrics", "Own metrics", nullptr},
                           {"GET", "/probe/:target", "", nullptr}});
  const PageFrame frame{.title = "toc & sin", .link_path = "/pre", .navigation = {}};
  EXPECT_EQ(routes.ListText(frame),
            "toc & sin\n\n"
            "POST  /pre/-/reload       Reload <now>\n"
            "GET   /pre/metrics        Own metrics\n"
            "GET   /pre/probe/:target\n");
  const std::string page = routes.ListPage(frame, "/endpoints");
  EXPECT_NE(page.find("<title>Endpoints - toc &amp; sin</title>"), std::string::npos) << page;
  EXPECT_NE(
      page.find(
          "<tr><td>POST</td><td><code>/pre/-/reload</code></td><td>Reload &lt;now&gt;</td></tr>\n"
          "<tr><td>GET</td><td><a href=\"/pre/metrics\"><code>/pre/metrics</code></a></td><td>Own metrics</td></tr>\n"
          "<tr><td>GET</td><td><code>/pre/probe/:target</code></td><td></td></tr>\n"),
      std::string::npos)
      << page;
}

}  // namespace
}  // namespace base
