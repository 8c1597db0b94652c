#include "store/shared_labels.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "store/index.h"

namespace store {
namespace {

using base::Labels;

Labels Random(std::mt19937& random) {
  base::LabelsBuilder labels;
  for (const char* name : {"__name__", "code", "job", "le", "zone"}) {
    if (random() % 3 != 0) labels.Set(name, std::string(random() % 300, static_cast<char>('a' + random() % 3)));
  }
  return labels.Build();
}

TEST(SharedLabels, AreWhatTheyWereMadeOf) {
  std::mt19937 random(1);
  Index index;
  std::vector<Labels> plain;
  std::vector<SharedLabels> shared;
  for (int i = 0; i < 60; ++i) {
    plain.push_back(Random(random));
    shared.push_back(i % 2 == 0 ? index.Share(plain.back()) : SharedLabels(plain.back()));
  }
  for (size_t i = 0; i < plain.size(); ++i) {
    SCOPED_TRACE(plain[i].ToString());
    EXPECT_EQ(shared[i].ToLabels(), plain[i]);
    EXPECT_EQ(shared[i].ToLabels().Hash(), plain[i].Hash());
    for (const char* name : {"__name__", "a", "code", "le", "zone", "zz"}) {
      EXPECT_EQ(shared[i].Get(name), plain[i].Get(name)) << name;
    }
    for (size_t j = 0; j < plain.size(); ++j) {
      EXPECT_EQ(shared[i] == plain[j], plain[i] == plain[j]);
      EXPECT_EQ(shared[i] <=> shared[j], plain[i] <=> plain[j]);
    }
  }
}

TEST(SharedLabels, ShareEachPair) {
  Index index;
  const SharedLabels a = index.Share({{"job", "x"}, {"n", "1"}});
  const SharedLabels b = index.Share({{"job", "x"}, {"n", "2"}});
  EXPECT_EQ(a.values()[0], b.values()[0]);
  EXPECT_NE(a.values()[1], b.values()[1]);
}

TEST(SharedLabels, OutliveTheIndex) {
  auto index = std::make_unique<Index>();
  const SharedLabels labels = index->Share({{"job", "x"}, {"n", "1"}});
  index->Add(SeriesId{1}, labels);
  const Index::Gone gone{SeriesId{1}, &labels};
  index->Remove({&gone, 1});
  EXPECT_TRUE(index->names().empty());
  EXPECT_EQ(labels.ToLabels().ToString(), R"({job="x", n="1"})");
  const SharedLabels again = index->Share({{"job", "x"}});
  EXPECT_NE(again.values()[0], labels.values()[0]);
  index.reset();
  EXPECT_EQ(again.Get("job"), "x");
}

}  // namespace
}  // namespace store
