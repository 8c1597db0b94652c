#include "ingest/page_texts.h"

#include <gtest/gtest.h>

#include <random>

namespace ingest {
namespace {

void ExpectTexts(PageTexts& texts, const std::vector<std::string>& want) {
  for (uint32_t i = 0; i < want.size(); ++i) ASSERT_EQ(texts.Show(i), want[i]) << i;
  for (uint32_t i = 0; i < want.size(); ++i) ASSERT_EQ(texts.At(i), want[i]) << i;
}

TEST(PageTexts, ShowsWhatWasAddedInAnyOrder) {
  std::mt19937 random(1);
  PageTexts texts;
  std::vector<std::string> want;
  for (int i = 0; i < 500; ++i) {
    std::string text = want.empty() ? "" : want.back().substr(0, random() % (want.back().size() + 1));
    text.append(random() % 5 == 0 ? 0 : random() % 300, static_cast<char>('a' + random() % 26));
    texts.Add(text);
    want.push_back(text);
    const auto any = static_cast<uint32_t>(random() % want.size());
    ASSERT_EQ(texts.Show(any), want[any]);
  }
  ExpectTexts(texts, want);
  for (int i = 0; i < 2000; ++i) {
    const auto any = static_cast<uint32_t>(random() % want.size());
    ASSERT_EQ(texts.Show(any), want[any]);
  }
}

TEST(PageTexts, GoesOnAfterGivingBack) {
  PageTexts texts;
  std::vector<std::string> want;
  for (int i = 0; i < 100; ++i) {
    want.push_back("metric{service=\"a\",code=\"" + std::to_string(i) + "\"}");
    texts.Add(want.back());
    if (i % 7 == 3) texts.GiveBack();
  }
  ExpectTexts(texts, want);
  texts.Clear();
  EXPECT_EQ(texts.bytes(), 0U);
  texts.Add("again");
  EXPECT_EQ(texts.Show(0), "again");
}

TEST(PageTexts, KeepsLittleOfTextsThatAreAlike) {
  PageTexts texts;
  size_t all = 0;
  for (int i = 0; i < 1600; ++i) {
    const std::string text = "http_requests_total{service=\"checkout\",replica=\"" + std::to_string(i) + "\"}";
    texts.Add(text);
    all += text.size();
  }
  EXPECT_LT(texts.bytes(), all / 4);
}

}  // namespace
}  // namespace ingest
