#include "ingest/remote_write.h"

#include <fmt/format.h>
#include <snappy.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "ingest/histogram_resolution.h"
#include "ingest/protobuf_histogram.h"
#include "ingest/protobuf_reader.h"

// Field numbers are those of prometheus/prompb: types.proto, remote.proto and io/prometheus/write/v2/types.proto.

namespace ingest {
namespace {

constexpr size_t kMostBytes = 128UL << 20;
constexpr base::Duration kFurthestAhead = std::chrono::minutes(10);
constexpr std::string_view kV2 = "io.prometheus.write.v2.Request";
constexpr std::string_view kV1 = "prometheus.WriteRequest";

base::Timestamp Milliseconds(int64_t since_epoch) { return base::Timestamp(base::Duration(since_epoch)); }

struct TimedHistogram {
  base::Timestamp time;
  std::shared_ptr<base::FloatHistogram> histogram;
  bool whole_counts = true;  // sent as integers, which must add up
};

TimedHistogram ReadHistogram(ProtobufReader& in) {
  TimedHistogram read{.time = {}, .histogram = std::make_shared<base::FloatHistogram>()};
  base::FloatHistogram& h = *read.histogram;
  ProtobufBuckets negative, positive;
  const auto add_delta = [](ProtobufBuckets& to) {
    return [&to](uint64_t zigzag) { to.deltas.push_back(ProtobufReader::Decode(zigzag)); };
  };
  const auto add_number = [](std::vector<double>& to) { return [&to](double number) { to.push_back(number); }; };
  while (in.Next()) {
    switch (in.field()) {
      case 1:
        h.count = static_cast<double>(in.Unsigned());
        read.whole_counts = true;
        break;
      case 2:
        h.count = in.Double();
        read.whole_counts = false;
        break;
      case 3:
        h.sum = in.Double();
        break;
      case 4:
        h.schema = static_cast<int32_t>(in.ZigZag());
        break;
      case 5:
        h.zero_threshold = in.Double();
        break;
      case 6:
        h.zero_count = static_cast<double>(in.Unsigned());
        break;
      case 7:
        h.zero_count = in.Double();
        break;
      case 8:
        negative.spans.push_back(ReadSpan(in.Bytes()));
        break;
      case 9:
        in.Varints(add_delta(negative));
        break;
      case 10:
        in.Doubles(add_number(negative.counts));
        break;
      case 11:
        positive.spans.push_back(ReadSpan(in.Bytes()));
        break;
      case 12:
        in.Varints(add_delta(positive));
        break;
      case 13:
        in.Doubles(add_number(positive.counts));
        break;
      case 14:
        h.counter_reset_hint = static_cast<base::CounterResetHint>(std::min<uint64_t>(in.Unsigned(), 3));
        break;
      case 15:
        read.time = Milliseconds(in.Signed());
        break;
      case 16:
        in.Doubles(add_number(h.custom_values));
        break;
      default:
        break;
    }
  }
  // the kind of the count tells which of the two lists of buckets is meant; the other one is not looked at
  h.negative_buckets = read.whole_counts ? negative.AddedDeltas() : std::move(negative.counts);
  h.negative_spans = std::move(negative.spans);
  h.positive_buckets = read.whole_counts ? positive.AddedDeltas() : std::move(positive.counts);
  h.positive_spans = std::move(positive.spans);
  return read;
}

// Where the two versions differ.
struct Fields {
  uint32_t series;
  uint32_t histograms;
  uint32_t exemplars;
};
constexpr Fields kFieldsV1 = {.series = 1, .histograms = 4, .exemplars = 3};
constexpr Fields kFieldsV2 = {.series = 5, .histograms = 3, .exemplars = 4};
constexpr uint32_t kSymbols = 4;  // of version 2

class Request {
 public:
  Request(RemoteWriteVersion version, base::Timestamp now, store::Appender& appender)
      : version_(version),
        fields_(version == RemoteWriteVersion::v1 ? kFieldsV1 : kFieldsV2),
        now_(now),
        appender_(appender) {}

  // False where the message cannot be read.
  bool Ingest(std::string_view message) {
    if (version_ == RemoteWriteVersion::v2) {
      ProtobufReader in(message);
      while (in.Next()) {
        if (in.field() == kSymbols) symbols_.push_back(in.Bytes());
      }
      if (!in.ok() || (!symbols_.empty() && !symbols_.front().empty())) return false;
    }
    ProtobufReader in(message);
    while (in.Next()) {
      if (in.field() == fields_.series && !IngestSeries(in.Bytes())) return false;
    }
    return in.ok();
  }
  RemoteWriteReport& report() { return report_; }

 private:
  bool IngestSeries(std::string_view message) {
    if (!ReadLabels(message)) return false;
    const char* wrong = CheckLabels();
    const base::Labels labels = wrong == nullptr ? base::Labels(labels_) : base::Labels();
    store::SeriesRef ref = store::SeriesRef::none;
    ProtobufReader in(message);
    while (in.Next()) {
      const bool sample = in.field() == 2;
      if (!sample && in.field() != fields_.histograms) continue;
      ProtobufReader inner(in.Bytes());
      if (wrong != nullptr) {
        Invalid(wrong);
      } else if (sample) {
        AppendSample(inner, labels, ref);
      } else {
        AppendHistogram(inner, labels, ref);
      }
      if (!inner.ok()) return false;
    }
    return in.ok() && (wrong != nullptr || !appender_.TakesExemplars() || IngestExemplars(message, labels, ref));
  }

  // After the samples, as they are those of a series that has some.
  bool IngestExemplars(std::string_view message, const base::Labels& labels, store::SeriesRef ref) {
    ProtobufReader in(message);
    while (in.Next()) {
      if (in.field() != fields_.exemplars) continue;
      const std::string_view one = in.Bytes();
      store::Exemplar exemplar;
      if (!ReadLabels(one)) return false;
      const char* const wrong = CheckPairs();
      if (wrong == nullptr) exemplar.labels = base::Labels(labels_);
      ProtobufReader inner(one);
      while (inner.Next()) {
        if (inner.field() == 2) exemplar.value = inner.Double();
        if (inner.field() == 3) exemplar.time = Milliseconds(inner.Signed());
      }
      if (!inner.ok()) return false;
      exemplar.own_time = exemplar.time != base::Timestamp();
      Count(wrong,
            wrong == nullptr ? appender_.AppendExemplar(ref, labels, std::move(exemplar)) : store::ExemplarStatus::off,
            labels);
    }
    return in.ok();
  }

  // As Prometheus: an exemplar that is too long or not kept at all fails no request.
  void Count(const char* wrong, store::ExemplarStatus status, const base::Labels& labels) {
    if (status == store::ExemplarStatus::ok || status == store::ExemplarStatus::duplicate) {
      ++report_.exemplars;
    } else if (wrong != nullptr || status == store::ExemplarStatus::out_of_order) {
      ++report_.exemplars_refused;
      if (!report_.exemplar_reason.empty()) return;
      const char* const reason = wrong != nullptr ? wrong : "out of order exemplar";
      report_.exemplar_reason = fmt::format("{}: {}", reason, labels.ToString());
    }
  }

  bool ReadLabels(std::string_view message) {
    labels_.clear();
    references_.clear();
    ProtobufReader in(message);
    while (in.Next()) {
      if (in.field() != 1) continue;
      if (version_ == RemoteWriteVersion::v2) {
        in.Varints([this](uint64_t reference) { references_.push_back(reference); });
      } else if (!ReadLabel(in.Bytes())) {
        return false;
      }
    }
    if (!in.ok() || references_.size() % 2 != 0) return false;
    for (size_t i = 0; i < references_.size(); i += 2) {
      if (std::max(references_[i], references_[i + 1]) >= symbols_.size()) return false;
      labels_.push_back({symbols_[references_[i]], symbols_[references_[i + 1]]});
    }
    return true;
  }

  bool ReadLabel(std::string_view message) {
    base::Label label;
    ProtobufReader in(message);
    while (in.Next()) {
      if (in.field() == 1) label.name = in.Bytes();
      if (in.field() == 2) label.value = in.Bytes();
    }
    labels_.push_back(label);
    return in.ok();
  }

  const char* CheckLabels() {
    if (const char* wrong = CheckPairs()) return wrong;
    const auto name = std::ranges::find(labels_, base::kMetricName, &base::Label::name);
    return name != labels_.end() && !name->value.empty() ? nullptr : "a series without a name";
  }

  const char* CheckPairs() {
    std::ranges::sort(labels_, {}, &base::Label::name);
    for (size_t i = 0; i < labels_.size(); ++i) {
      const base::Label& label = labels_[i];
      if (label.name.empty()) return "a label without a name";
      if (i > 0 && labels_[i - 1].name == label.name) return "a label stands twice";
      if (!base::IsValidUtf8(label.name) || !base::IsValidUtf8(label.value)) return "labels are not UTF-8";
    }
    return nullptr;
  }

  void AppendSample(ProtobufReader& in, const base::Labels& labels, store::SeriesRef& ref) {
    double value = 0;
    base::Timestamp time;
    while (in.Next()) {
      if (in.field() == 1) value = in.Double();
      if (in.field() == 2) time = Milliseconds(in.Signed());
    }
    if (!in.ok()) return;
    if (time > now_ + kFurthestAhead) return Refused(labels, "too far in the future");
    const store::Appended appended = appender_.Append(ref, labels, time, value);
    ref = appended.ref;
    if (appended.status == store::AppendStatus::ok) {
      ++report_.samples;
    } else {
      Refused(labels, ReasonOf(appended.status));
    }
  }

  void AppendHistogram(ProtobufReader& in, const base::Labels& labels, store::SeriesRef& ref) {
    TimedHistogram read = ReadHistogram(in);
    if (!in.ok()) return;
    if (const char* wrong = WhyImpossible(*read.histogram)) return Invalid(wrong);
    if (read.whole_counts) {
      if (const char* wrong = WhyCountsDisagree(*read.histogram)) return Invalid(wrong);
    }
    ReduceResolution(*read.histogram, kFinestSchema);
    if (read.time > now_ + kFurthestAhead) return Refused(labels, "too far in the future");
    const store::Appended appended = appender_.AppendHistogram(ref, labels, read.time, std::move(read.histogram));
    ref = appended.ref;
    if (appended.status == store::AppendStatus::ok) {
      ++report_.histograms;
    } else {
      Refused(labels, ReasonOf(appended.status));
    }
  }

  // As Prometheus words them.
  static const char* ReasonOf(store::AppendStatus status) {
    switch (status) {
      case store::AppendStatus::out_of_order:
        return "out of order sample";
      case store::AppendStatus::too_old:
        return "too old sample";
      case store::AppendStatus::duplicate:
        return "duplicate sample for timestamp";
      case store::AppendStatus::series_limit:
        return "the store is full";
      default:
        return "invalid labels";
    }
  }

  void Refused(const base::Labels& labels, std::string_view reason) {
    ++report_.refused;
    if (report_.first_reason.empty()) report_.first_reason = fmt::format("{}: {}", reason, labels.ToString());
  }
  void Invalid(std::string_view reason) {
    ++report_.invalid;
    if (report_.first_reason.empty()) report_.first_reason = reason;
  }

  const RemoteWriteVersion version_;
  const Fields fields_;
  const base::Timestamp now_;
  store::Appender& appender_;
  std::vector<std::string_view> symbols_;
  std::vector<base::Label> labels_;  // of the series at hand, as are the references
  std::vector<uint64_t> references_;
  RemoteWriteReport report_;
};

base::HttpResponse Text(int status, std::string text) { return {.status = status, .body = std::move(text) + "\n"}; }

// The version that a Content-Type names.
std::optional<RemoteWriteVersion> VersionOf(std::string_view content_type) {
  std::string_view message = kV1;
  const std::vector<std::string_view> parts = base::Split(content_type, ';');
  if (!content_type.empty() && base::ToLower(base::Trim(parts.front())) != "application/x-protobuf")
    return std::nullopt;
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string_view part = base::Trim(parts[i]);
    if (part.starts_with("proto=")) message = part.substr(6);
  }
  if (message == kV1) return RemoteWriteVersion::v1;
  if (message == kV2) return RemoteWriteVersion::v2;
  return std::nullopt;
}

base::HttpResponse Write(store::Appendable& store, base::Timestamp now, const base::HttpRequest& request) {
  const std::string_view type = request.headers.Get("Content-Type");
  const auto version = VersionOf(type);
  if (!version) return Text(415, fmt::format("Content-Type {} is not supported", base::Quote(type)));
  const std::string_view encoding = request.headers.Get("Content-Encoding");
  if (!encoding.empty() && base::ToLower(encoding) != "snappy") {
    return Text(415, fmt::format("Content-Encoding {} is not supported, only snappy is", base::Quote(encoding)));
  }
  const auto message = Unsnappy(request.body, kMostBytes);
  if (!message)
    return Text(message.error().code == base::ErrorCode::limit_exceeded ? 413 : 400, message.error().message);
  const auto report = IngestRemoteWrite(*message, *version, now, store);
  if (!report) {
    return Text(report.error().code == base::ErrorCode::invalid_argument ? 400 : 500, report.error().message);
  }
  base::HttpResponse response{.status = 204};
  const size_t samples = report->refused + report->invalid;
  if (samples > 0) {
    response = Text(400, fmt::format("{} samples were not stored, the first for: {}", samples, report->first_reason));
  } else if (*version == RemoteWriteVersion::v2 && report->exemplars_refused > 0) {
    response = Text(400, fmt::format("{} exemplars were not stored, the first for: {}", report->exemplars_refused,
                                     report->exemplar_reason));
  }
  if (*version == RemoteWriteVersion::v2) {
    response.headers.Add("X-Prometheus-Remote-Write-Samples-Written", std::to_string(report->samples));
    response.headers.Add("X-Prometheus-Remote-Write-Histograms-Written", std::to_string(report->histograms));
    response.headers.Add("X-Prometheus-Remote-Write-Exemplars-Written", std::to_string(report->exemplars));
  }
  return response;
}

}  // namespace

base::Result<std::string> Unsnappy(std::string_view bytes, size_t limit) {
  size_t size = 0;
  if (!snappy::GetUncompressedLength(bytes.data(), bytes.size(), &size)) {
    return base::Invalid("snappy: the body is not compressed with it");
  }
  if (size > limit) {
    return base::Fail(base::ErrorCode::limit_exceeded,
                      fmt::format("snappy: {} bytes of content, {} are the most", size, limit));
  }
  // what a few bytes claim to hold is looked at before room is made for it
  if (!snappy::IsValidCompressedBuffer(bytes.data(), bytes.size())) return base::Invalid("snappy: corrupt input");
  std::string content;
  snappy::Uncompress(bytes.data(), bytes.size(), &content);
  return content;
}

base::Result<RemoteWriteReport> IngestRemoteWrite(std::string_view message, RemoteWriteVersion version,
                                                  base::Timestamp now, store::Appendable& store) {
  const auto appender = store.NewAppender();
  Request request(version, now, *appender);
  if (!request.Ingest(message)) {
    appender->Rollback();
    return base::Invalid("the body is not a remote write request");
  }
  TRY_VOID(appender->Commit());
  return std::move(request.report());
}

std::vector<base::Endpoint> RemoteWriteEndpoints(store::Appendable& store, const base::Clock& clock) {
  return {{"POST", "/api/v1/write", "Takes samples by Prometheus' remote write",
           [&store, &clock](const base::HttpRequest& request) { return Write(store, clock.Now(), request); }}};
}

}  // namespace ingest
