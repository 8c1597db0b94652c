#include "promql/workers.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <numeric>
#include <random>
#include <stdexcept>
#include <thread>

#include "promql/engine.h"
#include "promql/histogram_math.h"
#include "promql/parser.h"
#include "promql/row_blocks.h"
#include "store/head.h"

namespace promql {
namespace {

using std::chrono::seconds;

TEST(WorkersTest, DoEverythingOnce) {
  for (const size_t threads : {0U, 1U, 3U}) {
    Workers workers(threads);
    for (const size_t count : {0U, 1U, 2U, 1000U}) {
      std::vector<std::atomic<int>> done(count);
      workers.Run(count, [&done](size_t i) { ++done[i]; });
      for (size_t i = 0; i < count; ++i) ASSERT_EQ(done[i], 1) << threads << " threads, " << count << " things";
    }
  }
}

TEST(WorkersTest, ServeSeveralAtOnce) {
  Workers workers(2);
  std::array<std::atomic<size_t>, 4> sums{};
  {
    std::vector<std::jthread> callers;
    for (auto& sum : sums) {
      callers.emplace_back([&workers, &sum] {
        for (int round = 0; round < 50; ++round) workers.Run(20, [&sum](size_t i) { sum += i; });
      });
    }
  }
  for (const auto& sum : sums) EXPECT_EQ(sum, 50U * 190U);
}

TEST(WorkersTest, HandExceptionsToTheCaller) {
  Workers workers(2);
  const auto fail = [&](size_t at) {
    workers.Run(100, [at](size_t i) {
      if (i == at) throw std::runtime_error("broken");
    });
  };
  EXPECT_THROW(fail(0), std::runtime_error);
  EXPECT_THROW(fail(99), std::runtime_error);
  fail(100);
}

TEST(WorkersTest, BlocksAreTakenInOrderAndTheFirstErrorCounts) {
  Workers workers(3);
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    const size_t fails = random() % 60;
    std::vector<size_t> taken;
    const auto make = [&](size_t i) -> base::Result<RowBlock> {
      if (i >= fails && i % 2 == fails % 2) return base::Invalid("block " + std::to_string(i));
      RowBlock block{Columns(1), {}};
      for (size_t row = 0; row < i; ++row) block.columns.Add({});
      return block;
    };
    const auto outcome = MakeInOrder(&workers, 50, make, [&](RowBlock block) {
      taken.push_back(block.columns.size());
      return base::Result<void>();
    });
    std::vector<size_t> wanted(std::min<size_t>(fails, 50));
    std::iota(wanted.begin(), wanted.end(), 0);
    EXPECT_EQ(taken, wanted);
    ASSERT_EQ(outcome.has_value(), fails >= 50);
    if (!outcome) {
      EXPECT_EQ(outcome.error().message, "block " + std::to_string(fails));
    }
  }
}

// Everything about a result, bits included.
std::string Text(const base::Result<QueryResult>& result) {
  if (!result) return "error: " + result.error().message;
  std::string text;
  for (const std::string& remark : result->annotations.warnings) text += remark + "\n";
  for (const std::string& remark : result->annotations.infos) text += remark + "\n";
  const auto add = [&text](base::Timestamp time, double value, const store::HistogramPtr& histogram) {
    text +=
        " " + std::to_string(time.time_since_epoch().count()) + ":" + std::to_string(std::bit_cast<uint64_t>(value));
    if (histogram) text += ToString(*histogram);
  };
  if (const auto* vector = std::get_if<Vector>(&result->value)) {
    for (const VectorSample& one : *vector) {
      text += "\n" + one.labels.ToString();
      add(one.time, one.value, one.histogram);
    }
  }
  if (const auto* matrix = std::get_if<Matrix>(&result->value)) {
    for (const MatrixSeries& one : *matrix) {
      text += "\n" + one.labels.ToString();
      for (size_t i = 0; i < one.samples.size(); ++i) {
        add(one.samples.times[i], one.samples.values[i],
            one.samples.histograms.empty() ? nullptr : one.samples.histograms[i]);
      }
    }
  }
  return text;
}

store::HistogramPtr RandomHistogram(std::mt19937& random) {
  auto histogram = std::make_shared<base::FloatHistogram>();
  histogram->schema = static_cast<int32_t>(random() % 3);
  histogram->positive_spans = {{0, 2}};
  histogram->positive_buckets = {static_cast<double>(random() % 9), static_cast<double>(random() % 9)};
  histogram->count = histogram->positive_buckets[0] + histogram->positive_buckets[1];
  histogram->sum = histogram->count * 1.5;
  return histogram;
}

// 1,500 series of counters, gauges and some histograms, with gaps, resets, ends and jitter.
void FillAtRandom(store::Head& head, std::mt19937& random) {
  const auto chance = [&random](int of) { return random() % of == 0; };
  const auto appender = head.NewAppender();
  for (int i = 0; i < 1500; ++i) {
    const char* const names[] = {"c_total", "g", "mixed"};
    const std::string number = std::to_string(i), job = std::to_string(random() % 7), le = std::to_string(i % 4);
    const base::Labels labels{
        {"__name__", names[i % 3]}, {"i", number}, {"job", job}, {"le", i % 4 == 3 ? "+Inf" : le}};
    double value = 0;
    const bool jitter = chance(4), histograms = i % 3 == 2 && chance(3);
    for (int sample = 0; sample < 80; ++sample) {
      value = chance(40) ? 0.1 : value + 1 / (1.0 + static_cast<double>(random() % 30));
      if (chance(30)) continue;
      const base::Timestamp time(seconds(15) * sample + base::Duration(jitter ? random() % 9 : 0));
      if (histograms && chance(2)) {
        appender->AppendHistogram(store::SeriesRef::none, labels, time, RandomHistogram(random));
      } else {
        appender->Append(store::SeriesRef::none, labels, time, chance(60) ? store::StaleMarker() : value);
      }
    }
  }
  ASSERT_TRUE(appender->Commit());
}

TEST(WorkersTest, ChangeNoBitOfAnyResult) {
  store::Head head(store::HeadOptions{.retention = base::Duration(0)});
  std::mt19937 random(11);
  FillAtRandom(head, random);
  Workers workers(3);
  const char* const kQueries[] = {
      "c_total",
      "{__name__=~'g|mixed'} offset 1m",
      "sum(rate(c_total[2m]))",
      "sum by (job) (rate(c_total[1m]))",
      "avg by (job) (g)",
      "sum by (job) (mixed)",
      "avg(rate(mixed[3m]))",
      "stddev by (job) (increase(g[5m]))",
      "quantile by (job) (0.9, delta(g[5m]))",
      "quantile(2, g)",
      "max by (job) (max_over_time(mixed[2m]))",
      "count without (i) (quantile_over_time(0.5, g[2m]))",
      "histogram_quantile(0.9, sum by (le, job) (rate(c_total[5m])))",
      "topk(3, rate(c_total[2m]))",
      "bottomk by (job) (2, mixed)",
      "limitk(7, g)",
      "count_values('v', round(g))",
      "rate({__name__=~'c_total|g|mixed'}[2m])",
      "absent_over_time(g[1m])",
      "max_over_time(sum by (job) (rate(c_total[1m]))[5m:30s])",
      "sum(rate(c_total[5m:20s] @ 900))",
      "c_total / on (i) group_left c_total",
      "histogram_count(sum(mixed))",
      "sum(timestamp(g))",
      "predict_linear(g[5m], 60)",
  };
  const base::Timestamp end(seconds(1150));
  struct Case {
    bool delayed_name_removal;
    int64_t max_samples;
  };
  for (const Case& one : {Case{false, 50'000'000}, Case{true, 50'000'000}, Case{false, 2'000}}) {
    EngineOptions options;
    options.delayed_name_removal = one.delayed_name_removal;
    options.max_samples = one.max_samples;
    const Engine alone(options);
    options.workers = &workers;
    const Engine helped(options);
    for (const char* query : kQueries) {
      SCOPED_TRACE(query);
      const auto expr = Parse(query, {.experimental_functions = true});
      ASSERT_TRUE(expr);
      EXPECT_EQ(Text(helped.Instant(**expr, end, head)), Text(alone.Instant(**expr, end, head)));
      const auto range = [&](const Engine& engine) {
        return Text(engine.Range(**expr, base::Timestamp(seconds(300)), end, seconds(30), head));
      };
      EXPECT_EQ(range(helped), range(alone));
    }
  }
}

TEST(WorkersTest, AQueryWithHelpersCanBeStopped) {
  store::Head head(store::HeadOptions{.retention = base::Duration(0)});
  std::mt19937 random(12);
  FillAtRandom(head, random);
  Workers workers(2);
  EngineOptions options;
  options.workers = &workers;
  const auto expr = Parse("sum(rate(c_total[2m]))");
  const auto text = [&](std::stop_token stop) {
    return Text(Engine(options).Range(**expr, base::Timestamp(seconds(300)), base::Timestamp(seconds(1150)),
                                      seconds(15), head, std::move(stop)));
  };
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(text(stop.get_token()), "error: query was canceled in expression evaluation");
  options.timeout = base::Duration(0);
  EXPECT_EQ(text({}), "error: query timed out in expression evaluation");
}

}  // namespace
}  // namespace promql
