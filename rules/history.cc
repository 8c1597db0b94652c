#include "rules/history.h"

#include <algorithm>
#include <map>

namespace rules {

std::vector<FiringSpan> FiringSpans(const std::vector<HistoryEntry>& entries) {
  const std::string_view firing = ToString(AlertState::firing);
  using Identity = std::pair<std::string, base::Labels>;
  std::map<Identity, FiringSpan> open;
  std::vector<FiringSpan> spans;
  for (const HistoryEntry& entry : entries) {
    const Identity identity{entry.group, entry.labels};
    if (entry.after == firing && entry.before != firing) {
      open[identity] = {entry.labels, entry.time, std::nullopt};
    } else if (entry.before == firing && entry.after != firing) {
      const auto begun = open.find(identity);
      const base::Timestamp start = begun != open.end() ? begun->second.fired_at : entry.fired_at.value_or(entry.time);
      spans.push_back({entry.labels, start, entry.time});
      open.erase(identity);
    }
  }
  for (auto& [identity, span] : open) spans.push_back(std::move(span));
  std::ranges::stable_sort(spans, {}, &FiringSpan::fired_at);
  return spans;
}

std::vector<HistorySummary> Summarize(const std::vector<FiringSpan>& spans, base::Timestamp now) {
  struct Sum {
    HistorySummary summary;
    size_t resolved = 0;
    base::Duration resolving{0};
  };
  std::map<base::Labels, Sum> sums;
  for (const FiringSpan& span : spans) {
    Sum& sum = sums[span.labels];
    sum.summary.labels = span.labels;
    ++sum.summary.fired;
    sum.summary.firing += span.ended_at.value_or(now) - span.fired_at;
    sum.summary.last_fired_at = span.fired_at;
    if (!span.ended_at) continue;
    ++sum.resolved;
    sum.resolving += *span.ended_at - span.fired_at;
  }
  std::vector<HistorySummary> rows;
  for (auto& [labels, sum] : sums) {
    if (sum.resolved > 0) sum.summary.mean_time_to_resolve = sum.resolving / static_cast<int64_t>(sum.resolved);
    rows.push_back(std::move(sum.summary));
  }
  std::ranges::stable_sort(rows, std::ranges::greater{}, &HistorySummary::firing);
  return rows;
}

}  // namespace rules
