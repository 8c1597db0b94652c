#include "store/series_table.h"

#include <gtest/gtest.h>

namespace store {
namespace {

base::Labels Named(int number) { return {{"n", std::to_string(number)}}; }

TEST(SeriesTable, FindsByLabelsAndReference) {
  SeriesTable table;
  std::vector<MemSeries*> series;
  for (int i = 0; i < 5000; ++i) series.push_back(table.Insert(Named(i), Named(i).Hash()));
  Epoch epoch;
  for (int i = 0; i < 5000; i += 3) table.Erase(SeriesTable::IdOf(series[static_cast<size_t>(i)]->ref()), epoch);
  for (int i = 0; i < 5000; ++i) {
    SCOPED_TRACE(i);
    MemSeries* const each = series[static_cast<size_t>(i)];
    MemSeries* const want = i % 3 == 0 ? nullptr : each;
    ASSERT_EQ(table.Find(Named(i), Named(i).Hash()), want);
    ASSERT_EQ(table.Find(each->ref()), want);
  }
  EXPECT_EQ(table.size(), 3333U);
  EXPECT_EQ(table.Ids().size(), 3333U);
  EXPECT_EQ(table.Find(SeriesRef::none), nullptr);
  EXPECT_EQ(table.Find(SeriesRef{0xffff'ffff'ffff'ffff}), nullptr);
}

TEST(SeriesTable, KeepsWhatAnEpochMayStillSee) {
  SeriesTable table;
  MemSeries* const series = table.Insert(Named(1), Named(1).Hash());
  auto epoch = std::make_shared<Epoch>();
  table.Erase(SeriesTable::IdOf(series->ref()), *epoch);
  EXPECT_EQ(series->labels(), Named(1));
  EXPECT_EQ(epoch->dropped.size(), 2U) << "the series, and its page, which was empty then";
}

TEST(SeriesTable, ReusesIdsUnderNewReferencesOnceAllWereUsed) {
  SeriesTable table(5);
  Epoch epoch;
  std::vector<SeriesRef> refs;
  for (int i = 0; i < 5; ++i) refs.push_back(table.Insert(Named(i), Named(i).Hash())->ref());
  EXPECT_EQ(table.Insert(Named(5), Named(5).Hash()), nullptr);
  table.Erase(SeriesTable::IdOf(refs[1]), epoch);
  table.Erase(SeriesTable::IdOf(refs[3]), epoch);
  const SeriesRef a = table.Insert(Named(5), Named(5).Hash())->ref();
  const SeriesRef b = table.Insert(Named(6), Named(6).Hash())->ref();
  EXPECT_EQ(SeriesTable::IdOf(a), SeriesTable::IdOf(refs[1]));
  EXPECT_EQ(SeriesTable::IdOf(b), SeriesTable::IdOf(refs[3]));
  EXPECT_EQ(table.Find(refs[1]), nullptr);
  EXPECT_EQ(table.Find(refs[3]), nullptr);
  EXPECT_EQ(table.Find(a)->labels(), Named(5));
  EXPECT_EQ(table.Insert(Named(7), Named(7).Hash()), nullptr);
}

}  // namespace
}  // namespace store
