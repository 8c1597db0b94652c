#include "remote/read.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/matcher.h"
#include "base/net/api_response.h"
#include "base/text.h"
#include "ingest/protobuf_reader.h"
#include "ingest/remote_write.h"
#include "remote/protobuf_writer.h"
#include "remote/write_request.h"
#include "remote/xor_chunk.h"

// Field numbers are those of prometheus/prompb: remote.proto and types.proto.

namespace remote {
namespace {

using ingest::ProtobufReader;

constexpr uint64_t kSamples = 0, kXorChunks = 1;  // ReadRequest.ResponseType
constexpr size_t kMostQueries = 1000;
constexpr size_t kMostMatchers = 1000;  // of a query

struct Query {
  store::TimeRange range{};
  std::vector<base::Matcher> matchers;
};

struct Request {
  std::vector<Query> queries;
  std::vector<uint64_t> accepted;
};

base::Error Malformed() { return base::Invalid("the body is not a remote read request").error(); }

base::Result<base::Matcher> ReadMatcher(std::string_view message) {
  constexpr std::array kTypes = {base::MatchType::equal, base::MatchType::not_equal, base::MatchType::regex,
                                 base::MatchType::not_regex};
  uint64_t type = 0;
  std::string name, value;
  ProtobufReader in(message);
  while (in.Next()) {
    if (in.field() == 1) type = in.Unsigned();
    if (in.field() == 2) name = in.Bytes();
    if (in.field() == 3) value = in.Bytes();
  }
  if (!in.ok()) return std::unexpected(Malformed());
  if (type >= kTypes.size()) return base::Invalid(fmt::format("there is no matcher of type {}", type));
  return base::Matcher::Make(kTypes.at(type), std::move(name), std::move(value));
}

base::Result<Query> ReadQuery(std::string_view message) {
  Query query;
  ProtobufReader in(message);
  while (in.Next()) {
    if (in.field() == 1) query.range.min = base::Timestamp(base::Duration(in.Signed()));
    if (in.field() == 2) query.range.max = base::Timestamp(base::Duration(in.Signed()));
    if (in.field() != 3) continue;
    if (query.matchers.size() == kMostMatchers) return base::Invalid("a query has too many matchers");
    TRY(base::Matcher matcher, ReadMatcher(in.Bytes()));
    query.matchers.push_back(std::move(matcher));
  }
  if (!in.ok()) return std::unexpected(Malformed());
  return query;
}

base::Result<Request> ReadRequest(std::string_view message) {
  Request request;
  ProtobufReader in(message);
  while (in.Next()) {
    if (in.field() == 1) {
      if (request.queries.size() == kMostQueries) return base::Invalid("the request has too many queries");
      TRY(Query query, ReadQuery(in.Bytes()));
      request.queries.push_back(std::move(query));
    } else if (in.field() == 2) {
      in.Varints([&request](uint64_t type) {
        if (request.accepted.size() < kMostQueries) request.accepted.push_back(type);
      });
    }
  }
  if (!in.ok()) return std::unexpected(Malformed());
  return request;
}

struct Series {
  base::Labels labels;
  store::Samples samples;
};
using Found = std::vector<Series>;

base::Labels WithExternal(const base::Labels& labels, const base::Labels& external) {
  if (external.empty()) return labels;
  base::LabelsBuilder all(labels);
  for (const base::Label& label : external) {
    if (!labels.Has(label.name)) all.Set(label.name, label.value);
  }
  return all.Build();
}

base::Result<Found> Find(const store::Querier& querier, const Query& query, const base::Labels& external,
                         size_t& samples_left) {
  std::vector<base::Matcher> matchers;
  for (const base::Matcher& matcher : query.matchers) {
    const bool own = matcher.type() == base::MatchType::equal && !matcher.value().empty() &&
                     external.Get(matcher.name()) == matcher.value();
    if (!own) matchers.push_back(matcher);
  }
  Found found;
  if (query.range.max < query.range.min) return found;
  TRY(const auto series, querier.Select(matchers, query.range));
  for (const auto& one : series) {
    Series read;
    one->Read(query.range, read.samples);
    if (read.samples.empty()) continue;
    if (read.samples.size() > samples_left) {
      return base::Fail(base::ErrorCode::limit_exceeded, "exceeded sample limit: ask for less time or fewer series");
    }
    samples_left -= read.samples.size();
    read.labels = WithExternal(one->labels(), external);
    found.push_back(std::move(read));
  }
  if (!external.empty()) std::ranges::sort(found, {}, &Series::labels);
  return found;
}

bool HasHistograms(const Found& found) {
  return std::ranges::any_of(found, [](const Series& one) { return !one.samples.histograms.empty(); });
}

// A QueryResult has its series where a request of remote write has them, and the series are the same message.
std::string EncodeResult(const Found& found) {
  std::vector<Outgoing> samples;
  for (const Series& one : found) {
    for (size_t i = 0; i < one.samples.size(); ++i) {
      samples.push_back({.labels = &one.labels,
                         .time = one.samples.times[i],
                         .value = one.samples.values[i],
                         .histogram = one.samples.histograms.empty() ? nullptr : one.samples.histograms[i]});
    }
  }
  return EncodeSamples(samples, Protocol::v1);
}

uint32_t Crc32c(std::string_view bytes) {
  static constexpr auto kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < table.size(); ++i) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? 0x82F63B78U : 0U);
      table[i] = value;
    }
    return table;
  }();
  uint32_t crc = ~0U;
  for (const char byte : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<uint8_t>(byte)) & 0xFF];
  return ~crc;
}

void WriteFrame(std::string_view message, std::string& out) {
  ProtobufWriter(out).Number(message.size());
  const uint32_t crc = Crc32c(message);
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(crc >> shift));
  out += message;
}

std::string EncodeChunk(const store::Samples& samples, size_t first, size_t count) {
  const auto times = std::span(samples.times).subspan(first, count);
  std::string chunk;
  ProtobufWriter fields(chunk);
  fields.Varint(1, static_cast<uint64_t>(times.front().time_since_epoch().count()));
  fields.Varint(2, static_cast<uint64_t>(times.back().time_since_epoch().count()));
  fields.Varint(3, kXorChunks);
  fields.Bytes(4, EncodeXorChunk(times, std::span(samples.values).subspan(first, count)));
  return chunk;
}

// One message or more for each series, which repeat its labels.
void StreamSeries(const Series& series, uint64_t query, size_t frame_bytes, std::string& out) {
  std::string labels;
  for (const base::Label& label : series.labels) {
    std::string one;
    ProtobufWriter(one).Bytes(1, label.name);
    ProtobufWriter(one).Bytes(2, label.value);
    ProtobufWriter(labels).Bytes(1, one);
  }
  std::string content = labels;
  const auto flush = [&] {
    std::string message;
    ProtobufWriter(message).Bytes(1, content);
    if (query != 0) ProtobufWriter(message).Varint(2, query);
    WriteFrame(message, out);
    content = labels;
  };
  for (size_t first = 0; first < series.samples.size(); first += kXorChunkSamples) {
    const size_t count = std::min(kXorChunkSamples, series.samples.size() - first);
    ProtobufWriter(content).Bytes(2, EncodeChunk(series.samples, first, count));
    if (content.size() >= frame_bytes) flush();
  }
  if (content.size() > labels.size()) flush();
}

bool Accepts(const Request& request, uint64_t type) {
  return std::ranges::find(request.accepted, type) != request.accepted.end();
}

// A request that names nothing takes samples.
base::Result<bool> WantsStream(const Request& request) {
  if (request.accepted.empty()) return false;
  for (const uint64_t type : request.accepted) {
    if (type == kSamples || type == kXorChunks) return type == kXorChunks;
  }
  return base::Invalid(
      "server does not support any of the requested response types; supported: SAMPLES, "
      "STREAMED_XOR_CHUNKS");
}

base::HttpResponse Text(int status, std::string text) { return {.status = status, .body = std::move(text) + "\n"}; }

int StatusOf(base::ErrorCode code) {
  return code == base::ErrorCode::invalid_argument || code == base::ErrorCode::limit_exceeded ? 400 : 500;
}

base::HttpResponse Read(const store::Querier& querier, const base::Labels& external, const base::HttpRequest& request) {
  const ReadLimits limits;
  const auto message = ingest::Unsnappy(request.body, limits.request_bytes);
  if (!message) {
    return Text(message.error().code == base::ErrorCode::limit_exceeded ? 413 : 400, message.error().message);
  }
  auto answer = AnswerRead(*message, querier, external, limits);
  if (!answer) return Text(StatusOf(answer.error().code), answer.error().message);
  if (answer->streamed) {
    return {.content_type = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse",
            .body = std::move(answer->body)};
  }
  return {.content_type = "application/x-protobuf",
          .body = Snappy(answer->body),
          .headers = {{"Content-Encoding", "snappy"}}};
}

}  // namespace

base::Result<ReadAnswer> AnswerRead(std::string_view message, const store::Querier& querier,
                                    const base::Labels& external, const ReadLimits& limits) {
  TRY(const Request request, ReadRequest(message));
  TRY(const bool wants_stream, WantsStream(request));
  size_t samples_left = limits.samples;
  std::vector<Found> found;
  for (const Query& query : request.queries) {
    TRY(Found one, Find(querier, query, external, samples_left));
    found.push_back(std::move(one));
  }
  ReadAnswer answer{.streamed = wants_stream, .body = {}};
  if (wants_stream && std::ranges::any_of(found, HasHistograms)) {
    if (!Accepts(request, kSamples)) {
      return base::Invalid("native histograms are not sent as chunks; accept SAMPLES too, or select other series");
    }
    answer.streamed = false;
  }
  for (size_t query = 0; query < found.size(); ++query) {
    if (answer.streamed) {
      for (const Series& one : found[query]) StreamSeries(one, query, limits.frame_bytes, answer.body);
    } else {
      ProtobufWriter(answer.body).Bytes(1, EncodeResult(found[query]));
    }
    found[query] = {};
    if (answer.body.size() > limits.answer_bytes) {
      return base::Fail(
          base::ErrorCode::limit_exceeded,
          fmt::format("the answer is larger than {} bytes: ask for less time or fewer series", limits.answer_bytes));
    }
  }
  return answer;
}

base::Endpoint ReadEndpoint(const store::Querier& querier, std::function<base::Labels()> external) {
  return {.methods = "POST",
          .path = "/api/v1/read",
          .help = "Stored samples by Prometheus' remote read",
          .handle = [&querier, external = std::move(external)](
                        const base::HttpRequest& request) { return Read(querier, external(), request); },
          .slow = true};
}

}  // namespace remote
