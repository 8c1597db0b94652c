#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>
#include <string>

#include "base/net/api_response.h"
#include "base/text.h"
#include "promql/parser.h"
#include "rules/api/federate.h"
#include "rules/api/query_api.h"
#include "rules/api/value_json.h"

namespace rules {
namespace {

using Response = base::HttpResponse;
using Matchers = std::vector<base::Matcher>;

const std::string kTruncated = "results truncated due to limit";

// What the three listings are asked for.
struct Selection {
  std::vector<Matchers> sets;  // any of them
  store::TimeRange range{};
  size_t limit = 0;
};

bool CanBeEmpty(const Matchers& matchers) {
  return std::ranges::all_of(matchers, [](const base::Matcher& matcher) { return matcher.MatchesEmpty(); });
}

base::Result<std::vector<Matchers>> ReadSets(const base::HttpParameters& parameters) {
  std::vector<Matchers> sets;
  for (const std::string& text : parameters.GetAll("match[]")) {
    // an empty text has no first column, says Prometheus
    if (text.empty()) return base::Invalid("unknown position: parse error: unexpected end of input");
    auto matchers = promql::ParseSelector(text);
    if (!matchers) return base::Invalid(promql::ErrorText(matchers.error()));
    if (CanBeEmpty(*matchers)) return base::Invalid("match[] must contain at least one non-empty matcher");
    sets.push_back(*std::move(matchers));
  }
  return sets;
}

// Prometheus names the parameter of a bad selector for series only.
enum class Listing : uint8_t { series, texts };

std::expected<Selection, Response> ReadSelection(const base::HttpParameters& parameters, Listing listing) {
  // all there is, with room for arithmetic on the ends
  constexpr base::Duration kFar{int64_t{1} << 60};
  Selection selection{.sets = {}, .range = {base::Timestamp(-kFar), base::Timestamp(kFar)}, .limit = 0};
  const auto limit = base::ParseApiLimit(parameters.Get("limit"));
  if (!limit) return std::unexpected(base::ApiBadParameter("limit", limit.error().message));
  selection.limit = *limit;
  const auto read_time = [&](std::string_view name, base::Timestamp& time) -> std::optional<Response> {
    const std::string_view text = parameters.Get(name);
    if (text.empty()) return std::nullopt;
    const auto read = base::ParseApiTime(text, name);
    if (!read) return base::ApiBadParameter(name, read.error().message);
    time = *read;
    return std::nullopt;
  };
  if (auto bad = read_time("start", selection.range.min)) return std::unexpected(*std::move(bad));
  if (auto bad = read_time("end", selection.range.max)) return std::unexpected(*std::move(bad));
  auto sets = ReadSets(parameters);
  if (!sets && listing == Listing::texts) {
    return std::unexpected(base::ApiError(base::ApiErrorType::bad_data, sets.error().message));
  }
  if (!sets) return std::unexpected(base::ApiBadParameter("match[]", sets.error().message));
  selection.sets = *std::move(sets);
  return selection;
}

Response Internal(const base::Error& error) { return base::ApiError(base::ApiErrorType::internal, error.message); }

// `find` lists the texts for one set of matchers; without sets, for none.
template <class Find>
Response AnswerTexts(const Selection& selection, Find find) {
  std::set<std::string> texts;
  static const std::vector<Matchers> all(1);
  for (const Matchers& matchers : selection.sets.empty() ? all : selection.sets) {
    auto found = find(matchers);
    if (!found) return Internal(found.error());
    texts.insert(found->begin(), found->end());
  }
  const bool truncated = selection.limit > 0 && texts.size() > selection.limit;
  const size_t count = truncated ? selection.limit : texts.size();
  return base::ApiSuccess(
      [&](base::JsonWriter& json) {
        json.BeginArray();
        size_t written = 0;
        for (auto text = texts.begin(); written < count; ++text, ++written) json.String(*text);
        json.EndArray();
      },
      truncated ? std::vector{kTruncated} : std::vector<std::string>());
}

Response LabelNames(const QuerySource& source, const base::HttpRequest& request) {
  const auto selection = ReadSelection(request.parameters, Listing::texts);
  if (!selection) return selection.error();
  return AnswerTexts(*selection,
                     [&](const Matchers& matchers) { return source.querier.LabelNames(matchers, selection->range); });
}

// "U__my_2e_label" is how a path names my.label: _XX_ is a code point in hexadecimal, __ an underscore.
std::string Unescaped(std::string_view name) {
  if (!name.starts_with("U__")) return std::string(name);
  std::string text;
  for (size_t at = 3; at < name.size(); ++at) {
    if (name[at] != '_') {
      text += name[at];
      continue;
    }
    const size_t end = name.find('_', at + 1);
    if (end == std::string_view::npos) return std::string(name);
    uint32_t code = 0;
    if (end > at + 1) {
      const auto read = std::from_chars(name.data() + at + 1, name.data() + end, code, 16);
      if (read.ptr != name.data() + end || code > 0x10FFFF) return std::string(name);
      base::AppendUtf8(text, code);
    } else {
      text += '_';
    }
    at = end;
  }
  return text;
}

Response LabelValues(const QuerySource& source, const base::HttpRequest& request) {
  const std::string name = Unescaped(request.path_arguments.at(0));
  if (name.empty() || !base::IsValidUtf8(name)) {
    return base::ApiError(base::ApiErrorType::bad_data, fmt::format("invalid label name: {}", base::Quote(name)));
  }
  const auto selection = ReadSelection(request.parameters, Listing::texts);
  if (!selection) return selection.error();
  return AnswerTexts(*selection, [&](const Matchers& matchers) {
    return source.querier.LabelValues(name, matchers, selection->range);
  });
}

Response Series(const QuerySource& source, const base::HttpRequest& request) {
  if (!request.parameters.Has("match[]")) {
    return base::ApiError(base::ApiErrorType::bad_data, "no match[] parameter provided");
  }
  const auto selection = ReadSelection(request.parameters, Listing::series);
  if (!selection) return selection.error();
  std::vector<base::Labels> found;
  for (const Matchers& matchers : selection->sets) {
    if (selection->range.max < selection->range.min) break;
    const auto more = source.querier.Select(matchers, selection->range);
    if (!more) return Internal(more.error());
    for (const auto& series : *more) found.push_back(series->labels());
  }
  if (selection->sets.size() > 1) {
    std::ranges::sort(found);
    const auto repeated = std::ranges::unique(found);
    found.erase(repeated.begin(), repeated.end());
  }
  const bool truncated = selection->limit > 0 && found.size() > selection->limit;
  if (truncated) found.resize(selection->limit);
  return base::ApiSuccess(
      [&](base::JsonWriter& json) {
        json.BeginArray();
        for (const base::Labels& labels : found) WriteLabels(json, labels);
        json.EndArray();
      },
      truncated ? std::vector{kTruncated} : std::vector<std::string>());
}

Response Federate(const QuerySource& source, const base::HttpRequest& request) {
  const base::Timestamp now = source.clock.Now();
  const store::TimeRange range{now - source.engine.options().lookback, now};
  const auto sets = ReadSets(request.parameters);
  if (!sets) return {.status = 400, .body = sets.error().message + "\n"};
  std::set<base::Labels> seen;
  promql::Vector samples;
  for (const Matchers& matchers : *sets) {
    const auto found = source.querier.Select(matchers, range);
    if (!found) return {.status = 500, .body = found.error().message + "\n"};
    for (const auto& series : *found) {
      store::Samples last;
      series->ReadLast(range, last);
      if (last.empty() || (last.histograms.empty() && store::IsStale(last.values.back()))) continue;
      if (sets->size() > 1 && !seen.insert(series->labels()).second) continue;
      samples.push_back({series->labels(), last.times.back(), last.values.back(),
                         last.histograms.empty() ? nullptr : last.histograms.back()});
    }
  }
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = FederationText(std::move(samples), source.external_labels(),
                                 request.headers.Get("Accept").contains("escaping=allow-utf-8"))};
}

}  // namespace

std::vector<base::Endpoint> SeriesEndpoints(const QuerySource& source) {
  const auto row = [&source](std::string methods, std::string path, std::string help, auto answer) {
    return base::Endpoint{
        .methods = std::move(methods),
        .path = std::move(path),
        .help = std::move(help),
        .handle = [source, answer](const base::HttpRequest& request) { return answer(source, request); },
        .slow = true};
  };
  return {
      row("GET,POST", "/api/v1/series", "The label sets of the series that match[] selects", Series),
      row("GET,POST", "/api/v1/labels", "The names of labels", LabelNames),
      row("GET", "/api/v1/label/:name/values", "The values of a label", LabelValues),
      row("GET", "/federate", "The newest samples of the series that match[] selects, for another server to scrape",
          Federate),
  };
}

}  // namespace rules
