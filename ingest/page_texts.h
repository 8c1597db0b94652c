#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ingest {

// The texts of a page's series, numbered in their order. Lines of a page begin and end much like the ones before them,
// so of each text only what differs is kept; every 16th is kept whole, so that any of them can be found. Not
// thread-safe.
class PageTexts {
 public:
  void Add(std::string_view text);
  std::string At(uint32_t number) const;
  // The same, quick where numbers rise. Valid until the next call of a function that is not const.
  std::string_view Show(uint32_t number);
  size_t bytes() const { return bytes_.size() + whole_.size() * sizeof(uint32_t); }

  void Clear();
  // Gives back memory that growing took too much, and what Add and Show keep at hand.
  void GiveBack();

 private:
  static constexpr uint32_t kGroup = 16;
  // A walk over the texts: the last one read, and where the next begins.
  struct Place {
    uint32_t next = 0;  // number of the next
    size_t at = 0;
    std::string text;
  };
  void Step(Place& place) const;
  void MoveTo(Place& place, uint32_t number) const;

  // For each: how much it has in common with the start and with the end of the text before, how much lies between, and
  // that.
  std::string bytes_;
  std::vector<uint32_t> whole_;
  uint32_t count_ = 0;
  std::string last_;  // or nothing, then the next is kept whole
  Place shown_;
};

}  // namespace ingest
