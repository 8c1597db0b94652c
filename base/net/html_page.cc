#include "base/net/html_page.h"

#include <fmt/format.h>

#include "base/net/style_sheet.h"
#include "base/net/web_address.h"
#include "base/text.h"

namespace base {
namespace {

constexpr std::string_view kStylePath = "/tocsin.css";
// Nothing but our own style sheet is loaded or run, whatever text should slip through the escaping.
constexpr const char* kPolicy =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

std::string Navigation(const PageFrame& frame, std::string_view path) {
  std::string text;
  for (const PageLink& link : frame.navigation) {
    const std::string_view current = link.path == path ? " aria-current=\"page\"" : "";
    text += fmt::format("<a href=\"{}\"{}>{}</a>\n", EscapeHtml(frame.link_path + link.path), current,
                        EscapeHtml(link.label));
  }
  return text.empty() ? "" : "<nav>\n" + text + "</nav>\n";
}

// The class of a state's colour: a word of the style sheet, whatever the state is.
std::string_view StateClass(std::string_view state) {
  constexpr std::string_view kStates[] = {"firing", "pending", "inactive", "active", "suppressed", "failed"};
  for (const std::string_view known : kStates) {
    if (state == known) return known;
  }
  return "other";
}

}  // namespace

std::string RenderPage(const PageFrame& frame, std::string_view title, std::string_view path, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n"
      "<html lang=\"en\">\n"
      "<head>\n"
      "<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{} - {}</title>\n"
      "<link rel=\"stylesheet\" href=\"{}\">\n"
      "</head>\n"
      "<body>\n"
      "<header>\n"
      "<a class=\"home\" href=\"{}\">{}</a>\n"
      "{}</header>\n"
      "<main>\n"
      "<h1>{}</h1>\n"
      "{}</main>\n"
      "</body>\n"
      "</html>\n",
      EscapeHtml(title), EscapeHtml(frame.title), EscapeHtml(frame.link_path).append(kStylePath),
      EscapeHtml(frame.link_path + "/"), EscapeHtml(frame.title), Navigation(frame, path), EscapeHtml(title), body);
}

HttpResponse PageResponse(std::string html, int status) {
  return {.status = status,
          .content_type = "text/html; charset=utf-8",
          .body = std::move(html),
          .headers = {{"Content-Security-Policy", kPolicy},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-store"}}};
}

HttpResponse RedirectResponse(std::string path) {
  HttpResponse response{.status = 302, .body = "See " + path + "\n", .headers = {{"Vary", "Accept"}}};
  response.headers.Add("Location", std::move(path));
  return response;
}

bool AsksForHtml(const HttpRequest& request) {
  for (const std::string_view part : Split(request.headers.Get("Accept"), ',')) {
    const std::string_view type = Trim(part.substr(0, part.find(';')));
    if (type == "text/html" || type == "application/xhtml+xml") return HeaderAccepts(part, type);
  }
  return false;
}

Endpoint StyleSheetEndpoint() {
  return {"GET", std::string(kStylePath), "The style sheet of the pages", [](const HttpRequest&) {
            return HttpResponse{.content_type = "text/css; charset=utf-8",
                                .body = std::string(kStyleSheet),
                                .headers = {{"X-Content-Type-Options", "nosniff"}, {"Cache-Control", "max-age=300"}}};
          }};
}

std::string ExternalLink(std::string_view url, std::string_view text) {
  if (!IsWebUrl(url)) return EscapeHtml(text);
  return fmt::format("<a href=\"{}\" rel=\"noreferrer\">{}</a>", EscapeHtml(url), EscapeHtml(text));
}

std::string LocalLink(const PageFrame& frame, std::string_view path, std::string_view text) {
  return fmt::format("<a href=\"{}{}\">{}</a>", EscapeHtml(frame.link_path), EscapeHtml(path), EscapeHtml(text));
}

std::string StateHtml(std::string_view state) {
  return fmt::format("<strong class=\"state {}\">{}</strong>", StateClass(state), EscapeHtml(state));
}

}  // namespace base
