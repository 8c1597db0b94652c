#include "base/text.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "base/log.h"

namespace base {
namespace {

TEST(TextTest, FormatsFloatsTheShortestWay) {
  const struct {
    double value;
    std::string_view go;
    std::string_view api;
  } kCases[] = {
      {0, "0", "0"},
      {-0.0, "-0", "-0"},
      {0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"},
      {1e21, "1e+21", "1e+21"},
      {123456789012345680000.0, "123456789012345680000", "123456789012345680000"},
      {0.00001, "1e-05", "0.00001"},
      {0.0000001, "1e-07", "1e-07"},
      {std::numeric_limits<double>::quiet_NaN(), "NaN", "NaN"},
      {INFINITY, "+Inf", "+Inf"},
      {-INFINITY, "-Inf", "-Inf"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(FormatFloat(test.value), test.go);
    EXPECT_EQ(FormatSampleValue(test.value), test.api);
  }
}

TEST(TextTest, ReadsFloatsAsGoDoes) {
  const struct {
    std::string_view text;
    std::optional<double> want;
  } kCases[] = {{"1", 1},
                {"+1.5", 1.5},
                {"-1e3", -1000},
                {".5", 0.5},
                {"0x1p-2", 0.25},
                {"Inf", INFINITY},
                {"-inf", -INFINITY},
                {"1e999", INFINITY},
                {"1e-999", 0},
                {"", std::nullopt},
                {"1 ", std::nullopt},
                {"1,5", std::nullopt},
                {"--1", std::nullopt},
                {"+-1", std::nullopt},
                {"nan(1)", std::nullopt},
                {"infx", std::nullopt},
                {"0x", std::nullopt}};
  for (const auto& test : kCases) EXPECT_EQ(ParseFloat(test.text), test.want) << test.text;
  EXPECT_TRUE(std::isnan(ParseFloat("NaN").value_or(0)));
}

TEST(TextTest, Utf8) {
  EXPECT_TRUE(IsValidUtf8("añ€😀"));
  for (const std::string_view bad : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    EXPECT_FALSE(IsValidUtf8(bad));
  }
  EXPECT_EQ(Utf8Prefix("añ€😀", 3), "añ€");
  EXPECT_EQ(Utf8Length("añ€😀"), 4U);
}

TEST(TextTest, EscapesAndSplits) {
  EXPECT_EQ(EscapeHtml("<a href=\"x\">&'"), "&lt;a href=&#34;x&#34;&gt;&amp;&#39;");
  EXPECT_EQ(EscapeUrlQuery("a b+c/ü"), "a+b%2Bc%2F%C3%BC");
  EXPECT_EQ(UnescapeUrl("a+b%2Bc", true), "a b+c");
  EXPECT_EQ(UnescapeUrl("%zz", true), std::nullopt);
  EXPECT_EQ(UnescapeUrl("%2", true), std::nullopt);
  EXPECT_EQ(Split("a,,b", ',').size(), 3U);
  EXPECT_EQ(Trim(" \t a b \n"), "a b");
  EXPECT_EQ(ReplaceAll("aXbXX", "X", "yX"), "ayXbyXyX");
}

TEST(TextTest, ProposesTheNearestWord) {
  constexpr std::array<std::string_view, 3> kKnown = {"for", "labels", "annotations"};
  EXPECT_EQ(DidYouMean("fro", kKnown), "for");
  EXPECT_EQ(DidYouMean("label", kKnown), "labels");
  EXPECT_EQ(DidYouMean("anotation", kKnown), "annotations");
  EXPECT_EQ(DidYouMean("expr", kKnown), std::nullopt);
}

TEST(LogTest, WritesOneLinePerMessage) {
  EXPECT_EQ(FormatLogLine(LogFormat::logfmt, "T", LogLevel::warn, "cannot reach it",
                          {{"target", "main"}, {"error", "no \"route\"\nat all"}, {"tries", 3}, {"fatal", false}}),
            R"(time=T level=WARN msg="cannot reach it" target=main error="no \"route\"\nat all" tries=3 fatal=false)");
  EXPECT_EQ(FormatLogLine(LogFormat::json, "T", LogLevel::info, "a\nb", {{"k", "\xff"}}),
            "{\"time\":\"T\",\"level\":\"INFO\",\"msg\":\"a\\nb\",\"k\":\"\xEF\xBF\xBD\"}");
}

}  // namespace
}  // namespace base
