#include "exporter/exposition/exposition.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_set>

namespace exporter {
namespace {

// Writes into a string whose final size is bounded beforehand.
class Buffer {
 public:
  explicit Buffer(size_t bound) {
    text_.resize_and_overwrite(bound, [](char*, size_t n) { return n; });
  }
  void Put(char c) { text_[size_++] = c; }
  void Put(std::string_view part) {
    std::memcpy(text_.data() + size_, part.data(), part.size());
    size_ += part.size();
  }
  void PutNumber(double value) {
    char* const begin = text_.data() + size_;
    size_ += static_cast<size_t>(WriteNumber(begin, value) - begin);
  }
  std::string Take() {
    text_.resize(size_);
    return std::move(text_);
  }

 private:
  std::string text_;
  size_t size_ = 0;
};

std::string EscapeHelp(std::string_view help, ExpositionFormat format) {
  std::string out;
  for (const char c : help) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || (c == '"' && format == ExpositionFormat::openmetrics)) out += '\\';
      out += c;
    }
  }
  return out;
}

// OpenMetrics names a family without the suffix its samples carry.
std::string_view FamilyName(const MetricFamily& family, ExpositionFormat format) {
  std::string_view name = family.name;
  if (format == ExpositionFormat::text) return name;
  if (family.type == MetricType::counter && name.ends_with("_total")) name.remove_suffix(6);
  if (family.type == MetricType::info && name.ends_with("_info")) name.remove_suffix(5);
  return name;
}

std::string_view TypeName(const MetricFamily& family, ExpositionFormat format) {
  if (format == ExpositionFormat::text) {
    return family.type == MetricType::info ? "gauge" : ToString(family.type);
  }
  const bool nameless = (family.type == MetricType::counter && !family.name.ends_with("_total")) ||
                        (family.type == MetricType::info && !family.name.ends_with("_info"));
  return nameless || family.type == MetricType::untyped ? "unknown" : ToString(family.type);
}

void WriteMetadata(Buffer& out, const MetricFamily& family, ExpositionFormat format) {
  const std::string help = EscapeHelp(family.help, format);
  const std::string_view name = FamilyName(family, format);
  const auto line = [&](std::string_view keyword, std::string_view text) {
    out.Put(keyword);
    out.Put(name);
    out.Put(' ');
    out.Put(text);
    out.Put('\n');
  };
  if (!help.empty()) line("# HELP ", help);
  line("# TYPE ", TypeName(family, format));
  const bool has_unit = !family.unit.empty() && name.ends_with("_" + family.unit);
  if (format == ExpositionFormat::openmetrics && has_unit) line("# UNIT ", family.unit);
}

std::string_view Suffix(SampleKind kind) {
  switch (kind) {
    case SampleKind::value:
    case SampleKind::quantile:
      return "";
    case SampleKind::bucket:
      return "_bucket";
    case SampleKind::sum:
      return "_sum";
    case SampleKind::count:
      return "_count";
  }
  return "";
}

// OpenMetrics wants bounds to look like floats: 1.0, not 1.
void WriteBound(Buffer& out, double bound, ExpositionFormat format) {
  out.PutNumber(bound);
  const bool whole = std::isfinite(bound) && bound == std::trunc(bound) && std::fabs(bound) < 1e21;
  if (format == ExpositionFormat::openmetrics && whole) out.Put(".0");
}

void WriteSample(Buffer& out, std::string_view name, const MetricFamily& family, const Sample& sample,
                 ExpositionFormat format) {
  const std::string_view labels = family.LabelsOf(sample);
  const bool has_bound = sample.kind == SampleKind::bucket || sample.kind == SampleKind::quantile;
  out.Put(name);
  if (sample.kind != SampleKind::value) out.Put(Suffix(sample.kind));
  if (has_bound || !labels.empty()) {
    out.Put('{');
    out.Put(labels);
    if (has_bound) {
      if (!labels.empty()) out.Put(',');
      out.Put(sample.kind == SampleKind::bucket ? "le=\"" : "quantile=\"");
      WriteBound(out, sample.bound, format);
      out.Put('"');
    }
    out.Put('}');
  }
  out.Put(' ');
  out.PutNumber(sample.value);
  out.Put('\n');
}

constexpr size_t kSampleOverhead = 2 * kNumberSize + 32;  // numbers, suffix, le="" or quantile="", punctuation

void WriteSamples(Buffer& out, const MetricFamily& family, ExpositionFormat format) {
  for (const Sample& sample : family.samples) WriteSample(out, family.name, family, sample, format);
}

// Prints families of one name as one, leaving out what was printed already.
class Merger {
 public:
  Merger(Buffer& out, ExpositionFormat format, ExpositionReport& report)
      : out_(out), format_(format), report_(report) {}

  void Write(std::span<const MetricFamily* const> same_name) {
    const MetricFamily& first = *same_name.front();
    WriteMetadata(out_, first, format_);
    if (same_name.size() == 1) {
      WriteSamples(out_, first, format_);
      report_.series += first.samples.size();
      return;
    }
    std::unordered_set<std::string> seen;
    for (const MetricFamily* family : same_name) {
      if (family->type != first.type) {
        ++report_.conflicts;
        continue;
      }
      WriteUnseen(*family, seen);
    }
  }

 private:
  void WriteUnseen(const MetricFamily& family, std::unordered_set<std::string>& seen) {
    std::string key;
    for (const Sample& sample : family.samples) {
      key.assign(family.LabelsOf(sample));
      key += static_cast<char>(sample.kind);
      key.append(reinterpret_cast<const char*>(&sample.bound), sizeof sample.bound);
      if (!seen.insert(key).second) {
        ++report_.duplicates;
        continue;
      }
      WriteSample(out_, family.name, family, sample, format_);
      ++report_.series;
    }
  }

  Buffer& out_;
  ExpositionFormat format_;
  ExpositionReport& report_;
};

size_t BoundOf(std::span<const MetricFamily* const> families) {
  size_t bytes = 64;
  for (const MetricFamily* family : families) {
    bytes += 5 * family->name.size() + 2 * family->help.size() + family->unit.size() + 128;
    bytes += family->samples.size() * (family->name.size() + kSampleOverhead);
    for (const Sample& sample : family->samples) bytes += sample.labels_size;
  }
  return bytes;
}

}  // namespace

std::string WriteExposition(std::span<const MetricFamily* const> families, ExpositionFormat format,
                            ExpositionReport* report) {
  std::vector<const MetricFamily*> sorted;
  for (const MetricFamily* family : families) {
    if (!family->samples.empty()) sorted.push_back(family);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const MetricFamily* a, const MetricFamily* b) { return a->name < b->name; });
  // room for everything at once: growing would copy the page several times, and memory not written to costs nothing
  Buffer out(BoundOf(sorted));
  ExpositionReport local;
  Merger merger(out, format, report != nullptr ? *report : local);
  for (auto begin = sorted.begin(); begin != sorted.end();) {
    const auto end =
        std::find_if(begin, sorted.end(), [&](const MetricFamily* f) { return f->name != (*begin)->name; });
    merger.Write({begin, end});
    begin = end;
  }
  if (format == ExpositionFormat::openmetrics) {
    out.Put("# EOF\n");
  }
  return out.Take();
}

}  // namespace exporter
