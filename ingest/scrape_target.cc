#include "ingest/scrape_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "ingest/histogram_resolution.h"

// A known series costs one comparison of its text, one number and one Append: its labels are neither read nor kept
// here. The store, given a live reference, needs none; where it has dropped the series it answers invalid_labels, and
// the labels are made anew from the text.

namespace ingest {
namespace {

constexpr base::Duration kFurthestAhead = std::chrono::minutes(10);
constexpr uint32_t kMetadataKeptScrapes = 10;
constexpr size_t kMostMetadata = 200'000;
// Pages that break off again and again leave series behind; so much is kept for the page that is whole again.
constexpr size_t kMostBytesOfBadPages = 128 << 10;

constexpr std::array<std::string_view, 8> kReportNames = {
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_timeout_seconds",
    "scrape_sample_limit",
    "scrape_body_size_bytes",
};
constexpr size_t kUsualReports = 5;

std::string Shortened(std::string_view text) { return std::string(base::Utf8Prefix(text, 50)); }

bool IsLegacy(const base::Labels& labels) {
  return std::ranges::all_of(labels, [](const base::Label& label) {
    return label.name == base::kMetricName ? base::IsLegacyMetricName(label.value)
                                           : base::IsLegacyLabelName(label.name);
  });
}

// Prometheus writes the bounds of buckets and quantiles in one way, whatever way the page has them. `room` holds the
// text that a label then shows.
void NormalizeBound(std::vector<base::Label>& labels, MetricType type, std::string& room) {
  if (type != MetricType::histogram && type != MetricType::summary) return;
  const std::string_view name = type == MetricType::histogram ? "le" : "quantile";
  const auto bound = std::ranges::find(labels, name, &base::Label::name);
  if (bound == labels.end()) return;
  const auto number = base::ParseFloat(bound->value);
  if (!number) return;
  room = FormatBound(*number);
  bound->value = room;
}

}  // namespace

struct ScrapeTarget::Pass {
  std::unique_ptr<store::Appender> appender;
  base::Timestamp time;
  ScrapeReport report;
  base::Labels fresh;                     // of the series that was just added; empty when it is not new
  MetricType type = MetricType::unknown;  // the page's last word on that
  bool exemplars = false;                 // the store keeps them
};

ScrapeTarget::ScrapeTarget(Target target, std::shared_ptr<const ScrapeConfig> config)
    : target_(std::move(target)), config_(std::move(config)), public_labels_(target_.PublicLabels()) {}

ScrapeReport ScrapeTarget::Ingest(const base::Result<FetchedPage>& page, base::Timestamp time, base::Duration duration,
                                  store::Appendable& store) {
  Pass pass{.appender = store.NewAppender(), .time = time, .report = {}, .fresh = {}};
  pass.exemplars = pass.appender->TakesExemplars();
  pass.appender->Expect(cache_.all().size() + kReportNames.size());
  cache_.Begin();
  const base::Result<void> appended =
      page ? AppendPage(*page, pass) : base::Result<void>(std::unexpected(page.error()));
  if (appended) {
    AppendStaleMarkers(false, pass);
  } else {
    pass.report.error = appended.error();
    if (!page && page.error().code == base::ErrorCode::limit_exceeded) pass.report.body_size_limit_exceeded = true;
    pass.report.series_added = 0;
    pass.appender->Rollback();
    pass.appender = store.NewAppender();
  }
  // A reader that sees a series end sees `up` fail as well, and one that sees `up` again sees the series: samples
  // become visible in this order.
  AppendReport(appended ? 1 : 0, duration, page ? page->body.size() : 0, pass);
  if (!appended) AppendStaleMarkers(true, pass);
  if (auto committed = pass.appender->Commit(); !committed) pass.report.error = committed.error();
  if (appended) {
    cache_.Evict();
    good_pages_bytes_ = cache_.bytes();
    ForgetMetadata();
  } else if (cache_.bytes() > 2 * good_pages_bytes_ + kMostBytesOfBadPages) {
    cache_.Evict();
  }
  return std::move(pass.report);
}

base::Result<ExpositionFormat> ScrapeTarget::FormatOf(std::string_view content_type) const {
  if (const auto format = FormatOfContentType(content_type)) return *format;
  const std::string& fallback = config_->fallback_scrape_protocol;
  if (!fallback.empty()) {
    if (fallback == "PrometheusProto") return ExpositionFormat::protobuf;
    return fallback.starts_with("OpenMetrics") ? ExpositionFormat::openmetrics : ExpositionFormat::text;
  }
  if (content_type.empty()) {
    return base::Invalid(
        "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target");
  }
  return base::Invalid("received unsupported Content-Type " + base::Quote(Shortened(content_type)) +
                       " and no fallback_scrape_protocol specified for target");
}

base::Result<void> ScrapeTarget::AppendPage(const FetchedPage& page, Pass& pass) {
  const uint64_t size_limit = config_->limits.body_size.bytes;
  if (page.body.size() > kLargestBody || (size_limit > 0 && page.body.size() > size_limit)) {
    pass.report.body_size_limit_exceeded = true;
    return base::Fail(base::ErrorCode::limit_exceeded, "body size limit exceeded");
  }
  TRY(const ExpositionFormat format, FormatOf(page.content_type));
  const auto parser =
      NewParser(page.body, {.format = format,
                            .native_histograms = config_->scrape_native_histograms.value_or(false),
                            .classic_histograms = config_->always_scrape_classic_histograms.value_or(false)});
  Entry entry;
  for (;;) {
    const auto more = parser->Next(entry, cache_.Expected());
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
    if (entry.kind == EntryKind::sample) {
      TRY_VOID(AppendSample(entry, *parser, pass));
    } else {
      if (entry.kind == EntryKind::type) pass.type = entry.type;
      NoteMetadata(entry);
    }
  }
  const auto exceeded = [](const char* what) { return base::Fail(base::ErrorCode::limit_exceeded, what); };
  if (pass.report.sample_limit_exceeded) return exceeded("sample limit exceeded");
  if (pass.report.bucket_limit_exceeded) return exceeded("histogram bucket limit exceeded");
  return {};
}

base::Result<void> ScrapeTarget::AppendSample(const Entry& entry, ExpositionParser& parser, Pass& pass) {
  ScrapeReport& report = pass.report;
  ++report.scraped;
  ScrapeCache::Series* series = entry.expected ? &cache_.TakeExpected() : cache_.Find(entry.series);
  if (series == nullptr) {
    TRY(series, AddSeries(entry, parser, pass));
  }
  const bool repeated = cache_.SeenNow(*series);
  series->seen = cache_.scrape();
  if (series->dropped) return {};
  const bool own_time = entry.time && config_->honor_timestamps;
  if (repeated && !own_time) {
    ++report.duplicates;
    return {};
  }
  series->tracked = !own_time || config_->track_timestamps_staleness;
  const base::Timestamp time = own_time ? *entry.time : pass.time;
  if (time > pass.time + kFurthestAhead) {
    ++report.out_of_bounds;
    return {};
  }
  store::HistogramPtr histogram = entry.histogram;
  if (histogram) {
    histogram = WithinLimits(std::move(histogram), FinestSchemaFor(config_->native_histogram_min_bucket_factor),
                             static_cast<size_t>(config_->native_histogram_bucket_limit));
    if (!histogram) {
      report.bucket_limit_exceeded = true;
      return {};
    }
  }
  const auto limit = static_cast<size_t>(config_->limits.samples);
  if (limit > 0 && report.kept >= limit) {
    ++report.kept;
    report.sample_limit_exceeded = true;
    return {};
  }
  switch (Append(*series, {time, entry.value, std::move(histogram)}, pass)) {
    case store::AppendStatus::ok:
      ++report.kept;
      break;
    case store::AppendStatus::out_of_order:
      ++report.out_of_order;
      break;
    case store::AppendStatus::too_old:
      ++report.out_of_bounds;
      break;
    case store::AppendStatus::duplicate:
      ++report.duplicates;
      break;
    case store::AppendStatus::series_limit:
      ++report.refused;
      series->tracked = false;
      break;
    case store::AppendStatus::invalid_labels:
      return base::Invalid("the store refuses the labels of " + cache_.TextOf(*series));
  }
  if (pass.exemplars) AppendExemplars(entry, *series, parser, pass);
  return {};
}

// What is wrong with an exemplar costs nothing but that exemplar. Those of a sample come in their own order, so that
// some may be known already; only where all are late is that worth a word.
void ScrapeTarget::AppendExemplars(const Entry& entry, const ScrapeCache::Series& series, ExpositionParser& parser,
                                   Pass& pass) {
  if (series.ref == store::SeriesRef::none || !(entry.has_exemplar || entry.histogram)) return;
  std::vector<Exemplar> shown;
  if (entry.histogram) {
    shown = parser.NativeExemplars();
  } else {
    shown.push_back(parser.exemplar());
  }
  std::vector<store::Exemplar> exemplars;
  for (Exemplar& one : shown) {
    exemplars.push_back({std::move(one.labels), one.value, one.time.value_or(pass.time), one.time.has_value()});
  }
  std::ranges::stable_sort(exemplars, {}, [](const store::Exemplar& one) { return std::pair(one.time, one.value); });
  size_t late = 0;
  for (store::Exemplar& one : exemplars) {
    late += pass.appender->AppendExemplar(series.ref, {}, std::move(one)) == store::ExemplarStatus::out_of_order;
  }
  if (late == exemplars.size()) pass.report.exemplars_out_of_order += late;
}

base::Result<ScrapeCache::Series*> ScrapeTarget::AddSeries(const Entry& entry, const ExpositionParser& parser,
                                                           Pass& pass) {
  TRY(pass.fresh, LabelsOf(parser.labels(), pass.type));
  ScrapeCache::Series& series = cache_.Insert(entry.series);
  series.type = pass.type;
  series.dropped = pass.fresh.empty();
  if (!series.dropped) ++pass.report.series_added;
  return &series;
}

store::AppendStatus ScrapeTarget::Append(ScrapeCache::Series& series, const TimedValue& sample, Pass& pass) {
  static const base::Labels none;
  const auto append = [&](store::SeriesRef ref, const base::Labels& labels) {
    return sample.histogram ? pass.appender->AppendHistogram(ref, labels, sample.time, sample.histogram)
                            : pass.appender->Append(ref, labels, sample.time, sample.value);
  };
  if (series.ref != store::SeriesRef::none) {
    const store::Appended appended = append(series.ref, none);
    if (appended.status != store::AppendStatus::invalid_labels) {
      return appended.status;
    }
  }
  base::Labels labels = std::exchange(pass.fresh, {});
  if (labels.empty()) labels = LabelsAgain(series);
  if (labels.empty()) return store::AppendStatus::invalid_labels;
  const store::Appended appended = append(store::SeriesRef::none, labels);
  series.ref = appended.ref;
  return appended.status;
}

base::Labels ScrapeTarget::LabelsAgain(const ScrapeCache::Series& series) const {
  SeriesReader reader;
  const std::string text = cache_.TextOf(series);
  size_t at = 0;
  if (!reader.Read(text, at, {})) return {};
  return LabelsOf(reader.labels(), series.type).value_or(base::Labels());
}

base::Result<base::Labels> ScrapeTarget::LabelsOf(std::span<const base::Label> labels, MetricType type) const {
  std::vector<base::Label> own(labels.begin(), labels.end());
  std::string bound;
  NormalizeBound(own, type, bound);
  base::Labels made = MergedLabels(std::move(own));
  if (!config_->metric_relabel_configs.empty()) {
    made = Relabel(config_->metric_relabel_configs, made).value_or(base::Labels());
  }
  if (made.empty()) return made;
  if (made.MetricName().empty()) return base::Invalid("missing metric name (__name__ label)");
  if (config_->name_validation == NameValidation::legacy && !IsLegacy(made)) {
    return base::Invalid("invalid metric name or label names: " + made.ToString());
  }
  TRY_VOID(CheckLabels(made));
  return made;
}

// Under honor_labels a label that the page gives empty still keeps the target's out.
base::Labels ScrapeTarget::MergedLabels(std::vector<base::Label> merged) const {
  const auto own = static_cast<ptrdiff_t>(merged.size());
  std::vector<base::Label> conflicts;
  for (const base::Label& label : public_labels_) {
    const auto exposed = std::ranges::find(merged.begin(), merged.begin() + own, label.name, &base::Label::name);
    const bool names_it = exposed != merged.begin() + own;
    if (!names_it) {
      merged.push_back(label);
    } else if (!config_->honor_labels) {
      if (!exposed->value.empty()) conflicts.push_back(*exposed);
      exposed->value = label.value;
    }
  }
  if (conflicts.empty()) return base::Labels(std::move(merged));
  base::LabelsBuilder result(base::Labels(std::move(merged)));
  for (const base::Label& conflict : conflicts) {
    std::string name = "exported_" + std::string(conflict.name);
    while (!result.Get(name).empty()) name.insert(0, "exported_");
    result.Set(name, conflict.value);
  }
  return result.Build();
}

base::Result<void> ScrapeTarget::CheckLabels(const base::Labels& labels) const {
  const ScrapeLimits& limits = config_->limits;
  const auto fail = [](std::string message) { return base::Fail(base::ErrorCode::limit_exceeded, std::move(message)); };
  const std::string metric = Shortened(labels.MetricName());
  if (limits.labels > 0 && labels.size() > static_cast<size_t>(limits.labels)) {
    return fail(fmt::format("label_limit exceeded (metric: {}, number of labels: {}, limit: {})", metric, labels.size(),
                            limits.labels));
  }
  if (limits.label_name_length == 0 && limits.label_value_length == 0) return {};
  for (const base::Label& label : labels) {
    if (limits.label_name_length > 0 && label.name.size() > static_cast<size_t>(limits.label_name_length)) {
      return fail(fmt::format("label_name_length_limit exceeded (metric: {}, label name: {}, length: {}, limit: {})",
                              metric, Shortened(label.name), label.name.size(), limits.label_name_length));
    }
    if (limits.label_value_length > 0 && label.value.size() > static_cast<size_t>(limits.label_value_length)) {
      return fail(fmt::format(
          "label_value_length_limit exceeded (metric: {}, label name: {}, value: {}, length: {}, limit: {})", metric,
          Shortened(label.name), base::Quote(Shortened(label.value)), label.value.size(), limits.label_value_length));
    }
  }
  return {};
}

// `all`: the scrape failed. Series with timestamps of their own are not followed, as their time is not ours to end.
void ScrapeTarget::AppendStaleMarkers(bool all, Pass& pass) {
  for (ScrapeCache::Series& series : cache_.all()) {
    const bool here = !all && cache_.SeenNow(series) && series.tracked && !series.dropped;
    if (series.live && !here) Append(series, {pass.time, store::StaleMarker()}, pass);
    series.live = here;
  }
  if (earlier_.empty()) return;
  std::unordered_set<base::Labels, base::LabelsHash> still;
  for (const ScrapeCache::Series& series : cache_.all()) {
    if (series.live) still.insert(LabelsAgain(series));
  }
  for (const auto& [labels, ref] : earlier_) {
    if (!still.contains(labels)) pass.appender->Append(ref, labels, pass.time, store::StaleMarker());
  }
  earlier_.clear();
}

void ScrapeTarget::AppendReport(double up, base::Duration duration, size_t body_bytes, Pass& pass) {
  const std::array<double, kReportNames.size()> values = {up,
                                                          base::ToSeconds(duration),
                                                          static_cast<double>(pass.report.scraped),
                                                          static_cast<double>(pass.report.kept),
                                                          static_cast<double>(pass.report.series_added),
                                                          base::ToSeconds(target_.timeout),
                                                          static_cast<double>(config_->limits.samples),
                                                          static_cast<double>(body_bytes)};
  const size_t count = config_->extra_scrape_metrics.value_or(false) ? values.size() : kUsualReports;
  for (size_t i = reports_.size(); i < count; ++i) {
    base::LabelsBuilder labels(public_labels_);
    labels.Set(base::kMetricName, kReportNames[i]);
    reports_.emplace_back(labels.Build(), store::SeriesRef::none);
  }
  for (size_t i = 0; i < count; ++i) {
    auto& [labels, ref] = reports_[i];
    ref = pass.appender->Append(ref, labels, pass.time, values[i]).ref;
  }
}

void ScrapeTarget::End(base::Timestamp time, store::Appendable& store) {
  Pass pass{.appender = store.NewAppender(), .time = time, .report = {}, .fresh = {}};
  cache_.Begin();
  AppendStaleMarkers(true, pass);
  for (auto& [labels, ref] : reports_) pass.appender->Append(ref, labels, time, store::StaleMarker());
  reports_.clear();
  // a store that cannot take the markers any more has said so at the last scrape
  static_cast<void>(pass.appender->Commit());
}

void ScrapeTarget::Reconfigure(Target target, std::shared_ptr<const ScrapeConfig> config) {
  for (const ScrapeCache::Series& series : cache_.all()) {
    if (series.live) earlier_.emplace_back(LabelsAgain(series), series.ref);
  }
  cache_.Clear();
  target_ = std::move(target);
  config_ = std::move(config);
  public_labels_ = target_.PublicLabels();
}

void ScrapeTarget::NoteMetadata(const Entry& entry) {
  auto known = metadata_.find(entry.metric);
  const auto same = [&](const MetricMetadata& had) {
    switch (entry.kind) {
      case EntryKind::help:
        return had.help == entry.text;
      case EntryKind::unit:
        return had.unit == entry.text;
      case EntryKind::type:
        return had.type == entry.type;
      case EntryKind::sample:
        return true;
    }
    return true;
  };
  if (known != metadata_.end() && same(known->second.metadata)) {
    known->second.seen = cache_.scrape();
    return;
  }
  const std::scoped_lock lock(mutex_);
  if (known == metadata_.end()) {
    if (metadata_.size() >= kMostMetadata) return;
    known = metadata_.try_emplace(std::string(entry.metric)).first;
    known->second.metadata.metric = entry.metric;
  }
  known->second.seen = cache_.scrape();
  MetricMetadata& metadata = known->second.metadata;
  switch (entry.kind) {
    case EntryKind::help:
      metadata.help = entry.text;
      break;
    case EntryKind::unit:
      metadata.unit = entry.text;
      break;
    case EntryKind::type:
      metadata.type = entry.type;
      break;
    case EntryKind::sample:
      break;
  }
}

void ScrapeTarget::ForgetMetadata() {
  const auto old = [&](const auto& known) { return cache_.scrape() - known.second.seen > kMetadataKeptScrapes; };
  if (std::ranges::none_of(metadata_, old)) return;
  const std::scoped_lock lock(mutex_);
  std::erase_if(metadata_, old);
}

std::vector<MetricMetadata> ScrapeTarget::Metadata() const {
  const std::scoped_lock lock(mutex_);
  std::vector<MetricMetadata> all;
  for (const auto& [name, known] : metadata_) all.push_back(known.metadata);
  return all;
}

}  // namespace ingest
