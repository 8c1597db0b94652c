#include "remote/write_request.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ingest/remote_write.h"
#include "store/exemplars.h"
#include "store/head.h"
#include "tests/support/support.h"

namespace remote {
namespace {

using std::chrono::milliseconds;

base::Timestamp At(int64_t ms) { return base::Timestamp(milliseconds(ms)); }

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return text;
}

TEST(WriteRequest, Version1ByteForByte) {
  const base::Labels labels = {{"__name__", "a"}, {"b", "c"}};
  std::vector<Outgoing> samples = {{nullptr, &labels, At(300), 1, nullptr}, {nullptr, &labels, At(-1), 2, nullptr}};
  EXPECT_EQ(Hex(EncodeSamples(samples, Protocol::v1)),
            "0a3b"                        // timeseries
            "0a0d"                        // label
            "0a085f5f6e616d655f5f120161"  // __name__ a
            "0a06"                        // label
            "0a0162120163"                // b c
            "1214"                        // sample, the earlier one
            "090000000000000040"          // 2
            "10ffffffffffffffffff01"      // -1
            "120c"                        // sample
            "09000000000000f03f"          // 1
            "10ac02");                    // 300
}

TEST(WriteRequest, Version2ByteForByte) {
  const base::Labels labels = {{"__name__", "a"}, {"b", "a"}};
  std::vector<Outgoing> samples = {{nullptr, &labels, At(1), 1, nullptr}};
  const MetricMetadata metadata{"a", MetricType::gauge, "h", ""};
  const auto find = [&](std::string_view metric) { return metric == "a" ? &metadata : nullptr; };
  EXPECT_EQ(Hex(EncodeSamples(samples, Protocol::v2, find)),
            "2200"                  // symbols: the empty one,
            "22085f5f6e616d655f5f"  // __name__,
            "220161"                // a,
            "220162"                // b,
            "220168"                // h
            "2a1b"                  // timeseries
            "0a0401020302"          // labels
            "120b"                  // sample
            "09000000000000f03f1001"
            "2a06080218042000");  // metadata: gauge, h, no unit
}

TEST(WriteRequest, MetadataByteForByte) {
  const MetricMetadata metadata{"a", MetricType::counter, "h", "s"};
  EXPECT_EQ(Hex(EncodeMetadata(std::span(&metadata, 1))),
            "1a0b"
            "0801"
            "120161"
            "220168"
            "2a0173");
}

store::HistogramPtr MakeHistogram(bool custom) {
  base::FloatHistogram h;
  h.schema = custom ? base::FloatHistogram::kCustomBucketsSchema : -2;
  h.count = 10.5;
  h.sum = -3.25;
  h.positive_spans = {{0, 2}, {3, 1}};
  h.positive_buckets = {1, 2.5, 0};
  if (custom) {
    h.custom_values = {-1, 0, 1, 5, 10, 20};
  } else {
    h.counter_reset_hint = base::CounterResetHint::gauge;
    h.zero_threshold = 0.5;
    h.zero_count = 3;
    h.negative_spans = {{-7, 1}};
    h.negative_buckets = {4};
  }
  return std::make_shared<const base::FloatHistogram>(h);
}

// Everything a receiver has: labels, then the samples bit by bit.
std::string Dump(const store::Head& head) {
  constexpr store::TimeRange kAlways{base::Timestamp::min(), base::Timestamp::max()};
  std::string text;
  const auto all = head.Select({}, kAlways).value();
  for (const auto& series : all) {
    store::Samples samples;
    series->Read(kAlways, samples);
    text += series->labels().ToString();
    for (size_t i = 0; i < samples.size(); ++i) {
      text += fmt::format(" {}=", samples.times[i].time_since_epoch().count());
      if (samples.histograms.empty() || !samples.histograms[i]) {
        text += fmt::format("{:x}", std::bit_cast<uint64_t>(samples.values[i]));
        continue;
      }
      const base::FloatHistogram& h = *samples.histograms[i];
      text += fmt::format("h{}:{}:{}:{}:{}", h.schema, h.count, h.sum, h.zero_threshold, h.zero_count);
      for (const auto& span : h.positive_spans) text += fmt::format(" +{}/{}", span.offset, span.length);
      for (const auto& span : h.negative_spans) text += fmt::format(" -{}/{}", span.offset, span.length);
      text += fmt::format(" {} {} {}", fmt::join(h.positive_buckets, ","), fmt::join(h.negative_buckets, ","),
                          fmt::join(h.custom_values, ","));
    }
    text += "\n";
  }
  return text;
}

TEST(WriteRequest, OurOwnReceiverReadsTheSame) {
  const std::string large(300, 'x');
  const std::vector<base::Labels> labels = {{{"__name__", "a"}, {"text", "ä\n\"\\"}},
                                            {{"__name__", "b"}, {"large", large}},
                                            {{"__name__", "c"}},
                                            {{"__name__", "d"}}};
  constexpr double kValues[] = {0.0, -0.0, 1e300, 4.9e-324, -1.5};
  std::vector<Outgoing> samples;
  for (int i = 0; i < 5; ++i) {
    samples.push_back({nullptr, &labels[0], At(1'700'000'000'000 + i), kValues[i], nullptr});
    samples.push_back({nullptr, &labels[1], At(1'700'000'000'000 + 1000 * i),
                       i % 2 == 0 ? store::StaleMarker() : std::numeric_limits<double>::infinity(), nullptr});
  }
  samples.push_back({nullptr, &labels[2], At(1'700'000'000'000), 0, MakeHistogram(false)});
  samples.push_back({nullptr, &labels[3], At(1'700'000'000'000), 0, MakeHistogram(true)});
  samples.push_back({nullptr, &labels[3], At(1'700'000'000'001), std::nan(""), nullptr});
  store::Head expected;
  const auto appender = expected.NewAppender();
  for (const Outgoing& one : samples) {
    const auto appended = one.histogram
                              ? appender->AppendHistogram(store::SeriesRef::none, *one.labels, one.time, one.histogram)
                              : appender->Append(store::SeriesRef::none, *one.labels, one.time, one.value);
    ASSERT_EQ(appended.status, store::AppendStatus::ok);
  }
  ASSERT_TRUE(appender->Commit());
  for (const auto& [protocol, version] : {std::pair(Protocol::v1, ingest::RemoteWriteVersion::v1),
                                          std::pair(Protocol::v2, ingest::RemoteWriteVersion::v2)}) {
    SCOPED_TRACE(ToString(protocol));
    store::Head head;
    const std::string message = ingest::Unsnappy(Snappy(EncodeSamples(samples, protocol)), 1 << 20).value();
    const auto report = ingest::IngestRemoteWrite(message, version, At(1'700'000'100'000), head);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->samples, 11U);
    EXPECT_EQ(report->histograms, 2U);
    EXPECT_EQ(report->refused + report->invalid, 0U) << report->first_reason;
    EXPECT_EQ(Dump(head), Dump(expected));
  }
}

TEST(WriteRequest, OurOwnReceiverReadsExemplars) {
  const base::Timestamp now(std::chrono::seconds(1'700'000'000));
  const base::Labels labels = {{"__name__", "a_total"}};
  const base::Labels other = {{"__name__", "b_total"}};
  const std::vector<store::CommittedBatch::WithExemplar> shown = {
      {0, {base::Labels{{"id", "x"}, {"span", "y"}}, 0.5, now - milliseconds(3), true}},
      {0, {base::Labels(), -1, now - milliseconds(2), true}}};
  for (const Protocol protocol : {Protocol::v1, Protocol::v2}) {
    SCOPED_TRACE(ToString(protocol));
    std::vector<Outgoing> samples = {{nullptr, &labels, now, 1, nullptr, shown}, {nullptr, &other, now, 2, nullptr}};
    store::Exemplars exemplars(10);
    store::Head head({.exemplars = &exemplars});
    const auto report = ingest::IngestRemoteWrite(
        EncodeSamples(samples, protocol),
        protocol == Protocol::v1 ? ingest::RemoteWriteVersion::v1 : ingest::RemoteWriteVersion::v2, now, head);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->samples, 2U);
    EXPECT_EQ(report->exemplars, 2U);
    const std::vector<std::vector<base::Matcher>> all = {{}};
    const auto found = exemplars.Select(all, {base::Timestamp::min(), base::Timestamp::max()});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].series, labels);
    EXPECT_EQ(found[0].exemplars, (std::vector{shown[0].exemplar, shown[1].exemplar}));
  }
}

}  // namespace
}  // namespace remote
