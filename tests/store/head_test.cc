#include "store/head.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

namespace store {
namespace {

using base::Labels;
using base::Matcher;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr TimeRange kAlways{base::Timestamp::min(), base::Timestamp::max()};
base::Timestamp At(int64_t second) { return base::Timestamp(seconds(second)); }

const Labels kSeries = {{"__name__", "up"}, {"job", "api"}};

Appended Put(Head& head, const Labels& labels, base::Timestamp time, double value) {
  const auto appender = head.NewAppender();
  const Appended appended = appender->Append(SeriesRef::none, labels, time, value);
  EXPECT_TRUE(appender->Commit());
  return appended;
}

Appended Put(Head& head, const Labels& labels, base::Timestamp time, HistogramPtr histogram) {
  const auto appender = head.NewAppender();
  const Appended appended = appender->AppendHistogram(SeriesRef::none, labels, time, std::move(histogram));
  EXPECT_TRUE(appender->Commit());
  return appended;
}

HistogramPtr Histogram(double count) {
  base::FloatHistogram histogram;
  histogram.count = count;
  return std::make_shared<const base::FloatHistogram>(histogram);
}

// "1:10 2:20" in seconds; "h" before a histogram's count; "stale".
std::string Dump(const Samples& samples) {
  std::string text;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (i > 0) text += ' ';
    const auto second = std::chrono::duration_cast<seconds>(samples.times[i].time_since_epoch()).count();
    const HistogramPtr histogram = samples.histograms.empty() ? nullptr : samples.histograms[i];
    text += fmt::format("{}:", second);
    text += histogram                    ? fmt::format("h{}", histogram->count)
            : IsStale(samples.values[i]) ? "stale"
                                         : fmt::format("{}", samples.values[i]);
  }
  return text;
}

std::string Read(const Head& head, const Labels& labels, TimeRange range = kAlways) {
  std::vector<Matcher> matchers;
  for (const base::Label& label : labels) {
    matchers.push_back(Matcher::Equal(std::string(label.name), std::string(label.value)));
  }
  const auto found = *head.Select(matchers, range);
  if (found.empty()) return "none";
  Samples samples;
  found.front()->Read(range, samples);
  return Dump(samples);
}

std::vector<std::string> Selected(const Head& head, const std::vector<Matcher>& matchers, TimeRange range = kAlways) {
  std::vector<std::string> names;
  const auto found = *head.Select(matchers, range);
  for (const auto& series : found) names.push_back(series->labels().ToString());
  return names;
}

TEST(Head, JudgesSamples) {
  struct Step {
    int64_t time;
    double value;
    AppendStatus want;
  };
  using enum AppendStatus;
  const struct {
    const char* name;
    int64_t window;  // seconds
    std::vector<Step> steps;
    const char* want;
  } cases[] = {
      {"in order", 0, {{10, 1, ok}, {20, 2, ok}, {30, 3, ok}}, "10:1 20:2 30:3"},
      {"the same again", 0, {{10, 1, ok}, {10, 1, ok}}, "10:1"},
      {"another value at the same time", 0, {{10, 1, ok}, {10, 2, duplicate}, {20, 2, ok}}, "10:1 20:2"},
      {"signed zeros are different values", 0, {{10, 0.0, ok}, {10, -0.0, duplicate}}, "10:0"},
      {"stale again", 0, {{10, StaleMarker(), ok}, {10, StaleMarker(), ok}}, "10:stale"},
      {"stale at the time of a value", 0, {{10, 1, ok}, {10, StaleMarker(), duplicate}}, "10:1"},
      {"older without a window", 0, {{10, 1, ok}, {9, 1, out_of_order}}, "10:1"},
      {"within the window", 5, {{10, 1, ok}, {20, 2, ok}, {15, 3, ok}, {18, 4, ok}}, "10:1 15:3 18:4 20:2"},
      {"before the window", 5, {{20, 2, ok}, {14, 3, too_old}}, "20:2"},
      {"before all there is", 50, {{20, 2, ok}, {30, 3, ok}, {10, 1, ok}, {5, 0, ok}}, "5:0 10:1 20:2 30:3"},
      {"late and there already", 50, {{10, 1, ok}, {20, 2, ok}, {10, 1, ok}}, "10:1 20:2"},
      {"late and different", 50, {{10, 1, ok}, {20, 2, ok}, {10, 3, duplicate}}, "10:1 20:2"},
  };
  for (const bool one_batch : {false, true}) {
    for (const auto& test : cases) {
      SCOPED_TRACE(testing::Message() << test.name << (one_batch ? " in one batch" : ""));
      // in one batch, only the newest sample of a series is looked at before Commit
      if (one_batch && std::string_view(test.name) == "late and different") continue;
      Head head({.out_of_order_window = seconds(test.window)});
      auto appender = head.NewAppender();
      SeriesRef ref = SeriesRef::none;
      for (const Step& step : test.steps) {
        const Appended appended = appender->Append(ref, kSeries, At(step.time), step.value);
        EXPECT_EQ(appended.status, step.want) << step.time << ":" << step.value;
        ref = appended.ref;
        if (!one_batch) {
          EXPECT_TRUE(appender->Commit());
        }
      }
      EXPECT_TRUE(appender->Commit());
      EXPECT_EQ(Read(head, kSeries), test.want);
    }
  }
}

TEST(Head, CommitDecidesWhatABatchCouldNotSee) {
  Head head({.out_of_order_window = minutes(1)});
  const auto first = head.NewAppender();
  const auto second = head.NewAppender();
  EXPECT_EQ(first->Append(SeriesRef::none, kSeries, At(10), 1).status, AppendStatus::ok);
  EXPECT_EQ(second->Append(SeriesRef::none, kSeries, At(10), 2).status, AppendStatus::ok);
  EXPECT_EQ(second->Append(SeriesRef::none, kSeries, At(20), 3).status, AppendStatus::ok);
  EXPECT_EQ(second->Append(SeriesRef::none, kSeries, At(15), 4).status, AppendStatus::ok);
  EXPECT_EQ(second->Append(SeriesRef::none, kSeries, At(15), 5).status, AppendStatus::duplicate);
  EXPECT_TRUE(first->Commit());
  EXPECT_TRUE(second->Commit());
  EXPECT_EQ(Read(head, kSeries), "10:1 15:4 20:3");
  EXPECT_EQ(head.Stats().duplicates, 2U);
  EXPECT_EQ(head.Stats().samples_appended, 3U);
  EXPECT_EQ(head.Stats().out_of_order_appended, 1U);
}

TEST(Head, RefusesLabels) {
  const struct {
    const char* name;
    Labels labels;
    AppendStatus want;
  } cases[] = {
      {"none", {}, AppendStatus::invalid_labels},
      {"only an empty value", {{"a", ""}}, AppendStatus::invalid_labels},
      {"name not UTF-8", {{"a\xff", "x"}}, AppendStatus::invalid_labels},
      {"value not UTF-8", {{"a", "\xff"}}, AppendStatus::invalid_labels},
      {"no metric name", {{"a", "x"}}, AppendStatus::ok},
      {"UTF-8 name", {{"größe", "x"}}, AppendStatus::ok},
  };
  Head head;
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    EXPECT_EQ(Put(head, test.labels, At(1), 1).status, test.want);
  }
  EXPECT_EQ(head.Stats().invalid_labels, 4U);
  EXPECT_EQ(head.Stats().series, 2U);
}

TEST(Head, NothingIsSeenBeforeCommitNorAfterRollback) {
  Head head;
  Put(head, {{"a", "old"}}, At(1), 1);
  const auto appender = head.NewAppender();
  const auto append = [&] {
    EXPECT_EQ(appender->Append(SeriesRef::none, {{"a", "new"}, {"b", "x"}}, At(2), 2).status, AppendStatus::ok);
    EXPECT_EQ(appender->Append(SeriesRef::none, {{"a", "old"}}, At(2), 2).status, AppendStatus::ok);
  };
  const auto expect_only_old = [&] {
    EXPECT_EQ(Selected(head, {}), std::vector<std::string>{"{a=\"old\"}"});
    EXPECT_EQ(*head.LabelNames({}, kAlways), std::vector<std::string>{"a"});
    EXPECT_EQ(*head.LabelValues("a", {}, kAlways), std::vector<std::string>{"old"});
    EXPECT_EQ(Read(head, {{"a", "old"}}), "1:1");
  };
  append();
  expect_only_old();
  appender->Rollback();
  expect_only_old();
  EXPECT_EQ(head.Stats().series, 1U);
  append();
  EXPECT_TRUE(appender->Commit());
  EXPECT_EQ(Read(head, {{"a", "new"}}), "2:2");
  EXPECT_EQ(Read(head, {{"a", "old"}}), "1:1 2:2");
}

TEST(Head, ABatchSurvivesAnothersRollback) {
  Head head;
  auto creator = head.NewAppender();
  const auto other = head.NewAppender();
  const Appended created = creator->Append(SeriesRef::none, kSeries, At(1), 1);
  EXPECT_EQ(other->Append(created.ref, kSeries, At(2), 2).status, AppendStatus::ok);
  creator.reset();
  EXPECT_EQ(head.Stats().series, 0U);
  EXPECT_TRUE(other->Commit());
  EXPECT_EQ(Read(head, kSeries), "2:2");
  const auto again = other->Append(created.ref, kSeries, At(3), 3);
  EXPECT_EQ(again.status, AppendStatus::ok);
  EXPECT_NE(again.ref, created.ref) << "the old reference is of a series that is gone";
  EXPECT_TRUE(other->Commit());
  EXPECT_EQ(Read(head, kSeries), "2:2 3:3");
}

TEST(Head, HoldsItsSeriesLimit) {
  Head head({.max_series = 2});
  EXPECT_EQ(Put(head, {{"a", "1"}}, At(1), 1).status, AppendStatus::ok);
  EXPECT_EQ(Put(head, {{"a", "2"}}, At(1), 1).status, AppendStatus::ok);
  const Appended refused = Put(head, {{"a", "3"}}, At(1), 1);
  EXPECT_EQ(refused.status, AppendStatus::series_limit);
  EXPECT_EQ(refused.ref, SeriesRef::none);
  EXPECT_EQ(Put(head, {{"a", "1"}}, At(2), 2).status, AppendStatus::ok) << "known series go on";
  EXPECT_EQ(head.Stats().over_series_limit, 1U);
  head.Maintain(At(1) + hours(24 * 15) + seconds(1));
  EXPECT_EQ(Put(head, {{"a", "3"}}, At(2000000), 1).status, AppendStatus::ok) << "retention made room";
}

TEST(Head, StalenessMarkersAreKeptBitForBit) {
  Head head;
  Put(head, kSeries, At(1), 1);
  Put(head, kSeries, At(2), StaleMarker());
  Put(head, kSeries, At(3), std::numeric_limits<double>::quiet_NaN());
  Put(head, kSeries, At(4), 4);
  EXPECT_EQ(Read(head, kSeries), "1:1 2:stale 3:nan 4:4");
}

TEST(Head, MixesFloatsAndHistograms) {
  Head head({.out_of_order_window = hours(1)});
  Put(head, kSeries, At(10), 1);
  Put(head, kSeries, At(20), Histogram(2));
  Put(head, kSeries, At(30), Histogram(3));
  Put(head, kSeries, At(40), 4);
  EXPECT_EQ(Put(head, kSeries, At(40), Histogram(4)).status, AppendStatus::duplicate);
  EXPECT_EQ(Put(head, kSeries, At(20), Histogram(2)).status, AppendStatus::ok);
  EXPECT_EQ(Put(head, kSeries, At(20), Histogram(9)).status, AppendStatus::duplicate);
  EXPECT_EQ(Put(head, kSeries, At(25), 2.5).status, AppendStatus::ok);
  EXPECT_EQ(Put(head, kSeries, At(15), Histogram(1.5)).status, AppendStatus::ok);
  EXPECT_EQ(Put(head, kSeries, At(35), Histogram(3.5)).status, AppendStatus::ok);
  Put(head, kSeries, At(50), Histogram(5));
  EXPECT_EQ(Put(head, kSeries, At(45), Histogram(4.5)).status, AppendStatus::ok);
  EXPECT_EQ(Put(head, kSeries, At(47), 4.7).status, AppendStatus::ok);
  EXPECT_EQ(Read(head, kSeries), "10:1 15:h1.5 20:h2 25:2.5 30:h3 35:h3.5 40:4 45:h4.5 47:4.7 50:h5");
  EXPECT_EQ(Read(head, kSeries, {At(20), At(26)}), "20:h2 25:2.5");
  EXPECT_EQ(head.Stats().histograms_appended, 6U);
}

TEST(Head, LongSeriesReadBackInAnyRange) {
  Head head;
  SeriesRef ref = SeriesRef::none;
  const auto appender = head.NewAppender();
  constexpr int kCount = 1000;
  for (int i = 0; i < kCount; ++i) {
    ref = appender->Append(ref, kSeries, At(i * 10), i).ref;
    if (i % 7 == 0) {
      EXPECT_TRUE(appender->Commit());
    }
  }
  EXPECT_TRUE(appender->Commit());
  const auto series = head.Select({}, kAlways)->front();
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    const auto from = static_cast<int64_t>(random() % 10100) - 50;
    const int64_t to = from + static_cast<int64_t>(random() % 3000);
    SCOPED_TRACE(testing::Message() << from << ".." << to);
    Samples samples;
    series->Read({At(from), At(to)}, samples);
    std::vector<double> want;
    for (int i = 0; i < kCount; ++i) {
      if (i * 10 >= from && i * 10 <= to) want.push_back(i);
    }
    ASSERT_EQ(samples.values, want);
    ASSERT_EQ(samples.times.size(), want.size());
  }
}

TEST(Head, ReadsTheLastSampleOfARange) {
  Head head;
  const auto appender = head.NewAppender();
  for (int i = 1; i <= 300; ++i) {
    appender->Append(SeriesRef::none, kSeries, At(i * 10), i);
    appender->AppendHistogram(SeriesRef::none, {{"h", "x"}}, At(i * 10), Histogram(i));
  }
  EXPECT_TRUE(appender->Commit());
  const struct {
    int64_t min, max;
    const char* want;
    const char* want_histogram;
  } cases[] = {
      {0, 5000, "3000:300", "3000:h300"},
      {3000, 3000, "3000:300", "3000:h300"},
      {3001, 5000, "", ""},
      {0, 2999, "2990:299", "2990:h299"},
      {5, 15, "10:1", "10:h1"},
      {0, 9, "", ""},
      {11, 19, "", ""},
      {0, 1205, "1200:120", "1200:h120"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(testing::Message() << test.min << ".." << test.max);
    Samples samples;
    const auto all = *head.Select({}, kAlways);
    all[0]->ReadLast({At(test.min), At(test.max)}, samples);
    EXPECT_EQ(Dump(samples), test.want);
    samples.Clear();
    all[1]->ReadLast({At(test.min), At(test.max)}, samples);
    EXPECT_EQ(Dump(samples), test.want_histogram);
  }
  Samples both;
  const auto all = *head.Select({}, kAlways);
  for (const auto& series : all) series->ReadLast(kAlways, both);
  EXPECT_EQ(Dump(both), "3000:300 3000:h300");
}

TEST(Head, OutOfOrderSamplesInAnyOrderReadInTimeOrder) {
  for (const bool committed_singly : {false, true}) {
    for (unsigned seed = 0; seed < 5; ++seed) {
      std::vector<int> order(700);
      for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
      std::shuffle(order.begin(), order.end(), std::mt19937(seed));
      Head head({.out_of_order_window = hours(24)});
      const auto appender = head.NewAppender();
      for (const int i : order) {
        const bool histogram = seed > 2 && i / 40 % 2 == 1;
        const Appended appended = histogram ? appender->AppendHistogram(SeriesRef::none, kSeries, At(i), Histogram(i))
                                            : appender->Append(SeriesRef::none, kSeries, At(i), i);
        EXPECT_EQ(appended.status, AppendStatus::ok);
        if (committed_singly) {
          EXPECT_TRUE(appender->Commit());
        }
      }
      EXPECT_TRUE(appender->Commit());
      Samples samples;
      head.Select({}, kAlways)->front()->Read(kAlways, samples);
      ASSERT_EQ(samples.size(), order.size());
      for (size_t i = 0; i < order.size(); ++i) {
        const HistogramPtr histogram = samples.histograms.empty() ? nullptr : samples.histograms[i];
        ASSERT_EQ(samples.times[i], At(static_cast<int64_t>(i)));
        ASSERT_EQ(histogram ? histogram->count : samples.values[i], static_cast<double>(i));
      }
      // what was counted piece by piece is what is there
      const HeadStats before = head.Stats();
      head.Maintain(At(1'000'000'000));
      EXPECT_GT(before.chunks, 4U);
      EXPECT_EQ(head.Stats().chunks, 0U);
      EXPECT_EQ(head.Stats().bytes, 0U);
    }
  }
}

TEST(Head, SelectsSortedAndOnlyWithinTheRange) {
  Head head;
  Put(head, {{"__name__", "up"}, {"job", "b"}}, At(100), 1);
  Put(head, {{"__name__", "up"}, {"job", "a"}}, At(200), 1);
  Put(head, {{"__name__", "down"}, {"job", "a"}}, At(300), 1);
  Put(head, {{"__name__", "up"}}, At(300), 1);
  using Names = std::vector<std::string>;
  EXPECT_EQ(Selected(head, {}), (Names{"down{job=\"a\"}", "up", "up{job=\"a\"}", "up{job=\"b\"}"}));
  EXPECT_EQ(Selected(head, {}, {At(150), At(250)}), Names{"up{job=\"a\"}"});
  EXPECT_EQ(Selected(head, {}, {At(100), At(200)}), (Names{"up{job=\"a\"}", "up{job=\"b\"}"}));
  EXPECT_EQ(Selected(head, {}, {At(301), At(400)}), Names());
  const Matcher up = Matcher::Equal("__name__", "up");
  const Matcher no_job = Matcher::Equal("job", "");
  EXPECT_EQ(Selected(head, {up, no_job}), Names{"up"});
}

TEST(Head, LabelNamesAndValues) {
  Head head;
  Put(head, {{"__name__", "up"}, {"job", "b"}, {"zone", "1"}}, At(100), 1);
  Put(head, {{"__name__", "up"}, {"job", "a"}}, At(200), 1);
  Put(head, {{"__name__", "down"}, {"team", "x"}}, At(300), 1);
  using Texts = std::vector<std::string>;
  const std::vector<Matcher> up = {Matcher::Equal("__name__", "up")};
  EXPECT_EQ(*head.LabelNames({}, kAlways), (Texts{"__name__", "job", "team", "zone"}));
  EXPECT_EQ(*head.LabelNames({}, {At(150), At(250)}), (Texts{"__name__", "job"}));
  EXPECT_EQ(*head.LabelNames(up, kAlways), (Texts{"__name__", "job", "zone"}));
  EXPECT_EQ(*head.LabelNames(up, {At(150), At(250)}), (Texts{"__name__", "job"}));
  EXPECT_EQ(*head.LabelValues("__name__", {}, kAlways), (Texts{"down", "up"}));
  EXPECT_EQ(*head.LabelValues("job", {}, kAlways), (Texts{"a", "b"}));
  EXPECT_EQ(*head.LabelValues("job", {}, {At(150), At(250)}), Texts{"a"});
  EXPECT_EQ(*head.LabelValues("team", up, kAlways), Texts());
  EXPECT_EQ(*head.LabelValues("job", up, kAlways), (Texts{"a", "b"}));
  EXPECT_EQ(*head.LabelValues("nothing", {}, kAlways), Texts());
}

TEST(Head, RetentionByTimeDropsChunksThenSeries) {
  Head head({.retention = hours(1)});
  const auto appender = head.NewAppender();
  for (int i = 0; i < 360; ++i) appender->Append(SeriesRef::none, kSeries, At(i * 10), i);
  const Labels gone = {{"__name__", "gone"}};
  const Appended old = appender->Append(SeriesRef::none, gone, At(0), 1);
  EXPECT_TRUE(appender->Commit());
  const auto held = head.Select(std::vector<Matcher>{Matcher::Equal("__name__", "gone")}, kAlways)->front();
  EXPECT_EQ(head.Stats().chunks, 4U);

  head.Maintain(At(3600) + minutes(20) + seconds(1));
  EXPECT_EQ(head.Stats().chunks, 2U);
  EXPECT_EQ(head.Stats().series, 1U);
  EXPECT_EQ(head.Stats().times->min, At(1200));
  EXPECT_EQ(head.Stats().times->max, At(3590));
  EXPECT_EQ(Read(head, gone), "none");
  EXPECT_EQ(*head.LabelValues("__name__", {}, kAlways), std::vector<std::string>{"up"});
  EXPECT_EQ(appender->Append(old.ref, gone, At(1200), 1).status, AppendStatus::too_old);
  EXPECT_EQ(appender->Append(old.ref, gone, At(1201), 1).status, AppendStatus::ok);
  EXPECT_TRUE(appender->Commit());
  EXPECT_EQ(Read(head, gone), "1201:1");
  Samples samples;
  held->Read(kAlways, samples);
  EXPECT_EQ(held->labels(), gone);

  head.Maintain(At(36000));
  EXPECT_EQ(head.Stats().series, 0U);
  EXPECT_EQ(head.Stats().bytes, 0U);
  EXPECT_EQ(head.Stats().times, std::nullopt);
  EXPECT_EQ(head.Stats().series_removed, 3U);
}

TEST(Head, RetentionByBytesDropsTheOldest) {
  Head head({.retention = hours(0), .retention_bytes = 60'000});
  std::mt19937_64 random(9);
  const auto appender = head.NewAppender();
  for (int i = 0; i < 2400; ++i) {
    for (const char* name : {"a", "b", "c", "d", "e"}) {
      appender->Append(SeriesRef::none, {{"n", name}}, At(i), std::bit_cast<double>(random()));
    }
    EXPECT_TRUE(appender->Commit());
  }
  EXPECT_GT(head.Stats().bytes, 90'000U);
  head.Maintain(At(2400));
  const HeadStats stats = head.Stats();
  EXPECT_LE(stats.bytes, 60'000U);
  EXPECT_GT(stats.bytes, 50'000U);
  EXPECT_EQ(stats.series, 5U);
  EXPECT_EQ(stats.times->max, At(2399));
  EXPECT_EQ(stats.times->min, At(1200));
  EXPECT_EQ(appender->Append(SeriesRef::none, {{"n", "new"}}, At(1199), 1).status, AppendStatus::too_old);
}

TEST(Head, CountsWhatItRefused) {
  Head head({.retention = hours(1)});
  head.Maintain(At(7200));
  Put(head, kSeries, At(7200), 1);
  Put(head, kSeries, At(7200), 2);
  Put(head, kSeries, At(7100), 2);
  Put(head, kSeries, At(10), 2);
  Put(head, {{"a", "1"}}, At(10), 2);
  Put(head, {}, At(7200), 2);
  const HeadStats stats = head.Stats();
  EXPECT_EQ(stats.samples_appended, 1U);
  EXPECT_EQ(stats.duplicates, 1U);
  EXPECT_EQ(stats.out_of_order, 1U);
  EXPECT_EQ(stats.too_old, 2U);
  EXPECT_EQ(stats.invalid_labels, 1U);
  EXPECT_EQ(stats.series, 1U);
  EXPECT_EQ(stats.label_names, 2U);
  EXPECT_EQ(stats.label_pairs, 2U);
  EXPECT_EQ(stats.chunks, 1U);
}

TEST(Head, Cardinality) {
  Head head;
  for (int i = 0; i < 3; ++i) Put(head, {{"__name__", "a"}, {"id", std::to_string(i)}}, At(1), 1);
  Put(head, {{"__name__", "b"}, {"id", "0"}}, At(1), 1);
  Put(head, {{"__name__", "c"}, {"job", "long"}}, At(1), 1);
  const CardinalityTables tables = head.Cardinality(2);
  using Table = CardinalityTables::Table;
  EXPECT_EQ(tables.series_by_metric_name, (Table{{"a", 3}, {"b", 1}}));
  EXPECT_EQ(tables.values_by_label_name, (Table{{"__name__", 3}, {"id", 3}}));
  EXPECT_EQ(tables.bytes_by_label_name, (Table{{"job", 4}, {"__name__", 3}}));
  EXPECT_EQ(tables.series_by_label_pair, (Table{{"__name__=a", 3}, {"id=0", 2}}));
}

}  // namespace
}  // namespace store
