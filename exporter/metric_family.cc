#include "exporter/metric_family.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <tuple>

#include "base/text.h"

namespace exporter {
namespace {

// The length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none.
size_t SequenceLength(std::string_view text) {
  for (size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (base::IsValidUtf8(text.substr(0, length))) return length;
  }
  return 0;
}

void AppendWithReplacements(std::string& out, std::string_view value) {
  while (!value.empty()) {
    const size_t length = SequenceLength(value);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else {
      out += value.substr(0, length);
    }
    value.remove_prefix(std::max<size_t>(length, 1));
  }
}

void AppendEscaped(std::string& out, std::string_view value) {
  std::string repaired;
  if (!base::IsValidUtf8(value)) {
    AppendWithReplacements(repaired, value);
    value = repaired;
  }
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
  }
}

bool Before(const MetricFamily& family, const Sample& a, const Sample& b) {
  const int order = family.LabelsOf(a).compare(family.LabelsOf(b));
  if (order != 0) return order < 0;
  return std::tie(a.kind, a.bound) < std::tie(b.kind, b.bound);
}

// Eight bytes as a number that orders as the bytes do.
uint64_t OrderKey(std::string_view text) {
  uint64_t key = 0;
  for (size_t i = 0; i < 8; ++i) key = key << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  return key;
}

// Sorts samples by eight bytes of their labels at a time, those after what all of a range share; label texts of one
// family start alike, so comparing them whole would read the same bytes over and over.
class SampleSorter {
 public:
  explicit SampleSorter(MetricFamily& family) : family_(family), order_(family.samples.size()) {
    for (uint32_t i = 0; i < order_.size(); ++i) order_[i].index = i;
  }

  void Run() {
    Sort(order_, 0);
    std::vector<Sample> sorted;
    sorted.reserve(order_.size());
    for (const Entry& entry : order_) sorted.push_back(family_.samples[entry.index]);
    family_.samples = std::move(sorted);
  }

 private:
  struct Entry {
    uint64_t key = 0;
    uint32_t index = 0;
  };

  std::string_view LabelsOf(const Entry& entry) const { return family_.LabelsOf(family_.samples[entry.index]); }

  // The entries agree in their first `common` bytes.
  void Sort(std::span<Entry> entries, size_t common) {
    constexpr size_t kFew = 16;
    if (entries.size() > kFew) common = CommonPrefix(entries, common);
    if (entries.size() <= kFew || common == LabelsOf(entries.front()).size()) return SortWhole(entries);
    for (Entry& entry : entries) entry.key = OrderKey(LabelsOf(entry).substr(common));
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
    for (size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
      while (end < entries.size() && entries[end].key == entries[begin].key) ++end;
      if (end - begin == entries.size()) return SortWhole(entries);  // zero bytes look like the text's end
      if (end - begin > 1) Sort(entries.subspan(begin, end - begin), common);
    }
  }

  void SortWhole(std::span<Entry> entries) {
    std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
      return Before(family_, family_.samples[a.index], family_.samples[b.index]);
    });
  }

  // How far all of them agree, knowing that they do for `common` bytes.
  size_t CommonPrefix(std::span<const Entry> entries, size_t common) const {
    const std::string_view first = LabelsOf(entries.front());
    size_t length = first.size();
    for (const Entry& entry : entries) {
      const std::string_view labels = LabelsOf(entry);
      size_t same = common;
      const size_t limit = std::min(length, labels.size());
      while (same < limit && labels[same] == first[same]) ++same;
      length = same;
    }
    return length;
  }

  MetricFamily& family_;
  std::vector<Entry> order_;
};

}  // namespace

std::string_view ToString(MetricType type) {
  switch (type) {
    case MetricType::untyped:
      return "untyped";
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
    case MetricType::summary:
      return "summary";
    case MetricType::info:
      return "info";
  }
  return "untyped";
}

std::string_view UnitOfName(std::string_view name) {
  if (name.ends_with("_total")) name.remove_suffix(6);
  static constexpr std::array<std::string_view, 3> kUnits = {"seconds", "bytes", "ratio"};
  for (const std::string_view unit : kUnits) {
    if (name.size() > unit.size() && name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_') return unit;
  }
  return "";
}

void AppendLabel(std::string& label_text, size_t begin, std::string_view name, std::string_view value) {
  if (label_text.size() > begin) label_text += ',';
  label_text += name;
  label_text += "=\"";
  if (std::none_of(value.begin(), value.end(), LabelByteNeedsCare)) {
    label_text += value;
  } else {
    AppendEscaped(label_text, value);
  }
  label_text += '"';
}

void AddSample(MetricFamily& family, std::string_view labels, double value, SampleKind kind, double bound) {
  family.samples.push_back({value, bound, family.label_text.size(), static_cast<uint32_t>(labels.size()), kind});
  family.label_text += labels;
}

void SortSamples(MetricFamily& family) {
  const auto before = [&](const Sample& a, const Sample& b) { return Before(family, a, b); };
  if (std::is_sorted(family.samples.begin(), family.samples.end(), before)) return;
  SampleSorter(family).Run();
}

bool LabelSetIndex::Insert(std::string_view label_text, size_t begin, uint32_t size) {
  constexpr int kSizeBits = 24;  // a label set of 16 MB has its end compared no more
  if ((used_ + 1) * 2 > slots_.size()) Grow();
  const std::string_view labels = label_text.substr(begin, size);
  const uint64_t hash = std::hash<std::string_view>()(labels);
  const uint64_t kept_size = std::min<uint64_t>(size, (1U << kSizeBits) - 1);
  for (size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
    Slot& slot = slots_[at];
    if (slot.place == 0) {
      slot = {hash, (static_cast<uint64_t>(begin) << kSizeBits | kept_size) + 1};
      ++used_;
      return true;
    }
    if (slot.hash != hash) continue;
    const uint64_t place = slot.place - 1;
    const size_t known_size = place & ((1U << kSizeBits) - 1);
    if (known_size == kept_size && label_text.substr(place >> kSizeBits, known_size) == labels.substr(0, known_size)) {
      return false;
    }
  }
}

void LabelSetIndex::Grow() {
  std::vector<Slot> old(std::max<size_t>(64, slots_.size() * 2));
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.place == 0) continue;
    size_t at = slot.hash & (slots_.size() - 1);
    while (slots_[at].place != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = slot;
  }
}

}  // namespace exporter
