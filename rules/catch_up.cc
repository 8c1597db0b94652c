#include "rules/catch_up.h"

#include <algorithm>

namespace rules {

CatchUp::Turn CatchUp::Next(base::Timestamp last, base::Timestamp latest, base::Duration interval,
                            base::Duration most) {
  const int64_t late = (latest - last) / interval - 1;
  if (late <= 0) {
    left_ = 0;
    on_time_ = true;
    return {.slot = latest};
  }
  Turn turn{.slot = latest, .missed = late};
  if (left_ == 0) {
    const int64_t wanted = std::min({late, static_cast<int64_t>(most / interval), kMostCaughtUp});
    if (!on_time_ || wanted <= 0) return turn;
    on_time_ = false;
    left_ = 2 * wanted;
    turn.begins = wanted;
  }
  --left_;
  turn.missed = turn.begins > 0 ? late - turn.begins : 0;
  turn.slot = last + (turn.missed + 1) * interval;
  turn.past = true;
  return turn;
}

Writers::Writers(std::span<const RuleGroup> groups) {
  for (const RuleGroup& group : groups) {
    for (const Rule& rule : group.rules) {
      if (rule.kind == RuleKind::recording) labels_[rule.name].push_back(rule.labels);
    }
  }
}

bool Writers::Alone(const Rule& rule) const {
  const auto at = labels_.find(rule.name);
  if (at == labels_.end()) return false;
  // two rules write different series for certain where a label that both set differs
  const auto may_be_same = [&](const TextMap& other) {
    return std::ranges::all_of(other, [&](const auto& label) {
      const auto own = rule.labels.find(label.first);
      return own == rule.labels.end() || own->second == label.second;
    });
  };
  return std::ranges::count_if(at->second, may_be_same) == 1;
}

}  // namespace rules
