#include "ingest/scrape_cache.h"

#include <algorithm>
#include <functional>

namespace ingest {
namespace {

constexpr size_t kFewestSlots = 64;
constexpr size_t kWorthEvicting = 1000;  // series
constexpr size_t kWorthEvictingBytes = 1 << 20;

bool Fits(size_t series, size_t slots) { return series * 4 <= slots * 3; }

uint32_t HashOf(std::string_view text) {
  const uint64_t hash = std::hash<std::string_view>{}(text);
  return static_cast<uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

void ScrapeCache::Begin() {
  ++scrape_;
  searched_ = false;
  last_ = kNone;
}

std::string_view ScrapeCache::Expected() {
  const Index follower = Follower();
  return follower == kNone ? std::string_view() : texts_.Show(follower);
}

ScrapeCache::Series& ScrapeCache::Advance(Index index) {
  last_ = index;
  return series_[index];
}

void ScrapeCache::Link(Index index) {
  (last_ == kNone ? first_ : series_[last_].next) = index;
  last_ = index;
}

ScrapeCache::Series* ScrapeCache::Find(std::string_view text) {
  searched_ = true;
  if (slots_.empty()) BuildSlots(series_.size());
  const uint32_t hash = HashOf(text);
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask; slots_[at] != kNone; at = (at + 1) & mask) {
    Series& series = series_[slots_[at]];
    if (series.hash != hash || texts_.Show(slots_[at]) != text) continue;
    Link(slots_[at]);
    return &series;
  }
  return nullptr;
}

ScrapeCache::Series& ScrapeCache::Insert(std::string_view text) {
  if (!Fits(series_.size() + 1, slots_.size())) BuildSlots(series_.size() + 1);
  const auto index = static_cast<Index>(series_.size());
  Series& series = series_.emplace_back();
  texts_.Add(text);
  series.hash = HashOf(text);
  series.next = Follower() == index ? kNone : Follower();
  const size_t mask = slots_.size() - 1;
  size_t at = series.hash & mask;
  while (slots_[at] != kNone) at = (at + 1) & mask;
  slots_[at] = index;
  Link(index);
  return series_[index];
}

// With room for so many series.
void ScrapeCache::BuildSlots(size_t series) {
  size_t slots = kFewestSlots;
  while (!Fits(series, slots)) slots *= 2;
  slots_.assign(slots, kNone);
  const size_t mask = slots_.size() - 1;
  for (Index index = 0; index < series_.size(); ++index) {
    size_t at = series_[index].hash & mask;
    while (slots_[at] != kNone) at = (at + 1) & mask;
    slots_[at] = index;
  }
}

void ScrapeCache::Clear() {
  series_.clear();
  texts_.Clear();
  slots_ = {};
  first_ = last_ = kNone;
}

bool ScrapeCache::WorthEvicting() {
  size_t gone = 0;
  size_t bytes = 0;
  for (Index index = 0; index < series_.size() && gone < kWorthEvicting; ++index) {
    if (SeenNow(series_[index])) continue;
    ++gone;
    bytes += texts_.Show(index).size();
  }
  return gone >= kWorthEvicting || bytes >= kWorthEvictingBytes || (gone > 0 && gone * 2 >= series_.size());
}

void ScrapeCache::GiveBack() {
  if (!searched_) slots_ = {};
  if (series_.capacity() > series_.size() + series_.size() / 8) series_.shrink_to_fit();
  texts_.GiveBack();
}

void ScrapeCache::Evict() {
  if (!WorthEvicting()) return GiveBack();
  std::vector<Index> moved(series_.size(), kNone);
  Index kept = 0;
  PageTexts texts;
  for (Index index = 0; index < series_.size(); ++index) {
    if (!SeenNow(series_[index])) continue;
    moved[index] = kept++;
    texts.Add(texts_.Show(index));
  }
  for (Index index = 0; index < series_.size(); ++index) {
    if (moved[index] == kNone) continue;
    Series& series = series_[index];
    if (series.next != kNone) series.next = moved[series.next];
    series_[moved[index]] = series;
  }
  series_.resize(kept);
  texts_ = std::move(texts);
  GiveBack();
  if (first_ != kNone) first_ = moved[first_];
  last_ = kNone;
  if (!slots_.empty()) BuildSlots(series_.size());
}

}  // namespace ingest
