#include "rules/group.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <deque>

#include "base/json_writer.h"
#include "base/log.h"

namespace rules {
namespace {

// One of a label set's texts as Prometheus keeps them in memory: its length in one byte, or from 255 on the byte 255
// and the length in three, little end first; then the text.
void AppendSized(std::string& bytes, std::string_view text) {
  constexpr size_t kLong = 255;
  if (text.size() < kLong) {
    bytes.push_back(static_cast<char>(text.size()));
  } else {
    bytes.push_back(static_cast<char>(kLong));
    for (const unsigned shift : {0u, 8u, 16u}) bytes.push_back(static_cast<char>(text.size() >> shift & 0xff));
  }
  bytes.append(text);
}

// Prometheus hashes the labels {file, name} and counts in nanoseconds; what is stored is cut to milliseconds.
base::Duration SlotOffset(const RuleGroup& group, base::Duration interval) {
  std::string bytes;
  for (const std::string_view text : {std::string_view("file"), std::string_view(group.file), std::string_view("name"),
                                      std::string_view(group.name)}) {
    AppendSized(bytes, text);
  }
  const uint64_t hash = XXH64(bytes.data(), bytes.size(), 0);
  const auto nanoseconds = std::chrono::nanoseconds(interval).count();
  const auto offset = std::chrono::nanoseconds(static_cast<int64_t>(hash % static_cast<uint64_t>(nanoseconds)));
  return std::chrono::floor<base::Duration>(offset);
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

std::vector<std::string> MakeKeys(const std::vector<Rule>& rules) {
  std::map<std::string, size_t> occurrences;
  std::vector<std::string> keys;
  keys.reserve(rules.size());
  for (const Rule& rule : rules) keys.push_back(Group::RuleKey(rule, occurrences[Group::RuleKey(rule, 0)]++));
  return keys;
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
      rules_(MakeRules(definition_.rules)),
      rule_keys_(MakeKeys(definition_.rules)) {}

std::string Group::RuleKey(const Rule& rule, size_t occurrence) {
  base::JsonWriter key;
  key.BeginArray().String(rule.name);
  for (const auto& [name, text] : rule.labels) key.String(name).String(text);
  if (occurrence > 0) key.Number(static_cast<uint64_t>(occurrence));
  key.EndArray();
  return std::move(key).Take();
}

base::Timestamp Group::SlotAt(base::Timestamp now) const {
  const auto since = now.time_since_epoch() - slot_offset_;
  auto past = since % interval_;
  if (past.count() < 0) past += interval_;
  return now - past;
}

GroupOutcome Group::Evaluate(base::Timestamp now, const Environment& common, bool past) {
  std::optional<Environment> local;
  if (definition_.builtin && common.datasource) {
    local.emplace(common);
    local->datasource = nullptr;
  }
  const Environment& environment = local ? *local : common;
  const std::scoped_lock evaluating(evaluating_);
  if (retired_ || (last_evaluation_ && now <= *last_evaluation_)) return {};
  const auto begin = std::chrono::steady_clock::now();
  const EvaluationTimes times{
      .now = now, .query_offset = query_offset_, .interval = interval_, .previous = last_evaluation_, .past = past};
  SkipGap(now);
  GroupOutcome outcome;
  for (size_t i = 0; i < rules_.size(); ++i) {
    const auto& rule = rules_[i];
    RuleOutcome one = rule->Evaluate(times, definition_.limit, environment);
    Tell(i, one, now, environment);
    // a datasource that is no longer asked is no news
    if (one.error && !one.evaluated && one.error->code != base::ErrorCode::cancelled) {
      base::LogWarn("a rule could not be evaluated", {{"file", definition_.file},
                                                      {"group", definition_.name},
                                                      {"rule", rule->rule().name},
                                                      {"error", *one.error}});
    }
    outcome.rules.push_back(std::move(one));
  }
  EndLeftOvers(times.SampleTime(), environment);
  if (environment.keeper != nullptr) {
    environment.keeper->Keep({.group = Key(), .time = now, .event = GroupEvent::evaluated, .rules = {}});
  }
  outcome.duration = std::chrono::steady_clock::now() - begin;
  const std::scoped_lock lock(mutex_);
  last_evaluation_ = now;
  duration_ = outcome.duration;
  return outcome;
}

// The keeper hears first: what the receivers are told is then never ahead of what is kept, so that after a crash the
// next process knows of every alert whose end it has to tell.
void Group::Tell(size_t index, RuleOutcome& outcome, base::Timestamp now, const Environment& environment) const {
  std::vector<AlertChange> changes = std::exchange(outcome.changes, {});
  if (environment.keeper != nullptr && !changes.empty()) {
    GroupChanges kept{.group = Key(), .time = now, .event = GroupEvent::rule_evaluated, .rules = {}};
    kept.rules.push_back({rule_keys_[index], rules_[index]->rule().name, std::move(changes)});
    environment.keeper->Keep(std::move(kept));
  }
  const std::vector<base::Alert> to_send = std::exchange(outcome.to_send, {});
  if (!to_send.empty()) environment.sink.Send(to_send);
}

void Group::SkipGap(base::Timestamp now) {
  if (!std::exchange(restored_, false)) return;
  const base::Duration gap = now - *last_evaluation_ - interval_;
  if (gap.count() <= 0) return;
  for (const auto& rule : rules_) rule->SkipTime(gap);
}

std::vector<base::Alert> Group::Restore(KeptGroup kept, base::Timestamp now, const Environment& environment) {
  const std::scoped_lock evaluating(evaluating_);
  const EvaluationTimes times{.now = now, .query_offset = query_offset_, .interval = interval_};
  std::vector<base::Alert> to_send;
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i]->rule().kind == RuleKind::recording) continue;
    auto alerts = kept.alerts.extract(rule_keys_[i]);
    if (alerts.empty()) continue;
    std::ranges::move(rules_[i]->Restore(std::move(alerts.mapped()), times, environment), std::back_inserter(to_send));
  }
  restored_ = true;
  const base::Timestamp evaluated = std::min(kept.evaluated, now);
  if (environment.keeper != nullptr && !kept.alerts.empty()) {
    environment.keeper->Keep(Gone(Key(), std::move(kept), now, GroupEvent::reloaded));
  }
  const std::scoped_lock lock(mutex_);
  last_evaluation_ = evaluated;
  return to_send;
}

void Group::FindSeries(const std::function<bool(const Rule&)>& alone, const Environment& environment) {
  const std::scoped_lock evaluating(evaluating_);
  if (!restored_) return;
  for (const auto& rule : rules_) {
    if (rule->rule().kind != RuleKind::recording || !alone(rule->rule())) continue;
    rule->FindSeries(*last_evaluation_ - query_offset_, environment);
  }
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

base::Timestamp Group::SeriesEnd(base::Timestamp now) const {
  const std::scoped_lock lock(mutex_);
  if (last_evaluation_) now = std::max(now, *last_evaluation_ + base::Duration(1));
  return now - query_offset_;
}

bool Group::Same(const RuleGroup& definition, const GroupDefaults& defaults) const {
  return definition.Key() == Key() && definition.limit == definition_.limit &&
         IntervalOf(definition, defaults) == interval_ &&
         definition.query_offset.value_or(defaults.query_offset) == query_offset_ &&
         std::ranges::equal(definition.rules, definition_.rules, SameRule);
}

void Group::TakeStateFrom(Group& old, base::Timestamp now, StateKeeper* keeper) {
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
  GroupChanges gone = old.ForgetAll(now);
  left_over_ = std::exchange(old.left_over_, {});
  restored_ = old.restored_;
  if (keeper != nullptr && !gone.rules.empty()) keeper->Keep(std::move(gone));
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

GroupChanges Group::ForgetAll(base::Timestamp now) {
  GroupChanges gone{.group = Key(), .time = now, .event = GroupEvent::reloaded, .rules = {}};
  for (size_t i = 0; i < rules_.size(); ++i) {
    auto changes = rules_[i]->Forget(ChangeCause::rule_gone);
    if (!changes.empty()) gone.rules.push_back({rule_keys_[i], rules_[i]->rule().name, std::move(changes)});
  }
  return gone;
}

std::vector<base::Labels> Group::Retire(base::Timestamp now, StateKeeper* keeper) {
  const std::scoped_lock evaluating(evaluating_);
  retired_ = true;
  GroupChanges gone = ForgetAll(now);
  gone.event = GroupEvent::ended;
  if (keeper != nullptr) keeper->Keep(std::move(gone));
  std::vector<base::Labels> series = std::exchange(left_over_, {});
  for (const auto& rule : rules_) {
    for (base::Labels& one : rule->TakeSeries()) series.push_back(std::move(one));
  }
  return series;
}

}  // namespace rules
