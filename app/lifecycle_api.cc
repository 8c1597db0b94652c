#include "app/lifecycle_api.h"

#include "base/log.h"

namespace app {
namespace {

base::HttpResponse Answer(const std::vector<base::Error>& errors) {
  if (errors.empty()) return {.body = "configuration loaded\n"};
  base::HttpResponse response{.status = 500, .body = "the configuration was not loaded; the one before goes on:\n"};
  for (const base::Error& error : errors) {
    response.body += error.ToString() + "\n";
    base::LogError("the configuration was not loaded", {{"error", error}});
  }
  return response;
}

base::HttpResponse Quit(const std::function<void()>& quit, const base::HttpRequest& request) {
  if (!quit) return {.status = 403, .body = "Lifecycle API is not enabled."};  // in the original's words
  base::LogInfo("the process was asked to end", {{"path", request.path}, {"from", request.remote_address}});
  quit();
  return {.body = "Requesting termination... Goodbye!"};
}

}  // namespace

std::vector<base::Endpoint> LifecycleEndpoints(std::function<bool()> ready,
                                               std::function<std::vector<base::Error>()> reload,
                                               std::function<void()> quit) {
  return {{"GET", "/-/healthy", "Says that the process runs.",
           [](const base::HttpRequest&) { return base::HttpResponse{.body = "tocsin is healthy.\n"}; }},
          {"GET", "/-/ready", "Says whether the process serves.",
           [ready = std::move(ready)](const base::HttpRequest&) {
             return ready() ? base::HttpResponse{.body = "tocsin is ready.\n"}
                            : base::HttpResponse{.status = 503, .body = "tocsin is not ready.\n"};
           }},
          {"POST,PUT", "/-/reload", "Reads the configuration again.",
           [reload = std::move(reload)](const base::HttpRequest&) { return Answer(reload()); }},
          {"POST,PUT", "/-/quit", "Ends the process, if --web.enable-lifecycle is on.",
           [quit = std::move(quit)](const base::HttpRequest& request) { return Quit(quit, request); }},
          {"GET,POST", "/debug/pprof/*", "Says that there are no Go profiles.", [](const base::HttpRequest&) {
             return base::HttpResponse{.status = 404,
                                       .body = "tocsin is not a Go program and has no pprof profiles.\n"};
           }}};
}

}  // namespace app
