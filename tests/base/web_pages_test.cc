#include <gtest/gtest.h>

#include "base/net/html_page.h"
#include "base/net/web_address.h"

namespace base {
namespace {

struct AddressCase {
  const char* name;
  WebAddressInput input;
  const char* external_url;
  const char* link_path;
  const char* route_prefix;
};

// The cases with an external URL that is whole, and their prefixes, are those of Prometheus 3.5 and Alertmanager 0.28.
const AddressCase kAddresses[] = {
    {"Default", {"", "", "127.0.0.1:9090", "box"}, "http://box:9090", "", ""},
    {"AllInterfaces", {"", "", ":9093", "box"}, "http://box:9093", "", ""},
    {"NoHostname", {"", "", "0.0.0.0:80", ""}, "http://localhost:80", "", ""},
    {"Plain", {"https://example.com", "", ":1", "box"}, "https://example.com", "", ""},
    {"TrailingSlash", {"https://example.com/", "", ":1", "box"}, "https://example.com", "", ""},
    {"PathIsPrefix", {"http://e.com:8/a/b/", "", ":1", "box"}, "http://e.com:8/a/b", "/a/b", "/a/b"},
    {"ProxyTakesPathOff", {"http://e.com/a", "/", ":1", "box"}, "http://e.com/a", "/a", ""},
    {"OtherPrefix", {"http://e.com/a", "b/", ":1", "box"}, "http://e.com/a", "/a", "/b"},
    {"PrefixAlone", {"", "/b", ":1", "box"}, "http://box:1/b", "/b", "/b"},
    {"PathAlone", {"/a/", "", ":1", "box"}, "http://box:1/a", "/a", "/a"},
    {"PathAloneOfNoLength", {"/", "", ":1", "box"}, "http://box:1", "", ""},
    {"Spaces", {" http://e.com/a ", " ", ":1", "box"}, "http://e.com/a", "/a", "/a"},
};

TEST(WebAddress, Resolves) {
  for (const AddressCase& one : kAddresses) {
    SCOPED_TRACE(one.name);
    const auto address = ResolveWebAddress(one.input);
    ASSERT_TRUE(address) << address.error().message;
    EXPECT_EQ(address->external_url, one.external_url);
    EXPECT_EQ(address->link_path, one.link_path);
    EXPECT_EQ(address->route_prefix, one.route_prefix);
  }
}

TEST(WebAddress, RefusesWhatMakesNoLink) {
  const auto problem = [](std::string_view url, std::string_view prefix) {
    const auto address = ResolveWebAddress({url, prefix, ":1", "box"});
    return address ? "none: " + address->external_url : address.error().message;
  };
  for (const char* url : {"localhost:9090", "example.com", "ftp://e.com", "http://", "http:///a", "http://e .com",
                          "\"http://e.com\"", "javascript:alert(1)"}) {
    EXPECT_NE(problem(url, "").find("is not a web address; write one like http://tocsin.example.com:9090, or a path"),
              std::string::npos)
        << problem(url, "");
  }
  for (const char* url : {"http://e.com?a=b", "http://e.com/a?b", "http://e.com/#x", "http://e.com/a//b", "/a b"}) {
    EXPECT_EQ(problem(url, "").find("--web.external-url: \""), 0U) << problem(url, "");
  }
  EXPECT_EQ(problem("", "/a?b"),
            "--web.route-prefix: \"/a?b\" holds a query, a fragment, an empty path segment, or a character that has no "
            "place in a path; write it like /tocsin");
}

TEST(WebAddress, WebUrls) {
  for (const char* url : {"http://a", "https://a.example/b?c=d#e", "http://a/%20"}) EXPECT_TRUE(IsWebUrl(url)) << url;
  for (const char* url : {"", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "//e.com", "/a",
                          " http://a", "http://a b", "http://a\"", "http://<a>", "http://a\n", "ftp://a"}) {
    EXPECT_FALSE(IsWebUrl(url)) << url;
  }
  EXPECT_FALSE(IsWebUrl("http://" + std::string(3000, 'a')));
}

TEST(HtmlPage, WholePage) {
  const PageFrame frame{.title = "t<", .link_path = "/p", .navigation = {{"/alerts", "Alerts"}, {"/graph", "E&x"}}};
  EXPECT_EQ(RenderPage(frame, "A \"b\"", "/graph", "<p>body</p>\n"),
            "<!doctype html>\n"
            "<html lang=\"en\">\n"
            "<head>\n"
            "<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<title>A &#34;b&#34; - t&lt;</title>\n"
            "<link rel=\"stylesheet\" href=\"/p/tocsin.css\">\n"
            "</head>\n"
            "<body>\n"
            "<header>\n"
            "<a class=\"home\" href=\"/p/\">t&lt;</a>\n"
            "<nav>\n"
            "<a href=\"/p/alerts\">Alerts</a>\n"
            "<a href=\"/p/graph\" aria-current=\"page\">E&amp;x</a>\n"
            "</nav>\n"
            "</header>\n"
            "<main>\n"
            "<h1>A &#34;b&#34;</h1>\n"
            "<p>body</p>\n"
            "</main>\n"
            "</body>\n"
            "</html>\n");
}

TEST(HtmlPage, NothingButTheStyleSheetIsLoaded) {
  const HttpResponse page = PageResponse("x", 422);
  EXPECT_EQ(page.status, 422);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(page.headers.Get("Content-Security-Policy"),
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
  EXPECT_EQ(page.headers.Get("X-Content-Type-Options"), "nosniff");
  const Endpoint style = StyleSheetEndpoint();
  EXPECT_EQ(style.path, "/tocsin.css");
  EXPECT_EQ(style.handle({}).content_type, "text/css; charset=utf-8");
  EXPECT_EQ(style.handle({}).body.find("url("), std::string::npos) << "the style sheet loads nothing either";
}

TEST(HtmlPage, Links) {
  const PageFrame frame{.link_path = "/p"};
  EXPECT_EQ(LocalLink(frame, "/graph?a=1&b=\"", "x<y"), "<a href=\"/p/graph?a=1&amp;b=&#34;\">x&lt;y</a>");
  EXPECT_EQ(ExternalLink("https://e.com/?a&b", "r<"),
            "<a href=\"https://e.com/?a&amp;b\" rel=\"noreferrer\">r&lt;</a>");
  EXPECT_EQ(ExternalLink("javascript:alert(1)", "javascript:alert('1')"), "javascript:alert(&#39;1&#39;)");
  EXPECT_EQ(StateHtml("firing"), "<strong class=\"state firing\">firing</strong>");
  EXPECT_EQ(StateHtml("\"><script>"), "<strong class=\"state other\">&#34;&gt;&lt;script&gt;</strong>");
}

}  // namespace
}  // namespace base
