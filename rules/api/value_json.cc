#include "rules/api/value_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "base/net/api_response.h"
#include "promql/histogram_math.h"

namespace rules {
namespace {

std::string ValueText(double value) {
  std::string text;
  base::AppendApiValue(text, value);
  return text;
}

// Of a scalar, Prometheus never writes an exponent: the shortest digits that read back the same, filled up with zeros.
std::string ScalarText(double value) {
  if (!std::isfinite(value)) return ValueText(value);
  std::array<char, 40> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value), std::chars_format::scientific).ptr;
  const std::string_view written(buffer.data(), end);
  const size_t e = written.find('e');
  std::string digits(written.substr(0, e));
  std::erase(digits, '.');
  int exponent = 0;
  std::from_chars(written.data() + e + (written[e + 1] == '+' ? 2 : 1), end, exponent);
  const std::string sign = std::signbit(value) ? "-" : "";
  if (exponent < 0) return sign + "0." + std::string(static_cast<size_t>(-exponent) - 1, '0') + digits;
  const size_t whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits.append(whole - digits.size(), '0');
  return sign + digits.insert(whole, ".");
}

void AppendNumber(std::string& text, base::Timestamp time, double value) {
  text += '[';
  base::AppendApiTime(text, time);
  text += ",\"";
  base::AppendApiValue(text, value);
  text += "\"]";
}

void WriteNumber(base::JsonWriter& json, base::Timestamp time, double value) {
  std::string text;
  AppendNumber(text, time, value);
  json.Raw(text);
}

void WriteTimed(base::JsonWriter& json, base::Timestamp time, const base::FloatHistogram& histogram) {
  std::string text;
  base::AppendApiTime(text, time);
  json.BeginArray().Raw(text);
  WriteHistogram(json, histogram);
  json.EndArray();
}

const base::FloatHistogram* HistogramAt(const store::Samples& samples, size_t i) {
  return samples.histograms.empty() ? nullptr : samples.histograms[i].get();
}

void WriteSample(base::JsonWriter& json, const promql::VectorSample& sample) {
  json.BeginObject();
  WriteLabels(json.Key("metric"), sample.labels);
  if (sample.histogram) {
    WriteTimed(json.Key("histogram"), sample.time, *sample.histogram);
  } else {
    WriteNumber(json.Key("value"), sample.time, sample.value);
  }
  json.EndObject();
}

void WriteSeries(base::JsonWriter& json, const promql::MatrixSeries& series) {
  const store::Samples& samples = series.samples;
  json.BeginObject();
  WriteLabels(json.Key("metric"), series.labels);
  const auto histograms = static_cast<size_t>(
      std::ranges::count_if(samples.histograms, [](const store::HistogramPtr& one) { return one != nullptr; }));
  if (histograms < samples.size()) {
    std::string text;
    text.reserve(samples.size() * 32);
    for (size_t i = 0; i < samples.size(); ++i) {
      if (HistogramAt(samples, i) != nullptr) continue;
      text += text.empty() ? '[' : ',';
      AppendNumber(text, samples.times[i], samples.values[i]);
    }
    json.Key("values").Raw(text += ']');
  }
  if (histograms > 0) {
    json.Key("histograms").BeginArray();
    for (size_t i = 0; i < samples.size(); ++i) {
      if (const auto* histogram = HistogramAt(samples, i)) WriteTimed(json, samples.times[i], *histogram);
    }
    json.EndArray();
  }
  json.EndObject();
}

template <class List, class Write>
bool WriteList(base::JsonWriter& json, const List& list, size_t limit, Write write) {
  const size_t count = limit == 0 ? list.size() : std::min(limit, list.size());
  json.BeginArray();
  for (size_t i = 0; i < count; ++i) write(json, list[i]);
  json.EndArray();
  return count < list.size();
}

struct ResultWriter {
  base::JsonWriter& json;
  size_t limit;

  base::JsonWriter& Begin(std::string_view type) const {
    return json.BeginObject().Key("resultType").String(type).Key("result");
  }
  bool operator()(const promql::Scalar& scalar) const {
    Begin("scalar").BeginArray().Number(base::ToSeconds(scalar.time)).String(ScalarText(scalar.value)).EndArray();
    return false;
  }
  bool operator()(const promql::String& string) const {
    Begin("string").BeginArray().Number(base::ToSeconds(string.time)).String(string.value).EndArray();
    return false;
  }
  bool operator()(const promql::Vector& vector) const { return WriteList(Begin("vector"), vector, limit, WriteSample); }
  bool operator()(const promql::Matrix& matrix) const { return WriteList(Begin("matrix"), matrix, limit, WriteSeries); }
};

}  // namespace

void WriteLabels(base::JsonWriter& json, const base::Labels& labels) {
  json.BeginObject();
  for (const base::Label& label : labels) json.Key(label.name).String(label.value);
  json.EndObject();
}

// A bucket's first number says which of its bounds belong to it: 0 the upper, 1 the lower, 2 none, 3 both.
void WriteHistogram(base::JsonWriter& json, const base::FloatHistogram& histogram) {
  json.BeginObject();
  json.Key("count").String(ValueText(histogram.count));
  json.Key("sum").String(ValueText(histogram.sum));
  bool any = false;
  for (const promql::Bucket& bucket : promql::AllBuckets(histogram)) {
    if (bucket.count == 0) continue;
    if (!any) json.Key("buckets").BeginArray();
    any = true;
    const int bounds = bucket.lower_inclusive ? (bucket.upper_inclusive ? 3 : 1) : (bucket.upper_inclusive ? 0 : 2);
    json.BeginArray().Number(bounds).String(ValueText(bucket.lower)).String(ValueText(bucket.upper));
    json.String(ValueText(bucket.count)).EndArray();
  }
  if (any) json.EndArray();
  json.EndObject();
}

bool WriteResult(base::JsonWriter& json, const promql::Value& value, size_t limit) {
  return std::visit(ResultWriter{json, limit}, value);
}

}  // namespace rules
