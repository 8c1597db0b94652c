#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// The snapshot that collectors fill and exposition prints.
//
// It is a compact form of our own, because prometheus-cpp's model holds every label of every series as two strings in a
// vector of structs: copying and printing it costs some forty times what the bytes on the wire need. Here a family
// keeps one buffer with the label text of all its series, already escaped and ready to be printed, and an array of
// numbers. prometheus-cpp's registry is still what tocsin counts its own work with; exporter/registry_adapter.h turns
// that into families.

namespace exporter {

enum class MetricType : uint8_t { untyped, counter, gauge, histogram, summary, info };
std::string_view ToString(MetricType type);

// Which line of a metric a sample is; in the order in which the lines of one label set are printed.
enum class SampleKind : uint8_t { value, bucket, quantile, sum, count };

struct Sample {
  double value = 0;
  double bound = 0;         // bucket: its upper bound (cumulative counts); quantile: 0..1
  size_t labels_begin = 0;  // into MetricFamily::label_text
  uint32_t labels_size = 0;
  SampleKind kind = SampleKind::value;
};

// A value. `name` is the name its series have in the text format: counters with their _total where they have one, info
// metrics with _info. Samples are free of duplicates once a collector hands it on, and in the order of SortSamples
// unless there are very many.
struct MetricFamily {
  std::string name;
  MetricType type = MetricType::untyped;
  std::string help;
  std::string unit;        // "seconds", "bytes", …; the last word of the name, or empty
  std::string label_text;  // `a="1",b="2"` of each label set, one after the other; labels in the order of their names
  std::vector<Sample> samples;

  std::string_view LabelsOf(const Sample& sample) const {
    return std::string_view(label_text).substr(sample.labels_begin, sample.labels_size);
  }
};

using MetricFamilies = std::vector<MetricFamily>;

// The unit that the last word of a metric's name (before _total) tells: "seconds", "bytes", "ratio", or "".
std::string_view UnitOfName(std::string_view name);

// Appends `name="value"` to label text, after a comma unless the text ends where `begin` is. The value is escaped as
// both formats want it (backslash, quote, line feed); what is not UTF-8 in it becomes U+FFFD.
void AppendLabel(std::string& label_text, size_t begin, std::string_view name, std::string_view value);

// Whether a byte of a label value is escaped, or may be part of what is not UTF-8.
constexpr bool LabelByteNeedsCare(char c) { return c == '\\' || c == '"' || c == '\n' || (c & 0x80) != 0; }

// Adds a sample with the label set `labels`, given as label text.
void AddSample(MetricFamily& family, std::string_view labels, double value, SampleKind kind = SampleKind::value,
               double bound = 0);

// By label text, then kind, then bound. Cheap when they are in order already.
void SortSamples(MetricFamily& family);

// Finds label sets met before. Keeps offsets into one family's label text only, so it must not outlive the family.
class LabelSetIndex {
 public:
  // True if label_text[begin, begin + size) was not met before.
  bool Insert(std::string_view label_text, size_t begin, uint32_t size);

 private:
  struct Slot {
    uint64_t hash = 0;
    uint64_t place = 0;  // begin and size of the text in one, plus one; 0 is free
  };
  void Grow();
  std::vector<Slot> slots_;  // open addressing, a power of two
  size_t used_ = 0;
};

}  // namespace exporter
