#include "remote/write_request.h"

#include <snappy.h>

#include <algorithm>
#include <unordered_map>

#include "remote/protobuf_writer.h"

// Field numbers are those of prometheus/prompb: types.proto, remote.proto and io/prometheus/write/v2/types.proto.

namespace remote {
namespace {

uint64_t Milliseconds(base::Timestamp time) { return static_cast<uint64_t>(time.time_since_epoch().count()); }

void WriteSample(const Outgoing& sample, std::string& out) {
  ProtobufWriter message(out);
  message.Double(1, sample.value);
  message.Varint(2, Milliseconds(sample.time));
}

void WriteBuckets(ProtobufWriter& out, uint32_t spans_field, const std::vector<base::HistogramSpan>& spans,
                  uint32_t counts_field, const std::vector<double>& counts) {
  std::string inner;
  for (const base::HistogramSpan& span : spans) {
    inner.clear();
    ProtobufWriter message(inner);
    message.ZigZag(1, span.offset);
    message.Varint(2, span.length);
    out.Bytes(spans_field, inner);
  }
  if (counts.empty()) return;
  out.Begin(counts_field, counts.size() * sizeof(double));
  for (const double count : counts) out.Fixed(count);
}

// The same in both versions. Which of the alternatives of a count is there says that it is a float.
void WriteHistogram(const Outgoing& sample, std::string& out) {
  const base::FloatHistogram& h = *sample.histogram;
  ProtobufWriter message(out);
  message.Double(2, h.count);
  message.Double(3, h.sum);
  message.ZigZag(4, h.schema);
  message.Double(5, h.zero_threshold);
  message.Double(7, h.zero_count);
  WriteBuckets(message, 8, h.negative_spans, 10, h.negative_buckets);
  WriteBuckets(message, 11, h.positive_spans, 13, h.positive_buckets);
  message.Varint(14, static_cast<uint64_t>(h.counter_reset_hint));
  message.Varint(15, Milliseconds(sample.time));
  if (h.custom_values.empty()) return;
  message.Begin(16, h.custom_values.size() * sizeof(double));
  for (const double bound : h.custom_values) message.Fixed(bound);
}

// The numbers of fields that differ.
struct Fields {
  uint32_t series;
  uint32_t histograms;
  uint32_t exemplars;
};
constexpr Fields kFieldsV1 = {.series = 1, .histograms = 4, .exemplars = 3};
constexpr Fields kFieldsV2 = {.series = 5, .histograms = 3, .exemplars = 4};

void WriteSamples(std::span<const Outgoing> samples, uint32_t histograms_field, std::string& out) {
  ProtobufWriter series(out);
  std::string inner;
  for (const Outgoing& sample : samples) {
    inner.clear();
    if (sample.histogram) {
      WriteHistogram(sample, inner);
    } else {
      WriteSample(sample, inner);
    }
    series.Bytes(sample.histogram ? histograms_field : 2, inner);
  }
}

void WriteLabels(const base::Labels& labels, std::string& out) {
  ProtobufWriter series(out);
  const auto size = [](std::string_view text) { return 1 + ProtobufWriter::SizeOfNumber(text.size()) + text.size(); };
  for (const base::Label& label : labels) {
    series.Begin(1, size(label.name) + size(label.value));
    series.Bytes(1, label.name);
    series.Bytes(2, label.value);
  }
}

// Each text once, numbered; the first is the empty one.
class Symbols {
 public:
  Symbols() { Number(""); }
  uint64_t Number(std::string_view text) {
    const auto [at, added] = numbers_.try_emplace(text, texts_.size());
    if (added) texts_.push_back(text);
    return at->second;
  }
  const std::vector<std::string_view>& texts() const { return texts_; }

 private:
  std::vector<std::string_view> texts_;
  std::unordered_map<std::string_view, uint64_t> numbers_;
};

void WriteReferences(const base::Labels& labels, Symbols& symbols, std::string& out) {
  std::string packed;
  ProtobufWriter numbers(packed);
  for (const base::Label& label : labels) {
    numbers.Number(symbols.Number(label.name));
    numbers.Number(symbols.Number(label.value));
  }
  ProtobufWriter(out).Bytes(1, packed);
}

void WriteMetadata(const MetricMetadata& metadata, Symbols& symbols, std::string& out) {
  std::string inner;
  ProtobufWriter message(inner);
  message.Varint(1, static_cast<uint64_t>(metadata.type));
  message.Varint(3, symbols.Number(metadata.help));
  message.Varint(4, symbols.Number(metadata.unit));
  ProtobufWriter(out).Bytes(5, inner);
}

// After the samples; write_labels(labels, out) does so in the way of the version.
template <class WriteLabelsOf>
void WriteExemplars(std::span<const Outgoing> samples, uint32_t field, WriteLabelsOf write_labels, std::string& out) {
  std::string inner;
  for (const Outgoing& sample : samples) {
    for (const auto& one : sample.exemplars) {
      inner.clear();
      write_labels(one.exemplar.labels, inner);
      ProtobufWriter message(inner);
      message.Double(2, one.exemplar.value);
      message.Varint(3, Milliseconds(one.exemplar.time));
      ProtobufWriter(out).Bytes(field, inner);
    }
  }
}

// Calls visit(samples) for those of each series.
template <class Visit>
void ForEachSeries(std::span<Outgoing> samples, Visit visit) {
  std::ranges::stable_sort(samples, {}, [](const Outgoing& one) { return std::pair(one.labels, one.time); });
  for (size_t begin = 0; begin < samples.size();) {
    size_t end = begin + 1;
    while (end < samples.size() && samples[end].labels == samples[begin].labels) ++end;
    visit(std::span<const Outgoing>(samples.subspan(begin, end - begin)));
    begin = end;
  }
}

std::string EncodeV1(std::span<Outgoing> samples) {
  std::string message;
  std::string series;
  ForEachSeries(samples, [&](std::span<const Outgoing> of_one) {
    series.clear();
    WriteLabels(*of_one.front().labels, series);
    WriteSamples(of_one, kFieldsV1.histograms, series);
    ProtobufWriter(message).Bytes(kFieldsV1.series, series);
    if (std::ranges::all_of(of_one, [](const Outgoing& one) { return one.exemplars.empty(); })) return;
    // Apart: Prometheus takes a series' exemplars before its histograms, and refuses those of an unknown series.
    series.clear();
    WriteLabels(*of_one.front().labels, series);
    WriteExemplars(of_one, kFieldsV1.exemplars, WriteLabels, series);
    ProtobufWriter(message).Bytes(kFieldsV1.series, series);
  });
  return message;
}

std::string EncodeV2(std::span<Outgoing> samples, const FindMetadata& find) {
  Symbols symbols;
  std::string all;
  std::string series;
  ForEachSeries(samples, [&](std::span<const Outgoing> of_one) {
    series.clear();
    const base::Labels& labels = *of_one.front().labels;
    WriteReferences(labels, symbols, series);
    WriteSamples(of_one, kFieldsV2.histograms, series);
    WriteExemplars(
        of_one, kFieldsV2.exemplars,
        [&symbols](const base::Labels& of_exemplar, std::string& out) { WriteReferences(of_exemplar, symbols, out); },
        series);
    const MetricMetadata* const metadata = find ? find(labels.MetricName()) : nullptr;
    if (metadata != nullptr) WriteMetadata(*metadata, symbols, series);
    ProtobufWriter(all).Bytes(kFieldsV2.series, series);
  });
  std::string message;
  ProtobufWriter out(message);
  for (const std::string_view symbol : symbols.texts()) out.Bytes(4, symbol);
  return message + all;
}

}  // namespace

std::string EncodeSamples(std::span<Outgoing> samples, Protocol protocol, const FindMetadata& metadata) {
  return protocol == Protocol::v1 ? EncodeV1(samples) : EncodeV2(samples, metadata);
}

std::string EncodeMetadata(std::span<const MetricMetadata> metadata) {
  std::string message;
  std::string inner;
  for (const MetricMetadata& one : metadata) {
    inner.clear();
    ProtobufWriter fields(inner);
    fields.Varint(1, static_cast<uint64_t>(one.type));
    fields.Bytes(2, one.metric);
    fields.Bytes(4, one.help);
    fields.Bytes(5, one.unit);
    ProtobufWriter(message).Bytes(3, inner);
  }
  return message;
}

std::string Snappy(std::string_view message) {
  std::string compressed;
  snappy::Compress(message.data(), message.size(), &compressed);
  return compressed;
}

}  // namespace remote
