#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/net/http_server.h"

// Pages for people: plain HTML without scripts, one style sheet, and headers that let a browser load nothing else.
// Pure functions; callers escape (base/text.h, EscapeHtml) whatever text they put into a body.

namespace base {

// `body` between the process' header and a footer. `path` is that of the page, which the navigation marks.
std::string RenderPage(const PageFrame& frame, std::string_view title, std::string_view path, std::string_view body);

// An HTML answer with Content-Security-Policy, nosniff and no-store.
HttpResponse PageResponse(std::string html, int status = 200);

// 302 to a path of this server, as browsers see it.
HttpResponse RedirectResponse(std::string path);

// Whether the client asks for HTML by name, as browsers do; curl's */* does not.
bool AsksForHtml(const HttpRequest& request);

// GET /tocsin.css, which every page links to.
Endpoint StyleSheetEndpoint();

// <a href="URL">text</a>; the text alone where the URL is no web address (IsWebUrl). Escapes both.
std::string ExternalLink(std::string_view url, std::string_view text);
// <a href="/prefix/path">text</a>; `path` may carry a query string. Escapes both.
std::string LocalLink(const PageFrame& frame, std::string_view path, std::string_view text);
// <strong class="state firing">firing</strong>: a state, told by its word and by its colour.
std::string StateHtml(std::string_view state);

}  // namespace base
