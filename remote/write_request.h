#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/time.h"
#include "remote/config.h"
#include "store/sample.h"
#include "store/sample_log.h"

// The messages of Prometheus' remote write, versions 1 and 2 (prometheus/prompb, the remote write specifications).
// Pure.

namespace store {
class MemSeries;
}

namespace remote {

// A sample on its way. What it points to is kept by whoever holds it.
struct Outgoing {
  store::MemSeries* series = nullptr;
  const base::Labels* labels = nullptr;  // as the receiver sees them
  base::Timestamp time;
  double value = 0;
  store::HistogramPtr histogram;  // null for a float
  std::span<const store::CommittedBatch::WithExemplar> exemplars = {};
};

// The numbers are those of the messages, the same in both versions.
enum class MetricType : uint8_t {
  unknown = 0,
  counter = 1,
  gauge = 2,
  histogram = 3,
  gauge_histogram = 4,
  summary = 5,
  info = 6,
  state_set = 7
};

struct MetricMetadata {
  std::string metric;
  MetricType type = MetricType::unknown;
  std::string help;
  std::string unit;
  bool operator==(const MetricMetadata&) const = default;
};

// What is known of the metric a series belongs to; null for nothing.
using FindMetadata = std::function<const MetricMetadata*(std::string_view metric)>;

// The message that carries these samples, before compression. Samples of one series stand together, in time order; the
// order of `samples` changes. Histograms have float counts. Version 2 carries metadata beside its series.
std::string EncodeSamples(std::span<Outgoing> samples, Protocol protocol, const FindMetadata& metadata = {});

// A message of version 1 that holds metadata alone.
std::string EncodeMetadata(std::span<const MetricMetadata> metadata);

// Snappy's block format.
std::string Snappy(std::string_view message);

}  // namespace remote
