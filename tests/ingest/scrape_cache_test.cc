#include "ingest/scrape_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ingest {
namespace {

// What a scrape of a page with these series does with the cache. How many of them were the expected ones.
size_t Scrape(ScrapeCache& cache, const std::vector<std::string>& page) {
  cache.Begin();
  size_t expected = 0;
  for (const std::string& text : page) {
    const bool as_expected = cache.Expected() == text;
    expected += as_expected;
    ScrapeCache::Series* series = as_expected ? &cache.TakeExpected() : cache.Find(text);
    if (series == nullptr) series = &cache.Insert(text);
    EXPECT_EQ(cache.TextOf(*series), text);
    series->seen = cache.scrape();
  }
  return expected;
}

TEST(ScrapeCache, ExpectsWhatFollowedTheLastTime) {
  ScrapeCache cache;
  EXPECT_EQ(Scrape(cache, {"a", "b", "c"}), 0);
  EXPECT_EQ(Scrape(cache, {"a", "b", "c"}), 3);
  EXPECT_EQ(Scrape(cache, {"a", "new", "b", "c"}), 3) << "what stood in the place of the new one follows it";
  EXPECT_EQ(Scrape(cache, {"a", "new", "b", "c"}), 4);
  EXPECT_EQ(Scrape(cache, {"c", "b", "a"}), 0);
  EXPECT_EQ(Scrape(cache, {"c", "b", "a"}), 3);
}

TEST(ScrapeCache, EvictionKeepsWhatTheScrapeHad) {
  ScrapeCache cache;
  std::vector<std::string> page;
  std::vector<std::string> half;
  for (int i = 0; i < 300; ++i) {
    page.push_back("series_" + std::to_string(i));
    if (i % 2 == 1) half.push_back(page.back());
  }
  Scrape(cache, page);
  cache.Evict();
  EXPECT_EQ(cache.all().size(), 300);
  Scrape(cache, half);
  cache.Evict();
  EXPECT_EQ(cache.all().size(), 150);
  EXPECT_EQ(Scrape(cache, half), 150) << "and its order";
  Scrape(cache, page);
  EXPECT_EQ(Scrape(cache, page), 300);
}

TEST(ScrapeCache, LongTextsGoEvenIfTheyAreFew) {
  ScrapeCache cache;
  std::vector<std::string> page(10);
  for (size_t i = 0; i < page.size(); ++i) page[i] = std::to_string(i);
  Scrape(cache, page);
  page.push_back(std::string(2 << 20, 'x'));
  Scrape(cache, page);
  cache.Evict();
  EXPECT_GT(cache.bytes(), 2U << 20);
  page.pop_back();
  Scrape(cache, page);
  cache.Evict();
  EXPECT_LT(cache.bytes(), 1000U);
  EXPECT_EQ(Scrape(cache, page), 10);
}

}  // namespace
}  // namespace ingest
