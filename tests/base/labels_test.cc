#include "base/labels.h"

#include <gtest/gtest.h>

#include "base/matcher.h"

namespace base {
namespace {

TEST(LabelsTest, SortsKeepsTheLastOfARepeatedNameAndDropsEmptyValues) {
  const Labels labels{{"b", "2"}, {"a", "x"}, {"c", ""}, {"a", "1"}, {"__name__", "up"}};
  EXPECT_EQ(labels.ToString(), R"(up{a="1", b="2"})");
  EXPECT_EQ(labels.size(), 3U);
  EXPECT_EQ(labels.Get("b"), "2");
  EXPECT_EQ(labels.Get("c"), "");
  EXPECT_EQ(labels.Get("zz"), "");
}

TEST(LabelsTest, HoldsValuesLongerThanTheShortLength) {
  for (const size_t size : {253U, 254U, 255U, 256U, 70'000U}) {
    const std::string value(size, 'v');
    const Labels labels{{"long", value}, {"next", "n"}};
    EXPECT_EQ(labels.Get("long"), value);
    EXPECT_EQ(labels.Get("next"), "n");
  }
}

TEST(LabelsTest, PrintsAsPrometheusDoes) {
  const struct {
    Labels labels;
    std::string_view want;
  } kCases[] = {
      {{}, "{}"},
      {{{"__name__", "up"}}, "up"},
      {{{"a", "line\n\"q\" \\ tab\t"}}, R"({a="line\n\"q\" \\ tab\t"})"},
      {{{"__name__", "with.dot"}, {"a", "1"}}, R"({"with.dot", a="1"})"},
      {{{"__name__", "up"}, {"l.x", "ü"}}, R"(up{"l.x"="ü"})"},
      {{{"a", "\xff\x01"}}, R"({a="\xff\x01"})"},
  };
  for (const auto& test : kCases) EXPECT_EQ(test.labels.ToString(), test.want);
}

TEST(LabelsTest, OrdersByFirstDifferenceAndPrefixFirst) {
  const std::vector<Labels> sorted = {
      {}, {{"a", "1"}}, {{"a", "1"}, {"b", "1"}}, {{"a", "2"}}, {{"b", "0"}},
  };
  for (size_t i = 0; i < sorted.size(); ++i) {
    for (size_t j = 0; j < sorted.size(); ++j) {
      EXPECT_EQ(sorted[i] <=> sorted[j], i <=> j) << sorted[i].ToString() << " " << sorted[j].ToString();
      EXPECT_EQ(sorted[i].Hash() == sorted[j].Hash(), i == j);
    }
  }
}

TEST(LabelsTest, KeepDropAndBuild) {
  const Labels labels{{"a", "1"}, {"b", "2"}, {"c", "3"}};
  EXPECT_EQ(labels.Keep({"c", "a", "zz"}).ToString(), R"({a="1", c="3"})");
  EXPECT_EQ(labels.Drop({"c", "a"}).ToString(), R"({b="2"})");
  EXPECT_EQ(LabelsBuilder(labels).Set("b", "").Set("0", "z").Set("c", "4").Build(),
            (Labels{{"0", "z"}, {"a", "1"}, {"c", "4"}}));
}

TEST(MatcherTest, MatchesAnchoredAndCountsAMissingLabelAsEmpty) {
  const struct {
    MatchType type;
    std::string_view pattern;
    std::string_view value;
    bool want;
  } kCases[] = {
      {MatchType::equal, "a", "a", true},         {MatchType::equal, "", "", true},
      {MatchType::not_equal, "a", "", true},      {MatchType::regex, "a|b", "b", true},
      {MatchType::regex, "a", "ab", false},       {MatchType::regex, ".*", "x\ny", true},
      {MatchType::regex, ".+", "", false},        {MatchType::not_regex, "a.*", "b", true},
      {MatchType::not_regex, "a.*", "ab", false},
  };
  for (const auto& test : kCases) {
    const auto matcher = Matcher::Make(test.type, "l", std::string(test.pattern));
    ASSERT_TRUE(matcher);
    EXPECT_EQ(matcher->Matches(test.value), test.want) << matcher->ToString() << " on " << test.value;
  }
}

TEST(MatcherTest, RefusesBadAndOversizedExpressions) {
  const auto bad = Matcher::Make(MatchType::regex, "l", "a(");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "error parsing regexp: missing closing ): `a(`");
  EXPECT_FALSE(Matcher::Make(MatchType::regex, "l", std::string(Matcher::kMaxRegexBytes + 1, 'a')));
}

}  // namespace
}  // namespace base
