#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ingest/exposition_parser.h"
#include "ingest/lint.h"
#include "ingest/openmetrics_check.h"
#include "ingest/scrape_cache.h"

// Both text formats, read as a scrape reads them, twice: the second time with the cache of the first, which must see
// the same series. Then the checks of `tocsin check metrics`.

namespace {

struct Reading {
  std::string series;  // all of them, a line each
  bool good = true;
};

Reading Read(std::string_view page, ingest::ExpositionFormat format, ingest::ScrapeCache& cache) {
  const auto parser =
      ingest::NewParser(page, {.format = format, .native_histograms = true, .classic_histograms = true});
  Reading reading;
  ingest::Entry entry;
  cache.Begin();
  for (;;) {
    const auto more = parser->Next(entry, cache.Expected());
    reading.good = more.has_value();
    if (!more || !*more) return reading;
    if (entry.kind != ingest::EntryKind::sample) continue;
    ingest::ScrapeCache::Series* series = entry.expected ? &cache.TakeExpected() : cache.Find(entry.series);
    if (series == nullptr) series = &cache.Insert(entry.series);
    series->seen = cache.scrape();
    reading.series += std::string(cache.TextOf(*series)) + "\n";
    if (entry.has_exemplar && parser->exemplar().labels.size() > page.size()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view page(reinterpret_cast<const char*>(data), size);
  for (const auto format :
       {ingest::ExpositionFormat::text, ingest::ExpositionFormat::openmetrics, ingest::ExpositionFormat::protobuf}) {
    ingest::ScrapeCache cache;
    const Reading first = Read(page, format, cache);
    const Reading again = Read(page, format, cache);
    if (first.good != again.good || first.series != again.series) std::abort();
    cache.Evict();
    const Reading after_eviction = Read(page, format, cache);
    if (first.series != after_eviction.series) std::abort();
  }
  static_cast<void>(ingest::CheckOpenMetrics(page));
  static_cast<void>(ingest::LintText(page));
  return 0;
}
