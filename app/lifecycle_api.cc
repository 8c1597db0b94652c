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

}  // namespace

std::vector<base::Endpoint> LifecycleEndpoints(std::function<bool()> ready,
                                               std::function<std::vector<base::Error>()> reload) {
  return {{"GET", "/-/healthy", "Says that the process runs.",
           [](const base::HttpRequest&) { return base::HttpResponse{.body = "tocsin is healthy.\n"}; }},
          {"GET", "/-/ready", "Says whether the process serves.",
           [ready = std::move(ready)](const base::HttpRequest&) {
             return ready() ? base::HttpResponse{.body = "tocsin is ready.\n"}
                            : base::HttpResponse{.status = 503, .body = "tocsin is not ready.\n"};
           }},
          {"POST,PUT", "/-/reload", "Reads the configuration again.",
           [reload = std::move(reload)](const base::HttpRequest&) { return Answer(reload()); }}};
}

}  // namespace app
