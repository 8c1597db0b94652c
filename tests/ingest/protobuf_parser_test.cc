#include <gtest/gtest.h>

#include <cmath>

#include "base/text.h"
#include "ingest/exposition_parser.h"
#include "tests/ingest/protobuf_writer.h"

namespace ingest {
namespace {

constexpr ParserOptions kPlain = {.format = ExpositionFormat::protobuf};
constexpr ParserOptions kNative = {.format = ExpositionFormat::protobuf, .native_histograms = true};
constexpr ParserOptions kBoth = {
    .format = ExpositionFormat::protobuf, .native_histograms = true, .classic_histograms = true};

std::string Side(const std::vector<base::HistogramSpan>& spans, const std::vector<double>& buckets) {
  std::string said;
  for (const base::HistogramSpan& span : spans) {
    said.append(" ").append(std::to_string(span.offset)).append("+").append(std::to_string(span.length));
  }
  said += ":";
  for (const double bucket : buckets) said.append(" ").append(base::FormatFloat(bucket));
  return said;
}

std::string Describe(const base::FloatHistogram& h) {
  std::string said = "histogram";
  said.append(" count ").append(base::FormatFloat(h.count)).append(" sum ").append(base::FormatFloat(h.sum));
  said.append(" schema ").append(std::to_string(h.schema));
  said.append(" zero ").append(base::FormatFloat(h.zero_threshold)).append("/").append(base::FormatFloat(h.zero_count));
  said.append(" pos").append(Side(h.positive_spans, h.positive_buckets));
  said.append(" neg").append(Side(h.negative_spans, h.negative_buckets));
  if (h.counter_reset_hint == base::CounterResetHint::gauge) said += " gauge";
  return said;
}

std::string DescribeSample(const Entry& entry, const ExpositionParser& parser) {
  std::string said(entry.series);
  said.append(" ").append(entry.histogram ? Describe(*entry.histogram) : base::FormatFloat(entry.value));
  if (entry.time) said.append(" @").append(std::to_string(entry.time->time_since_epoch().count()));
  if (entry.has_exemplar) {
    const Exemplar& exemplar = parser.exemplar();
    said.append(" # ").append(exemplar.labels.ToString()).append(" ").append(base::FormatFloat(exemplar.value));
    if (exemplar.time) said.append(" @").append(std::to_string(exemplar.time->time_since_epoch().count()));
  }
  return said;
}

// Everything the parser says, a line each, errors last. Samples alone where `samples_only`.
std::string Describe(std::string_view page, ParserOptions options, bool samples_only = false) {
  const auto parser = NewParser(page, options);
  std::string said;
  Entry entry;
  for (;;) {
    const auto more = parser->Next(entry);
    if (!more) {
      EXPECT_EQ(more.error().code, base::ErrorCode::invalid_argument);
      const auto after = parser->Next(entry);
      EXPECT_TRUE(!after || !*after) << "went on after an error";
      return said + more.error().ToString();
    }
    if (!*more) return said;
    if (entry.kind == EntryKind::sample) {
      said += DescribeSample(entry, *parser) + "\n";
    } else if (!samples_only) {
      constexpr std::string_view kWords[] = {"", "HELP", "TYPE", "UNIT"};
      said.append(kWords[static_cast<size_t>(entry.kind)]).append(" ").append(entry.metric);
      said.append(" [").append(entry.text).append("]\n");
    }
  }
}

struct Case {
  std::string_view name;
  std::string page;
  std::string_view want;
};

void RunAll(const std::vector<Case>& cases, ParserOptions options, bool samples_only = true) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Describe(c.page, options, samples_only), c.want);
  }
}

Message Counter(double value) { return Message().Add(3, Message().Double(1, value)); }
Message Gauge(double value) { return Message().Add(2, Message().Double(1, value)); }
Message Bucket(uint64_t count, double bound) { return Message().Varint(1, count).Double(2, bound); }
Message Span(int64_t offset, uint64_t length) { return Message().ZigZag(1, offset).Varint(2, length); }
Message Histogram(const Message& histogram) { return Message().Add(7, histogram); }

TEST(ProtobufParser, DescribesFamilies) {
  const std::vector<Case> cases = {
      {"empty", "", ""},
      {"counter", Family("a_total", 0, {Counter(1)}, "Helps.\n"),
       "HELP a_total [Helps.\n]\nTYPE a_total [counter]\na_total 1\n"},
      {"gauge", Family("a", 1, {Gauge(1)}), "HELP a []\nTYPE a [gauge]\na 1\n"},
      {"untyped", Family("a", 3, {Message().Add(5, Message().Double(1, -1.5))}),
       "HELP a []\nTYPE a [unknown]\na -1.5\n"},
      {"unit", Family("a_seconds", 1, {Gauge(1)}, "", "seconds"),
       "HELP a_seconds []\nUNIT a_seconds [seconds]\nTYPE a_seconds [gauge]\na_seconds 1\n"},
      {"unit of a counter", Family("a_seconds_total", 0, {Counter(1)}, "", "seconds"),
       "HELP a_seconds_total []\nUNIT a_seconds_total [seconds]\nTYPE a_seconds_total [counter]\na_seconds_total 1\n"},
      {"without metrics, and then of nothing that counts", Family("", 9, {}) + Family("b", 1, {Gauge(2)}),
       "HELP b []\nTYPE b [gauge]\nb 2\n"},
      {"metrics first, type left out", Delimited(Message().Add(4, Counter(1)).Add(4, Counter(2)).Text(1, "a")),
       "HELP a []\nTYPE a [counter]\na 1\na 2\n"},
      {"summary and histograms",
       Family("s", 2, {Message().Add(4, Message())}) + Family("h", 4, {Histogram(Message())}) +
           Family("g", 5, {Histogram(Message())}),
       "HELP s []\nTYPE s [summary]\ns_count 0\ns_sum 0\n"
       "HELP h []\nTYPE h [histogram]\nh_count 0\nh_sum 0\nh_bucket{le=\"+Inf\"} 0\n"
       "HELP g []\nTYPE g [gaugehistogram]\ng_count 0\ng_sum 0\ng_bucket{le=\"+Inf\"} 0\n"},
      {"fields of a later time",
       Delimited(Message()
                     .Text(1, "a")
                     .Varint(3, 1)
                     .Varint(99, 5)
                     .Double(98, 1)
                     .Raw("\x95\x06"
                          "four")
                     .Add(4, Gauge(3).Label("x", "y").Text(77, "?"))),
       "HELP a []\nTYPE a [gauge]\na{x=\"y\"} 3\n"},
  };
  RunAll(cases, kPlain, false);
}

TEST(ProtobufParser, ReadsSamples) {
  const Message exemplar =
      Message().Label("id", "7").Double(2, 0.5).Add(3, Message().Varint(1, 1'700'000'000).Varint(2, 250'999'999));
  const std::vector<Case> cases = {
      {"labels", Family("a", 1, {Gauge(1).Label("x", "1").Label("y", ""), Gauge(2)}), "a{x=\"1\",y=\"\"} 1\na 2\n"},
      {"escapes", Family("a", 1, {Gauge(1).Label("x", "q\"b\\n\n")}), "a{x=\"q\\\"b\\\\n\\n\"} 1\n"},
      {"other names", Family("a.b", 1, {Gauge(1).Label("x y", "1").Label("z", "2"), Gauge(2)}),
       "{\"a.b\",\"x y\"=\"1\",z=\"2\"} 1\n{\"a.b\"} 2\n"},
      {"names with quotes", Family("a\"\\", 1, {Gauge(1).Label("\n\"", "1")}), "{\"a\\\"\\\\\",\"\\n\\\"\"=\"1\"} 1\n"},
      {"times", Family("a", 1, {Gauge(1).Varint(6, 1234), Gauge(2).Varint(6, static_cast<uint64_t>(-5)), Gauge(3)}),
       "a 1 @1234\na 2 @-5\na 3\n"},
      {"the epoch is no time", Family("a", 1, {Gauge(1).Varint(6, 0)}), "a 1\n"},
      {"numbers", Family("a", 1, {Gauge(-0.0), Gauge(HUGE_VAL), Gauge(NAN), Gauge(1e-300)}),
       "a -0\na +Inf\na NaN\na 1e-300\n"},
      {"no number is zero", Family("a", 1, {Message().Add(2, Message())}), "a 0\n"},
      {"the last value counts", Family("a", 1, {Gauge(1).Add(2, Message().Double(1, 4).Double(1, 5))}), "a 5\n"},
      {"exemplar", Family("a", 0, {Message().Add(3, Message().Add(2, exemplar).Double(1, 3)), Counter(4)}),
       "a 3 # {id=\"7\"} 0.5 @1700000000250\na 4\n"},
      {"empty exemplar", Family("a", 0, {Message().Add(3, Message().Add(2, Message()))}), "a 0 # {} 0\n"},
      {"summary",
       Family("s", 2,
              {Message().Label("x", "y").Varint(6, 9).Add(4, Message()
                                                                 .Add(3, Message().Double(1, 0.5).Double(2, 7))
                                                                 .Varint(1, 3)
                                                                 .Double(2, 12)
                                                                 .Add(3, Message().Double(1, 1).Double(2, NAN)))}),
       "s_count{x=\"y\"} 3 @9\ns_sum{x=\"y\"} 12 @9\ns{x=\"y\",quantile=\"0.5\"} 7 @9\n"
       "s{x=\"y\",quantile=\"1.0\"} NaN @9\n"},
      {"histogram",
       Family("h.x", 4,
              {Histogram(Message()
                             .Varint(1, 5)
                             .Double(2, 2.5)
                             .Add(3, Bucket(2, 0.005).Add(3, exemplar))
                             .Add(3, Bucket(4, 1e6)))}),
       "{\"h.x_count\"} 5\n{\"h.x_sum\"} 2.5\n{\"h.x_bucket\",le=\"0.005\"} 2 # {id=\"7\"} 0.5 @1700000000250\n"
       "{\"h.x_bucket\",le=\"1e+06\"} 4\n{\"h.x_bucket\",le=\"+Inf\"} 5\n"},
      {"nothing comes after the last bucket",
       Family(
           "h", 4,
           {Histogram(Message().Varint(1, 5).Add(3, Bucket(5, HUGE_VAL)).Add(3, Bucket(4, 1))), Histogram(Message())}),
       "h_count 5\nh_sum 0\nh_bucket{le=\"+Inf\"} 5\nh_count 0\nh_sum 0\nh_bucket{le=\"+Inf\"} 0\n"},
      {"counts that are floats",
       Family("h", 5, {Histogram(Message().Double(4, 2.5).Add(3, Message().Double(4, 1.5).Double(2, 0)))}),
       "h_count 2.5\nh_sum 0\nh_bucket{le=\"0.0\"} 1.5\nh_bucket{le=\"+Inf\"} 2.5\n"},
      {"native buckets are not looked at",
       Family("h", 4, {Histogram(Message().Varint(1, 1).Add(12, Message().Raw("\xff")).ZigZag(5, 99))}),
       "h_count 1\nh_sum 0\nh_bucket{le=\"+Inf\"} 1\n"},
  };
  RunAll(cases, kPlain);
}

Message Observations() {
  return Message()
      .Varint(1, 10)
      .Double(2, 18.5)
      .Add(3, Bucket(4, 1))
      .ZigZag(5, 3)
      .Double(6, 0.001)
      .Varint(7, 1)
      .Add(9, Span(-2, 1))
      .PackedZigZag(10, {2})
      .Add(12, Span(1, 2))
      .Add(12, Span(3, 1))
      .PackedZigZag(13, {1, 1, 2});
}
constexpr std::string_view kObservations =
    "h{x=\"y\"} histogram count 10 sum 18.5 schema 3 zero 0.001/1 pos 1+2 3+1: 1 2 4 neg -2+1: 2";
constexpr std::string_view kClassic =
    "h_count{x=\"y\"} 10\nh_sum{x=\"y\"} 18.5\nh_bucket{x=\"y\",le=\"1.0\"} 4\nh_bucket{x=\"y\",le=\"+Inf\"} 10\n";

TEST(ProtobufParser, NativeHistogramsAsAsked) {
  const std::string page = Family("h", 4, {Histogram(Observations()).Label("x", "y")});
  EXPECT_EQ(Describe(page, kPlain, true), kClassic);
  EXPECT_EQ(Describe(page, kNative, true), std::string(kObservations) + "\n");
  EXPECT_EQ(Describe(page, kBoth, true), std::string(kObservations) + "\n" + std::string(kClassic));
}

TEST(ProtobufParser, ReadsNativeHistograms) {
  const std::vector<Case> cases = {
      {"no classic buckets, no classic series", Family("h", 4, {Histogram(Message().Double(6, 0.5).ZigZag(5, -4))}),
       "h histogram count 0 sum 0 schema -4 zero 0.5/0 pos: neg:\n"},
      {"a span of nothing makes it native",
       Family("h", 4, {Histogram(Message().Add(12, Message())), Histogram(Message().Add(9, Span(0, 0)))}),
       "h histogram count 0 sum 0 schema 0 zero 0/0 pos: neg:\nh histogram count 0 sum 0 schema 0 zero 0/0 pos: "
       "neg:\n"},
      {"nothing native", Family("h", 4, {Histogram(Message().Varint(1, 2).ZigZag(5, 3))}),
       "h_count 2\nh_sum 0\nh_bucket{le=\"+Inf\"} 2\n"},
      {"one of each kind",
       Family("h", 4, {Histogram(Message().Varint(1, 1).Varint(7, 1)), Histogram(Message().Varint(1, 2))}),
       "h histogram count 1 sum 0 schema 0 zero 0/1 pos: neg:\nh_count 2\nh_sum 0\nh_bucket{le=\"+Inf\"} 2\n"},
      {"gauge, with a time",
       Family("h", 5, {Histogram(Message().Varint(1, 1).Add(12, Span(0, 1)).PackedZigZag(13, {1})).Varint(6, 7)}),
       "h histogram count 1 sum 0 schema 0 zero 0/0 pos 0+1: 1 neg: gauge @7\n"},
      {"deltas one by one",
       Family("h", 4, {Histogram(Message().Varint(1, 4).Add(12, Span(0, 2)).ZigZag(13, 3).ZigZag(13, -2))}),
       "h histogram count 4 sum 0 schema 0 zero 0/0 pos 0+2: 3 1 neg:\n"},
      {"floats",
       Family("h", 4,
              {Histogram(Message()
                             .Double(4, 3.5)
                             .Double(8, 0.25)
                             .Varint(7, 99)
                             .Add(9, Span(5, 1))
                             .PackedDoubles(11, {0.75})
                             .Add(12, Span(-1, 2))
                             .Double(14, 1.5)
                             .Double(14, 1))}),
       "h histogram count 3.5 sum 0 schema 0 zero 0/0.25 pos -1+2: 1.5 1 neg 5+1: 0.75\n"},
      {"empty buckets go",
       Family("h", 4,
              {Histogram(Message()
                             .Varint(1, 7)
                             .Add(12, Span(-3, 4))
                             .Add(12, Span(0, 1))
                             .Add(12, Span(2, 3))
                             .PackedZigZag(13, {0, 1, 1, -2, 3, -3, 0, 1}))}),
       "h histogram count 7 sum 0 schema 0 zero 0/0 pos -2+2 1+1 4+1: 1 2 3 1 neg:\n"},
      {"observations of NaN are in no bucket",
       Family("h", 4, {Histogram(Message().Varint(1, 3).Double(2, NAN).Varint(7, 2))}),
       "h histogram count 3 sum NaN schema 0 zero 0/2 pos: neg:\n"},
      {"exemplars are passed over",
       Family("h", 4, {Histogram(Message().Varint(1, 1).Varint(7, 1).Add(16, Message().Double(2, 1)))}),
       "h histogram count 1 sum 0 schema 0 zero 0/1 pos: neg:\n"},
      {"too many to be exact", Family("h", 4, {Histogram(Message().Varint(1, UINT64_MAX).Varint(7, 1))}),
       "h histogram count 18446744073709552000 sum 0 schema 0 zero 0/1 pos: neg:\n"},
  };
  RunAll(cases, kBoth);
}

TEST(ProtobufParser, Refuses) {
  const auto wrong = [](const Message& family) { return Delimited(Message().Text(1, "a").Add(4, family)); };
  const std::vector<Case> cases = {
      {"length", "\x80", "the length of a message cannot be read at byte 0"},
      {"length without end", std::string(11, '\xff'), "the length of a message cannot be read at byte 0"},
      {"cut off", Family("a", 1, {Gauge(1)}).substr(0, 10), "a message of 18 bytes is cut off after 9 at byte 1"},
      {"a later family", Family("a", 1, {}) + "\x01", "a message of 1 bytes is cut off after 0 at byte 7"},
      {"text", "# HELP a b\n", "a message of 35 bytes is cut off after 10 at byte 1"},
      {"field 0", Delimited(Message().Varint(0, 1)), "a field cannot be read at byte 1"},
      {"group", Delimited(Message().Text(1, "a").Raw("\x0b")), "a field cannot be read at byte 4"},
      {"name is a number", Delimited(Message().Varint(1, 1)),
       "field 1 is of another kind than its message has it at byte 1"},
      {"metric is a number", Delimited(Message().Text(1, "a").Varint(4, 1)),
       "field 4 is of another kind than its message has it at byte 4"},
      {"no name", Family("", 1, {Gauge(1)}), "the metric name is empty at byte 1"},
      {"name", Family("\xff", 1, {Gauge(1)}), "the metric name is not valid UTF-8 at byte 3"},
      {"help", Family("a", 1, {Gauge(1)}, "\xff"), "the help text is not valid UTF-8 at byte 6"},
      {"type", Family("a", 6, {Gauge(1)}), "there is no metric type 6 at byte 1"},
      {"unit", Family("a_seconds", 1, {Gauge(1)}, "", "s"),
       "the unit \"s\" is not a suffix of the metric name \"a_seconds\" at byte 29"},
      {"unit that is all", Family("s", 1, {Gauge(1)}, "", "s"),
       "the unit \"s\" is not a suffix of the metric name \"s\" at byte 21"},
      {"unit not UTF-8", Family("s", 1, {Gauge(1)}, "", "\xff"), "the unit is not valid UTF-8 at byte 21"},
      {"value of another type", Family("a", 1, {Counter(1)}), "a metric without the value of a gauge at byte 8"},
      {"value is a number", Family("a", 1, {Message().Varint(2, 1)}),
       "field 2 is of another kind than its message has it at byte 8"},
      {"value is a text", wrong(Message().Add(3, Message().Text(1, "1"))),
       "field 1 is of another kind than its message has it at byte 8"},
      {"short value",
       wrong(Message().Add(3, Message().Raw("\x09"
                                            "1234"))),
       "a field cannot be read at byte 8"},
      {"time is a double", wrong(Counter(1).Double(6, 1)),
       "field 6 is of another kind than its message has it at byte 17"},
      {"label", wrong(Counter(1).Add(1, Message().Raw("\x0a\x05x"))), "a field cannot be read at byte 19"},
      {"label without a name", wrong(Counter(1).Label("", "x")), "the label name is empty at byte 6"},
      {"label not UTF-8", wrong(Counter(1).Label("x", "\xff")), "the text in quotes is not valid UTF-8 at byte 6"},
      {"label name not UTF-8", wrong(Counter(1).Label("\xff", "x")), "the text in quotes is not valid UTF-8 at byte 6"},
      {"label twice", wrong(Counter(1).Label("x", "1").Label("x", "1")),
       "the label name \"x\" is not unique at byte 6"},
      {"the name's label", wrong(Counter(1).Label("__name__", "b")),
       "the label name __name__ is reserved for the metric name at byte 6"},
      {"exemplar", wrong(Message().Add(3, Message().Add(2, Message().Raw("\xff")))),
       "a field cannot be read at byte 10"},
      {"exemplar's time", wrong(Message().Add(3, Message().Add(2, Message().Add(3, Message().Text(1, "x"))))),
       "field 1 is of another kind than its message has it at byte 12"},
      {"quantile label", Family("s", 2, {Message().Label("quantile", "x").Add(4, Message().Add(3, Message()))}),
       "s_count{quantile=\"x\"} 0\ns_sum{quantile=\"x\"} 0\n"
       "the label name \"quantile\" is not unique at byte 8"},
      {"bucket", Family("h", 4, {Histogram(Message().Add(3, Message().Raw("\xff")))}),
       "h_count 0\nh_sum 0\na field cannot be read at byte 12"},
      {"bucket is a number", Family("h", 4, {Histogram(Message().Varint(3, 1))}),
       "field 3 is of another kind than its message has it at byte 10"},
      {"span", Family("h", 4, {Histogram(Message().Add(12, Message().Raw("\xff")))}),
       "a span cannot be read at byte 10"},
      {"deltas", Family("h", 4, {Histogram(Message().Text(13, "\xff"))}), "a field cannot be read at byte 10"},
      {"deltas are a double", Family("h", 4, {Histogram(Message().Double(13, 1))}),
       "field 13 is of another kind than its message has it at byte 10"},
      {"counts", Family("h", 4, {Histogram(Message().Text(14, "1234567"))}), "a field cannot be read at byte 10"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::string want(c.want);
    want.insert(want.rfind('\n') == std::string::npos ? 0 : want.rfind('\n') + 1, "invalid protobuf exposition: ");
    EXPECT_EQ(Describe(c.page, kNative, true), want);
  }
}

TEST(ProtobufParser, RefusesImpossibleHistograms) {
  struct Impossible {
    Message histogram;
    std::string_view why;
  };
  const std::vector<Impossible> cases = {
      {Message().Varint(7, 1).ZigZag(5, 53), "invalid schema"},
      {Message().Varint(1, 1).Varint(7, 1).ZigZag(5, -53), "custom buckets below or around zero"},
      {Message().Add(12, Span(0, 0)).ZigZag(5, -53), "invalid schema"},
      {Message().Varint(1, 1).Add(12, Span(0, 2)).PackedZigZag(13, {1}), "the buckets do not fit the spans"},
      {Message().Varint(1, 1).Add(12, Span(0, UINT32_MAX)).PackedZigZag(13, {1}), "the buckets do not fit the spans"},
      {Message().Varint(1, 1).Add(12, Span(0, 1)).PackedZigZag(13, {-1}), "a count is below zero or not a number"},
      {Message().Varint(1, 1).Add(12, Span(1 << 20, 1)).PackedZigZag(13, {1}), "a bucket that no number falls into"},
      {Message().Varint(1, 1).Add(9, Span(-(1 << 20) - 1, 1)).PackedZigZag(10, {1}),
       "a bucket that no number falls into"},
      {Message().Varint(1, 3).Varint(7, 2), "the buckets do not add up to the count"},
      {Message().Varint(1, 1).Varint(7, 2).Double(2, NAN), "the buckets do not add up to the count"},
      {Message().Varint(7, 1).Double(6, NAN), "the zero threshold is below zero"},
  };
  for (const Impossible& c : cases) {
    SCOPED_TRACE(c.why);
    const std::string said = Describe(Family("h", 4, {Histogram(c.histogram)}), kNative, true);
    EXPECT_EQ(said,
              "invalid protobuf exposition: an impossible native histogram (" + std::string(c.why) + ") at byte 8");
  }
}

std::string LastLine(const std::string& text) { return text.substr(text.rfind('\n') + 1); }

TEST(ProtobufParser, EndsWhereRoomDoes) {
  Message histogram = Message().Varint(1, 9);
  for (int i = 0; i < 9; ++i) histogram.Add(3, Bucket(9, i));
  const std::string page = Family("h", 4, {Histogram(histogram).Label("x", std::string(100, 'y'))});
  ParserOptions options = kPlain;
  options.room = 1000;
  EXPECT_EQ(LastLine(Describe(page, options, true)),
            "invalid protobuf exposition: the texts of the series are longer than 1000 bytes at byte 10");
  options.room = 2000;
  EXPECT_TRUE(Describe(page, options).ends_with("le=\"+Inf\"} 9\n"));

  const Message buckets = Message().Varint(1, 0).Add(12, Span(0, 9)).PackedZigZag(13, {0, 0, 0, 0, 0, 0, 0, 0, 0});
  const std::string twice = Family("h", 4, {Histogram(buckets), Histogram(buckets)});
  options = kNative;
  options.room = 2 * (9 * sizeof(double) + sizeof(base::HistogramSpan));
  EXPECT_EQ(
      Describe(twice, options, true),
      "h histogram count 0 sum 0 schema 0 zero 0/0 pos: neg:\nh histogram count 0 sum 0 schema 0 zero 0/0 pos: neg:\n");
  --options.room;
  EXPECT_EQ(LastLine(Describe(twice, options, true)),
            "invalid protobuf exposition: the page has more native buckets than are taken at byte 41");
}

// A page with something of everything.
std::string RichPage() {
  const Message exemplar = Message().Label("id", "7").Double(2, 0.5).Add(3, Message().Varint(1, 1).Varint(2, 2));
  return Family("a_total", 0, {Message().Add(3, Message().Double(1, 5).Add(2, exemplar)).Label("x", "\"\\\n")},
                "Help.") +
         Family("b.seconds", 1, {Gauge(1).Label("c d", "e").Varint(6, 1234), Gauge(2)}) +
         Family("s_bytes", 2,
                {Message().Add(4, Message().Varint(1, 3).Double(2, 4).Add(3, Message().Double(1, 0.5).Double(2, 1)))},
                "x", "bytes") +
         Family("h", 4, {Histogram(Observations()).Label("x", "y"), Histogram(Message().Add(3, Bucket(1, 2)))}) +
         Family("g", 5, {Histogram(Message().Double(4, 2).Add(12, Span(0, 1)).PackedDoubles(14, {2}))});
}

// The second time each series is the expected one, and then its labels are not looked at; they say the same either way.
TEST(ProtobufParser, KnowsTheExpectedSeries) {
  const std::string page = RichPage();
  std::vector<std::pair<std::string, base::Labels>> first;
  const auto parser = NewParser(page, kBoth);
  Entry entry;
  while (parser->Next(entry).value()) {
    if (entry.kind != EntryKind::sample) continue;
    EXPECT_FALSE(entry.expected);
    EXPECT_EQ(parser->labels().front().name, base::kMetricName);
    const auto labels = parser->labels();
    first.emplace_back(entry.series, std::vector<base::Label>(labels.begin(), labels.end()));
  }
  ASSERT_EQ(first.size(), 16);
  EXPECT_EQ(first[0].second.ToString(), "a_total{x=\"\\\"\\\\\\n\"}");
  EXPECT_EQ(first[1].second.ToString(), "{\"b.seconds\", \"c d\"=\"e\"}");
  const auto again = NewParser(page, kBoth);
  size_t next = 0;
  while (again->Next(entry, next < first.size() ? first[next].first : "").value()) {
    if (entry.kind != EntryKind::sample) continue;
    EXPECT_TRUE(entry.expected);
    EXPECT_EQ(entry.series, first[next].first);
    // as a line of text it is the same series
    const std::string line = first[next].first + " 1\n";
    const auto text = NewTextParser(line);
    Entry as_text;
    ASSERT_TRUE(text->Next(as_text).value());
    const auto labels = text->labels();
    EXPECT_EQ(base::Labels(std::vector<base::Label>(labels.begin(), labels.end())), first[next].second);
    ++next;
  }
  EXPECT_EQ(next, first.size());
}

// However a page is spoilt: it is read, or there is an error that says where.
void ReadSpoilt(const std::string& page) {
  const auto parser = NewParser(page, kBoth);
  Entry entry;
  for (size_t entries = 0; entries < 1000; ++entries) {
    const auto more = parser->Next(entry);
    if (more && !*more) return;
    if (!more) {
      const std::string& message = more.error().message;
      ASSERT_TRUE(message.starts_with("invalid protobuf exposition: ")) << message;
      const auto place = base::ParseInteger(message.substr(message.rfind(' ') + 1));
      ASSERT_TRUE(place && *place >= 0 && *place <= static_cast<long long>(page.size())) << message;
      return;
    }
  }
  FAIL() << "a small page without end";
}

TEST(ProtobufParser, SurvivesSpoiltPages) {
  const std::string page = RichPage();
  for (size_t i = 0; i < page.size(); ++i) {
    ReadSpoilt(page.substr(0, i));
    for (const unsigned change : {0x01U, 0x02U, 0x08U, 0x7fU, 0x80U, 0xffU}) {
      std::string spoilt = page;
      spoilt[i] = static_cast<char>(static_cast<unsigned char>(spoilt[i]) ^ change);
      ReadSpoilt(spoilt);
      if (HasFatalFailure()) return;
    }
  }
  // each message on its own too, so that lengths stay right while the inside does not
  uint64_t random = 42;
  for (int round = 0; round < 2000; ++round) {
    std::string inside;
    for (int i = 0; i < 40; ++i) {
      random = random * 6364136223846793005 + 1442695040888963407;
      inside += static_cast<char>(random >> 56);
    }
    ReadSpoilt(Family("h", 4, {Histogram(Message().Raw(inside))}));
    ReadSpoilt(Family("c", 0, {Counter(1).Raw(inside)}));
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace ingest
