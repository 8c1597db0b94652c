#include "exporter/collectors/row_mapping.h"

#include <gtest/gtest.h>

#include <cmath>

#include "exporter/exposition/exposition.h"

namespace exporter {
namespace {

using Rows = std::vector<std::vector<Cell>>;

struct Mapped {
  std::string text;
  std::map<std::string, uint64_t> dropped;
  std::vector<std::string> errors;
};

Mapped Map(const std::vector<MetricSpec>& metrics, const std::vector<std::string>& columns, const Rows& rows,
           const ConstantLabels& labels = {}) {
  CollectorOutput out;
  RowMapper mapper(metrics, labels, out);
  mapper.Columns(columns);
  for (const auto& row : rows) mapper.Row(row);
  mapper.Finish();
  std::vector<const MetricFamily*> families;
  for (const MetricFamily& family : out.families) families.push_back(&family);
  Mapped mapped{WriteExposition(families, ExpositionFormat::text), out.dropped, {}};
  for (const QueryError& error : out.errors) {
    mapped.errors.push_back(std::string(ToString(error.failure)) + ": " + error.message);
  }
  return mapped;
}

MetricSpec Gauge(std::string name, std::vector<LabelSource> labels, std::string value) {
  return {std::move(name), MetricType::gauge, "", std::move(labels), std::move(value), {}, false};
}

const std::vector<MetricSpec> kSimple = {Gauge("m", {{"k", "k", ""}}, "v")};
const std::vector<std::string> kColumns = {"k", "v"};

TEST(RowMapping, RowsThatTheQueryLeavesOut) {
  CollectorOutput out;
  const ConstantLabels no_labels;
  RowMapper mapper(kSimple, no_labels, out, {.left_out = "why"});
  mapper.Columns(std::vector<std::string>{"k", "why", "v"});
  mapper.Row(std::vector<Cell>{"a", std::nullopt, "1"});
  mapper.Row(std::vector<Cell>{"b", "locked", "2"});
  mapper.Row(std::vector<Cell>{"c", "locked", std::nullopt});
  mapper.Finish();
  EXPECT_EQ(out.SeriesCount(), 1U);
  EXPECT_EQ(out.dropped, (std::map<std::string, uint64_t>{{"locked", 2}}));
}

TEST(RowMapping, TimesAreSecondsSince1970) {
  const base::TimeZone berlin = base::TimeZone::Load("Europe/Berlin").value();
  const struct {
    const char* text;
    double utc;  // NaN: no time
    double in_berlin;
  } cases[] = {
      {"2026-01-02 03:04:05+00", 1767323045, 1767323045},
      {"2026-01-02 03:04:05", 1767323045, 1767319445},
      {"2026-07-02 03:04", 1782961440, 1782954240},
      {"2026-01-02T03:04:05.25Z", 1767323045.25, 1767323045.25},
      {"2026-01-02 03:04:05.000001-01:30", 1767328445.000001, 1767328445.000001},
      {"2026-01-02 03:04:05+013015", 1767323045 - 5415, 1767323045 - 5415},
      {"2026-01-02", 1767312000, 1767308400},
      {"1969-12-31 23:59:59", -1, -3601},
      {"12026-01-02", 317336832000, 317336828400},
      {"2026-10-25 02:30:00", 1792895400, 1792891800},  // shown twice in Berlin
      {"2026-03-29 02:30:00", 1774751400, 1774747800},  // skipped there
      {"90 seconds", NAN, NAN},
      {"00:01:30", NAN, NAN},
      {"2026-02-30", NAN, NAN},
      {"2026-1-02", NAN, NAN},
      {"2026-01-02 25:00", NAN, NAN},
      {"2026-01-02 03:04:05 BC", NAN, NAN},
      {"2026-01-02 03:04:05+", NAN, NAN},
      {"2026-01-02x", NAN, NAN},
      {"192.168.0.1", NAN, NAN},
      {"", NAN, NAN},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    if (std::isnan(c.utc)) {
      EXPECT_EQ(ReadTime(c.text, {}), std::nullopt);
      continue;
    }
    EXPECT_DOUBLE_EQ(ReadTime(c.text, {}).value_or(NAN), c.utc);
    EXPECT_DOUBLE_EQ(ReadTime(c.text, berlin).value_or(NAN), c.in_berlin);
  }
}

TEST(RowMapping, SkippedNullsAreNoLoss) {
  MetricSpec spec = Gauge("m", {{"k", "k", ""}}, "v");
  spec.skip_null = true;
  const Mapped mapped = Map({spec}, kColumns, {{"a", std::nullopt}, {"b", "1"}});
  EXPECT_TRUE(mapped.text.ends_with("m{k=\"b\"} 1\n")) << mapped.text;
  EXPECT_TRUE(mapped.dropped.empty());
}

TEST(RowMapping, Values) {
  const struct {
    const char* name;
    Rows rows;
    const char* samples;
    std::map<std::string, uint64_t> dropped;
  } cases[] = {
      {"no rows", {}, "", {}},
      {"sorted", {{"b", "1"}, {"a", "2"}}, "m{k=\"a\"} 2\nm{k=\"b\"} 1\n", {}},
      {"NULL value", {{"a", std::nullopt}, {"b", "1"}}, "m{k=\"b\"} 1\n", {{"null_value", 1}}},
      {"NULL label", {{std::nullopt, "1"}}, "m{k=\"\"} 1\n", {}},
      {"NULL and empty label are the same", {{std::nullopt, "1"}, {"", "2"}}, "m{k=\"\"} 1\n", {{"duplicate", 1}}},
      {"first of duplicates", {{"a", "1"}, {"a", "2"}, {"a", "3"}}, "m{k=\"a\"} 1\n", {{"duplicate", 2}}},
      {"not a number", {{"a", "x"}, {"b", ""}, {"c", "12 MB"}}, "", {{"not_a_number", 3}}},
      {"non-finite",
       {{"a", "NaN"}, {"b", "Infinity"}, {"c", "-Infinity"}},
       "m{k=\"a\"} NaN\nm{k=\"b\"} +Inf\nm{k=\"c\"} -Inf\n",
       {}},
      {"booleans", {{"a", "t"}, {"b", "f"}, {"c", "true"}}, "m{k=\"a\"} 1\nm{k=\"b\"} 0\nm{k=\"c\"} 1\n", {}},
      {"exact",
       {{"a", "0.30000000000000004"}, {"b", "1e-300"}},
       "m{k=\"a\"} 0.30000000000000004\nm{k=\"b\"} 1e-300\n",
       {}},
      {"escaped", {{"a\"\\\n", "1"}}, "m{k=\"a\\\"\\\\\\n\"} 1\n", {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Mapped mapped = Map(kSimple, kColumns, c.rows);
    const std::string head = *c.samples == '\0' ? "" : "# TYPE m gauge\n";
    EXPECT_EQ(mapped.text, head + c.samples);
    EXPECT_EQ(mapped.dropped, c.dropped);
    EXPECT_EQ(mapped.errors, std::vector<std::string>());
  }
}

TEST(RowMapping, MissingColumnCostsOneMetric) {
  const Mapped mapped = Map({Gauge("a", {{"k", "k", ""}}, "w"), Gauge("b", {}, "v"), Gauge("c", {{"x", "x", ""}}, "y")},
                            kColumns, {{"a", "1"}});
  EXPECT_EQ(mapped.text, "# TYPE b gauge\nb 1\n");
  EXPECT_EQ(mapped.errors,
            (std::vector<std::string>{
                "missing_column: metric a: the query gives no column \"w\"; it gives \"k\", \"v\"",
                "missing_column: metric c: the query gives no column \"y\", \"x\"; it gives \"k\", \"v\""}));
}

TEST(RowMapping, LabelsOfTheTargetAndFixedOnesAreSortedIn) {
  const Mapped mapped = Map({Gauge("m", {{"zone", "k", ""}, {"fixed", "", "f"}}, "v")}, kColumns, {{"a", "1"}},
                            {{"target", "t1"}, {"env", "x\"y"}});
  EXPECT_EQ(mapped.text, "# TYPE m gauge\nm{env=\"x\\\"y\",fixed=\"f\",target=\"t1\",zone=\"a\"} 1\n");
}

TEST(RowMapping, MetricsOfOneNameShareAFamily) {
  const Mapped mapped = Map({Gauge("m", {{"kind", "", "low"}}, "lo"), Gauge("m", {{"kind", "", "high"}}, "hi")},
                            {"lo", "hi"}, {{"1", "2"}});
  EXPECT_EQ(mapped.text, "# TYPE m gauge\nm{kind=\"high\"} 2\nm{kind=\"low\"} 1\n");
}

TEST(RowMapping, Info) {
  MetricSpec spec{"app_info", MetricType::info, "", {{"version", "k", ""}}, "", {}, false};
  EXPECT_EQ(Map({spec}, kColumns, {{"1.2", "x"}}).text, "# TYPE app_info gauge\napp_info{version=\"1.2\"} 1\n");
}

TEST(RowMapping, WideHistogram) {
  MetricSpec spec{"h", MetricType::histogram, "", {{"q", "q", ""}}, "", {}, false};
  spec.histogram.buckets = {{0.5, "b1"}, {2, "b2"}};
  spec.histogram.count = "n";
  spec.histogram.sum = "s";
  const Mapped mapped =
      Map({spec}, {"q", "b1", "b2", "n", "s"},
          {{"a", "1", "3", "4", "9.5"}, {"a", "0", "0", "0", "0"}, {"b", "1", std::nullopt, "2", "3"}});
  EXPECT_EQ(mapped.text,
            "# TYPE h histogram\nh_bucket{q=\"a\",le=\"0.5\"} 1\nh_bucket{q=\"a\",le=\"2\"} 3\n"
            "h_bucket{q=\"a\",le=\"+Inf\"} 4\nh_sum{q=\"a\"} 9.5\nh_count{q=\"a\"} 4\n");
  EXPECT_EQ(mapped.dropped, (std::map<std::string, uint64_t>{{"duplicate", 1}, {"null_value", 1}}));
}

TEST(RowMapping, HistogramWithARowPerBucket) {
  MetricSpec spec{"h", MetricType::histogram, "", {{"q", "q", ""}}, "n", {}, false};
  spec.histogram.le = "le";
  spec.histogram.sum = "s";
  const Mapped mapped = Map({spec}, {"q", "le", "n", "s"},
                            {{"b", "1", "5", std::nullopt},
                             {"a", "+Inf", "4", "8"},
                             {"a", "2", "3", "8"},
                             {"a", "0.5", "1", "8"},
                             {"a", "2", "77", "8"},
                             {"a", "wide", "1", "8"}});
  EXPECT_EQ(mapped.text,
            "# TYPE h histogram\nh_bucket{q=\"a\",le=\"0.5\"} 1\nh_bucket{q=\"a\",le=\"2\"} 3\n"
            "h_bucket{q=\"a\",le=\"+Inf\"} 4\nh_sum{q=\"a\"} 8\nh_count{q=\"a\"} 4\n"
            "h_bucket{q=\"b\",le=\"1\"} 5\nh_bucket{q=\"b\",le=\"+Inf\"} 5\nh_sum{q=\"b\"} 0\nh_count{q=\"b\"} 5\n");
  EXPECT_EQ(mapped.dropped, (std::map<std::string, uint64_t>{{"bad_bucket", 1}, {"duplicate", 1}}));
}

TEST(RowMapping, SqlText) {
  EXPECT_EQ(QuoteIdentifier("analytics.kpi\"s"), "\"analytics\".\"kpi\"\"s\"");
  EXPECT_EQ(QuoteLiteral("it's"), "'it''s'");
  EXPECT_EQ(QuoteList({"a", "b"}), "'a', 'b'");
  EXPECT_EQ(QuoteList({}), "NULL");
  EXPECT_EQ(QuerySource("", "SELECT 1 ; "), "(SELECT 1\n) AS tocsin_source");
}

}  // namespace
}  // namespace exporter
