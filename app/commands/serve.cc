#include "app/commands/serve.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <thread>

#include "app/signals.h"
#include "base/log.h"
#include "base/matcher.h"
#include "base/net/http.h"
#include "base/net/web_address.h"
#include "base/text.h"
#include "rules/remote/config.h"

namespace app {
namespace {

base::Result<base::Duration> PositiveDuration(const Invocation& invocation, std::string_view flag) {
  const auto duration = base::ParseDuration(invocation.Get(flag));
  if (!duration || duration->count() <= 0) {
    return base::Invalid(fmt::format("--{}: {} is not a duration above 0", flag, base::Quote(invocation.Get(flag))));
  }
  return *duration;
}

// By Prometheus' names.
base::Result<void> EnableFeature(std::string_view name, ProgramOptions& program) {
  promql::EngineOptions& options = program.engine;
  const std::pair<std::string_view, bool*> features[] = {
      {"promql-experimental-functions", &options.parse.experimental_functions},
      {"promql-extended-range-selectors", &options.parse.extended_range_selectors},
      {"promql-binop-fill-modifiers", &options.parse.binop_fill_modifiers},
      {"promql-delayed-name-removal", &options.delayed_name_removal},
      {"exemplar-storage", &program.exemplar_storage},
  };
  std::vector<std::string_view> names;
  for (const auto& [known, on] : features) {
    names.push_back(known);
    if (known == name) *on = true;
    if (known == name) return {};
  }
  const auto meant = base::DidYouMean(name, names);
  return base::Invalid(fmt::format("--enable-feature: there is no feature \"{}\"{}", name,
                                   meant ? fmt::format(" (did you mean \"{}\"?)", *meant) : ""));
}

base::Result<void> ReadEngineOptions(const Invocation& invocation, ProgramOptions& program) {
  promql::EngineOptions& options = program.engine;
  TRY(options.timeout, PositiveDuration(invocation, "query.timeout"));
  TRY(options.lookback, PositiveDuration(invocation, "query.lookback-delta"));
  const auto samples = base::ParseInteger(invocation.Get("query.max-samples"));
  if (!samples || *samples <= 0) return base::Invalid("--query.max-samples: not a whole number above 0");
  options.max_samples = *samples;
  for (const std::string& list : invocation.GetAll("enable-feature")) {
    for (const std::string_view name : base::Split(list, ',')) TRY_VOID(EnableFeature(base::Trim(name), program));
  }
  return {};
}

base::Result<std::string> DatasourceUrl(const Invocation& invocation) {
  const std::string& url = invocation.Get("datasource.url");
  const std::string problem = url.empty() ? "" : rules::UrlProblem(url);
  if (!problem.empty()) return base::Invalid("--datasource.url: " + problem);
  return url;
}

std::string Hostname() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

base::Result<void> ReadWebAddress(const Invocation& invocation, ProgramOptions& options) {
  const std::string hostname = Hostname();
  const std::vector<std::string>& listen = options.http.listen_addresses;
  TRY(base::WebAddress address, base::ResolveWebAddress({.external_url = invocation.Get("web.external-url"),
                                                         .route_prefix = invocation.Get("web.route-prefix"),
                                                         .listen_address = listen.empty() ? "" : listen.front(),
                                                         .hostname = hostname}));
  options.flags["web.route-prefix"] = address.route_prefix.empty() ? "/" : address.route_prefix;  // as in force
  options.external_url = std::move(address.external_url);
  options.link_path = std::move(address.link_path);
  options.http.route_prefix = std::move(address.route_prefix);
  return {};
}

base::Result<void> ReadOrigins(const Invocation& invocation, base::HttpServerOptions& http) {
  const std::string& pattern = invocation.Get("web.cors.origin");
  if (pattern.empty()) return {};
  auto matcher = base::Matcher::Make(base::MatchType::regex, "origin", pattern);
  if (!matcher) return base::Invalid("--web.cors.origin: " + matcher.error().message);
  http.allows_origin = [origin = *std::move(matcher)](std::string_view asking) { return origin.Matches(asking); };
  return {};
}

base::Result<ProgramOptions> ReadOptions(Roles roles, bool alertmanager_file, const Invocation& invocation) {
  ProgramOptions options;
  options.roles = roles;
  options.alertmanager_file = alertmanager_file;
  options.config_file = invocation.Get("config.file");
  options.http.listen_addresses = invocation.GetAll("web.listen-address");
  options.storage_path = invocation.Get("storage.path");
  options.remote_write_receiver = roles.rules && invocation.IsOn("web.enable-remote-write-receiver");
  if (invocation.IsOn("web.enable-lifecycle")) options.quit = [] { kill(getpid(), SIGTERM); };  // to Signals
  options.flags = invocation.AllFlags();
  TRY_VOID(ReadOrigins(invocation, options.http));
  TRY_VOID(ReadWebAddress(invocation, options));
  if (roles.rules) {
    TRY_VOID(ReadEngineOptions(invocation, options));
    TRY(options.datasource_url, DatasourceUrl(invocation));
    options.flags["datasource.url"] = base::RedactUrl(options.datasource_url);
  }
  TRY(const base::LogLevel level, base::ParseLogLevel(invocation.Get("log.level")));
  TRY(const base::LogFormat format, base::ParseLogFormat(invocation.Get("log.format")));
  base::ConfigureLog(level, format);
  return options;
}

std::vector<Flag> QueryFlags() {
  return {
      {"datasource.url", "URL", "",
       "Evaluate rules against this server with Prometheus' HTTP API, in place of rules.datasource.url of the "
       "configuration.",
       false},
      {"query.timeout", "DURATION", "2m", "How long one query may take.", false},
      {"query.max-samples", "NUMBER", "50000000", "How many samples one query may hold at once.", false},
      {"query.lookback-delta", "DURATION", "5m", "How old the newest sample of a series may be to count.", false},
      {"enable-feature", "NAMES", "",
       "What Prometheus calls experimental: promql-experimental-functions, promql-extended-range-selectors, "
       "promql-binop-fill-modifiers, promql-delayed-name-removal, exemplar-storage.",
       true},
      {"web.enable-remote-write-receiver", "", "false", "Take samples by remote write at /api/v1/write.", false},
  };
}

void LogErrors(std::string_view message, const std::vector<base::Error>& errors) {
  for (const base::Error& error : errors) base::LogError(message, {{"error", error}});
}

void LogLinks(const ProgramOptions& options, const Invocation& invocation) {
  const bool given = !invocation.Get("web.external-url").empty();
  base::LogInfo(given ? "links in messages start with --web.external-url"
                      : "links in messages start with this host's name; set --web.external-url if people need another",
                {{"url", options.external_url}});
}

void ReloadOn(Program& program) {
  NotifySystemd("RELOADING=1");
  const std::vector<base::Error> errors = program.Reload();
  LogErrors("the configuration was not loaded; the one before goes on", errors);
  if (errors.empty()) base::LogInfo("configuration loaded");
  NotifySystemd("READY=1");
}

}  // namespace

int Serve(Roles roles, bool alertmanager_file, const Invocation& invocation) {
  const auto options = ReadOptions(roles, alertmanager_file, invocation);
  if (!options) {
    fmt::print(stderr, "tocsin: {}\n", options.error().message);
    return kUsage;
  }
  const Signals signals;
  const base::SystemClock clock;
  auto program = Program::Start(*options, clock, ProcessEnvironment());
  if (!program) {
    for (const base::Error& error : program.error().errors) fmt::print(stderr, "{}\n", error.ToString());
    if (program.error().configuration && !std::filesystem::exists(options->config_file)) {
      fmt::print(stderr, "Name the configuration with --config.file=FILE; 'tocsin docs configuration' describes it.\n");
    }
    return program.error().configuration ? kUsage : kFailed;
  }
  // the wording and the field are what Alertmanager's users wait for
  for (const std::string& address : (*program)->addresses()) base::LogInfo("Listening on", {{"address", address}});
  LogLinks(*options, invocation);
  NotifySystemd("READY=1");
  while (signals.Wait() == SignalEvent::reload) ReloadOn(**program);
  base::LogInfo("stopping");
  NotifySystemd("STOPPING=1");
  (*program)->Stop();
  program->reset();
  base::LogInfo("stopped");
  return kOk;
}

std::vector<Flag> ServeFlags(Roles roles, std::string config_file, std::string listen_address) {
  std::vector<Flag> flags = {
      {"config.file", "FILE", std::move(config_file), "The configuration.", false},
      {"web.listen-address", "ADDRESS", std::move(listen_address), "Where to serve HTTP.", true},
      {"web.external-url", "URL", "",
       "The URL under which people reach this server; links in messages and pages start with it. Empty: the host's "
       "name and the port of the first listen address.",
       false},
      {"web.route-prefix", "PATH", "",
       "Serves every path below this one. Empty: the path of --web.external-url; / for a proxy that takes the path "
       "off.",
       false},
      {"web.enable-lifecycle", "", "false", "Let POST /-/quit end the process. /-/reload is always allowed.", false},
      {"web.cors.origin", "REGEX", "",
       "Origins whose pages may read the API from a browser, such as https://(a|b)\\.example; the whole origin must "
       "match. "
       "Empty: none.",
       false},
      {"storage.path", "FOLDER", "data/",
       "What is to survive a restart: samples, alert state, alert history, who was told what. Empty: nothing is kept.",
       false},
      {"log.level",
       "LEVEL",
       "info",
       "The least severe messages shown: debug, info, warn or error.",
       false,
       {"debug", "info", "warn", "error"}},
      {"log.format", "FORMAT", "logfmt", "logfmt or json.", false, {"logfmt", "json"}},
  };
  if (roles.rules) std::ranges::move(QueryFlags(), std::back_inserter(flags));
  return flags;
}

std::vector<Flag> AlertmanagerFlags() {
  std::vector<Flag> flags = ServeFlags(Roles{.alertmanager = true}, "alertmanager.yml", "127.0.0.1:9093");
  flags.push_back({"cluster.listen-address", "ADDRESS", "", "Only empty (no cluster) is supported.", false});
  return flags;
}

}  // namespace app
