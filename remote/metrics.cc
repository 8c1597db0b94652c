#include "remote/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <string_view>

namespace remote {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using CounterFamily = prometheus::Family<Counter>;
using GaugeFamily = prometheus::Family<Gauge>;

CounterFamily& NewCounter(prometheus::Registry& registry, const std::string& name, const char* help) {
  return prometheus::BuildCounter().Name("prometheus_remote_storage_" + name).Help(help).Register(registry);
}
GaugeFamily& NewGauge(prometheus::Registry& registry, const std::string& name, const char* help) {
  return prometheus::BuildGauge().Name("prometheus_remote_storage_" + name).Help(help).Register(registry);
}

constexpr std::array<const char*, 4> kReasons = {"too_old", "dropped_series", "queue_full", "shutdown"};

// Raises a gauge; several threads may.
void Raise(std::atomic<double>& highest, double value, Gauge& gauge) {
  for (double now = highest.load(); value > now;) {
    if (highest.compare_exchange_weak(now, value)) return gauge.Set(value);
  }
}

}  // namespace

struct Metrics::Families {
  explicit Families(prometheus::Registry& r)
      : samples_in(NewCounter(r, "samples_in_total", "Samples stored that are to be sent.").Add({})),
        histograms_in(NewCounter(r, "histograms_in_total", "Histograms stored that are to be sent.").Add({})),
        exemplars_in(NewCounter(r, "exemplars_in_total", "Exemplars stored that are to be sent.").Add({})),
        highest_in(NewGauge(r, "highest_timestamp_in_seconds", "The newest timestamp of what is to be sent.").Add({})),
        samples(NewCounter(r, "samples_total", "Samples sent, those sent again included.")),
        histograms(NewCounter(r, "histograms_total", "Histograms sent, those sent again included.")),
        exemplars(NewCounter(r, "exemplars_total", "Exemplars sent, those sent again included.")),
        exemplars_failed(NewCounter(r, "exemplars_failed_total", "Exemplars that the receiver refused for good.")),
        exemplars_retried(
            NewCounter(r, "exemplars_retried_total", "Exemplars sent again after a failure that may pass.")),
        metadata(NewCounter(r, "metadata_total", "Metadata entries sent.")),
        samples_failed(NewCounter(r, "samples_failed_total", "Samples that the receiver refused for good.")),
        histograms_failed(NewCounter(r, "histograms_failed_total", "Histograms that the receiver refused for good.")),
        metadata_failed(NewCounter(r, "metadata_failed_total", "Metadata entries that were not taken.")),
        samples_retried(NewCounter(r, "samples_retried_total", "Samples sent again after a failure that may pass.")),
        histograms_retried(
            NewCounter(r, "histograms_retried_total", "Histograms sent again after a failure that may pass.")),
        samples_dropped(NewCounter(r, "samples_dropped_total", "Samples given up before they were sent, by reason.")),
        histograms_dropped(
            NewCounter(r, "histograms_dropped_total", "Histograms given up before they were sent, by reason.")),
        bytes(NewCounter(r, "bytes_total", "Bytes of samples sent, compressed.")),
        metadata_bytes(NewCounter(r, "metadata_bytes_total", "Bytes of metadata sent, compressed.")),
        samples_pending(NewGauge(r, "samples_pending", "Samples that wait or are under way.")),
        histograms_pending(NewGauge(r, "histograms_pending", "Histograms that wait or are under way.")),
        shards(NewGauge(r, "shards", "Requests under way at once.")),
        shards_desired(NewGauge(r, "shards_desired", "Requests that what waits would fill.")),
        shards_max(NewGauge(r, "shards_max", "The most requests at once.")),
        shards_min(NewGauge(r, "shards_min", "The fewest requests over which samples are spread.")),
        shard_capacity(NewGauge(r, "shard_capacity", "Samples that may wait, for each shard there may be.")),
        samples_per_send(NewGauge(r, "max_samples_per_send", "Samples in one request at most.")),
        highest_sent(
            NewGauge(r, "queue_highest_sent_timestamp_seconds", "The newest timestamp of what this queue has sent.")),
        duration(prometheus::BuildHistogram()
                     .Name("prometheus_remote_storage_sent_batch_duration_seconds")
                     .Help("How long requests took.")
                     .Register(r)) {}

  Counter& samples_in;
  Counter& histograms_in;
  Counter& exemplars_in;
  Gauge& highest_in;
  CounterFamily& samples;
  CounterFamily& histograms;
  CounterFamily& exemplars;
  CounterFamily& exemplars_failed;
  CounterFamily& exemplars_retried;
  CounterFamily& metadata;
  CounterFamily& samples_failed;
  CounterFamily& histograms_failed;
  CounterFamily& metadata_failed;
  CounterFamily& samples_retried;
  CounterFamily& histograms_retried;
  CounterFamily& samples_dropped;
  CounterFamily& histograms_dropped;
  CounterFamily& bytes;
  CounterFamily& metadata_bytes;
  GaugeFamily& samples_pending;
  GaugeFamily& histograms_pending;
  GaugeFamily& shards;
  GaugeFamily& shards_desired;
  GaugeFamily& shards_max;
  GaugeFamily& shards_min;
  GaugeFamily& shard_capacity;
  GaugeFamily& samples_per_send;
  GaugeFamily& highest_sent;
  prometheus::Family<Histogram>& duration;
  std::atomic<double> highest = 0;
};

namespace {

// One series of a family, gone with this.
template <class T>
class Series {
 public:
  template <class... Arguments>
  Series(prometheus::Family<T>& family, const prometheus::Labels& labels, Arguments&&... arguments)
      : family_(family), value_(family.Add(labels, std::forward<Arguments>(arguments)...)) {}
  ~Series() { family_.Remove(&value_); }
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;
  T* operator->() { return &value_; }
  T& operator*() { return value_; }

 private:
  prometheus::Family<T>& family_;
  T& value_;
};

prometheus::Labels With(prometheus::Labels labels, const char* reason) {
  labels.emplace("reason", reason);
  return labels;
}

const Histogram::BucketBoundaries& Bounds() {
  static const Histogram::BucketBoundaries bounds = {.005, .01, .025, .05, .1, .25, .5, 1,
                                                     2.5,  5,   10,   25,  60, 120, 300};
  return bounds;
}

struct DroppedSeries {
  DroppedSeries(Metrics::Families& f, const prometheus::Labels& labels, const char* reason)
      : samples(f.samples_dropped, With(labels, reason)), histograms(f.histograms_dropped, With(labels, reason)) {}
  Series<Counter> samples;
  Series<Counter> histograms;
};

}  // namespace

struct QueueMetrics::Values {
  Values(Metrics::Families& f, const prometheus::Labels& l)
      : samples(f.samples, l),
        histograms(f.histograms, l),
        exemplars(f.exemplars, l),
        exemplars_failed(f.exemplars_failed, l),
        exemplars_retried(f.exemplars_retried, l),
        metadata(f.metadata, l),
        samples_failed(f.samples_failed, l),
        histograms_failed(f.histograms_failed, l),
        metadata_failed(f.metadata_failed, l),
        samples_retried(f.samples_retried, l),
        histograms_retried(f.histograms_retried, l),
        dropped{DroppedSeries(f, l, kReasons[0]), DroppedSeries(f, l, kReasons[1]), DroppedSeries(f, l, kReasons[2]),
                DroppedSeries(f, l, kReasons[3])},
        bytes(f.bytes, l),
        metadata_bytes(f.metadata_bytes, l),
        samples_pending(f.samples_pending, l),
        histograms_pending(f.histograms_pending, l),
        shards(f.shards, l),
        shards_desired(f.shards_desired, l),
        shards_max(f.shards_max, l),
        shards_min(f.shards_min, l),
        shard_capacity(f.shard_capacity, l),
        samples_per_send(f.samples_per_send, l),
        highest_sent(f.highest_sent, l),
        duration(f.duration, l, Bounds()) {}

  Series<Counter> samples;
  Series<Counter> histograms;
  Series<Counter> exemplars;
  Series<Counter> exemplars_failed;
  Series<Counter> exemplars_retried;
  Series<Counter> metadata;
  Series<Counter> samples_failed;
  Series<Counter> histograms_failed;
  Series<Counter> metadata_failed;
  Series<Counter> samples_retried;
  Series<Counter> histograms_retried;
  std::array<DroppedSeries, 4> dropped;
  Series<Counter> bytes;
  Series<Counter> metadata_bytes;
  Series<Gauge> samples_pending;
  Series<Gauge> histograms_pending;
  Series<Gauge> shards;
  Series<Gauge> shards_desired;
  Series<Gauge> shards_max;
  Series<Gauge> shards_min;
  Series<Gauge> shard_capacity;
  Series<Gauge> samples_per_send;
  Series<Gauge> highest_sent;
  Series<Histogram> duration;
  std::atomic<double> highest = 0;
};

QueueMetrics::QueueMetrics(std::unique_ptr<Values> values) : values_(std::move(values)) {}
QueueMetrics::~QueueMetrics() = default;

void QueueMetrics::Limits(size_t capacity, size_t most_shards, size_t least_shards, size_t samples_per_send) {
  values_->shard_capacity->Set(static_cast<double>(capacity));
  values_->shards_max->Set(static_cast<double>(most_shards));
  values_->shards_min->Set(static_cast<double>(least_shards));
  values_->samples_per_send->Set(static_cast<double>(samples_per_send));
}

void QueueMetrics::Shards(size_t now, size_t desired) {
  values_->shards->Set(static_cast<double>(now));
  values_->shards_desired->Set(static_cast<double>(desired));
}

void QueueMetrics::Waiting(SampleCount more) {
  values_->samples_pending->Increment(static_cast<double>(more.samples));
  values_->histograms_pending->Increment(static_cast<double>(more.histograms));
}

void QueueMetrics::NoLongerWaiting(SampleCount fewer) {
  values_->samples_pending->Decrement(static_cast<double>(fewer.samples));
  values_->histograms_pending->Decrement(static_cast<double>(fewer.histograms));
}

void QueueMetrics::Attempted(SampleCount count, bool again) {
  values_->samples->Increment(static_cast<double>(count.samples));
  values_->histograms->Increment(static_cast<double>(count.histograms));
  if (!again) return;
  values_->samples_retried->Increment(static_cast<double>(count.samples));
  values_->histograms_retried->Increment(static_cast<double>(count.histograms));
}

void QueueMetrics::ExemplarsAttempted(size_t count, bool again) {
  values_->exemplars->Increment(static_cast<double>(count));
  if (again) values_->exemplars_retried->Increment(static_cast<double>(count));
}

void QueueMetrics::ExemplarsRefused(size_t count) { values_->exemplars_failed->Increment(static_cast<double>(count)); }

void QueueMetrics::Answered(std::chrono::nanoseconds after) {
  values_->duration->Observe(std::chrono::duration<double>(after).count());
}

void QueueMetrics::Sent(size_t bytes, base::Timestamp highest) {
  values_->bytes->Increment(static_cast<double>(bytes));
  Raise(values_->highest, base::ToSeconds(highest), *values_->highest_sent);
}

void QueueMetrics::Refused(SampleCount count) {
  values_->samples_failed->Increment(static_cast<double>(count.samples));
  values_->histograms_failed->Increment(static_cast<double>(count.histograms));
}

void QueueMetrics::Dropped(SampleCount count, DropReason reason) {
  DroppedSeries& dropped = values_->dropped[static_cast<size_t>(reason)];
  dropped.samples->Increment(static_cast<double>(count.samples));
  dropped.histograms->Increment(static_cast<double>(count.histograms));
}

void QueueMetrics::MetadataSent(size_t count, size_t bytes) {
  values_->metadata->Increment(static_cast<double>(count));
  values_->metadata_bytes->Increment(static_cast<double>(bytes));
}

void QueueMetrics::MetadataFailed(size_t count) { values_->metadata_failed->Increment(static_cast<double>(count)); }

Metrics::Metrics(prometheus::Registry& registry) : families_(std::make_unique<Families>(registry)) {}
Metrics::~Metrics() = default;

void Metrics::Came(SampleCount count, size_t exemplars, base::Timestamp highest) {
  families_->exemplars_in.Increment(static_cast<double>(exemplars));
  families_->samples_in.Increment(static_cast<double>(count.samples));
  families_->histograms_in.Increment(static_cast<double>(count.histograms));
  Raise(families_->highest, base::ToSeconds(highest), families_->highest_in);
}

std::shared_ptr<QueueMetrics> Metrics::For(const std::string& name, const std::string& url) {
  const std::scoped_lock lock(mutex_);
  std::weak_ptr<QueueMetrics>& known = queues_[{name, url}];
  std::shared_ptr<QueueMetrics> metrics = known.lock();
  if (!metrics) {
    metrics = std::make_shared<QueueMetrics>(
        std::make_unique<QueueMetrics::Values>(*families_, prometheus::Labels{{"remote_name", name}, {"url", url}}));
    known = metrics;
  }
  return metrics;
}

}  // namespace remote
