#include "ingest/scraped_histogram.h"

#include <algorithm>
#include <cmath>

#include "ingest/histogram_resolution.h"

// Field numbers are those of io/prometheus/client/metrics.proto.

namespace ingest {
namespace {

// Further out there is no bucket a number falls into, at any schema.
constexpr int64_t kFurthestIndex = 1 << 20;

bool TakeOff(size_t& room, size_t bytes, FieldReader& in) {
  if (bytes > room) {
    in.Fail("the page has more native buckets than are taken");
    return false;
  }
  room -= bytes;
  return true;
}

void TakeSpan(FieldReader& in, size_t& room, std::vector<base::HistogramSpan>& out) {
  std::string_view message;
  in.Take(message);
  ProtobufReader span(message);
  while (span.Next()) {
  }
  if (!span.ok()) in.Fail("a span cannot be read");
  if (TakeOff(room, sizeof(base::HistogramSpan), in)) out.push_back(ReadSpan(message));
}

void TakeDeltas(FieldReader& in, size_t& room, std::vector<int64_t>& out) {
  const std::string_view packed = in.Bytes();
  const auto last_bytes = std::ranges::count_if(packed, [](char c) { return static_cast<uint8_t>(c) < 0x80; });
  if (!TakeOff(room, sizeof(double) * std::max<size_t>(static_cast<size_t>(last_bytes), 1), in)) return;
  in.TakeVarints([&out](uint64_t zigzag) { out.push_back(ProtobufReader::Decode(zigzag)); });
}

void TakeCounts(FieldReader& in, size_t& room, std::vector<double>& out) {
  if (!TakeOff(room, std::max(in.Bytes().size(), sizeof(double)), in)) return;
  in.TakeDoubles([&out](double count) { out.push_back(count); });
}

void Clear(ProtobufBuckets& buckets) {
  buckets.spans.clear();
  buckets.deltas.clear();
  buckets.counts.clear();
}

bool InReach(const std::vector<base::HistogramSpan>& spans) {
  int64_t index = 0;
  for (const base::HistogramSpan& span : spans) {
    index += span.offset;
    if (index < -kFurthestIndex) return false;
    index += span.length;
  }
  return index <= kFurthestIndex;
}

// Expects spans that fit the buckets.
void DropEmpty(std::vector<base::HistogramSpan>& spans, std::vector<double>& buckets) {
  std::vector<base::HistogramSpan> kept;
  int64_t index = 0;
  int64_t next = 0;  // where a span of offset 0 would go on
  size_t at = 0;
  size_t written = 0;
  for (const base::HistogramSpan& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length; ++i, ++index) {
      const double count = buckets[at++];
      if (count == 0) continue;
      if (kept.empty() || index != next) kept.push_back({static_cast<int32_t>(index - next), 0});
      ++kept.back().length;
      next = index + 1;
      buckets[written++] = count;
    }
  }
  buckets.resize(written);
  spans = std::move(kept);
}

}  // namespace

void ScrapedHistogram::Read(std::string_view message, bool native, size_t& room, ProtobufFault& fault) {
  count_ = zero_count_ = 0;
  count_float_ = sum_ = zero_threshold_ = zero_count_float_ = 0;
  schema_ = 0;
  classic_buckets_ = false;
  Clear(negative_);
  Clear(positive_);
  std::string_view bucket;
  for (FieldReader in(message, fault); in.Next();) {
    switch (in.field()) {
      case 1:
        in.Take(count_);
        break;
      case 2:
        in.Take(sum_);
        break;
      case 3:
        in.Take(bucket);
        classic_buckets_ = true;
        break;
      case 4:
        in.Take(count_float_);
        break;
      default:
        if (native) ReadNativeField(in, room);
    }
  }
}

void ScrapedHistogram::ReadNativeField(FieldReader& in, size_t& room) {
  switch (in.field()) {
    case 5:
      return in.TakeZigZag(schema_);
    case 6:
      return in.Take(zero_threshold_);
    case 7:
      return in.Take(zero_count_);
    case 8:
      return in.Take(zero_count_float_);
    case 9:
      return TakeSpan(in, room, negative_.spans);
    case 10:
      return TakeDeltas(in, room, negative_.deltas);
    case 11:
      return TakeCounts(in, room, negative_.counts);
    case 12:
      return TakeSpan(in, room, positive_.spans);
    case 13:
      return TakeDeltas(in, room, positive_.deltas);
    case 14:
      return TakeCounts(in, room, positive_.counts);
    default:
      return;  // exemplars, and when the counting began
  }
}

bool ScrapedHistogram::IsNative() const {
  return !positive_.spans.empty() || !negative_.spans.empty() || zero_threshold_ > 0 || zero_count_ > 0 ||
         zero_count_float_ > 0;
}

store::HistogramPtr ScrapedHistogram::TakeNative(bool gauge, const char*& why) {
  const bool floats = count_float_ > 0 || zero_count_float_ > 0;
  auto made = std::make_shared<base::FloatHistogram>();
  base::FloatHistogram& h = *made;
  h.counter_reset_hint = gauge ? base::CounterResetHint::gauge : base::CounterResetHint::unknown;
  h.schema = schema_;
  h.zero_threshold = zero_threshold_;
  h.zero_count = floats ? zero_count_float_ : static_cast<double>(zero_count_);
  h.count = floats ? count_float_ : static_cast<double>(count_);
  h.sum = sum_;
  if (!floats) {
    negative_.counts.clear();
    positive_.counts.clear();
  }
  h.negative_buckets = floats ? std::move(negative_.counts) : negative_.Counts();
  h.positive_buckets = floats ? std::move(positive_.counts) : positive_.Counts();
  h.negative_spans = std::move(negative_.spans);
  h.positive_spans = std::move(positive_.spans);
  why = WhyImpossible(h);
  if (why == nullptr) ReduceResolution(h, kFinestSchema);
  if (why == nullptr && h.schema == base::FloatHistogram::kCustomBucketsSchema) why = "invalid schema";
  if (why == nullptr && !(InReach(h.negative_spans) && InReach(h.positive_spans))) {
    why = "a bucket that no number falls into";
  }
  if (why == nullptr && !floats) why = WhyCountsDisagree(h);
  if (why != nullptr) return nullptr;
  DropEmpty(h.negative_spans, h.negative_buckets);
  DropEmpty(h.positive_spans, h.positive_buckets);
  return made;
}

}  // namespace ingest
