#include "store/exemplars.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace store {
namespace {

bool Same(const Exemplar& one, const Exemplar& other) {
  const bool timed = one.own_time || other.own_time;
  return one.labels == other.labels && one.value == other.value && (!timed || one.time == other.time);
}

// By time, then value, then labels. NaN is neither before nor after anything.
bool Before(const Exemplar& one, const Exemplar& other) {
  if (one.time != other.time) return one.time < other.time;
  if (one.value != other.value) return one.value < other.value;
  return one.labels < other.labels;
}

size_t Runes(const base::Labels& labels) {
  size_t runes = 0;
  for (const base::Label& label : labels) runes += base::Utf8Length(label.name) + base::Utf8Length(label.value);
  return runes;
}

bool MatchesAny(const base::Labels& series, std::span<const std::vector<base::Matcher>> any_of) {
  return std::ranges::any_of(any_of, [&](const std::vector<base::Matcher>& all) {
    return std::ranges::all_of(all, [&](const base::Matcher& matcher) { return matcher.Matches(series); });
  });
}

}  // namespace

ExemplarStatus Exemplars::Judge(const Line* line, const Exemplar& exemplar) const {
  if (Runes(exemplar.labels) > kMostRunes) return ExemplarStatus::labels_too_long;
  if (line == nullptr) return ExemplarStatus::ok;
  const Exemplar& newest = slots_[line->newest].exemplar;
  if (Same(newest, exemplar)) return ExemplarStatus::duplicate;
  return Before(exemplar, newest) ? ExemplarStatus::out_of_order : ExemplarStatus::ok;
}

ExemplarStatus Exemplars::Check(const base::Labels& series, const Exemplar& exemplar) const {
  const std::scoped_lock lock(mutex_);
  const auto known = lines_.find(series);
  return Judge(known == lines_.end() ? nullptr : &known->second, exemplar);
}

ExemplarStatus Exemplars::Add(const base::Labels& series, Exemplar exemplar) {
  const std::scoped_lock lock(mutex_);
  auto line = lines_.find(series);
  const ExemplarStatus status = Judge(line == lines_.end() ? nullptr : &line->second, exemplar);
  out_of_order_ += status == ExemplarStatus::out_of_order;
  if (status != ExemplarStatus::ok) return status;
  const auto place = static_cast<uint32_t>(next_);
  if (line == lines_.end()) {
    line = lines_.emplace(series, Line{place, place}).first;
  } else {
    slots_[line->second.newest].next = place;  // also where that is the one to go, which then is not the last
  }
  if (place < slots_.size()) {
    Vacate(place);
  } else {
    slots_.emplace_back();
  }
  line->second.newest = place;
  slots_[place] = {std::move(exemplar), &*line, kNone};
  next_ = (next_ + 1) % capacity_;
  ++appended_;
  return status;
}

// The one in this place is the oldest of all, hence of its series.
void Exemplars::Vacate(uint32_t place) {
  const Slot& slot = slots_[place];
  if (slot.next == kNone) {
    lines_.erase(slot.line->first);
  } else {
    slot.line->second.oldest = slot.next;
  }
}

std::vector<Exemplar> Exemplars::Within(const Line& line, TimeRange range) const {
  std::vector<Exemplar> found;
  for (uint32_t at = line.oldest; at != kNone; at = slots_[at].next) {
    const Exemplar& exemplar = slots_[at].exemplar;
    if (exemplar.time > range.max) break;
    if (exemplar.time >= range.min) found.push_back(exemplar);
  }
  return found;
}

std::vector<SeriesExemplars> Exemplars::Select(std::span<const std::vector<base::Matcher>> any_of,
                                               TimeRange range) const {
  std::vector<SeriesExemplars> found;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [series, line] : lines_) {
      if (!MatchesAny(series, any_of)) continue;
      std::vector<Exemplar> exemplars = Within(line, range);
      if (!exemplars.empty()) found.push_back({series, std::move(exemplars)});
    }
  }
  std::ranges::sort(found, {}, &SeriesExemplars::series);
  return found;
}

ExemplarStats Exemplars::GetStats() const {
  const std::scoped_lock lock(mutex_);
  ExemplarStats stats{.capacity = capacity_,
                      .exemplars = slots_.size(),
                      .series = lines_.size(),
                      .reaches = {},
                      .appended = appended_,
                      .out_of_order = out_of_order_};
  const bool full = slots_.size() == capacity_;
  if (!slots_.empty()) stats.reaches = slots_[full ? next_ : 0].exemplar.time;
  return stats;
}

}  // namespace store
