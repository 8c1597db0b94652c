#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <random>

#include "promql/engine.h"
#include "promql/parser.h"
#include "store/head.h"

// What rules ask for again and again goes a short way, and much of it is remembered: samples decoded, what selections
// found, the groups of their series. Whatever happens to the series, the result is that of the general way (which is
// how a range query of two steps goes) over a store that remembers nothing.

namespace promql {
namespace {

using std::chrono::seconds;

base::Timestamp At(int64_t second) { return base::Timestamp(seconds(second)); }

constexpr const char* kExpressions[] = {
    "m_total",
    "m_total{job='a'} > 20",
    "50 > m_total",
    "m_total >bool 20",
    "100 - m_total / 2",
    "{job='a'}",
    "{job='a'} + 1",
    "{__name__=~'m_.*'} > 3",
    "time() - gauge",
    "gauge offset 1m",
    "gauge @ 300",
    "(gauge) > scalar(max(gauge)) / 2",
    "rate(m_total[5m])",
    "rate(gauge[5m])",
    "rate({job='a'}[5m])",
    "increase(m_total[1m]) > 0",
    "delta(gauge[5m])",
    "irate(m_total[2m])",
    "idelta(gauge[1m])",
    "resets(m_total[10m]) > 0",
    "resets(gauge[1m])",
    "changes(gauge[2m])",
    "rate(m_total[17s])",
    "rate(m_total[10m] offset 1m)",
    "rate(m_total[2m] @ 900)",
    "increase(gauge[25m])",
    "delta({job='b'}[2m] offset -10s)",
    "present_over_time(gauge[30s])",
    "first_over_time(gauge[5m])",
    "ts_of_first_over_time(gauge[5m])",
    "ts_of_last_over_time(m_total[5m])",
    "ts_of_max_over_time(gauge[3m])",
    "ts_of_min_over_time(gauge[3m])",
    "min_over_time(gauge[90s])",
    "sum_over_time(gauge[5m])",
    "stdvar_over_time(gauge[2m])",
    "mad_over_time(gauge[2m])",
    "deriv(gauge[10m])",
    "double_exponential_smoothing(gauge[5m], 0.5, 0.5)",
    "absent_over_time(gauge[30s])",
    "count_over_time(m_total[2m]) < 20",
    "sum by(job) (resets(m_total[5m])) + on() group_left() count(irate(gauge[1m]))",
    "avg by(i) (increase(m_total[2m])) or max by(i) (rate(m_total[10m]))",
    "max_over_time(gauge[10m]) > 5",
    "avg_over_time(gauge[10m])",
    "stddev_over_time(gauge[5m])",
    "last_over_time(gauge[5m])",
    "count_over_time({job='a'}[5m])",
    "quantile_over_time(0.9, gauge[5m])",
    "predict_linear(gauge[5m], 3600) > 5",
    "sum(m_total)",
    "sum by(job) (rate(m_total[5m])) / sum by(job) (rate(m_total[2m])) > 0.5",
    "sum by(job, i) (rate(m_total[5m]))",
    "avg without(i) (gauge)",
    "count by(__name__) ({job='a'})",
    "sum by(__name__) (rate(m_total[5m]))",
    "quantile by(job) (0.5, gauge)",
    "stddev(gauge)",
    "max by(job) (max_over_time(gauge[5m])) > 3",
    "sum(sum by(job) (gauge / 3))",
    "topk(3, rate(m_total[5m]))",
    "m_total / on(job, i) gauge",
    "gauge * on(job) group_left() count by(job) (m_total)",
    "absent(gauge{job='c'})",
    "histogram_quantile(0.9, sum by(le) (rate(b_bucket[5m])))",
    "mixed",
    "sum(mixed)",
    "rate(mixed[5m])",
    "histogram_count(mixed)",
    "max_over_time(sum(gauge)[5m:1m])",
    "rate(typed_total[5m])",
    "sum by(__type__) (rate(typed_total[5m]))",
};

// Values by their bits.
std::vector<std::string> Print(const Matrix& matrix) {
  std::vector<std::string> lines;
  for (const MatrixSeries& series : matrix) {
    const bool histogram = !series.samples.histograms.empty() && series.samples.histograms[0];
    lines.push_back(series.labels.ToString() + " " +
                    (histogram ? "h" + std::to_string(series.samples.histograms[0]->count)
                               : std::to_string(std::bit_cast<uint64_t>(series.samples.values[0])) + " " +
                                     std::to_string(series.samples.values[0])));
  }
  return lines;
}

Matrix ToMatrix(const Value& value) {
  Matrix matrix;
  if (const auto* scalar = std::get_if<Scalar>(&value)) {
    matrix.push_back({{}, {.times = {}, .values = {scalar->value}, .histograms = {}, .start_times = {}}});
  } else {
    for (const VectorSample& sample : std::get<Vector>(value)) {
      matrix.push_back(
          {sample.labels,
           {.times = {sample.time}, .values = {sample.value}, .histograms = {sample.histogram}, .start_times = {}}});
    }
  }
  std::ranges::stable_sort(matrix, [](const auto& a, const auto& b) { return a.labels < b.labels; });
  return matrix;
}

// Only series that are there at the first step.
Matrix FirstStep(Matrix matrix, base::Timestamp time) {
  std::erase_if(matrix, [&](const MatrixSeries& series) { return series.samples.times[0] != time; });
  return matrix;
}

std::vector<std::string> Remarks(const Annotations& annotations) {
  std::vector<std::string> all = annotations.warnings;
  all.insert(all.end(), annotations.infos.begin(), annotations.infos.end());
  std::ranges::sort(all);
  return all;
}

class World {
 public:
  void Put(const base::Labels& labels, base::Timestamp time, double value, store::HistogramPtr histogram = nullptr) {
    for (store::Head* head : {&remembering_, &plain_}) {
      const auto appender = head->NewAppender();
      if (histogram) {
        appender->AppendHistogram(store::SeriesRef::none, labels, time, histogram);
      } else {
        appender->Append(store::SeriesRef::none, labels, time, value);
      }
      ASSERT_TRUE(appender->Commit());
    }
  }
  void Maintain(base::Timestamp now) {
    remembering_.Maintain(now);
    plain_.Maintain(now);
    most_decoded_ = std::max(most_decoded_, remembering_.Stats().decoded_bytes);
  }
  void ExpectSame(const Expr& expr, base::Timestamp time) {
    const auto instant = engine_.Instant(expr, time, remembering_);
    const auto range = engine_.Range(expr, time, time + base::Duration(1), base::Duration(1), plain_);
    ASSERT_EQ(instant.has_value(), range.has_value());
    if (!instant) {
      ASSERT_EQ(instant.error().message, range.error().message);
      return;
    }
    ASSERT_EQ(Print(ToMatrix(instant->value)), Print(FirstStep(std::get<Matrix>(range->value), time)));
    ASSERT_EQ(Remarks(instant->annotations), Remarks(range->annotations));
  }
  size_t most_decoded() const { return most_decoded_; }

 private:
  static store::HeadOptions Options(size_t decoded_bytes) {
    return {.retention = seconds(1500), .out_of_order_window = seconds(300), .decoded_bytes = decoded_bytes};
  }
  const Engine engine_{EngineOptions{.lookback = seconds(60)}};
  store::Head remembering_{Options(1 << 20)};
  store::Head plain_{Options(0)};
  size_t most_decoded_ = 0;
};

std::vector<base::Labels> AllSeries() {
  std::vector<base::Labels> all;
  for (const char* job : {"a", "b"}) {
    for (const char* i : {"1", "2", "3"}) {
      for (const char* name : {"m_total", "gauge", "b_bucket", "mixed", "typed_total"}) {
        base::LabelsBuilder labels;
        labels.Set("__name__", name).Set("job", job).Set("i", i);
        if (std::string_view(name) == "b_bucket") labels.Set("le", i);
        if (std::string_view(name) == "typed_total") labels.Set("__type__", job);
        all.push_back(labels.Build());
      }
    }
  }
  return all;
}

store::HistogramPtr Histogram(double count) {
  base::FloatHistogram histogram;
  histogram.count = count;
  histogram.sum = count;
  return std::make_shared<const base::FloatHistogram>(histogram);
}

double NoNumber(int which) {
  constexpr double kAll[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(), -0.0};
  return kAll[which];
}

TEST(BySeries, EqualsTheGeneralWay) {
  std::vector<ExprPtr> expressions;
  for (const char* text : kExpressions) {
    const auto parsed = Parse(text, {.experimental_functions = true});
    ASSERT_TRUE(parsed) << text;
    expressions.push_back(*parsed);
  }
  const std::vector<base::Labels> series = AllSeries();
  for (const unsigned seed : {1U, 2U, 3U}) {
    std::mt19937 random(seed);
    const auto pick = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
    World world;
    std::vector<bool> gone(series.size());
    std::vector<double> values(series.size());
    for (int step = 0; step < 700; ++step) {
      for (size_t i = 0; i < series.size(); ++i) {
        if (pick(250) == 0) {
          gone[i] = !gone[i];
          if (gone[i] && pick(2) == 0) world.Put(series[i], At(5 * step), store::StaleMarker());
        } else if (!gone[i] && pick(20) != 0) {
          values[i] = pick(50) == 0 ? 0.1 * pick(3) : values[i] + 0.1 * pick(9);
          const bool histogram = series[i].MetricName() == "mixed" && (step / 100) % 2 == 1;
          // a few scraped together, the others a little apart, some of these late now and then
          const auto time = At(5 * step) + base::Duration(i % 4 == 0 ? 0 : static_cast<int>(i) + pick(60));
          const double value = pick(200) == 0 ? NoNumber(pick(4)) : values[i];
          world.Put(series[i], time, value, histogram ? Histogram(step) : nullptr);
          if (pick(100) == 0) world.Put(series[i], time, value, histogram ? Histogram(step) : nullptr);  // again
        }
        if (pick(400) == 0) world.Put(series[i], At(5 * step - 1 - pick(200)), pick(9));
      }
      if (step % 7 == 0) world.Maintain(At(5 * step));
      if (step % 3 != 0) continue;
      const base::Timestamp time = At(5 * step + pick(12) - 4);
      for (const ExprPtr& expr : expressions) {
        SCOPED_TRACE(ToString(*expr) + " seed " + std::to_string(seed) + " step " + std::to_string(step));
        world.ExpectSame(*expr, time);
        if (HasFatalFailure()) return;
      }
    }
    EXPECT_GT(world.most_decoded(), 1000U) << "nothing was decoded, so nothing was compared";
  }
}

}  // namespace
}  // namespace promql
