#include "store/label_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace store {
namespace {

using List = std::vector<std::shared_ptr<MemSeries>>;

void Update(LabelOrder& order, const List& all) {
  std::vector<MemSeries*> series;
  for (const auto& each : all) series.push_back(each.get());
  order.Update(series);
}

List Make(uint32_t first, uint32_t count, uint32_t generation, std::mt19937& random) {
  List all;
  for (uint32_t i = 0; i < count; ++i) {
    const base::Labels labels = {{"a", std::to_string(random() % 10)}, {"b", std::to_string(random())}};
    all.push_back(std::make_shared<MemSeries>(SeriesRef{uint64_t{generation} << 32 | (first + i)}, labels));
  }
  return all;
}

void ExpectSorts(const LabelOrder& order, const List& some) {
  std::vector<std::shared_ptr<const Series>> found(some.begin(), some.end());
  order.Sort(found);
  ASSERT_EQ(found.size(), some.size());
  EXPECT_TRUE(std::ranges::is_sorted(found, {}, [](const auto& each) { return each->labels(); }));
  std::vector<const Series*> want;
  std::vector<const Series*> got;
  for (const auto& each : some) want.push_back(each.get());
  for (const auto& each : found) got.push_back(each.get());
  std::ranges::sort(want);
  std::ranges::sort(got);
  EXPECT_EQ(got, want);
}

List Every(const List& all, size_t step) {
  List some;
  for (size_t i = 0; i < all.size(); i += step) some.push_back(all[i]);
  return some;
}

TEST(LabelOrder, SortsKnownAndUnknownAlike) {
  std::mt19937 random(1);
  LabelOrder order;
  List all = Make(1, 2000, 0, random);
  ExpectSorts(order, all);
  for (int round = 0; round < 3; ++round) {
    Update(order, all);
    for (const size_t step : {1, 3, 50, 1999}) ExpectSorts(order, Every(all, step));
    const List more = Make(static_cast<uint32_t>(3000 + round * 500), 400, 0, random);
    all.insert(all.end(), more.begin(), more.end());
    for (const size_t step : {1, 3, 50}) ExpectSorts(order, Every(all, step));
    std::erase_if(all, [&](const auto&) { return random() % 4 == 0; });
    ExpectSorts(order, all);
  }
  ExpectSorts(order, {});
}

TEST(LabelOrder, IsWantedOnceManyUnknownSeriesWereSorted) {
  std::mt19937 random(4);
  LabelOrder order;
  const List all = Make(1, 2000, 0, random);
  ExpectSorts(order, Every(all, 20));
  EXPECT_FALSE(order.Wanted());
  ExpectSorts(order, all);
  EXPECT_TRUE(order.Wanted());
  Update(order, all);
  EXPECT_FALSE(order.Wanted());
  ExpectSorts(order, all);
  EXPECT_FALSE(order.Wanted());
}

TEST(LabelOrder, AReusedIdIsAnotherSeries) {
  std::mt19937 random(2);
  LabelOrder order;
  Update(order, Make(1, 500, 0, random));
  const List again = Make(1, 500, 1, random);
  ExpectSorts(order, again);
  Update(order, again);
  ExpectSorts(order, again);
}

TEST(LabelOrder, SparseIdsAreSortedToo) {
  std::mt19937 random(3);
  LabelOrder order;
  List all = Make(1, 50, 0, random);
  const List far = Make(4'000'000'000, 50, 0, random);
  all.insert(all.end(), far.begin(), far.end());
  Update(order, all);
  ExpectSorts(order, all);
}

}  // namespace
}  // namespace store
