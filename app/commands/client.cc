#include "app/commands/client.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/net/http_client.h"

namespace app {

int CheckHealth(const Invocation& invocation) {
  const auto client = base::HttpClient::Start(fmt::format("tocsin/{}", TOCSIN_VERSION));
  const auto answer = client->Send(
      {.url = invocation.Get("url") + "/-/ready", .timeout = std::chrono::seconds(5), .status_decides = true});
  if (!answer) {
    fmt::print(stderr, "tocsin healthcheck: {}\n", answer.error().message);
    return kFailed;
  }
  if (answer->status != 200) {
    fmt::print(stderr, "tocsin healthcheck: not ready, HTTP {}\n", answer->status);
    return kFailed;
  }
  return kOk;
}

}  // namespace app
