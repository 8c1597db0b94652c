#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"
#include "ingest/config.h"
#include "ingest/exposition_parser.h"
#include "ingest/scrape_cache.h"
#include "ingest/target.h"
#include "store/appender.h"

namespace ingest {

// No page is read beyond this size, whatever body_size_limit says.
inline constexpr size_t kLargestBody = 256UL << 20;

struct FetchedPage {
  std::string content_type;
  std::string body;
};

struct MetricMetadata {
  std::string metric;
  MetricType type = MetricType::unknown;
  std::string help;
  std::string unit;
  bool operator==(const MetricMetadata&) const = default;
};

// What one scrape came to.
struct ScrapeReport {
  std::optional<base::Error> error;  // why `up` is 0
  size_t scraped = 0;                // samples on the page
  size_t kept = 0;                   // after metric_relabel_configs
  size_t series_added = 0;
  size_t out_of_order = 0;
  size_t duplicates = 0;
  size_t out_of_bounds = 0;  // more than ten minutes ahead, or before what the store keeps
  size_t refused = 0;        // new series that a full store did not take
  size_t exemplars_out_of_order = 0;
  bool sample_limit_exceeded = false;
  bool body_size_limit_exceeded = false;
  bool bucket_limit_exceeded = false;
};

// The memory of one target between its scrapes, and the function that turns a page into samples, by Prometheus' rules:
// target labels (a page's own of the same name become exported_…, or win with honor_labels), bounds of buckets and
// quantiles written in one way (le="1" is le="1.0"), metric relabelling, limits, timestamps, staleness markers for
// series that are gone, and `up` and the scrape_* series. Native histograms are kept as such under
// scrape_native_histograms. Not thread-safe, except Metadata.
class ScrapeTarget {
 public:
  ScrapeTarget(Target target, std::shared_ptr<const ScrapeConfig> config);

  const Target& target() const { return target_; }
  const ScrapeConfig& config() const { return *config_; }

  // Writes one scrape. `page` may be the error that fetching ended with. A page that cannot be read, or that exceeds a
  // limit, leaves no samples: every series of the last scrape is marked stale, `up` is 0.
  ScrapeReport Ingest(const base::Result<FetchedPage>& page, base::Timestamp time, base::Duration duration,
                      store::Appendable& store);

  // The target goes away: marks everything stale, its `up` too.
  void End(base::Timestamp time, store::Appendable& store);

  // Other settings for the same target. Series that the new ones no longer make are marked stale by the next Ingest.
  void Reconfigure(Target target, std::shared_ptr<const ScrapeConfig> config);

  std::vector<MetricMetadata> Metadata() const;  // thread-safe, in no order

 private:
  struct Pass;
  struct TimedValue {
    base::Timestamp time;
    double value = 0;
    store::HistogramPtr histogram = nullptr;  // instead of the value
  };
  struct StringHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct KnownMetadata {
    MetricMetadata metadata;
    uint32_t seen = 0;
  };

  base::Result<ExpositionFormat> FormatOf(std::string_view content_type) const;
  base::Result<void> AppendPage(const FetchedPage& page, Pass& pass);
  base::Result<void> AppendSample(const Entry& entry, ExpositionParser& parser, Pass& pass);
  static void AppendExemplars(const Entry& entry, const ScrapeCache::Series& series, ExpositionParser& parser,
                              Pass& pass);
  base::Result<ScrapeCache::Series*> AddSeries(const Entry& entry, const ExpositionParser& parser, Pass& pass);
  base::Result<base::Labels> LabelsOf(std::span<const base::Label> labels, MetricType type) const;  // empty: dropped
  base::Labels LabelsAgain(const ScrapeCache::Series& series) const;  // empty also where they cannot be made
  base::Labels MergedLabels(std::vector<base::Label> merged) const;
  base::Result<void> CheckLabels(const base::Labels& labels) const;
  store::AppendStatus Append(ScrapeCache::Series& series, const TimedValue& sample, Pass& pass);
  void AppendStaleMarkers(bool all, Pass& pass);
  void AppendReport(double up, base::Duration duration, size_t body_bytes, Pass& pass);
  void NoteMetadata(const Entry& entry);
  void ForgetMetadata();

  Target target_;
  std::shared_ptr<const ScrapeConfig> config_;
  base::Labels public_labels_;
  ScrapeCache cache_;
  size_t good_pages_bytes_ = 0;  // what the cache held after the last page that was read to its end
  std::vector<std::pair<base::Labels, store::SeriesRef>> earlier_;  // live under settings that no longer hold
  std::vector<std::pair<base::Labels, store::SeriesRef>> reports_;  // up and scrape_*, made when first written
  mutable std::mutex mutex_;
  // written by Ingest alone, which therefore reads it unlocked; guarded by mutex_ for everybody else
  std::unordered_map<std::string, KnownMetadata, StringHash, std::equal_to<>> metadata_;
};

}  // namespace ingest
