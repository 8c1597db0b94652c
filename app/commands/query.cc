#include "app/commands/query.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/commands/api_client.h"
#include "base/clock.h"
#include "base/labels.h"
#include "base/net/api_response.h"
#include "base/text.h"

namespace app {
namespace {

using Json = nlohmann::ordered_json;

std::string SeriesText(const Json& metric) {
  base::LabelsBuilder labels;
  for (const auto& [name, value] : metric.items()) labels.Set(name, value.get<std::string>());
  return labels.Build().ToString();
}

// "value @[time]"; a histogram as its JSON.
std::string SampleText(const Json& sample) {
  const Json& value = sample.at(1);
  return fmt::format("{} @[{}]", value.is_string() ? value.get<std::string>() : value.dump(), sample.at(0).dump());
}

std::string ResultText(const Json& data) {
  const std::string type = data.at("resultType");
  const Json& result = data.at("result");
  if (type == "scalar" || type == "string") return fmt::format("{}: {}\n", type, SampleText(result));
  std::string text;
  for (const Json& series : result) {
    text += SeriesText(series.at("metric")) + " =>";
    if (type == "vector") {
      text += " " + SampleText(series.at(series.contains("value") ? "value" : "histogram")) + "\n";
      continue;
    }
    text += "\n";
    for (const std::string key : {"values", "histograms"}) {
      if (!series.contains(key)) continue;
      for (const Json& sample : series.at(key)) text += SampleText(sample) + "\n";
    }
  }
  return text;
}

int Fail(std::string_view message) {
  fmt::print(stderr, "tocsin query: {}\n", message);
  return kFailed;
}

int Ask(const Invocation& invocation, const std::string& path, const std::string& parameters) {
  if (invocation.arguments().size() != 1) {
    fmt::print(stderr, "tocsin query: give one expression; quote it for the shell\n");
    return kUsage;
  }
  const auto options = ReadHttpConfig(invocation);
  if (!options) {
    fmt::print(stderr, "tocsin query: {}\n", options.error().message);
    return kUsage;
  }
  const auto data = AskApi(fmt::format("{}/api/v1/{}?query={}{}", invocation.Get("url"), path,
                                       base::EscapeUrlQuery(invocation.arguments().front()), parameters),
                           *options);
  if (!data) return Fail(data.error().message);
  if (invocation.Get("format") == "json") {
    fmt::print("{}\n", *data);
    return kOk;
  }
  try {
    fmt::print("{}", ResultText(Json::parse(*data)));
  } catch (const Json::exception& error) {
    return Fail(fmt::format("the answer is not Prometheus': {}", error.what()));
  }
  return kOk;
}

// "&name=value" of the flags that were given.
std::string Given(const Invocation& invocation, std::initializer_list<std::string_view> names) {
  std::string parameters;
  for (const std::string_view name : names) {
    const std::string& value = invocation.Get(name);
    if (!value.empty()) parameters += fmt::format("&{}={}", name, base::EscapeUrlQuery(value));
  }
  return parameters;
}

const Flag kUrl = {"url", "URL", "http://127.0.0.1:9090", "Where a tocsin or a Prometheus serves.", false};
const Flag kFormat = {"format", "FORMAT", "text", "text, as promtool prints it, or json.", false, {"text", "json"}};

}  // namespace

int QueryInstant(const Invocation& invocation) { return Ask(invocation, "query", Given(invocation, {"time"})); }

int QueryRange(const Invocation& invocation) {
  const base::Timestamp now = base::SystemClock().Now();
  const auto since = base::ParseDuration(invocation.Get("since"));
  if (!since) return Fail(since.error().message);
  std::string parameters = Given(invocation, {"start", "end", "step"});
  if (invocation.Get("start").empty()) parameters += fmt::format("&start={:.3f}", base::ToSeconds(now - *since));
  if (invocation.Get("end").empty()) parameters += fmt::format("&end={:.3f}", base::ToSeconds(now));
  return Ask(invocation, "query_range", parameters);
}

std::vector<Flag> QueryInstantFlags() {
  return {kUrl,
          HttpConfigFlag(),
          kFormat,
          {"time", "TIME", "", "The instant, in seconds or as RFC 3339; now by default.", false}};
}

std::vector<Flag> QueryRangeFlags() {
  return {kUrl,
          HttpConfigFlag(),
          kFormat,
          {"start", "TIME", "", "Where the range begins, in seconds or as RFC 3339.", false},
          {"end", "TIME", "", "Where it ends; now by default.", false},
          {"since", "DURATION", "1h", "How far back it begins, without --start.", false},
          {"step", "DURATION", "1m", "How far the results stand apart.", false}};
}

}  // namespace app
