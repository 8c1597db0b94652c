#include "rules/group.h"

#include <algorithm>
#include <deque>

#include "base/log.h"

namespace rules {
namespace {

// FNV-1a, which is the same on every machine and in every build, so that slots are.
uint64_t StableHash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

base::Duration SlotOffset(const RuleGroup& group, base::Duration interval) {
  return base::Duration(static_cast<int64_t>(StableHash(group.Key()) % static_cast<uint64_t>(interval.count())));
}

base::Duration IntervalOf(const RuleGroup& group, const GroupDefaults& defaults) {
  return std::max(group.interval.value_or(defaults.interval), base::Duration(1));
}

std::vector<std::unique_ptr<LiveRule>> MakeRules(const std::vector<Rule>& rules) {
  std::vector<std::unique_ptr<LiveRule>> live;
  live.reserve(rules.size());
  for (const Rule& rule : rules) live.push_back(std::make_unique<LiveRule>(rule));
  return live;
}

}  // namespace

void EndSeries(const std::vector<base::Labels>& series, base::Timestamp time, store::Appendable& appendable) {
  if (series.empty()) return;
  auto appender = appendable.NewAppender();
  for (const base::Labels& labels : series) {
    // refused where a newer sample is there: then the series has not ended
    static_cast<void>(appender->Append(store::SeriesRef::none, labels, time, store::StaleMarker()));
  }
  if (const auto committed = appender->Commit(); !committed) {
    base::LogWarn("staleness markers were not stored", {{"error", committed.error()}});
  }
}

Group::Group(RuleGroup definition, const GroupDefaults& defaults)
    : definition_(std::move(definition)),
      interval_(IntervalOf(definition_, defaults)),
      query_offset_(definition_.query_offset.value_or(defaults.query_offset)),
      slot_offset_(SlotOffset(definition_, interval_)),
      rules_(MakeRules(definition_.rules)) {}

base::Timestamp Group::SlotAt(base::Timestamp now) const {
  const auto since = now.time_since_epoch() - slot_offset_;
  auto past = since % interval_;
  if (past.count() < 0) past += interval_;
  return now - past;
}

GroupOutcome Group::Evaluate(base::Timestamp now, const Environment& environment) {
  const std::scoped_lock evaluating(evaluating_);
  if (retired_ || (last_evaluation_ && now <= *last_evaluation_)) return {};
  const auto begin = std::chrono::steady_clock::now();
  const EvaluationTimes times{.now = now, .query_offset = query_offset_, .interval = interval_};
  GroupOutcome outcome;
  for (const auto& rule : rules_) {
    RuleOutcome one = rule->Evaluate(times, definition_.limit, environment);
    if (one.error && !one.evaluated) {
      base::LogWarn("a rule could not be evaluated", {{"file", definition_.file},
                                                      {"group", definition_.name},
                                                      {"rule", rule->rule().name},
                                                      {"error", *one.error}});
    }
    outcome.rules.push_back(std::move(one));
  }
  EndLeftOvers(times.SampleTime(), environment);
  outcome.duration = std::chrono::steady_clock::now() - begin;
  const std::scoped_lock lock(mutex_);
  last_evaluation_ = now;
  duration_ = outcome.duration;
  return outcome;
}

void Group::EndLeftOvers(base::Timestamp time, const Environment& environment) {
  std::erase_if(left_over_, [&](const base::Labels& series) {
    return std::ranges::any_of(rules_, [&](const auto& rule) { return rule->Writes(series); });
  });
  EndSeries(std::exchange(left_over_, {}), time, environment.appendable);
}

GroupSnapshot Group::Snapshot() const {
  GroupSnapshot snapshot;
  snapshot.file = definition_.file;
  snapshot.name = definition_.name;
  snapshot.interval = interval_;
  snapshot.limit = definition_.limit;
  for (const auto& rule : rules_) snapshot.rules.push_back(rule->Snapshot());
  const std::scoped_lock lock(mutex_);
  snapshot.last_evaluation = last_evaluation_;
  snapshot.duration = duration_;
  return snapshot;
}

bool Group::Same(const RuleGroup& definition, const GroupDefaults& defaults) const {
  return definition.Key() == Key() && definition.limit == definition_.limit &&
         IntervalOf(definition, defaults) == interval_ &&
         definition.query_offset.value_or(defaults.query_offset) == query_offset_ &&
         std::ranges::equal(definition.rules, definition_.rules, SameRule);
}

void Group::TakeStateFrom(Group& old) {
  const std::scoped_lock evaluating(evaluating_, old.evaluating_);
  old.retired_ = true;
  using Identity = std::pair<std::string, TextMap>;
  std::map<Identity, std::deque<LiveRule*>> by_identity;
  for (const auto& rule : old.rules_) by_identity[{rule->rule().name, rule->rule().labels}].push_back(rule.get());
  for (const auto& rule : rules_) {
    const auto same = by_identity.find({rule->rule().name, rule->rule().labels});
    if (same == by_identity.end() || same->second.empty()) continue;
    rule->TakeStateFrom(*same->second.front());
    same->second.pop_front();
  }
  left_over_ = std::exchange(old.left_over_, {});
  for (const auto& rule : old.rules_) {
    for (base::Labels& series : rule->TakeSeries()) left_over_.push_back(std::move(series));
  }
  const std::scoped_lock lock(mutex_, old.mutex_);
  last_evaluation_ = old.last_evaluation_;
  duration_ = old.duration_;
}

bool Group::Writes(const base::Labels& series) const {
  const std::scoped_lock evaluating(evaluating_);
  return std::ranges::any_of(rules_, [&](const auto& rule) { return rule->Writes(series); });
}

std::vector<base::Labels> Group::Retire() {
  const std::scoped_lock evaluating(evaluating_);
  retired_ = true;
  std::vector<base::Labels> series = std::exchange(left_over_, {});
  for (const auto& rule : rules_) {
    for (base::Labels& one : rule->TakeSeries()) series.push_back(std::move(one));
  }
  return series;
}

}  // namespace rules
