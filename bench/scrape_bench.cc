// What a scraped sample costs from the page to the store: scrape_bench [series] [scrapes] [targets] [database file].
// With a file the samples are kept there too. Prints nanoseconds of CPU per sample; the pages are like those of the
// engine benchmark's synthetic target, and making them is not counted.

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/database.h"
#include "base/write_behind.h"
#include "ingest/scrape_target.h"
#include "store/durable.h"
#include "store/head.h"

namespace {

double Nanoseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

std::string SeriesText(size_t i) {
  if (i % 2 == 0) {
    return fmt::format("http_requests_total{{code=\"200\",method=\"GET\",replica=\"r-{:03}\",service=\"svc-{:03}\"}}",
                       i / 200, i % 200);
  }
  return fmt::format("request_duration_seconds_bucket{{le=\"0.{}\",replica=\"r-{:03}\",service=\"svc-{:03}\"}}", i % 12,
                     i / 200, i % 200);
}

// A third counters, a third gauges with decimals, a third that hardly change.
std::string Value(size_t i, size_t scrape) {
  if (i % 3 == 0) return fmt::format("{}", scrape * (i % 1000));
  if (i % 3 == 1) return fmt::format("{:.3f}", static_cast<double>((scrape * 7919 + i * 31) % 100'000) / 1000);
  return fmt::format("{:.2f}", static_cast<double>(i % 500 + scrape / 12) / 100);
}

struct Page {
  std::vector<std::string> series;
  std::unique_ptr<ingest::ScrapeTarget> target;

  ingest::FetchedPage At(size_t scrape) const {
    std::string body;
    for (size_t i = 0; i < series.size(); ++i) body.append(series[i]).append(" ").append(Value(i, scrape)).append("\n");
    return {"text/plain; version=0.0.4", std::move(body)};
  }
};

std::vector<Page> MakePages(size_t series, size_t targets) {
  auto config = std::make_shared<ingest::ScrapeConfig>();
  config->job_name = "synth";
  config->scrape_interval = std::chrono::seconds(5);
  config->scrape_timeout = std::chrono::seconds(5);
  std::vector<Page> pages(targets);
  for (size_t i = 0; i < series; ++i) pages[i * targets / series].series.push_back(SeriesText(i));
  for (size_t i = 0; i < targets; ++i) {
    auto target = ingest::MakeTarget(*config, fmt::format("127.0.0.1:{}", 19100 + i), {});
    pages[i].target = std::make_unique<ingest::ScrapeTarget>(**target, config);
  }
  return pages;
}

struct Kept {
  base::SystemClock clock;
  std::unique_ptr<base::WriteBehind> writer;
  std::unique_ptr<store::Durable> durable;

  Kept(const std::string& path, store::Head& head) {
    auto database = base::Database::Open(path);
    if (!database || !store::Durable::Prepare(**database)) std::abort();
    const auto reading = base::Database::OpenReadOnly(path);
    writer = base::WriteBehind::Start(*std::move(database), clock, {});
    durable = *store::Durable::Restore(**reading, head, *writer, clock.Now(), {});
  }
};

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int i, size_t otherwise) {
    return argc > i ? std::strtoul(argv[i], nullptr, 10) : otherwise;
  };
  const size_t series = number(1, 100'000);
  const size_t scrapes = number(2, 60);
  std::vector<Page> pages = MakePages(series, number(3, 10));
  store::Head head;
  std::unique_ptr<Kept> kept;
  if (argc > 4) kept = std::make_unique<Kept>(argv[4], head);
  constexpr size_t kWarm = 2;
  double ingesting = 0;
  double making = 0;
  double all = 0;
  for (size_t scrape = 0; scrape < scrapes + kWarm; ++scrape) {
    if (scrape == kWarm) {
      if (kept) static_cast<void>(kept->writer->Flush(std::chrono::minutes(1)));
      ingesting = making = 0;
      all = Nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    }
    const base::Timestamp time(std::chrono::seconds(1'700'000'000 + 5 * scrape));
    for (Page& page : pages) {
      const double start = Nanoseconds(CLOCK_THREAD_CPUTIME_ID);
      const base::Result<ingest::FetchedPage> fetched = page.At(scrape);
      const double made = Nanoseconds(CLOCK_THREAD_CPUTIME_ID);
      const auto report = page.target->Ingest(fetched, time, base::Duration(1), head);
      if (report.error || report.kept != page.series.size()) std::abort();
      ingesting += Nanoseconds(CLOCK_THREAD_CPUTIME_ID) - made;
      making += made - start;
    }
    if (scrape % 3 == 0) head.Maintain(time);
    if (kept && scrape % 4 == 0) static_cast<void>(kept->writer->Flush(std::chrono::minutes(1)));
  }
  if (kept) static_cast<void>(kept->writer->Flush(std::chrono::minutes(1)));
  all = Nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - all;
  const auto samples = static_cast<double>(series * scrapes);
  fmt::print("{} series, {} scrapes: parsing and appending {:.1f} ns a sample, everything {:.1f} ns\n", series, scrapes,
             ingesting / samples, (all - making) / samples);
}
