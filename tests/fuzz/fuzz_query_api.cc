#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/net/http.h"
#include "base/net/http_server.h"
#include "base/yaml/yaml.h"
#include "ingest/exposition_parser.h"
#include "promql/engine.h"
#include "rules/api/api.h"
#include "rules/api/query_api.h"
#include "rules/manager.h"
#include "rules/pages/pages.h"
#include "rules/rule_file.h"
#include "store/head.h"

// "PATH?PARAMETERS" as a client may write it, for the endpoints of queries, series and rules: each answer is the JSON
// (of /federate the exposition, of /graph and /alerts the HTML page) that clients can read, with a status that is no
// failure of ours. A page holds no tag and no link target that our pages do not write.

namespace {

constexpr base::Timestamp kNow{std::chrono::seconds(1'000)};

class StandingClock : public base::Clock {
 public:
  base::Timestamp Now() const override { return kNow; }
  bool SleepUntil(base::Timestamp, std::stop_token) const override { return true; }
};

class NoSink : public base::AlertSink {
 public:
  void Send(std::span<const base::Alert>) override {}
};

constexpr std::string_view kRules = R"yaml(groups:
- name: g
  rules:
  - {record: "a:b", expr: "up * 2", labels: {x: "<&>"}}
  - alert: Down
    expr: up == 0
    annotations: {summary: "{{ $labels.job }} \"down\" <b>", runbook_url: "{{ $labels.job }}:alert(1)"}
)yaml";

// A store with some series, and rules that were evaluated once.
class World {
 public:
  World() {
    const auto appender = head_.NewAppender();
    for (const char* job : {"api", "d\"b\\", "h\u00e4user"}) {
      for (int i = 0; i < 60; ++i) {
        const base::Labels labels({{"__name__", "up"}, {"job", job}, {"odd name", "x\ny"}});
        appender->Append(store::SeriesRef::none, labels, kNow - std::chrono::seconds(15) * (60 - i), i % 5);
      }
    }
    appender->Append(store::SeriesRef::none, base::Labels({{"__name__", "shop.size"}}), kNow, -0.0);
    if (!appender->Commit()) std::abort();
    base::YamlErrors errors;
    manager_.Apply({.rules = rules::ParseRuleFile(kRules, "f.yml", {}, errors),
                    .defaults = {},
                    .external_labels = base::Labels({{"site", "demo"}}),
                    .external_url = "http://tocsin"});
    if (!errors.empty() || !manager_.EvaluateNow(std::nullopt)) std::abort();
    const rules::QuerySource source{engine_, head_, clock_, [] { return base::Labels({{"site", "demo"}}); }};
    for (auto& endpoints :
         {rules::QueryEndpoints(source), rules::SeriesEndpoints(source), rules::Endpoints(manager_),
          rules::PageEndpoints({.manager = manager_, .query = source, .frame = {}, .open_history = {}})}) {
      for (const base::Endpoint& endpoint : endpoints) {
        if (!endpoint.methods.starts_with("POST")) endpoints_.push_back(endpoint);
      }
    }
  }

  // The endpoint of a path, with what its ":name" stands for.
  const base::Endpoint* Find(std::string_view path, std::vector<std::string>& arguments) const {
    constexpr std::string_view kBefore = "/api/v1/label/";
    constexpr std::string_view kAfter = "/values";
    for (const base::Endpoint& endpoint : endpoints_) {
      if (endpoint.path == path) return &endpoint;
      if (endpoint.path.contains(':') && path.starts_with(kBefore) && path.ends_with(kAfter) &&
          path.size() > kBefore.size() + kAfter.size()) {
        arguments = {std::string(path.substr(kBefore.size(), path.size() - kBefore.size() - kAfter.size()))};
        return &endpoint;
      }
    }
    return nullptr;
  }

 private:
  StandingClock clock_;
  NoSink sink_;
  store::Head head_;
  promql::Engine engine_{
      {.timeout = std::chrono::seconds(2), .max_samples = 100'000, .parse = {.experimental_functions = true}}};
  rules::Manager manager_{{.clock = clock_, .engine = engine_, .querier = head_, .appendable = head_, .sink = sink_}};
  std::vector<base::Endpoint> endpoints_;
};

[[noreturn]] void Complain(const char* what, const base::HttpResponse& answer) {
  std::fprintf(stderr, "%s: %d %s\n", what, answer.status, answer.body.c_str());
  std::abort();
}

// Whatever was asked for, and whatever labels hold, no text becomes a tag or leads out.
void CheckHtml(const base::HttpResponse& answer) {
  constexpr std::string_view kTags[] = {
      "!doctype html", "html",    "head",    "meta",  "title", "link", "body",  "header", "nav",      "a",
      "main",          "h1",      "h2",      "h3",    "p",     "form", "label", "br",     "textarea", "input",
      "button",        "div",     "table",   "thead", "tbody", "tr",   "th",    "td",     "code",     "span",
      "strong",        "section", "article", "dl",    "dt",    "dd"};
  const std::string_view body = answer.body;
  for (size_t at = body.find('<'); at != body.npos; at = body.find('<', at + 1)) {
    std::string_view tag = body.substr(at + 1, body.find('>', at) - at - 1);
    if (tag.starts_with('/')) tag.remove_prefix(1);
    const bool known = std::ranges::any_of(kTags, [&](std::string_view name) {
      return tag == name || (tag.starts_with(name) && tag[name.size()] == ' ');
    });
    if (!known) Complain("an unknown tag", answer);
    const size_t link = tag.find(" href=\"");
    if (link == tag.npos) continue;
    const std::string_view target = tag.substr(link + 7);
    if (!target.starts_with('/') && !target.starts_with("http://") && !target.starts_with("https://")) {
      Complain("a link that leads out", answer);
    }
  }
}

void CheckPage(const base::HttpResponse& answer) {
  const auto parser = ingest::NewTextParser(answer.body);
  ingest::Entry entry;
  for (;;) {
    const auto more = parser->Next(entry);
    if (!more) Complain("cannot be scraped", answer);
    if (!*more) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const World world;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t mark = text.find('?');
  const auto parameters = base::HttpParameters::Parse(mark == text.npos ? "" : text.substr(mark + 1));
  if (!parameters) return 0;
  base::HttpRequest request{.method = "GET", .path = std::string(text.substr(0, mark)), .parameters = *parameters};
  const base::Endpoint* const endpoint = world.Find(request.path, request.path_arguments);
  if (endpoint == nullptr) return 0;
  for (const char* const escaping : {"", "text/plain; version=1.0.0; escaping=allow-utf-8"}) {
    request.headers = {{"Accept", escaping}};
    const base::HttpResponse answer = endpoint->handle(request);
    if (answer.status == 500 || answer.status < 200) Complain("failed", answer);
    if (request.path == "/federate") {
      if (answer.status == 200) CheckPage(answer);
    } else if (answer.content_type.starts_with("text/html")) {
      CheckHtml(answer);
    } else if (!nlohmann::json::accept(answer.body)) {
      Complain("not JSON", answer);
    }
  }
  return 0;
}
