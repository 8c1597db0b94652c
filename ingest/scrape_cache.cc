#include "ingest/scrape_cache.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace ingest {
namespace {

constexpr size_t kFewestSlots = 64;
constexpr size_t kWorthEvicting = 1000;

uint32_t HashOf(std::string_view text) {
  const uint64_t hash = std::hash<std::string_view>{}(text);
  return static_cast<uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

ScrapeCache::ScrapeCache() : slots_(kFewestSlots, kNone) {}

void ScrapeCache::Begin() {
  ++scrape_;
  last_ = kNone;
}

std::string_view ScrapeCache::Expected() const {
  const Index follower = Follower();
  return follower == kNone ? std::string_view() : series_[follower].text();
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
  const uint32_t hash = HashOf(text);
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask; slots_[at] != kNone; at = (at + 1) & mask) {
    Series& series = series_[slots_[at]];
    if (series.hash != hash || series.text() != text) continue;
    Link(slots_[at]);
    return &series;
  }
  return nullptr;
}

ScrapeCache::Series& ScrapeCache::Insert(std::string_view text) {
  if ((series_.size() + 1) * 2 > slots_.size()) Rebuild(slots_.size() * 2);
  const auto index = static_cast<Index>(series_.size());
  Series& series = series_.emplace_back();
  series.text_data = std::make_unique_for_overwrite<char[]>(text.size());
  std::memcpy(series.text_data.get(), text.data(), text.size());
  series.text_size = static_cast<uint32_t>(text.size());
  series.hash = HashOf(text);
  series.next = Follower() == index ? kNone : Follower();
  const size_t mask = slots_.size() - 1;
  size_t at = series.hash & mask;
  while (slots_[at] != kNone) at = (at + 1) & mask;
  slots_[at] = index;
  Link(index);
  return series_[index];
}

void ScrapeCache::Rebuild(size_t slots) {
  slots_.assign(std::max(slots, kFewestSlots), kNone);
  const size_t mask = slots_.size() - 1;
  for (Index index = 0; index < series_.size(); ++index) {
    size_t at = series_[index].hash & mask;
    while (slots_[at] != kNone) at = (at + 1) & mask;
    slots_[at] = index;
  }
}

void ScrapeCache::Clear() {
  series_.clear();
  slots_.assign(kFewestSlots, kNone);
  first_ = last_ = kNone;
}

void ScrapeCache::Evict() {
  const auto gone =
      static_cast<size_t>(std::ranges::count_if(series_, [&](const Series& series) { return !SeenNow(series); }));
  if (gone < kWorthEvicting && gone * 2 < series_.size()) return;
  std::vector<Index> moved(series_.size(), kNone);
  Index kept = 0;
  for (Index index = 0; index < series_.size(); ++index) {
    if (SeenNow(series_[index])) moved[index] = kept++;
  }
  for (Index index = 0; index < series_.size(); ++index) {
    if (moved[index] == kNone) continue;
    Series& series = series_[index];
    if (series.next != kNone) series.next = moved[series.next];
    if (moved[index] != index) series_[moved[index]] = std::move(series);
  }
  series_.resize(kept);
  series_.shrink_to_fit();
  if (first_ != kNone) first_ = moved[first_];
  last_ = kNone;
  size_t slots = kFewestSlots;
  while (slots < series_.size() * 2) slots *= 2;
  Rebuild(slots);
}

}  // namespace ingest
