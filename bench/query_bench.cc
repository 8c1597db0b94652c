// What range queries cost in the engine, without HTTP: query_bench [seconds per query]
// [helping threads] [only this query's number].
// Two hours of some 10,000 series at 15 s, like those of the engine benchmark's synthetic target; an hour of them is
// asked for at 15 s. Prints the median of milliseconds, the CPU milliseconds of all threads and a checksum of all bits
// of the result.

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <numbers>
#include <string>
#include <vector>

#include "promql/engine.h"
#include "promql/parser.h"
#include "promql/workers.h"
#include "store/head.h"

namespace {

constexpr auto kInterval = std::chrono::seconds(15);
constexpr size_t kSamples = 481;
constexpr base::Timestamp kStart(std::chrono::seconds(1'795'000'000));

enum class Course : uint8_t { counter, sum, wave, slow, steps };

struct Synthetic {
  base::Labels labels;
  Course course;
  double size;
  double phase;
};

double Noise(uint64_t seed) {
  seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9;
  seed = (seed ^ (seed >> 27)) * 0x94d049bb133111eb;
  return static_cast<double>((seed ^ (seed >> 31)) >> 11) / 9007199254740992.0;
}

double Rounded(double value, double digits) { return std::floor(value * digits + 0.5) / digits; }

double ValueAt(const Synthetic& series, double time) {
  switch (series.course) {
    case Course::counter:
      return std::floor(series.size * time + series.size * 20 * std::sin(time / 97 + series.phase) + series.phase);
    case Course::sum:
      return Rounded(series.size * time, 1000);
    case Course::wave:
      return Rounded(series.size * (1 + .8 * std::sin(2 * std::numbers::pi * time / (120 + 90 * series.phase))) +
                         3 * Noise(static_cast<uint64_t>(time * series.size)),
                     1000);
    case Course::slow:
      return Rounded(series.size + series.size * .03 * std::sin(std::floor(time / 60) / 37 + series.phase), 100);
    case Course::steps:
      return std::floor(time / series.size) * series.size;
  }
  return 0;
}

void AddService(std::vector<Synthetic>& all, size_t i) {
  const std::string service = fmt::format("svc-{:03}", i % 20);
  const std::string replica = fmt::format("r-{:03}", i / 20);
  const auto add = [&](const char* name, base::Label more, base::Label second, Course course, double size) {
    all.push_back({{{"__name__", name},
                    {"service", service},
                    {"replica", replica},
                    {"instance", "127.0.0.1:19100"},
                    {"job", "synth"},
                    more,
                    second},
                   course,
                   size,
                   6.28 * Noise(i * 31 + 1)});
  };
  const double busy = .3 + 2 * Noise(i * 7 + 1);
  const char* const codes[] = {"200", "204", "400", "404", "500", "503"};
  const double rates[] = {20, 4, .6, .4, .08, .04};
  for (const char* method : {"GET", "POST"}) {
    for (size_t code = 0; code < std::size(codes); ++code) {
      add("http_requests_total", {"code", codes[code]}, {"method", method}, Course::counter, rates[code] * busy);
    }
  }
  const char* const bounds[] = {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"};
  const double below[] = {.02, .08, .25, .45, .70, .86, .93, .965, .985, .993, .998, 1};
  for (size_t bound = 0; bound < std::size(bounds); ++bound) {
    add("request_duration_seconds_bucket", {"le", bounds[bound]}, {}, Course::counter, below[bound] * busy * 35);
  }
  add("request_duration_seconds_sum", {}, {}, Course::sum, busy * 4.5);
  add("request_duration_seconds_count", {}, {}, Course::counter, busy * 35);
}

void AddTenant(std::vector<Synthetic>& all, size_t i) {
  const std::string tenant = fmt::format("t-{:04}", i);
  const auto add = [&](const char* name, base::Label more, Course course, double size) {
    all.push_back({{{"__name__", name}, {"tenant", tenant}, {"instance", "127.0.0.1:19100"}, {"job", "synth"}, more},
                   course,
                   size,
                   6.28 * Noise(all.size())});
  };
  for (int queue = 0; queue < 10; ++queue) {
    const std::string name = fmt::format("q-{}", queue);
    add("queue_age_seconds", {"queue", name}, Course::wave, 5 + 60 * Noise(all.size()));
  }
  add("kpi_par_30_percent", {}, Course::slow, 8 + Noise(i));
  add("kpi_par_90_percent", {}, Course::slow, 3 + Noise(i));
  add("kpi_collection_rate_percent", {}, Course::slow, 88 + Noise(i));
  add("kpi_loans_outstanding", {}, Course::slow, 20000 + Noise(i));
  add("tenant_limit_par_percent", {}, Course::steps, 5);
  add("tenant_info", {"plan", i % 4 == 0 ? "gold" : "basic"}, Course::steps, 1e12);
  for (int job = 0; job < 4; ++job) {
    const std::string name = fmt::format("batch-{}", job);
    add("last_success_timestamp_seconds", {"job_name", name}, Course::steps, 300 + 600 * Noise(all.size()));
  }
}

void Fill(store::Head& head) {
  std::vector<Synthetic> all;
  for (size_t i = 0; i < 288; ++i) AddService(all, i);
  for (size_t i = 0; i < 125; ++i) AddTenant(all, i);
  const auto appender = head.NewAppender();
  for (const Synthetic& series : all) {
    store::SeriesRef ref = store::SeriesRef::none;
    for (size_t i = 0; i < kSamples; ++i) {
      const base::Timestamp time = kStart + kInterval * i;
      const double seconds = 5'000'000 + 15.0 * static_cast<double>(i);
      ref = appender->Append(ref, series.labels, time, ValueAt(series, seconds)).ref;
    }
    if (!appender->Commit()) std::abort();
  }
}

uint64_t Checksum(const promql::QueryResult& result) {
  uint64_t sum = 0;
  const auto mix = [&sum](uint64_t bits) { sum = (sum ^ bits) * 0x9e3779b97f4a7c15 + 1; };
  for (const promql::MatrixSeries& series : std::get<promql::Matrix>(result.value)) {
    for (const char c : series.labels.ToString()) mix(static_cast<uint64_t>(c));
    for (const base::Timestamp time : series.samples.times) mix(static_cast<uint64_t>(time.time_since_epoch().count()));
    for (const double value : series.samples.values) mix(std::bit_cast<uint64_t>(value));
  }
  return sum;
}

double CpuMilliseconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

struct Figures {
  double wall = 0;
  double cpu = 0;
};

Figures Measure(const promql::Engine& engine, const store::Head& head, const char* query, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto expr = promql::Parse(query);
  const base::Timestamp end = kStart + kInterval * (kSamples - 3);
  const auto run = [&] { return engine.Range(**expr, end - std::chrono::hours(1), end, kInterval, head); };
  uint64_t checksum = Checksum(*run());
  std::vector<double> times;
  const double cpu = CpuMilliseconds();
  const auto started = Clock::now();
  while (times.size() < 5 || Clock::now() - started < std::chrono::duration<double>(seconds)) {
    const auto before = Clock::now();
    const auto result = run();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - before).count());
  }
  const Figures figures{0, (CpuMilliseconds() - cpu) / static_cast<double>(times.size())};
  std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
  fmt::print("{:8.2f} ms, CPU {:8.2f} ms  {:016x}  {}\n", times[times.size() / 2], figures.cpu, checksum, query);
  std::fflush(stdout);
  return {times[times.size() / 2], figures.cpu};
}

constexpr const char* kQueries[] = {
    "kpi_par_90_percent{tenant=\"t-0001\"}",
    "sum(rate(http_requests_total[5m]))",
    "sum by(service)(rate(http_requests_total[5m]))",
    "sum by(service)(rate(http_requests_total{code=~\"5..\"}[5m])) / sum by(service)(rate(http_requests_total[5m]))",
    "histogram_quantile(0.99, sum by(le,service)(rate(request_duration_seconds_bucket[5m])))",
    "histogram_quantile(0.99, sum by(le)(rate(request_duration_seconds_bucket{service=\"svc-001\"}[5m])))",
    "max by(tenant)(queue_age_seconds)",
    "topk(5, queue_age_seconds)",
    "max_over_time(queue_age_seconds{tenant=\"t-0002\"}[30m])",
    "avg(kpi_collection_rate_percent)",
    "kpi_par_90_percent * on(tenant) group_left(plan) tenant_info",
};

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.4;
  store::Head head(store::HeadOptions{.retention = base::Duration(0)});
  Fill(head);
  promql::Workers workers(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0);
  promql::EngineOptions options;
  options.workers = &workers;
  const promql::Engine engine{options};
  Figures sum;
  for (size_t i = 0; i < std::size(kQueries); ++i) {
    if (argc > 3 && std::strtoul(argv[3], nullptr, 10) != i) continue;
    const Figures one = Measure(engine, head, kQueries[i], seconds);
    sum.wall += one.wall;
    sum.cpu += one.cpu;
  }
  fmt::print("{:8.2f} ms, CPU {:8.2f} ms  all\n", sum.wall, sum.cpu);
}
