#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "base/labels.h"
#include "store/appender.h"
#include "store/series.h"

namespace store {

// A series' number within the table and the index; numbers rise with creation, 0 is none.
enum class SeriesId : uint32_t { none = 0 };

// What the table no longer holds but a batch under way may still look at. Each batch holds the link that was newest
// when it began; a link holds what was dropped since, and the next link. So things live until no older batch is left.
struct Epoch {
  std::vector<std::shared_ptr<void>> dropped;
  std::shared_ptr<Epoch> next;
};

// All series, found by reference without a lock and by labels with one. Unless said otherwise the caller holds the
// head's lock: shared for const methods, else alone.
class SeriesTable {
 public:
  static constexpr uint32_t kMaxId = 0xffff'ffff;
  explicit SeriesTable(uint32_t max_id = kMaxId) : max_id_(max_id) {}
  ~SeriesTable();
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;

  static SeriesId IdOf(SeriesRef ref) { return static_cast<SeriesId>(static_cast<uint64_t>(ref)); }
  // Ids are used again only after all of them were: until then one names a series for good.
  static bool IsFirstUse(SeriesRef ref) { return static_cast<uint64_t>(ref) >> 32 == 0; }

  // Without a lock. Null if dropped. The pointer lives as long as an Epoch taken before.
  MemSeries* Find(SeriesRef ref) const;
  MemSeries* Find(const base::Labels& labels, uint64_t hash) const;  // null if there is none
  const std::shared_ptr<MemSeries>& Get(SeriesId id) const;          // must be there
  std::vector<SeriesId> Ids() const;                                 // rising
  std::vector<MemSeries*> All() const;                               // rising ids; they live as the one Find gives
  size_t size() const { return size_; }

  bool full() const { return size_ >= max_id_; }
  // The labels must be new, the hash that of base::Labels. Null only when every id is taken.
  MemSeries* Insert(SharedLabels labels, uint64_t hash);
  // Moves the series into `epoch`; and its page, when it was the last of it.
  void Erase(SeriesId id, Epoch& epoch);

 private:
  static constexpr uint32_t kPageBits = 10;
  static constexpr uint32_t kDirectoryBits = 11;
  static constexpr uint32_t kRootBits = 32 - kPageBits - kDirectoryBits;
  struct Slot {
    std::atomic<MemSeries*> series = nullptr;
    std::shared_ptr<MemSeries> owner;
  };
  struct Page {
    std::array<Slot, 1U << kPageBits> slots;
    uint32_t used = 0;
  };
  struct Directory {
    std::array<std::atomic<Page*>, 1U << kDirectoryBits> pages{};
  };
  struct HashEntry {
    uint32_t hash = 0;
    SeriesId id = SeriesId::none;
  };

  template <class Visit>
  void ForEach(Visit visit) const;  // visit(id, owner), rising ids
  Page* PageOf(SeriesId id) const;
  Slot* SlotOf(SeriesId id) const;
  Page& MakePage(SeriesId id);
  SeriesId NextFreeId();
  void AddHash(HashEntry entry);
  void RemoveHash(HashEntry entry);
  void GrowHash();

  const uint32_t max_id_;
  uint32_t last_id_ = 0;
  uint32_t generation_ = 0;  // how often the ids were used up; the upper half of a SeriesRef
  size_t size_ = 0;
  std::array<std::atomic<Directory*>, 1U << kRootBits> root_{};
  std::vector<HashEntry> hashes_;  // open addressing, linear, a power of two
};

}  // namespace store
