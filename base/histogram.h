#pragma once

#include <cstdint>
#include <vector>

namespace base {

// A native histogram with float counts, in Prometheus' own shape (model/histogram.FloatHistogram): buckets of schema
// -4..8 grow by 2^(2^-schema), schema -53 has the upper bounds in custom_values. Spans give the bucket indexes that
// the counts belong to: `offset` buckets are skipped, then `length` follow. Counts are absolute, not deltas.
struct HistogramSpan {
  int32_t offset = 0;
  uint32_t length = 0;
  bool operator==(const HistogramSpan&) const = default;
};

enum class CounterResetHint : uint8_t { unknown, reset, not_reset, gauge };

struct FloatHistogram {
  static constexpr int32_t kCustomBucketsSchema = -53;

  CounterResetHint counter_reset_hint = CounterResetHint::unknown;
  int32_t schema = 0;
  double zero_threshold = 0;
  double zero_count = 0;
  double count = 0;
  double sum = 0;
  std::vector<HistogramSpan> positive_spans;
  std::vector<HistogramSpan> negative_spans;
  std::vector<double> positive_buckets;
  std::vector<double> negative_buckets;
  std::vector<double> custom_values;
};

}  // namespace base
