#pragma once

#include <cstdint>
#include <string_view>

#include "ingest/protobuf_fields.h"
#include "ingest/protobuf_histogram.h"
#include "store/sample.h"

namespace ingest {

// The message io.prometheus.client.Histogram: a classic histogram, a native one, or both in one. Kept and read again
// from metric to metric, so that its vectors keep their room. Not thread-safe.
class ScrapedHistogram {
 public:
  // Reads all but the classic buckets, which stay where they are in the message; native buckets only if `native` ones
  // are wanted. `room` is how many bytes of them may still come; what is read is taken off it. Mistakes go to `fault`.
  void Read(std::string_view message, bool native, size_t& room, ProtobufFault& fault);

  double count() const { return count_float_ != 0 ? count_float_ : static_cast<double>(count_); }
  double sum() const { return sum_; }
  bool has_classic_buckets() const { return classic_buckets_; }
  // Whether it was meant as a native one; without observations only a span, be it of nothing, tells so.
  bool IsNative() const;

  // Its native form, without empty buckets; to be asked for once. Null if it is impossible, and `why` then says why.
  store::HistogramPtr TakeNative(bool gauge, const char*& why);

 private:
  void ReadNativeField(FieldReader& in, size_t& room);

  uint64_t count_ = 0;
  double count_float_ = 0;
  double sum_ = 0;
  bool classic_buckets_ = false;
  int32_t schema_ = 0;
  double zero_threshold_ = 0;
  uint64_t zero_count_ = 0;
  double zero_count_float_ = 0;
  ProtobufBuckets negative_;
  ProtobufBuckets positive_;
};

}  // namespace ingest
