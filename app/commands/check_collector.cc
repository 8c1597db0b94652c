#include "app/commands/check_collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "app/config.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "exporter/collectors/collectors.h"
#include "exporter/exporter.h"

namespace app {
namespace {

constexpr base::Duration kDefaultTimeout = std::chrono::seconds(30);

// A collector of one database.
struct Choice {
  std::string target;
  std::string collector;  // "sql.kpi"
  std::string Title() const { return fmt::format("{} on {}", collector, target); }
};

std::vector<Choice> AllOf(const exporter::ExporterConfig& config) {
  std::vector<Choice> all;
  for (const exporter::BoundCollector& bound : exporter::MakeCollectors(config)) {
    all.push_back({bound.target, bound.collector->name()});
  }
  return all;
}

// "sql.kpi", its name "kpi" alone, or its kind "sql".
bool IsNamed(const Choice& choice, std::string_view name) {
  return choice.collector == name || choice.collector.ends_with(fmt::format(".{}", name)) ||
         choice.collector.starts_with(fmt::format("{}.", name));
}

base::Result<std::vector<Choice>> Choose(const exporter::ExporterConfig& config, const Invocation& invocation) {
  const std::string& target = invocation.Get("target");
  std::vector<Choice> all = AllOf(config);
  std::vector<std::string> names;
  for (const Choice& choice : all) names.push_back(choice.collector);
  for (const std::string& name : invocation.arguments()) {
    if (std::ranges::any_of(all, [&](const Choice& choice) { return IsNamed(choice, name); })) continue;
    const std::vector<std::string_view> known(names.begin(), names.end());
    const auto meant = base::DidYouMean(name, known);
    return base::Invalid(fmt::format("there is no collector {}{}; there are: {}", base::Quote(name),
                                     meant ? fmt::format(" (did you mean {}?)", *meant) : "",
                                     names.empty() ? "none" : base::Join(names, ", ")));
  }
  std::erase_if(all, [&](const Choice& choice) {
    const auto named = [&](const std::string& name) { return IsNamed(choice, name); };
    const bool wanted = invocation.arguments().empty() || std::ranges::any_of(invocation.arguments(), named);
    return !wanted || (!target.empty() && choice.target != target);
  });
  if (all.empty() && !target.empty())
    return base::Invalid(fmt::format("no such collector on target {}", base::Quote(target)));
  if (all.empty()) return base::Invalid("the configuration has no collectors");
  return all;
}

// The configuration with this collector alone, so that no other takes of its time.
exporter::ExporterConfig Only(exporter::ExporterConfig config, const Choice& choice) {
  const auto others = [&](std::string_view kind) {
    return [&choice, kind](const auto& one) {
      return one.target != choice.target || choice.collector != fmt::format("{}.{}", kind, one.name);
    };
  };
  constexpr std::string_view kPostgres = "postgres.";
  const bool postgres = choice.collector.starts_with(kPostgres);
  std::erase_if(config.postgres, [&](const auto& one) { return !postgres || one.target != choice.target; });
  for (exporter::PostgresConfig& one : config.postgres) {
    one.only = {choice.collector.substr(kPostgres.size())};
    one.without.clear();
  }
  std::erase_if(config.jobs, others("jobs"));
  std::erase_if(config.freshness, others("freshness"));
  std::erase_if(config.sql, others("sql"));
  return config;
}

base::Result<exporter::CollectorReport> Run(const exporter::ExporterConfig& config, const Choice& choice,
                                            base::Duration timeout) {
  const base::SystemClock clock;
  TRY(const auto made, exporter::Exporter::Create(Only(config, choice), clock));
  return made->Probe(choice.collector, std::chrono::steady_clock::now() + timeout);
}

size_t CountSeries(std::string_view page) {
  const auto lines = base::Split(page, '\n');
  return static_cast<size_t>(
      std::ranges::count_if(lines, [](std::string_view line) { return !line.empty() && !line.starts_with('#'); }));
}

// What a reason of tocsin_collector_dropped_rows_total means.
std::string_view Meaning(std::string_view reason) {
  constexpr std::pair<std::string_view, std::string_view> kMeanings[] = {
      {"null_value", "the value is NULL"},
      {"not_a_number", "the value is not a number"},
      {"duplicate", "another row has the same labels"},
      {"bad_bucket", "a bucket's bound or count is not a number"},
      {"locked", "somebody else holds a lock"},
      {"row_limit", "the result has more rows than max_rows"},
  };
  for (const auto& [name, meaning] : kMeanings) {
    if (name == reason) return meaning;
  }
  return "";
}

std::string Summary(const exporter::CollectorReport& report) {
  std::string text = fmt::format("{} samples in {:.0f} ms", CountSeries(report.series), report.duration_seconds * 1000);
  for (const auto& [reason, count] : report.dropped) {
    const std::string_view meaning = Meaning(reason);
    text += fmt::format("; left out {} ({}{}{})", count, reason, meaning.empty() ? "" : ": ", meaning);
  }
  for (const exporter::QueryError& error : report.errors) {
    text += fmt::format("; failed ({}): {}", ToString(error.failure), base::Trim(error.message));
  }
  return text;
}

// A database without collectors is asked for nothing but an answer.
exporter::ExporterConfig WithConnections(exporter::ExporterConfig config) {
  const std::vector<Choice> all = AllOf(config);
  for (const exporter::TargetConfig& target : config.targets) {
    const auto measures = [&](const Choice& choice) { return choice.target == target.name; };
    if (std::ranges::any_of(all, measures)) continue;
    exporter::SqlConfig probe;
    probe.name = "connection";
    probe.target = target.name;
    probe.query = "SELECT 1 AS one";
    exporter::MetricSpec& metric = probe.metrics.emplace_back();
    metric.name = "connection";
    metric.type = exporter::MetricType::gauge;
    metric.value = "one";
    config.sql.push_back(std::move(probe));
  }
  return config;
}

int Complain(const base::Error& error) {
  fmt::print(stderr, "tocsin check collector: {}\n", error.ToString());
  return kUsage;
}

}  // namespace

std::vector<Flag> CheckCollectorFlags() {
  return {{"config.file", "FILE", "tocsin.yml", "The configuration.", false},
          {"target", "NAME", "", "Only the collectors of this database.", false},
          {"timeout", "DURATION", "30s", "How long each collector may take, connecting included.", false}};
}

int CheckCollectors(const Invocation& invocation) {
  base::ConfigureLog(base::LogLevel::error, base::LogFormat::logfmt);
  const auto timeout = base::ParseDuration(invocation.Get("timeout"));
  if (!timeout || timeout->count() <= 0)
    return Complain({base::ErrorCode::invalid_argument, "--timeout: not a duration above 0", {}});
  base::YamlErrors errors;
  const Config config =
      ReadConfig(invocation.Get("config.file"), ProcessEnvironment(), errors, {.only = {"global", "collectors"}});
  if (!errors.empty()) {
    fmt::print(stderr, "{}", errors.ToString());
    return kUsage;
  }
  const auto choices = Choose(config.collectors, invocation);
  if (!choices) return Complain(choices.error());
  int code = kOk;
  for (const Choice& choice : *choices) {
    const auto report = Run(config.collectors, choice, *timeout);
    if (!report) {
      fmt::print(stderr, "{}: {}\n", choice.Title(), report.error().message);
      code = kFailed;
      continue;
    }
    fmt::print("{}", report->series);
    std::fflush(stdout);
    fmt::print(stderr, "{}: {}\n", choice.Title(), Summary(*report));
    if (!report->errors.empty()) code = kFailed;
  }
  return code;
}

bool ConnectAndCollect(const exporter::ExporterConfig& written) {
  const exporter::ExporterConfig config = WithConnections(written);
  base::ConfigureLog(base::LogLevel::error, base::LogFormat::logfmt);
  bool good = true;
  std::set<std::string> unreachable;
  for (const Choice& choice : AllOf(config)) {
    if (unreachable.contains(choice.target)) continue;
    const auto report = Run(config, choice, kDefaultTimeout);
    if (!report && report.error().code == base::ErrorCode::unavailable) {
      unreachable.insert(choice.target);
      fmt::print(stderr, "{}: {}\n", choice.target, report.error().message);
    } else if (!report || !report->errors.empty()) {
      fmt::print(stderr, "{}: {}\n", choice.Title(), report ? Summary(*report) : report.error().message);
    } else {
      fmt::print("{}: {}\n", choice.Title(), Summary(*report));
      continue;
    }
    good = false;
  }
  return good;
}

}  // namespace app
