#include "exporter/endpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace exporter {
namespace {

using base::HttpRequest;
using base::HttpResponse;

SteadyTime DeadlineOf(const HttpRequest& request) {
  return std::chrono::steady_clock::now() + ScrapeBudget(request.headers.Get("X-Prometheus-Scrape-Timeout-Seconds"));
}

HttpResponse Metrics(Exporter& exporter, const HttpRequest& request) {
  const ExpositionFormat format = NegotiateFormat(request.headers.Get("Accept"));
  HttpResponse response;
  response.content_type = ContentType(format);
  response.body = exporter.CollectText(DeadlineOf(request), format);
  if (exporter.stopped()) return {.status = 503, .body = "shutting down\n"};
  return response;
}

HttpResponse CollectorList(const Exporter& exporter) {
  HttpResponse response;
  for (const std::string& name : exporter.collector_names()) response.body += name + "\n";
  return response;
}

HttpResponse CollectorNow(Exporter& exporter, const HttpRequest& request) {
  HttpResponse response;
  const base::Result<CollectorReport> report = exporter.Probe(request.path_arguments.at(0), DeadlineOf(request));
  if (!report) {
    response.status = report.error().code == base::ErrorCode::not_found ? 404 : 503;
    response.body = report.error().message + "\n";
    return response;
  }
  response.body = fmt::format("# took {:.3f} s\n", report->duration_seconds);
  for (const QueryError& error : report->errors) {
    response.body += fmt::format("# error {}: {}\n", ToString(error.failure), error.message);
  }
  for (const auto& [reason, count] : report->dropped)
    response.body += fmt::format("# left out {}: {}\n", reason, count);
  response.body += report->series;
  return response;
}

}  // namespace

base::Duration ScrapeBudget(std::string_view header) {
  constexpr double kDefault = 10;
  constexpr double kLongest = 3600;
  double seconds = base::ParseFloat(header).value_or(kDefault);
  if (!std::isfinite(seconds) || seconds <= 0) seconds = kDefault;
  seconds = std::min(seconds, kLongest);
  const double offset = std::min(std::clamp(seconds / 20, 0.05, 0.5), seconds / 2);
  return base::DurationFromSeconds(seconds - offset);
}

std::vector<base::Endpoint> Endpoints(const std::function<std::shared_ptr<Exporter>()>& exporter) {
  return {
      {"GET", "/metrics", "What is measured, as Prometheus text or OpenMetrics.",
       [exporter](const HttpRequest& request) { return Metrics(*exporter(), request); }},
      {"GET", "/debug/collectors", "The names of the collectors.",
       [exporter](const HttpRequest&) { return CollectorList(*exporter()); }},
      {"GET", "/debug/collectors/:name", "Runs one collector now and tells what it gave.",
       [exporter](const HttpRequest& request) { return CollectorNow(*exporter(), request); }},
  };
}

}  // namespace exporter
