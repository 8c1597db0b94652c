#include "store/label_order.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <optional>
#include <utility>

namespace store {
namespace {

constexpr size_t kSparse = 32;           // ids this much wider than their number are not worth a table
constexpr size_t kCompareCost = 32;      // a comparison of labels against a step through the known order
constexpr size_t kWorthLearning = 1000;  // so many unknown ones are not sorted again and again

SeriesRef RefOf(const Series& series) { return static_cast<const MemSeries&>(series).ref(); }
uint32_t NumberOf(const Series& series) { return static_cast<uint32_t>(SeriesTable::IdOf(RefOf(series))); }
// Ids used a second time are never known, so that an old one's place is not taken for theirs.
bool IsFirstUse(const Series& series) { return SeriesTable::IsFirstUse(RefOf(series)); }

// Where in a list of series with rising ids an id is.
class Places {
 public:
  static constexpr uint32_t kNone = 0xffff'ffff;

  template <class List>
  static std::optional<Places> Of(const List& series) {
    Places places;
    if (series.empty()) return places;
    const auto [least, greatest] = std::ranges::minmax(series, {}, [](const auto& each) { return NumberOf(*each); });
    places.first_ = NumberOf(*least);
    const size_t width = NumberOf(*greatest) - places.first_ + size_t{1};
    if (width / kSparse > series.size()) return std::nullopt;
    places.places_.assign(width, kNone);
    for (uint32_t i = 0; i < series.size(); ++i) {
      if (IsFirstUse(*series[i])) places.places_[NumberOf(*series[i]) - places.first_] = i;
    }
    return places;
  }
  // The place, once.
  uint32_t Take(SeriesId id) {
    const size_t at = static_cast<uint32_t>(id) - size_t{first_};
    return at < places_.size() ? std::exchange(places_[at], kNone) : kNone;
  }

 private:
  uint32_t first_ = 0;
  std::vector<uint32_t> places_;
};

const SharedLabels& LabelsOf(const Series& series) { return static_cast<const MemSeries&>(series).shared_labels(); }
constexpr auto kByLabels = [](const auto& a, const auto& b) { return LabelsOf(*a) < LabelsOf(*b); };

// Moves from `series` what the order knows, in that order; leaves nulls.
template <class List>
List TakeKnown(List& series, const SeriesIds& known, Places& places) {
  List taken;
  taken.reserve(series.size());
  for (const SeriesId id : known) {
    const uint32_t place = places.Take(id);
    if (place != Places::kNone) taken.push_back(std::exchange(series[place], nullptr));
  }
  return taken;
}

// The two parts in label order; `rest` is what TakeKnown left.
template <class List>
List MergeSorted(List taken, List rest) {
  std::erase_if(rest, [](const auto& each) { return each == nullptr; });
  if (rest.empty()) return taken;
  std::ranges::sort(rest, kByLabels);
  List all;
  all.reserve(taken.size() + rest.size());
  std::ranges::merge(std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end()),
                     std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()),
                     std::back_inserter(all), kByLabels);
  return all;
}

}  // namespace

std::shared_ptr<const SeriesIds> LabelOrder::Known() const {
  const std::scoped_lock lock(mutex_);
  return known_;
}

void LabelOrder::Update(const std::vector<MemSeries*>& all) {
  wanted_ = false;
  auto places = Places::Of(all);
  auto order = std::make_shared<SeriesIds>();
  if (places) {
    std::vector<const MemSeries*> series;
    for (const MemSeries* each : all) series.push_back(IsFirstUse(*each) ? each : nullptr);
    auto taken = TakeKnown(series, *Known(), *places);
    for (const MemSeries* each : MergeSorted(std::move(taken), std::move(series))) {
      order->push_back(SeriesTable::IdOf(each->ref()));
    }
  }
  const std::scoped_lock lock(mutex_);
  known_ = std::move(order);
}

void LabelOrder::Sort(std::vector<std::shared_ptr<const Series>>& found) const {
  const auto known = Known();
  const size_t comparisons = found.size() * static_cast<size_t>(std::bit_width(found.size()));
  auto places = comparisons * kCompareCost > known->size() ? Places::Of(found) : std::nullopt;
  if (!places) {
    std::ranges::sort(found, kByLabels);
    return;
  }
  auto taken = TakeKnown(found, *known, *places);
  if (found.size() - taken.size() >= kWorthLearning) wanted_ = true;
  found = MergeSorted(std::move(taken), std::move(found));
}

}  // namespace store
