#include "exporter/exposition/exposition.h"

#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/text.h"
#include "exporter/endpoints.h"
#include "exporter/registry_adapter.h"

namespace exporter {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

MetricFamily Family(std::string name, MetricType type, std::string help,
                    std::vector<std::pair<std::string, double>> samples) {
  MetricFamily family{name, type, std::move(help), std::string(UnitOfName(name)), "", {}};
  for (const auto& [labels, value] : samples) AddSample(family, labels, value);
  return family;
}

MetricFamily Histogram() {
  MetricFamily family{"job_seconds", MetricType::histogram, "Time.", "seconds", "", {}};
  for (const auto& [bound, count] : {std::pair{0.5, 1.0}, {1.0, 2.0}, {kInfinity, 3.0}}) {
    AddSample(family, "q=\"a\"", count, SampleKind::bucket, bound);
  }
  AddSample(family, "q=\"a\"", 4.25, SampleKind::sum);
  AddSample(family, "q=\"a\"", 3, SampleKind::count);
  return family;
}

MetricFamily Summary() {
  MetricFamily family{"s", MetricType::summary, "", "", "", {}};
  AddSample(family, "", 1.5, SampleKind::quantile, 0.5);
  AddSample(family, "", 2, SampleKind::quantile, 1);
  AddSample(family, "", 9, SampleKind::sum);
  AddSample(family, "", 4, SampleKind::count);
  return family;
}

std::string Write(const std::vector<MetricFamily>& families, ExpositionFormat format,
                  ExpositionReport* report = nullptr) {
  std::vector<const MetricFamily*> pointers;
  for (const MetricFamily& family : families) pointers.push_back(&family);
  return WriteExposition(pointers, format, report);
}

TEST(Exposition, BothFormats) {
  const struct {
    const char* name;
    std::vector<MetricFamily> families;
    const char* text;
    const char* openmetrics;
  } cases[] = {
      {"nothing", {}, "", "# EOF\n"},
      {"no samples", {Family("a", MetricType::gauge, "A.", {})}, "", "# EOF\n"},
      {"gauge",
       {Family("a", MetricType::gauge, "A.", {{"", 1.5}, {"x=\"y\"", 2}})},
       "# HELP a A.\n# TYPE a gauge\na 1.5\na{x=\"y\"} 2\n",
       "# HELP a A.\n# TYPE a gauge\na 1.5\na{x=\"y\"} 2\n# EOF\n"},
      {"help is escaped",
       {Family("a", MetricType::gauge, "a\\b \"c\"\nd", {{"", 1}})},
       "# HELP a a\\\\b \"c\"\\nd\n# TYPE a gauge\na 1\n",
       "# HELP a a\\\\b \\\"c\\\"\\nd\n# TYPE a gauge\na 1\n# EOF\n"},
      {"counter",
       {Family("a_total", MetricType::counter, "A.", {{"", 3}})},
       "# HELP a_total A.\n# TYPE a_total counter\na_total 3\n",
       "# HELP a A.\n# TYPE a counter\na_total 3\n# EOF\n"},
      {"counter without _total",
       {Family("a", MetricType::counter, "A.", {{"", 3}})},
       "# HELP a A.\n# TYPE a counter\na 3\n",
       "# HELP a A.\n# TYPE a unknown\na 3\n# EOF\n"},
      {"untyped",
       {Family("a", MetricType::untyped, "A.", {{"", 3}})},
       "# HELP a A.\n# TYPE a untyped\na 3\n",
       "# HELP a A.\n# TYPE a unknown\na 3\n# EOF\n"},
      {"unit",
       {Family("a_seconds_total", MetricType::counter, "A.", {{"", 3}})},
       "# HELP a_seconds_total A.\n# TYPE a_seconds_total counter\na_seconds_total 3\n",
       "# HELP a_seconds A.\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total 3\n# EOF\n"},
      {"info",
       {Family("v_info", MetricType::info, "V.", {{"v=\"1\"", 1}})},
       "# HELP v_info V.\n# TYPE v_info gauge\nv_info{v=\"1\"} 1\n",
       "# HELP v V.\n# TYPE v info\nv_info{v=\"1\"} 1\n# EOF\n"},
      {"histogram",
       {Histogram()},
       "# HELP job_seconds Time.\n# TYPE job_seconds histogram\n"
       "job_seconds_bucket{q=\"a\",le=\"0.5\"} 1\njob_seconds_bucket{q=\"a\",le=\"1\"} 2\n"
       "job_seconds_bucket{q=\"a\",le=\"+Inf\"} 3\njob_seconds_sum{q=\"a\"} 4.25\njob_seconds_count{q=\"a\"} 3\n",
       "# HELP job_seconds Time.\n# TYPE job_seconds histogram\n# UNIT job_seconds seconds\n"
       "job_seconds_bucket{q=\"a\",le=\"0.5\"} 1\njob_seconds_bucket{q=\"a\",le=\"1.0\"} 2\n"
       "job_seconds_bucket{q=\"a\",le=\"+Inf\"} 3\njob_seconds_sum{q=\"a\"} 4.25\njob_seconds_count{q=\"a\"} 3\n# "
       "EOF\n"},
      {"summary",
       {Summary()},
       "# TYPE s summary\ns{quantile=\"0.5\"} 1.5\ns{quantile=\"1\"} 2\ns_sum 9\ns_count 4\n",
       "# TYPE s summary\ns{quantile=\"0.5\"} 1.5\ns{quantile=\"1.0\"} 2\ns_sum 9\ns_count 4\n# EOF\n"},
      {"by name",
       {Family("b", MetricType::gauge, "", {{"", 1}}), Family("a", MetricType::gauge, "", {{"", 2}})},
       "# TYPE a gauge\na 2\n# TYPE b gauge\nb 1\n",
       "# TYPE a gauge\na 2\n# TYPE b gauge\nb 1\n# EOF\n"},
      {"numbers",
       {Family("a", MetricType::gauge, "", {{"", kNaN}, {"a=\"b\"", -kInfinity}})},
       "# TYPE a gauge\na NaN\na{a=\"b\"} -Inf\n",
       "# TYPE a gauge\na NaN\na{a=\"b\"} -Inf\n# EOF\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Write(c.families, ExpositionFormat::text), c.text);
    EXPECT_EQ(Write(c.families, ExpositionFormat::openmetrics), c.openmetrics);
  }
}

TEST(Exposition, FamiliesOfOneNameAreOne) {
  ExpositionReport report;
  const std::string text =
      Write({Family("a", MetricType::gauge, "First.", {{"x=\"1\"", 1}}), Family("b", MetricType::gauge, "", {{"", 5}}),
             Family("a", MetricType::gauge, "Second.", {{"x=\"1\"", 9}, {"x=\"2\"", 2}}),
             Family("a", MetricType::counter, "Third.", {{"x=\"3\"", 3}})},
            ExpositionFormat::text, &report);
  EXPECT_EQ(text, "# HELP a First.\n# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 2\n# TYPE b gauge\nb 5\n");
  EXPECT_EQ(report.series, 3U);
  EXPECT_EQ(report.duplicates, 1U);
  EXPECT_EQ(report.conflicts, 1U);
}

TEST(Exposition, Numbers) {
  const std::pair<double, const char*> cases[] = {{0, "0"},
                                                  {-0.0, "-0"},
                                                  {1, "1"},
                                                  {-1, "-1"},
                                                  {0.1 + 0.2, "0.30000000000000004"},
                                                  {1e6, "1000000"},
                                                  {123456789012345, "123456789012345"},
                                                  {1e15, "1000000000000000"},
                                                  {1e20, "100000000000000000000"},
                                                  {1e21, "1e+21"},
                                                  {1e-4, "0.0001"},
                                                  {1e-5, "1e-05"},
                                                  {-2.5e-7, "-2.5e-07"},
                                                  {9007199254740993, "9007199254740992"},
                                                  {1.7976931348623157e308, "1.7976931348623157e+308"},
                                                  {5e-324, "5e-324"},
                                                  {1732147200.123, "1732147200.123"},
                                                  {kNaN, "NaN"},
                                                  {kInfinity, "+Inf"},
                                                  {-kInfinity, "-Inf"}};
  for (const auto& [value, want] : cases) {
    char buffer[kNumberSize];
    EXPECT_EQ(std::string(buffer, WriteNumber(buffer, value)), want);
  }
}

TEST(Exposition, NumbersReadBackAndAgreeWithTheSlowWay) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    double value = i % 2 == 0 ? std::bit_cast<double>(random()) : static_cast<double>(random() % 2'000'000) / 1000;
    if (std::isnan(value)) value = kNaN;
    char buffer[kNumberSize];
    const std::string text(buffer, WriteNumber(buffer, value));
    ASSERT_LE(text.size(), kNumberSize);
    ASSERT_EQ(text, base::FormatFloat(value));
    if (!std::isnan(value)) {
      ASSERT_EQ(base::ParseFloat(text), value);
    }
  }
}

TEST(Exposition, Labels) {
  const std::pair<std::string, const char*> cases[] = {{"plain", "l=\"plain\""},
                                                       {"", "l=\"\""},
                                                       {"a\\b\"c\nd", "l=\"a\\\\b\\\"c\\nd\""},
                                                       {"süß 日本", "l=\"süß 日本\""},
                                                       {"bad \xff\xc3 end", "l=\"bad \xEF\xBF\xBD\xEF\xBF\xBD end\""},
                                                       {"\t", "l=\"\t\""}};
  for (const auto& [value, want] : cases) {
    std::string text;
    AppendLabel(text, 0, "l", value);
    EXPECT_EQ(text, want);
  }
}

TEST(MetricFamily, SamplesAreSorted) {
  MetricFamily family = Family("a", MetricType::gauge, "", {});
  std::mt19937 random(3);
  for (int i = 0; i < 1000; ++i) AddSample(family, "key=\"" + std::to_string(random() % 5000) + "\"", i);
  SortSamples(family);
  for (size_t i = 1; i < family.samples.size(); ++i) {
    EXPECT_LE(family.LabelsOf(family.samples[i - 1]), family.LabelsOf(family.samples[i]));
  }
}

TEST(MetricFamily, LabelSetsAreFoundAgain) {
  std::string text;
  LabelSetIndex index;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5000; ++i) {
      const size_t begin = text.size();
      text += "k=\"" + std::to_string(i) + "\"";
      EXPECT_EQ(index.Insert(text, begin, static_cast<uint32_t>(text.size() - begin)), round == 0);
    }
  }
}

TEST(Exposition, Negotiation) {
  const struct {
    const char* accept;
    ExpositionFormat want;
  } cases[] = {
      {"", ExpositionFormat::text},
      {"*/*", ExpositionFormat::text},
      {"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", ExpositionFormat::text},
      {"text/plain;version=0.0.4", ExpositionFormat::text},
      {"application/openmetrics-text", ExpositionFormat::openmetrics},
      {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       ExpositionFormat::openmetrics},
      {"application/openmetrics-text; version=1.0.0; escaping=allow-utf-8;q=0.6, text/plain;q=0.5",
       ExpositionFormat::openmetrics},
      {"application/openmetrics-text;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.5", ExpositionFormat::text},
      {"application/openmetrics-text;version=\"1.0.0\"", ExpositionFormat::openmetrics},
      {"application/openmetrics-text;version=0.0.1", ExpositionFormat::text},
      {"application/openmetrics-text;q=0", ExpositionFormat::text},
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
       "text/plain;version=0.0.4;q=0.5",
       ExpositionFormat::text},
      {";;q=,=", ExpositionFormat::text},
  };
  for (const auto& c : cases) EXPECT_EQ(NegotiateFormat(c.accept), c.want) << c.accept;
  EXPECT_EQ(ContentType(ExpositionFormat::text), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(ContentType(ExpositionFormat::openmetrics), "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST(RegistryAdapter, EveryType) {
  prometheus::Registry registry;
  prometheus::BuildCounter().Name("c_total").Help("C.").Register(registry).Add({{"b", "2"}, {"a", "1\n"}}).Increment(3);
  prometheus::BuildGauge().Name("g").Help("G.").Register(registry).Add({}).Set(0.1 + 0.2);
  prometheus::BuildHistogram()
      .Name("h_seconds")
      .Help("H.")
      .Register(registry)
      .Add({}, prometheus::Histogram::BucketBoundaries{1, 2})
      .Observe(1.5);
  std::vector<MetricFamily> families = FromCollectable(registry);
  EXPECT_EQ(Write(families, ExpositionFormat::text),
            "# HELP c_total C.\n# TYPE c_total counter\nc_total{a=\"1\\n\",b=\"2\"} 3\n"
            "# HELP g G.\n# TYPE g gauge\ng 0.30000000000000004\n"
            "# HELP h_seconds H.\n# TYPE h_seconds histogram\nh_seconds_bucket{le=\"1\"} 0\n"
            "h_seconds_bucket{le=\"2\"} 1\nh_seconds_bucket{le=\"+Inf\"} 1\nh_seconds_sum 1.5\nh_seconds_count 1\n");
}

TEST(Endpoints, ScrapeBudget) {
  const std::pair<const char*, int> cases[] = {{"", 9500},    {"10", 9500},    {"2", 1900},  {"0.5", 450},
                                               {"0.08", 40},  {"60", 59500},   {"-1", 9500}, {"soon", 9500},
                                               {"NaN", 9500}, {"1e9", 3599500}};
  for (const auto& [header, want] : cases) EXPECT_EQ(ScrapeBudget(header), base::Duration(want)) << header;
}

}  // namespace
}  // namespace exporter
