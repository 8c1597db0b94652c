#include "rules/api/query_api.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "base/net/api_response.h"
#include "promql/ast.h"
#include "promql/parser.h"
#include "rules/api/ast_json.h"
#include "rules/api/value_json.h"

namespace rules {
namespace {

using base::ApiErrorType;
using Response = base::HttpResponse;
template <class T>
using Answered = std::expected<T, Response>;  // a value, or the answer that says why there is none

constexpr int64_t kMostPoints = 11'000;
// An empty text has no first column, says Prometheus.
constexpr const char* kNoExpression = "unknown position: parse error: no expression found in input";

// A parameter's value, or the answer that complains about it.
template <class T>
Answered<T> Good(std::string_view name, base::Result<T> value) {
  if (value) return *std::move(value);
  return std::unexpected(base::ApiBadParameter(name, value.error().message));
}

#define ANSWER_OR(declaration, expression) ANSWER_OR_IMPL_(TOCSIN_CONCAT(answered_, __LINE__), declaration, expression)
#define ANSWER_OR_IMPL_(answered, declaration, expression) \
  auto answered = (expression);                            \
  if (!answered) return std::move(answered).error();       \
  declaration = *std::move(answered)

Answered<promql::ExprPtr> ReadQuery(const promql::Engine& engine, const base::HttpParameters& parameters) {
  const std::string_view query = parameters.Get("query");
  if (query.empty()) return std::unexpected(base::ApiBadParameter("query", kNoExpression));
  auto expr = promql::Parse(query, engine.options().parse);
  if (expr) return *std::move(expr);
  return std::unexpected(base::ApiBadParameter("query", promql::ErrorText(expr.error())));
}

bool WantsStatistics(const base::HttpParameters& parameters) { return !parameters.Get("stats").empty(); }

// The engine with what this request says about timeout and lookback.
Answered<promql::Engine> EngineFor(const promql::Engine& engine, const base::HttpParameters& parameters) {
  promql::EngineOptions options = engine.options();
  if (const auto text = parameters.Get("timeout"); !text.empty()) {
    const auto timeout = Good("timeout", base::ParseApiDuration(text));
    if (!timeout) return std::unexpected(timeout.error());
    options.timeout = std::min(options.timeout, *timeout);
  }
  if (const auto text = parameters.Get("lookback_delta"); !text.empty()) {
    const auto lookback = base::ParseApiDuration(text);
    if (!lookback) {
      return std::unexpected(
          base::ApiError(ApiErrorType::bad_data, "error parsing lookback delta duration: " + lookback.error().message));
    }
    if (lookback->count() > 0) options.lookback = *lookback;
  }
  options.count_samples = WantsStatistics(parameters);
  return promql::Engine(options);
}

Response ExecutionError(const base::Error& error) {
  switch (error.code) {
    case base::ErrorCode::timeout:
      return base::ApiError(ApiErrorType::timeout, error.message);
    case base::ErrorCode::cancelled:
      return base::ApiError(ApiErrorType::canceled, error.message);
    case base::ErrorCode::unavailable:
    case base::ErrorCode::corrupt:
    case base::ErrorCode::internal:
      return base::ApiError(ApiErrorType::internal, error.message);
    default:
      return base::ApiError(ApiErrorType::execution, error.message);
  }
}

// `stats`, whatever its value: how long the parts took, and how many samples were read.
void WriteStatistics(base::JsonWriter& json, std::chrono::duration<double> evaluation,
                     const promql::SampleCounts& samples) {
  json.Key("stats").BeginObject().Key("timings").BeginObject();
  for (const std::string_view key : {"evalTotalTime", "innerEvalTime", "execTotalTime"}) {
    json.Key(key).Number(evaluation.count());
  }
  for (const std::string_view key : {"resultSortTime", "queryPreparationTime", "execQueueTime"}) {
    json.Key(key).Number(0);
  }
  json.EndObject().Key("samples").BeginObject();
  json.Key("totalQueryableSamples").Number(samples.total_queryable).Key("peakSamples").Number(samples.peak);
  json.EndObject().EndObject();
}

template <class Evaluate>
Response AnswerQuery(const QuerySource& source, const base::HttpParameters& parameters, size_t limit,
                     Evaluate evaluate) {
  const QueryMetrics::Running running(source.metrics);
  const auto started = std::chrono::steady_clock::now();
  auto result = evaluate();
  if (!result) return ExecutionError(result.error());
  const auto duration = std::chrono::steady_clock::now() - started;
  std::vector<std::string>& warnings = result->annotations.warnings;
  bool truncated = false;
  Response response = base::ApiSuccess(
      [&](base::JsonWriter& json) {
        truncated = WriteResult(json, result->value, limit);
        if (WantsStatistics(parameters)) WriteStatistics(json, duration, result->samples);
        json.EndObject();
        if (truncated) warnings.emplace_back("results truncated due to limit");
      },
      warnings, result->annotations.infos);
  return response;
}

Response Query(const QuerySource& source, const base::HttpRequest& request) {
  const base::HttpParameters& parameters = request.parameters;
  ANSWER_OR(const size_t limit, Good("limit", base::ParseApiLimit(parameters.Get("limit"))));
  base::Timestamp time = source.clock.Now();
  if (const auto text = parameters.Get("time"); !text.empty()) {
    ANSWER_OR(time, Good("time", base::ParseApiTime(text, "time")));
  }
  ANSWER_OR(const promql::Engine engine, EngineFor(source.engine, parameters));
  ANSWER_OR(const promql::ExprPtr expr, ReadQuery(engine, parameters));
  return AnswerQuery(source, parameters, limit,
                     [&] { return engine.Instant(*expr, time, source.querier, request.gone); });
}

struct RangeParameters {
  base::Timestamp start;
  base::Timestamp end;
  base::Duration step{0};
};

Answered<RangeParameters> ReadRange(const base::HttpParameters& parameters) {
  RangeParameters range;
  const auto start = Good("start", base::ParseApiTime(parameters.Get("start")));
  if (!start) return std::unexpected(start.error());
  const auto end = Good("end", base::ParseApiTime(parameters.Get("end")));
  if (!end) return std::unexpected(end.error());
  if (*end < *start) {
    return std::unexpected(base::ApiBadParameter("end", "end timestamp must not be before start time"));
  }
  const auto step = Good("step", base::ParseApiDuration(parameters.Get("step")));
  if (!step) return std::unexpected(step.error());
  if (step->count() <= 0) {
    return std::unexpected(base::ApiBadParameter(
        "step", "zero or negative query resolution step widths are not accepted. Try a positive integer"));
  }
  if ((*end - *start) / *step > kMostPoints) {
    return std::unexpected(base::ApiError(ApiErrorType::bad_data,
                                          "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing "
                                          "the query resolution (?step=XX)"));
  }
  return RangeParameters{*start, *end, *step};
}

Response QueryRange(const QuerySource& source, const base::HttpRequest& request) {
  const base::HttpParameters& parameters = request.parameters;
  ANSWER_OR(const size_t limit, Good("limit", base::ParseApiLimit(parameters.Get("limit"))));
  ANSWER_OR(const RangeParameters range, ReadRange(parameters));
  ANSWER_OR(const promql::Engine engine, EngineFor(source.engine, parameters));
  ANSWER_OR(const promql::ExprPtr expr, ReadQuery(engine, parameters));
  if (const auto type = promql::TypeOf(*expr); type != promql::ValueType::vector && type != promql::ValueType::scalar) {
    return base::ApiBadParameter("query", fmt::format("invalid expression type \"{}\" for range query, must be Scalar "
                                                      "or instant Vector",
                                                      promql::DocumentedName(type)));
  }
  return AnswerQuery(source, parameters, limit, [&] {
    return engine.Range(*expr, range.start, range.end, range.step, source.querier, request.gone);
  });
}

Response FormatQuery(const QuerySource& source, const base::HttpRequest& request) {
  ANSWER_OR(const promql::ExprPtr expr, ReadQuery(source.engine, request.parameters));
  return base::ApiSuccess([&](base::JsonWriter& json) { json.String(promql::ToPrettyString(*expr)); });
}

Response ParseQuery(const QuerySource& source, const base::HttpRequest& request) {
  ANSWER_OR(const promql::ExprPtr expr, ReadQuery(source.engine, request.parameters));
  return base::ApiSuccess([&](base::JsonWriter& json) { WriteAst(json, *expr); });
}

Answered<store::TimeRange> ReadExemplarRange(const base::HttpParameters& parameters) {
  store::TimeRange range{base::Timestamp::min(), base::Timestamp::max()};
  if (const auto text = parameters.Get("start"); !text.empty()) {
    const auto start = Good("start", base::ParseApiTime(text, "start"));
    if (!start) return std::unexpected(start.error());
    range.min = *start;
  }
  if (const auto text = parameters.Get("end"); !text.empty()) {
    const auto end = Good("end", base::ParseApiTime(text, "end"));
    if (!end) return std::unexpected(end.error());
    range.max = *end;
  }
  if (range.max >= range.min) return range;
  return std::unexpected(base::ApiError(ApiErrorType::bad_data, "end timestamp must not be before start timestamp"));
}

void WriteExemplar(base::JsonWriter& json, const store::Exemplar& exemplar) {
  WriteLabels(json.BeginObject().Key("labels"), exemplar.labels);
  std::string value;
  base::AppendApiValue(value, exemplar.value);
  std::string time;
  base::AppendApiTime(time, exemplar.time);
  json.Key("value").String(value).Key("timestamp").Raw(time).EndObject();
}

Response QueryExemplars(const QuerySource& source, const base::HttpRequest& request) {
  ANSWER_OR(const store::TimeRange range, ReadExemplarRange(request.parameters));
  const std::string_view query = request.parameters.Get("query");
  if (query.empty()) return base::ApiError(ApiErrorType::bad_data, kNoExpression);
  const auto expr = promql::Parse(query, source.engine.options().parse);
  if (!expr) return base::ApiError(ApiErrorType::bad_data, promql::ErrorText(expr.error()));
  std::vector<std::vector<base::Matcher>> selectors;
  promql::ForEachSelector(**expr, [&](const promql::VectorSelector& selector, const promql::SourceRange&) {
    selectors.push_back(selector.matchers);
  });
  if (selectors.empty()) return {.status = 204, .content_type = "", .body = "", .headers = {}};  // as the original
  const auto found =
      source.exemplars == nullptr ? std::vector<store::SeriesExemplars>() : source.exemplars->Select(selectors, range);
  return base::ApiSuccess([&](base::JsonWriter& json) {
    json.BeginArray();
    for (const store::SeriesExemplars& one : found) {
      WriteLabels(json.BeginObject().Key("seriesLabels"), one.series);
      json.Key("exemplars").BeginArray();
      for (const store::Exemplar& exemplar : one.exemplars) WriteExemplar(json, exemplar);
      json.EndArray().EndObject();
    }
    json.EndArray();
  });
}

}  // namespace

std::vector<base::Endpoint> QueryEndpoints(const QuerySource& source) {
  const auto row = [&source](std::string path, std::string help, auto answer) {
    return base::Endpoint{
        .methods = "GET,POST",
        .path = std::move(path),
        .help = std::move(help),
        .handle = [source, answer](const base::HttpRequest& request) { return answer(source, request); },
        .slow = true};
  };
  return {
      row("/api/v1/query", "Evaluates a PromQL expression at one instant", Query),
      row("/api/v1/query_range", "Evaluates a PromQL expression over a range of time", QueryRange),
      row("/api/v1/format_query", "A PromQL expression, laid out", FormatQuery),
      row("/api/v1/parse_query", "A PromQL expression as a tree", ParseQuery),
      row("/api/v1/query_exemplars", "The exemplars of the series an expression selects", QueryExemplars),
  };
}

}  // namespace rules
