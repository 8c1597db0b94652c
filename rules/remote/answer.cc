#include "rules/remote/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "rules/remote/answer_histogram.h"
#include "rules/remote/json_cursor.h"

namespace rules {
namespace {

constexpr double kMostSeconds = 9.2e9;  // what fits into 64 bits of nanoseconds
constexpr std::string_view kOfPromql = "PromQL ";

struct TimedValue {
  base::Timestamp time;
  double value = 0;
  store::HistogramPtr histogram;
};

base::Labels ReadLabels(JsonCursor& in) {
  base::LabelsBuilder labels;
  std::string name;
  in.BeginObject();
  while (in.NextKey(name)) {
    if (name.empty()) in.Fail("a label has no name");
    labels.Set(name, in.Text());
  }
  return labels.Build();
}

base::Timestamp ReadTime(JsonCursor& in) {
  if (!in.NextElement()) in.Fail("an instant is missing");
  const double seconds = in.Number();
  if (!(std::abs(seconds) <= kMostSeconds)) {
    in.Fail("an instant is out of bounds");
    return {};
  }
  return base::TimestampFromSeconds(seconds);
}

void EndPair(JsonCursor& in) {
  if (in.NextElement()) in.Fail("a sample has more than an instant and a value");
}

// [seconds, "value"]
TimedValue ReadFloat(JsonCursor& in) {
  TimedValue sample;
  in.BeginArray();
  sample.time = ReadTime(in);
  if (!in.NextElement()) in.Fail("a value is missing");
  sample.value = ReadFloatText(in);
  EndPair(in);
  return sample;
}

// [seconds, {"count": …}]
TimedValue ReadHistogramSample(JsonCursor& in) {
  TimedValue sample;
  in.BeginArray();
  sample.time = ReadTime(in);
  if (!in.NextElement()) in.Fail("a histogram is missing");
  sample.histogram = ReadHistogram(in);
  EndPair(in);
  return sample;
}

promql::Vector ReadVector(JsonCursor& in) {
  promql::Vector vector;
  std::string key;
  in.BeginArray();
  while (in.NextElement()) {
    promql::VectorSample& sample = vector.emplace_back();
    bool valued = false;
    in.BeginObject();
    while (in.NextKey(key)) {
      if (key == "metric") {
        sample.labels = ReadLabels(in);
      } else if (key == "value" || key == "histogram") {
        TimedValue read = key == "value" ? ReadFloat(in) : ReadHistogramSample(in);
        sample.time = read.time;
        sample.value = read.value;
        sample.histogram = std::move(read.histogram);
        if (std::exchange(valued, true)) in.Fail("an element has two values");
      } else {
        in.Skip();
      }
    }
    if (!valued) in.Fail("an element has no value");
  }
  return vector;
}

store::Samples ToSamples(std::vector<TimedValue> points, JsonCursor& in) {
  std::ranges::sort(points, {}, &TimedValue::time);
  if (std::ranges::adjacent_find(points, {}, &TimedValue::time) != points.end()) {
    in.Fail("a series has two values at one instant");
  }
  const bool histograms = std::ranges::any_of(points, [](const TimedValue& one) { return one.histogram != nullptr; });
  store::Samples samples;
  for (TimedValue& point : points) {
    samples.times.push_back(point.time);
    samples.values.push_back(point.value);
    if (histograms) samples.histograms.push_back(std::move(point.histogram));
  }
  return samples;
}

promql::Matrix ReadMatrix(JsonCursor& in) {
  promql::Matrix matrix;
  std::string key;
  in.BeginArray();
  while (in.NextElement()) {
    promql::MatrixSeries& series = matrix.emplace_back();
    std::vector<TimedValue> points;
    in.BeginObject();
    while (in.NextKey(key)) {
      if (key == "metric") {
        series.labels = ReadLabels(in);
      } else if (key == "values" || key == "histograms") {
        const bool floats = key == "values";
        in.BeginArray();
        while (in.NextElement()) points.push_back(floats ? ReadFloat(in) : ReadHistogramSample(in));
      } else {
        in.Skip();
      }
    }
    series.samples = ToSamples(std::move(points), in);
  }
  return matrix;
}

promql::String ReadString(JsonCursor& in) {
  promql::String string;
  in.BeginArray();
  string.time = ReadTime(in);
  if (!in.NextElement()) in.Fail("a value is missing");
  string.value = in.Text();
  EndPair(in);
  return string;
}

promql::Value ReadResult(const std::string& type, JsonCursor& in) {
  if (type == "vector") return ReadVector(in);
  if (type == "matrix") return ReadMatrix(in);
  if (type == "string") return ReadString(in);
  if (type == "scalar") {
    const TimedValue scalar = ReadFloat(in);
    return promql::Scalar{scalar.time, scalar.value};
  }
  in.Fail(type.empty() ? "there is no resultType" : "an unknown resultType");
  return {};
}

// Where the result's type and the result itself stand, in whichever order.
struct Data {
  std::string type;
  std::optional<size_t> result;
};

Data FindData(JsonCursor& in) {
  Data data;
  std::string key;
  in.BeginObject();
  while (in.NextKey(key)) {
    if (key == "resultType") {
      data.type = in.Text();
      continue;
    }
    if (key == "result") data.result = in.position();
    in.Skip();
  }
  return data;
}

std::vector<std::string> ReadTexts(JsonCursor& in) {
  std::vector<std::string> texts;
  in.BeginArray();
  while (in.NextElement()) texts.push_back(in.Text());
  return texts;
}

struct Envelope {
  std::string status;
  Data data;
  ApiFailure failure;
  std::vector<std::string> warnings;
  bool partial = false;
};

base::Result<Envelope> ReadEnvelope(std::string_view body) {
  JsonCursor in(body);
  Envelope envelope;
  std::string key;
  in.BeginObject();
  while (in.NextKey(key)) {
    if (key == "status") {
      envelope.status = in.Text();
    } else if (key == "data") {
      if (in.AtObject()) {
        envelope.data = FindData(in);
      } else {
        in.Skip();
      }
    } else if (key == "errorType" && in.AtText()) {
      envelope.failure.type = in.Text();
    } else if (key == "error" && in.AtText()) {
      envelope.failure.message = in.Text();
    } else if (key == "warnings" && in.AtArray()) {
      envelope.warnings = ReadTexts(in);
    } else if (key == "isPartial") {
      envelope.partial = in.Bool();
    } else {
      in.Skip();
    }
  }
  TRY_VOID(in.Finish());
  return envelope;
}

}  // namespace

base::Result<QueryAnswer> ReadQueryAnswer(std::string_view body) {
  TRY(Envelope envelope, ReadEnvelope(body));
  if (envelope.status != "success") {
    return base::Invalid(envelope.failure.message.empty()
                             ? fmt::format("its status is {}", base::Quote(envelope.status))
                             : fmt::format("{}: {}", envelope.failure.type, envelope.failure.message));
  }
  if (!envelope.data.result) return base::Invalid("it holds no result");
  JsonCursor in(body, *envelope.data.result);
  QueryAnswer answer{.value = ReadResult(envelope.data.type, in),
                     .warnings = std::move(envelope.warnings),
                     .partial = envelope.partial};
  TRY_VOID(in.Status());
  std::erase_if(answer.warnings, [](const std::string& one) { return one.starts_with(kOfPromql); });
  return answer;
}

std::optional<ApiFailure> ReadApiFailure(std::string_view body) {
  auto envelope = ReadEnvelope(body);
  if (!envelope || envelope->status != "error") return std::nullopt;
  return std::move(envelope->failure);
}

}  // namespace rules
