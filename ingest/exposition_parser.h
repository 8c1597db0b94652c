#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"
#include "ingest/series_text.h"
#include "store/sample.h"

// Pages of metrics as targets show them: Prometheus text 0.0.4 (with the quoted UTF-8 names of 1.0.0), OpenMetrics
// 1.0 text, and Prometheus' protobuf messages. The texts are read line by line from one page that must outlive the
// parser; nothing is copied but what carries escapes. Protobuf is told as the lines that text would have for it, which
// is why one cache of series serves all of them. Accepts what Prometheus 3 accepts when it scrapes.

namespace ingest {

enum class ExpositionFormat : uint8_t { text, openmetrics, protobuf };

enum class MetricType : uint8_t { unknown, counter, gauge, histogram, gauge_histogram, summary, info, stateset };
std::string_view ToString(MetricType type);  // as the API prints them: "gaugehistogram", "unknown" …

enum class EntryKind : uint8_t { sample, help, type, unit };

// One line. Views live until the next call of Next.
struct Entry {
  EntryKind kind = EntryKind::sample;

  // sample
  std::string_view series;  // name and labels as they stand in the text
  bool expected = false;    // it is the series that was expected; its labels were not looked at
  double value = 0;
  store::HistogramPtr histogram;  // the value, where that is a native histogram; else null. Only protobuf has them
  std::optional<base::Timestamp> time;
  bool has_exemplar = false;

  // help, type, unit
  std::string_view metric;
  std::string_view text;  // unescaped help, type word or unit
  MetricType type = MetricType::unknown;
};

struct Exemplar {
  base::Labels labels;
  double value = 0;
  std::optional<base::Timestamp> time;
};

// Not thread-safe.
class ExpositionParser {
 public:
  virtual ~ExpositionParser() = default;

  // The next line that says something; false after the last one. `expected_series` is the text that this line's series
  // had the last time: where it is the same, the line is taken without looking into it. Errors are invalid_argument,
  // those of the texts with line and column, those of protobuf with the byte; nothing can be read after one.
  virtual base::Result<bool> Next(Entry& entry, std::string_view expected_series = {}) = 0;

  // Of the last sample that was not `expected`: the metric's name (as __name__) first, then the labels as they stand,
  // names unique, values unescaped and possibly empty. Valid until the next call of Next.
  virtual std::span<const base::Label> labels() const = 0;

  // Of the last sample, if it has one.
  virtual const Exemplar& exemplar() const = 0;
  // Of the last sample, a native histogram, those that tell their time; in the order they stand.
  virtual std::vector<Exemplar> NativeExemplars() { return {}; }

  // Line and column where the last line began, for what a caller has to say about it. Of protobuf: line 1, and the byte
  // (from 1) of the metric.
  virtual base::SourcePosition position() = 0;
};

struct ParserOptions {
  ExpositionFormat format = ExpositionFormat::text;
  // OpenMetrics only: refuse also the few liberties that Prometheus takes.
  bool strict = false;
  // Protobuf only. A histogram with native buckets is one sample with a histogram; else it is taken for a classic one.
  bool native_histograms = false;
  // Of these the classic series too, where the page has classic buckets.
  bool classic_histograms = false;
  // Protobuf only, as a few bytes of it may stand in very many series: how many bytes the texts of all series may have
  // together, and how many all native buckets may take. The first is the largest page of text that is read.
  size_t room = 256UL << 20;
};

std::unique_ptr<ExpositionParser> NewTextParser(std::string_view page);
std::unique_ptr<ExpositionParser> NewOpenMetricsParser(std::string_view page, bool strict = false);
std::unique_ptr<ExpositionParser> NewProtobufParser(std::string_view page, ParserOptions options);
std::unique_ptr<ExpositionParser> NewParser(std::string_view page, ParserOptions options);

// The format that a Content-Type header names; nullopt where it is missing, malformed or another one.
std::optional<ExpositionFormat> FormatOfContentType(std::string_view content_type);

// A sample's value: a decimal number or NaN, Inf, +Inf, -Inf (any case). Neither hexadecimal nor underscores; too
// large is nullopt, as in Prometheus.
std::optional<double> ParseSampleValue(std::string_view text);

// The bound of a bucket, or a quantile, as a label's value: the way OpenMetrics writes it, so that it is the same
// whatever format a page has: "1.0", "0.005", "1e+06", "+Inf".
std::string FormatBound(double bound);

}  // namespace ingest
