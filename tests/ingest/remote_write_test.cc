#include "ingest/remote_write.h"

#include <gtest/gtest.h>
#include <snappy.h>

#include <bit>
#include <cmath>
#include <initializer_list>

#include "store/exemplars.h"
#include "store/head.h"
#include "tests/support/support.h"

namespace ingest {
namespace {

using namespace std::chrono_literals;

// Writes protobuf messages, field by field.
class Message {
 public:
  Message& Varint(int field, uint64_t value) {
    Number(static_cast<uint64_t>(field) << 3);
    return Number(value);
  }
  Message& ZigZag(int field, int64_t value) { return Varint(field, Zig(value)); }
  Message& Double(int field, double value) {
    Number(static_cast<uint64_t>(field) << 3 | 1);
    const auto bits = std::bit_cast<uint64_t>(value);
    for (int i = 0; i < 64; i += 8) bytes_.push_back(static_cast<char>(bits >> i));
    return *this;
  }
  Message& Bytes(int field, std::string_view value) {
    Number(static_cast<uint64_t>(field) << 3 | 2);
    Number(value.size());
    bytes_.append(value);
    return *this;
  }
  Message& Bytes(int field, const Message& value) { return Bytes(field, value.bytes_); }
  Message& Packed(int field, std::initializer_list<uint64_t> values) {
    Message packed;
    for (const uint64_t value : values) packed.Number(value);
    return Bytes(field, packed);
  }
  static uint64_t Zig(int64_t value) { return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63); }
  const std::string& bytes() const { return bytes_; }

 private:
  Message& Number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
    return *this;
  }
  std::string bytes_;
};

Message Label(std::string_view name, std::string_view value) { return Message().Bytes(1, name).Bytes(2, value); }
Message Sample(double value, int64_t time) { return Message().Double(1, value).Varint(2, static_cast<uint64_t>(time)); }
Message Series(std::initializer_list<base::Label> labels, std::initializer_list<Message> samples) {
  Message series;
  for (const base::Label& label : labels) series.Bytes(1, Label(label.name, label.value));
  for (const Message& sample : samples) series.Bytes(2, sample);
  return series;
}

class RemoteWriteTest : public ::testing::Test {
 protected:
  const base::Timestamp now_{1700000000s};

  // Every sample in the store, a line each: name{…} time=value …
  std::string Stored() {
    std::string text;
    const auto matcher = *base::Matcher::Make(base::MatchType::regex, "__name__", ".+");
    const auto found = head_.Select(std::span(&matcher, 1), {now_ - 24h, now_ + 24h});
    for (const auto& series : *found) {
      store::Samples samples;
      series->Read({now_ - 24h, now_ + 24h}, samples);
      text += series->labels().ToString();
      for (size_t i = 0; i < samples.size(); ++i) {
        text += " " + std::to_string((samples.times[i] - now_).count()) + "=";
        if (!samples.histograms.empty() && samples.histograms[i]) {
          text += "histogram of " + std::to_string(static_cast<int>(samples.histograms[i]->count));
          for (const double count : samples.histograms[i]->positive_buckets) {
            text += "," + std::to_string(static_cast<int>(count));
          }
        } else {
          text += store::IsStale(samples.values[i]) ? "stale" : std::to_string(static_cast<int>(samples.values[i]));
        }
      }
      text += "\n";
    }
    return text;
  }
  base::HttpResponse Post(std::string_view body, base::HttpHeaders headers) {
    base::HttpRequest request{.method = "POST", .path = "/api/v1/write", .headers = std::move(headers)};
    snappy::Compress(body.data(), body.size(), &request.body);
    return RemoteWriteEndpoints(head_, clock_).front().handle(request);
  }

  store::Head head_;
  test::FakeClock clock_{now_};
  const int64_t ms_ = now_.time_since_epoch().count();
};

TEST_F(RemoteWriteTest, Version1) {
  Message histogram;
  histogram.Varint(1, 6).Double(3, 1.5).ZigZag(4, 0).Double(5, 0.001).Varint(6, 1);
  histogram.Bytes(11, Message().ZigZag(1, 0).Varint(2, 2)).Packed(12, {Message::Zig(2), Message::Zig(1)});
  histogram.Varint(15, static_cast<uint64_t>(ms_));
  Message request;
  request.Bytes(1, Series({{"job", "x"}, {"__name__", "a"}}, {Sample(1, ms_ - 15000), Sample(2, ms_)}));
  request.Bytes(1, Series({{"__name__", "a"}}, {Sample(store::StaleMarker(), ms_)}));
  request.Bytes(1, Series({{"__name__", "h"}}, {}).Bytes(4, histogram));
  request.Bytes(3, Message().Varint(1, 1).Bytes(2, "a").Bytes(4, "metadata is passed over"));
  const auto response =
      Post(request.bytes(), {{"Content-Encoding", "snappy"}, {"Content-Type", "application/x-protobuf"}});
  EXPECT_EQ(response.status, 204) << response.body;
  EXPECT_EQ(Stored(),
            "a 0=stale\n"
            "a{job=\"x\"} -15000=1 0=2\n"
            "h 0=histogram of 6,2,3\n");
}

TEST_F(RemoteWriteTest, Version2) {
  Message request;
  for (const std::string_view symbol : {"", "__name__", "a", "job", "x"}) request.Bytes(4, symbol);
  request.Bytes(5, Message().Packed(1, {1, 2, 3, 4}).Bytes(2, Sample(7, ms_)));
  const auto response =
      Post(request.bytes(), {{"Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"}});
  EXPECT_EQ(response.status, 204) << response.body;
  EXPECT_EQ(response.headers.Get("X-Prometheus-Remote-Write-Samples-Written"), "1");
  EXPECT_EQ(response.headers.Get("X-Prometheus-Remote-Write-Histograms-Written"), "0");
  EXPECT_EQ(Stored(), "a{job=\"x\"} 0=7\n");
}

TEST_F(RemoteWriteTest, StoresTheRestOfWhatIsRefused) {
  Message request;
  request.Bytes(1, Series({{"__name__", "a"}}, {Sample(2, ms_), Sample(1, ms_ - 1000)}));
  request.Bytes(1, Series({{"__name__", "b"}}, {Sample(1, ms_ + 3'600'000)}));
  request.Bytes(1, Series({{"job", "nameless"}}, {Sample(1, ms_)}));
  request.Bytes(1, Series({{"__name__", "c"}, {"l", "1"}, {"l", "2"}}, {Sample(1, ms_)}));
  request.Bytes(1, Series({{"__name__", "d"}}, {Sample(4, ms_)}));
  const auto response = Post(request.bytes(), {});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, "4 samples were not stored, the first for: out of order sample: a\n");
  EXPECT_EQ(Stored(), "a 0=2\nd 0=4\n");
}

TEST_F(RemoteWriteTest, BadRequests) {
  const std::string good = Message().Bytes(1, Series({{"__name__", "a"}}, {Sample(1, ms_)})).bytes();
  struct Case {
    std::string body;
    base::HttpHeaders headers;
    int status;
    std::string_view want;
  };
  const Case cases[] = {
      {good, {{"Content-Type", "application/json"}}, 415, "Content-Type \"application/json\" is not supported\n"},
      {good,
       {{"Content-Type", "application/x-protobuf;proto=other"}},
       415,
       "Content-Type \"application/x-protobuf;proto=other\" is not supported\n"},
      {good, {{"Content-Encoding", "gzip"}}, 415, "Content-Encoding \"gzip\" is not supported, only snappy is\n"},
      {good.substr(0, good.size() - 1), {}, 400, "the body is not a remote write request\n"},
      {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", {}, 400, "the body is not a remote write request\n"},
      {Message().Bytes(5, Message().Packed(1, {1, 9})).bytes(),
       {{"Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"}},
       400,
       "the body is not a remote write request\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    const auto response = Post(c.body, c.headers);
    EXPECT_EQ(response.status, c.status);
    EXPECT_EQ(response.body, c.want);
  }
  EXPECT_EQ(Stored(), "");
}

TEST_F(RemoteWriteTest, SnappyBombs) {
  std::string bomb;
  const std::string zeros(1 << 20, '\0');
  snappy::Compress(zeros.data(), zeros.size(), &bomb);
  EXPECT_EQ(Unsnappy(bomb, 1 << 20)->size(), zeros.size());
  EXPECT_EQ(Unsnappy(bomb, 1000).error().message, "snappy: 1048576 bytes of content, 1000 are the most");
  EXPECT_EQ(Unsnappy(bomb.substr(0, bomb.size() / 2), 1 << 20).error().message, "snappy: corrupt input");
  EXPECT_EQ(Unsnappy("", 1000).error().message, "snappy: the body is not compressed with it");
}

TEST_F(RemoteWriteTest, ImpossibleHistograms) {
  const auto post = [this](const Message& histogram) {
    return Post(Message().Bytes(1, Series({{"__name__", "h"}}, {}).Bytes(4, histogram)).bytes(), {}).body;
  };
  const Message span = Message().ZigZag(1, 0).Varint(2, 0xFFFFFFFF);
  EXPECT_EQ(post(Message().ZigZag(4, 99)), "1 samples were not stored, the first for: invalid schema\n");
  EXPECT_EQ(post(Message().Bytes(11, span).Packed(12, {2})),
            "1 samples were not stored, the first for: the buckets do not fit the spans\n");
  EXPECT_EQ(post(Message().Bytes(11, Message().Varint(2, 1)).Packed(12, {Message::Zig(-5)})),
            "1 samples were not stored, the first for: a count is below zero or not a number\n");
  const auto whole = [](uint64_t count, double sum) {
    return Message()
        .Varint(1, count)
        .Double(3, sum)
        .Varint(6, 1)
        .Bytes(11, Message().Varint(2, 1))
        .Packed(12, {Message::Zig(2)});
  };
  EXPECT_EQ(post(whole(4, 1)), "1 samples were not stored, the first for: the buckets do not add up to the count\n");
  EXPECT_EQ(post(whole(2, std::nan(""))),
            "1 samples were not stored, the first for: the buckets do not add up to the count\n");
  const auto custom = [](double last_bound) {
    return Message().ZigZag(4, -53).Varint(1, 0).Bytes(16, Message().Double(16, last_bound).bytes().substr(2));
  };
  EXPECT_EQ(post(custom(INFINITY)),
            "1 samples were not stored, the first for: a custom bound is not finite; the bucket up to +Inf has none\n");
  EXPECT_EQ(Stored(), "");
}

// The count of one with integers is what its buckets add up to, or more where NaN was observed; floats are as they are.
TEST_F(RemoteWriteTest, CountsOfHistograms) {
  const auto post = [this](const Message& histogram) {
    return Post(Message().Bytes(1, Series({{"__name__", "h"}}, {}).Bytes(4, histogram)).bytes(), {}).status;
  };
  const Message span = Message().Varint(2, 1);
  const auto at = [this](int64_t later) { return static_cast<uint64_t>(ms_ + later); };
  EXPECT_EQ(post(Message().Varint(1, 3).Varint(6, 1).Bytes(11, span).Packed(12, {4}).Varint(15, at(0))), 204);
  EXPECT_EQ(post(Message().Varint(1, 4).Double(3, NAN).Varint(6, 1).Bytes(11, span).Packed(12, {4}).Varint(15, at(1))),
            204);
  const std::string two = Message().Double(1, 2).bytes().substr(1);
  EXPECT_EQ(post(Message().Double(2, 9).Bytes(11, span).Bytes(13, two).Varint(15, at(2))), 204);
  EXPECT_EQ(Stored(), "h 0=histogram of 3,2 1=histogram of 4,2 2=histogram of 9,2\n");
}

TEST_F(RemoteWriteTest, Version2TellsOfExemplars) {
  store::Exemplars exemplars(10);
  store::Head head({.exemplars = &exemplars});
  const auto post = [&](int64_t sample, int64_t exemplar, std::string_view id) {
    Message request;
    for (const std::string_view symbol :
         {std::string_view(), std::string_view("__name__"), std::string_view("a"), std::string_view("id"), id}) {
      request.Bytes(4, symbol);
    }
    request.Bytes(
        5, Message()
               .Packed(1, {1, 2})
               .Bytes(2, Sample(1, ms_ + sample))
               .Bytes(4, Message().Packed(1, {3, 4}).Double(2, 1).Varint(3, static_cast<uint64_t>(ms_ + exemplar))));
    base::HttpRequest sent{.method = "POST", .path = "/api/v1/write"};
    sent.headers.Add("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request");
    snappy::Compress(request.bytes().data(), request.bytes().size(), &sent.body);
    const auto response = RemoteWriteEndpoints(head, clock_).front().handle(sent);
    const auto written = [&response](const std::string& what) {
      return std::string(response.headers.Get("X-Prometheus-Remote-Write-" + what + "-Written"));
    };
    return std::to_string(response.status) + " " + response.body + "samples " + written("Samples") + " exemplars " +
           written("Exemplars");
  };
  EXPECT_EQ(post(0, 0, "x"), "204 samples 1 exemplars 1");
  EXPECT_EQ(post(1, 0, "x"), "204 samples 1 exemplars 1");
  EXPECT_EQ(post(2, -5, "late"),
            "400 1 exemplars were not stored, the first for: out of order exemplar: a\nsamples 1 exemplars 0");
  EXPECT_EQ(post(3, 3, std::string(200, 'x')), "204 samples 1 exemplars 0");
}

TEST_F(RemoteWriteTest, Exemplars) {
  const auto exemplar = [&](const Message& labels, double value, int64_t time) {
    return Message(labels).Double(2, value).Varint(3, static_cast<uint64_t>(time));
  };
  Message v1;
  v1.Bytes(1, Series({{"__name__", "a"}}, {Sample(1, ms_)})
                  .Bytes(3, exemplar(Message().Bytes(1, Label("id", "x")), 2.5, ms_ - 1))
                  .Bytes(3, exemplar(Message().Bytes(1, Label("id", "late")), 1, ms_ - 2)));
  v1.Bytes(1, Series({{"__name__", "unknown"}}, {}).Bytes(3, exemplar(Message(), 1, ms_)));
  Message v2;
  for (const char* symbol : {"", "__name__", "a", "id", "y"}) v2.Bytes(4, symbol);
  v2.Bytes(5, Message()
                  .Packed(1, {1, 2})
                  .Bytes(2, Sample(2, ms_ + 1))
                  .Bytes(4, exemplar(Message().Packed(1, {3, 4}), 3, ms_ + 1)));
  struct {
    const char* name;
    const Message& message;
    RemoteWriteVersion version;
    bool kept;
    size_t stored;
  } const cases[] = {{"version 1", v1, RemoteWriteVersion::v1, true, 2},
                     {"version 2", v2, RemoteWriteVersion::v2, true, 1},
                     {"none are kept", v1, RemoteWriteVersion::v1, false, 0}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    store::Exemplars exemplars(10);
    store::Head head({.exemplars = one.kept ? &exemplars : nullptr});
    const auto report = IngestRemoteWrite(one.message.bytes(), one.version, now_, head);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->samples, 1U);
    EXPECT_EQ(report->exemplars, one.stored);
    EXPECT_EQ(report->refused + report->invalid, 0U);
    const std::vector<std::vector<base::Matcher>> all = {{base::Matcher::Equal("__name__", "a")}};
    const auto found = exemplars.Select(all, {base::Timestamp::min(), base::Timestamp::max()});
    ASSERT_EQ(found.size(), one.kept ? 1U : 0U);
    if (!one.kept) continue;
    const bool first = one.version == RemoteWriteVersion::v1;
    const store::Exemplar want = first ? store::Exemplar{base::Labels{{"id", "x"}}, 2.5, now_ - 1ms, true}
                                       : store::Exemplar{base::Labels{{"id", "y"}}, 3, now_ + 1ms, true};
    EXPECT_EQ(found[0].exemplars, std::vector<store::Exemplar>{want});
    EXPECT_EQ(exemplars.GetStats().out_of_order, first ? 1U : 0U);  // judged when all are committed
  }
  Message broken;
  broken.Bytes(1, Series({{"__name__", "a"}}, {Sample(1, ms_)}).Bytes(3, "\x0a\x05x"));
  store::Exemplars exemplars(10);
  store::Head head({.exemplars = &exemplars});
  EXPECT_EQ(IngestRemoteWrite(broken.bytes(), RemoteWriteVersion::v1, now_, head).error().message,
            "the body is not a remote write request");
}

}  // namespace
}  // namespace ingest
