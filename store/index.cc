#include "store/index.h"

#include <algorithm>
#include <optional>

#include "store/regex_plan.h"

// A matcher that holds for "" holds for series without the label, so its answer is "all but the series with a value it
// refuses"; any other's is "the series with a value it accepts". The accepting ones are intersected first, cheapest
// first; then the refused are taken away. Where a regular expression would have to be run over more values than there
// are candidates left, it is run over the candidates' own values instead.

namespace store {
namespace {

using base::Matcher;
using base::MatchType;
using Sets = std::vector<std::span<const SeriesId>>;

// What a matcher asks of one label name.
struct Condition {
  const Matcher* matcher;
  const ValueTable* values;
  RegexPlan plan;  // of its expression, or its text as the only literal
  bool negative;   // != or !~
  bool excludes;   // holds for "": answer by the values it refuses
  // Whether the wanted values are those the plan matches, or the others.
  bool WantsPlan() const { return negative == excludes; }
  bool IsLookup() const {
    const bool listed = plan.kind == RegexPlan::Kind::literals || plan.kind == RegexPlan::Kind::prefix;
    const bool total = plan.kind == RegexPlan::Kind::anything || plan.kind == RegexPlan::Kind::non_empty;
    return total || (listed && WantsPlan());
  }
};

Condition MakeCondition(const Matcher& matcher, const ValueTable* values) {
  Condition condition{&matcher, values, {}, false, matcher.MatchesEmpty()};
  condition.negative = matcher.type() == MatchType::not_equal || matcher.type() == MatchType::not_regex;
  if (matcher.regex() != nullptr) {
    condition.plan = PlanRegex(matcher.value());
  } else {
    condition.plan = {RegexPlan::Kind::literals, {matcher.value()}, {}, 0};
  }
  return condition;
}

// The expression itself, whether or not the matcher negates it.
bool PlanMatches(const Condition& condition, std::string_view text) {
  return condition.matcher->Matches(text) != condition.negative;
}

// Values the plan matches, by look-up where it can.
void AddMatched(const Condition& condition, Sets& sets) {
  const RegexPlan& plan = condition.plan;
  if (plan.kind == RegexPlan::Kind::literals) {
    for (const std::string& literal : plan.literals) {
      if (const Value* value = condition.values->Find(literal)) sets.push_back(value->postings().ids());
    }
    return;
  }
  for (const Value* value : condition.values->WithPrefix(plan.prefix)) {
    const bool matched = plan.kind == RegexPlan::Kind::prefix ? value->text().size() >= plan.prefix.size() + plan.more
                                                              : PlanMatches(condition, value->text());
    if (matched) sets.push_back(value->postings().ids());
  }
}

// Postings of the values a condition accepts, or refuses if it excludes.
SeriesIds WantedIds(const Condition& condition) {
  using Kind = RegexPlan::Kind;
  Sets sets;
  const auto all = [&] {
    condition.values->ForEach([&](const Value& value) { sets.push_back(value.postings().ids()); });
  };
  if (condition.plan.kind == Kind::anything || condition.plan.kind == Kind::non_empty) {
    if (condition.WantsPlan()) all();
  } else if (condition.WantsPlan()) {
    AddMatched(condition, sets);
  } else {
    condition.values->ForEach([&](const Value& value) {
      if (!PlanMatches(condition, value.text())) sets.push_back(value.postings().ids());
    });
  }
  if (sets.size() == 1) return {sets.front().begin(), sets.front().end()};
  return UnionOfDisjoint(sets);
}

void Filter(SeriesIds& ids, const Condition& condition, const SeriesTable& table) {
  std::erase_if(
      ids, [&](SeriesId id) { return !condition.matcher->Matches(table.Get(id)->Label(condition.matcher->name())); });
}

// An equality's postings, without copying them.
std::optional<std::span<const SeriesId>> SinglePostings(const Condition& condition) {
  if (!condition.WantsPlan() || condition.plan.kind != RegexPlan::Kind::literals) return std::nullopt;
  if (condition.plan.literals.size() != 1) return std::nullopt;
  const Value* value = condition.values->Find(condition.plan.literals.front());
  return value == nullptr ? std::span<const SeriesId>() : value->postings().ids();
}

class Resolver {
 public:
  explicit Resolver(const SeriesTable& table) : table_(table) {}

  void Apply(const Condition& condition) {
    const size_t work = condition.values->size();
    if (!every_ && ids_.size() < work && (!condition.IsLookup() || ids_.size() * 8 < work)) {
      Filter(ids_, condition, table_);
      return;
    }
    if (condition.excludes) Materialize();
    const auto single = SinglePostings(condition);
    SeriesIds owned;
    if (!single) owned = WantedIds(condition);
    const std::span<const SeriesId> wanted = single ? *single : std::span<const SeriesId>(owned);
    if (condition.excludes) {
      if (!wanted.empty()) ids_ = Subtract(ids_, wanted);
    } else if (!every_) {
      ids_ = Intersect(ids_, wanted);
    } else {
      ids_ = single ? SeriesIds(wanted.begin(), wanted.end()) : std::move(owned);
      every_ = false;
    }
  }
  bool Empty() const { return !every_ && ids_.empty(); }
  SeriesIds Take() {
    Materialize();
    return std::move(ids_);
  }

 private:
  void Materialize() {
    if (every_) ids_ = table_.Ids();
    every_ = false;
  }

  const SeriesTable& table_;
  bool every_ = true;  // no condition yet: every series, and ids_ is not filled
  SeriesIds ids_;
};

// Cheapest and sharpest first.
int Rank(const Condition& condition) {
  if (condition.excludes) return condition.IsLookup() ? 3 : 4;
  if (!condition.IsLookup()) return 2;
  return condition.plan.kind == RegexPlan::Kind::literals ? 0 : 1;
}

}  // namespace

SharedLabels Index::Share(const base::Labels& labels) {
  std::vector<Value*> values;
  values.reserve(labels.size());
  for (const base::Label& label : labels) {
    auto name = names_.find(label.name);
    if (name == names_.end()) name = names_.try_emplace(std::string(label.name)).first;
    values.push_back(&name->second.GetOrAdd(label));
  }
  return SharedLabels(values);
}

void Index::Add(SeriesId id, const SharedLabels& labels) {
  for (Value* const value : labels.values()) value->postings().Add(id);
}

void Index::Remove(std::span<const Gone> series) {
  SeriesIds ids;
  std::vector<std::pair<Value*, ValueTable*>> touched;
  for (const Gone& gone : series) {
    ids.push_back(gone.id);
    for (Value* const value : gone.labels->values()) {
      touched.emplace_back(value, &names_.find(value->label().name)->second);
    }
  }
  std::ranges::sort(ids);
  std::ranges::sort(touched);
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  for (const auto& [value, values] : touched) {
    value->postings().Remove(ids);
    if (value->postings().empty()) values->RemoveIfUnused(value->text());
  }
  std::erase_if(names_, [](const auto& name) { return name.second.empty(); });
}

const ValueTable* Index::Find(const std::string& name) const {
  const auto at = names_.find(name);
  return at == names_.end() ? nullptr : &at->second;
}

SeriesIds Index::Resolve(std::span<const base::Matcher> matchers, const SeriesTable& table) const {
  std::vector<Condition> conditions;
  for (const base::Matcher& matcher : matchers) {
    const ValueTable* values = Find(matcher.name());
    if (values != nullptr) {
      conditions.push_back(MakeCondition(matcher, values));
    } else if (!matcher.MatchesEmpty()) {
      return {};
    }
  }
  std::ranges::stable_sort(conditions, {}, Rank);
  Resolver resolver(table);
  for (const Condition& condition : conditions) {
    resolver.Apply(condition);
    if (resolver.Empty()) break;
  }
  return resolver.Take();
}

}  // namespace store
