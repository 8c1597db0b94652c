#include "ingest/scrape_target.h"

#include <gtest/gtest.h>

#include "store/exemplars.h"
#include "store/head.h"
#include "tests/ingest/protobuf_writer.h"
#include "tests/ingest/recording_store.h"

namespace ingest {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view kText = "text/plain; version=0.0.4";
constexpr std::string_view kProtobuf =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

base::Timestamp At(int64_t milliseconds) { return base::Timestamp(base::Duration(milliseconds)); }

// One target, scraped every 1000 ms by hand.
class Scraper {
 public:
  explicit Scraper(ScrapeConfig config = {}, std::map<std::string, std::string> labels = {}) {
    config.job_name = "j";
    config.scrape_interval = std::chrono::seconds(1);
    config.scrape_timeout = std::chrono::seconds(1);
    auto made = MakeTarget(config, "h:1", labels);
    target_.emplace(std::move(made.value().value()), std::make_shared<const ScrapeConfig>(config));
  }

  // What is written, without the report's samples.
  Lines Scrape(std::string_view body, std::string_view content_type = kText) {
    return ScrapeResult(FetchedPage{std::string(content_type), std::string(body)});
  }
  Lines ScrapeResult(const base::Result<FetchedPage>& page) {
    now_ += base::Duration(1000);
    report = target_->Ingest(page, now_, base::Duration(250), store);
    return Without();
  }
  Lines Without() {
    Lines lines = store.Take();
    own.clear();
    std::erase_if(lines, [&](const std::string& line) {
      const bool is_report = line.starts_with("up{") || line.starts_with("scrape_");
      if (is_report) own.push_back(line);
      return is_report;
    });
    return lines;
  }
  ScrapeTarget& target() { return *target_; }
  base::Timestamp now() const { return now_; }

  RecordingStore store;
  ScrapeReport report;
  Lines own;  // the report's samples of the last scrape

 private:
  base::Timestamp now_{};
  std::optional<ScrapeTarget> target_;
};

TEST(ScrapeTarget, WritesSamplesWithTargetLabelsAndAReport) {
  Scraper scraper;
  EXPECT_EQ(scraper.Scrape("a 1\nb{c=\"d\"} 2\n"),
            (Lines{R"(a{instance="h:1", job="j"} 1 @1000)", R"(b{c="d", instance="h:1", job="j"} 2 @1000)"}));
  EXPECT_EQ(scraper.own, (Lines{R"(up{instance="h:1", job="j"} 1 @1000)",
                                R"(scrape_duration_seconds{instance="h:1", job="j"} 0.25 @1000)",
                                R"(scrape_samples_scraped{instance="h:1", job="j"} 2 @1000)",
                                R"(scrape_samples_post_metric_relabeling{instance="h:1", job="j"} 2 @1000)",
                                R"(scrape_series_added{instance="h:1", job="j"} 2 @1000)"}));
  EXPECT_EQ(scraper.Scrape("a 3\nb{c=\"d\"} 4\n"),
            (Lines{R"(a{instance="h:1", job="j"} 3 @2000)", R"(b{c="d", instance="h:1", job="j"} 4 @2000)"}));
  EXPECT_EQ(scraper.own.back(), R"(scrape_series_added{instance="h:1", job="j"} 0 @2000)");
}

TEST(ScrapeTarget, FollowsPagesThatChangeTheirOrder) {
  Scraper scraper;
  scraper.Scrape("a 1\nb 1\nc 1\nd 1\n");
  const std::vector<std::string> pages = {"b 1\na 2\nd 3\nc 4\n", "d 1\nc 2\nnew 9\nb 3\na 4\n",
                                          "a 1\nb 2\nc 3\nd 4\nnew 5\n", "a 1\nnew 5\nb 2\nc 3\nd 4\n"};
  for (const std::string& page : pages) {
    SCOPED_TRACE(page);
    Lines want;
    for (const std::string_view line : base::Split(base::Trim(page), '\n')) {
      const auto parts = base::Split(line, ' ');
      want.push_back(std::string(parts[0]) + R"({instance="h:1", job="j"} )" + std::string(parts[1]) + " @" +
                     std::to_string(scraper.now().time_since_epoch().count() + 1000));
    }
    EXPECT_EQ(scraper.Scrape(page), want);
  }
}

TEST(ScrapeTarget, MarksWhatIsGoneStaleOnce) {
  Scraper scraper;
  scraper.Scrape("a 1\nb 1\n");
  EXPECT_EQ(scraper.Scrape("a 1\n"),
            (Lines{R"(a{instance="h:1", job="j"} 1 @2000)", R"(b{instance="h:1", job="j"} stale @2000)"}));
  EXPECT_EQ(scraper.Scrape("a 1\n"), (Lines{R"(a{instance="h:1", job="j"} 1 @3000)"}));
  EXPECT_EQ(scraper.Scrape("b 1\na 1\n").size(), 2);
}

TEST(ScrapeTarget, AFailedScrapeEndsEverySeries) {
  Scraper scraper;
  scraper.Scrape("a 1\n");
  EXPECT_EQ(scraper.ScrapeResult(base::Unavailable("connection refused")),
            (Lines{R"(a{instance="h:1", job="j"} stale @2000)"}));
  EXPECT_EQ(scraper.own[0], R"(up{instance="h:1", job="j"} 0 @2000)");
  EXPECT_EQ(scraper.own[2], R"(scrape_samples_scraped{instance="h:1", job="j"} 0 @2000)");
  EXPECT_EQ(scraper.report.error->message, "connection refused");
  EXPECT_EQ(scraper.ScrapeResult(base::Unavailable("connection refused")), Lines{});
  EXPECT_EQ(scraper.Scrape("a 2\n"), (Lines{R"(a{instance="h:1", job="j"} 2 @4000)"}));
}

TEST(ScrapeTarget, APageThatBreaksOffLeavesNothing) {
  Scraper scraper;
  scraper.Scrape("a 1\n");
  EXPECT_EQ(scraper.Scrape("a 2\nnew 1\nbroken\n"), (Lines{R"(a{instance="h:1", job="j"} stale @2000)"}));
  EXPECT_EQ(scraper.report.error->ToString(), ":3:7: expected a value after the series");
  EXPECT_EQ(scraper.Scrape("a 3\nnew 1\n"),
            (Lines{R"(a{instance="h:1", job="j"} 3 @3000)", R"(new{instance="h:1", job="j"} 1 @3000)"}));
}

TEST(ScrapeTarget, RefusesUnknownContentTypes) {
  ScrapeConfig lenient;
  lenient.fallback_scrape_protocol = "PrometheusText0.0.4";
  Scraper strict;
  Scraper fallback(lenient);
  strict.Scrape("a 1\n", "text/html");
  EXPECT_EQ(strict.report.error->message,
            "received unsupported Content-Type \"text/html\" and no fallback_scrape_protocol specified for target");
  strict.Scrape("a 1\n", "");
  EXPECT_EQ(
      strict.report.error->message,
      "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target");
  EXPECT_EQ(fallback.Scrape("a 1\n", "").size(), 1);
  EXPECT_EQ(strict.Scrape("a 1\n# EOF\n", "application/openmetrics-text; version=1.0.0").size(), 1);
}

TEST(ScrapeTarget, HonorLabels) {
  const std::map<std::string, std::string> labels = {{"env", "prod"}};
  const std::string_view page = "a{env=\"dev\",job=\"mine\"} 1\nb{env=\"\"} 2\nc{exported_env=\"x\",env=\"y\"} 3\n";
  ScrapeConfig config;
  EXPECT_EQ(Scraper(config, labels).Scrape(page),
            (Lines{R"(a{env="prod", exported_env="dev", exported_job="mine", instance="h:1", job="j"} 1 @1000)",
                   R"(b{env="prod", instance="h:1", job="j"} 2 @1000)",
                   R"(c{env="prod", exported_env="x", exported_exported_env="y", instance="h:1", job="j"} 3 @1000)"}));
  config.honor_labels = true;
  EXPECT_EQ(Scraper(config, labels).Scrape(page),
            (Lines{R"(a{env="dev", instance="h:1", job="mine"} 1 @1000)", R"(b{instance="h:1", job="j"} 2 @1000)",
                   R"(c{env="y", exported_env="x", instance="h:1", job="j"} 3 @1000)"}));
}

TEST(ScrapeTarget, BoundsAreWrittenInOneWay) {
  const std::string_view page =
      "le{le=\"1\"} 1\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"1000000\"} 2\nh_bucket{le=\"Inf\"} 3\n"
      "h_bucket{le=\"x\",quantile=\"1\"} 4\n# TYPE s summary\ns{quantile=\"0\",le=\"5\"} 5\n# TYPE g "
      "gauge\ng{le=\"1\"} 6\n";
  const auto want = [](std::string_view time) {
    Lines lines = {R"(le{instance="h:1", job="j", le="1"} 1)",
                   R"(h_bucket{instance="h:1", job="j", le="1.0"} 1)",
                   R"(h_bucket{instance="h:1", job="j", le="1e+06"} 2)",
                   R"(h_bucket{instance="h:1", job="j", le="+Inf"} 3)",
                   R"(h_bucket{instance="h:1", job="j", le="x", quantile="1"} 4)",
                   R"(s{instance="h:1", job="j", le="5", quantile="0.0"} 5)",
                   R"(g{instance="h:1", job="j", le="1"} 6)"};
    for (std::string& line : lines) line.append(" @").append(time);
    return lines;
  };
  Scraper scraper;
  EXPECT_EQ(scraper.Scrape(page), want("1000"));
  scraper.store.DropAll();  // so that labels are made of the texts again
  EXPECT_EQ(scraper.Scrape(page), want("2000"));
  Scraper openmetrics;
  EXPECT_EQ(openmetrics.Scrape(std::string(page) + "# EOF\n", "application/openmetrics-text"), want("1000"));
}

TEST(ScrapeTarget, Timestamps) {
  ScrapeConfig config;
  Scraper honors(config);
  EXPECT_EQ(honors.Scrape("a 1 700\n"), (Lines{R"(a{instance="h:1", job="j"} 1 @700)"}));
  EXPECT_EQ(honors.Scrape("b 1\n"), (Lines{R"(b{instance="h:1", job="j"} 1 @2000)"}));  // a is not ours to end
  EXPECT_EQ(honors.Scrape("b 1 900000\n"), (Lines{R"(b{instance="h:1", job="j"} stale @3000)"}));
  EXPECT_EQ(honors.report.out_of_bounds, 1);
  config.track_timestamps_staleness = true;
  Scraper tracks(config);
  tracks.Scrape("a 1 700\n");
  EXPECT_EQ(tracks.Scrape(""), (Lines{R"(a{instance="h:1", job="j"} stale @2000)"}));
  config.honor_timestamps = false;
  EXPECT_EQ(Scraper(config).Scrape("a 1 700\n"), (Lines{R"(a{instance="h:1", job="j"} 1 @1000)"}));
}

TEST(ScrapeTarget, CountsWhatTheStoreRefuses) {
  Scraper scraper;
  scraper.Scrape("a 1\na 2\nb 1 500\nb 1 500\nb 2 500\nb 3 400\n");
  EXPECT_EQ(scraper.report.duplicates, 2);
  EXPECT_EQ(scraper.report.out_of_order, 1);
  EXPECT_EQ(scraper.report.kept, 3);
  EXPECT_EQ(scraper.report.scraped, 6);
  scraper.store.max_series = 7;
  EXPECT_EQ(scraper.Scrape("a 1\nnew 1\n"), (Lines{R"(a{instance="h:1", job="j"} 1 @2000)"}));
  EXPECT_EQ(scraper.report.refused, 1);
  EXPECT_FALSE(scraper.report.error);
}

TEST(ScrapeTarget, MetricRelabelling) {
  ScrapeConfig config;
  config.metric_relabel_configs.resize(2);
  config.metric_relabel_configs[0].source_labels = {"__name__"};
  config.metric_relabel_configs[0].regex = RelabelRegex::Make("drop_.*").value();
  config.metric_relabel_configs[0].action = RelabelAction::drop;
  config.metric_relabel_configs[1].regex = RelabelRegex::Make("secret").value();
  config.metric_relabel_configs[1].action = RelabelAction::label_drop;
  Scraper scraper(config);
  for (int i = 1; i <= 2; ++i) {
    EXPECT_EQ(scraper.Scrape("drop_a 1\nb{secret=\"x\"} 2\n"),
              (Lines{R"(b{instance="h:1", job="j"} 2 @)" + std::to_string(i * 1000)}));
    EXPECT_EQ(scraper.report.scraped, 2);
    EXPECT_EQ(scraper.report.kept, 1);
    EXPECT_EQ(scraper.report.series_added, i == 1 ? 1 : 0);
  }
  config.metric_relabel_configs.resize(1);
  config.metric_relabel_configs[0] = {};
  config.metric_relabel_configs[0].target_label = "__name__";
  config.metric_relabel_configs[0].replacement = "";
  Scraper nameless(config);
  nameless.Scrape("a 1\n");
  EXPECT_EQ(nameless.report.error->message, "missing metric name (__name__ label)");
}

TEST(ScrapeTarget, Limits) {
  struct Case {
    std::string_view name;
    void (*set)(ScrapeConfig&);
    std::string_view page;
    std::string_view error;
  };
  static constexpr Case kCases[] = {
      {"samples", [](ScrapeConfig& c) { c.limits.samples = 1; }, "a 1\nb 2\n", "sample limit exceeded"},
      {"body", [](ScrapeConfig& c) { c.limits.body_size.bytes = 3; }, "a 1\n", "body size limit exceeded"},
      {"labels", [](ScrapeConfig& c) { c.limits.labels = 3; }, "a{b=\"c\"} 1\n",
       "label_limit exceeded (metric: a, number of labels: 4, limit: 3)"},
      {"names", [](ScrapeConfig& c) { c.limits.label_name_length = 8; }, "a{toolonglabel=\"c\"} 1\n",
       "label_name_length_limit exceeded (metric: a, label name: toolonglabel, length: 12, limit: 8)"},
      {"values", [](ScrapeConfig& c) { c.limits.label_value_length = 3; }, "a{b=\"long\"} 1\n",
       "label_value_length_limit exceeded (metric: a, label name: b, value: \"long\", length: 4, limit: 3)"},
      {"legacy names", [](ScrapeConfig& c) { c.name_validation = NameValidation::legacy; }, "{\"a.b\"} 1\n",
       "invalid metric name or label names: {\"a.b\", instance=\"h:1\", job=\"j\"}"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    ScrapeConfig config;
    c.set(config);
    Scraper scraper(config);
    EXPECT_EQ(scraper.Scrape(c.page), Lines{});
    EXPECT_EQ(scraper.report.error->message, c.error);
  }
  ScrapeConfig config;
  config.limits.samples = 2;
  Scraper enough(config);
  EXPECT_EQ(enough.Scrape("a 1\nb 2\n").size(), 2);
}

TEST(ScrapeTarget, SurvivesAStoreThatForgets) {
  Scraper scraper;
  scraper.Scrape("a{b=\"c\\n\"} 1\n");
  scraper.store.DropAll();
  EXPECT_EQ(scraper.Scrape("a{b=\"c\\n\"} 2\n"), (Lines{R"(a{b="c\n", instance="h:1", job="j"} 2 @2000)"}));
  EXPECT_EQ(scraper.report.series_added, 0);
}

TEST(ScrapeTarget, EndMarksEverythingStale) {
  Scraper scraper;
  scraper.Scrape("a 1\n");
  scraper.target().End(At(1500), scraper.store);
  EXPECT_EQ(scraper.Without(), (Lines{R"(a{instance="h:1", job="j"} stale @1500)"}));
  EXPECT_EQ(scraper.own.size(), 5);
  EXPECT_EQ(scraper.own[0], R"(up{instance="h:1", job="j"} stale @1500)");
}

TEST(ScrapeTarget, NewSettingsEndWhatTheyNoLongerMake) {
  ScrapeConfig config;
  Scraper scraper(config);
  scraper.Scrape("a 1\nb 1\n");
  config.metric_relabel_configs.resize(1);
  config.metric_relabel_configs[0].source_labels = {"__name__"};
  config.metric_relabel_configs[0].regex = RelabelRegex::Make("b").value();
  config.metric_relabel_configs[0].action = RelabelAction::drop;
  scraper.target().Reconfigure(scraper.target().target(), std::make_shared<const ScrapeConfig>(config));
  EXPECT_EQ(scraper.Scrape("a 1\nb 1\n"),
            (Lines{R"(a{instance="h:1", job="j"} 1 @2000)", R"(b{instance="h:1", job="j"} stale @2000)"}));
}

TEST(ScrapeTarget, ForgetsSeriesThatCameAndWent) {
  Scraper scraper;
  for (int i = 0; i < 6; ++i) {
    std::string page = "first 1\n";
    for (int j = 0; j < 100; ++j) page += "a{i=\"" + std::to_string(i) + "\",j=\"" + std::to_string(j) + "\"} 1\n";
    const Lines lines = scraper.Scrape(page + "last 1\n");
    EXPECT_EQ(lines.size(), 102 + (i == 0 ? 0 : 100));
  }
}

TEST(ScrapeTarget, KeepsMetadata) {
  Scraper scraper;
  scraper.Scrape("# HELP a First.\n# TYPE a counter\na 1\n# UNIT b s\n");
  scraper.Scrape("# HELP a Second.\n# TYPE a counter\na 1\n");
  EXPECT_EQ(scraper.target().Metadata(), (std::vector<MetricMetadata>{{"a", MetricType::counter, "Second.", ""}}));
  for (int i = 0; i < 10; ++i) scraper.Scrape("a 1\n");
  EXPECT_EQ(scraper.target().Metadata().size(), 1);
  scraper.Scrape("a 1\n");
  EXPECT_TRUE(scraper.target().Metadata().empty());
}

TEST(ScrapeTarget, ExtraScrapeMetrics) {
  ScrapeConfig config;
  config.extra_scrape_metrics = true;
  config.limits.samples = 7;
  Scraper scraper(config);
  scraper.Scrape("a 1\n");
  ASSERT_EQ(scraper.own.size(), 8);
  EXPECT_EQ(scraper.own[5], R"(scrape_timeout_seconds{instance="h:1", job="j"} 1 @1000)");
  EXPECT_EQ(scraper.own[6], R"(scrape_sample_limit{instance="h:1", job="j"} 7 @1000)");
  EXPECT_EQ(scraper.own[7], R"(scrape_body_size_bytes{instance="h:1", job="j"} 4 @1000)");
}

// A family `h` whose histogram is classic and native in one.
std::string HistogramPage(uint64_t count) {
  const Message histogram = Message()
                                .Varint(1, count)
                                .Double(2, 6)
                                .Add(3, Message().Varint(1, 1).Double(2, 1))
                                .ZigZag(5, 3)
                                .Double(6, 0.001)
                                .Add(12, Message().ZigZag(1, 2).Varint(2, 1))
                                .PackedZigZag(13, {static_cast<int64_t>(count)});
  return Family("h", 4, {Message().Add(7, histogram)});
}

TEST(ScrapeTarget, NativeHistograms) {
  const std::string classic[] = {R"(h_count{instance="h:1", job="j"} 3 @1000)",
                                 R"(h_sum{instance="h:1", job="j"} 6 @1000)",
                                 R"(h_bucket{instance="h:1", job="j", le="1.0"} 1 @1000)",
                                 R"(h_bucket{instance="h:1", job="j", le="+Inf"} 3 @1000)"};
  const std::string native = R"(h{instance="h:1", job="j"} histogram{3,6} @1000)";
  ScrapeConfig config;
  EXPECT_EQ(Scraper(config).Scrape(HistogramPage(3), kProtobuf), Lines(std::begin(classic), std::end(classic)));
  config.scrape_native_histograms = true;
  EXPECT_EQ(Scraper(config).Scrape(HistogramPage(3), kProtobuf), Lines{native});
  config.always_scrape_classic_histograms = true;
  Lines both = {native};
  both.insert(both.end(), std::begin(classic), std::end(classic));
  EXPECT_EQ(Scraper(config).Scrape(HistogramPage(3), kProtobuf), both);
}

// A histogram of `schema` with one observation in each of buckets 1 to 8.
std::string EightBuckets(int32_t schema) {
  const auto histogram = Message()
                             .Varint(1, 8)
                             .Double(2, 6)
                             .ZigZag(5, schema)
                             .Add(12, Message().ZigZag(1, 1).Varint(2, 8))
                             .PackedZigZag(13, {1, 0, 0, 0, 0, 0, 0, 0});
  return Family("h", 4, {Message().Add(7, histogram)});
}

TEST(ScrapeTarget, NativeHistogramsComeDownToTheLimits) {
  struct Case {
    int32_t schema;
    int64_t most_buckets;
    double factor;
    int32_t want_schema;
    size_t want_buckets;
  };
  for (const Case& test : {Case{3, 0, 0, 3, 8},
                           {3, 8, 0, 3, 8},
                           {3, 7, 0, 2, 4},
                           {3, 0, 1.1, 2, 4},
                           {3, 3, 1.1, 1, 2},
                           {3, 1, 0, 0, 1},
                           {9, 0, 0, 8, 4},
                           {52, 0, 0, 8, 1}}) {
    SCOPED_TRACE(test.want_buckets);
    store::Head head;
    ScrapeConfig config;
    config.job_name = "j";
    config.scrape_interval = config.scrape_timeout = std::chrono::seconds(1);
    config.scrape_native_histograms = true;
    config.native_histogram_bucket_limit = test.most_buckets;
    config.native_histogram_min_bucket_factor = test.factor;
    ScrapeTarget target(MakeTarget(config, "h:1", {}).value().value(), std::make_shared<const ScrapeConfig>(config));
    const FetchedPage page{std::string(kProtobuf), EightBuckets(test.schema)};
    ASSERT_FALSE(target.Ingest(page, At(1000), base::Duration(1), head).error);
    const base::Matcher matchers[] = {base::Matcher::Equal("__name__", "h")};
    store::Samples samples;
    head.Select(matchers, {At(0), At(9000)})->front()->Read({At(0), At(9000)}, samples);
    ASSERT_EQ(samples.histograms.size(), 1);
    EXPECT_EQ(samples.histograms[0]->schema, test.want_schema);
    EXPECT_EQ(samples.histograms[0]->positive_buckets.size(), test.want_buckets);
    EXPECT_EQ(samples.histograms[0]->count, 8);
  }
}

TEST(ScrapeTarget, TooManyNativeBucketsFailTheScrape) {
  ScrapeConfig config;
  config.scrape_native_histograms = true;
  config.native_histogram_bucket_limit = 1;
  Scraper scraper(config);
  const auto far_apart = Message()
                             .Varint(1, 2)
                             .ZigZag(5, 0)
                             .Add(12, Message().ZigZag(1, 1).Varint(2, 1))
                             .Add(12, Message().ZigZag(1, 500).Varint(2, 1))
                             .PackedZigZag(13, {1, 0});
  EXPECT_EQ(scraper.Scrape(Family("h", 4, {Message().Add(7, far_apart)}), kProtobuf), Lines{});
  EXPECT_EQ(scraper.report.error->message, "histogram bucket limit exceeded");
  EXPECT_TRUE(scraper.report.bucket_limit_exceeded);
  EXPECT_EQ(scraper.own[0], R"(up{instance="h:1", job="j"} 0 @1000)");
}

TEST(ScrapeTarget, NativeHistogramsEndLikeOthers) {
  ScrapeConfig config;
  config.scrape_native_histograms = true;
  Scraper scraper(config);
  scraper.Scrape(HistogramPage(3), kProtobuf);
  EXPECT_EQ(scraper.Scrape(HistogramPage(4), kProtobuf), (Lines{R"(h{instance="h:1", job="j"} histogram{4,6} @2000)"}));
  EXPECT_EQ(scraper.report.series_added, 0);
  EXPECT_EQ(scraper.Scrape("", kProtobuf), (Lines{R"(h{instance="h:1", job="j"} stale @3000)"}));
  EXPECT_EQ(scraper.Scrape(HistogramPage(5), kProtobuf), (Lines{R"(h{instance="h:1", job="j"} histogram{5,6} @4000)"}));
  EXPECT_EQ(scraper.Scrape(HistogramPage(5) + "\x05", kProtobuf), (Lines{R"(h{instance="h:1", job="j"} stale @5000)"}));
  EXPECT_EQ(scraper.report.error->ToString(),
            "invalid protobuf exposition: a message of 5 bytes is cut off after 0 at byte 55");
  // the same series may be a number in the next page
  EXPECT_EQ(scraper.Scrape("h 7\n"), (Lines{R"(h{instance="h:1", job="j"} 7 @6000)"}));
  scraper.store.DropAll();
  EXPECT_EQ(scraper.Scrape(HistogramPage(6), kProtobuf), (Lines{R"(h{instance="h:1", job="j"} histogram{6,6} @7000)"}));
  EXPECT_EQ(scraper.target().Metadata(), (std::vector<MetricMetadata>{{"h", MetricType::histogram, "", ""}}));
  scraper.target().End(At(7500), scraper.store);
  EXPECT_EQ(scraper.Without(), (Lines{R"(h{instance="h:1", job="j"} stale @7500)"}));
}

TEST(ScrapeTarget, ProtobufMayBeTheFallback) {
  ScrapeConfig config;
  config.fallback_scrape_protocol = "PrometheusProto";
  EXPECT_EQ(Scraper(config).Scrape(Family("a", 1, {Message().Add(2, Message().Double(1, 2))}), ""),
            (Lines{R"(a{instance="h:1", job="j"} 2 @1000)"}));
}

TEST(ScrapeTarget, NativeHistogramsInTheRealStore) {
  store::Head head;
  ScrapeConfig config;
  config.job_name = "j";
  config.scrape_interval = config.scrape_timeout = std::chrono::seconds(1);
  config.scrape_native_histograms = true;
  ScrapeTarget target(MakeTarget(config, "h:1", {}).value().value(), std::make_shared<const ScrapeConfig>(config));
  for (uint64_t i = 1; i <= 3; ++i) {
    const FetchedPage page{std::string(kProtobuf), i < 3 ? HistogramPage(i) : ""};
    ASSERT_FALSE(target.Ingest(page, At(static_cast<int64_t>(i) * 1000), base::Duration(1), head).error);
  }
  const base::Matcher matchers[] = {base::Matcher::Equal("__name__", "h")};
  const auto found = head.Select(matchers, {At(0), At(9000)});
  ASSERT_EQ(found->size(), 1);
  store::Samples samples;
  found->front()->Read({At(0), At(9000)}, samples);
  EXPECT_EQ(samples.times, (std::vector<base::Timestamp>{At(1000), At(2000), At(3000)}));
  ASSERT_EQ(samples.histograms.size(), 3);
  EXPECT_EQ(samples.histograms[1]->count, 2);
  EXPECT_EQ(samples.histograms[1]->schema, 3);
  EXPECT_EQ(samples.histograms[1]->positive_spans, (std::vector<base::HistogramSpan>{{2, 1}}));
  EXPECT_EQ(samples.histograms[2], nullptr);
  EXPECT_TRUE(store::IsStale(samples.values[2]));
}

TEST(ScrapeTarget, WritesIntoTheRealStore) {
  store::Head head;
  ScrapeConfig config;
  config.job_name = "j";
  config.scrape_interval = config.scrape_timeout = std::chrono::seconds(1);
  ScrapeTarget target(MakeTarget(config, "h:1", {}).value().value(), std::make_shared<const ScrapeConfig>(config));
  for (int i = 1; i <= 3; ++i) {
    const std::string page = i < 3 ? "a 1\nb " + std::to_string(i) + "\n" : "a 1\n";
    ASSERT_FALSE(target.Ingest(FetchedPage{std::string(kText), page}, At(i * 1000), base::Duration(1), head).error);
  }
  const base::Matcher matchers[] = {base::Matcher::Equal("__name__", "b")};
  const auto found = head.Select(matchers, {At(0), At(9000)});
  ASSERT_EQ(found->size(), 1);
  store::Samples samples;
  found->front()->Read({At(0), At(9000)}, samples);
  EXPECT_EQ(samples.times, (std::vector<base::Timestamp>{At(1000), At(2000), At(3000)}));
  EXPECT_EQ(samples.values[1], 2);
  EXPECT_TRUE(store::IsStale(samples.values[2]));
}

TEST(ScrapeTarget, HandsOnExemplars) {
  constexpr std::string_view kOpenMetrics = "application/openmetrics-text; version=1.0.0";
  struct {
    const char* name;
    std::string page;
    size_t appended;
    size_t out_of_order;
  } const scrapes[] = {
      {"new", "a_total 1 # {id=\"x\"} 2 3\nb_total 1 # {id=\"y\"} 5\nc_total 1\n# EOF\n", 2, 0},
      {"repeated, b's at the scrape's time", "a_total 2 # {id=\"x\"} 2 3\nb_total 1 # {id=\"y\"} 5\n# EOF\n", 0, 0},
      {"late", "a_total 3 # {id=\"z\"} 2 1\nb_total 1 # {id=\"y\"} 6\n# EOF\n", 1, 1},
  };
  store::Exemplars exemplars(10);
  store::Head head({.exemplars = &exemplars});
  ScrapeConfig config;
  config.job_name = "j";
  config.scrape_interval = config.scrape_timeout = std::chrono::seconds(1);
  ScrapeTarget target(std::move(MakeTarget(config, "h:1", {}).value().value()),
                      std::make_shared<const ScrapeConfig>(config));
  base::Timestamp now = At(10'000);
  uint64_t appended = 0;
  for (const auto& scrape : scrapes) {
    SCOPED_TRACE(scrape.name);
    const ScrapeReport report =
        target.Ingest(FetchedPage{std::string(kOpenMetrics), scrape.page}, now, base::Duration(1), head);
    EXPECT_FALSE(report.error);
    EXPECT_EQ(report.exemplars_out_of_order, scrape.out_of_order);
    appended += scrape.appended;
    EXPECT_EQ(exemplars.GetStats().appended, appended);
    now += base::Duration(1000);
  }
  const std::vector<std::vector<base::Matcher>> b = {{base::Matcher::Equal("__name__", "b_total")}};
  const auto found = exemplars.Select(b, {base::Timestamp::min(), base::Timestamp::max()});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].series.ToString(), R"(b_total{instance="h:1", job="j"})");
  EXPECT_EQ(found[0].exemplars, (std::vector<store::Exemplar>{{base::Labels{{"id", "y"}}, 5, At(10'000), false},
                                                              {base::Labels{{"id", "y"}}, 6, At(12'000), false}}));
}

}  // namespace
}  // namespace ingest
