#include "app/commands/api_client.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/net/http_client.h"

namespace app {

base::Result<std::string> AskApi(const std::string& url) {
  const auto client = base::HttpClient::Start(fmt::format("tocsin/{}", TOCSIN_VERSION));
  TRY(const base::HttpClientResponse answer,
      client->Send({.url = url, .timeout = std::chrono::minutes(2), .accept_gzip = true}));
  const auto json = nlohmann::ordered_json::parse(answer.body, nullptr, false);
  if (json.is_object() && json.value("status", "") == "success" && json.contains("data")) return json["data"].dump();
  const bool told = json.is_object() && json.contains("error") && json["error"].is_string();
  return base::Unavailable(told ? json["error"].get<std::string>()
                                : fmt::format("{} answers HTTP {} without data", base::RedactUrl(url), answer.status));
}

}  // namespace app
