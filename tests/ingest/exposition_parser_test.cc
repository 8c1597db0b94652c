#include "ingest/exposition_parser.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>

#include "base/text.h"

namespace ingest {
namespace {

// Everything a parser says about a page, a line each, errors last.
std::string Describe(std::string_view page, ParserOptions options, bool remember = false) {
  const auto parser = NewParser(page, options);
  std::string said;
  std::string last;
  Entry entry;
  for (;;) {
    const auto more = parser->Next(entry, remember ? std::string_view(last) : std::string_view());
    if (!more)
      return said + "error " + std::to_string(more.error().where->line) + ":" +
             std::to_string(more.error().where->column) + " " + more.error().message;
    if (!*more) return said;
    switch (entry.kind) {
      case EntryKind::help:
        said += "help " + std::string(entry.metric) + " [" + std::string(entry.text) + "]\n";
        continue;
      case EntryKind::unit:
        said += "unit " + std::string(entry.metric) + " [" + std::string(entry.text) + "]\n";
        continue;
      case EntryKind::type:
        said += "type " + std::string(entry.metric) + " " + std::string(ToString(entry.type)) + "\n";
        continue;
      case EntryKind::sample:
        break;
    }
    said += entry.expected ? "again" : "";
    if (!entry.expected) {
      for (const base::Label& label : parser->labels()) {
        said += (label.name == base::kMetricName ? std::string() : " " + std::string(label.name) + "=") +
                base::Quote(label.value);
      }
    }
    said += " " + base::FormatFloat(entry.value);
    if (entry.time) said += " @" + std::to_string(entry.time->time_since_epoch().count());
    if (entry.has_exemplar) {
      const Exemplar& exemplar = parser->exemplar();
      said += " # " + exemplar.labels.ToString() + " " + base::FormatFloat(exemplar.value);
      if (exemplar.time) said += " @" + std::to_string(exemplar.time->time_since_epoch().count());
    }
    said += "\n";
    last = entry.series;
  }
}

struct Case {
  std::string_view name;
  std::string_view page;
  std::string_view want;
};

void RunAll(std::span<const Case> cases, ParserOptions options) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Describe(c.page, options), c.want);
  }
}

TEST(TextParser, Reads) {
  static constexpr Case kCases[] = {
      {"empty", "", ""},
      {"plain", "a 1\n", "\"a\" 1\n"},
      {"no line end", "a 1", "\"a\" 1\n"},
      {"blanks", " \t a \t 1 \t\n\n\t\nb 2\n", "\"a\" 1\n\"b\" 2\n"},
      {"labels", "a{x=\"1\",y=\"two\"} 3\n", "\"a\" x=\"1\" y=\"two\" 3\n"},
      {"blanks between", "a { x = \"1\" , y = \"2\" , } 3\n", "\"a\" x=\"1\" y=\"2\" 3\n"},
      {"empty braces", "a{} 3\n", "\"a\" 3\n"},
      {"value touches brace", "a{x=\"1\"}3\n", "\"a\" x=\"1\" 3\n"},
      {"empty value", "a{x=\"\"} 3\n", "\"a\" x=\"\" 3\n"},
      {"escapes", "a{x=\"q\\\"b\\\\n\\nu\\z\",y=\"\\\\\"} 1\n", "\"a\" x=\"q\\\"b\\\\n\\nu\\\\z\" y=\"\\\\\" 1\n"},
      {"braces and hashes in values", "a{x=\"}{#,= \"} 1\n", "\"a\" x=\"}{#,= \" 1\n"},
      {"quoted names", "{\"my.metric\",\"a b\"=\"1\"} 2\n", "\"my.metric\" a b=\"1\" 2\n"},
      {"quoted name later", "{a=\"1\",\"my.metric\"} 2\n", "\"my.metric\" a=\"1\" 2\n"},
      {"colon", "a:b:c 1\n", "\"a:b:c\" 1\n"},
      {"timestamp", "a 1 1700000000123\nb 2 -5 \n", "\"a\" 1 @1700000000123\n\"b\" 2 @-5\n"},
      {"numbers", "a 1.5\na -2e3\na +4\na NaN\na Inf\na -inf\na .5\na 5.\na 1e-400\na 123456789012345678\n",
       "\"a\" 1.5\n\"a\" -2000\n\"a\" 4\n\"a\" NaN\n\"a\" +Inf\n\"a\" -Inf\n\"a\" 0.5\n\"a\" 5\n\"a\" 0\n"
       "\"a\" 123456789012345680\n"},
      {"help and type", "# HELP a  Two\\nlines \\\\ \\x\n# TYPE a counter\n",
       "help a [ Two\nlines \\ \\x]\ntype a counter\n"},
      {"empty help", "# HELP a\n# HELP b \n", "help a []\nhelp b []\n"},
      {"untyped", "# TYPE a untyped\n#TYPE b\tgauge \n", "type a unknown\ntype b gauge\n"},
      {"quoted metadata", "# TYPE \"a.b\" gauge\n# HELP \"a.b\" x\n", "type a.b gauge\nhelp a.b [x]\n"},
      {"comments", "# hello\n#\n# HELPLESS\n#TYPE\n# EOF\na 1\n", "\"a\" 1\n"},
      {"null byte", std::string_view("a{x=\"1\0\"} 1\n", 12), "\"a\" x=\"1\\x00\" 1\n"},
      {"nine labels", "a{a=\"\",b=\"\",c=\"\",d=\"\",e=\"\",f=\"\",g=\"\",h=\"\",i=\"\"} 1\n",
       "\"a\" a=\"\" b=\"\" c=\"\" d=\"\" e=\"\" f=\"\" g=\"\" h=\"\" i=\"\" 1\n"},
  };
  RunAll(kCases, {.format = ExpositionFormat::text});
}

TEST(TextParser, Refuses) {
  static constexpr Case kCases[] = {
      {"no value", "a 1\na\n", "\"a\" 1\nerror 2:2 expected a value after the series"},
      {"no value after blanks", "a \n", "error 1:3 expected a value after the series"},
      {"name", "0a 1\n", "error 1:1 expected a metric name"},
      {"name with a dash", "a-b 1\n", "error 1:2 unexpected character in the metric name"},
      {"not a number", "a 1x\n", "error 1:3 not a number: \"1x\""},
      {"hexadecimal", "a 0x1p3\n", "error 1:3 not a number: \"0x1p3\""},
      {"underscore", "a 1_0\n", "error 1:3 not a number: \"1_0\""},
      {"too large", "a 1e999\n", "error 1:3 not a number: \"1e999\""},
      {"signed nan", "a +NaN\n", "error 1:3 not a number: \"+NaN\""},
      {"carriage return", "a 1\r\n", "error 1:3 not a number: \"1\\r\""},
      {"timestamp", "a 1 1.5\n", "error 1:5 not a timestamp in whole milliseconds: \"1.5\""},
      {"more", "a 1 2 3\n", "error 1:7 unexpected text after the timestamp"},
      {"label name", "a{1=\"1\"} 1\n", "error 1:3 expected a label name"},
      {"no equals", "a{b} 1\n", "error 1:4 expected '=' after the label name"},
      {"no quotes", "a{b=1} 1\n", "error 1:5 expected a label value in double quotes"},
      {"open quote", "a{b=\"1} 1\n", "error 1:5 the closing quote is missing"},
      {"open quote after an escape", "a{b=\"\\", "error 1:5 the closing quote is missing"},
      {"open brace", "a{b=\"1\"\n", "error 1:8 expected ',' or '}' after a label"},
      {"no comma", "a{b=\"1\"c=\"2\"} 1\n", "error 1:8 expected ',' or '}' after a label"},
      {"two commas", "a{b=\"1\",,c=\"2\"} 1\n", "error 1:9 expected a label name"},
      {"label twice", "a{b=\"1\",b=\"2\"} 1\n", "error 1:1 the label name \"b\" is not unique"},
      {"label twice of many", "a{a=\"\",b=\"\",c=\"\",d=\"\",e=\"\",f=\"\",g=\"\",h=\"\",a=\"\"} 1\n",
       "error 1:1 the label name \"a\" is not unique"},
      {"reserved", "a{__name__=\"b\"} 1\n", "error 1:3 the label name __name__ is reserved for the metric name"},
      {"nameless", "{a=\"b\"} 1\n", "error 1:1 the series has no metric name"},
      {"two names", "a{\"b\"} 1\n", "error 1:3 the series has two metric names"},
      {"empty name", "{\"\"} 1\n", "error 1:2 the metric name is empty"},
      {"empty label name", "a{\"\"=\"1\"} 1\n", "error 1:3 the label name is empty"},
      {"bad utf-8", "a{b=\"\xff\"} 1\n", "error 1:6 the text in quotes is not valid UTF-8"},
      {"bad utf-8 in help", "# HELP a \xc3\x28\n", "error 1:10 the help text is not valid UTF-8"},
      {"type", "# TYPE a meh\n", "error 1:10 invalid metric type \"meh\""},
      {"type missing", "# TYPE a\n", "error 1:9 invalid metric type \"\""},
      {"metadata name", "# TYPE 1a gauge\n", "error 1:8 expected a metric name"},
      {"open quoted name", "# TYPE \"a gauge\n", "error 1:8 the closing quote is missing"},
  };
  RunAll(kCases, {.format = ExpositionFormat::text});
}

TEST(OpenMetricsParser, Reads) {
  static constexpr Case kCases[] = {
      {"empty", "# EOF\n", ""},
      {"no line end after EOF", "a 1\n# EOF", "\"a\" 1\n"},
      {"metadata", "# TYPE a_s counter\n# HELP a_s x\\n\\\"y\n# UNIT a_s s\n# EOF\n",
       "type a_s counter\nhelp a_s [x\n\"y]\nunit a_s [s]\n"},
      {"all types",
       "# TYPE a unknown\n# TYPE a gaugehistogram\n# TYPE a stateset\n# TYPE a info\n# TYPE a summary\n"
       "# TYPE a histogram\n# TYPE a gauge\n# EOF\n",
       "type a unknown\ntype a gaugehistogram\ntype a stateset\ntype a info\ntype a summary\ntype a histogram\n"
       "type a gauge\n"},
      {"seconds", "a 1 1.5\nb 1 -2\nc 1 1e18\n# EOF\n",
       "\"a\" 1 @1500\n\"b\" 1 @-2000\n\"c\" 1 @9200000000000000000\n"},
      {"exemplar", "a_total 1 # {id=\"x # y\"} 0.5\nb_total{c=\"d\"} 1 2 # {} 3 4.5\n# EOF\n",
       "\"a_total\" 1 # {id=\"x # y\"} 0.5\n\"b_total\" c=\"d\" 1 @2000 # {} 3 @4500\n"},
      {"trailing comma", "a{b=\"c\",} 1\n# EOF\n", "\"a\" b=\"c\" 1\n"},
      {"quoted names", "# TYPE \"a.b\" gauge\n{\"a.b\",\"c d\"=\"e\"} 1\n# EOF\n",
       "type a.b gauge\n\"a.b\" c d=\"e\" 1\n"},
  };
  RunAll(kCases, {.format = ExpositionFormat::openmetrics});
}

TEST(OpenMetricsParser, Refuses) {
  static constexpr Case kCases[] = {
      {"no EOF", "a 1\n", "\"a\" 1\nerror 2:1 the page does not end with # EOF"},
      {"cut off", "a 1", "error 1:4 expected one space before a timestamp or an exemplar"},
      {"after EOF", "# EOF\nx", "error 2:1 unexpected text after # EOF"},
      {"blank line", "a 1\n\n# EOF\n", "\"a\" 1\nerror 2:1 expected a metric name"},
      {"comment", "# hello\n# EOF\n", "error 1:1 expected # HELP, # TYPE, # UNIT or # EOF"},
      {"no space after hash", "#TYPE a gauge\n# EOF\n", "error 1:1 expected # HELP, # TYPE, # UNIT or # EOF"},
      {"two spaces", "a  1\n# EOF\n", "error 1:3 not a number: \"\""},
      {"space at the end", "a 1 \n# EOF\n", "error 1:5 not a timestamp in seconds: \"\""},
      {"untyped", "# TYPE a untyped\n# EOF\n", "error 1:10 invalid metric type \"untyped\""},
      {"unit", "# UNIT a seconds\n# EOF\n", "error 1:10 the unit \"seconds\" is not a suffix of the metric name \"a\""},
      {"timestamp", "a 1 NaN\n# EOF\n", "error 1:5 the timestamp is not finite"},
      {"exemplar without labels", "a_total 1 # 1\n# EOF\n", "error 1:13 expected '{'"},
      {"exemplar without value", "a_total 1 # {}\n# EOF\n",
       "error 1:15 expected one space before the exemplar's value"},
  };
  RunAll(kCases, {.format = ExpositionFormat::openmetrics});
}

TEST(OpenMetricsParser, StrictRefusesMore) {
  const std::string long_exemplar = "a_total 1 # {id=\"" + std::string(127, 'x') + "\"} 1\n# EOF\n";
  const ParserOptions strict{.format = ExpositionFormat::openmetrics, .strict = true};
  EXPECT_EQ(Describe("a{b=\"c\",} 1\n# EOF\n", strict), "error 1:9 expected a label after ','");
  EXPECT_EQ(Describe(long_exemplar, strict), "error 1:13 the exemplar's labels are longer than 128 characters");
}

TEST(ExpositionParser, TakesTheExpectedSeriesUnread) {
  const ParserOptions text{.format = ExpositionFormat::text};
  EXPECT_EQ(Describe("a{b=\"1\"} 1\na{b=\"1\"} 2\na{b=\"12\"} 3\n", text, true),
            "\"a\" b=\"1\" 1\nagain 2\n\"a\" b=\"12\" 3\n");
  // the same beginning is not the same series
  EXPECT_EQ(Describe("a 1\nab 2\nab {c=\"d\"} 3\nab 4\n", text, true),
            "\"a\" 1\n\"ab\" 2\n\"ab\" c=\"d\" 3\n\"ab\" 4\n");
  EXPECT_EQ(Describe("a 1\na 2", text, true), "\"a\" 1\nagain 2\n");
  EXPECT_EQ(Describe("a 1\na 2\na{b=\"c\"} 3\n# EOF\n", {.format = ExpositionFormat::openmetrics}, true),
            "\"a\" 1\nagain 2\n\"a\" b=\"c\" 3\n");
}

TEST(ExpositionParser, SaysWhereTheLineBegan) {
  const auto parser = NewTextParser("a 1\n\n  b 2\n");
  Entry entry;
  ASSERT_TRUE(parser->Next(entry).value());
  ASSERT_TRUE(parser->Next(entry).value());
  EXPECT_EQ(parser->position(), (base::SourcePosition{"", 3, 3}));
}

TEST(ExpositionParser, KnowsFormatsByContentType) {
  EXPECT_EQ(FormatOfContentType("text/plain; version=0.0.4; charset=utf-8"), ExpositionFormat::text);
  EXPECT_EQ(FormatOfContentType("Application/OpenMetrics-Text;version=1.0.0"), ExpositionFormat::openmetrics);
  EXPECT_EQ(FormatOfContentType("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
                                "encoding=delimited; escaping=underscores"),
            ExpositionFormat::protobuf);
  EXPECT_EQ(FormatOfContentType("application/vnd.google.protobuf; encoding=\"delimited\""), ExpositionFormat::protobuf);
  EXPECT_EQ(FormatOfContentType("Application/Vnd.Google.Protobuf"), ExpositionFormat::protobuf);
  EXPECT_EQ(FormatOfContentType("application/vnd.google.protobuf; encoding=text"), std::nullopt);
  EXPECT_EQ(FormatOfContentType("application/vnd.google.protobuf; proto=other.Message"), std::nullopt);
  EXPECT_EQ(FormatOfContentType("text/html"), std::nullopt);
  EXPECT_EQ(FormatOfContentType(""), std::nullopt);
}

TEST(FormatBound, WritesAsOpenMetricsDoes) {
  struct Bound {
    double value;
    std::string_view want;
  };
  static constexpr Bound kBounds[] = {
      {0, "0.0"},
      {-0.0, "0.0"},
      {1, "1.0"},
      {-1, "-1.0"},
      {0.5, "0.5"},
      {100000, "100000.0"},
      {1e6, "1e+06"},
      {-2.5e7, "-2.5e+07"},
      {1e300, "1e+300"},
      {0.0001, "0.0001"},
      {0.00001, "1e-05"},
      {999999.5, "999999.5"},
      {0.1 + 0.2, "0.30000000000000004"},
      {5e-324, "5e-324"},
  };
  for (const Bound& bound : kBounds) EXPECT_EQ(FormatBound(bound.value), bound.want);
  EXPECT_EQ(FormatBound(HUGE_VAL), "+Inf");
  EXPECT_EQ(FormatBound(-HUGE_VAL), "-Inf");
  EXPECT_EQ(FormatBound(std::nan("")), "NaN");
}

TEST(ParseSampleValue, RoundsAsTheStandardLibraryDoes) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    std::string text = std::to_string(random() >> random() % 64);
    const size_t point = random() % (text.size() + 1);
    if (random() % 4 != 0) text.insert(point, ".");
    if (random() % 8 == 0) text.insert(0, "-");
    SCOPED_TRACE(text);
    ASSERT_EQ(ParseSampleValue(text), std::strtod(text.c_str(), nullptr));
  }
  for (const char* wrong : {".", "1.2.3", "..", "1,5", "-.", "12345678901234x"}) {
    EXPECT_EQ(ParseSampleValue(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(ParseSampleValue("0.000"), 0.0);
  EXPECT_EQ(ParseSampleValue("00012.50"), 12.5);
}

}  // namespace
}  // namespace ingest
