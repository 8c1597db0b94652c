#include "app/commands/api_client.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/net/http_client.h"
#include "base/text.h"

namespace app {

base::Result<std::string> AskApi(const std::string& url, const base::HttpOptions& options) {
  const auto client = base::HttpClient::Start(fmt::format("tocsin/{}", TOCSIN_VERSION));
  base::HttpClientRequest request{.url = url, .timeout = std::chrono::minutes(2), .accept_gzip = true};
  TRY_VOID(base::Prepare(options, request));
  TRY(const base::HttpClientResponse answer, client->Send(std::move(request)));
  const auto json = nlohmann::ordered_json::parse(answer.body, nullptr, false);
  if (json.is_object() && json.value("status", "") == "success" && json.contains("data")) return json["data"].dump();
  const bool told = json.is_object() && json.contains("error") && json["error"].is_string();
  return base::Unavailable(told ? json["error"].get<std::string>()
                                : fmt::format("{} answers HTTP {} without data", base::RedactUrl(url), answer.status));
}

Flag HttpConfigFlag() {
  return {"http.config.file", "FILE", "",
          "How the server is spoken to: basic_auth, authorization, headers, tls_config and so on, as in tocsin.yml.",
          false};
}

base::Result<base::HttpOptions> ReadHttpConfig(const Invocation& invocation) {
  base::HttpOptions options;
  const std::string& path = invocation.Get("http.config.file");
  if (path.empty()) return options;
  base::YamlErrors errors;
  const base::YamlNode root = base::ReadYamlFile(path, errors);
  const base::YamlReader in(root, "", errors);
  std::vector<base::Field<base::HttpOptions>> fields = base::HttpOptionsFields();
  fields.push_back(base::PlainHeadersField());
  if (errors.empty() && base::YamlSchema<base::HttpOptions>(std::move(fields)).Read(in, options)) {
    base::CheckHttpOptions(in, options);
  }
  if (!errors.empty()) return base::Invalid(std::string(base::Trim(errors.ToString())));
  base::ResolvePaths(std::filesystem::path(path).parent_path().string(), options);
  return options;
}

}  // namespace app
