#include "store/series_table.h"

#include <utility>

namespace store {
namespace {

constexpr uint32_t Number(SeriesId id) { return static_cast<uint32_t>(id); }

}  // namespace

SeriesTable::~SeriesTable() {
  for (auto& entry : root_) {
    const std::unique_ptr<Directory> directory(entry.load());
    if (!directory) continue;
    for (auto& page : directory->pages) delete page.load();
  }
}

SeriesTable::Page* SeriesTable::PageOf(SeriesId id) const {
  const Directory* directory = root_[Number(id) >> (kPageBits + kDirectoryBits)].load(std::memory_order_acquire);
  if (directory == nullptr) return nullptr;
  constexpr uint32_t kMask = (1U << kDirectoryBits) - 1;
  return directory->pages[Number(id) >> kPageBits & kMask].load(std::memory_order_acquire);
}

SeriesTable::Slot* SeriesTable::SlotOf(SeriesId id) const {
  Page* page = PageOf(id);
  return page == nullptr ? nullptr : &page->slots[Number(id) & ((1U << kPageBits) - 1)];
}

SeriesTable::Page& SeriesTable::MakePage(SeriesId id) {
  auto& entry = root_[Number(id) >> (kPageBits + kDirectoryBits)];
  if (entry.load() == nullptr) entry.store(new Directory, std::memory_order_release);
  constexpr uint32_t kMask = (1U << kDirectoryBits) - 1;
  auto& page = entry.load()->pages[Number(id) >> kPageBits & kMask];
  if (page.load() == nullptr) page.store(new Page, std::memory_order_release);
  return *page.load();
}

MemSeries* SeriesTable::Find(SeriesRef ref) const {
  const Slot* slot = SlotOf(IdOf(ref));
  // batches mostly come in the order in which their series were created
  constexpr uint32_t kAhead = 8;
  constexpr uint32_t kLastOfPage = (1U << kPageBits) - 1;
  if (slot != nullptr && (Number(IdOf(ref)) & kLastOfPage) + kAhead <= kLastOfPage) {
    if (const MemSeries* ahead = slot[kAhead].series.load(std::memory_order_relaxed)) ahead->Prefetch();
  }
  MemSeries* series = slot == nullptr ? nullptr : slot->series.load(std::memory_order_acquire);
  return series != nullptr && series->ref() == ref ? series : nullptr;
}

const std::shared_ptr<MemSeries>& SeriesTable::Get(SeriesId id) const { return SlotOf(id)->owner; }

template <class Visit>
void SeriesTable::ForEach(Visit visit) const {
  size_t seen = 0;
  for (uint32_t first = 0; seen < size_; first += 1U << kPageBits) {
    const Page* page = PageOf(SeriesId(first));
    if (page == nullptr) continue;
    seen += page->used;
    for (uint32_t i = 0; i < page->slots.size(); ++i) {
      if (page->slots[i].owner) visit(SeriesId(first + i), page->slots[i].owner);
    }
  }
}

std::vector<SeriesId> SeriesTable::Ids() const {
  std::vector<SeriesId> ids;
  ids.reserve(size_);
  ForEach([&](SeriesId id, const auto&) { ids.push_back(id); });
  return ids;
}

std::vector<MemSeries*> SeriesTable::All() const {
  std::vector<MemSeries*> all;
  all.reserve(size_);
  ForEach([&](SeriesId, const auto& owner) { all.push_back(owner.get()); });
  return all;
}

SeriesId SeriesTable::NextFreeId() {
  if (full()) return SeriesId::none;
  while (true) {
    if (last_id_ == max_id_) {
      last_id_ = 0;
      ++generation_;
    }
    const auto id = static_cast<SeriesId>(++last_id_);
    const Slot* slot = SlotOf(id);
    if (slot == nullptr || !slot->owner) return id;
  }
}

MemSeries* SeriesTable::Insert(SharedLabels labels, uint64_t hash) {
  const SeriesId id = NextFreeId();
  if (id == SeriesId::none) return nullptr;
  Page& page = MakePage(id);
  Slot& slot = page.slots[Number(id) & ((1U << kPageBits) - 1)];
  slot.owner = std::make_shared<MemSeries>(SeriesRef(uint64_t{generation_} << 32 | Number(id)), std::move(labels));
  slot.series.store(slot.owner.get(), std::memory_order_release);
  ++page.used;
  ++size_;
  if (size_ * 5 > hashes_.size() * 4) GrowHash();
  AddHash({static_cast<uint32_t>(hash), id});
  return slot.owner.get();
}

void SeriesTable::Erase(SeriesId id, Epoch& epoch) {
  Page* page = PageOf(id);
  Slot& slot = *SlotOf(id);
  RemoveHash({static_cast<uint32_t>(slot.owner->labels().Hash()), id});
  slot.series.store(nullptr, std::memory_order_release);
  epoch.dropped.push_back(std::exchange(slot.owner, nullptr));
  --size_;
  if (--page->used > 0) return;
  constexpr uint32_t kMask = (1U << kDirectoryBits) - 1;
  root_[Number(id) >> (kPageBits + kDirectoryBits)].load()->pages[Number(id) >> kPageBits & kMask].store(
      nullptr, std::memory_order_release);
  epoch.dropped.push_back(std::shared_ptr<Page>(page));
}

MemSeries* SeriesTable::Find(const base::Labels& labels, uint64_t hash) const {
  if (hashes_.empty()) return nullptr;
  const size_t mask = hashes_.size() - 1;
  const auto wanted = static_cast<uint32_t>(hash);
  for (size_t at = wanted & mask; hashes_[at].id != SeriesId::none; at = (at + 1) & mask) {
    if (hashes_[at].hash != wanted) continue;
    MemSeries* series = SlotOf(hashes_[at].id)->owner.get();
    if (series->shared_labels() == labels) return series;
  }
  return nullptr;
}

void SeriesTable::AddHash(HashEntry entry) {
  const size_t mask = hashes_.size() - 1;
  size_t at = entry.hash & mask;
  while (hashes_[at].id != SeriesId::none) at = (at + 1) & mask;
  hashes_[at] = entry;
}

// Moves later entries of the probe chain back into the hole, so that no tombstones gather.
void SeriesTable::RemoveHash(HashEntry entry) {
  const size_t mask = hashes_.size() - 1;
  size_t hole = entry.hash & mask;
  while (hashes_[hole].id != entry.id) hole = (hole + 1) & mask;
  for (size_t at = (hole + 1) & mask; hashes_[at].id != SeriesId::none; at = (at + 1) & mask) {
    const size_t home = hashes_[at].hash & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    hashes_[hole] = hashes_[at];
    hole = at;
  }
  hashes_[hole] = {};
}

void SeriesTable::GrowHash() {
  std::vector<HashEntry> old(hashes_.empty() ? 64 : hashes_.size() * 2);
  old.swap(hashes_);
  for (const HashEntry& entry : old) {
    if (entry.id != SeriesId::none) AddHash(entry);
  }
}

}  // namespace store
