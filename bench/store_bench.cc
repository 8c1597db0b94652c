// What a series and an append cost in the store: store_bench [series] [samples per series]. Prints nanoseconds and
// bytes of resident memory. The labels are those of the engine benchmark's synthetic target.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "store/head.h"

namespace {

using Clock = std::chrono::steady_clock;

size_t ResidentBytes() {
  long total = 0;
  long resident = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
  std::fclose(file);
  return static_cast<size_t>(resident) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

double NanosecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

base::Labels MakeLabels(size_t i) {
  const std::string instance = fmt::format("127.0.0.1:{}", 19100 + i % 10);
  const std::string service = fmt::format("service-{:02}", i / 10 % 20);
  const std::string replica = fmt::format("replica-{}", i / 200);
  const std::string le = fmt::format("0.{}", i % 12);
  if (i % 100 < 50) {
    return {{"__name__", "http_requests_total"},
            {"service", service},
            {"replica", replica},
            {"code", "200"},
            {"method", "GET"},
            {"instance", instance},
            {"job", "synth"}};
  }
  return {{"__name__", "request_duration_seconds_bucket"},
          {"service", service},
          {"replica", replica},
          {"le", le},
          {"instance", instance},
          {"job", "synth"}};
}

base::Timestamp At(size_t sample) {
  return base::Timestamp(std::chrono::seconds(1'700'000'000) + std::chrono::seconds(15) * sample);
}

// A batch is what one target brings; all series are appended to at each instant.
constexpr size_t kBatch = 2000;

void Append(store::Head& head, const std::vector<base::Labels>& labels, size_t samples) {
  std::vector<store::SeriesRef> refs(labels.size());
  const auto appender = head.NewAppender();
  const size_t empty = ResidentBytes();
  double appending = 0;
  double committing = 0;
  for (size_t sample = 0; sample < samples; ++sample) {
    for (size_t first = 0; first < labels.size(); first += kBatch) {
      auto start = Clock::now();
      for (size_t i = first; i < std::min(first + kBatch, labels.size()); ++i) {
        const auto value = static_cast<double>(i % 3 == 0 ? 1 : sample * (i % 100));
        refs[i] = appender->Append(refs[i], labels[i], At(sample), value).ref;
      }
      appending += NanosecondsSince(start);
      start = Clock::now();
      if (!appender->Commit()) std::abort();
      committing += NanosecondsSince(start);
    }
    if (sample != 0 && sample != 5 && sample + 1 != samples) continue;
    const auto count = static_cast<double>(labels.size() * (sample == 0 ? 1 : sample == 5 ? 5 : samples - 6));
    fmt::print("up to sample {:3}: append {:6.1f} ns + commit {:6.1f} ns; resident {:5} bytes per series\n", sample + 1,
               appending / count, committing / count, (ResidentBytes() - empty) / labels.size());
    appending = committing = 0;
  }
}

void Query(const store::Head& head, size_t samples, const std::vector<base::Matcher>& matchers,
           base::Duration lookback) {
  const store::TimeRange range{At(samples - 1) - lookback, At(samples - 1)};
  auto start = Clock::now();
  const auto found = head.Select(matchers, range);
  const double select = NanosecondsSince(start);
  start = Clock::now();
  size_t read = 0;
  store::Samples out;
  for (const auto& series : *found) {
    out.Clear();
    series->Read(range, out);
    read += out.size();
  }
  const double reading = NanosecondsSince(start);
  start = Clock::now();
  for (const auto& series : *found) {
    out.Clear();
    series->ReadLast(range, out);
  }
  const double last = NanosecondsSince(start);
  std::string text;
  for (const auto& matcher : matchers) text += matcher.ToString() + " ";
  fmt::print(
      "{} over {} s: {} series, {:.2f} ms to select, {:.2f} ms to read {} samples ({:.1f} ns each), {:.2f} ms the last "
      "ones\n",
      text, std::chrono::duration_cast<std::chrono::seconds>(lookback).count(), found->size(), select / 1e6,
      reading / 1e6, read, reading / static_cast<double>(read), last / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  const size_t series = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
  const size_t samples = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 240;
  std::vector<base::Labels> labels;
  for (size_t i = 0; i < series; ++i) labels.push_back(MakeLabels(i));
  store::Head head;
  Append(head, labels, samples);
  const store::HeadStats stats = head.Stats();
  fmt::print("{} series, {} label pairs, {} chunks, {} bytes by its own count ({} per series)\n", stats.series,
             stats.label_pairs, stats.chunks, stats.bytes, stats.bytes / stats.series);

  for (const char* what : {"first maintenance", "maintenance with nothing to do"}) {
    const auto start = Clock::now();
    head.Maintain(At(samples));
    fmt::print("{}: {:.2f} ms\n", what, NanosecondsSince(start) / 1e6);
  }

  using base::Matcher;
  using base::MatchType;
  const Matcher name = Matcher::Equal("__name__", "http_requests_total");
  const Matcher one = Matcher::Equal("service", "service-03");
  const Matcher some = *Matcher::Make(MatchType::regex, "service", "service-0[1-5]");
  const Matcher prefix = *Matcher::Make(MatchType::regex, "replica", "replica-1.*");
  for (const base::Duration lookback :
       {base::Duration(std::chrono::minutes(5)), base::Duration(std::chrono::hours(1))}) {
    Query(head, samples, {name}, lookback);
    Query(head, samples, {name, one}, lookback);
    Query(head, samples, {name, some}, lookback);
    Query(head, samples, {name, prefix}, lookback);
  }
}
