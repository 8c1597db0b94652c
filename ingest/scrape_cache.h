#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/exposition_parser.h"
#include "ingest/page_texts.h"
#include "store/appender.h"

namespace ingest {

// What a target's pages looked like so far: from the text of a series, as it stands in the page, to its place in the
// store. Pages keep their order from scrape to scrape, so each series remembers which one followed it: the parser then
// compares one text where it would have to read labels, and nothing is hashed. Not thread-safe.
class ScrapeCache {
 public:
  using Index = uint32_t;
  static constexpr Index kNone = UINT32_MAX;

  struct Series {
    store::SeriesRef ref = store::SeriesRef::none;
    uint32_t hash = 0;                      // of its text
    uint32_t seen = 0;                      // the scrape it was last part of
    Index next = kNone;                     // what followed it then
    MetricType type = MetricType::unknown;  // what the page said above it when it was new
    bool dropped = false;                   // relabelling drops it
    bool tracked = false;                   // ends with a staleness marker when it goes
    bool live = false;                      // tracked, and its last committed sample is not a staleness marker
  };

  // Starts the next scrape at the head of the page.
  void Begin();
  // The text that the page's next series had the last time; "" if unknown. Valid until the next call of a function that
  // is not const.
  std::string_view Expected();
  // The page went on with the expected series.
  Series& TakeExpected() { return Advance(Follower()); }
  // The page went on with this one, known or not. The reference holds until the next Insert. All texts together stay
  // below 4 GiB: what one page can hold is bounded, and Evict forgets what no page holds.
  Series* Find(std::string_view text);
  Series& Insert(std::string_view text);
  // As it stands in the page.
  std::string TextOf(const Series& series) const { return texts_.At(NumberOf(series)); }

  uint32_t scrape() const { return scrape_; }
  bool SeenNow(const Series& series) const { return series.seen == scrape_; }
  std::vector<Series>& all() { return series_; }
  const std::vector<Series>& all() const { return series_; }
  size_t bytes() const { return texts_.bytes() + series_.size() * sizeof(Series); }

  void Clear();  // forgets everything, and goes on counting scrapes
  // Forgets what was not part of this scrape, when there is enough of it to be worth the walk, and gives back memory
  // that growing took too much.
  void Evict();

 private:
  Index NumberOf(const Series& series) const { return static_cast<Index>(&series - series_.data()); }
  Index Follower() const { return last_ == kNone ? first_ : series_[last_].next; }
  Series& Advance(Index index);
  void Link(Index index);
  void BuildSlots(size_t series);
  bool WorthEvicting();
  void GiveBack();

  std::vector<Series> series_;
  PageTexts texts_;  // of all of them; in the page's order as long as that holds, and read in it
  // Open addressing by hash; a power of two, at most three quarters full. Empty while pages keep their order.
  std::vector<Index> slots_;
  Index first_ = kNone;
  Index last_ = kNone;
  uint32_t scrape_ = 0;
  bool searched_ = false;  // in this scrape
};

}  // namespace ingest
