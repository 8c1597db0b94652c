#include "rules/backtest_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/net/http.h"
#include "base/text.h"
#include "promql/parser.h"

namespace rules {
namespace {

using ByLabels = std::map<base::Labels, std::vector<HeldPoint>>;

std::vector<HeldSeries> Series(ByLabels found) {
  std::vector<HeldSeries> series;
  for (auto& [labels, points] : found) series.push_back({labels, std::move(points)});
  return series;
}

// Asks for one piece after the other: ask(first instant, last instant, index of the first).
base::Result<std::vector<HeldSeries>> InPieces(
    const Evaluations& all,
    const std::function<base::Result<void>(base::Timestamp, base::Timestamp, size_t, ByLabels&)>& ask) {
  ByLabels found;
  for (size_t begin = 0; begin < all.count; begin += kBacktestPiece) {
    const size_t last = std::min(begin + kBacktestPiece, all.count) - 1;
    TRY_VOID(ask(all.first + all.step * static_cast<int64_t>(begin), all.first + all.step * static_cast<int64_t>(last),
                 begin, found));
  }
  return Series(std::move(found));
}

class LocalSource final : public BacktestSource {
 public:
  LocalSource(const promql::Engine& engine, const store::Querier& querier) : engine_(engine), querier_(querier) {}

  base::Result<std::vector<HeldSeries>> Held(const promql::Expr& expr, const Evaluations& all) const override {
    return InPieces(
        all, [&](base::Timestamp first, base::Timestamp last, size_t begin, ByLabels& found) -> base::Result<void> {
          TRY(const promql::QueryResult answer, engine_.Range(expr, first, last, all.step, querier_));
          const auto* matrix = std::get_if<promql::Matrix>(&answer.value);
          if (matrix == nullptr) return base::Invalid("rule result is not a vector or scalar");
          for (const promql::MatrixSeries& series : *matrix) {
            std::vector<HeldPoint>& points = found[series.labels];
            for (size_t i = 0; i < series.samples.size(); ++i) {
              const auto index = static_cast<size_t>((series.samples.times[i] - first) / all.step);
              points.push_back({begin + index, series.samples.values[i]});
            }
          }
          return {};
        });
  }

 private:
  const promql::Engine& engine_;
  const store::Querier& querier_;
};

class RemoteSource final : public BacktestSource {
 public:
  RemoteSource(base::HttpClient& client, std::string url) : client_(client), url_(std::move(url)) {
    while (url_.ends_with('/')) url_.pop_back();
    url_ += "/api/v1/query_range";
  }

  base::Result<std::vector<HeldSeries>> Held(const promql::Expr& expr, const Evaluations& all) const override {
    const std::string query = promql::ToString(expr);
    return InPieces(
        all, [&](base::Timestamp first, base::Timestamp last, size_t begin, ByLabels& found) -> base::Result<void> {
          TRY(const std::string body, Ask(query, first, last, all.step));
          return Read(body, first, last, all.step, begin, found);
        });
  }

 private:
  base::Result<std::string> Ask(const std::string& query, base::Timestamp first, base::Timestamp last,
                                base::Duration step) const {
    // VictoriaMetrics moves the instants to multiples of the step unless told nocache
    base::HttpClientRequest request{
        .method = "POST",
        .url = url_,
        .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
        .body = fmt::format("query={}&start={:.3f}&end={:.3f}&step={:.3f}&nocache=1", base::EscapeUrlQuery(query),
                            base::ToSeconds(first), base::ToSeconds(last), base::ToSeconds(step)),
        .timeout = std::chrono::minutes(2),
        .max_response_bytes = 1UL << 30,
        .accept_gzip = true};
    TRY(base::HttpClientResponse answer, client_.Send(std::move(request)));
    if (answer.status == 200) return std::move(answer.body);
    const auto json = nlohmann::json::parse(answer.body, nullptr, false);
    const bool told = json.is_object() && json.contains("error") && json["error"].is_string();
    return base::Unavailable(fmt::format("asking {}: HTTP {}{}", base::RedactUrl(url_), answer.status,
                                         told ? ": " + json["error"].get<std::string>() : ""));
  }

  base::Result<void> Read(const std::string& body, base::Timestamp first, base::Timestamp last, base::Duration step,
                          size_t begin, ByLabels& found) const {
    try {
      const auto json = nlohmann::json::parse(body);
      if (json.at("data").at("resultType").get<std::string>() != "matrix") return Unreadable("no matrix");
      for (const auto& series : json.at("data").at("result")) {
        base::LabelsBuilder labels;
        for (const auto& [name, value] : series.at("metric").items()) labels.Set(name, value.get<std::string>());
        std::vector<HeldPoint>& points = found[labels.Build()];
        for (const char* const kind : {"values", "histograms"}) {
          if (!series.contains(kind)) continue;
          for (const auto& point : series.at(kind)) {
            const base::Timestamp time = base::TimestampFromSeconds(point.at(0).get<double>());
            if (time < first || time > last || (time - first) % step != base::Duration(0)) {
              return Unreadable(fmt::format("a point at {}, which was not asked for", base::FormatRfc3339(time)));
            }
            const std::optional<double> value =
                point.at(1).is_string() ? base::ParseFloat(point.at(1).get<std::string>()) : std::nullopt;
            points.push_back({begin + static_cast<size_t>((time - first) / step), value.value_or(0)});
          }
        }
        std::ranges::sort(points, {}, &HeldPoint::index);
      }
    } catch (const nlohmann::json::exception& error) {
      return Unreadable(error.what());
    }
    return {};
  }

  base::Result<void> Unreadable(std::string_view why) const {
    return base::Unavailable(
        fmt::format("asking {}: the answer is not that of Prometheus' API: {}", base::RedactUrl(url_), why));
  }

  base::HttpClient& client_;
  std::string url_;
};

std::set<std::string> MetricsIn(const promql::Expr& expr) {
  std::set<std::string> names;
  promql::ForEachSelector(expr, [&](const promql::VectorSelector& selector, const promql::SourceRange&) {
    for (const base::Matcher& matcher : selector.matchers) {
      if (matcher.name() == base::kMetricName && matcher.type() == base::MatchType::equal)
        names.insert(matcher.value());
    }
  });
  return names;
}

}  // namespace

std::unique_ptr<BacktestSource> MakeLocalSource(const promql::Engine& engine, const store::Querier& querier) {
  return std::make_unique<LocalSource>(engine, querier);
}

std::unique_ptr<BacktestSource> MakeRemoteSource(base::HttpClient& client, std::string url) {
  return std::make_unique<RemoteSource>(client, std::move(url));
}

std::vector<const Rule*> RecordedFor(const Rule& rule, const RuleGroup& group, const RuleSet& set) {
  std::set<const Rule*> wanted;
  const auto want = [&](auto& self, const promql::Expr& expr, const RuleGroup& reader) -> void {
    for (const std::string& name : MetricsIn(expr)) {
      const auto records = [&](const Rule& one) { return one.kind == RuleKind::recording && one.name == name; };
      const bool own = std::ranges::any_of(reader.rules, records);
      for (const RuleGroup& other : set.groups) {
        if (own && &other != &reader) continue;
        for (const Rule& one : other.rules) {
          if (records(one) && wanted.insert(&one).second) self(self, *one.parsed, other);
        }
      }
    }
  };
  want(want, *rule.parsed, group);
  std::vector<const Rule*> in_order;
  for (const RuleGroup& one : set.groups) {
    for (const Rule& candidate : one.rules) {
      if (wanted.contains(&candidate)) in_order.push_back(&candidate);
    }
  }
  return in_order;
}

base::Result<void> RecordHistory(std::span<const Rule* const> rules, const BacktestSource& source,
                                 const Evaluations& all, store::Appendable& out) {
  for (const Rule* const rule : rules) {
    TRY(const std::vector<HeldSeries> held, source.Held(*rule->parsed, all));
    const auto appender = out.NewAppender();
    for (const HeldSeries& series : held) {
      base::LabelsBuilder builder(series.labels);
      builder.Set(base::kMetricName, rule->name);
      for (const auto& [name, value] : rule->labels) builder.Set(name, value);
      const base::Labels labels = builder.Build();
      store::SeriesRef ref = store::SeriesRef::none;
      const auto append = [&](size_t index, double value) {
        ref = appender->Append(ref, labels, all.first + all.step * static_cast<int64_t>(index), value).ref;
      };
      for (size_t i = 0; i < series.points.size(); ++i) {
        const HeldPoint& point = series.points[i];
        append(point.index, point.value);
        const bool gap = i + 1 == series.points.size() || series.points[i + 1].index != point.index + 1;
        if (gap && point.index + 1 < all.count) append(point.index + 1, store::StaleMarker());
      }
    }
    TRY_VOID(appender->Commit());
  }
  return {};
}

const store::Querier& RecordedQuerier::For(std::span<const base::Matcher> matchers) const {
  for (const base::Matcher& matcher : matchers) {
    if (matcher.name() != base::kMetricName || matcher.type() != base::MatchType::equal) continue;
    if (std::ranges::find(names_, matcher.value()) != names_.end()) return recorded_;
  }
  return stored_;
}

base::Result<std::vector<std::shared_ptr<const store::Series>>> RecordedQuerier::Select(
    std::span<const base::Matcher> matchers, store::TimeRange range) const {
  return For(matchers).Select(matchers, range);
}

base::Result<std::vector<std::string>> RecordedQuerier::LabelNames(std::span<const base::Matcher> matchers,
                                                                   store::TimeRange range) const {
  return For(matchers).LabelNames(matchers, range);
}

base::Result<std::vector<std::string>> RecordedQuerier::LabelValues(const std::string& name,
                                                                    std::span<const base::Matcher> matchers,
                                                                    store::TimeRange range) const {
  return For(matchers).LabelValues(name, matchers, range);
}

}  // namespace rules
