#include "base/net/http_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/net/html_page.h"
#include "base/text.h"

namespace base {
namespace {

constexpr std::string_view kRest = "*";

std::vector<std::string> Segments(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  std::vector<std::string> segments;
  for (const std::string_view segment : Split(path, '/')) segments.emplace_back(segment);
  return segments;
}

bool IsArgument(std::string_view segment) { return segment.starts_with(':'); }

char Rank(std::string_view segment) {
  if (segment == kRest) return 'a';
  return IsArgument(segment) ? 'b' : 'c';
}

// The arguments, if the path fits the pattern.
std::optional<std::vector<std::string>> Fit(const std::vector<std::string>& pattern,
                                            const std::vector<std::string>& path) {
  std::vector<std::string> arguments;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (i + 1 == pattern.size() && pattern[i] == kRest) return arguments;
    if (i >= path.size()) return std::nullopt;
    if (IsArgument(pattern[i])) {
      if (path[i].empty()) return std::nullopt;
      arguments.push_back(path[i]);
    } else if (pattern[i] != path[i]) {
      return std::nullopt;
    }
  }
  if (pattern.size() != path.size()) return std::nullopt;
  return arguments;
}

bool Has(const std::vector<std::string>& methods, std::string_view method) {
  return std::ranges::find(methods, method) != methods.end();
}

}  // namespace

HttpRoutes::HttpRoutes(std::vector<Endpoint> endpoints) {
  for (Endpoint& endpoint : endpoints) {
    Route route;
    for (const std::string_view method : Split(endpoint.methods, ',')) route.methods.emplace_back(Trim(method));
    if (Has(route.methods, "GET") && !Has(route.methods, "HEAD")) {
      route.methods.insert(std::ranges::find(route.methods, "GET") + 1, "HEAD");
    }
    route.segments = Segments(endpoint.path);
    for (const std::string& segment : route.segments) route.rank += Rank(segment);
    route.endpoint = std::move(endpoint);
    routes_.push_back(std::move(route));
  }
  std::ranges::stable_sort(routes_, std::greater<>(), &Route::rank);
}

HttpRoutes::Match HttpRoutes::Find(std::string_view method, std::string_view raw_path) const {
  std::vector<std::string> path = Segments(raw_path);
  for (std::string& segment : path) {
    auto decoded = UnescapeUrl(segment, false);
    if (!decoded) return {};
    segment = std::move(*decoded);
  }
  const Route* first = nullptr;
  std::vector<std::string> allowed;
  for (const Route& route : routes_) {
    // of the rows that fit, those as literal as the first are the path's own; the rest are for other paths
    if (first != nullptr && route.rank != first->rank) break;
    auto arguments = Fit(route.segments, path);
    if (!arguments) continue;
    if (Has(route.methods, method)) return {&route.endpoint, std::move(*arguments), ""};
    first = &route;
    for (const std::string& other : route.methods) {
      if (!Has(allowed, other)) allowed.push_back(other);
    }
  }
  return {nullptr, {}, Join(allowed, ", ")};
}

std::vector<const HttpRoutes::Route*> HttpRoutes::ByPath() const {
  std::vector<const Route*> rows;
  for (const Route& route : routes_) rows.push_back(&route);
  std::ranges::stable_sort(rows, {}, [](const Route* route) { return std::string_view(route->endpoint.path); });
  return rows;
}

std::string HttpRoutes::ListText(const PageFrame& frame) const {
  const std::vector<const Route*> rows = ByPath();
  size_t methods = 0;
  size_t path = frame.link_path.size();
  for (const Route* route : rows) {
    methods = std::max(methods, route->endpoint.methods.size());
    path = std::max(path, frame.link_path.size() + route->endpoint.path.size());
  }
  std::string text = frame.title + "\n\n";
  for (const Route* route : rows) {
    const Endpoint& endpoint = route->endpoint;
    const std::string line = fmt::format("{:{}}  {:{}}  {}", endpoint.methods, methods, frame.link_path + endpoint.path,
                                         path, endpoint.help);
    text.append(line, 0, line.find_last_not_of(' ') + 1).append("\n");
  }
  return text;
}

std::string HttpRoutes::ListPage(const PageFrame& frame, std::string_view path) const {
  std::string body = "<table>\n<thead><tr><th>Method</th><th>Path</th><th>What it is</th></tr></thead>\n<tbody>\n";
  for (const Route* route : ByPath()) {
    const Endpoint& endpoint = route->endpoint;
    const bool link = Has(route->methods, "GET") &&
                      std::ranges::none_of(route->segments, [](const auto& s) { return s == kRest || IsArgument(s); });
    const std::string shown = EscapeHtml(frame.link_path + endpoint.path);
    body += fmt::format("<tr><td>{}</td><td>", EscapeHtml(endpoint.methods));
    body += link ? fmt::format("<a href=\"{0}\"><code>{0}</code></a>", shown) : fmt::format("<code>{}</code>", shown);
    body += fmt::format("</td><td>{}</td></tr>\n", EscapeHtml(endpoint.help));
  }
  return RenderPage(frame, "Endpoints", path, body + "</tbody></table>\n");
}

HttpResponse HttpRoutes::List(const HttpRequest& request, const PageFrame& frame, std::string_view path) const {
  HttpResponse response =
      AsksForHtml(request) ? PageResponse(ListPage(frame, path)) : HttpResponse{.body = ListText(frame), .headers = {}};
  response.headers.Add("Vary", "Accept");
  return response;
}

}  // namespace base
