// What showing 100,000 series with 7 labels costs: prometheus-cpp's way (Collect, then TextSerializer) and ours
// (families as collectors leave them, then WriteExposition; and the way there, from rows), in one run on the same
// series. Prints CPU times and the ratio; fails if ours is not at most a tenth of prometheus-cpp's.

#include <fmt/format.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <random>

#include "exporter/collectors/row_mapping.h"
#include "exporter/exposition/exposition.h"

namespace {

constexpr int kSeries = 100'000;
constexpr int kRounds = 7;
const std::vector<std::string> kLabels = {"customer", "environment", "job", "queue", "region", "shard", "tenant"};

double CpuMilliseconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

struct Timing {
  double best = 0;
  double median = 0;
};

Timing Measure(const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < kRounds; ++i) {
    const double begin = CpuMilliseconds();
    work();
    times.push_back(CpuMilliseconds() - begin);
  }
  std::sort(times.begin(), times.end());
  return {times.front(), times[kRounds / 2]};
}

struct Rows {
  std::vector<std::vector<std::string>> text;  // the labels, and the value
  std::vector<double> values;
};

Rows MakeRows() {
  std::mt19937_64 random(1);
  Rows rows;
  for (int i = 0; i < kSeries; ++i) {
    const double value = static_cast<double>(random() % 1'000'000'000) / 1000;
    rows.values.push_back(value);
    rows.text.push_back({fmt::format("customer-{}", i % 977), "production", "processing",
                         fmt::format("queue-{}", i % 13), "eu-central-1", fmt::format("{}", i % 64),
                         fmt::format("tenant-{:06}", i), fmt::format("{}", value)});
  }
  return rows;
}

exporter::MetricFamilies MapRows(const Rows& rows, const std::vector<exporter::MetricSpec>& specs,
                                 const std::vector<std::string>& columns) {
  exporter::CollectorOutput out;
  exporter::RowMapper mapper(specs, {}, out);
  mapper.Columns(columns);
  std::vector<exporter::Cell> cells(columns.size());
  for (const auto& row : rows.text) {
    for (size_t i = 0; i < cells.size(); ++i) cells[i] = row[i];
    mapper.Row(cells);
  }
  mapper.Finish();
  return std::move(out.families);
}

void Print(const char* what, Timing timing, size_t bytes) {
  fmt::print("{:<58} best {:8.2f} ms  median {:8.2f} ms  {:>10} bytes\n", what, timing.best, timing.median, bytes);
}

}  // namespace

int main() {
  const Rows rows = MakeRows();
  prometheus::Registry registry;
  auto& gauges = prometheus::BuildGauge().Name("bench_value").Help("A value.").Register(registry);
  for (int i = 0; i < kSeries; ++i) {
    std::map<std::string, std::string> labels;
    for (size_t j = 0; j < kLabels.size(); ++j) labels.emplace(kLabels[j], rows.text[i][j]);
    gauges.Add(labels).Set(rows.values[i]);
  }
  std::vector<std::string> columns = kLabels;
  columns.emplace_back("value");
  exporter::MetricSpec spec{"bench_value", exporter::MetricType::gauge, "A value.", {}, "value", {}, false};
  for (const std::string& label : kLabels) spec.labels.push_back({label, label, ""});
  const std::vector<exporter::MetricSpec> specs = {spec};
  const exporter::MetricFamilies families = MapRows(rows, specs, columns);

  size_t theirs_bytes = 0;
  size_t ours_bytes = 0;
  size_t mapped = 0;
  const prometheus::TextSerializer serializer;
  std::vector<prometheus::MetricFamily> collected;
  const Timing collect = Measure([&] { collected = registry.Collect(); });
  const Timing serialize = Measure([&] { theirs_bytes = serializer.Serialize(collected).size(); });
  const Timing map = Measure([&] { mapped = MapRows(rows, specs, columns).front().samples.size(); });
  const auto write = [&](exporter::ExpositionFormat format) {
    return Measure([&] {
      const exporter::MetricFamily* family = &families.front();
      ours_bytes = exporter::WriteExposition({&family, 1}, format).size();
    });
  };
  const Timing text = write(exporter::ExpositionFormat::text);
  fmt::print("{} series, {} labels, {} rounds, CPU time\n", mapped, kLabels.size(), kRounds);
  Print("prometheus-cpp: Registry::Collect", collect, 0);
  Print("prometheus-cpp: TextSerializer::Serialize", serialize, theirs_bytes);
  Print("tocsin: rows -> families", map, 0);
  Print("tocsin: families -> text", text, ours_bytes);
  Print("tocsin: families -> OpenMetrics", write(exporter::ExpositionFormat::openmetrics), ours_bytes);
  const double of_serializer = text.median / serialize.median;
  const double whole = (map.median + text.median) / (collect.median + serialize.median);
  fmt::print("text / their serializer: {:.3f}; rows to text / their collect and serialize: {:.3f}\n", of_serializer,
             whole);
  return of_serializer <= 0.1 ? 0 : 1;
}
