#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/exposition_parser.h"
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
    uint32_t text_at = 0;  // see TextOf
    uint32_t text_size = 0;
    uint32_t hash = 0;
    uint32_t seen = 0;                      // the scrape it was last part of
    Index next = kNone;                     // what followed it then
    MetricType type = MetricType::unknown;  // what the page said above it when it was new
    bool dropped = false;                   // relabelling drops it
    bool tracked = false;                   // ends with a staleness marker when it goes
    bool live = false;                      // tracked, and its last committed sample is not a staleness marker
  };

  ScrapeCache();

  // Starts the next scrape at the head of the page.
  void Begin();
  // The text that the page's next series had the last time; "" if unknown.
  std::string_view Expected() const;
  // The page went on with the expected series.
  Series& TakeExpected() { return Advance(Follower()); }
  // The page went on with this one, known or not. The reference holds until the next Insert. All texts together stay
  // below 4 GiB: what one page can hold is bounded, and Evict forgets what no page holds.
  Series* Find(std::string_view text);
  Series& Insert(std::string_view text);
  // As it stands in the page. Valid until the next Insert.
  std::string_view TextOf(const Series& series) const { return {texts_.data() + series.text_at, series.text_size}; }

  uint32_t scrape() const { return scrape_; }
  bool SeenNow(const Series& series) const { return series.seen == scrape_; }
  std::vector<Series>& all() { return series_; }
  const std::vector<Series>& all() const { return series_; }
  size_t bytes() const { return texts_.size() + series_.size() * sizeof(Series); }

  void Clear();  // forgets everything, and goes on counting scrapes
  // Forgets what was not part of this scrape, when there is enough of it to be worth the walk, and gives back memory
  // that growing took too much.
  void Evict();

 private:
  Index Follower() const { return last_ == kNone ? first_ : series_[last_].next; }
  Series& Advance(Index index);
  void Link(Index index);
  void Rebuild(size_t slots);
  bool WorthEvicting() const;
  void GiveBack();

  std::vector<Series> series_;
  std::string texts_;         // of all of them; in the page's order as long as that holds, and read in it
  std::vector<Index> slots_;  // open addressing by hash; a power of two, at most half full
  Index first_ = kNone;
  Index last_ = kNone;
  uint32_t scrape_ = 0;
};

}  // namespace ingest
