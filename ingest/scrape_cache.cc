#include "ingest/scrape_cache.h"

#include <algorithm>
#include <functional>

namespace ingest {
namespace {

constexpr size_t kFewestSlots = 64;
constexpr size_t kWorthEvicting = 1000;  // series
constexpr size_t kWorthEvictingBytes = 1 << 20;

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
  return follower == kNone ? std::string_view() : TextOf(series_[follower]);
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
    if (series.hash != hash || TextOf(series) != text) continue;
    Link(slots_[at]);
    return &series;
  }
  return nullptr;
}

ScrapeCache::Series& ScrapeCache::Insert(std::string_view text) {
  if ((series_.size() + 1) * 2 > slots_.size()) Rebuild(slots_.size() * 2);
  const auto index = static_cast<Index>(series_.size());
  Series& series = series_.emplace_back();
  series.text_at = static_cast<uint32_t>(texts_.size());
  series.text_size = static_cast<uint32_t>(text.size());
  texts_ += text;
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
  texts_.clear();
  slots_.assign(kFewestSlots, kNone);
  first_ = last_ = kNone;
}

bool ScrapeCache::WorthEvicting() const {
  size_t gone = 0;
  size_t bytes = 0;
  for (const Series& series : series_) {
    if (SeenNow(series)) continue;
    ++gone;
    bytes += series.text_size;
  }
  return gone >= kWorthEvicting || bytes >= kWorthEvictingBytes || (gone > 0 && gone * 2 >= series_.size());
}

void ScrapeCache::GiveBack() {
  if (series_.capacity() > series_.size() + series_.size() / 8) series_.shrink_to_fit();
  if (texts_.capacity() > texts_.size() + texts_.size() / 8) texts_.shrink_to_fit();
}

void ScrapeCache::Evict() {
  if (!WorthEvicting()) return GiveBack();
  std::vector<Index> moved(series_.size(), kNone);
  Index kept = 0;
  std::string texts;
  for (Index index = 0; index < series_.size(); ++index) {
    Series& series = series_[index];
    if (!SeenNow(series)) continue;
    moved[index] = kept++;
    const std::string_view text = TextOf(series);
    series.text_at = static_cast<uint32_t>(texts.size());
    texts += text;
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
  size_t slots = kFewestSlots;
  while (slots < series_.size() * 2) slots *= 2;
  Rebuild(slots);
}

}  // namespace ingest
