#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "base/text.h"
#include "promql/engine.h"
#include "promql/parser.h"
#include "promql/script.h"
#include "store/head.h"

// Any text as a query of a small store: an error, or values; and what a range query finds at a step is what an instant
// query finds at that time.

namespace {

constexpr std::string_view kSamples = R"(load 30s
  requests_total{job="api",instance="0",code="200"} 0+10x20
  requests_total{job="api",instance="1",code="200"} 0+7x10 0+3x10
  requests_total{job="api",instance="1",code="500"} _ _ 0+1x4 _x3 5 6 7 stale 1 2
  level{job="api",instance="0"} 1 2 _ _ stale 5 NaN Inf -Inf 0 -0 1e17 -3 3x5
  level{job="db",instance="0"} 5 4 3 2 1 0 -1 -2 _x3 7.25x4 1e-9
  up{job="api",instance="0"} 1x20
  up{job="api",instance="1"} 1x5 0x15
  up{job="db",instance="0"} 1x12
  build_info{job="api",instance="0",version="1.2"} 1x20
  build_info{job="api",instance="1",version="1.3"} 1x20
  wait_bucket{job="api",le="0.1"} 0+1x20
  wait_bucket{job="api",le="1"} 0+3x20
  wait_bucket{job="api",le="+Inf"} 0+4x20
  wait_bucket{job="api",le="odd"} 1x20
  native{job="api"} {{schema:1 count:4 sum:5 z_bucket:1 z_bucket_w:0.001 buckets:[1 2]}}+{{schema:1 count:4 sum:5 z_bucket:1 z_bucket_w:0.001 buckets:[1 2]}}x20
  native{job="db"} {{schema:0 count:3 sum:-2 n_offset:1 n_buckets:[1 1 1]}}x9 _ {{schema:2 count:1 sum:1 offset:-3 buckets:[1]}}x4
  custom{job="api"} {{schema:-53 count:6 sum:9 custom_values:[1 2 5] buckets:[1 2 2 1]}}+{{schema:-53 count:6 sum:9 custom_values:[1 2 5] buckets:[1 2 2 1]}}x20
  custom{job="db"} {{schema:-53 count:2 sum:9 custom_values:[2 10] buckets:[1 1]}}x20
  mixed{job="api"} 1 2 {{schema:0 count:2 sum:2 buckets:[1 1]}} 3 {{schema:0 count:3 sum:2 buckets:[2 1]}}x3 4 _ 5
)";
constexpr base::Timestamp kEnd{std::chrono::seconds(495)};
constexpr base::Duration kStep = std::chrono::seconds(45);
constexpr int kSteps = 4;

// What one series has at one time: of a histogram its count and sum.
struct Found {
  bool histogram = false;
  double value = 0;
  double sum = 0;
};
using FoundByLabels = std::map<std::string, Found>;

[[noreturn]] void Complain(const char* what, std::string_view text) {
  std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(text.size()), text.data());
  std::abort();
}

void Load(store::Head& head) {
  const auto script = promql::ParseScript(kSamples);
  if (!script) Complain(script.error().ToString().c_str(), kSamples);
  const auto& load = std::get<promql::LoadCommand>(script->front());
  const auto appender = head.NewAppender();
  for (const promql::LoadCommand::Series& series : load.series) {
    base::Timestamp time{};
    for (const promql::NotedValue& value : series.noted.values) {
      if (!value.omitted && value.histogram) {
        appender->AppendHistogram(store::SeriesRef::none, series.noted.labels, time, value.histogram);
      } else if (!value.omitted) {
        appender->Append(store::SeriesRef::none, series.noted.labels, time, value.value);
      }
      time += load.interval;
    }
  }
  if (!appender->Commit()) std::abort();
}

Found ToFound(double value, const store::HistogramPtr& histogram) {
  if (histogram) return {.histogram = true, .value = histogram->count, .sum = histogram->sum};
  return {.value = value};
}

FoundByLabels AtInstant(const promql::Value& value) {
  FoundByLabels found;
  if (const auto* scalar = std::get_if<promql::Scalar>(&value)) found[""] = {.value = scalar->value};
  if (const auto* vector = std::get_if<promql::Vector>(&value)) {
    for (const promql::VectorSample& sample : *vector) {
      const bool fresh = found.emplace(sample.labels.ToString(), ToFound(sample.value, sample.histogram)).second;
      if (!fresh) Complain("the same labels twice", sample.labels.ToString());
    }
  }
  return found;
}

FoundByLabels AtStep(const promql::Matrix& matrix, base::Timestamp time, bool scalar) {
  FoundByLabels found;
  for (const promql::MatrixSeries& series : matrix) {
    const store::Samples& samples = series.samples;
    for (size_t i = 0; i < samples.size(); ++i) {
      if (samples.times[i] != time) continue;
      found.emplace(scalar ? "" : series.labels.ToString(),
                    ToFound(samples.values[i], samples.histograms.empty() ? nullptr : samples.histograms[i]));
    }
  }
  return found;
}

bool Near(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  return std::abs(a - b) <= 1e-6 * std::max(std::abs(a), std::abs(b));
}

bool Same(const FoundByLabels& a, const FoundByLabels& b) {
  const auto same = [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.histogram == y.second.histogram && Near(x.second.value, y.second.value) &&
           Near(x.second.sum, y.second.sum);
  };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same);
}

std::string Show(const FoundByLabels& found) {
  std::string text;
  for (const auto& [labels, value] : found) {
    text += labels + " " + base::FormatSampleValue(value.value);
    if (value.histogram) text += " with sum " + base::FormatSampleValue(value.sum);
    text += "\n";
  }
  return text;
}

// What a range is may be asked by these, and errors can then be of one step alone.
bool AsksForRange(std::string_view printed) {
  for (const std::string_view word : {"start()", "end()", "range()", "step()"}) {
    if (printed.contains(word)) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto head = [] {
    auto made = std::make_unique<store::Head>();
    Load(*made);
    return made;
  }();
  promql::EngineOptions options = promql::ScriptEngineOptions();
  options.max_samples = 20'000;
  options.timeout = std::chrono::seconds(2);
  // with it two series of a range that differ in their names alone become one, as in Prometheus
  options.delayed_name_removal = false;
  const promql::Engine engine(options);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tree = promql::Parse(text, options.parse);
  if (!tree) return 0;
  const base::Timestamp start = kEnd - kSteps * kStep;
  const auto range = engine.Range(**tree, start, kEnd, kStep, *head);
  const bool compare = range && !AsksForRange(promql::ToString(**tree));
  for (base::Timestamp time = start; time <= kEnd; time += kStep) {
    const auto instant = engine.Instant(**tree, time, *head);
    if (!compare) continue;
    if (!instant) {
      const base::ErrorCode code = instant.error().code;
      if (code == base::ErrorCode::timeout || code == base::ErrorCode::limit_exceeded) continue;
      Complain("an instant fails where a range does not", instant.error().ToString());
    }
    if (std::holds_alternative<promql::String>(instant->value)) continue;
    const bool scalar = std::holds_alternative<promql::Scalar>(instant->value);
    const FoundByLabels alone = AtInstant(instant->value);
    const FoundByLabels step = AtStep(std::get<promql::Matrix>(range->value), time, scalar);
    if (!Same(alone, step)) Complain("an instant is not a range's step", Show(alone) + "but\n" + Show(step));
  }
  return 0;
}
