#include "rules/backtest/backtest_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace rules {
namespace {

using ByLabels = std::map<base::Labels, std::vector<HeldPoint>>;

std::vector<HeldSeries> Series(ByLabels found) {
  std::vector<HeldSeries> series;
  for (auto& [labels, points] : found) series.push_back({labels, std::move(points)});
  return series;
}

// What a datasource gives for one piece: `count` evaluations from `first`, of which the first is the `begin`th of all.
base::Result<void> Take(promql::Matrix matrix, base::Timestamp first, base::Timestamp last, base::Duration step,
                        size_t begin, ByLabels& found) {
  for (const promql::MatrixSeries& series : matrix) {
    std::vector<HeldPoint>& points = found[series.labels];
    for (size_t i = 0; i < series.samples.size(); ++i) {
      const base::Timestamp time = series.samples.times[i];
      if (time < first || time > last || (time - first) % step != base::Duration(0)) {
        return base::Unavailable(
            fmt::format("the answer to a query from {} to {} has a point at {}, which was not asked for",
                        base::FormatRfc3339(first), base::FormatRfc3339(last), base::FormatRfc3339(time)));
      }
      points.push_back({begin + static_cast<size_t>((time - first) / step), series.samples.values[i]});
    }
  }
  return {};
}

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

base::Result<std::vector<HeldSeries>> Held(const Datasource& source, const promql::Expr& expr, const Evaluations& all) {
  ByLabels found;
  for (size_t begin = 0; begin < all.count; begin += kBacktestPiece) {
    const size_t end = std::min(begin + kBacktestPiece, all.count);
    const base::Timestamp first = all.first + all.step * static_cast<int64_t>(begin);
    const base::Timestamp last = all.first + all.step * static_cast<int64_t>(end - 1);
    TRY(promql::QueryResult answer, source.Range(expr, first, last, all.step));
    auto* matrix = std::get_if<promql::Matrix>(&answer.value);
    if (matrix == nullptr) return base::Invalid("rule result is not a vector or scalar");
    TRY_VOID(Take(std::move(*matrix), first, last, all.step, begin, found));
  }
  return Series(std::move(found));
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

base::Result<void> RecordHistory(std::span<const Rule* const> rules, const Datasource& source, const Evaluations& all,
                                 store::Appendable& out) {
  for (const Rule* const rule : rules) {
    TRY(const std::vector<HeldSeries> held, Held(source, *rule->parsed, all));
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
