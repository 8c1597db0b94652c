#include "remote/read.h"

#include <gtest/gtest.h>
#include <snappy.h>

#include <cmath>

#include "ingest/protobuf_reader.h"
#include "ingest/remote_write.h"
#include "remote/protobuf_writer.h"
#include "remote/xor_chunk.h"
#include "store/head.h"

// That chunks and frames are Prometheus' own is seen by tests/e2e/test_remote_read.py, which compares bytes.

namespace remote {
namespace {

constexpr int64_t kStart = 1'700'000'000'000;
base::Timestamp At(int64_t milliseconds) { return base::Timestamp(base::Duration(milliseconds)); }

std::string Matcher(uint64_t type, std::string_view name, std::string_view value) {
  std::string out;
  ProtobufWriter fields(out);
  fields.Varint(1, type);
  fields.Bytes(2, name);
  fields.Bytes(3, value);
  return out;
}

std::string Query(int64_t start, int64_t end, std::initializer_list<std::string> matchers) {
  std::string out;
  ProtobufWriter fields(out);
  fields.Varint(1, static_cast<uint64_t>(start));
  fields.Varint(2, static_cast<uint64_t>(end));
  for (const std::string& matcher : matchers) fields.Bytes(3, matcher);
  return out;
}

std::string Request(std::initializer_list<std::string> queries, std::initializer_list<uint64_t> accepted = {}) {
  std::string out;
  ProtobufWriter fields(out);
  for (const std::string& query : queries) fields.Bytes(1, query);
  for (const uint64_t type : accepted) fields.Varint(2, type);
  return out;
}

// What the store of a receiver of remote write holds after it was sent the first result: the series are the same
// message there.
std::string Shown(std::string_view body) {
  std::string text;
  ingest::ProtobufReader in(body);
  while (in.Next()) {
    store::Head head;
    const auto report =
        ingest::IngestRemoteWrite(in.Bytes(), ingest::RemoteWriteVersion::v1, At(kStart + 1'000'000), head);
    EXPECT_TRUE(report);
    const auto series = head.Select({}, {base::Timestamp::min(), base::Timestamp::max()}).value();
    text += "result:";
    for (const auto& one : series) {
      store::Samples samples;
      one->Read({base::Timestamp::min(), base::Timestamp::max()}, samples);
      text += " " + one->labels().ToString();
      for (size_t i = 0; i < samples.size(); ++i) {
        text += " " + (samples.histograms.empty() ? std::to_string(static_cast<int>(samples.values[i])) : "histogram");
      }
    }
    text += "\n";
  }
  EXPECT_TRUE(in.ok());
  return text;
}

class ReadTest : public ::testing::Test {
 protected:
  ReadTest() {
    const auto appender = head_.NewAppender();
    for (int i = 0; i < 3; ++i) {
      appender->Append(store::SeriesRef::none, {{"__name__", "a"}, {"job", "x"}}, At(kStart + 1000 * i), i);
      appender->Append(store::SeriesRef::none, {{"__name__", "a"}, {"job", "y"}}, At(kStart + 1000 * i), 10 + i);
    }
    appender->AppendHistogram(store::SeriesRef::none, {{"__name__", "h"}}, At(kStart),
                              std::make_shared<base::FloatHistogram>());
    EXPECT_TRUE(appender->Commit());
  }
  std::string Samples(const std::string& request, const base::Labels& external = {}) {
    const auto answer = AnswerRead(request, head_, external);
    if (!answer) return answer.error().message;
    EXPECT_FALSE(answer->streamed);
    return Shown(answer->body);
  }
  std::string Failure(const std::string& request, const ReadLimits& limits = {}) {
    const auto answer = AnswerRead(request, head_, {}, limits);
    return answer ? "no failure" : answer.error().message;
  }

  store::Head head_;
};

TEST_F(ReadTest, SamplesByMatcherAndTime) {
  const std::string a = Matcher(0, "__name__", "a");
  EXPECT_EQ(Samples(Request({Query(kStart + 1000, kStart + 2000, {a})})),
            "result: a{job=\"x\"} 1 2 a{job=\"y\"} 11 12\n");
  EXPECT_EQ(Samples(Request({Query(kStart, kStart, {a, Matcher(1, "job", "x")}),
                             Query(kStart, kStart, {a, Matcher(2, "job", "x|z")}),
                             Query(kStart, kStart, {a, Matcher(3, "job", ".*")}), Query(kStart + 1, kStart, {a})})),
            "result: a{job=\"y\"} 10\nresult: a{job=\"x\"} 0\nresult:\nresult:\n");
  EXPECT_EQ(Samples(Request({Query(kStart, kStart, {Matcher(0, "__name__", "h")})}, {1, 0})), "result: h histogram\n");
}

TEST_F(ReadTest, ExternalLabelsAreThereAndMatch) {
  const base::Labels external = {{"job", "never"}, {"site", "s"}};
  EXPECT_EQ(Samples(Request({Query(kStart, kStart, {Matcher(0, "job", "x"), Matcher(0, "site", "s")})}), external),
            "result: a{job=\"x\", site=\"s\"} 0\n");
  EXPECT_EQ(Samples(Request({Query(kStart, kStart, {Matcher(0, "job", "x"), Matcher(0, "site", "t")})}), external),
            "result:\n");
}

TEST_F(ReadTest, WhatCannotBeAnswered) {
  const std::string all = Query(kStart, kStart + 5000, {Matcher(0, "__name__", "a")});
  EXPECT_EQ(Failure("\xff"), "the body is not a remote read request");
  EXPECT_EQ(Failure(Request({Query(0, 1, {Matcher(4, "a", "b")})})), "there is no matcher of type 4");
  EXPECT_NE(Failure(Request({Query(0, 1, {Matcher(2, "a", "(")})})), "no failure");
  EXPECT_EQ(Failure(Request({all}, {7})),
            "server does not support any of the requested response types; supported: SAMPLES, STREAMED_XOR_CHUNKS");
  EXPECT_EQ(Failure(Request({Query(kStart, kStart, {Matcher(0, "__name__", "h")})}, {1})),
            "native histograms are not sent as chunks; accept SAMPLES too, or select other series");
  EXPECT_EQ(Failure(Request({all}), {.samples = 5}), "exceeded sample limit: ask for less time or fewer series");
  EXPECT_EQ(Failure(Request({all}), {.samples = 6}), "no failure");
  EXPECT_EQ(Failure(Request({all}), {.answer_bytes = 10}),
            "the answer is larger than 10 bytes: ask for less time or fewer series");
}

TEST_F(ReadTest, StreamsAFrameForEachSeries) {
  const std::string request = Request({Query(kStart, kStart + 5000, {Matcher(0, "__name__", "a")})}, {1});
  const auto answer = AnswerRead(request, head_, {});
  ASSERT_TRUE(answer);
  ASSERT_TRUE(answer->streamed);
  std::string_view rest = answer->body;
  size_t frames = 0;
  for (; !rest.empty(); ++frames) {
    ingest::ProtobufReader size_reader(rest);
    const uint64_t size = size_reader.ReadVarint();
    rest = size_reader.rest();
    ASSERT_GE(rest.size(), size + 4);
    ingest::ProtobufReader message(rest.substr(4, size));
    ASSERT_TRUE(message.Next());
    EXPECT_EQ(message.field(), 1U);
    rest.remove_prefix(size + 4);
  }
  EXPECT_EQ(frames, 2U);
  const auto small = AnswerRead(request, head_, {}, {.frame_bytes = 1});
  ASSERT_TRUE(small);
  EXPECT_EQ(small->body, answer->body);  // a chunk each already
}

TEST_F(ReadTest, Endpoint) {
  base::HttpRequest request{.method = "POST", .path = "/api/v1/read"};
  const std::string message = Request({Query(kStart, kStart, {Matcher(0, "job", "x")})});
  const base::Endpoint endpoint = ReadEndpoint(head_, [] { return base::Labels(); });
  EXPECT_EQ(endpoint.handle(request).status, 400);
  snappy::Compress(message.data(), message.size(), &request.body);
  const auto response = endpoint.handle(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/x-protobuf");
  EXPECT_EQ(response.headers.Get("Content-Encoding"), "snappy");
  EXPECT_EQ(Shown(*ingest::Unsnappy(response.body, 1000)), "result: a{job=\"x\"} 0\n");
}

// By hand from the description of the format: 2 samples a second apart, the second value is the first's.
TEST(XorChunk, OfTwo) {
  const base::Timestamp times[] = {At(1), At(1001)};
  const double values[] = {1, 1};
  // number of samples, zigzag 1, the bits of 1.0, 1000 as varint, a zero bit
  EXPECT_EQ(EncodeXorChunk(times, values), std::string("\x00\x02\x02\x3f\xf0\x00\x00\x00\x00\x00\x00\xe8\x07\x00", 14));
}

}  // namespace
}  // namespace remote
